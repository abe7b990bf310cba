"""A command in a process of its own, which may crash or be stopped: that is said as an error like any other.

PyTorch crashes on some damaged models, and works on others without end. So the command goes on in a child, its parent waits,
and the conversion is limited in time and memory by the size of the model.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

T = TypeVar("T")
REFUSED = 1
"""Exit status of a command whose input cannot be converted."""

SECONDS, SECONDS_PER_MB = 25, 400
"""Processor time of a conversion: for the libraries, and for a megabyte of a small model, in which operators weigh most."""
LARGE, SECONDS_PER_LARGE_MB = 1200, 2
"""The same of a large model, in which weights do."""
MEMORY, COPIES = 3 << 30, 12
"""Memory of a conversion: so many bytes, and so many times the model."""
PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT")
"""Signals that a parent passes on to its child."""
SECONDS_OF_ONE = 1.0
"""Within so many, a second Ctrl-C is the first one, which a terminal sends to the parent and to the child, too."""
CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGXCPU")
"""Signals that a model can cause."""
IN_CHILD = "WEBNN_SUPERVISED"
"""Variable of the environment by which a process knows that it is supervised."""
PR_SET_PDEATHSIG = 1
"""Linux's number of the request to be ended with the parent."""


def supervised(command: Callable[[], T]) -> T:
    """The command, in a child of this process; the parent ends as the child does, and explains it when something ended it.

    Where processes cannot be forked, it is called here.
    """
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return command()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    parent = os.getpid()
    child = os.fork()
    if child:
        _wait(child)
    os.environ[IN_CHILD] = "1"
    end_with(parent)
    _interrupted_once()
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # no files but the user's own
    return command()


def end_with(parent: int) -> None:
    """Has the system end this process when its parent dies, where it can."""
    with suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(REFUSED)


def _interrupted_once() -> None:
    """Has one Ctrl-C raise one KeyboardInterrupt, however often it arrives."""
    last = -SECONDS_OF_ONE

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > SECONDS_OF_ONE:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # the status is decided by then


def _wait(child: int) -> NoReturn:
    passed_on: set[int] = set()

    def pass_on(number: int, frame: FrameType | None) -> None:
        passed_on.add(number)
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for name in PASSED_ON:
        if signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), pass_on)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        sys.stderr.write("error: the conversion took more processor time than a model of this size may\n")
        sys.stderr.write("hint: --budget 2 allows twice as much, if you trust the model\n")
    elif number in passed_on:
        sys.stderr.write(f"error: ended by {signal.Signals(number).name}\n")
    else:
        sys.stderr.write(f"error: the conversion was ended by {signal.Signals(number).name}\n")
        sys.stderr.write("hint: when nobody ended it, a library has crashed: the model is damaged\n")
    sys.stderr.flush()
    os._exit(REFUSED if signal.Signals(number).name in CRASHES else 128 + number)


@contextmanager
def limited(model: Path, factor: float = 1.0) -> Iterator[None]:
    """What is done inside may take so much time and memory as a model of this size may; only in a supervised process."""
    if IN_CHILD not in os.environ:
        yield
        return
    import resource

    size = sum(file.stat().st_size for file in (model.rglob("*") if model.is_dir() else [model]) if file.is_file())
    used = resource.getrusage(resource.RUSAGE_SELF)
    megabytes = size / 1e6
    seconds = min(SECONDS + SECONDS_PER_MB * megabytes, LARGE + SECONDS_PER_LARGE_MB * megabytes) * factor
    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_DATA)}
    wanted = {resource.RLIMIT_CPU: used.ru_utime + used.ru_stime + seconds, resource.RLIMIT_DATA: (MEMORY + COPIES * size) * factor}
    try:
        for kind, most in wanted.items():
            with suppress(ValueError, OSError, OverflowError):
                resource.setrlimit(kind, (int(most), before[kind][1]))
        yield
    finally:
        for kind, limits in before.items():
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, limits)
