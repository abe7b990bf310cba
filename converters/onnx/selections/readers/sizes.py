"""What exporters compute of the sizes of selections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from converters.onnx.registry import Value
from converters.onnx.selections.reader import Reading, reads
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import (
    Count,
    Selected,
    Size,
    Sizes,
    is_truth,
    sizes,
    spread,
    unknown_input,
)
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand


@reads("Shape")
def shape(read: Reading, data: Selected | Sizes, *, start: int = 0, end: int | None = None) -> Value:
    if isinstance(data, Sizes):
        return read.b.constant(np.array(data.items.shape[start:end], np.int64))
    dims: list[Size] = list(data.rows.shape)
    dims[data.axis] = Count(data.mask)
    kept = dims[start:end]
    return sizes(kept, [len(kept)], data.problem)


@reads("Equal")
def equal(read: Reading, A: Value, B: Value) -> Value:
    if not isinstance(A, Sizes) and not isinstance(B, Sizes):
        return None
    left, right = (_objects(read, value) for value in (A, B))
    pairs = np.broadcast(left, right)
    return read.b.constant(np.array([_are_equal(a, b) for a, b in pairs], np.uint8).reshape(pairs.shape))


def _objects(read: Reading, value: Value) -> Array:
    shape = value.items.shape if isinstance(value, Sizes) else value.shape
    return sizes(read.sizes(value), shape, unknown_input("", "", "")).items


def _are_equal(a: Size, b: Size) -> bool:
    if isinstance(a, Count) and isinstance(b, Count) and a != b:
        raise Unread
    if isinstance(a, Count) != isinstance(b, Count) and max(item for item in (a, b) if isinstance(item, int)) >= 0:
        raise Unread
    return a == b


@reads("Where")
def where(read: Reading, condition: Value, X: Value, Y: Value) -> Value:
    given = next((value for value in (X, Y) if isinstance(value, Sizes)), None)
    if given is None or any(isinstance(value, Selected) for value in (condition, X, Y)):
        return None
    chosen, yes, no = (read.sizes(value) for value in (condition, X, Y))
    if not len(chosen) == len(yes) == len(no):
        raise Unread
    return sizes([a if c else b for c, a, b in zip(chosen, yes, no, strict=True)], given.items.shape, given.problem)


@reads("Cast", "Identity")
def same(read: Reading, input: Selected | Sizes, **_: Any) -> Value:
    return input if isinstance(input, Sizes) or read.handler.op == "Identity" else None


@reads("ConstantOfShape")
def constant_of_shape(read: Reading, input: Value, *, value: Operand | None = None) -> Value:
    if not isinstance(input, Sizes):
        raise Unread
    one = read.b.constant(0.0, DataType.FLOAT32) if value is None else read.b.reshape(value, [])
    return expand(read, one, input)


@reads("Expand")
def expand(read: Reading, input: Value, shape: Value) -> Value:
    wanted, given = read.sizes(shape), input.rows if isinstance(input, Selected) else input
    rank = max(len(wanted), given.rank)
    wanted = [*[1] * (rank - len(wanted)), *wanted]
    before = [*[1] * (rank - given.rank), *given.shape]
    counts = {axis: item for axis, item in enumerate(wanted) if isinstance(item, Count)}
    dense = [max(item.most if isinstance(item, Count) else item, n) for item, n in zip(wanted, before, strict=True)]
    if isinstance(input, Selected):
        place = input.axis + rank - given.rank
        if wanted[place] != 1 and counts != {place: Count(input.mask)}:
            raise Unread
        return replace(input, rows=read.b.expand(given, dense), axis=place)
    if len(counts) != 1:
        raise Unread
    ((place, count),) = counts.items()
    mask, counted = count.mask, not is_truth(read.b, count.mask)
    if before[place] > 1:  # then the count is this size, or the model fails
        given, counted = spread(read.b, read.b.reshape(given, before), mask, place), True
        dense[place] = mask.size
    return Selected(mask, read.b.expand(given, dense), place, shape.problem, counted)
