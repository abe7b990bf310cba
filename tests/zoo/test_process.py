"""Processes of models: they end when they must, with all that they have started, whatever they do before."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from models.zoo import process
from models.zoo.attempt import PROGRAM, attempt
from models.zoo.job import Job
from models.zoo.manifest import Model
from models.zoo.process import Ended, Limits
from models.zoo.report import Verdict

LEAVES = """
import os, pathlib, sys, time
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            pathlib.Path({marks!r}, str(os.getpid())).touch()
            time.sleep(60)
        os._exit(0)
    os.wait()
    while not os.listdir({marks!r}):
        time.sleep(0.01)
"""
"""Leaves a process of a session of its own, which keeps everything open that its parent had open."""


def run(code: str, given: bytes = b"", timeout: float = 20) -> tuple[Ended, list[bytes]]:
    lines: list[bytes] = []
    return process.run([sys.executable, "-I", "-c", code], given, Limits(timeout), lines.append, dict(os.environ)), lines


def left(marks: Path) -> list[int]:
    """Those of the processes in a folder of marks that are alive."""
    return [int(mark.name) for mark in marks.iterdir() if psutil.pid_exists(int(mark.name))]


def gone(marks: Path) -> bool:
    deadline = time.monotonic() + 10
    while left(marks) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not left(marks)


def test_what_keeps_its_stdout_open_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "READ_SECONDS", 0.2)
    started = time.monotonic()
    ended, lines = run(LEAVES.format(marks=str(tmp_path)) + "print('a line', flush=True)\nleave()")
    for pid in left(tmp_path):
        psutil.Process(pid).kill()
    assert (ended.verdict, lines) == (None, [b"a line\n"])
    assert time.monotonic() - started < 30


def test_what_has_a_session_of_its_own_ends_too(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        f"pathlib.Path({str(tmp_path)!r}, str(child.pid)).touch()\ntime.sleep(0.4)\nos._exit(0)"
    )
    assert run(code)[0].verdict is None
    assert gone(tmp_path)


def test_a_process_that_reads_nothing_has_a_limit_too() -> None:
    assert run("import time; time.sleep(60)", bytes(10_000_000), timeout=0.3)[0].verdict is Verdict.TIMEOUT


def test_temporary_files_do_not_outlive_a_process() -> None:
    ended, (line,) = run("import os, signal, tempfile; print(tempfile.mkdtemp(), flush=True); os.kill(os.getpid(), signal.SIGKILL)")
    assert ended.verdict is Verdict.CRASHED
    assert not Path(line.decode().strip()).exists()


def test_what_a_process_prints_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SAID", 1_000_000)
    code = (
        "import os, time\nfor _ in range(8):\n  os.write(2, bytes(1_000_000)); time.sleep(0.15)\nprint(os.fstat(2).st_size, flush=True)\n"
        "os.write(2, b'the end')\nos._exit(3)"
    )
    ended, (size,) = run(code)
    assert int(size) < 8_000_000
    assert ended.message.endswith("the end")


def test_a_model_leaves_no_process_behind(own: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    (own / "leaving.py").write_text(
        LEAVES.format(marks=str(marks)) + f"def make():\n    leave()\n    return open({str(own / 'linear.onnx')!r}, 'rb').read()\n"
    )
    model = Model(name="m", source="python:leaving:make", frontend="onnx", dims={"batch": 2})
    assert attempt(Job(model=model, folder=str(own), runtimes={}), Limits(60)).verdict is Verdict.OK
    assert len(list(marks.iterdir())) == 1
    assert gone(marks)


def test_a_process_whose_parent_is_gone_does_not_begin() -> None:
    another = subprocess.Popen([sys.executable, "-c", ""])
    another.wait()
    command = [sys.executable, "-P", "-c", PROGRAM, str(another.pid)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert (done.returncode, done.stderr) == (1, b"")
