"""onnxsim first: what it makes is converted, unless it widens quantized weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.onnx.reading.onnxsim import convert_simplified
from converters.onnx.source import OnnxSource
from webnn_graph import run
from webnn_graph.graph import Graph


@pytest.fixture
def quantized(tmp_path: Path) -> Path:
    """y = x @ (cast(w) * scale), with w of 8 bits."""
    random = np.random.default_rng(0)
    weights = random.integers(-128, 128, (64, 128)).astype(np.int8)
    constants = [
        numpy_helper.from_array(weights, "w"),
        numpy_helper.from_array(random.random((1, 128), np.float32), "scale"),
    ]
    nodes = [
        helper.make_node("Cast", ["w"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "scale"], ["weights"]),
        helper.make_node("MatMul", ["x", "weights"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in (("x", 64), ("y", 128)))
    path = tmp_path / "quantized.onnx"
    onnx.save(
        helper.make_model(
            helper.make_graph(nodes, "quantized", [x], [y], constants), ir_version=10, opset_imports=[helper.make_opsetid("", 20)]
        ),
        path,
    )
    return path


def converted(path: Path, notes: list[str]) -> Graph:
    return convert_simplified(path, report=notes.append, name="quantized", dims={"n": 3}, shapes={}, bind={})


def test_weights_stay_quantized(quantized: Path) -> None:
    notes: list[str] = []
    graph = converted(quantized, notes)
    assert [node.op for node in graph.nodes] == ["dequantizeLinear", "matmul"]
    assert graph.weight_bytes < 2 * 64 * 128
    assert "onnxsim widens quantized.onnx from" in notes[0]


def test_simplified_model_is_converted(quantized: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converters.onnx.reading.onnxsim.GROWTH", 10)
    notes: list[str] = []
    graph = converted(quantized, notes)
    assert [node.op for node in graph.nodes] == ["matmul"]
    assert notes == []
    x = {"x": np.random.default_rng(1).standard_normal((3, 64)).astype(np.float32)}
    np.testing.assert_allclose(run(graph, x)["y"], OnnxSource(quantized).run(x, ["y"])["y"], rtol=1e-4)
