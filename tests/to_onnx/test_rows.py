"""Every operator's rows, and the vectors of the standard's test suite, as ONNX models in ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.ops.case import Case
from tests.ops.conformance import VECTORS
from tests.ops.conformance_quantized import SUBGRAPHS
from tests.ops.test_cases import GIVING, graph_of
from tests.ops.vectors import SLACK, check, problem, stored
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ExecutionError
from webnn_graph.formats.table import OPSETS
from webnn_graph.onnx import kernels
from webnn_graph.onnx.model import model_of
from webnn_graph.onnx.nodes import schema_of
from webnn_graph.onnx.translations import TRANSLATIONS
from webnn_graph.ops import OPS
from webnn_graph.runtimes import onnxruntime, reference

OPERATORS = sorted({vector.file for vector in stored()})


def test_every_operator_has_a_translation() -> None:
    assert TRANSLATIONS.keys() == OPS.keys()


@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("case", GIVING, ids=str)
def test_row(case: Case, constants: bool) -> None:
    graph = graph_of(case, constants=constants)
    feeds = {operand.name: case.feeds()[operand.name] for operand in graph.inputs}
    try:
        computed = onnxruntime.run(graph, feeds)
        case.compare([computed[output.name] for output in graph.outputs])
    except (AssertionError, ExecutionError):
        if not case.onnx:
            raise
    else:
        assert not case.onnx, "it agrees: the row need not say why it does not"


@pytest.mark.parametrize("opset", [OPSETS[0], OPSETS[-1]])
@pytest.mark.parametrize("op", OPS)
def test_models_are_valid(op: str, opset: int) -> None:
    """By ONNX's own checker, which infers all types and shapes and compares them with those that are declared."""
    for case in (case for case in GIVING if case.op == op):
        for constants in (False, True):
            model = model_of(graph_of(case, constants=constants), opset=opset)
            onnx.checker.check_model(model, full_check=True)
            declared = {info.name for info in (*model.graph.input, *model.graph.value_info, *model.graph.output)}
            assert {name for node in model.graph.node for name in node.output if name} <= declared


@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
@pytest.mark.parametrize("op", OPERATORS)
def test_vectors(op: str, constants: bool) -> None:
    vectors = [vector for vector in stored() if vector.file == op]
    assert not problem(vectors, onnxruntime.run, constants=constants, slack=SLACK)


@pytest.mark.parametrize("constants", [False, True], ids=["inputs", "constants"])
def test_conformance(constants: bool) -> None:
    check([*VECTORS, *SUBGRAPHS], onnxruntime.run, constants=constants, slack=SLACK)


def test_zeros_around_an_image_are_not_those_of_a_pool() -> None:
    """A maximum of zeros and negative numbers, which an optimization of ONNX Runtime loses."""
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 2, 4, 4])
    graph = b.build({"y": b.maxPool2d(b.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]), windowDimensions=[3, 3], strides=[2, 2])})
    inputs = {"x": np.full((1, 2, 4, 4), -1, np.float32)}
    np.testing.assert_array_equal(onnxruntime.run(graph, inputs)["y"], reference.run(graph, inputs)["y"])


def test_padding_between_transpositions() -> None:
    """ONNX Runtime moves one over the padding."""
    b = GraphBuilder("graph")
    x = b.relu(b.transpose(b.input("x", "float32", [1, 2, 3, 4]), permutation=[0, 2, 3, 1]))
    graph = b.build({"y": b.transpose(b.pad(x, [0, 1, 0, 0], [0, 0, 2, 0], value=7.0), permutation=[0, 3, 1, 2])})
    feeds = {"x": np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)}
    expected = np.pad(feeds["x"], [(0, 0), (0, 0), (1, 0), (0, 2)], constant_values=7)
    np.testing.assert_array_equal(onnxruntime.run(graph, feeds)["y"], expected)


def test_kernels_are_of_types_that_schemas_have() -> None:
    measured = json.loads(Path(kernels.__file__).with_suffix(".json").read_text())
    assert measured["kernels"]
    for op, kinds in kernels.kernels().items():
        for kind, types in kinds.items():
            assert set(types) <= set(schema_of(op, measured["opset"]).types[kind]), (op, kind)
