"""What computes a graph that is verified where nobody says it, and that speed does not decide what is right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from converters.checking.verify import verify_nodes
from converters.commands.workflow import Check, verified
from converters.onnx import convert
from converters.onnx.source import OnnxSource
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.graph import Graph
from webnn_graph.runtimes import onnxruntime, reference


@pytest.fixture
def source(tmp_path) -> OnnxSource:
    """y = relu(x w) / 3, rounded to whole numbers and scaled again."""
    weight = np.random.default_rng(0).random((8, 4), np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Relu", ["product"], ["positive"]),
        helper.make_node("Div", ["positive", "three"], ["third"]),
        helper.make_node("Round", ["third"], ["whole"]),
        helper.make_node("Sub", ["third", "whole"], ["y"]),
    ]
    constants = [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(np.float32(3), "three")]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 4])],
        constants,
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "m.onnx")
    return OnnxSource(tmp_path / "m.onnx")


@pytest.fixture
def graph(source: OnnxSource) -> Graph:
    return convert(source.model, name="g")


def test_a_large_graph_is_computed_by_onnxruntime(graph: Graph, source: OnnxSource, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtimes.chosen(graph) == "reference"
    assert verified(graph, source, Check()).runtime == "reference"
    monkeypatch.setattr(runtimes, "LARGE", 100)
    assert runtimes.chosen(graph) == "onnxruntime"
    result = verified(graph, source, Check())
    assert (result.runtime, result.status) == ("onnxruntime", 0)
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    assert runtimes.chosen(graph) == "reference"


def test_what_nobody_chose_is_not_what_is_wrong(graph: Graph, source: OnnxSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "LARGE", 100)
    monkeypatch.setattr(onnxruntime, "run", lambda graph, inputs: {name: a + 1 for name, a in reference.run(graph, inputs).items()})
    result = verified(graph, source, Check())
    assert (result.runtime, result.status) == ("reference", 0)
    assert verified(graph, source, Check("onnxruntime")).status == 3


def shifted(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    return {name: array + 1 for name, array in reference.run(graph, inputs).items()}


def failing(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    raise ExecutionError("no kernel")


def test_nodes_by_themselves_are_the_same_whatever_is_asked_first(graph: Graph, source: OnnxSource) -> None:
    slow = verify_nodes(graph, source, tolerance=1e-4)
    names = [difference.name for difference in slow.differences]
    assert len(names) == len(graph.nodes)
    for fast in (onnxruntime.run, shifted, failing):
        quick = verify_nodes(graph, source, tolerance=1e-4, fast=fast)
        assert quick.ok
        assert [difference.name for difference in quick.differences] == names


def test_each_node_is_given_what_the_source_has(graph: Graph, source: OnnxSource) -> None:
    """A runtime that has one node wrong has the others right, though they read it."""

    def one_wrong(part: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        asked.append(len(part.nodes))
        return {name: array + (name == "positive") for name, array in onnxruntime.run(part, inputs).items()}

    asked: list[int] = []
    wrong = verify_nodes(graph, source, tolerance=1e-4, fast=one_wrong)
    assert wrong.ok, "the reference says that the node is right"
    assert asked == [len(graph.nodes)]


def test_a_wrong_node_is_found(graph: Graph, source: OnnxSource) -> None:
    nodes = tuple(
        node if node.op != "relu" else type(node)("abs", node.arguments, node.outputs, node.label) for node in graph.nodes
    )  # of what is negative
    changed = Graph(graph.name, graph.inputs, graph.constants, nodes, graph.outputs)
    inputs = {"x": np.full((2, 8), -1, np.float32)}
    for fast in (None, onnxruntime.run):
        found = verify_nodes(changed, source, tolerance=1e-4, inputs=inputs, fast=fast)
        assert [difference.name for difference in found.differences if not difference.ok] == ["positive"]
        assert found.first is not None and found.first[0].op == "abs"
