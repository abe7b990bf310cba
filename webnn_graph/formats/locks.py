"""One writer of a folder at a time, across processes and threads.

The lock is the operating system's, on a file that is there only while somebody writes: it ends with the process that holds
it, however that ends.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

LOCK = ".webnn.lock"
WAIT_SECONDS = 60.0
"""Seconds to wait for another writer."""
INTERVAL_SECONDS = 0.05
BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


@contextmanager
def locked(folder: Path, check: Callable[[], None] = lambda: None, wait: float | None = None) -> Iterator[bool]:
    """Excludes other writers of a folder while the context lasts.

    Args:
        folder: Must exist.
        check: Called again and again while waiting; may raise.
        wait: Seconds to wait for another writer; by default `WAIT_SECONDS`.

    Yields:
        Whether nobody else writes; False on a file system without locks.

    Raises:
        WebNNError: Another process writes there, and has not finished by then.
        OSError: The lock's file cannot be made.
    """
    path = folder / LOCK
    deadline = time.monotonic() + (WAIT_SECONDS if wait is None else wait)
    while (taken := _take(path)) is None:
        check()
        if time.monotonic() > deadline:
            raise WebNNError(
                f"another process is writing to {folder}", "wait until it has finished, or write to another folder", code=Code.FOLDER_BUSY
            )
        time.sleep(INTERVAL_SECONDS)
    descriptor, is_exclusive = taken
    try:
        yield is_exclusive
    finally:
        _release(path, descriptor)


def _take(path: Path) -> tuple[int, bool] | None:
    """The open file and whether it is locked; None when another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(descriptor)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor, True
    except FileNotFoundError:  # who had it has removed it
        pass
    except OSError as error:
        if error.errno not in BUSY:
            return descriptor, False
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _release(path: Path, descriptor: int) -> None:
    # Removed while it is still held: who waits for it sees that, and makes a new one. Windows removes no open file.
    steps: list[Callable[[], None]] = [lambda: path.unlink(), lambda: os.close(descriptor)]
    for step in reversed(steps) if os.name == "nt" else steps:
        with suppress(OSError):
            step()
