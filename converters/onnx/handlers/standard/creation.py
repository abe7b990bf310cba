"""Tensors that are made of nothing but attributes, shapes and known numbers."""

from __future__ import annotations

import math

import numpy as np

from converters.annotations import Assumed
from converters.onnx.axes import axis_of
from converters.onnx.registry import Array, Ints, Number, SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Constant", how="a constant", limits="strings are refused")
def constant(
    b: GraphBuilder,
    *,
    value: Operand | None = None,
    sparse_value: Operand | None = None,
    value_float: float | None = None,
    value_floats: list[float] | None = None,
    value_int: int | None = None,
    value_ints: list[int] | None = None,
    value_string: str | None = None,
    value_strings: list[str] | None = None,
) -> Operand:
    tensor = value if value is not None else sparse_value
    if tensor is not None:
        return tensor
    for number, data_type in ((value_float, "float32"), (value_floats, "float32"), (value_int, "int64"), (value_ints, "int64")):
        if number is not None:
            return b.constant(np.array(number, data_type))
    raise ConversionError("is made of strings, which WebNN does not have" if value_string or value_strings else "has no value")


@onnx_op("ConstantOfShape", since=9, how="a constant, expanded")
def constant_of_shape(b: GraphBuilder, input: Ints, *, value: Operand | None = None) -> Operand:
    one = b.constant(0.0, DataType.FLOAT32) if value is None else b.reshape(value, [])
    return b.expand(one, input)


@onnx_op("Range", since=11, how="a constant; add where it begins at a length that is known at run time only")
def range_(b: GraphBuilder, start: Assumed, limit: Array, delta: Array, *, stash_type: int = 1) -> Operand:
    begin = b.assumed(start)
    assert begin is not None
    first, end, step = begin.item(), limit.item(), delta.item()
    if step == 0:
        raise ConversionError("has a delta of 0")
    count = max(math.ceil((end - first) / step), 0)
    b.reserve(count)
    if not b.is_known(start):
        return b.add(b.reshape(start, [1]), (step * np.arange(count)).astype(begin.dtype))
    return b.constant((first + step * np.arange(count)).astype(begin.dtype))


@onnx_op("EyeLike", since=9, how="a constant")
def eye_like(b: GraphBuilder, input: Operand, *, dtype: int | None = None, k: int = 0, node: SourceNode) -> Operand:
    data_type = input.data_type if dtype is None else node.scope.element(dtype).data_type
    rows, columns = input.shape
    b.reserve(rows, columns, element_bytes=data_type.numpy.itemsize)
    return b.constant(np.eye(rows, columns, k, data_type.numpy), data_type)


@onnx_op("OneHot", since=9, how="equal with all indices along a new axis, and where")
def one_hot(b: GraphBuilder, indices: Operand, depth: Number, values: Operand, *, axis: int = -1) -> Operand:
    count, rank = int(depth), indices.rank
    b.reserve(count)
    place = axis_of(axis, rank + 1)
    if indices.data_type.bits < 32:
        indices = b.cast(indices, DataType.INT32)
    if not indices.data_type.is_unsigned:
        indices = b.where(b.lesser(indices, 0), b.add(indices, count), indices)
    classes = np.arange(count).astype(indices.data_type.numpy).reshape([-1] + [1] * (rank - place))
    column = b.reshape(indices, [*indices.shape[:place], 1, *indices.shape[place:]])
    off, on = (b.reshape(piece, []) for piece in b.split(values, 2))
    return b.where(b.equal(column, classes), on, off)
