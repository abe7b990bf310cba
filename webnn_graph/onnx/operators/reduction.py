"""Reductions, arg-reductions and the cumulative sum."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.data_types import DataType
from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import TYPES, Value

REDUCTIONS = {
    "reduceL1": "ReduceL1",
    "reduceL2": "ReduceL2",
    "reduceLogSum": "ReduceLogSum",
    "reduceLogSumExp": "ReduceLogSumExp",
    "reduceMax": "ReduceMax",
    "reduceMean": "ReduceMean",
    "reduceMin": "ReduceMin",
    "reduceProduct": "ReduceProd",
    "reduceSum": "ReduceSum",
    "reduceSumSquare": "ReduceSumSquare",
}


@translates(*REDUCTIONS)
def reduce(m: ModelBuilder, input: Value, /, *, axes: Sequence[int] | None, keepDimensions: bool, op: str, result: Descriptor) -> Value:
    over = None if axes is None else list(axes)
    onnx_name = REDUCTIONS[op]
    keep = int(keepDimensions)
    if over == [] or not input.rank:  # each element by itself: over an axis of one
        input, over, keep = m.reshape(input, (*input.shape, 1)), [input.rank], 0
    if not input.is_float and onnx_name == "ReduceL1":
        input, onnx_name = input if result.data_type.is_unsigned else m.node("Abs", input), "ReduceSum"
    if not input.is_float and onnx_name == "ReduceSumSquare":
        input, onnx_name = m.node("Mul", input, input), "ReduceSum"
    return m.node(onnx_name, input, None if over is None else m.constant(over), shape=result.shape, keepdims=keep)


ARGUMENTS = {"argMin": "ArgMin", "argMax": "ArgMax"}


@translates(*ARGUMENTS)
def arg_reduce(
    m: ModelBuilder, input: Value, axis: int, /, *, keepDimensions: bool, outputDataType: str, op: str, result: Descriptor
) -> Value:
    place = m.node(ARGUMENTS[op], input, shape=result.shape, axis=axis, keepdims=int(keepDimensions))
    return m.cast(place, TYPES[DataType(outputDataType)])


@translates("cumulativeSum")
def cumulative_sum(m: ModelBuilder, input: Value, axis: int, /, *, exclusive: bool, reversed: bool) -> Value:
    return m.node("CumSum", input, m.constant(axis), shape=input.shape, exclusive=int(exclusive), reverse=int(reversed))
