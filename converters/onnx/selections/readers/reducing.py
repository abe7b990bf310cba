"""Sums over what a mask selects."""

from __future__ import annotations

from collections.abc import Sequence

from converters.onnx.axes import axes_of
from converters.onnx.registry import Value
from converters.onnx.selections.reader import Reading, reads
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import (
    Selected,
    along,
)
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@reads("ReduceSum")
def reduce_sum(
    read: Reading, data: Selected, given: Value = None, *, axes: list[int] | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    if not isinstance(data, Selected) or data.axis not in _reduced(read, data, given, axes, noop_with_empty_axes):
        return None
    return read.plainly(_masked(read.b, data), *([] if given is None else [given]))


@reads("ReduceMean")
def reduce_mean(
    read: Reading, data: Selected, given: Value = None, *, axes: list[int] | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Value:
    if not isinstance(data, Selected) or data.axis not in _reduced(read, data, given, axes, noop_with_empty_axes):
        return None
    if not data.rows.data_type.is_float:
        raise Unread
    b = read.b
    (mean,) = read.plainly(_masked(b, data), *([] if given is None else [given]))
    share = b.div(b.reduceSum(b.cast(data.mask, data.rows.data_type)), data.mask.size)
    return b.div(mean, share)


def _reduced(read: Reading, data: Selected, given: Value, axes: list[int] | None, noop: int) -> Sequence[int]:
    named = axes if given is None else read.known(given)
    if named:
        return axes_of(named, data.rows.rank)
    return [] if noop else range(data.rows.rank)


def _masked(b: GraphBuilder, data: Selected) -> Operand:
    if data.counted:
        raise Unread
    return b.where(b.reshape(data.mask, along(data.mask, data.rows.rank, data.axis)), data.rows, b.constant(0, data.rows.data_type))
