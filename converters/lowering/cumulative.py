"""Cumulative operators along an axis, by doubling: after step i each element covers 2^i of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from converters.lowering.slicing import sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def product(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    """Products of all elements up to each."""
    return _doubling(b, x, axis, b.mul, 1)


def extreme(b: GraphBuilder, op: str, x: Operand, axis: int) -> Operand:
    """Maxima (``max``) or minima (``min``) of all elements up to each."""
    low, high = x.data_type.range
    return _doubling(b, x, axis, lambda p, q: b.call(op, p, q), low if op == "max" else high)


def log_sum_exp(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    """log of the sum of exp of all elements up to each: pairwise max(p, q) + log(1 + exp(-|p - q|)), which cannot overflow."""

    def combine(p: Operand, q: Operand) -> Operand:
        distance = b.neg(b.abs(b.sub(p, q)))
        return b.add(b.max(p, q), b.softplus(b.where(b.isNaN(distance), 0, distance)))

    low = float(np.finfo(x.data_type.numpy).min)
    return _doubling(b, x, axis, combine, low)


def windows(b: GraphBuilder, x: Operand, axis: int, size: int) -> Operand:
    """The sum of each element and the ``size`` - 1 behind it along an axis, which gets as much shorter."""

    def part(of: Operand, start: int, length: int) -> Operand:
        return sliced(b, of, {axis: slice(start, start + length)})

    covered, doubled = 1, x
    places = x.shape[axis] - size + 1
    total, summed = None, 0
    while covered <= size:
        if size & covered:
            piece = part(doubled, summed, places)
            total, summed = piece if total is None else b.add(total, piece), summed + covered
        if 2 * covered <= size:
            length = doubled.shape[axis] - covered
            doubled = b.add(part(doubled, 0, length), part(doubled, covered, length))
        covered *= 2
    assert total is not None
    return total


def last_place(b: GraphBuilder, marked: Operand, axis: int) -> Operand:
    """For each place along the axis, the last one up to it at which ``marked`` (uint8) is set; int64."""
    shape = [1] * marked.rank
    shape[axis] = marked.shape[axis]
    places = b.arange(marked.shape[axis], np.int64).reshape(shape)
    return extreme(b, "max", b.mul(b.cast(marked, "int64"), places), axis)


def _doubling(b: GraphBuilder, x: Operand, axis: int, combine: Callable[[Operand, Operand], Operand], neutral: float) -> Operand:
    size = x.shape[axis]
    for step in range(math.ceil(math.log2(size)) if size > 1 else 0):
        shift = 2**step
        before = [shift if i == axis else 0 for i in range(x.rank)]
        kept = b.slice(x, [0] * x.rank, [n - s for n, s in zip(x.shape, before, strict=True)])
        x = combine(b.pad(kept, before, [0] * x.rank, value=neutral), x)
    return x
