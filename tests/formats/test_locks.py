"""Writers of one folder exclude each other, and what dead ones have left does not stay."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.formats.test_killed import hidden, model, visible, write
from webnn_graph import load, save
from webnn_graph.errors import WebNNError
from webnn_graph.formats import locks
from webnn_graph.formats.files import write_all
from webnn_graph.formats.locks import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from webnn_graph.formats.locks import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the folder's lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_another_writer_is_waited_for_and_then_named(
    tmp_path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.2)
    with pytest.raises(WebNNError, match=f"another process is writing to {tmp_path}(.|\n)*another folder"):
        save(model(1), tmp_path / "m.webnn")
    assert visible(tmp_path) == {}
    assert hidden(tmp_path) == [LOCK], "the other's lock stays"


def test_a_dead_writer_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert hidden(tmp_path) == [LOCK]
    save(model(1), tmp_path / "m.webnn")
    load(tmp_path / "m.webnn")
    assert hidden(tmp_path) == []


def test_many_writers_leave_one_set(tmp_path: Path) -> None:
    values = range(1, 9)
    sets = {}
    for value in values:
        (tmp_path / str(value)).mkdir()
        write(tmp_path / str(value), model(value))
        sets[value] = visible(tmp_path / str(value))
    work = tmp_path / "work"
    work.mkdir()
    with ThreadPoolExecutor(len(values)) as threads:
        for done in [threads.submit(write, work, model(value)) for value in values]:
            done.result()
    assert visible(work) in sets.values()
    assert hidden(work) == []


def test_two_folders_are_written_in_any_order(tmp_path: Path) -> None:
    """Writers that name two folders the other way round do not wait for each other for ever."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    orders = [folders, folders[::-1]] * 10
    contents = [{folder / "m": partial(list, [str(i).encode()]) for folder in order} for i, order in enumerate(orders)]
    with ThreadPoolExecutor(len(orders)) as threads:
        list(threads.map(write_all, contents))
    assert visible(folders[0]) == visible(folders[1])


def test_one_folder_by_two_names_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.2)
    (tmp_path / "link").symlink_to(".")
    write_all({Path("a"): lambda: [b"1"], tmp_path / "b": lambda: [b"2"], tmp_path / "link" / "c": lambda: [b"3"]})
    assert {name: (tmp_path / name).read_bytes() for name in "abc"} == {"a": b"1", "b": b"2", "c": b"3"}


def test_links_are_replaced_and_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a symbolic link leads to stays; the link itself is a file like any other."""
    (tmp_path / "elsewhere").write_bytes(b"old")
    for name in ("a", "b"):
        (tmp_path / name).symlink_to("elsewhere")
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: fail() if Path(old).suffix == ".new" and Path(new).name == "b" else real(old, new))

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    contents = {tmp_path / name: lambda: [b"new"] for name in ("a", "b")}
    with pytest.raises(WebNNError):
        write_all(contents)
    assert [(tmp_path / name).is_symlink() for name in ("a", "b")] == [True, True]
    monkeypatch.setattr(os, "replace", real)
    write_all(contents)
    assert [(tmp_path / name).read_bytes() for name in ("a", "b", "elsewhere")] == [b"new", b"new", b"old"]
    assert hidden(tmp_path) == []


def test_an_error_in_one_folder_puts_the_other_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m").write_bytes(b"old")
    real, calls = os.replace, []

    def replace(old: str, new: str) -> None:
        calls.append(new)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(old, new)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(WebNNError, match="cannot write .*b/m"):
        write_all({tmp_path / name / "m": lambda: [b"new"] for name in ("a", "b")})
    assert [(tmp_path / name / "m").read_bytes() for name in ("a", "b")] == [b"old", b"old"]
    assert hidden(tmp_path / "a") == hidden(tmp_path / "b") == []


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_files_are_written_and_nothing_of_others_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(locks, "_lock", refuse)
    others = tmp_path / ".webnn-01234567.0.new"
    others.write_bytes(b"being written")
    save(model(1), tmp_path / "m.webnn")
    load(tmp_path / "m.webnn")
    assert hidden(tmp_path) == [others.name]


def test_only_temporary_files_are_removed(tmp_path: Path) -> None:
    kept = [".webnn-notes", ".webnn-0123456.0.new", ".webnn-01234567.new", ".webnn-01234567.0.new.bak", "webnn-01234567.0.new", ".m.tmp"]
    removed = [".webnn-01234567.0.new", ".webnn-01234567.12.old", ".webnn-89abcdef.journal"]
    for name in (*kept, *removed):
        (tmp_path / name).write_bytes(b"")
    save(model(1), tmp_path / "m.webnn")
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "m.webnn", "m.safetensors"}


@pytest.mark.parametrize(
    "journal",
    [
        b'+[["../outside", INODE, null]]\n',
        b'+[["/etc/outside", INODE, null]]\n',
        b'+[["m.txt", 12345, null]]\n',
        b'+[["m.txt", INODE, 12345]]\n',
        b'-[["m.txt", 12345, null]]\n',
        b'-[["m.txt", 12345, 12345]]\n',
        b'-[["m.txt", null, null]]\n',
        b'-[["..", INODE, null]]\n',
        b'-[["", INODE, null]]\n',
        b'+[["a\\u0000b", INODE, null]]\n',
        b'+[["\\ud800", INODE, null]]\n',
        b'+[["' + b"x" * 300 + b'", INODE, null]]\n',
        b"+[[1, INODE]]\n",
        b"+[1]\n",
        b"+{\n",
        b"\xff\xfe\n",
        b"",
        b"+" + b"[" * 100000 + b"\n",
    ],
    ids=lambda journal: ascii(journal[:20]),
)
def test_hostile_journals(tmp_path: Path, journal: bytes) -> None:
    """One may come with a folder that somebody else has packed."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_bytes(b"precious")
    (folder / "m.txt").write_bytes(b"precious")
    for name in (".webnn-01234567.0.new", ".webnn-01234567.0.old"):
        (folder / name).write_bytes(b"evil")
    number = str((folder / ".webnn-01234567.0.new").stat().st_ino).encode()  # more than whoever packed the folder can know
    (folder / ".webnn-01234567.journal").write_bytes(journal.replace(b"INODE", number))
    (folder / ".webnn-01234567.1.new").mkdir()
    save(model(1), folder / "m.webnn")
    (folder / ".webnn-01234567.1.new").rmdir()
    assert (tmp_path / "outside").read_bytes() == b"precious"
    assert set(visible(folder)) == {"m.webnn", "m.safetensors", "m.txt"}
    assert (folder / "m.txt").read_bytes() == b"precious"
    assert hidden(folder) == []


def test_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.webnn")
    with pytest.raises(WebNNError, match="cannot write .*m.webnn: it is no ordinary file"):
        save(model(1), tmp_path / "m.webnn")
    assert (tmp_path / "m.webnn").is_fifo()


# ----------------------------------------------------------------------------------------------------------------- signals
WRITE = """
import os, signal, sys
from pathlib import Path
call, number, name = sys.argv[1:4]
real, count = getattr(os, call), 0

def counted(*args, **kwargs):
    global count
    count += 1
    if count == int(number):
        os.kill(os.getpid(), getattr(signal, name))
    return real(*args, **kwargs)

setattr(os, call, counted)
if "ignored" in sys.argv:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
import cli
cli.onnx2webnn([sys.argv[4], "-o", sys.argv[5], "--force", "--format", "webnn,json,js"])
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with an ONNX model, m.onnx, and one with the files of another of that name."""
    import onnx

    from tests.cli.conftest import linear_model

    onnx.save(linear_model(batch=2), tmp_path / "m.onnx")
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", model(1))
    return tmp_path / "m.onnx"


def interrupted(source: Path, call: str, number: int, name: str, *more: str) -> tuple[int, str]:
    """The exit status and the errors of a conversion that gets a signal when it makes a call for so many times."""
    command = [sys.executable, "-c", WRITE, call, str(number), name, str(source), str(source.with_name("out")), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(("call", "number"), [("write", 1), ("fsync", 5), ("link", 2), ("replace", 1), ("replace", 3)])
def test_a_signal_puts_the_old_files_back(source: Path, call: str, number: int, name: str) -> None:
    before = visible(source.with_name("out"))
    status, errors = interrupted(source, call, number, name)
    said = "interrupted" if name == "SIGINT" else f"ended by {name}"
    assert (status, errors.strip()) == (128 + getattr(signal, name), f"error: {said}")
    assert visible(source.with_name("out")) == before
    assert hidden(source.with_name("out")) == []


def test_a_signal_that_comes_too_late_ends_the_process_with_the_new_files(source: Path) -> None:
    before = visible(source.with_name("out"))
    status, errors = interrupted(source, "unlink", 1, "SIGTERM")
    assert (status, errors) == (143, "error: ended by SIGTERM\n")
    after = visible(source.with_name("out"))
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values()) - {before["m.d.ts"]}
    assert hidden(source.with_name("out")) == []


def test_ignored_signals_stay_ignored(source: Path) -> None:
    """As under nohup."""
    assert interrupted(source, "replace", 2, "SIGHUP", "ignored") == (0, "")
    assert hidden(source.with_name("out")) == []


def test_a_handler_of_ones_own_is_called_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, model(1))
    before, called = visible(tmp_path), []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (signal.raise_signal(signal.SIGTERM), real(descriptor)))

    def handler(number: int, _: object) -> None:
        assert hidden(tmp_path) == [], "everything is in order by then"
        called.append(number)

    old = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(WebNNError, match="stopped by SIGTERM; nothing was changed"):
            write(tmp_path, model(2))
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, old)
    assert called == [signal.SIGTERM]
    assert visible(tmp_path) == before


def test_while_waiting_for_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks.time, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    with locked(tmp_path), pytest.raises(KeyboardInterrupt):
        save(model(1), tmp_path / "m.webnn")
    assert visible(tmp_path) == {}
