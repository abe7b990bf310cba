"""Linear systems, and the factors of matrices, by elimination that is unrolled: one step for each column.

Matrices are the last two axes of an operand. Rows are exchanged by selection, never by arithmetic, so that a pivot is exactly
the number that it was, on every implementation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converters.lowering.slicing import sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_ORDER = 64
"""Largest matrix that is eliminated: some 15 calls a column."""


def bounded(order: int) -> int:
    """The order of matrices, which may be unrolled. Raises `ConversionError` when it is larger than is sensible."""
    if order > MAX_ORDER:
        raise ConversionError(f"elimination is unrolled up to order {MAX_ORDER}, this is one of order {order}")
    return order


@dataclass(frozen=True)
class Factors:
    """P L U of a matrix [..., m, n], with r = min(m, n).

    Attributes:
        packed: [..., m, n]: U on and above the diagonal, L without its diagonal of ones below.
        places: [..., r], int32: with which row behind it, counted from itself, a row was exchanged.
    """

    packed: Operand
    places: Operand


def solve(b: GraphBuilder, a: Operand, right: Operand) -> Operand:
    """a^-1 right, of a [..., n, n] and right [..., n, k], by Gauss-Jordan elimination with row pivots; leading axes broadcast.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    order = bounded(a.shape[-1])
    a, right = _one_batch(b, a, right)
    rows = b.concat([_flat(b, a), _flat(b, right)], 2)
    for column in range(order):
        # The rows that were pivots are at the end, in their order; in the end row i is unknown i.
        place = _pivot_place(b, rows, column, order - column)
        pivot, others = _exchanged(b, rows, place)
        unit = b.div(pivot, _column(b, pivot, column))
        rows = unit if others is None else b.concat([_eliminated(b, others, _column(b, others, column), unit), unit], 1)
    return b.reshape(sliced(b, rows, {2: slice(order, None)}), right.shape)


def inverse(b: GraphBuilder, a: Operand) -> Operand:
    """The inverses of matrices, by Gauss-Jordan elimination with row pivots.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    return solve(b, a, b.constant(np.eye(bounded(a.shape[-1])), a.data_type))


def triangular_solve(b: GraphBuilder, a: Operand, right: Operand, *, upper: bool, unit: bool = False) -> Operand:
    """a^-1 right, of a triangle a [..., n, n] and right [..., n, k], by substitution; leading axes broadcast.

    What is on the other side of the diagonal is not read, nor is the diagonal of a ``unit`` triangle, which is taken for ones.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    order = bounded(a.shape[-1])
    a, right = _one_batch(b, a, right)
    flat, rest = _flat(b, a), _flat(b, right)
    found: dict[int, Operand] = {}
    for row in reversed(range(order)) if upper else range(order):
        mine, behind = (slice(-1, None), slice(None, -1)) if upper else (slice(0, 1), slice(1, None))
        known = sliced(b, rest, {1: mine})
        found[row] = known if unit else b.div(known, sliced(b, flat, {1: slice(row, row + 1), 2: slice(row, row + 1)}))
        if len(found) < order:
            factor = sliced(b, flat, {1: slice(0, row) if upper else slice(row + 1, None), 2: slice(row, row + 1)})
            rest = _eliminated(b, sliced(b, rest, {1: behind}), factor, found[row])
    return b.reshape(_joined(b, [found[row] for row in range(order)], 1), right.shape)


def cholesky(b: GraphBuilder, a: Operand) -> Operand:
    """The lower triangle L of a = L L' for symmetric, positive definite matrices, of which only the lower triangle is read.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    order = bounded(a.shape[-1])
    rest = _flat(b, a)
    columns = []
    for size in range(order, 0, -1):
        first = _column(b, rest, 0)
        column = b.div(first, b.sqrt(sliced(b, first, {1: slice(0, 1)})))
        columns.append(b.pad(column, [0, order - size, 0], [0, 0, 0]))
        if size > 1:
            below = sliced(b, column, {1: slice(1, None)})
            rest = _eliminated(b, sliced(b, rest, {1: slice(1, None), 2: slice(1, None)}), below, b.transpose(below, permutation=[0, 2, 1]))
    return b.reshape(_joined(b, columns, 2), a.shape)


def lu(b: GraphBuilder, a: Operand, *, pivots: bool = True) -> Factors:
    """The factors of matrices, with row pivots or with every row left in its place.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    *batch, height, width = a.shape
    count = bounded(min(height, width))
    rest, done, places = _flat(b, a), [], []
    for column in range(count):
        if pivots:
            places.append(_pivot_place(b, rest, column, height - column))
            pivot, below = _exchanged(b, rest, places[-1])
        else:
            pivot, below = _parted(b, rest)
        done.append(pivot)
        if below is not None:
            rest = _with_factors(b, below, pivot, column)
    if height > count:
        done.append(rest)
    none = b.constant(np.zeros([math.prod(batch), 1, 1]), DataType.INT32)
    return Factors(b.reshape(_joined(b, done, 1), a.shape), b.reshape(_joined(b, places or [none] * count, 1), [*batch, count]))


def exchanged(b: GraphBuilder, right: Operand, places: Operand) -> Operand:
    """The rows of right [..., m, k] in the order in which `lu` took them: P' right. ``places`` as in `Factors`."""
    rest, done = _flat(b, right), []
    indices = b.reshape(places, [rest.shape[0], places.shape[-1], 1])
    for step in range(min(places.shape[-1], rest.shape[1])):
        row, others = _exchanged(b, rest, sliced(b, indices, {1: slice(step, step + 1)}))
        done.append(row)
        if others is None:
            break
        rest = others
    else:
        done.append(rest)
    return b.reshape(_joined(b, done, 1), right.shape)


def parity(b: GraphBuilder, factors: Factors) -> Operand:
    """1 where the rows were exchanged an even number of times, else -1: [...]."""
    one = b.constant(1, factors.packed.data_type)
    signs = b.where(b.equal(factors.places, 0), one, b.neg(one))
    return b.reduceProduct(signs, axes=[signs.rank - 1])


def diagonal(b: GraphBuilder, a: Operand) -> Operand:
    """The diagonals [..., min(m, n)] of matrices [..., m, n]."""
    height, width = a.shape[-2:]
    count = min(height, width)
    square = sliced(b, a, {a.rank - 2: slice(0, count), a.rank - 1: slice(0, count)})
    b.reserve(count, count, element_bytes=1)
    return b.reduceSum(b.where(b.constant(np.eye(count), DataType.UINT8), square, 0), axes=[a.rank - 1])


def determinant(b: GraphBuilder, a: Operand) -> Operand:
    """The determinants of matrices: the product of their pivots.

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    factors = lu(b, a)
    return b.mul(parity(b, factors), b.reduceProduct(diagonal(b, factors.packed), axes=[a.rank - 2]))


def first_missing(b: GraphBuilder, holds: Operand) -> Operand:
    """The place, counted from 1, of the first 0 along the last axis; 0 when there is none. int32."""
    axis = holds.rank - 1
    missing = b.logicalNot(holds)
    return b.mul(b.reduceMax(b.cast(missing, DataType.INT32), axes=[axis]), b.add(b.argMax(missing, axis), 1))


def _flat(b: GraphBuilder, a: Operand) -> Operand:
    return b.reshape(a, [math.prod(a.shape[:-2]), *a.shape[-2:]])


def _one_batch(b: GraphBuilder, a: Operand, right: Operand) -> tuple[Operand, Operand]:
    batch = list(np.broadcast_shapes(a.shape[:-2], right.shape[:-2]))
    return b.expand(a, [*batch, *a.shape[-2:]]), b.expand(right, [*batch, *right.shape[-2:]])


def _joined(b: GraphBuilder, parts: Sequence[Operand], axis: int) -> Operand:
    return parts[0] if len(parts) == 1 else b.concat(list(parts), axis)


def _column(b: GraphBuilder, rows: Operand, column: int) -> Operand:
    return sliced(b, rows, {2: slice(column, column + 1)})


def _pivot_place(b: GraphBuilder, rows: Operand, column: int, candidates: int) -> Operand:
    """Which of the first rows has the largest number in a column: [batch, 1, 1]."""
    return b.argMax(b.abs(sliced(b, rows, {1: slice(0, candidates), 2: slice(column, column + 1)})), 1, keepDimensions=True)


def _exchanged(b: GraphBuilder, rows: Operand, place: Operand) -> tuple[Operand, Operand | None]:
    """The row at ``place``, and the others with the first one in its place; None when there is one row only."""
    height = rows.shape[1]
    if height == 1:
        return rows, None
    hit = b.equal(place, b.arange(height, np.int32)[:, None])
    below = sliced(b, b.where(hit, sliced(b, rows, {1: slice(0, 1)}), rows), {1: slice(1, None)})
    return b.reduceSum(b.where(hit, rows, 0), axes=[1], keepDimensions=True), below


def _parted(b: GraphBuilder, rows: Operand) -> tuple[Operand, Operand | None]:
    """The first row and the others."""
    others = sliced(b, rows, {1: slice(1, None)}) if rows.shape[1] > 1 else None
    return sliced(b, rows, {1: slice(0, 1)}), others


def _eliminated(b: GraphBuilder, rows: Operand, factor: Operand, pivot: Operand) -> Operand:
    return b.sub(rows, b.mul(factor, pivot))


def _with_factors(b: GraphBuilder, below: Operand, pivot: Operand, column: int) -> Operand:
    """The rows below a pivot after elimination, the factors in the column that would be 0."""
    number = _column(b, pivot, column)
    # A column of zeros has nothing to eliminate; its factors are 0, as LAPACK's are.
    factor = b.div(_column(b, below, column), b.where(b.equal(number, 0), 1, number))
    right = {2: slice(column + 1, None)}
    parts = [sliced(b, below, {2: slice(0, column)})] if column else []
    parts.append(factor)
    if column + 1 < below.shape[2]:
        parts.append(_eliminated(b, sliced(b, below, right), factor, sliced(b, pivot, right)))
    return _joined(b, parts, 2)
