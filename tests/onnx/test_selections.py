"""Masks: what is selected and put back at the same places is a `where`; what needs to know how much is selected is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
import pytest
from onnx import parser

from converters.onnx import convert
from tests.onnx.one_node import onnxruntime_results
from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError

CONSTANTS = """
    int64 zero = {0}, int64 minus1 = {-1}, int64[1] first = {0}, int64[1] last = {-1}, int64[1] two = {2}, int64[1] three = {3},
    int64[2] pairs = {2, -1}, int64[2] fives = {5, -1}, int64[3,1] rows = {0, 1, 2}, float none = {0}, float v = {2.5},
    float[4] bias = {1, 2, 3, 4}, float[4,4] weight = {1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 2}
"""
INDICES = "nz = NonZero (m)  at = Transpose <perm = [1, 0]> (nz)"
COUNT_BY_SUM = "flat = Reshape (m, last)  ints = Cast <to = 7> (flat)  count = ReduceSum (ints)"
COUNT_BY_SHAPE = "sizes = Shape (at)  n = Gather <axis = 0> (sizes, zero)  count = Unsqueeze (n, first)"
MANY = "many = Expand (v, count)  y = ScatterND (x, at, many)"
EVERYWHERE = "dims = Shape (x)  m1 = Unsqueeze (m, last)  wide = Expand (m1, dims)  each = NonZero (wide)  at = Transpose (each)"
NO_MINUS_ONE = """
    shape = Shape (i0)  rank = Shape (shape)  one = ConstantOfShape <value = int64[1] {1}> (rank)
    never = Mul (one, minus1)  unknown = Equal (shape, never)  whole = Where (unknown, one, shape)
"""
BOTH = "a1 = Unsqueeze (a, last)  c1 = Unsqueeze (c, last)  at = Concat <axis = -1> (a1, c1)"
TAKEN = f"{INDICES}  r = GatherND (z, at)"
PART = "line = Reshape (z, last)  part = Slice (line, first, count, first)  y = ScatterND (x, at, part)"

ROWS = "(float[5,4] x, float[5,4] z, bool[5] m) => (float[5,4] y)"
EACH = "(float[5,4] x, float[5,4] z, bool[5,4] m) => (float[5,4] y)"
CASES = {
    "one value, by the sum of the mask": (EACH, INDICES, COUNT_BY_SUM, MANY),
    "one value, by the shape of the indices": (EACH, INDICES, COUNT_BY_SHAPE, MANY),
    "a mask of numbers": ("(float[5,4] x, int64[5,4] m) => (float[5,4] y)", INDICES, COUNT_BY_SHAPE, MANY),
    "rows of another tensor": (ROWS, TAKEN, "y = ScatterND (x, at, r)"),
    "rows by Gather": (ROWS, INDICES, "i = Squeeze (nz, first)  r = Gather (z, i)  y = ScatterND (x, at, r)"),
    "rows, computed": (
        ROWS,
        TAKEN,
        "a = Exp (r)  c = Add (a, bias)  d = MatMul (c, weight)  f = Softmax (d)  g = LayerNormalization (r, bias)",
        "h = Gemm (g, weight, bias)  k = ReduceMax <axes = [1]> (h)  small = Greater (g, none)  s = Where (small, f, h)",
        "t = Mul (s, k)  y = ScatterND (x, at, t)",
    ),
    "rows, put back element by element": (
        ROWS,
        EVERYWHERE,
        COUNT_BY_SHAPE,
        "nz = NonZero (m)  there = Transpose (nz)  r = GatherND (z, there)  e = Exp (r)  line = Reshape (e, last)",
        "part = Slice (line, first, count, first)  y = ScatterND (x, at, part)",
    ),
    "added": (EACH, TAKEN, 'y = ScatterND <reduction = "add"> (x, at, r)'),
    "the larger": (EACH, TAKEN, 'y = ScatterND <reduction = "max"> (x, at, r)'),
    "masked_scatter": (EACH, INDICES, COUNT_BY_SHAPE, PART),
    "masked_scatter by rows of a mask": (ROWS, EVERYWHERE, COUNT_BY_SHAPE, PART),
    "a column": (
        ROWS,
        f"nz = NonZero (m)  i0 = Squeeze (nz, first)  {NO_MINUS_ONE}  a = Expand (i0, whole)  c = Expand (two, whole)  {BOTH}",
        "many = Expand (v, whole)  r = Reshape (many, shape)  y = ScatterND (x, at, r)",
    ),
    "the second dimension": (
        "(float[3,5] x, bool[5] m) => (float[3,5] y)",
        f"nz = NonZero (m)  i0 = Add (rows, nz)  {NO_MINUS_ONE}  a = Expand (rows, whole)  c = Expand (nz, whole)  {BOTH}",
        "many = Expand (v, whole)  y = ScatterND (x, at, many)",
    ),
    "indices apart": (
        EACH,
        INDICES,
        "p, q = Split <axis = 1> (at)  both = Concat <axis = 1> (p, q)  r = GatherND (z, both)  y = ScatterND (x, both, r)",
    ),
    "Compress": (ROWS, INDICES, "r = Compress <axis = 0> (z, m)  y = ScatterND (x, at, r)"),
    "a sum": ("(float[5,4] z, bool[5] m) => (float[4] y)", TAKEN, "y = ReduceSum <keepdims = 0> (r, first)"),
    "how many": ("(bool[5,4] m) => (int64[1] y)", INDICES, COUNT_BY_SHAPE, "y = Add (count, count)"),
}
REFUSED = {
    "the positions": ("(bool[5,4] m) => (int64[2,n] nz)", INDICES),
    "the rows": ("(float[5,4] z, bool[5] m) => (float[n,4] r)", TAKEN),
    "a product": ("(float[5,4] z, bool[5] m) => (float[1] y)", TAKEN, "y = ReduceProd (r)"),
    "softmax over the rows": (ROWS, TAKEN, "s = Softmax <axis = 0> (r)  y = ScatterND (x, at, s)"),
    "another mask": (
        "(float[5,4] x, float[5,4] z, bool[5] m, bool[5] o) => (float[5,4] y)",
        INDICES,
        "others = NonZero (o)  there = Transpose (others)  r = GatherND (z, there)  y = ScatterND (x, at, r)",
    ),
    "rows that do not lie together": ("(float[5,4] z, bool[5] m) => (float[2,n] y)", TAKEN, "y = Reshape (r, pairs)"),
    "a size that could be that of the mask": (
        "(float[5,4] z, bool[5] m) => (float y)",
        TAKEN,
        "other = Reshape (r, fives)  y = ReduceSum <keepdims = 0> (other)",
    ),
    "all rows": (ROWS, TAKEN, "s = Add (r, x)  y = ScatterND (x, at, s)"),
    "one place twice": (ROWS, TAKEN, "once = Mul (at, zero)  y = ScatterND (x, once, r)"),
    "a sum of fewer than there may be": (
        "(float[5,4] z, bool[5,4] m) => (float[1] y)",
        INDICES,
        COUNT_BY_SHAPE,
        "line = Reshape (z, last)  few = Slice (line, first, three)  part = Slice (few, first, count, first)  y = ReduceSum (part)",
    ),
}


def model(parts: Sequence[str]) -> onnx.ModelProto:
    """The model of a graph in ONNX's text form: its interface, and its nodes."""
    interface, *nodes = parts
    return parser.parse_model(f'<ir_version: 8, opset_import: ["": 17]> g {interface} <{CONSTANTS}> {{ {" ".join(nodes)} }}')


def feeds(source: onnx.ModelProto) -> Iterator[dict[str, Array]]:
    """Values of which the mask has some, all and no true elements."""
    random = np.random.default_rng(7)
    for share in (0.5, 0.3, 1.0, 0.0):
        made = {}
        for info in source.graph.input:
            shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
            dtype = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
            numbers = random.normal(size=shape) if dtype == np.float32 else random.random(shape) < share
            made[info.name] = (numbers if dtype.kind == "b" else 3 * numbers).astype(dtype)
        yield made


@pytest.mark.parametrize("parts", CASES.values(), ids=CASES)
def test_is_what_onnxruntime_computes(parts: Sequence[str]) -> None:
    source = model(parts)
    graph = convert(source)
    for values in feeds(source):
        (expected,) = onnxruntime_results(source, values)
        given = {operand.name: values[operand.name].astype(operand.data_type.numpy) for operand in graph.inputs}
        (actual,) = run(graph, given).values()
        np.testing.assert_allclose(actual, expected, 1e-4, 1e-5)


@pytest.mark.parametrize("parts", REFUSED.values(), ids=REFUSED)
def test_what_depends_on_how_many_there_are_is_refused(parts: Sequence[str]) -> None:
    with pytest.raises(WebNNError, match="NonZero x[12] .*input X is computed at run time; WebNN needs its value at conversion"):
        convert(model(parts))


def test_a_mask_that_assigns_is_one_call() -> None:
    graph = convert(model(CASES["one value, by the sum of the mask"]))
    assert [node.op for node in graph.nodes] == ["where"]
