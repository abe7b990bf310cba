"""A layer between the writer of files and the system, whose n-th call fails, or is the last that the process makes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from webnn_graph.formats import locks

CALLS = ("open", "write", "fsync", "close", "link", "replace", "unlink", "listdir", "lock")
"""What changes something, or what the writer decides by."""
NEVER = 10**6


class Killed(BaseException):
    """The process is dead: nothing it does afterwards reaches the system."""


class Faults:
    """Counts the calls, and makes one of them fail.

    Args:
        at: Which call, counted from 0.
        code: The error that it fails with; None kills the process before the call, which is then the first not made.
        torn: A write that the process is killed at has written half.
    """

    def __init__(self, at: int = NEVER, code: int | None = None, *, torn: bool = False) -> None:
        self.at = at
        self.code = code
        self.torn = torn
        self.made: list[str] = []
        self.opened: set[int] = set()
        self.real = {name: getattr(os, name) for name in CALLS if name != "lock"} | {"lock": locks._lock}

    def call(self, name: str) -> Callable[..., Any]:
        """The system's function with the fault in it."""

        def made(*args: Any, **kwargs: Any) -> Any:
            number = len(self.made)
            if self.code is None and number > self.at:
                raise Killed
            self.made.append(f"{name} {_shown(args)}".strip())
            if number == self.at and self.code is None:
                if self.torn and name == "write":
                    self.real["write"](args[0], bytes(args[1])[: len(args[1]) // 2])
                raise Killed
            if number == self.at:
                raise OSError(self.code, os.strerror(self.code or 0))
            result = self.real[name](*args, **kwargs)
            if name == "open":
                self.opened.add(result)
            if name == "close":
                self.opened.discard(args[0])
            return result

        return made

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Puts the layer between; what a killed process had open is closed at the end, as the system does."""
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(*((locks, "_lock") if name == "lock" else (os, name)), self.call(name))
            with suppress(Killed):
                yield
        for descriptor in self.opened:
            os.close(descriptor)


def _shown(args: tuple[Any, ...]) -> str:
    """The names of files in the arguments of a call, without what differs from run to run."""
    names = [Path(arg).name for arg in args if isinstance(arg, str | os.PathLike)]
    return " ".join(".".join(["", *name.split(".")[2:]]) if name.startswith(".webnn-") else name for name in names)


ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
