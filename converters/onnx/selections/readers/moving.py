"""The same selection in another shape, and part of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from converters.lowering.slicing import sliced
from converters.onnx.axes import axes_of, axis_of
from converters.onnx.registry import Value
from converters.onnx.selections.reader import Parts, Reading, reads
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import (
    Count,
    Selected,
    Size,
    Sizes,
    repeated,
    sizes,
    spread,
)
from converters.problems import Problem
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@reads("Transpose")
def transpose(read: Reading, data: Selected, *, perm: list[int] | None = None) -> Value:
    order = list(range(data.rows.rank))[::-1] if perm is None else axes_of(perm, data.rows.rank)
    return replace(data, rows=read.b.transpose(data.rows, permutation=order), axis=order.index(data.axis))


@reads("Squeeze")
def squeeze(read: Reading, data: Selected | Sizes, given: Value = None, *, axes: list[int] | None = None) -> Value:
    if isinstance(data, Sizes):
        return sizes(data.flat, [], data.problem) if data.items.size == 1 else None
    if given is None and axes is None:
        raise Unread  # it would drop the rows' axis if there were one row
    dropped = axes_of(read.known(given) if axes is None else axes, data.rows.rank)
    if data.axis in dropped:
        raise Unread
    kept = [n for axis, n in enumerate(data.rows.shape) if axis not in dropped]
    return replace(data, rows=read.b.reshape(data.rows, kept), axis=data.axis - sum(axis < data.axis for axis in dropped))


@reads("Unsqueeze")
def unsqueeze(read: Reading, data: Selected | Sizes, given: Value = None, *, axes: list[int] | None = None) -> Value:
    if isinstance(data, Sizes):
        return sizes(data.flat, [data.items.size], data.problem) if data.items.ndim == 0 else None
    added = read.known(given) if axes is None else axes
    shape, place = list(data.rows.shape), data.axis
    for axis in sorted(axes_of(added, len(shape) + len(added))):
        shape.insert(axis, 1)
        place += axis <= place
    return replace(data, rows=read.b.reshape(data.rows, shape), axis=place)


@reads("Reshape")
def reshape(read: Reading, data: Value, shape: Value, *, allowzero: int = 0) -> Value:
    if isinstance(data, Sizes):
        return sizes(data.flat, [data.items.size] if read.known(shape) else [], data.problem)
    if not isinstance(data, Selected):
        raise Unread
    wanted = read.sizes(shape)
    before = data.rows.shape
    if 0 in wanted and (allowzero or any(item == 0 and axis >= len(before) for axis, item in enumerate(wanted))):
        raise Unread
    here: Sequence[Size] = [Count(data.mask) if axis == data.axis else n for axis, n in enumerate(before)]
    copied = [here[axis] if item == 0 else item for axis, item in enumerate(wanted)]
    return _reshaped(read.b, data, copied)


def _reshaped(b: GraphBuilder, data: Selected, wanted: Sequence[Size]) -> Selected:
    """The rows in another shape, in which they lie along an axis that is given as -1 or by their count."""
    before = data.rows.shape
    dense = [item.most if isinstance(item, Count) else item for item in wanted]
    rest = math.prod(n for n in dense if n != -1)
    if -1 in dense and (rest < 1 or data.rows.size % rest):
        raise Unread
    dense = [data.rows.size // rest if n == -1 else n for n in dense]
    for place, item in enumerate(wanted):
        if item != -1 and not isinstance(item, Count):
            continue
        outer, inner = math.prod(before[: data.axis]), math.prod(before[data.axis + 1 :])
        around = [math.prod(dense[:place]), math.prod(dense[place + 1 :])]
        if outer % around[0] or inner % around[1]:
            continue
        mask = repeated(b, data.mask, outer // around[0], inner // around[1])
        others = [other for axis, other in enumerate(wanted) if axis != place and (other == -1 or isinstance(other, Count))]
        if mask.size == dense[place] and not others and item in (-1, Count(mask)):
            return replace(data, mask=mask, rows=b.reshape(data.rows, dense), axis=place)
    raise Unread


@reads("Concat")
def concat(read: Reading, *inputs: Value, axis: int) -> Value:
    if not any(isinstance(value, Selected) for value in inputs):
        problem = next(value.problem for value in inputs if isinstance(value, Sizes))
        items = [item for value in inputs for item in read.sizes(value)]
        return sizes(items, [len(items)], problem)
    first = inputs[0]
    place = axis_of(axis, first.rows.rank) if isinstance(first, Selected) else -1
    if not all(isinstance(v, Selected) and v.mask is first.mask and v.axis == first.axis != place for v in inputs):
        raise Unread
    return replace(first, rows=read.b.concat([value.rows for value in inputs], place), counted=all(value.counted for value in inputs))


@reads("Split")
def split(read: Reading, input: Selected, given: Value = None, *, axis: int = 0, **_: Any) -> Value:
    if not isinstance(input, Selected) or axis_of(axis, input.rows.rank) == input.axis:
        raise Unread
    return [replace(input, rows=piece) for piece in read.plainly(input.rows, *([] if given is None else [given]))]


@reads("Slice")
def slice_(read: Reading, data: Value, *given: Value, **attributes: Any) -> Value:
    if isinstance(data, Sizes):
        if len(given) < 2 or data.items.ndim != 1 or any(step != 1 for step in (read.known(given[3]) if len(given) > 3 else [])):
            raise Unread
        (start,), (end,) = read.known(given[0]), read.known(given[1])
        kept = data.flat[start:end]
        return sizes(kept, [len(kept)], data.problem)
    rank = (data.rows if isinstance(data, Selected) else data).rank
    starts = read.known(given[0]) if given else attributes["starts"]
    ends = read.sizes(given[1]) if given else attributes["ends"]
    axes = read.known(given[2]) if len(given) > 2 and given[2] is not None else attributes.get("axes") or range(len(starts))
    steps = read.known(given[3]) if len(given) > 3 else [1] * len(starts)
    parts: Parts = {axis: (start, end, step) for axis, start, end, step in zip(axes_of(axes, rank), starts, ends, steps, strict=True)}
    if isinstance(data, Selected):
        return _selected_cut(read.b, data, parts)
    return _first(read.b, data, parts, given[1].problem)


def _selected_cut(b: GraphBuilder, data: Selected, parts: Parts) -> Selected:
    start, end, step = parts.pop(data.axis, (0, data.mask.size, 1))
    whole = end == Count(data.mask) or (isinstance(end, int) and end >= data.mask.size)
    if (start, step) != (0, 1) or not whole:
        raise Unread
    return replace(data, rows=_cut(b, data.rows, parts))


def _first(b: GraphBuilder, data: Operand, parts: Parts, problem: Problem) -> Selected:
    """As many elements from the start of an axis as a mask selects: one for each row."""
    counts = {axis: end for axis, (start, end, step) in parts.items() if isinstance(end, Count) and (start, step) == (0, 1)}
    if len(counts) != 1:
        raise Unread
    ((axis, count),) = counts.items()
    del parts[axis]
    rows = spread(b, _cut(b, data, parts), count.mask, axis)
    return Selected(count.mask, rows, axis, problem, counted=True)


def _cut(b: GraphBuilder, data: Operand, parts: Parts) -> Operand:
    if any(isinstance(end, Count) for _, end, _ in parts.values()):
        raise Unread
    return sliced(b, data, {axis: slice(*part) for axis, part in parts.items()})
