"""Processes of `converters.isolated` that are forked: a new interpreter loads PyTorch for longer than a case takes.

Everything else is as it is: what is asked and answered, and the limits that the process sets itself.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from converters import isolated
from tests.fuzz.guard import Guard

BEFORE_ARGUMENTS = 5
"""Where the arguments of `converters.isolated.serve` begin in the command of a new interpreter."""


def install(guard: Guard) -> None:
    """From now on, in this process; what is forked is not guarded, as a new interpreter would not be."""

    def run(command: list[str], *, input: bytes, timeout: float, **_: Any) -> subprocess.CompletedProcess[bytes]:
        with guard.suspended():
            return _forked(command, input, timeout)

    names = {name: getattr(subprocess, name) for name in ("PIPE", "DEVNULL", "TimeoutExpired")}
    isolated.subprocess = SimpleNamespace(run=run, **names)  # type: ignore[assignment]


def _forked(command: list[str], data: bytes, timeout: float) -> subprocess.CompletedProcess[bytes]:
    asked, ask = os.pipe()
    answered, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(asked, 0)
        os.dup2(answer, 1)
        for descriptor in (asked, ask, answered, answer):
            os.close(descriptor)
        sys.stdin = os.fdopen(0)
        try:
            isolated.serve(*command[BEFORE_ARGUMENTS:])
        finally:
            os._exit(1)
    os.close(asked)
    os.close(answer)
    with suppress(BrokenPipeError), os.fdopen(ask, "wb") as request:
        request.write(data)
    result = _all_of(answered, time.monotonic() + timeout)
    os.close(answered)
    if result is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if result is None:
        raise subprocess.TimeoutExpired(command, timeout)
    return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(status), result)


def _all_of(descriptor: int, deadline: float) -> bytes | None:
    """What is written to a pipe until it is closed; None when it is not closed in time."""
    pieces = []
    while select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
    return None
