"""Writing to positions, with the reductions that WebNN's scatter operators lack."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from converters.lowering.reduction import reduced
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

COMBINE = {"add": ("add", "reduceSum"), "mul": ("mul", "reduceProduct"), "max": ("max", "reduceMax"), "min": ("min", "reduceMin")}
"""ONNX's reductions: the operator that combines two values and the one that reduces many."""
MAX_COMPARED = 2**26
"""Most pairs of a position and an update that are compared when positions are not known."""


def scatter_nd(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, reduction: str = "none") -> Operand:
    """ONNX's ScatterND: ``updates`` written to, or combined with what is at, the positions in the last axis of ``indices``.

    Args:
        reduction: none, add, mul, max or min.

    Raises:
        ConversionError: Unknown positions would have to be compared with too many elements.
    """
    if reduction == "none":
        return b.scatterND(data, indices, updates)
    known = b.value(indices)
    if known is not None:
        return _in_rounds(b, data, known, updates, reduction)
    depth = indices.shape[-1]
    lead, inner = data.shape[:depth], math.prod(data.shape[depth:])
    count = math.prod(indices.shape[:-1])
    strides: Array = np.array([math.prod(lead[i + 1 :]) for i in range(depth)], np.int32)
    sizes: Array = np.array(lead, np.int32)
    places = b.reshape(b.cast(indices, DataType.INT32), [count, depth])
    places = b.where(b.lesser(places, 0), b.add(places, sizes), places)
    linear = b.reduceSum(b.mul(places, strides), axes=[1])
    flat = _all_compared(b, b.reshape(data, [math.prod(lead), inner]), linear, b.reshape(updates, [count, inner]), reduction)
    return b.reshape(flat, data.shape)


def scatter_elements(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, axis: int, reduction: str = "none") -> Operand:
    """ONNX's ScatterElements; ``indices`` and ``updates`` may be smaller than ``data`` in every dimension.

    Raises:
        ConversionError: Unknown positions would have to be compared with too many elements.
    """
    alike = indices.resized(axis, 1).shape == data.resized(axis, 1).shape
    if reduction == "none" and alike:
        return b.scatterElements(data, indices, updates, axis=axis)
    grid: Array = np.indices(indices.shape, np.int32)
    places = [
        b.cast(b.reshape(indices, [*indices.shape, 1]), DataType.INT32) if i == axis else b.constant(np.ascontiguousarray(grid[i])[..., None])
        for i in range(data.rank)
    ]
    return scatter_nd(b, data, b.concat(places, data.rank), updates, reduction)


def _in_rounds(b: GraphBuilder, data: Operand, indices: Array, updates: Operand, reduction: str) -> Operand:
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
    combine = COMBINE[reduction][0]
    for turn in range(int(counts.max())):
        chosen = np.flatnonzero(occurrence == turn).astype(np.int32)
        here = b.constant(flat[chosen].astype(np.int32))
        part = rows if len(chosen) == len(flat) else b.gather(rows, chosen)
        data = b.scatterND(data, here, b.call(combine, b.gatherND(data, here), part))
    return data


def _all_compared(b: GraphBuilder, data: Operand, positions: Operand, updates: Operand, reduction: str) -> Operand:
    """Every row of ``data`` [rows, inner] combined with those ``updates`` [count, inner] whose position it is."""
    rows, inner = data.shape
    count = positions.shape[0]
    if rows * count * inner > MAX_COMPARED:
        raise ConversionError(
            f"combines {count} updates at positions computed at run time with {rows} rows; WebNN's scatter operators cannot reduce",
            "make the indices constant",
        )
    hit = b.reshape(b.equal(np.arange(rows, dtype=np.int32).reshape(-1, 1), positions), [rows, count, 1])
    combine, reduce = COMBINE[reduction]
    candidates = b.where(hit, b.reshape(updates, [1, count, inner]), neutral(b, reduction, data.data_type))
    return b.call(combine, data, reduced(b, reduce, candidates, [1], False))


def neutral(b: GraphBuilder, reduction: str, data_type: DataType) -> Operand:
    """The number that a reduction does not notice."""
    smallest, largest = data_type.range
    number: Callable[[], float] = {"add": lambda: 0, "mul": lambda: 1, "max": lambda: smallest, "min": lambda: largest}[reduction]
    return b.constant(number(), data_type)
