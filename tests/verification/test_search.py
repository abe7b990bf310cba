"""What verification compares, what it says of numbers that are none, and the search for the first wrong node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

import cli
from converters.checking.verify import verify, verify_nodes
from converters.onnx import convert, execution
from converters.onnx.source import OnnxSource
from webnn_graph import ops, save
from webnn_graph.compare import HALF_PRECISION
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference

Node, info = helper.make_node, helper.make_tensor_value_info
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def saved(folder: Path, nodes: list[onnx.NodeProto], outputs: Mapping[str, int], weights: Mapping[str, Array] | None = None) -> Path:
    """A model of input x of shape [2, 4]."""
    initializers = [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()]
    results = [info(name, kind, None) for name, kind in outputs.items()]
    graph = helper.make_graph(nodes, "g", [info("x", FLOAT, [2, 4])], results, initializers)
    path = folder / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def three_layers(folder: Path) -> Path:
    nodes = [Node("MatMul", ["x", "w"], ["a"]), Node("Tanh", ["a"], ["b"]), Node("Add", ["b", "c"], ["y"])]
    weights = {"w": np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32), "c": np.float32([1, 2, 3, 4])}
    return saved(folder, nodes, {"y": FLOAT}, weights)


def changed(graph: Graph, name: str, by: float = 0.1) -> Graph:
    """The graph with other numbers in a constant."""
    operand = next(operand for operand in graph.constants if operand.name == name)
    return replace(graph, constants={**graph.constants, operand: graph.constants[operand] + np.float32(by)})


# --------------------------------------------------------------------------------------------------------- no numbers at all
@pytest.mark.parametrize(("op", "values"), [("Log", [-1, 0, 1, 2]), ("Sqrt", [-1, -np.inf, np.inf, np.nan])])
def test_what_is_no_number_in_both_is_no_difference(op: str, values: list[float], tmp_path: Path) -> None:
    path = saved(tmp_path, [Node(op, ["x"], ["y"])], {"y": FLOAT})
    given = {"x": np.float32([values] * 2)}
    assert [d.verdict for d in verify(convert(path), OnnxSource(path), reference.run, tolerance=1e-4, inputs=given).differences] == ["ok"]


@pytest.mark.parametrize("there", ["graph", "source"])
@pytest.mark.parametrize("what", [np.nan, np.inf])
def test_what_is_no_number_in_one_is_a_difference(there: str, what: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = three_layers(tmp_path)

    def spoilt(outputs: dict[str, Array]) -> dict[str, Array]:
        return {name: np.where(np.arange(array.size).reshape(array.shape) == 3, np.float32(what), array) for name, array in outputs.items()}

    def run(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        outputs = reference.run(graph, feeds)
        return spoilt(outputs) if there == "graph" else outputs

    if there == "source":
        right = execution.run
        monkeypatch.setattr(execution, "run", lambda *a, **k: (list(spoilt(dict(enumerate(right(*a, **k)[0]))).values()), "spoilt"))
    result = verify(convert(path), OnnxSource(path), run, tolerance=np.inf)
    assert [difference.verdict for difference in result.differences] == ["DIFFERS"]


# ------------------------------------------------------------------------------------------------------------ half precision
def test_only_what_is_rounded_to_float16_on_the_way_has_its_tolerance(tmp_path: Path) -> None:
    nodes = [
        Node("Cast", ["x"], ["h"], to=HALF),
        Node("MatMul", ["h", "w"], ["p"]),
        Node("Cast", ["p"], ["y"], to=FLOAT),
        Node("Cast", ["w"], ["v"], to=FLOAT),
        Node("MatMul", ["x", "v"], ["z"]),
    ]
    path = saved(tmp_path, nodes, {"y": FLOAT, "z": FLOAT}, {"w": np.eye(4, dtype=np.float16)})
    result = verify(convert(path), OnnxSource(path), reference.run, tolerance=1e-4)
    assert {d.name: d.tolerance for d in result.differences} == {"y": HALF_PRECISION, "z": 1e-4}
    assert result.ok


# ----------------------------------------------------------------------------------------------------------------- the search
def test_the_first_wrong_node_is_named(tmp_path: Path) -> None:
    path = three_layers(tmp_path)
    result = verify(changed(convert(path), "w"), OnnxSource(path), reference.run, tolerance=1e-4)
    assert result.first is not None
    assert result.first[1].name == "a"


def test_what_depends_on_constants_only_is_not_compared(tmp_path: Path) -> None:
    large = np.zeros((4, 1000), np.float32)
    nodes = [
        Node("Expand", ["row", "shape"], ["wide"]),
        Node("MatMul", ["x", "wide"], ["y"]),
    ]
    path = saved(tmp_path, nodes, {"y": FLOAT}, {"row": large[:1], "shape": np.array([4, 1000])})
    graph, source = convert(path), OnnxSource(path)
    assert [node.op for node in graph.nodes] == ["expand", "matmul"]
    asked: list[str] = []

    def run(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        asked.extend(operand.name for operand in graph.outputs)
        return reference.run(graph, feeds)

    assert verify(changed(graph, "row"), source, run, tolerance=1e-4).first is not None
    assert set(asked) == {"y"}
    assert [difference.name for difference in verify_nodes(graph, source, tolerance=1e-4).differences] == ["y"]


def test_what_the_runtime_cannot_return_is_not_asked_for(tmp_path: Path) -> None:
    path = three_layers(tmp_path)

    def run(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        assert all(operand.name != "a" for operand in graph.outputs)
        return reference.run(graph, feeds)

    def returns(operand: Operand) -> bool:
        return operand.name != "a"

    result = verify(changed(convert(path), "w"), OnnxSource(path), run, tolerance=1e-4, returns=returns)
    assert result.first is not None
    assert result.first[1].name == "b"


def failing(count: int) -> Callable[..., dict[str, Array]]:
    """A runtime that works so many times."""
    calls = iter(range(count))

    def run(graph: Graph, feeds: Mapping[str, Array], **_: Any) -> dict[str, Array]:
        if next(calls, None) is None:
            raise ExecutionError("the browser crashed")
        return reference.run(graph, feeds)

    return run


def test_a_search_that_fails_leaves_the_table_and_the_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = three_layers(tmp_path)
    save(changed(convert(path), "w", 9.0), tmp_path / "m.webnn")
    monkeypatch.setattr("webnn_graph.runtimes.run", failing(1))
    result = CliRunner().invoke(cli.webnn, ["verify", str(tmp_path / "m.webnn"), "--against", str(path)])
    assert result.exit_code == 3, result.output
    assert "DIFFERS" in result.stdout
    assert "the search for the first difference ended early: the browser crashed" in result.stderr


def test_each_node_keeps_what_was_compared_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = three_layers(tmp_path)
    save(convert(path), tmp_path / "m.webnn")

    def evaluate(node: Any, value: Any) -> Any:
        if node.op == "tanh":
            raise MemoryError
        return ops.evaluate(node, value)

    monkeypatch.setattr("converters.checking.verify.evaluate", evaluate)
    result = CliRunner().invoke(cli.webnn, ["verify", str(tmp_path / "m.webnn"), "--against", str(path), "--each-node"])
    assert result.exit_code == 3, result.output
    assert "1 of 1 compared nodes are right" in result.stdout
    assert "ended early" in result.stderr


def test_the_report_says_what_is_noise(tmp_path: Path) -> None:
    weights = {"w": np.random.default_rng(0).standard_normal((4, 64)).astype(np.float32)}
    nodes = [
        Node("Cast", ["x"], ["a"], to=TensorProto.BFLOAT16),
        Node("Cast", ["w"], ["b"], to=TensorProto.BFLOAT16),
        Node("MatMul", ["a", "b"], ["c"]),
        Node("Cast", ["c"], ["y"], to=FLOAT),
    ]
    path = saved(tmp_path, nodes, {"y": FLOAT}, weights)
    result = CliRunner().invoke(cli.onnx2webnn, [str(path), "-o", str(tmp_path), "--verify"])
    assert result.exit_code == 0, result.output
    assert "against onnx" in result.stdout  # ONNX Runtime has no bfloat16 here
    assert "y: within the source's own noise (0.00" in result.stdout
    assert "; the source differs from itself by 0.00" in result.stdout
