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
from functools import partial
from typing import IO

import psutil

from models.zoo.report import Verdict
from webnn_graph.wording import size

INTERVAL = 0.1
"""Seconds between two looks at a process."""
OUT_OF_MEMORY = ("bad_alloc", "MemoryError", "Cannot allocate memory", "DefaultCPUAllocator: not enough memory", "not enough memory")
"""What a process says at its end when there was no memory."""
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
"""Variables with the folder of a process's temporary files: it gets one of its own, which does not outlive it."""
SAID = 64 << 20
"""Bytes of what a process says on stderr that are kept on the disk."""
LINE = 64 << 20
"""Bytes of a line of its stdout."""
READ_SECONDS = 5.0
"""Seconds to wait for the end of its stdout, which a process that has escaped may keep open."""
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
    scratch = tempfile.TemporaryDirectory(prefix="webnn-model-", ignore_cleanup_errors=True)
    with scratch, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as asked:
        asked.write(given)
        asked.seek(0)
        process = subprocess.Popen(
            command,
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**environment, **dict.fromkeys(TEMPORARY, scratch.name)},
            start_new_session=True,
        )
        assert process.stdout
        reader = threading.Thread(target=_read, args=(process.stdout, told), daemon=True)
        reader.start()
        watched = _Watched(process)
        try:
            stopped = _watch(watched, limits, said, is_cancelled)
        finally:
            watched.end()
        reader.join(READ_SECONDS)
        verdict, message = stopped or _how(process.returncode, _last(said))
    return Ended(verdict, message, watched.peak)


def _watch(watched: _Watched, limits: Limits, said: IO[bytes], is_cancelled: Callable[[], bool]) -> tuple[Verdict, str] | None:
    """Waits for the end, and says what limit was reached before it, if any."""
    deadline = time.monotonic() + limits.timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            watched.process.wait(INTERVAL)
            return None
        if is_cancelled():
            raise Cancelled
        used = watched.memory()
        if limits.memory and used > limits.memory:
            return Verdict.MEMORY, f"it needs more than {size(limits.memory)} of memory"
        if time.monotonic() > deadline:
            return Verdict.TIMEOUT, f"it took longer than {limits.timeout:g} seconds"
        if os.fstat(said.fileno()).st_size > SAID:  # the process goes on at the beginning: the place in the file is shared
            said.truncate(0)
            said.seek(0)


class _Watched:
    """A process, and all that it has started as far as that was seen.

    Args:
        process: It.

    Attributes:
        peak: The most memory that they had at once.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.peak = 0
        self._seen: set[psutil.Process] = set()

    def memory(self) -> int:
        """Bytes that they have."""
        used = 0
        self._look()
        for one in self._seen:
            with suppress(psutil.Error):
                used += one.memory_info().rss
        self.peak = max(self.peak, used)
        return used

    def end(self) -> None:
        """Ends all of them."""
        self._look()
        with suppress(OSError, AttributeError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for one in self._seen:
            with suppress(psutil.Error):
                one.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _look(self) -> None:
        with suppress(psutil.Error):
            process = psutil.Process(self.process.pid)
            self._seen |= {process, *process.children(recursive=True)}


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
    with lines:
        for line in iter(partial(lines.readline, LINE), b""):
            told(line)
