"""Elements taken from and put back to where a mask is true."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from converters.lowering.scattering import COMBINE
from converters.onnx.axes import axis_of
from converters.onnx.handlers.standard.indexing import KINDS
from converters.onnx.registry import Value
from converters.onnx.selections.reader import Reading, reads
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import (
    Selected,
    Sizes,
    along,
    sizes,
)
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand


@reads("Gather")
def gather(read: Reading, data: Value, indices: Value, *, axis: int = 0) -> Value:
    b = read.b
    if isinstance(data, Sizes):
        taken = [data.flat[i] for i in read.known(indices)]
        return sizes(taken, indices.shape, data.problem)
    if isinstance(data, Selected):
        place = axis_of(axis, data.rows.rank)
        if not isinstance(indices, Operand) or place == data.axis:
            raise Unread
        moved = indices.rank - 1 if place < data.axis else 0
        return replace(data, rows=b.gather(data.rows, indices, axis=place), axis=data.axis + moved)
    if not isinstance(indices, Selected) or not b.is_known(indices.rows):
        raise Unread
    place = axis_of(axis, data.rank)
    rows = data if _counts_up(b.value(indices.rows), data.shape[place]) else b.gather(data, indices.rows, axis=place)
    return replace(indices, rows=rows, axis=indices.axis + place)


def _counts_up(values: Array | None, size: int) -> bool:
    return values is not None and values.shape == (size,) and bool((values == np.arange(size)).all())


@dataclass(frozen=True)
class Places:
    """Positions in the leading dimensions of a tensor, one for each row of a selection.

    Attributes:
        lead: The shape of the positions.
        depth: How many leading dimensions they are in.
        all: Whether they are all there are, in order.
        distinct: Whether no two are one.
    """

    lead: tuple[int, ...]
    depth: int
    all: bool
    distinct: bool

    @staticmethod
    def of(read: Reading, data: Operand, indices: Selected) -> Places:
        """Raises `Unread` when they are not known."""
        values = read.b.value(indices.rows)
        if values is None or indices.axis == indices.rows.rank - 1:
            raise Unread
        depth = values.shape[-1]
        places = np.ravel_multi_index(tuple(np.moveaxis(values.astype(np.int64), -1, 0)), data.shape[:depth], mode="wrap")
        count = math.prod(data.shape[:depth])
        in_order = places.size == count and bool((places.ravel() == np.arange(count)).all())
        return Places(values.shape[:-1], depth, in_order, np.unique(places).size == places.size)


@reads("GatherND")
def gather_nd(read: Reading, data: Value, indices: Value, *, batch_dims: int = 0) -> Value:
    if not isinstance(indices, Selected) or not isinstance(data, Operand) or batch_dims:
        raise Unread
    places = Places.of(read, data, indices)
    return replace(indices, rows=_taken(read.b, data, indices.rows, places))


def _taken(b: GraphBuilder, data: Operand, indices: Operand, places: Places) -> Operand:
    if places.all:
        return b.reshape(data, [*places.lead, *data.shape[places.depth :]])
    return b.gatherND(data, indices)


@reads("ScatterND")
def scatter_nd(read: Reading, data: Value, indices: Value, updates: Value, *, reduction: str = "none") -> Value:
    """Where the mask is false the tensor stays as it is."""
    b = read.b
    if not isinstance(indices, Selected) or not isinstance(data, Operand) or indices.counted:
        raise Unread
    places = Places.of(read, data, indices)
    shape = [*places.lead, *data.shape[places.depth :]]
    if not isinstance(updates, Selected) or updates.mask is not indices.mask or updates.axis != indices.axis:
        raise Unread
    if not places.distinct or list(updates.rows.shape) != shape:
        raise Unread
    new = _one_value(b, updates.rows)
    mask = b.reshape(indices.mask, along(indices.mask, len(shape), indices.axis))
    whole = data.shape[: places.depth]
    if places.all and places.lead in (whole, (indices.mask.size,)):
        if places.lead != whole:
            mask = b.reshape(mask, [*whole, *[1] * (data.rank - places.depth)])
        return b.where(mask, _combined(b, data, new if not new.rank else b.reshape(new, data.shape), reduction), data)
    old = _taken(b, data, indices.rows, places)
    written = b.where(mask, _combined(b, old, new, reduction), old)
    return b.reshape(written, data.shape) if places.all else b.scatterND(data, indices.rows, b.expand(written, shape))


def _combined(b: GraphBuilder, old: Operand, new: Operand, reduction: str) -> Operand:
    kind = KINDS[reduction]
    combined: Operand = b.call(COMBINE[kind], old, new) if kind else new
    return combined


def _one_value(b: GraphBuilder, rows: Operand) -> Operand:
    """The scalar that a tensor is nothing but an expansion of, else the tensor."""
    operand = rows
    while (node := b.producer(operand)) is not None and node.op in ("expand", "reshape"):
        operand = node.arguments["input"]
    return b.reshape(operand, []) if operand.size == 1 else rows
