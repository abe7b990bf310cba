"""Weights in several files, by the convention of Hugging Face."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from tests.formats.faults import Faults
from tests.formats.graphs import as_data
from webnn_graph import Graph, GraphBuilder, load, save
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import files_of, save_together
from webnn_graph.formats.loading import graphs_of, is_written_here
from webnn_graph.formats.shards import names
from webnn_graph.formats.weights import contents, stored
from webnn_graph.wording import bytes_of


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses its power, so nothing has to wait for a disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def model(value: float = 1) -> Graph:
    """Weights of 640, 320, 320 and 40 bytes, the largest elements first in a file."""
    b = GraphBuilder("model")
    x = b.input("x", "float32", [2, 4])
    w = b.constant(np.full((4, 40), value, np.float32), name="w")
    u = b.constant(np.full((40, 2), value, np.float32), name="u")
    v = b.constant(np.full((2, 40), value, np.float32), name="v")
    bias = b.constant(np.arange(40, dtype=np.int8), name="bias")
    y = b.matmul(b.matmul(b.matmul(x, w), u), v)
    return b.build({"y": b.add(y, b.cast(b.gather(bias, b.input("places", "int32", [40])), "float32"))})


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


ONE = ["m.safetensors"]
TWO = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"]
THREE = [*(f"m-0000{i}-of-00003.safetensors" for i in (1, 2, 3)), "m.safetensors.index.json"]


@pytest.mark.parametrize(
    ("size", "expected", "where"),
    [
        (None, ONE, {}),
        (1320, ONE, {}),
        (1300, TWO, {"u": 1, "v": 1, "w": 1, "bias": 2}),
        (700, TWO, {"u": 1, "v": 1, "w": 2, "bias": 2}),
        (640, THREE, {"u": 1, "v": 1, "w": 2, "bias": 3}),
    ],
)
def test_files(tmp_path: Path, size: int | None, expected: list[str], where: dict[str, int]) -> None:
    graph = model()
    written = save(graph, tmp_path / "m.webnn", max_shard_size=size)
    assert sorted(path.name for path in written) == files(tmp_path) == [*sorted(expected), "m.webnn"]
    assert as_data(load(tmp_path / "m.webnn", check_bytes=True)) == as_data(graph)
    if where:
        index = json.loads((tmp_path / "m.safetensors.index.json").read_text())
        count = len(expected) - 1
        assert index["weight_map"] == {name: f"m-{i:05}-of-{count:05}.safetensors" for name, i in where.items()}
        assert index["metadata"] == {"total_size": 1320}
        for name, file in index["weight_map"].items():
            with safe_open(tmp_path / file, "numpy") as opened:
                assert opened.get_tensor(name).tobytes() == graph.constants[graph.operands[name]].tobytes()
    assert set(files_of(tmp_path / "m.webnn")) == set(written), "what is read with it is never written over by chance"


def test_a_tensor_is_never_cut(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=1)
    assert len(list(tmp_path.glob("*.safetensors"))) == 4


WRITERS: dict[str, Callable[[Path, Graph], object]] = {
    "one file": lambda folder, graph: save(graph, folder / "m.webnn"),
    "two files": lambda folder, graph: save(graph, folder / "m.webnn", max_shard_size=700),
    "three files": lambda folder, graph: save(graph, folder / "m.webnn", max_shard_size=640),
}


@pytest.mark.parametrize("after", WRITERS)
@pytest.mark.parametrize("before", WRITERS)
def test_nothing_is_left_over(tmp_path: Path, before: str, after: str) -> None:
    WRITERS[before](tmp_path, model(1))
    WRITERS[after](tmp_path, model(2))
    assert files(tmp_path) == [*{"one file": ONE, "two files": TWO, "three files": THREE}[after], "m.webnn"]
    assert as_data(load(tmp_path / "m.webnn")) == as_data(model(2))


def test_shards_of_others_stay(tmp_path: Path) -> None:
    """The folder of a model of Hugging Face, whose files have no digests."""
    index = {"weight_map": {operand.name: TWO[0] for operand in stored(model())}}
    (tmp_path / TWO[2]).write_text(json.dumps(index))
    (tmp_path / TWO[0]).write_bytes(b"".join(map(bytes, contents(stored(model(5))))))
    before = visible(tmp_path)
    save(model(), tmp_path / "m.webnn")
    assert before.items() <= visible(tmp_path).items()
    assert as_data(load(tmp_path / "m.webnn")) == as_data(model()), "one file is read before shards"
    save(model(2), tmp_path / "m.webnn", max_shard_size=640)
    assert visible(tmp_path)[TWO[0]] == before[TWO[0]]


def test_an_index_names_nothing_else_that_goes(tmp_path: Path) -> None:
    save(model(3), tmp_path / "other.webnn")
    (tmp_path / TWO[2]).write_text(json.dumps({"weight_map": {"w": "other.safetensors"}}))
    save(model(), tmp_path / "m.webnn")
    assert as_data(load(tmp_path / "other.webnn")) == as_data(model(3))


@pytest.mark.parametrize(
    ("before", "after", "links", "code"),
    [
        ("one file", "two files", True, None),
        ("three files", "two files", False, None),
        ("two files", "one file", True, None),
        ("three files", "two files", True, errno.ENOSPC),
        ("one file", "two files", False, errno.ENOSPC),
    ],
)
def test_all_or_nothing(tmp_path: Path, before: str, after: str, links: bool, code: int | None) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "a file system without links")

    ends = set()
    for i in range(200):
        folder = tmp_path / str(i)
        folder.mkdir()
        WRITERS[before](folder, model(1))
        old, faults = visible(folder), Faults(i, code)
        if not links:
            faults.real["link"] = no_links
        with faults.installed():
            try:
                WRITERS[after](folder, model(2))
            except WebNNError:
                assert visible(folder) == old, faults.made[-1]
        save(model(3), folder / "another.webnn")  # finishes what was begun
        for path in folder.glob("another*"):
            path.unlink()
        left = visible(folder)
        new = tmp_path / "new"
        new.mkdir(exist_ok=True)
        WRITERS[after](new, model(2))
        assert left in (old, visible(new)), faults.made[-1]
        ends.add(left == old)
        if len(faults.made) <= i:
            break
    assert ends == {True, False}


def test_shards_of_another_conversion_are_refused(tmp_path: Path) -> None:
    for value in (1, 2):
        (tmp_path / str(value)).mkdir()
        save(model(value), tmp_path / str(value) / "m.webnn", max_shard_size=700)
    (tmp_path / "1" / TWO[1]).write_bytes((tmp_path / "2" / TWO[1]).read_bytes())
    with pytest.raises(FormatError, match="not of one conversion"):
        load(tmp_path / "1" / "m.webnn")


def test_damaged_values_are_found(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=700)
    shard = tmp_path / TWO[1]
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    load(tmp_path / "m.webnn")
    with pytest.raises(FormatError, match="is damaged: 'bias' has other values"):
        load(tmp_path / "m.webnn", check_bytes=True)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=700)
    (tmp_path / TWO[1]).unlink()
    with pytest.raises(FormatError, match=re.escape(TWO[1])):
        load(tmp_path / "m.webnn")


@pytest.mark.parametrize("file", TWO)
def test_a_shard_stands_for_its_graph(tmp_path: Path, file: str) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=700)
    assert graphs_of(tmp_path / file) == [tmp_path / "m.webnn"]
    assert is_written_here(tmp_path / file)


def test_weights_are_found_by_their_index(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=700)
    (tmp_path / "m.webnn").rename(tmp_path / "other.webnn")
    assert as_data(load(tmp_path / "other.webnn", weights=tmp_path / TWO[2])) == as_data(model())


def test_another_form_reads_the_shards_that_are_there(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.webnn", max_shard_size=700)
    loaded = load(tmp_path / "m.webnn")
    assert save_together({tmp_path / "m.js": loaded}, weights="m.safetensors", neighbours=[loaded]) == [
        tmp_path / "m.js",
        tmp_path / "m.d.ts",
    ]
    assert addresses(tmp_path / "m.js") == [f"./{name}" for name in TWO[:2]]
    save_together({tmp_path / "m.js": loaded}, weights="m.safetensors", neighbours=[loaded], max_shard_size=640)
    assert files(tmp_path) == [*THREE[:3], "m.d.ts", "m.js", THREE[3], "m.webnn"]
    assert as_data(load(tmp_path / "m.webnn")) == as_data(model())


@pytest.mark.parametrize(("size", "count"), [(None, 1), (700, 2), (640, 3)])
def test_a_module_names_its_files(tmp_path: Path, size: int | None, count: int) -> None:
    save(model(), tmp_path / "m.js", max_shard_size=size)
    assert addresses(tmp_path / "m.js") == [f"./{name}" for name in names("m.safetensors", count)]


def addresses(module: Path) -> list[str]:
    return re.findall(r'new URL\("([^"]+)", import\.meta\.url\)', module.read_text())


@pytest.mark.parametrize(
    ("text", "expected"), [("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2GiB", 2**31), ("10k", 10_000), ("7", 7), (" 1 mb ", 10**6)]
)
def test_sizes(text: str, expected: int) -> None:
    assert bytes_of(text) == expected


@pytest.mark.parametrize("text", ["", "MB", "-1", "0", "1TB", "1e9", "0.5", "9" * 30, "nan", "1_000"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        bytes_of(text)
