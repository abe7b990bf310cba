"""A process with limits: how long it may take, how much memory it and its children may have."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import psutil

from models.zoo.report import Verdict
from webnn_graph.wording import size

INTERVAL = 0.1
"""Seconds between two looks at a process."""
OUT_OF_MEMORY = ("bad_alloc", "MemoryError", "Cannot allocate memory", "DefaultCPUAllocator: not enough memory", "not enough memory")
"""What a process says at its end when there was no memory."""
TAIL = 4096
"""Bytes of what a process has said last that are looked at."""


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        timeout: Seconds.
        memory: Bytes, its children's with it; None for any number.
    """

    timeout: float
    memory: int | None = None


class Cancelled(Exception):
    """Nobody wants to know any more how a process ends."""


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        verdict: What stopped it; None when it came to its own end.
        message: The same in words.
        peak_bytes: The most memory that it and its children had at once, as far as it was seen.
    """

    verdict: Verdict | None
    message: str
    peak_bytes: int


def run(
    command: Sequence[str],
    given: bytes,
    limits: Limits,
    told: Callable[[bytes], None],
    environment: Mapping[str, str],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Ended:
    """Runs a program.

    Args:
        command: The program and its arguments.
        given: What stands on its stdin.
        limits: What it may use.
        told: Is called with each line of its stdout.
        environment: Of the process.
        is_cancelled: Whether it is to be ended now.

    Raises:
        Cancelled: It was.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=dict(environment), start_new_session=True
        )
        assert process.stdin and process.stdout
        reader = threading.Thread(target=_read, args=(process.stdout, told), daemon=True)
        reader.start()
        try:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(given)
            stopped, peak = _watch(process, limits, is_cancelled)
        finally:
            _end(process)
        reader.join()
        process.stdout.close()
        verdict, message = stopped or _how(process.returncode, _last(said))
    return Ended(verdict, message, peak)


def _watch(process: subprocess.Popen[bytes], limits: Limits, is_cancelled: Callable[[], bool]) -> tuple[tuple[Verdict, str] | None, int]:
    """Waits for the end, and says what limit was reached before it, if any; and the most memory that was seen."""
    deadline, peak = time.monotonic() + limits.timeout, 0
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(INTERVAL)
            return None, peak
        if is_cancelled():
            raise Cancelled
        used = _memory(process.pid)
        peak = max(peak, used)
        if limits.memory and used > limits.memory:
            return (Verdict.MEMORY, f"it needs more than {size(limits.memory)} of memory"), peak
        if time.monotonic() > deadline:
            return (Verdict.TIMEOUT, f"it took longer than {limits.timeout:g} seconds"), peak


def _memory(pid: int) -> int:
    """Bytes that a process and its children have."""
    used = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                used += one.memory_info().rss
    return used


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process with all that it started."""
    children = []
    with suppress(psutil.Error):
        children = psutil.Process(process.pid).children(recursive=True)
    with suppress(OSError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    for one in children:
        with suppress(psutil.Error):
            one.kill()
    if process.poll() is None:
        process.kill()
    process.wait()


def _how(status: int, said: str) -> tuple[Verdict | None, str]:
    """What a process's exit status means."""
    if status == 0:
        return None, ""
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    if any(text in said for text in OUT_OF_MEMORY):
        return Verdict.MEMORY, f"there was no memory: {last}"
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        why = "; the system ends processes so when memory is short" if name == "SIGKILL" else ""
        return Verdict.CRASHED, f"it was ended by {name}{why}" + (f": {last}" if last else "")
    return Verdict.CRASHED, f"it ended with status {status}" + (f": {last}" if last else "")


def _last(said: IO[bytes]) -> str:
    end = said.seek(0, os.SEEK_END)
    said.seek(max(0, end - TAIL))
    return said.read().decode(errors="replace")


def _read(lines: IO[bytes], told: Callable[[bytes], None]) -> None:
    for line in lines:
        told(line)
