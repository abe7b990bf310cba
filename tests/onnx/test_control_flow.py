"""Branches, loops, sequences and optional values against ONNX Runtime; and what is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from converters.onnx.convert import convert
from tests.onnx.one_node import onnxruntime_results
from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError

RANDOM = np.random.default_rng(5)
X, Y = (RANDOM.normal(size=(3, 4)).astype(np.float32) for _ in range(2))


def model(inputs: str, outputs: str, body: str) -> onnx.ModelProto:
    """A model in ONNX's text form."""
    text = f'<ir_version: 10, opset_import: ["" : 18]> test ({inputs}) => ({outputs}) {{ {body} }}'
    return onnx.parser.parse_model(text)


IF = """
z = If (c) <
    then_branch = then () => (float[3, 4] a) { a = Add(x, y) },
    else_branch = otherwise () => (float[3, 4] d) { e = Sub(x, y)  d = Neg(e) }
>
"""
COUNTED = """
n = Constant<value = int64 {3}>()
yes = Constant<value = bool {1}>()
z, all = Loop (n, yes, x) <
    body = step (int64 i, bool go, float[3, 4] state) => (bool on, float[3, 4] after, float[3, 4] seen) {
        on = Identity(go)
        f = Cast<to = 1>(i)
        after = Add(state, f)
        seen = Mul(after, y)
    }
>
"""
WHILE_KNOWN = """
n = Constant<value = int64 {100}>()
yes = Constant<value = bool {1}>()
start = Constant<value = int64 {1}>()
z, k = Loop (n, yes, x, start) <
    body = step (int64 i, bool go, float[3, 4] state, int64 count) => (bool on, float[3, 4] after, int64 twice) {
        after = Add(state, y)
        twice = Add(count, count)
        limit = Constant<value = int64 {20}>()
        on = Less(twice, limit)
    }
>
"""
WHILE_DATA = """
n = Constant<value = int64 {10}>()
yes = Constant<value = bool {1}>()
z = Loop (n, yes, x) <
    body = step (int64 i, bool go, float[3, 4] state) => (bool on, float[3, 4] after) {
        size = Abs(y)
        after = Add(state, size)
        total = ReduceSum<keepdims = 0>(after)
        limit = Constant<value = float {25.0}>()
        on = Less(total, limit)
    }
>
"""
SCANNED = """
z, rows = Scan <
    num_scan_inputs = 2, scan_input_axes = [1, 0], scan_input_directions = [1, 0],
    scan_output_axes = [1], scan_output_directions = [1],
    body = step (float[3] state, float[3] a, float[3] c) => (float[3] after, float[3] seen) {
        product = Mul(a, c)
        after = Add(state, product)
        seen = Identity(after)
    }
> (start, x, across)
"""
SEQUENCES = """
axis = Constant<value = int64 {1}>()
parts = SplitToSequence<axis = 1, keepdims = 1>(x)
mapped = SequenceMap (parts, y) <
    body = each (float[3, 1] item, float[3, 4] other) => (float[3, 4] both) { both = Add(item, other) }
>
at = Constant<value = int64 {-1}>()
last = SequenceAt(mapped, at)
shorter = SequenceErase(mapped, at)
longer = SequenceInsert(shorter, last, axis)
z = ConcatFromSequence<axis = 0>(longer)
stacked = ConcatFromSequence<axis = -1, new_axis = 1>(longer)
count = SequenceLength(longer)
"""
OPTIONAL = """
some = Optional(x)
there = OptionalHasElement(some)
z = If (there) <
    then_branch = then () => (float[3, 4] a) { v = OptionalGetElement(some)  a = Add(v, y) },
    else_branch = otherwise () => (float[3, 4] d) { d = Identity(y) }
>
"""
BOTH = {"x": X, "y": Y}
XY = "float[3, 4] x, float[3, 4] y"

CASES: list[tuple[onnx.ModelProto, dict[str, Array]]] = [
    (model(f"bool c, {XY}", "float[3, 4] z", IF), {"c": np.array(True), **BOTH}),
    (model(f"bool c, {XY}", "float[3, 4] z", IF), {"c": np.array(False), **BOTH}),
    (model(XY, "float[3, 4] z", "c = Constant<value = bool {0}>()" + IF), BOTH),
    (model(XY, "float[3, 4] z, float[3, 3, 4] all", COUNTED), BOTH),
    (model(XY, "float[3, 4] z, int64 k", WHILE_KNOWN), BOTH),
    (model(XY, "float[3, 4] z", WHILE_DATA), BOTH),
    (
        model("float[3] start, float[3, 4] x, float[4, 3] across", "float[3] z, float[3, 4] rows", SCANNED),
        {"start": X[:, 0].copy(), "x": X, "across": Y.T.copy()},
    ),
    (model(XY, "float[12, 4] z, float[3, 4, 4] stacked, int64 count", SEQUENCES), BOTH),
    (model(XY, "float[3, 4] z", OPTIONAL), BOTH),
]


@pytest.mark.parametrize(("source", "feeds"), CASES)
def test_equals_onnxruntime(source: onnx.ModelProto, feeds: dict[str, Array]) -> None:
    expected = onnxruntime_results(source, feeds)
    graph = convert(source)
    actual = run(graph, {operand.name: feeds[operand.name].astype(operand.data_type.numpy) for operand in graph.inputs})
    for operand, wanted in zip(graph.outputs, expected, strict=True):
        assert actual[operand.name].shape == wanted.shape
        np.testing.assert_allclose(actual[operand.name], wanted, 1e-5, 1e-6)


def test_the_branch_of_a_known_condition_alone_is_converted() -> None:
    graph = convert(CASES[2][0])
    assert [node.op for node in graph.nodes] == ["sub", "neg"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            model(
                f"bool c, {XY}", "float[N, 4] z", IF.replace("a = Add(x, y)", "a = Concat<axis = 0>(x, y)").replace("[3, 4] a", "[6, 4] a")
            ),
            "float32[6, 4] or float32[3, 4], depending on the data",
        ),
        (
            model(f"int64 n, {XY}", "float[3, 4] z, float[K, 3, 4] all", COUNTED.replace("n = Constant<value = int64 {3}>()", "")),
            "trip count",
        ),
        (model(XY, "float[3, 4] z, float[K, 3, 4] all", COUNTED.replace("{3}", "{3000}")), "at most 1024 iterations"),
        (model(f"bool c, {XY}", "float[3, 4] z", IF.replace("Sub(x, y)", "NoSuchOperator(x, y)")), "NoSuchOperator"),
    ],
)
def test_refused(source: onnx.ModelProto, message: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(source)
    assert message in str(caught.value)
    assert "1 operator of" in str(caught.value)


def test_a_subgraph_reads_of_what_is_around_it_only_what_it_names() -> None:
    """The strings beside the loop have no WebNN data type, which matters only to a node that reads them."""
    body = onnx.parser.parse_graph("body (int64 i, bool c, float[2] v) => (bool again, float[2] w) { again = Identity(c)  w = Add(v, v) }")
    model = onnx.parser.parse_model(
        '<ir_version: 9, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) <int64 n = {3}, bool t = {1}> { y = Loop(n, t, x) }'
    )
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("body", body))
    model.graph.initializer.append(onnx.helper.make_tensor("names", onnx.TensorProto.STRING, [1], [b"a"]))
    np.testing.assert_array_equal(run(convert(model), {"x": np.array([1, 2], np.float32)})["y"], [8, 16])
