"""Movement of elements: equal forms of calls that a target refuses or computes wrong."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call


def edge_gathered(b: LegalBuilder, call: Call) -> Operand:
    """pad by what is at the edge: a gather per axis with indices that stay at the border."""
    x: Operand = call.input
    for axis, (before, after) in enumerate(zip(call.beginningPadding, call.endingPadding, strict=True)):
        if before or after:
            indices = np.clip(np.arange(-before, x.shape[axis] + after), 0, x.shape[axis] - 1)
            x = b.gather(x, b.constant(indices.astype(np.int32)), axis=axis)
    return x


def times_ones(b: LegalBuilder, call: Call) -> Operand:
    """expand: times ones along the axes that grow."""
    ones = np.ones(growth(call), call.input.data_type.numpy)
    return b.mul(call.input, b.constant(ones))


def tiled(b: LegalBuilder, call: Call) -> Operand:
    """expand: tile."""
    x: Operand = call.input
    aligned = b.reshape(x, [1] * (call.result.rank - x.rank) + list(x.shape))
    return b.tile(aligned, growth(call))


def growth(call: Call) -> list[int]:
    """How often an expansion repeats each axis of its result."""
    x: Operand = call.input
    before = (1,) * (call.result.rank - x.rank) + x.shape
    return [after if size == 1 else 1 for size, after in zip(before, call.result.shape, strict=True)]


def reflected(b: LegalBuilder, call: Call) -> Operand:
    """pad by reflection: along each axis, what is at both ends reversed and put beside it."""
    x: Operand = call.input
    for axis, (before, after) in enumerate(zip(call.beginningPadding, call.endingPadding, strict=True)):
        size = x.shape[axis]
        parts = [
            *([b.reverse(_along(b, x, axis, 1, before), axes=[axis])] if before else []),
            x,
            *([b.reverse(_along(b, x, axis, size - 1 - after, after), axes=[axis])] if after else []),
        ]
        x = b.concat(parts, axis) if len(parts) > 1 else x
    return x


def _along(b: LegalBuilder, x: Operand, axis: int, start: int, size: int) -> Operand:
    starts = [start if i == axis else 0 for i in range(x.rank)]
    return b.slice(x, starts, [size if i == axis else n for i, n in enumerate(x.shape)])


def chosen_corner(b: LegalBuilder, call: Call) -> Operand:
    """triangular: 0 where a triangle of ones has none."""
    x: Operand = call.input
    corner = b.expand(b.constant(np.ones((1, 1), np.float32)), list(x.shape[-2:]))
    kept = b.triangular(**call.but(input=corner))
    return b.where(b.cast(kept, DataType.UINT8), x, 0)


def chosen_by_mask(b: LegalBuilder, call: Call) -> Operand:
    """triangular: 0 where a constant mask says so."""
    x: Operand = call.input
    ones = np.ones(x.shape[-2:], np.uint8)
    mask = np.triu(ones, call.diagonal) if call.upper else np.tril(ones, call.diagonal)
    return b.where(b.constant(mask), x, 0)


def gathered_backwards(b: LegalBuilder, call: Call) -> Operand:
    """reverse: a gather per axis."""
    x: Operand = call.input
    for axis in range(x.rank) if call.axes is None else call.axes:
        x = b.gather(x, b.constant(np.arange(x.shape[axis], dtype=np.int32)[::-1].copy()), axis=axis)
    return x


def gather_flat(b: LegalBuilder, call: Call) -> Operand:
    """gatherElements as a gather from the flat tensor."""
    x: Operand = call.input
    flat = _flat_indices(b, x.shape, call.indices, call.axis)
    return b.reshape(b.gather(b.reshape(x, [x.size]), flat), list(call.result.shape))


def scatter_flat(b: LegalBuilder, call: Call) -> Operand:
    """scatterElements as a scatter into the flat tensor."""
    x: Operand = call.input
    flat = b.reshape(_flat_indices(b, x.shape, call.indices, call.axis), [call.indices.size, 1])
    scattered = b.scatterND(b.reshape(x, [x.size]), flat, b.reshape(call.updates, [call.updates.size]))
    return b.reshape(scattered, list(x.shape))


def scatter_row(b: LegalBuilder, call: Call) -> Operand:
    """scatterND of one position: of a list of one."""
    one = b.reshape(call.updates, [1, *call.updates.shape])
    return b.scatterND(call.input, b.reshape(call.indices, [1, *call.indices.shape]), one)


def scatter_last(b: LegalBuilder, call: Call) -> Operand:
    """scatterND to constant positions: of the updates for one place only the last."""
    x, places = call.input, np.asarray(b.value(call.indices))
    last = last_of_each_row(x.shape, places)
    depth = places.shape[-1]
    rows = _inside(x.shape, places)
    kept = b.gather(b.reshape(call.updates, [len(rows), *x.shape[depth:]]), b.constant(last))
    return b.scatterND(x, b.constant(rows[last].astype(np.int32)), kept)


def last_of_each_row(shape: tuple[int, ...], places: Array) -> Array:
    """Which of the positions in a tensor of this shape are not repeated later, in order."""
    rows = _inside(shape, places)
    _, first_from_behind = np.unique(rows[::-1], axis=0, return_index=True)
    return np.sort(len(rows) - 1 - first_from_behind).astype(np.int32)


def _inside(shape: tuple[int, ...], places: Array) -> Array:
    """A list of positions, those from the end counted from the start."""
    depth = places.shape[-1]
    rows = places.reshape(-1, depth).astype(np.int64)
    return np.where(rows < 0, rows + np.array(shape[:depth]), rows)


def flat_places(shape: tuple[int, ...], indices: Array, axis: int) -> Array:
    """The position in the flattened tensor of each element that ``indices`` along ``axis`` point at."""
    inside = np.where(indices < 0, indices + shape[axis], indices).astype(np.int64)
    grid: list[Array] = list(np.indices(indices.shape, sparse=True))
    grid[axis] = inside
    position = np.zeros((), np.int64)
    for size, coordinate in zip(shape, grid, strict=True):
        position = position * size + np.clip(coordinate, 0, size - 1)
    return np.broadcast_to(position, indices.shape).astype(np.int32)


def _flat_indices(b: LegalBuilder, shape: tuple[int, ...], indices: Operand, axis: int) -> Operand:
    """`flat_places` in the graph."""
    known = b.value(indices)
    if known is not None:
        return b.constant(flat_places(shape, known, axis))
    inside = b.cast(indices, DataType.INT32)
    inside = b.where(b.lesser(inside, 0), b.add(inside, shape[axis]), inside)
    inside = b.min(b.max(inside, 0), shape[axis] - 1)
    start = flat_places(shape, np.zeros(tuple(1 if i == axis else n for i, n in enumerate(indices.shape)), np.int64), axis)
    return b.add(b.mul(inside, math.prod(shape[axis + 1 :])), b.constant(start))
