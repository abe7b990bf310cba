"""What saving refuses and what it leaves behind when it fails: the files as they were."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.graphs import every_operator
from webnn_graph import Graph, GraphBuilder, save
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.formats.files import write_all


def small_graph() -> Graph:
    b = GraphBuilder("small")
    x = b.input("x", "float32", [100, 100])
    return b.build({"y": b.add(x, b.constant(np.arange(10000, dtype=np.float32).reshape(100, 100), name="w"))})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match=r"cannot tell the form of .*model.txt(.|\n)*\.webnn, \.json, \.js"):
        save(small_graph(), tmp_path / "model.webnn", tmp_path / "model.txt")
    assert contents(tmp_path) == {}


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match=r"cannot write .*model.*: No such file or directory(.|\n)*create the folder first"):
        save(small_graph(), tmp_path / "none" / "model.webnn")


def test_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # As root every folder can be written, so the refusal is the system call's.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(WebNNError, match=r"cannot write .*model.*: Permission denied(.|\n)*that you may write to"):
        save(small_graph(), tmp_path / "model.webnn")
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(WebNNError, match="Permission denied"):
        save(small_graph(), folder / "model.webnn")


def test_a_file_that_the_system_lets_grow_no_further(tmp_path: Path) -> None:
    save(small_graph(), tmp_path / "model.webnn")
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, limits[1]))
    try:
        with pytest.raises(WebNNError, match=r"cannot write .*model.safetensors: File too large"):
            save(small_graph(), tmp_path / "model.webnn")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("fails", ["write", "flush", "flush meanwhile", "rename first", "rename last", "interrupt"])
def test_a_failure_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, existing: bool) -> None:
    graph, target = small_graph(), tmp_path / "model.webnn"
    if existing:
        save(every_operator(), target, tmp_path / "model.json")
    before = contents(tmp_path)
    disk_full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if fails == "write":
        monkeypatch.setattr("webnn_graph.formats.shards.contents", lambda *_: raising(disk_full))
    elif fails == "interrupt":
        monkeypatch.setattr("webnn_graph.formats.shards.contents", lambda *_: raising(KeyboardInterrupt()))
    elif fails == "flush":
        monkeypatch.setattr("os.fsync", lambda _: list(raising(disk_full)))
    elif fails == "flush meanwhile":  # which the system says only once
        monkeypatch.setattr("webnn_graph.formats.files.FLUSHED_BYTES", 1)
        monkeypatch.setattr("os.fsync", failing_after(0, os.fsync, disk_full))
    else:
        after = {"rename first": 0, "rename last": 2}[fails]
        monkeypatch.setattr(os, "replace", failing_after(after, os.replace, disk_full))
    with pytest.raises(KeyboardInterrupt if fails == "interrupt" else WebNNError) as raised:
        save(graph, target, tmp_path / "model.json")
    if fails != "interrupt":
        assert "cannot write" in str(raised.value)
        assert "No space left on device" in str(raised.value)
    assert contents(tmp_path) == before


def raising(error: BaseException) -> Iterator[bytes]:
    yield b"half"
    raise error


def failing_after(count: int, function: Callable[..., Any], error: OSError) -> Callable[..., Any]:
    """The function, which raises once, after ``count`` calls."""
    calls = iter(range(10**6))

    def call(*args: Any) -> Any:
        if next(calls) == count:
            raise error
        return function(*args)

    return call


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").mkdir()
    with pytest.raises(WebNNError, match="cannot write .*model.safetensors: it is a folder"):
        save(small_graph(), tmp_path / "model.webnn")
    assert contents(tmp_path) == {}


def test_files_are_as_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_all({tmp_path / "model": lambda: [b"x"]})
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("form", [".webnn", ".json", ".js"])
def test_a_constant_of_another_shape_is_refused(tmp_path: Path, form: str) -> None:
    """Put together by hand: the file would be one that nothing reads."""
    graph = small_graph()
    (operand,) = (operand for operand in graph.constants if operand.size > 16)
    wrong = replace(graph, constants={**graph.constants, operand: np.ones(3, np.float32)})
    with pytest.raises(ValidationError, match=r"has an array of shape \[3\]"):
        save(wrong, tmp_path / f"m{form}")
    assert list(tmp_path.iterdir()) == []
