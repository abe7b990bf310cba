"""Linear quantization: per tensor, per axis or in blocks, with the operands in the shapes that WebNN wants."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce

import numpy as np

from converters.lowering.matrix import matmul
from converters.lowering.slicing import sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

EXACT = 2**24
"""Largest integer up to which float32 holds them all."""


# ---------------------------------------------------------------------------------------------------------- quantize, dequantize
def dequantize(b: GraphBuilder, x: Operand, scale: Operand, zero_point: Operand | None = None, *, axis: int = 1, block: int = 0) -> Operand:
    """(x - zero_point) * scale, in the scale's data type.

    Args:
        x: Of any integer type that WebNN has; others as int32.
        scale: One number, one per index of ``axis``, or one per block along ``axis``, then of x's rank.
        zero_point: Of the scale's size and x's data type; by default 0.
        axis: Of x; negative counts from the back.
        block: How many elements of ``axis`` share a scale when there are blocks; the last block may be shorter.
    """
    zero_point = zeros(b, x.data_type, scale) if zero_point is None else zero_point
    axis %= max(x.rank, 1)
    size = x.shape[axis] if x.rank else 1
    if _is_blocked(x, scale) and size % scale.shape[axis]:
        filled = dequantize(b, _filled(b, x, axis, block * scale.shape[axis]), scale, zero_point, axis=axis)
        return b.slice(filled, [0] * x.rank, list(x.shape))
    return b.dequantizeLinear(x, _spread(b, scale, x, axis), _spread(b, zero_point, x, axis))


def quantize(
    b: GraphBuilder, x: Operand, scale: Operand, zero_point: Operand | None, data_type: DataType, *, axis: int = 1, block: int = 0
) -> Operand:
    """round(x / scale) + zero_point, saturated to ``data_type``; the arguments as for `dequantize`.

    Half-way cases round to even. x is converted to the scale's data type.
    """
    zero_point = zeros(b, data_type, scale) if zero_point is None else zero_point
    x = b.cast(x, scale.data_type)
    axis %= max(x.rank, 1)
    if _is_blocked(x, scale) and x.shape[axis] % scale.shape[axis]:
        missing = block * scale.shape[axis] - x.shape[axis]
        filled = b.pad(x, [0] * x.rank, [missing if i == axis else 0 for i in range(x.rank)])
        y = b.quantizeLinear(filled, scale, zero_point)
        return b.slice(y, [0] * x.rank, list(x.shape))
    return b.quantizeLinear(x, _spread(b, scale, x, axis), _spread(b, zero_point, x, axis))


def zeros(b: GraphBuilder, data_type: DataType, like: Operand) -> Operand:
    """The zero point of symmetric quantization."""
    b.reserve(*like.shape)
    return b.constant(np.zeros(like.shape, data_type.numpy), data_type)


def _is_blocked(x: Operand, scale: Operand) -> bool:
    return scale.rank == x.rank > 0 and scale.size > 1 and (scale.rank > 1 or scale.shape != x.shape)


def _spread(b: GraphBuilder, parameter: Operand, x: Operand, axis: int) -> Operand:
    """A scale or zero point in the shape that stands for x: of x's rank, 1 where it does not vary."""
    if parameter.size == 1:
        shape = [1] * x.rank
    elif parameter.rank == 1:
        shape = [parameter.size if i == axis else 1 for i in range(x.rank)]
    else:
        shape = list(parameter.shape)
    return b.reshape(parameter, shape)


def _filled(b: GraphBuilder, x: Operand, axis: int, size: int) -> Operand:
    """x with zeros behind it along an axis; 4-bit tensors can only be filled when they are known."""
    if size < x.shape[axis]:
        raise ConversionError(f"has scales for {size} elements of axis {axis}, whose size is {x.shape[axis]}")
    widths = [size - x.shape[axis] if i == axis else 0 for i in range(x.rank)]
    known = b.value(x)
    if known is not None:
        return b.constant(np.pad(known, [(0, width) for width in widths]), x.data_type)
    if x.data_type.bits == 4:
        raise ConversionError(f"{x.data_type} in blocks that do not fill axis {axis} (size {x.shape[axis]}) must be known")
    return b.pad(x, [0] * x.rank, widths)


# --------------------------------------------------------------------------------------------------------- exact integer products
def centred(b: GraphBuilder, x: Operand, zero_point: Operand | None, axis: int = 0) -> Operand:
    """x - zero_point as float32, exactly: a weight among them stays quantized in the graph."""
    one = np.float32(1) if zero_point is None else np.ones(zero_point.shape, np.float32)
    return dequantize(b, x, b.constant(one), zero_point, axis=axis)


def largest(b: GraphBuilder, x: Operand, zero_point: Operand | None) -> int:
    """A bound of abs(x - zero_point) that holds whatever x is."""
    low, high = x.data_type.range
    known = np.zeros(1, np.int64) if zero_point is None else b.value(zero_point)
    if known is None:
        return int(high - low)
    return int(max(high - known.astype(np.int64).min(), known.astype(np.int64).max() - low))


def exact_pieces(b: GraphBuilder, w: Operand, zero_point: Operand | None, *, inner: int, outer: int | None, factor: int) -> list[slice]:
    """Where to cut a sum of products along a dimension of the weights, so that float32 adds up each piece exactly.

    Args:
        w: The weights; the tighter the bound when they are known.
        zero_point: Of w.
        inner: The dimension that is added up and may be cut.
        outer: The dimension of w that the result keeps; all others are added up too. None: there is none.
        factor: Bound of what the weights are multiplied with.

    Returns:
        The pieces.
    """
    kept = {inner} if outer is None else {inner, outer}
    known, zero = b.value(w), np.zeros(1, np.int64) if zero_point is None else b.value(zero_point)
    others = tuple(axis for axis in range(w.rank) if axis not in kept)
    if known is None or zero is None or zero.size > 1:
        shared = math.prod(w.shape[axis] for axis in others)
        b.reserve(w.shape[inner])
        bounds = np.full(w.shape[inner], largest(b, w, zero_point) * shared, np.int64)
    else:
        size = np.abs(known.astype(np.int64) - int(zero.item())).sum(others)
        columns = size if outer is None else size if inner < outer else size.T
        if columns.sum(0).max() * factor <= EXACT:
            return [slice(0, w.shape[inner])]
        bounds = columns if outer is None else columns.max(1)
    return _cut(bounds * factor)


def _cut(bounds: Array) -> list[slice]:
    """The fewest pieces of which none exceeds `EXACT`, unless by its only element."""
    pieces = []
    start = total = 0
    for i, size in enumerate(bounds.tolist()):
        if total + size > EXACT and i > start:
            pieces.append(slice(start, i))
            start, total = i, 0
        total += size
    return [*pieces, slice(start, len(bounds))]


def matmul_integer(b: GraphBuilder, a: Operand, w: Operand, a_zero_point: Operand | None, w_zero_point: Operand | None) -> Operand:
    """The int32 matrix product of a - a_zero_point and w - w_zero_point, exactly.

    Zero points are one number, one for each row of a and for each column of w, or of the operands' rank. Products are
    added up in float32 as far as that is exact and in int32 beyond.
    """
    left = centred(b, a, a_zero_point, axis=max(a.rank - 2, 0))
    right = centred(b, w, w_zero_point, axis=w.rank - 1)
    inner, outer = (0, None) if w.rank == 1 else (w.rank - 2, w.rank - 1)
    pieces = exact_pieces(b, w, w_zero_point, inner=inner, outer=outer, factor=largest(b, a, a_zero_point))
    return integer_sum(b, (matmul(b, sliced(b, left, {a.rank - 1: piece}), sliced(b, right, {inner: piece})) for piece in pieces))


def integer_sum(b: GraphBuilder, terms: Iterable[Operand]) -> Operand:
    """The int32 sum of one or more floating point operands that are whole numbers."""
    return reduce(b.add, (b.cast(term, DataType.INT32) for term in terms))
