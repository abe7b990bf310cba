"""What a tensor's shape is, and the same elements in another shape or order."""

from __future__ import annotations

import math
from collections.abc import Sequence

from converters.lowering.slicing import sliced
from converters.onnx.axes import axes_of
from converters.onnx.registry import Ints, Value, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand
from webnn_graph.ops.rules import broadcast


@onnx_op("Identity", how="nothing")
def identity(b: GraphBuilder, input: Value) -> Value:
    return input


@onnx_op("Shape", how="a constant")
def shape_(b: GraphBuilder, data: Operand, *, start: int = 0, end: int | None = None) -> Operand:
    return sliced(b, b.shape_of(data), {0: slice(start, end)})


@onnx_op("Size", how="a constant")
def size(b: GraphBuilder, data: Operand) -> Operand:
    return b.constant(data.size, DataType.INT64)


@onnx_op("Reshape", since=5, how="reshape")
def reshape(b: GraphBuilder, data: Operand, shape: Ints, *, allowzero: int = 0) -> Operand:
    return b.reshape(data, resolved(shape, data.shape, copy_zeros=not allowzero))


def resolved(shape: Sequence[int], before: Sequence[int], *, copy_zeros: bool) -> list[int]:
    """``shape`` with -1 (what is left) and, if ``copy_zeros``, 0 (the dimension before) replaced by sizes.

    Raises:
        ConversionError: The number of elements cannot stay the same.
    """
    if copy_zeros and any(n == 0 and axis >= len(before) for axis, n in enumerate(shape)):
        raise ConversionError(f"shape {list(shape)} copies a dimension that the data of shape {list(before)} does not have")
    sizes = [before[axis] if n == 0 and copy_zeros else n for axis, n in enumerate(shape)]
    if sizes.count(-1) > 1 or min(sizes, default=0) < -1:
        raise ConversionError(f"shape {list(shape)} is not a shape")
    others = math.prod(n for n in sizes if n != -1)
    if -1 in sizes:
        if others == 0 or math.prod(before) % others:
            raise ConversionError(f"data of shape {list(before)} does not fit into shape {list(shape)}")
        sizes[sizes.index(-1)] = math.prod(before) // others
    return sizes


@onnx_op("Flatten", how="reshape")
def flatten(b: GraphBuilder, input: Operand, *, axis: int = 1) -> Operand:
    split = axis + input.rank if axis < 0 else axis
    return b.reshape(input, [math.prod(input.shape[:split]), math.prod(input.shape[split:])])


@onnx_op("Squeeze", how="reshape")
def squeeze_1(b: GraphBuilder, data: Operand, *, axes: list[int] | None = None) -> Operand:
    return squeeze(b, data, axes)


@onnx_op("Squeeze", since=13, how="reshape")
def squeeze(b: GraphBuilder, data: Operand, axes: Ints | None = None) -> Operand:
    dropped = [axis for axis, n in enumerate(data.shape) if n == 1] if axes is None else axes_of(axes, data.rank)
    if (not data.rank and dropped) or any(data.shape[axis] != 1 for axis in dropped):
        raise ConversionError(f"axes {dropped} of shape {list(data.shape)} are not all of size 1")
    return b.reshape(data, [n for axis, n in enumerate(data.shape) if axis not in dropped])


@onnx_op("Unsqueeze", how="reshape")
def unsqueeze_1(b: GraphBuilder, data: Operand, *, axes: list[int]) -> Operand:
    return unsqueeze(b, data, axes)


@onnx_op("Unsqueeze", since=13, how="reshape")
def unsqueeze(b: GraphBuilder, data: Operand, axes: Ints) -> Operand:
    shape = list(data.shape)
    for axis in sorted(axes_of(axes, data.rank + len(axes))):
        shape.insert(axis, 1)
    return b.reshape(data, shape)


@onnx_op("Transpose", how="transpose")
def transpose(b: GraphBuilder, data: Operand, *, perm: list[int] | None = None) -> Operand:
    return b.transpose(data) if perm is None else b.transpose(data, permutation=axes_of(perm, data.rank))


@onnx_op("Expand", since=8, how="expand")
def expand(b: GraphBuilder, input: Operand, shape: Ints) -> Operand:
    return b.expand(input, broadcast(input.shape, shape))


@onnx_op("DepthToSpace", how="reshape, transpose, reshape")
def depth_to_space(b: GraphBuilder, input: Operand, *, blocksize: int, mode: str = "DCR") -> Operand:
    n, c, h, w = input.shape
    size, depth = blocksize, c // blocksize**2
    if mode == "DCR":
        blocks, order = [n, size, size, depth, h, w], [0, 3, 4, 1, 5, 2]
    else:
        blocks, order = [n, depth, size, size, h, w], [0, 1, 4, 2, 5, 3]
    return b.reshape(b.transpose(b.reshape(input, blocks), permutation=order), [n, depth, h * size, w * size])


@onnx_op("SpaceToDepth", how="reshape, transpose, reshape")
def space_to_depth(b: GraphBuilder, input: Operand, *, blocksize: int, mode: str = "DCR") -> Operand:
    n, c, h, w = input.shape
    size = blocksize
    order = [0, 3, 5, 1, 2, 4] if mode == "DCR" else [0, 1, 3, 5, 2, 4]
    blocks = b.transpose(b.reshape(input, [n, c, h // size, size, w // size, size]), permutation=order)
    return b.reshape(blocks, [n, c * size**2, h // size, w // size])
