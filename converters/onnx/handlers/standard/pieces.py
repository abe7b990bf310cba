"""Tensors joined, cut, padded and repeated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.annotations import Assumed
from converters.lowering.padding import padded
from converters.lowering.slicing import sliced
from converters.onnx.axes import axes_of, axis_of
from converters.onnx.registry import Ints, Number, SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Concat", since=4, how="concat")
def concat(b: GraphBuilder, *inputs: Operand, axis: int) -> Operand:
    place = axis_of(axis, inputs[0].rank)
    filled = [input for input in inputs if input.shape[place]]
    return b.concat(filled or list(inputs[:1]), place)


@onnx_op("Tile", since=6, how="tile")
def tile(b: GraphBuilder, input: Operand, repeats: Ints) -> Operand:
    return b.tile(input, repeats)


# ------------------------------------------------------------------------------------------------------------------ split
@onnx_op("Split", how="split")
def split_2(b: GraphBuilder, input: Operand, *, axis: int = 0, split: list[int] | None = None, node: SourceNode) -> tuple[Operand, ...]:
    return _split(b, input, split, axis, node.outputs)


@onnx_op("Split", since=13, how="split")
def split_13(b: GraphBuilder, input: Operand, split: Ints | None = None, *, axis: int = 0, node: SourceNode) -> tuple[Operand, ...]:
    return _split(b, input, split, axis, node.outputs)


@onnx_op("Split", since=18, how="split; the last piece is smaller when the axis does not divide evenly")
def split_18(
    b: GraphBuilder, input: Operand, split: Ints | None = None, *, axis: int = 0, num_outputs: int | None = None, node: SourceNode
) -> tuple[Operand, ...]:
    return _split(b, input, split, axis, num_outputs or node.outputs)


def _split(b: GraphBuilder, input: Operand, sizes: list[int] | None, axis: int, count: int) -> tuple[Operand, ...]:
    place = axis_of(axis, input.rank)
    if sizes is None:
        whole = input.shape[place]
        if whole and whole % count == 0:
            return tuple(b.split(input, count, axis=place))
        size = -(-whole // count)
        sizes = [max(min(size, whole - i * size), 0) for i in range(count)]
    if all(sizes):
        return tuple(b.split(input, sizes, axis=place))
    ends = np.cumsum(sizes).tolist()
    return tuple(sliced(b, input, {place: slice(end - size, end)}) for size, end in zip(sizes, ends, strict=True))


# ------------------------------------------------------------------------------------------------------------------ slice
@onnx_op("Slice", how="slice")
def slice_1(b: GraphBuilder, data: Operand, *, starts: list[int], ends: list[int], axes: list[int] | None = None) -> Operand:
    return slice_(b, data, starts, ends, axes)


@onnx_op("Slice", since=10, how="slice, and reverse for negative steps; gather where it begins at a length that is known at run time only")
def slice_10(b: GraphBuilder, data: Operand, starts: Assumed, ends: Ints, axes: Ints | None = None, steps: Ints | None = None) -> Operand:
    begins = b.assumed(starts)
    assert begins is not None
    firsts = [int(start) for start in begins.ravel()]
    if b.is_known(starts) or (steps and set(steps) != {1}):
        return slice_(b, data, firsts, ends, axes, steps)
    return _moving(b, data, starts, slice_(b, data, firsts, ends, axes).shape, range(len(firsts)) if axes is None else axes)


def _moving(b: GraphBuilder, data: Operand, starts: Operand, shape: Sequence[int], axes: Sequence[int]) -> Operand:
    """A part of this shape that begins where only the run says it."""
    pieces = b.split(starts, starts.size)
    for axis, start in zip(axes_of(axes, data.rank), pieces, strict=True):
        size = shape[axis]
        if size < data.shape[axis]:
            data = b.gather(data, b.add(start, b.arange(size, start.data_type.numpy)), axis=axis)
    return data


def slice_(
    b: GraphBuilder,
    data: Operand,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None,
    steps: Sequence[int] | None = None,
) -> Operand:
    """The part of Python's slices, which stand for these axes or the first ones."""
    places = axes_of(range(len(starts)) if axes is None else axes, data.rank)
    if steps and not all(steps):
        raise ConversionError(f"has a step of 0: steps are {steps}")
    parts = zip(places, starts, ends, steps or [1] * len(starts), strict=True)
    return sliced(b, data, {axis: slice(start, end, step) for axis, start, end, step in parts})


@onnx_op("CenterCropPad", since=18, how="slice and pad")
def center_crop_pad(b: GraphBuilder, input_data: Operand, shape: Ints, *, axes: list[int] | None = None) -> Operand:
    parts, before, after = {}, [0] * input_data.rank, [0] * input_data.rank
    for axis, size in zip(range(input_data.rank) if axes is None else axes_of(axes, input_data.rank), shape, strict=True):
        whole = input_data.shape[axis]
        if size < whole:
            start = (whole - size) // 2
            parts[axis] = slice(start, start + size)
        before[axis] = max(size - whole, 0) // 2
        after[axis] = max(size - whole, 0) - before[axis]
    return padded(b, sliced(b, input_data, parts), before, after)


@onnx_op("Trilu", since=14, how="triangular")
def trilu(b: GraphBuilder, input: Operand, k: Number | None = None, *, upper: int = 1) -> Operand:
    return b.triangular(input, upper=bool(upper), diagonal=int(k or 0))


# -------------------------------------------------------------------------------------------------------------------- pad
@onnx_op("Pad", since=2, how="pad")
def pad_2(b: GraphBuilder, data: Operand, *, pads: list[int], mode: str = "constant", value: float = 0.0) -> Operand:
    return pad(b, data, pads, value, mode=mode)


@onnx_op("Pad", since=11, how="pad; slice for negative pads; gather to wrap around and to reflect more than once")
def pad(
    b: GraphBuilder, data: Operand, pads: Ints, constant_value: Number | None = None, axes: Ints | None = None, *, mode: str = "constant"
) -> Operand:
    places = axes_of(range(data.rank) if axes is None else axes, data.rank)
    if len(pads) != 2 * len(places):
        raise ConversionError(f"has {len(pads)} pads for {len(places)} axes")
    before, after = [0] * data.rank, [0] * data.rank
    for axis, first, last in zip(places, pads[: len(places)], pads[len(places) :], strict=True):
        before[axis], after[axis] = first, last
    modes = {"constant": "constant", "edge": "edge", "reflect": "reflection", "wrap": "wrap"}
    if mode not in modes:
        raise ConversionError(f"mode {mode} is not one of {', '.join(modes)}")
    return padded(b, data, before, after, modes[mode], constant_value or 0)


@onnx_op("ReverseSequence", since=10, how="gatherElements with computed positions")
def reverse_sequence(b: GraphBuilder, input: Operand, sequence_lens: Operand, *, batch_axis: int = 1, time_axis: int = 0) -> Operand:
    batch, time = axis_of(batch_axis, input.rank), axis_of(time_axis, input.rank)
    lengths = b.reshape(b.cast(sequence_lens, DataType.INT32), [n if axis == batch else 1 for axis, n in enumerate(input.shape)])
    steps = b.arange(input.shape[time], np.int32).reshape([-1 if axis == time else 1 for axis in range(input.rank)])
    positions = b.where(b.lesser(steps, lengths), b.sub(b.sub(lengths, 1), steps), steps)
    return b.gatherElements(input, b.expand(positions, input.shape), axis=time)
