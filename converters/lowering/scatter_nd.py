"""Writing to positions in several dimensions, with the reductions that WebNN's scatter operators lack."""

from __future__ import annotations

import math

import numpy as np

from converters.lowering.scattering import COMBINE, add_rows, scatter_reduce
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand


def scatter_nd(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, kind: str = "") -> Operand:
    """``updates`` written to, or combined with what is at, the positions in the last axis of ``indices``.

    Known positions are combined in as many rounds as one of them occurs, others by comparing all with all.

    Args:
        kind: How to combine: sum, prod, amax or amin; empty to write.

    Raises:
        ConversionError: Unknown positions would have to be compared with too many places.
    """
    if not updates.size:
        return data
    if not kind:
        return b.scatterND(data, indices, updates)
    known = b.value(indices)
    if known is not None:
        return _in_rounds(b, data, known, updates, kind)
    depth = indices.shape[-1]
    lead, inner = data.shape[:depth], math.prod(data.shape[depth:])
    count = math.prod(indices.shape[:-1])
    strides: Array = np.array([math.prod(lead[i + 1 :]) for i in range(depth)], np.int32)
    places = from_front(b, b.cast(b.reshape(indices, [count, depth]), DataType.INT32), np.array(lead, np.int32))
    rows = b.reduceSum(b.mul(places, strides), axes=[1])
    flat, flat_updates = b.reshape(data, [math.prod(lead), inner]), b.reshape(updates, [count, inner])
    if kind == "sum" and data.data_type.is_float:
        return b.reshape(add_rows(b, flat, rows, flat_updates), data.shape)
    everywhere = b.expand(b.reshape(rows, [count, 1]), [count, inner])
    return b.reshape(scatter_reduce(b, flat, everywhere, flat_updates, 0, kind), data.shape)


def scatter_elements(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, axis: int, kind: str = "") -> Operand:
    """Each of ``updates`` written to, or combined with what is at, the place along ``axis`` that ``indices`` names.

    ``indices`` and ``updates`` may be smaller than ``data`` in every dimension.

    Args:
        kind: How to combine: sum, prod, amax or amin; empty to write.

    Raises:
        ConversionError: Unknown positions would have to be compared with too many places.
    """
    if not updates.size:
        return data
    if kind and not b.is_known(indices):
        places = from_front(b, b.cast(indices, DataType.INT32), data.shape[axis])
        return scatter_reduce(b, data, places, updates, axis, kind)
    if not kind and indices.resized(axis, 1).shape == data.resized(axis, 1).shape:
        return b.scatterElements(data, indices, updates, axis=axis)
    b.reserve(indices.rank, *indices.shape)
    grid: Array = np.indices(indices.shape, np.int32)
    columns = [b.constant(np.ascontiguousarray(grid[i])[..., None]) for i in range(data.rank)]
    columns[axis] = b.cast(b.reshape(indices, [*indices.shape, 1]), DataType.INT32)
    return scatter_nd(b, data, b.concat(columns, data.rank), updates, kind)


def from_front(b: GraphBuilder, indices: Operand, size: int | Array) -> Operand:
    """Signed indices, of which negative ones count from the end, counted from the front."""
    return b.where(b.lesser(indices, 0), b.add(indices, size), indices)


def _in_rounds(b: GraphBuilder, data: Operand, indices: Array, updates: Operand, kind: str) -> Operand:
    """Gather, combine, scatter; updates of one position fall into different rounds."""
    depth = indices.shape[-1]
    flat = indices.reshape(-1, depth).astype(np.int64)
    sizes = np.array(data.shape[:depth])
    flat = np.where(flat < 0, flat + sizes, flat)
    _, position, counts = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(position.ravel(), kind="stable")
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    occurrence = np.empty(len(flat), np.int64)
    occurrence[order] = np.arange(len(flat)) - starts
    rows = b.reshape(updates, [len(flat), *data.shape[depth:]])
    for turn in range(int(counts.max())):
        chosen = np.flatnonzero(occurrence == turn).astype(np.int32)
        here = b.constant(flat[chosen].astype(np.int32))
        part = rows if len(chosen) == len(flat) else b.gather(rows, chosen)
        data = b.scatterND(data, here, b.call(COMBINE[kind], b.gatherND(data, here), part))
    return data
