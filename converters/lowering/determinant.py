"""Determinants."""

from __future__ import annotations

import math

import numpy as np

from converters.lowering.slicing import at, sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_ORDER = 64
"""Largest matrix whose determinant is unrolled."""


def determinant(b: GraphBuilder, x: Operand) -> Operand:
    """The determinant of the matrices in the last two axes.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    order = x.shape[-1]
    if order > MAX_ORDER:
        raise ConversionError(f"determinants are unrolled up to order {MAX_ORDER}, this is one of order {order}")
    batch = math.prod(x.shape[:-2])
    rest = b.reshape(x, [batch, order, order])
    result = b.constant(np.ones([batch, 1]), x.data_type)
    for size in range(order, 0, -1):
        column = b.reshape(b.slice(rest, [0, 0, 0], [batch, size, 1]), [batch, size])
        place = b.argMax(b.abs(column), 1, keepDimensions=True)
        hit = b.cast(b.equal(place, b.arange(size, np.int32)), x.data_type)
        row = b.matmul(b.reshape(hit, [batch, 1, size]), rest)
        pivot = at(b, row, 2, 0)
        result = b.mul(result, b.where(b.equal(place, 0), pivot, b.neg(pivot)))
        if size == 1:
            break
        first = b.slice(rest, [0, 0, 0], [batch, 1, size])
        swapped = b.add(rest, b.mul(b.reshape(hit, [batch, size, 1]), b.sub(first, row)))
        below = sliced(b, swapped, {1: slice(1, None)})
        factor = b.div(sliced(b, below, {2: slice(0, 1)}), b.reshape(b.where(b.equal(pivot, 0), 1, pivot), [batch, 1, 1]))
        rest = sliced(b, b.sub(below, b.mul(factor, row)), {2: slice(1, None)})
    return b.reshape(result, x.shape[:-2])
