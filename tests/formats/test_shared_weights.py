"""Several graphs with one file of weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.formats.graphs import as_data
from webnn_graph import Graph, GraphBuilder
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.formats import load, save_together
from webnn_graph.formats.weights import Safetensors
from webnn_graph.runtimes import reference

SHARED = np.arange(32, dtype=np.float32).reshape(4, 8)
FEED = {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}


def graph(name: str, own: float, shared_name: str = "shared") -> Graph:
    """x @ shared + own, the names of the weights in the way of each other."""
    b = GraphBuilder(name)
    x = b.input("x", "float32", [2, 4])
    product = b.matmul(x, b.constant(SHARED.copy(), name=shared_name))
    return b.build({"y": b.add(product, b.constant(np.full((2, 8), own, np.float32), name="own"))})


def test_common_weights_are_stored_once(tmp_path: Path) -> None:
    graphs = {tmp_path / "a.webnn": graph("a", 1), tmp_path / "b.json": graph("b", 2, "other_name")}
    written = save_together(graphs)
    assert [path.name for path in written] == ["a.webnn", "b.json", "model.safetensors"]
    assert set(Safetensors(tmp_path / "model.safetensors").tensors) == {"shared", "own", "own_2"}
    for path, saved in graphs.items():
        np.testing.assert_array_equal(reference.run(load(path), FEED)["y"], reference.run(saved, FEED)["y"])


def test_a_name_that_is_something_else_in_another_graph(tmp_path: Path) -> None:
    b = GraphBuilder("c")
    x = b.input("shared", "float32", [2, 4])
    input_like = b.build({"y": b.matmul(x, b.constant(SHARED))})
    save_together({tmp_path / "a.webnn": graph("a", 1), tmp_path / "c.webnn": input_like})
    np.testing.assert_array_equal(reference.run(load(tmp_path / "c.webnn"), {"shared": FEED["x"]})["y"], FEED["x"] @ SHARED)
    np.testing.assert_array_equal(reference.run(load(tmp_path / "a.webnn"), FEED)["y"], FEED["x"] @ SHARED + 1)


def test_one_graph_in_several_forms(tmp_path: Path) -> None:
    one = graph("a", 1)
    save_together({tmp_path / "a.webnn": one, tmp_path / "a.json": one, tmp_path / "a.js": one})
    assert as_data(load(tmp_path / "a.webnn")) == as_data(one)
    assert as_data(load(tmp_path / "a.json")) == as_data(one)
    assert "./model.safetensors" in (tmp_path / "a.js").read_text()


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_together({tmp_path / folder / "a.webnn": graph("a", 1), tmp_path / folder / "b.webnn": graph("b", 2)})
    for name in ("a.webnn", "b.webnn", "model.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_two_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match="one folder"):
        save_together({tmp_path / "a.webnn": graph("a", 1), tmp_path.parent / "b.webnn": graph("b", 2)})


def test_a_graph_that_reads_what_is_not_in_it(tmp_path: Path) -> None:
    """Put together by hand; nothing is written."""
    whole = graph("whole", 1)
    lacking = Graph(whole.name, whole.inputs, {}, whole.nodes, whole.outputs)
    with pytest.raises(ValidationError, match=r"reads .*, which is not in the graph"):
        save_together({tmp_path / "a.webnn": whole, tmp_path / "b.webnn": lacking})
    assert list(tmp_path.iterdir()) == []
