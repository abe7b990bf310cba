"""Bitwise operators on integers, by arithmetic on their binary digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand
from webnn_graph.ops.rules import broadcast


def bitwise_not(b: GraphBuilder, x: Operand) -> Operand:
    """All bits inverted: -1 - x, or the largest value less x for unsigned types."""
    smallest, largest = x.data_type.range
    return b.sub(b.constant(-1 if smallest < 0 else int(largest), x.data_type), x)


def bitwise_and(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The bits that both have."""
    return _per_bit(b, x, y, lambda p, q: b.mul(p, q))


def bitwise_or(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The bits that either has: x + y less those that both have."""
    return b.sub(b.add(x, y), bitwise_and(b, x, y))


def bitwise_xor(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The bits that one has: x + y less twice those that both have."""
    return b.sub(b.add(x, y), b.mul(bitwise_and(b, x, y), 2))


def shift_left(b: GraphBuilder, x: Operand, places: Operand) -> Operand:
    """x times a power of two; 0 when ``places`` is negative or at least the number of bits."""
    inside, power = _power_of_two(b, x, places)
    shifted = b.mul(x, power)
    return shifted if inside is None else b.where(inside, shifted, 0)


def shift_right(b: GraphBuilder, x: Operand, places: Operand) -> Operand:
    """The arithmetic shift: x divided by a power of two, rounded down; 0 or -1 when no bit is left."""
    inside, power = _power_of_two(b, x, places)
    shifted = _halved(b, x, power)
    if inside is None:
        return shifted
    return b.where(inside, shifted, 0 if x.data_type.is_unsigned else b.min(b.sign(x), 0))


def _power_of_two(b: GraphBuilder, x: Operand, places: Operand) -> tuple[Operand | None, Operand]:
    """Which shifts leave a bit (None for all), and the powers of two in x's type; the largest of a signed type is negative."""
    bits = x.data_type.bits
    known = b.value(places)
    table: Array = np.array([2**i for i in range(bits)], np.uint64).astype(x.data_type.numpy)
    power = b.gather(b.constant(table), b.cast(b.clamp(places, minValue=0, maxValue=bits - 1), "int32"))
    if known is not None and ((known >= 0) & (known < bits)).all():
        return None, power
    inside = b.lesser(places, bits)
    return inside if places.data_type.is_unsigned else b.logicalAnd(inside, b.greaterOrEqual(places, 0)), power


def _halved(b: GraphBuilder, x: Operand, power: Operand) -> Operand:
    if x.data_type.is_unsigned:
        return b.div(x, power)
    negative = b.lesser(x, 0)
    quotient = b.div(b.where(negative, b.sub(-1, x), x), power)  # ~x >> n is ~(x >> n); -2^31 as divisor leaves 0 of it
    return b.where(negative, b.sub(-1, quotient), quotient)


def _digits(b: GraphBuilder, x: Operand) -> Operand:
    """The bits of x, least significant first, along a new last axis; values are 0 and 1 in x's type."""
    bits = x.data_type.bits
    smallest = x.data_type.range[0]
    powers: Array = np.array([2**i for i in range(bits - (smallest < 0))], x.data_type.numpy)
    column = b.reshape(x, [*x.shape, 1])
    magnitude = b.where(b.lesser(column, 0), b.sub(b.constant(-1, x.data_type), column), column) if smallest < 0 else column
    halves = b.div(magnitude, powers)
    digits = b.sub(halves, b.mul(b.div(halves, 2), 2))
    if smallest == 0:
        return digits
    negative = b.cast(b.lesser(column, 0), x.data_type)
    flipped = b.add(digits, b.mul(negative, b.sub(1, b.mul(digits, 2))))
    return b.concat([flipped, negative], x.rank)


def _per_bit(b: GraphBuilder, x: Operand, y: Operand, combine: Callable[[Operand, Operand], Operand]) -> Operand:
    """The integer whose bits are ``combine`` of those of x and y."""
    if x.data_type.is_float:
        raise ConversionError(f"bits of {x.data_type} values have no equivalent in WebNN")
    narrow = x.data_type.bits < 32
    type_before, shape = x.data_type, broadcast(x.shape, y.shape)
    if narrow:
        x, y = b.cast(x, "int32"), b.cast(y, "int32")
    digits = combine(_digits(b, x), _digits(b, y))
    bits = x.data_type.bits
    smallest = x.data_type.range[0]
    weights: Array = np.array(
        [2**i for i in range(bits - 1)] + [-(2 ** (bits - 1)) if smallest < 0 else 2 ** (bits - 1)], x.data_type.numpy
    )
    total = b.reduceSum(b.mul(digits, weights), axes=[len(shape)])
    return b.cast(total, type_before)
