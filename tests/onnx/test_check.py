"""Nodes that are not as their schemas say: refused with a reason that names what is wrong, before any handler sees them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.onnx import convert
from converters.onnx.reading.rule_table import RULES
from converters.onnx.reading.signature import schema_of, signature_of
from tests.fuzz.onnx_nodes import bases
from webnn_graph.errors import ConversionError

HEAD = '<ir_version: 10, opset_import: ["" : 18, "com.microsoft" : 1]>\n'
XY = "g (float[2, 3] x, float[3, 4] y, int64[2, 3] i) => (float[a, b] z)"
IMAGE = "g (float[1, 4, 6, 6] x, float[2, 4, 3, 3] w) => (float[a, b, c, d] z)"

REFUSED = [
    # counts
    (f"{XY} {{ z = Relu() }}", "input X is missing"),
    (f"{XY} {{ z = Relu(x, x) }}", "has 2 inputs, Relu takes 1"),
    (f"{XY} {{ z = MatMul(x) }}", "input B is missing"),
    (f"{XY} {{ z = MatMul(, y) }}", "input A is missing"),
    (f"{XY} {{ z = Sum() }}", "input data_0 is missing"),
    (f"{XY} {{ z, q = Relu(x) }}", "has 2 outputs, Relu has 1"),
    # kinds and types
    (f"{XY} {{ s = SequenceConstruct(x) z = Relu(s) }}", "input X is a sequence, expected a tensor"),
    (f"{XY} {{ s = SequenceConstruct(x) z = com.microsoft.Gelu(s) }}", "input X is a sequence, expected a tensor"),
    (f"{XY} {{ z = SequenceLength(x) }}", "input input_sequence is a tensor, expected a sequence"),
    (f"{XY} {{ z = Exp(i) }}", "input input is int64, which Exp does not take"),
    (f"{XY} {{ z = Add(x, i) }}", "input B is int64, input A is float; they must have one type"),
    (f"{XY} {{ c = Cast<to = 9>(x) z = Add(c, x) }}", "input A is bool, which Add does not take"),
    (f"{XY} {{ c = Equal(x, x) z = Sum(x, c) }}", "input data_0 is bool"),
    # attributes
    (f"{XY} {{ z = Softmax<axis = 1.5>(x) }}", "attribute axis is of type FLOAT, expected of type INT"),
    (f"{XY} {{ z = com.microsoft.Trilu<upper = 1.5>(x) }}", "attribute upper is of type FLOAT, expected of type INT"),
    (f"{XY} {{ z = Softmax<axis = 1, axis = 1>(x) }}", "attribute axis is given twice"),
    (f"{XY} {{ z = Concat(x) }}", "attribute axis is missing"),
    (f"{XY} {{ z = Relu<beta = 1.0>(x) }}", "attribute beta is not supported"),
    (
        (
            f"{XY} {{ t = Constant<value_int = 2>() c = Constant<value_int = 1>() g = Cast<to = 9>(c) z = Loop(t, g, x) "
            "<body = b (int64 k, bool c1, float[2, 3] v) => (bool c2, float[2, 3] w) { c2 = SequenceConstruct(v) w = Relu(v) }> }"
        ),
        "its body returns a sequence of 1 where a tensor belongs",
    ),
    (f"{XY} {{ z = Clip<min = 1.0>(x) }}", "attribute min is not supported by this version of Clip"),
    # axes: also those that a remainder would bring back
    *[
        (f"{XY} {{ z = {op}<axis = {axis}>(x) }}", f"axis {axis} is out of range for rank 2")
        for op in ("LpNormalization", "ArgMax", "Concat", "SplitToSequence")
        for axis in (2, -3, 2**63 - 1)
    ],
    (f"{XY} {{ z = LayerNormalization<axis = {2**63 - 1}>(x, x) }}", "axis 9223372036854775807 is out of range for rank 2"),
    (f"{XY} {{ z = MeanVarianceNormalization<axes = [5]>(x) }}", "axes 5 is out of range for rank 2"),
    (f"{XY} {{ s = SequenceConstruct(x) z = ConcatFromSequence<axis = 7>(s) }}", "axis 7 is out of range for rank 2"),
    (f"{XY} {{ z = Flatten<axis = 3>(x) }}", "axis 3 is out of range for rank 2"),
    (f"{XY} {{ z = Transpose<perm = [0, 0]>(x) }}", "contain one axis twice"),
    (f"{XY} {{ z = Mod<fmod = 2>(x, x) }}", "fmod is 2; it must be 0 or 1"),
    # ranks and sizes
    (f"{XY} {{ z = MatMul(x, x) }}", "A and B have different inner sizes"),
    (f"{XY} {{ k = Constant<value = int64[1, 3] {{1, 2, 3}}>() z = MatMul(i, k) }}", "A and B have different inner sizes"),
    (f"{XY} {{ z = GatherElements(x, k) }}".replace("{ z", "{ k = Constant<value_ints = [0]>() z"), "indices has rank 1, data has rank 2"),
    (f"{XY} {{ c = Constant<value_float = 1.0>() z = Concat<axis = 0>(c, c) }}", "have not all one rank above 0"),
    (f"{XY} {{ z = SpaceToDepth<blocksize = 2>(x) }}", "input has rank 2, expected rank 4"),
    (f"{IMAGE} {{ z = SpaceToDepth<blocksize = 0>(x) }}", "blocksize is 0; it must be at least 1"),
    (f"{IMAGE} {{ z = DepthToSpace<blocksize = 3>(x) }}", "blocksize does not divide the channels"),
    (f"{IMAGE} {{ z = Conv<group = 0>(x, w) }}", "group is 0; it must be at least 1"),
    (f"{IMAGE} {{ z = Conv<group = 3>(x, w) }}", "which does not divide the 4 channels of x".replace("x", "X")),
    (f"{IMAGE} {{ z = Conv<strides = [0, 1]>(x, w) }}", "strides is [0, 1]; it must be at least 1"),
    (f"{IMAGE} {{ z = Conv<pads = [1, 1]>(x, w) }}", "pads has 2 entries, expected 4"),
    (f"{IMAGE} {{ z = Conv<kernel_shape = [2, 2]>(x, w) }}", "kernel_shape is [2, 2], the kernel of W is [3, 3]"),
    (f"{IMAGE} {{ z = MaxPool<kernel_shape = [2]>(x) }}", "kernel_shape has not one entry for each spatial dimension"),
    (f"{XY} {{ z = MaxPool<kernel_shape = [2]>(x) }}", "X has rank 2, expected rank 3 to 5"),
    (f"{XY} {{ z, q = Split<num_outputs = 3>(x) }}", "num_outputs is 3, and it has 2 outputs"),
    (
        f'{XY} {{ p = Constant<value_ints = [-9, 0, 2, 1]>() z = Pad<mode = "edge">(x, p) }}',
        "mode edge repeats the elements of axis 0, which has none",
    ),
    (f"{XY} {{ z = Det(x) }}", "its matrices are not square"),
    (f"{XY} {{ z = EyeLike(k) }}".replace("{ z", "{ k = Constant<value_ints = [0]>() z"), "input has rank 1, expected rank 2"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_nodes_that_break_their_schemas_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(onnx.parser.parse_model(HEAD + text))
    assert message in str(caught.value)
    assert "unexpected" not in str(caught.value)


def test_the_nodes_of_the_rows_break_no_rule() -> None:
    """Else a rule would refuse what is right."""
    for model in bases():
        convert(model, random="inputs")


def test_every_rule_is_about_an_operator() -> None:
    for domain, op in RULES:
        known = [signature_of(domain, op, opset) for opset in (5, 7, 9, 11, 13, 18, 28)]
        assert any(known), f"{domain}.{op} is not known"


def test_deprecated_operators_keep_their_last_schema() -> None:
    found = schema_of("", "Upsample", 18)
    assert found is not None
    assert (found.since_version, found.deprecated) == (9, False)


def test_loops_of_one_type_variable_may_mix_types() -> None:
    """Loop's state is variadic and of any types."""
    text = """g (float[2] x, int64[2] k) => (float[2] y, int64[2] m) <int64 n = {2}> {
        y, m = Loop (n, , x, k) <body = b (int64 i, bool c, float[2] v, int64[2] w) => (bool d, float[2] p, int64[2] q)
            { d = Identity(c) p = Neg(v) q = Add(w, w) }>
    }"""
    assert [operand.data_type for operand in convert(onnx.parser.parse_model(HEAD + text)).outputs] == ["float32", "int64"]


TYPES = {
    "Cast<to = 9>(x)": TensorProto.BOOL,
    "Equal(x, x)": TensorProto.BOOL,
    "Shape(x)": TensorProto.INT64,
    "Identity(d)": TensorProto.DOUBLE,
    "CastLike(x, d)": TensorProto.DOUBLE,
    "ConstantOfShape(s)": TensorProto.FLOAT,
    "ConstantOfShape<value = int16[1] {1}>(s)": TensorProto.INT16,
    "Constant<value_ints = [1]>()": TensorProto.INT64,
    "QuantizeLinear(x, one)": TensorProto.UINT8,
    "If (yes) <then_branch = t () => (bool p) { p = Not(yes) }, else_branch = e () => (bool q) { q = Not(yes) }>": TensorProto.BOOL,
    "Loop (three, , yes) <body = b (int64 i, bool c, bool v) => (bool e, bool w) { e = Identity(c) w = Not(v) }>": TensorProto.BOOL,
    "local.as_double(x)": TensorProto.DOUBLE,
}


@pytest.mark.parametrize("expression", TYPES)
def test_element_types_are_followed(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """BitwiseNot, CastLike and QuantizeLinear depend on them; what WebNN calls them does not tell bool from uint8."""
    from converters.onnx import scope

    found: dict[str, int | None] = {}
    run_nodes = scope.GraphScope.run_nodes

    def noted(self: scope.GraphScope, graph: onnx.GraphProto, outputs: list[str]) -> list[object]:
        results = run_nodes(self, graph, outputs)
        found.update((name, self.onnx_type(name)) for name in outputs)
        return results

    monkeypatch.setattr(scope.GraphScope, "run_nodes", noted)
    text = f"""<ir_version: 10, opset_import: ["" : 18, "local" : 1]>
    g (float[2] x, double[2] d) => (z) <int64[1] s = {{2}}, float one = {{1}}, bool yes = {{1}}, int64 three = {{3}}> {{ z = {expression} }}
    <domain: "local", opset_import: ["" : 18]> as_double (a) => (b) {{ b = Cast<to = 11>(a) }}"""
    model = onnx.parser.parse_model(text.replace("=> (z)", "=> (float[n] z)"))
    model.graph.output[0].ClearField("type")
    convert(model)
    assert found["z"] == TYPES[expression]


def test_check_node_is_what_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without it the handler fails in a way of its own."""
    monkeypatch.setattr("converters.onnx.scope.check_node", lambda *_: None)
    with pytest.raises(ConversionError, match="unexpected (IndexError|ValueError)"):
        convert(onnx.parser.parse_model(HEAD + f"{XY} {{ c = Constant<value_float = 1.0>() z = Det(c) }}"))


def test_a_known_scalar_of_many_elements_is_refused() -> None:
    node = helper.make_node("Trilu", ["x", "k"], ["z"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, [2, 3])],
        [onnx.ValueInfoProto(name="z")],
        [numpy_helper.from_array(np.array([1, 2]), "k")],
    )
    with pytest.raises(ConversionError, match="k has 2 elements, expected one"):
        convert(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))
