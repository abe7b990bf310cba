"""Integer arithmetic that WebNN has no operators for: remainders, shifts and bitwise logic."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

UNSIGNED = {DataType.UINT8, DataType.UINT32, DataType.UINT64}
NARROW = {DataType.INT8, DataType.UINT8}


def truncated_remainder(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The remainder with the sign of ``x``, as C's ``%`` and ``fmod``; integers are exact.

    Floats: exact to rounding as long as the quotient is exact in the data type.
    """
    if not x.data_type.is_float:
        return b.sub(x, b.mul(b.div(x, y), y))
    size, step = b.abs(x), b.abs(y)
    rest = b.sub(size, b.mul(b.floor(b.div(size, step)), step))
    rest = b.where(b.lesser(rest, 0), b.add(rest, step), rest)  # the quotient was rounded up to the next integer
    return b.where(b.lesser(x, 0), b.neg(rest), rest)


def floored_remainder(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The remainder with the sign of ``y``, as Python's ``%``."""
    rest = truncated_remainder(b, x, y)
    if x.data_type in UNSIGNED:
        return rest
    opposite = b.logicalXor(b.lesser(rest, 0), b.lesser(y, 0))
    return b.where(b.logicalAnd(b.notEqual(rest, 0), opposite), b.add(rest, y), rest)


def shift(b: GraphBuilder, x: Operand, distance: Operand, left: bool) -> Operand:
    """``x << distance`` or the logical ``x >> distance`` of unsigned integers; distances of all bits and more give 0."""
    bits = x.data_type.bits
    powers = b.constant(np.array([2**i for i in range(bits)], np.uint64), x.data_type)
    index = b.cast(b.clamp(distance, maxValue=bits - 1), DataType.INT32)
    factor = b.gather(powers, index)
    shifted = b.mul(x, factor) if left else b.div(x, factor)
    return b.where(b.lesser(distance, bits), shifted, 0) if not _below(b, distance, bits) else shifted


def _below(b: GraphBuilder, x: Operand, limit: int) -> bool:
    known = b.value(x)
    return known is not None and bool((known < limit).all())


def bitwise_not(b: GraphBuilder, x: Operand) -> Operand:
    """``~x``"""
    if x.data_type in UNSIGNED:
        return b.sub(int(x.data_type.range[1]), x)
    return b.sub(-1, x)


def bitwise(b: GraphBuilder, logical: str, x: Operand, y: Operand) -> Operand:
    """A logical operator (``logicalAnd``, ``logicalOr``, ``logicalXor``) on every bit of two integers.

    The bits go along a new last axis, so that one call treats all of them and their weighted sum is the result.
    """
    given = x.data_type
    if given in NARROW:
        x, y = b.cast(x, DataType.INT32), b.cast(y, DataType.INT32)
    signed = x.data_type not in UNSIGNED
    wide = given.bits - (1 if given not in UNSIGNED else 0)
    weights = b.constant(np.array([2**i for i in range(wide)], np.uint64), x.data_type)
    combined = b.call(logical, _bits(b, x, weights, signed), _bits(b, y, weights, signed))
    total = b.reduceSum(b.mul(b.cast(combined, x.data_type), weights), axes=[combined.rank - 1])
    if given not in UNSIGNED:
        sign = b.call(logical, b.lesser(x, 0), b.lesser(y, 0))
        total = b.sub(b.sub(total, b.mul(b.cast(sign, x.data_type), 2**wide - 1)), b.cast(sign, x.data_type))
    return b.cast(total, given)


def _bits(b: GraphBuilder, x: Operand, weights: Operand, signed: bool) -> Operand:
    """The two's complement bits of ``x`` below its sign, lowest first, along a new last axis; uint8 0 or 1."""
    negative = b.lesser(x, 0) if signed else None
    plain = b.where(negative, b.sub(-1, x), x) if negative is not None else x  # the bits of ~x are the inverse of x's
    shifted = b.div(b.reshape(plain, [*x.shape, 1]), weights)
    odd = b.notEqual(b.sub(shifted, b.mul(b.div(shifted, 2), 2)), 0)
    return b.logicalXor(odd, b.reshape(negative, [*x.shape, 1])) if negative is not None else odd
