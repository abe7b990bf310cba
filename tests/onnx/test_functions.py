"""Functions that a model defines, and operators that their schemas define by other operators, against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from converters.onnx.convert import convert
from tests.onnx.one_node import onnxruntime_results
from webnn_graph import run
from webnn_graph.errors import ConversionError

X = np.random.default_rng(6).normal(size=(2, 3)).astype(np.float32)
HEAD = '<ir_version: 10, opset_import: ["" : 18, "local" : 1]>'

OWN_OPSET = """
test (float[2, 3] x) => (float[2] z) { y = local.total(x)  z = local.flat(y) }
<domain: "local", opset_import: ["" : 11]> total (a) => (b) { b = ReduceSum<axes = [1], keepdims = 1>(a) }
<domain: "local", opset_import: ["" : 18]> flat (a) => (b) { axes = Constant<value_ints = [1]>()  b = Squeeze(a, axes) }
"""
ATTRIBUTES = """
test (float[2, 3] x) => (float[2, 3] z) { y = local.leaky<slope = 0.3>(x)  z = local.twice(y) }
<domain: "local", opset_import: ["" : 18]> leaky <slope, other: float = 2.0> (a) => (c) {
    b = LeakyRelu<alpha: float = @slope>(a)
    factor = Constant<value_float: float = @other>()
    c = Mul(b, factor)
}
<domain: "local", opset_import: ["" : 18, "local" : 1]> twice (a) => (c) {
    b = local.leaky<slope = 0.1>(a)
    c = local.leaky<slope = 0.5, other = 0.5>(b)
}
"""
BRANCH = """
test (float[2, 3] x) => (float[2, 3] z) { z = local.either<slope = 0.3>(x) }
<domain: "local", opset_import: ["" : 18]> either <slope> (a) => (c) {
    total = ReduceSum<keepdims = 0>(a)
    limit = Constant<value = float {0.0}>()
    positive = Greater(total, limit)
    c = If (positive) <
        then_branch = then () => (t) { t = LeakyRelu<alpha: float = @slope>(a) },
        else_branch = otherwise () => (o) { o = Neg(a) }
    >
}
"""
SAME_NAMES = """
test (float[2, 3] x, bool[2, 3] like) => (bool[2, 3] z) {
    like2 = Cast<to = 2>(x)
    z = local.as(x, like)
}
<domain: "local", opset_import: ["" : 18]> as (value, like2) => (b) { b = CastLike(value, like2) }
"""
FEWER_OUTPUTS = """
test (float[2, 3] x) => (float[2, 3] z) { , z = local.both(x) }
<domain: "local", opset_import: ["" : 18]> both (a) => (b, c) { b = NoSuchOperator(a)  c = Neg(a) }
"""


@pytest.mark.parametrize("text", [ATTRIBUTES, BRANCH, SAME_NAMES])
def test_local_functions(text: str) -> None:
    model = onnx.parser.parse_model(HEAD + text)
    feeds = {"x": X, "like": np.zeros((2, 3), bool)}
    feeds = {info.name: feeds[info.name] for info in model.graph.input}
    (expected,) = onnxruntime_results(model, feeds)
    graph = convert(model)
    actual = run(graph, {operand.name: feeds[operand.name].astype(operand.data_type.numpy) for operand in graph.inputs})
    np.testing.assert_allclose(actual["z"], expected, 1e-6)


def test_a_function_has_opsets_of_its_own() -> None:
    """ONNX Runtime would read its nodes in the model's."""
    graph = convert(onnx.parser.parse_model(HEAD + OWN_OPSET))
    np.testing.assert_allclose(run(graph, {"x": X})["z"], X.sum(1), 1e-6)


def test_outputs_that_nothing_names_are_not_computed() -> None:
    model = onnx.parser.parse_model(HEAD + FEWER_OUTPUTS)
    assert [node.op for node in convert(model).nodes] == ["neg"]


def test_problems_inside_a_function_are_reported() -> None:
    model = onnx.parser.parse_model(HEAD + FEWER_OUTPUTS.replace("{ , z", "{ z, y"))
    with pytest.raises(ConversionError, match="NoSuchOperator"):
        convert(model)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_function_that_depends_on_its_types(reduction: str) -> None:
    text = f"""
    <ir_version: 10, opset_import: ["" : 18]>
    test (float[2, 3] x, int64[2] labels, float[3] weights) => (float z) {{
        z, log = SoftmaxCrossEntropyLoss<reduction = "{reduction}", ignore_index = 1>(x, labels, weights)
    }}
    """
    model = onnx.parser.parse_model(text)
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    feeds = {"x": X, "labels": np.array([2, 1]), "weights": np.array([0.5, 2, 3], np.float32)}
    (expected,) = onnxruntime_results(model, feeds)
    graph = convert(model)
    np.testing.assert_allclose(run(graph, feeds)["z"], expected, 1e-5)
