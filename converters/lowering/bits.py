"""Bitwise operators on integers, by arithmetic on their binary digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converters.lowering.integers import divide_down
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand
from webnn_graph.ops.declare import broadcast


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
    """x times a power of two."""
    return b.mul(x, b.pow(b.constant(2, x.data_type), places))


def shift_right(b: GraphBuilder, x: Operand, places: Operand) -> Operand:
    """The arithmetic shift: x divided by a power of two, rounded down."""
    return divide_down(b, x, b.pow(b.constant(2, x.data_type), places))


def _digits(b: GraphBuilder, x: Operand) -> Operand:
    """The bits of x, least significant first, along a new last axis; values are 0 and 1 in x's type."""
    bits = x.data_type.bits
    smallest, largest = x.data_type.range
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
    weights: Array = np.array([2**i for i in range(bits - 1)] + [-(2 ** (bits - 1)) if smallest < 0 else 2 ** (bits - 1)], x.data_type.numpy)
    total = b.reduceSum(b.mul(digits, weights), axes=[len(shape)])
    return b.cast(total, type_before)
