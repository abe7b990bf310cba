"""The writer is killed, or refused, at every call of the system that it makes: what is found then, and what the next one makes of it."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.formats.faults import ERRORS, Faults, Killed
from tests.formats.graphs import as_data
from webnn_graph import Graph, GraphBuilder, load, save
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import json, text
from webnn_graph.formats.digests import combined
from webnn_graph.formats.document import document_of
from webnn_graph.formats.weights import Safetensors, contents, stored

FORMS = (".webnn", ".json", ".js")
STRACE = shutil.which("strace")


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses its power, so nothing has to wait for a disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def model(value: float) -> Graph:
    b = GraphBuilder("model")
    x = b.input("x", "float32", [2, 4])
    return b.build({"y": b.matmul(x, b.constant(np.full((4, 8), value, np.float32), name="w"))})


OLD, NEW = model(1), model(2)


def write(folder: Path, graph: Graph) -> None:
    save(graph, *(folder / f"m{form}" for form in FORMS))


def write_without_digests(folder: Path, graph: Graph) -> None:
    """A set as earlier versions wrote it."""
    (folder / "m.webnn").write_text(text.write(document_of(graph)))
    (folder / "m.json").write_text(json.write(document_of(graph)))
    (folder / "m.safetensors").write_bytes(b"".join(bytes(piece) for piece in contents(stored(graph))))


def nothing(folder: Path, graph: Graph) -> None:
    """The first conversion into a folder."""


BEFORE: dict[str, Callable[[Path, Graph], None]] = {"old set": write, "old set without digests": write_without_digests, "nothing": nothing}


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def module_fits(folder: Path) -> bool:
    """Whether the module accepts the weights, by its own rule."""
    digest = re.search(r'weightsDigest = "(\w+)"', (folder / "m.js").read_text())
    weights = folder / "m.safetensors"
    return digest is not None and weights.exists() and combined(Safetensors(weights).digests.values()) == digest[1]


def found(folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> str:
    """What a reader finds: a whole set, or one that is refused; anything else fails."""
    now = visible(folder)
    if now in (old, new):
        return "old" if now == old else "new"
    verdicts = set()
    for form in (".webnn", ".json"):
        if f"m{form}" not in now:
            continue
        try:
            data = as_data(load(folder / f"m{form}"))
        except FormatError as error:
            assert re.search("not of one conversion|weights of .* are missing", str(error))
            verdicts.add("refused")
        else:
            whole = [graph for graph in (OLD, NEW) if as_data(graph) == data]
            files = [old, new][(OLD, NEW).index(*whole)]
            assert all(now[name] == files[name] for name in (f"m{form}", "m.safetensors")), "graph and weights of two sets"
            verdicts.add("read, whole")
    if "m.js" in now and module_fits(folder):
        assert all(now[name] in (old.get(name), new.get(name)) for name in ("m.js", "m.safetensors"))
    return "some new: " + (", ".join(sorted(verdicts)) or "no graph")


@cache
def content(writer: Callable[[Path, Graph], None], graph: Graph) -> Mapping[str, bytes]:
    """The files of a set."""
    with tempfile.TemporaryDirectory() as folder:
        writer(Path(folder), graph)
        return visible(Path(folder))


def sets(folder: Path, before: str) -> tuple[Path, dict[str, bytes], dict[str, bytes]]:
    """A folder with what was there before; the old set and the new."""
    old, new = content(BEFORE[before], OLD), content(write, NEW)
    work = folder / "work"
    work.mkdir()
    for name, data in old.items():
        (work / name).write_bytes(data)
    return work, {**old}, {**old, **new}


def calls() -> Iterator[int]:
    """The number of each call that a write makes, however many there are."""
    yield from range(100)


def outcomes(folder: Path, before: str, *, torn: bool = False, links: bool = True) -> Iterator[tuple[str, str, str]]:
    """For each call that the writer is killed at: the call, what is found, and what the next writer of another graph leaves."""
    for i in calls():
        work, old, new = sets(_fresh(folder), before)
        faults = Faults(i, torn=torn)
        if not links:
            faults.real["link"] = no_links
        with faults.installed():
            write(work, NEW)
        if len(faults.made) <= i:
            return
        at_once = found(work, old, new)
        save(OLD, work / "another.webnn")
        assert hidden(work) == []
        for name in ("another.webnn", "another.safetensors"):
            (work / name).unlink()
        repaired = found(work, old, new)
        assert repaired in ("old", "new")
        write(work, NEW)
        assert found(work, old, new) == "new"
        assert hidden(work) == []
        yield faults.made[i], at_once, repaired


def no_links(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, "a file system without links")


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.mark.parametrize("links", [True, False], ids=["", "without links"])
@pytest.mark.parametrize("torn", [False, True], ids=["before", "halfway"])
@pytest.mark.parametrize("before", BEFORE)
def test_killed_at_every_call(tmp_path: Path, before: str, torn: bool, links: bool) -> None:
    table = list(outcomes(tmp_path / "folder", before, torn=torn, links=links))
    assert len(table) > 30
    assert {repaired for _, _, repaired in table} == {"old", "new"}
    assert any(at_once.startswith("some new: ") and "refused" in at_once for _, at_once, _ in table), "the window was not hit"


@pytest.mark.parametrize("code", ERRORS, ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("before", BEFORE)
def test_refused_at_every_call(tmp_path: Path, before: str, code: int) -> None:
    said = set()
    for i in calls():
        work, old, new = sets(_fresh(tmp_path / "folder"), before)
        faults, error = Faults(i, code), ""
        with faults.installed():
            try:
                write(work, NEW)
            except WebNNError as raised:
                error = raised.message
        said.add(error)
        assert visible(work) == (old if error else new), faults.made[-1]
        if len(faults.made) <= i:
            break
        write(work, NEW)
        assert visible(work) == new
        assert hidden(work) == []
    assert any("cannot write" in message for message in said)


def test_killed_while_putting_back(tmp_path: Path) -> None:
    """A rename fails, and while the old files get their names again the process is killed."""
    before = "old set"
    work, old, new = sets(_fresh(tmp_path / "folder"), before)
    plain = Faults()
    with plain.installed():
        write(work, NEW)
    renames = [i for i, call in enumerate(plain.made) if call.startswith("replace")]
    verdicts = []
    for kill in range(renames[2] + 1, 100):
        work, old, new = sets(_fresh(tmp_path / "folder"), before)
        faults = TwoFaults(renames[2], kill)
        with faults.installed(), pytest.raises((WebNNError, Killed)):
            write(work, NEW)
        found(work, old, new)
        save(OLD, work / "another.webnn")
        for name in ("another.webnn", "another.safetensors"):
            (work / name).unlink()
        verdicts.append(found(work, old, new))
        assert hidden(work) == []
        if len(faults.made) <= kill:
            break
    assert verdicts == sorted(verdicts), "once it is decided that the old files come back, they do"
    assert set(verdicts) == {"new", "old"}


class TwoFaults(Faults):
    """An error at one call, death at a later one."""

    def __init__(self, error_at: int, killed_at: int) -> None:
        super().__init__(error_at, errno.EIO)
        self.killed_at = killed_at

    def call(self, name: str) -> Callable[..., object]:
        inner = super().call(name)

        def made(*args: object, **kwargs: object) -> object:
            if len(self.made) > self.killed_at:
                raise Killed
            if len(self.made) == self.killed_at:
                self.made.append(name)
                raise Killed
            return inner(*args, **kwargs)

        return made


def test_a_set_that_was_restored_by_hand_is_left_alone(tmp_path: Path) -> None:
    """What a killed writer left is not finished when somebody has put other files there since."""
    work, _, _ = sets(_fresh(tmp_path / "folder"), "old set")
    plain = Faults()
    with plain.installed():
        write(work, NEW)
    renames = [i for i, call in enumerate(plain.made) if call.startswith("replace")]
    work, old, _ = sets(_fresh(tmp_path / "folder"), "old set")
    faults = Faults(renames[2])
    with faults.installed():
        write(work, NEW)
    for name, content in old.items():
        (work / name).unlink()
        (work / name).write_bytes(content)
    save(OLD, work / "another.webnn")
    assert {name: content for name, content in visible(work).items() if not name.startswith("another")} == old
    assert hidden(work) == []


@pytest.mark.slow
@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_killed_by_the_system_at_every_call(tmp_path: Path) -> None:
    """The same in a process that really dies."""
    script = "import sys; from pathlib import Path; from tests.formats.test_killed import NEW, write; write(Path(sys.argv[1]), NEW)"
    verdicts = set()
    for name in ("flock", "link", "rename", "fsync", "unlink"):
        for i in range(1, 100):
            work, old, new = sets(_fresh(tmp_path / "folder"), "old set")
            inject = [f"--trace={name}", f"--inject={name}:signal=SIGKILL:when={i}"]
            command = [str(STRACE), "-f", "-o", str(tmp_path / "trace"), *inject, sys.executable, "-B", "-c", script, str(work)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            if "not permitted" in done.stderr or "PTRACE" in done.stderr:
                pytest.skip("processes may not be traced here")
            verdicts.add(found(work, old, new))
            if done.returncode == 0:
                break
            save(OLD, work / "another.webnn")
            assert hidden(work) == []
            for other in ("another.webnn", "another.safetensors"):
                (work / other).unlink()
            assert found(work, old, new) in ("old", "new")
    assert {"old", "new"} < verdicts
