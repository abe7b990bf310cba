"""Reductions and running totals."""

from __future__ import annotations

from collections.abc import Callable

from converters.lowering import cumulative
from converters.lowering.reduction import reduced
from converters.onnx.axes import axes_of, axis_of
from converters.onnx.registry import Ints, Number, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

REDUCTIONS = {
    "ReduceL1": "reduceL1",
    "ReduceL2": "reduceL2",
    "ReduceLogSum": "reduceLogSum",
    "ReduceLogSumExp": "reduceLogSumExp",
    "ReduceMax": "reduceMax",
    "ReduceMean": "reduceMean",
    "ReduceMin": "reduceMin",
    "ReduceProd": "reduceProduct",
    "ReduceSum": "reduceSum",
    "ReduceSumSquare": "reduceSumSquare",
}


def _axes(given: list[int] | None, rank: int, noop: int) -> list[int] | None:
    if given:
        return axes_of(given, rank)
    return [] if noop else None


def _with_attribute(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, data: Operand, *, axes: list[int] | None = None, keepdims: int = 1) -> Operand:
        return reduced(b, name, data, _axes(axes, data.rank, 0), bool(keepdims))

    return convert


def _with_input(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, data: Operand, axes: Ints | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Operand:
        return reduced(b, name, data, _axes(axes, data.rank, noop_with_empty_axes), bool(keepdims))

    return convert


for onnx_name, webnn_name in REDUCTIONS.items():
    how = f"{webnn_name}; integers that it does not take in a wider type"
    onnx_op(onnx_name, how=how)(_with_attribute(webnn_name))
    onnx_op(onnx_name, since=13 if onnx_name == "ReduceSum" else 18, how=how)(_with_input(webnn_name))


@onnx_op("CumSum", since=11, how="cumulativeSum")
def cum_sum(b: GraphBuilder, x: Operand, axis: Number, *, exclusive: int = 0, reverse: int = 0) -> Operand:
    return b.cumulativeSum(x, axis_of(int(axis), x.rank), exclusive=bool(exclusive), reversed=bool(reverse))


@onnx_op("CumProd", since=26, how="as many pad, slice and mul as the axis has binary digits")
def cum_prod(b: GraphBuilder, x: Operand, axis: Number, *, exclusive: int = 0, reverse: int = 0) -> Operand:
    place = axis_of(int(axis), x.rank)
    ordered = b.reverse(x, axes=[place]) if reverse else x
    total = cumulative.product(b, ordered, place)
    if exclusive:
        first = [int(i == place) for i in range(x.rank)]
        total = b.slice(b.pad(total, first, [0] * x.rank, value=1), [0] * x.rank, x.shape)
    return b.reverse(total, axes=[place]) if reverse else total
