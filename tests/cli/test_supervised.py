"""Commands that crash, or take too much: one error, exit status 1, and the parent ends as its child does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

START = """
import os, signal, sys, time
from pathlib import Path
from converters import supervised
def work():
    {body}
supervised.SECONDS, supervised.SECONDS_PER_MB = 1, 0
supervised.MEMORY, supervised.COPIES = 1 << 30, 0
sys.exit(supervised.supervised(work))
"""
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
pytestmark = FORKS


def run(body: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START.format(body=body)], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("print('done')", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 1, "error: the conversion was ended by SIGSEGV"),
        ("os.abort()", 1, "error: the conversion was ended by SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, "error: the conversion was ended by SIGKILL"),
        (
            "with supervised.limited(Path(sys.executable)):\n        while True: pass",
            1,
            "more processor time than a model of this size may",
        ),
    ],
)
def test_how_a_command_ended_is_said(body: str, status: int, says: str) -> None:
    done = run(body)
    assert done.returncode == status
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == (2 if says else 0)


def test_memory_is_limited_inside_only() -> None:
    done = run(
        "bytearray(1 << 31)\n    with supervised.limited(Path(sys.executable)):\n        try: bytearray(1 << 31)\n"
        "        except MemoryError: print('refused')\n    bytearray(1 << 31)"
    )
    assert (done.returncode, done.stdout) == (0, "refused\n")


def test_nothing_is_limited_without_a_supervisor(tmp_path: Path) -> None:
    from converters import supervised

    assert supervised.IN_CHILD not in os.environ
    with supervised.limited(tmp_path):
        bytearray(1 << 20)


def test_signals_reach_the_command(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    body = f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n    Path({str(ready)!r}).touch()\n    time.sleep(30)"
    process = subprocess.Popen([sys.executable, "-c", START.format(body=body)])
    while not ready.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 7


def test_a_command_that_a_signal_ends_is_not_said_to_crash(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    body = f"Path({str(ready)!r}).touch()\n    time.sleep(30)"
    process = subprocess.Popen([sys.executable, "-c", START.format(body=body)], stderr=subprocess.PIPE, text=True)
    while not ready.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[1] == "error: ended by SIGTERM\n"
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("to_all", [False, True], ids=["to the parent", "to both, as terminals do"])
def test_ctrl_c_interrupts_once(to_all: bool, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    body = (
        f"Path({str(ready)!r}).touch()\n    try: time.sleep(30)\n    except KeyboardInterrupt: print('once')\n"
        "    try: time.sleep(0.5)\n    except KeyboardInterrupt: print('twice')"
    )
    command = [sys.executable, "-c", START.format(body=body)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not ready.exists():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT) if to_all else process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("once\n", "")
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_command_ends_with_its_parent(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    body = f"Path({str(pid)!r}).write_text(str(os.getpid()))\n    time.sleep(30)"
    process = subprocess.Popen([sys.executable, "-c", START.format(body=body)])
    while not pid.exists() or not pid.read_text():
        time.sleep(0.05)
    process.kill()
    process.wait(20)
    child = Path(f"/proc/{pid.read_text()}/stat")
    for _ in range(200):
        if not child.exists() or child.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the command lives on")
