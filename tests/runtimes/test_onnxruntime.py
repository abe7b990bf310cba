"""Graphs computed by ONNX Runtime in this process: what it is given, what it keeps, and how it fails."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto

from tests.formats.graphs import every_operator
from webnn_graph import load, save
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ExecutionError, RuntimeUnavailable
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph
from webnn_graph.runtimes import onnxruntime, reference, run


def quantized(data_type: str) -> Graph:
    """A product with a weight of 4 bits that is larger than what stands in the model itself, in blocks of 64."""
    random = np.random.default_rng(0)
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 512])
    values = random.integers(*((-8, 8) if data_type == "int4" else (0, 16)), (512, 512)).astype("int8" if data_type == "int4" else "uint8")
    weight = b.constant(values, data_type, "weight")
    zeros = b.constant(np.full((8, 512), 3, values.dtype), data_type, "zeros")
    scale = b.constant(random.random((8, 512), np.float32), name="scale")
    return b.build({"y": b.matmul(x, b.dequantizeLinear(weight, scale, zeros))})


@pytest.mark.parametrize("data_type", ["int4", "uint4"])
def test_packed_weights(data_type: str) -> None:
    graph = quantized(data_type)
    feeds = complete(graph, {}, 0)
    expected = reference.run(graph, feeds)["y"]
    np.testing.assert_allclose(onnxruntime.run(graph, feeds)["y"], expected, rtol=1e-4, atol=1e-4 * float(np.abs(expected).max()))


def test_every_operator_of_a_file(tmp_path: Path) -> None:
    """Weights that are views on a mapped file."""
    save(every_operator(), tmp_path / "m.webnn")
    graph = load(tmp_path / "m.webnn")
    feeds = complete(graph, {}, 0)
    expected = reference.run(graph, feeds)
    for name, array in run(graph, feeds, runtime="onnxruntime").items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-3, atol=1e-4)


def test_a_session_is_kept_as_long_as_its_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counted(onnxruntime.Session):
        def __init__(self, graph: Graph) -> None:
            made.append(graph.name)
            super().__init__(graph)

    monkeypatch.setattr(onnxruntime, "Session", Counted)
    graph = quantized("int4")
    before = len(onnxruntime._SESSIONS)
    feeds = complete(graph, {}, 0)
    for _ in range(3):
        onnxruntime.run(graph, feeds)
    assert len(made) == 1
    assert len(onnxruntime._SESSIONS) == before + 1
    del graph
    gc.collect()
    assert len(onnxruntime._SESSIONS) <= before


def test_it_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RuntimeUnavailable, match="needs onnxruntime, which is not installed") as raised:
        onnxruntime.run(quantized("int4"), {"x": np.zeros((1, 512), np.float32)})
    assert "pip install 'webnn-convert[verify]'" in raised.value.hint


def test_what_it_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnx.helper.make_node", lambda *names, **options: NodeProto(op_type="Nothing"))
    b = GraphBuilder()
    graph = b.build({"y": b.relu(b.input("x", "float32", [2]))})
    with pytest.raises(ExecutionError, match="ONNX Runtime failed to load the graph"):
        onnxruntime.run(graph, {"x": np.zeros(2, np.float32)})
