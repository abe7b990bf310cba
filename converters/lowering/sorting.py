"""Sorting and selection. WebNN has no sort: an element's place is the number of elements that come before it.

That compares every pair, so it is limited. The largest of many are in the blocks with the largest maxima, or those of the largest of
parts, or found one after the other by argMax. NaN has no place in an order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_PAIRS = 2**26
"""Comparisons that one sort may take: 64 Mi, some 64 MB of intermediate bytes."""
BLOCKS, LEAST_BLOCK = 4, 4
"""Blocks that a row of many is cut into for each element that is wanted, and how many elements make it worth while: found by measuring."""
MAX_ROW = 2**23
"""Elements of a row that is cut into blocks: float32 counts to twice as many, one by one."""
MAX_ROUNDS = 128
"""Elements that are selected one after the other."""


@dataclass(frozen=True)
class Order:
    """The places of a tensor's elements in the order along one axis.

    Attributes:
        x: The tensor with that axis last.
        chosen: uint8 [*outer, places, n]: whether element n is the one at a place. One is set per place.
        axis: The axis in the original tensor.
    """

    x: Operand
    chosen: Operand
    axis: int

    @classmethod
    def of(cls, b: GraphBuilder, x: Operand, axis: int, *, descending: bool, places: Sequence[int] | None = None) -> Order:
        """The stable order along an axis; of which only these places are wanted (by default all).

        Raises:
            ConversionError: There are too many elements to compare each with each.
        """
        moved = _last(b, x, axis)
        n = moved.shape[-1]
        if moved.size * n > MAX_PAIRS:
            raise ConversionError(
                f"sorting {n} elements compares {moved.size * n:,} pairs; WebNN has no sort and the limit is {MAX_PAIRS:,}",
                "select fewer elements first, or sort outside of the graph",
            )
        b.reserve(n, n, element_bytes=1)
        mine, other = b.reshape(moved, [*moved.shape, 1]), b.reshape(moved, [*moved.shape[:-1], 1, n])
        ahead = b.greater(other, mine) if descending else b.lesser(other, mine)
        tied = b.logicalAnd(b.equal(other, mine), np.tri(n, k=-1, dtype=np.uint8))
        rank = b.reduceSum(b.cast(b.logicalOr(ahead, tied), "int32"), axes=[moved.rank])
        wanted = np.asarray(range(n) if places is None else places, np.int32)
        chosen = b.equal(b.reshape(rank, [*moved.shape[:-1], 1, n]), wanted[:, None])
        return cls(moved, chosen, axis)

    def values(self, b: GraphBuilder) -> Operand:
        """The elements at the places."""
        return self._select(b, b.reshape(self.x, [*self.x.shape[:-1], 1, self.x.shape[-1]]))

    def indices(self, b: GraphBuilder) -> Operand:
        """Where the elements at the places stood, int64."""
        return self._select(b, b.constant(b.arange(self.x.shape[-1], np.int64)))

    def _select(self, b: GraphBuilder, candidates: Operand) -> Operand:
        kind = candidates.data_type
        wide = b.cast(candidates, "int32") if kind in (DataType.INT8, DataType.UINT8) else candidates
        picked = b.reduceSum(b.where(self.chosen, wide, 0), axes=[self.chosen.rank - 1])
        return _back(b, b.cast(picked, kind), self.axis)


def top(b: GraphBuilder, x: Operand, k: int, axis: int, *, largest: bool) -> tuple[Operand, Callable[[], Operand]]:
    """The ``k`` largest or smallest elements along an axis in order, and a function that makes their int64 indices.

    Raises:
        ConversionError: Both the axis and ``k`` are too large.
    """
    if x.size == x.shape[axis] and k > 1 and BLOCKS * k * LEAST_BLOCK < x.size <= MAX_ROW:
        return _in_blocks(b, x, k, largest)
    if x.size * x.shape[axis] <= MAX_PAIRS and k > 1:
        order = Order.of(b, x, axis, descending=largest, places=range(k))
        return order.values(b), lambda: order.indices(b)
    part = max(math.isqrt(MAX_PAIRS // (x.size // x.shape[axis])), 1)
    if 1 < k <= part // 4:
        return _in_parts(b, x, k, axis, part // 2, largest)
    if k > MAX_ROUNDS:
        raise ConversionError(
            f"the {k} {'largest' if largest else 'smallest'} of {x.shape[axis]} elements; WebNN has no sort, and more than "
            f"{MAX_ROUNDS} of so many are too costly",
            "end the graph before it, or select fewer elements",
        )
    return _one_by_one(b, x, k, axis, largest)


def _in_blocks(b: GraphBuilder, x: Operand, k: int, largest: bool) -> tuple[Operand, Callable[[], Operand]]:
    """The first of one long row: those of the k blocks whose own first come first, cut into smaller blocks, until few are left.

    Each block is a range of the row, since its size divides that of the block that it is cut from: of equal ones the first comes first.
    """
    size = 1 << (-(-x.size // (BLOCKS * k)) - 1).bit_length()
    blocks = _cut(b, x, size, x.data_type.range[0 if largest else 1])
    starts = b.constant(b.arange(blocks.shape[0], np.int32) * size)
    while True:
        firsts = b.call("reduceMax" if largest else "reduceMin", blocks, axes=[1])
        chosen = _order(b, firsts, starts, k, largest)
        values, begin = b.gather(blocks, chosen), b.reshape(b.gather(starts, chosen), [k, 1])
        smaller = size // BLOCKS if size > BLOCKS else 1
        places = b.add(begin, b.arange(size // smaller, np.int32) * smaller)
        if smaller == 1:
            break
        size = smaller
        blocks, starts = b.reshape(values, [values.size // size, size]), b.reshape(places, [places.size])
    row, places = (b.reshape(each, [values.size]) for each in (values, places))
    order = _order(b, row, places, k, largest)
    shape = [*x.shape[: x.shape.index(x.size)], k, *x.shape[x.shape.index(x.size) + 1 :]]
    return b.reshape(b.gather(row, order), shape), lambda: b.reshape(b.cast(b.gather(places, order), "int64"), shape)


def _cut(b: GraphBuilder, x: Operand, size: int, last: float) -> Operand:
    """A row in blocks [count, size], filled up with what comes last."""
    count = -(-x.size // size)
    row = b.reshape(x, [x.size])
    if missing := count * size - x.size:
        row = b.concat([row, b.expand(b.constant(last, x.data_type), [missing])], 0)
    return b.reshape(row, [count, size])


def _order(b: GraphBuilder, values: Operand, places: Operand, k: int, largest: bool) -> Operand:
    """Where the first k of some values [n] are among them, int32 [k]; of equal ones that of the lower place comes first.

    A value's rank is the number of those before it. It is written where the rank says.
    """
    n = values.size
    b.reserve(n, n)
    before = _before_real if values.data_type.is_float else _before
    rank = b.cast(b.reduceSum(before(b, values, places, largest), axes=[1], keepDimensions=True), "int32")
    return b.slice(b.scatterND(b.constant(np.zeros(n, np.int32)), rank, b.constant(b.arange(n, np.int32))), [0], [k])


def _before(b: GraphBuilder, values: Operand, places: Operand, largest: bool) -> Operand:
    """Which values come before each, float32 [n, n] of 0 and 1."""
    mine, other = _pairs(b, values)
    ahead = b.cast(b.greater(other, mine) if largest else b.lesser(other, mine), "float32")
    tied = b.cast(b.equal(other, mine), "float32")
    later, earlier = _pairs(b, places)
    return b.add(ahead, b.mul(tied, b.cast(b.lesser(earlier, later), "float32")))


def _before_real(b: GraphBuilder, values: Operand, places: Operand, largest: bool) -> Operand:
    """The same of real numbers, from differences: implementations take several times as long for comparisons.

    What is not zero becomes 1 or -1, the smallest number, too, as it is multiplied and limited twice. It outweighs the difference of
    places, which decides where it is zero. An infinity counts as the largest number.
    """
    most = float(np.finfo(np.float32).max)
    mine, other = _pairs(b, b.clamp(b.cast(values, "float32"), minValue=-most, maxValue=most))
    sign = b.sub(other, mine) if largest else b.sub(mine, other)
    for _ in range(2):
        sign = b.clamp(b.mul(sign, 2.0**126), minValue=-1, maxValue=1)
    later, earlier = _pairs(b, b.cast(places, "float32"))
    return b.clamp(b.add(b.mul(sign, float(MAX_ROW)), b.sub(later, earlier)), minValue=0, maxValue=1)


def _pairs(b: GraphBuilder, row: Operand) -> tuple[Operand, Operand]:
    """A row as a column and as a row, which broadcast to all pairs."""
    return b.reshape(row, [row.size, 1]), b.reshape(row, [1, row.size])


def _in_parts(b: GraphBuilder, x: Operand, k: int, axis: int, part: int, largest: bool) -> tuple[Operand, Callable[[], Operand]]:
    """The first of the first of each part of the axis; equal elements stay in their order, as the parts are."""
    sizes = [min(part, x.shape[axis] - start) for start in range(0, x.shape[axis], part)]
    pieces = b.split(x, sizes, axis=axis)
    firsts = [top(b, piece, min(k, size), axis, largest=largest) for piece, size in zip(pieces, sizes, strict=True)]
    values, index = top(b, b.concat([values for values, _ in firsts], axis), k, axis, largest=largest)

    def indices() -> Operand:
        within = [b.add(index_of(), i * part) for i, (_, index_of) in enumerate(firsts)]
        return b.gatherElements(b.concat(within, axis), index(), axis=axis)

    return values, indices


def _one_by_one(b: GraphBuilder, x: Operand, k: int, axis: int, largest: bool) -> tuple[Operand, Callable[[], Operand]]:
    """Repeated argMax; what was taken takes the lowest value, so the lowest value itself can come twice."""
    moved = _last(b, x, axis)
    last = moved.rank - 1
    low, high = x.data_type.range
    places = b.arange(moved.shape[-1], np.int64)
    indices: list[Any] = []
    values: list[Operand] = []
    for _ in range(k):
        index = b.call("argMax" if largest else "argMin", moved, last, keepDimensions=True, outputDataType="int64")
        values.append(b.call("reduceMax" if largest else "reduceMin", moved, axes=[last], keepDimensions=True))
        indices.append(index)
        moved = b.where(b.equal(index, places), low if largest else high, moved)
    return _back(b, b.concat(values, last), axis), lambda: _back(b, b.concat(indices, last), axis)


def _last(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    order = [i for i in range(x.rank) if i != axis] + [axis]
    return b.transpose(x, permutation=order)


def _back(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    order = list(range(x.rank - 1))
    order.insert(axis, x.rank - 1)
    return b.transpose(x, permutation=order)
