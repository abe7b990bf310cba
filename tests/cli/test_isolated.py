"""Work in a process of its own: answers, errors, and what happens to a worker that crashes, hangs or asks for too much."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from converters.isolated import Limits, Stopped, isolated
from webnn_graph.errors import FormatError, Where

SOON = Limits(seconds=1, memory=500 << 20)


PLACE = Where("m.pt", 3, member="code/m.py", excerpt="\n  x")


def reversed_twice(data: bytes, *, times: int = 1) -> bytes:
    return data[::-1] * times


def refusing(data: bytes) -> bytes:
    raise FormatError("no such thing", "try another", PLACE)


def failing(data: bytes) -> bytes:
    raise KeyError("a key")


def crashing(data: bytes) -> bytes:
    signal.raise_signal(signal.SIGSEGV)
    return b""


def hanging(data: bytes) -> bytes:
    time.sleep(60)
    return b""


def looping(data: bytes) -> bytes:
    while True:
        pass


def growing(data: bytes) -> bytes:
    return bytes(1 << 30)


def printing(data: bytes) -> bytes:
    print("\x1b]0;owned\x07", flush=True)
    print("\x1b]0;owned\x07", file=sys.stderr, flush=True)
    os.write(1, b"raw")
    return b"quiet"


def writing(data: bytes) -> bytes:
    Path(data.decode()).write_bytes(b"written")
    return b""


def test_a_worker_answers() -> None:
    assert isolated(reversed_twice, b"abc\n", times=2) == b"\ncba\ncba"


def test_errors_of_the_project_arrive_as_they_are() -> None:
    with pytest.raises(FormatError) as caught:
        isolated(refusing, b"")
    assert (caught.value.what, caught.value.hint, caught.value.where) == ("no such thing", "try another", PLACE)


@pytest.mark.parametrize(
    ("worker", "why"),
    [
        (failing, r"failed \(KeyError: 'a key'\)"),
        (crashing, r"crashed \(SIGSEGV\)"),
        (hanging, "took longer than 1 seconds"),
        (looping, "took longer than 1 seconds"),
        (growing, "needed more than 500 MiB of memory"),
    ],
)
def test_a_worker_that_ends_badly_says_how(worker: object, why: str) -> None:
    with pytest.raises(Stopped, match=why):
        isolated(worker, b"", SOON)  # type: ignore[arg-type]


def opening(data: bytes) -> bytes:
    Path(data.decode()).touch()
    return b""


def running(data: bytes) -> bytes:
    subprocess.run(["true"], check=False)
    return b""


def connecting(data: bytes) -> bytes:
    socket.create_connection(("127.0.0.1", 9))
    return b""


@pytest.mark.parametrize(("worker", "event"), [(opening, "open"), (running, "subprocess.Popen"), (connecting, "socket")])
def test_a_worker_does_nothing_outside_of_its_process(worker: object, event: str, tmp_path: Path) -> None:
    path = tmp_path / "made"
    with pytest.raises(Stopped, match=rf"PermissionError: {event}.* is not allowed here"):
        isolated(worker, str(path).encode())  # type: ignore[arg-type]
    assert not path.exists()


def test_what_a_worker_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert isolated(printing, b"") == b"quiet"
    assert capfd.readouterr() == ("", "")


def test_a_worker_writes_no_file_unless_it_may(tmp_path: Path) -> None:
    path = tmp_path / "written"
    with pytest.raises(Stopped, match="open is not allowed here"):
        isolated(writing, str(path).encode())
    assert not path.exists()
    isolated(writing, str(path).encode(), Limits(file_size=100))
    assert path.read_bytes() == b"written"
