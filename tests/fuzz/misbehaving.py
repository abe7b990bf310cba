"""A format whose files say what happens when they are read: everything that a case must be caught at."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from converters.isolated import Limits, isolated
from tests.fuzz.case import Base
from tests.fuzz.mutations import MARKER, OWNED, SECRET
from webnn_graph.errors import ConversionError, FormatError


def _raise(error: BaseException) -> None:
    raise error


def _write_natively(output: Path) -> None:
    with sqlite3.connect(MARKER) as database:
        database.execute("create table t (x)")


def growing(data: bytes) -> bytes:
    """Takes 600 MiB."""
    grown = b"x" * (600 << 20)
    time.sleep(2)
    return grown[:1]


BEHAVIOURS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nothing": ("ok", lambda output: None),
    "writes its output": ("ok", lambda output: (output / "result").write_bytes(b"x")),
    "is refused": ("refused", lambda output: _raise(FormatError("not a file of this kind", "try another"))),
    "raises": ("raw exception", lambda output: _raise(KeyError("x"))),
    "exits": ("raw exception", lambda output: _raise(SystemExit(0))),
    "says that it did not expect": ("unexpected", lambda output: _raise(ConversionError("node: unexpected KeyError: 'x'"))),
    "says nothing": ("unreadable error", lambda output: _raise(FormatError("cannot be read: "))),
    "says too much": ("unreadable error", lambda output: _raise(FormatError("line\n" * 10_000))),
    "is wrong": ("wrong result", lambda output: _raise(AssertionError("3 is not 4"))),
    "crashes": ("crash", lambda output: os.kill(os.getpid(), signal.SIGSEGV)),
    "ends": ("crash", lambda output: os._exit(0)),
    "never ends": ("timeout", lambda output: time.sleep(60)),
    "grows": ("memory", lambda output: len(b"x" * (600 << 20))),
    "grows elsewhere": ("memory", lambda output: isolated(growing, b"", Limits(seconds=10))),
    "makes a folder": ("side effect", lambda output: Path(MARKER).mkdir()),
    "hides that it makes a folder": ("side effect", lambda output: _hidden(lambda: Path(MARKER).mkdir())),
    "writes a file": ("side effect", lambda output: Path(f"../{MARKER}").write_bytes(b"x")),
    "writes natively": ("side effect", _write_natively),
    "deletes its input": ("side effect", lambda output: Path(output, "../in/input.txt").resolve().unlink()),
    "reads a secret": ("side effect", lambda output: Path(f"../{SECRET}").read_bytes()),
    "starts a program": ("side effect", lambda output: subprocess.run(["true"], check=True)),
    "asks the network": ("side effect", lambda output: __import__("socket").getaddrinfo("localhost", 80)),
    "prints": ("side effect", lambda output: os.write(1, OWNED.encode())),
}
"""What comes of each, and what it does."""


def _hidden(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception:
        return


def bases() -> list[Base]:
    """A file of each behaviour."""
    return [Base(name.encode(), "input.txt") for name in BEHAVIOURS]


def mutate(content: bytes, random: Random) -> bytes:
    """Nothing, or the first behaviour, for every third seed."""
    return b"raises" if random.random() < 0.3 else content


def feed(path: Path, output: Path) -> None:
    """Does it."""
    BEHAVIOURS[path.read_text()][1](output)
