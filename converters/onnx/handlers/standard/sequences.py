"""Sequences and optional values: they exist at conversion only, as lists of operands and None."""

from __future__ import annotations

from typing import Any

import numpy as np

from converters.lowering.pieces import stack, unstack
from converters.onnx.axes import axis_of
from converters.onnx.registry import Ints, Value, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

Sequence = list[Operand]


@onnx_op("SequenceConstruct", how="resolved at conversion")
def sequence_construct(b: GraphBuilder, *inputs: Operand) -> Value:
    return list(inputs)


@onnx_op("SequenceEmpty", how="resolved at conversion")
def sequence_empty(b: GraphBuilder, *, dtype: int = 1) -> Value:
    return []


@onnx_op("SequenceLength", how="resolved at conversion")
def sequence_length(b: GraphBuilder, input_sequence: Sequence) -> Operand:
    return b.constant(np.int64(len(input_sequence)))


@onnx_op("SequenceAt", how="resolved at conversion", limits="the position must be known")
def sequence_at(b: GraphBuilder, input_sequence: Sequence, position: Ints) -> Operand:
    return input_sequence[_inside(position[0], len(input_sequence), len(input_sequence) - 1)]


@onnx_op("SequenceInsert", how="resolved at conversion", limits="the position must be known")
def sequence_insert(b: GraphBuilder, input_sequence: Sequence, tensor: Operand, position: Ints | None = None) -> Value:
    count = len(input_sequence)
    at = count if position is None else _inside(position[0], count, count)
    return [*input_sequence[:at], tensor, *input_sequence[at:]]


@onnx_op("SequenceErase", how="resolved at conversion", limits="the position must be known")
def sequence_erase(b: GraphBuilder, input_sequence: Sequence, position: Ints | None = None) -> Value:
    at = _inside(-1 if position is None else position[0], len(input_sequence), len(input_sequence) - 1)
    return [*input_sequence[:at], *input_sequence[at + 1 :]]


@onnx_op("SplitToSequence", how="split; keepdims=0 also reshape")
def split_to_sequence(b: GraphBuilder, input: Operand, split: Ints | None = None, *, axis: int = 0, keepdims: int = 1) -> Value:
    axis = axis_of(axis, input.rank)
    if split is None and not keepdims:
        return unstack(b, input, axis)
    size = input.shape[axis]
    sizes = split or [1]
    if len(sizes) == 1:
        (length,) = sizes
        sizes = [min(length, size - start) for start in range(0, size, length)]
    return b.split(input, sizes, axis=axis)


@onnx_op("ConcatFromSequence", how="concat; new_axis=1 also reshape")
def concat_from_sequence(b: GraphBuilder, input_sequence: Sequence, *, axis: int, new_axis: int = 0) -> Operand:
    if not input_sequence:
        raise ConversionError("concatenates an empty sequence")
    if new_axis:
        return stack(b, input_sequence, axis_of(axis, input_sequence[0].rank + 1))
    return b.concat(input_sequence, axis_of(axis, input_sequence[0].rank))


@onnx_op("Optional", how="resolved at conversion")
def optional(b: GraphBuilder, input: Value = None, *, type: Any = None) -> Value:
    return input


@onnx_op("OptionalGetElement", how="resolved at conversion")
def optional_get_element(b: GraphBuilder, input: Value = None) -> Value:
    if input is None:
        raise ConversionError("takes the element of an optional that has none")
    return input


@onnx_op("OptionalHasElement", how="resolved at conversion")
def optional_has_element(b: GraphBuilder, input: Value = None) -> Operand:
    return b.constant(input is not None)


def _inside(position: int, count: int, largest: int) -> int:
    """A position counted from the front; raises `ConversionError` when it is not in the sequence."""
    at = position + count if position < 0 else position
    if not 0 <= at <= largest:
        raise ConversionError(f"position {position} is outside a sequence of {count}")
    return at
