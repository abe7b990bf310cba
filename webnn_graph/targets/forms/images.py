"""Pooling, transposed convolution and resampling: equal forms of calls that a target refuses or computes wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.convolution import TRANSPOSE_FILTER_AXES
from webnn_graph.ops.resampling import sample_positions
from webnn_graph.ops.windows import extent
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call

Ints: TypeAlias = Sequence[int]

SPATIAL = {"nchw": (2, 3), "nhwc": (1, 2)}
CHANNELS = {"nchw": 1, "nhwc": 3}


def _padded(b: LegalBuilder, x: Operand, axes: Ints, padding: Ints, value: float = 0) -> Operand:
    """``x`` with ``value`` around two axes; padding is [begin, end, begin, end]."""
    if not any(padding):
        return x
    begin, end = [0] * x.rank, [0] * x.rank
    for i, axis in enumerate(axes):
        begin[axis], end[axis] = padding[2 * i], padding[2 * i + 1]
    return b.pad(x, begin, end, value=value)


def _cut(b: LegalBuilder, x: Operand, axes: Ints, starts: Ints, sizes: Ints, steps: Ints = (1, 1)) -> Operand:
    """Every ``steps``-th element of the part of ``x`` along two axes."""
    start, size, step = [0] * x.rank, list(x.shape), [1] * x.rank
    for axis, s, n, d in zip(axes, starts, sizes, steps, strict=True):
        start[axis], size[axis], step[axis] = s, n, d
    return b.slice(x, start, size, strides=step)


# ----------------------------------------------------------------------------------------------------------------- pooling
def whole_window(b: LegalBuilder, call: Call) -> Operand:
    """A pool of the whole image with its size."""
    pooled: Operand = b.call(call.op, **call.but(windowDimensions=_sizes(call)[1]))
    return pooled


def rounded_down(b: LegalBuilder, call: Call) -> Operand:
    """A pool with its size rounded down: with padding for what windows hang over, which counts for nothing."""
    pooled: Operand = b.call(call.op, **call.but(outputSizes=None, outputShapeRounding=None, padding=whole_padding(call)))
    return pooled


def l2_pool(b: LegalBuilder, call: Call) -> Operand:
    """l2Pool2d: the root of the squares' mean, times the pixels of each window."""
    image, kernel, size = _sizes(call)
    counts = _inside(image, kernel, whole_padding(call), call.strides, call.dilations, size)
    shape = [1, *size, 1] if call.layout == "nhwc" else [1, 1, *size]
    means = b.averagePool2d(**call.but(input=b.mul(call.input, call.input)))
    return b.sqrt(b.mul(means, b.constant(counts.reshape(shape), call.input.data_type)))


def overhang(call: Call) -> list[int]:
    """How many pixels the last windows of a pool reach beyond the padded image, as its size is rounded up: [height, width]."""
    image, kernel, size = _sizes(call)
    span = [(size[i] - 1) * call.strides[i] + extent(kernel[i], call.dilations[i]) for i in range(2)]
    return [max(0, span[i] - image[i] - call.padding[2 * i] - call.padding[2 * i + 1]) for i in range(2)]


def _sizes(call: Call) -> tuple[Ints, Ints, Ints]:
    """Height and width of a pool's image, windows and result."""
    axes = SPATIAL[call.layout]
    image = [call.input.shape[axis] for axis in axes]
    return image, call.windowDimensions or image, [call.result.shape[axis] for axis in axes]


def whole_padding(call: Call) -> list[int]:
    """The padding of a pool with what its windows hang over."""
    (below, beside), (top, bottom, left, right) = overhang(call), call.padding
    return [top, bottom + below, left, right + beside]


def same_padding(call: Call) -> list[int]:
    """The padding with which a pool without dilations has one window for each step over the image; an odd pixel is at the end."""
    padding = []
    for size, span, step in zip(*_sizes(call)[:2], call.strides, strict=True):
        missing = max(0, (math.ceil(size / step) - 1) * step + span - size)
        padding += [missing // 2, missing - missing // 2]
    return padding


def pool(b: LegalBuilder, call: Call) -> Operand:
    """A pool with padding, and what a rounded-up size hangs over, as a pad of its own; dilations as a combination of slices."""
    x: Operand = call.input
    axes = SPATIAL[call.layout]
    image, kernel, size = _sizes(call)
    padding = whole_padding(call)
    inner = _padded(b, x, axes, padding, -math.inf if call.op == "maxPool2d" else 0)
    if max(call.dilations) > 1:
        pooled = _dilated_pool(b, call, inner, kernel, size)
    else:
        pooled = b.call(call.op, inner, windowDimensions=kernel, strides=call.strides, layout=call.layout)
        pooled = _cut(b, pooled, axes, (0, 0), size)
    if call.op == "averagePool2d":
        share = _inside(image, kernel, padding, call.strides, call.dilations, size) / math.prod(kernel)
        if share.min() < 1:
            shape = [1, *size, 1] if call.layout == "nhwc" else [1, 1, *size]
            pooled = b.div(pooled, b.constant(share.reshape(shape), x.data_type))
    return pooled


def _inside(image: Ints, kernel: Ints, padding: Ints, strides: Ints, dilations: Ints, size: Ints) -> Array:
    """How many pixels of each window lie in the image, [height, width]."""
    counts = []
    for i in range(2):
        first = np.arange(size[i])[:, None] * strides[i] - padding[2 * i]
        position = first + np.arange(kernel[i]) * dilations[i]
        counts.append(((position >= 0) & (position < image[i])).sum(axis=1))
    return np.outer(*counts)


def _dilated_pool(b: LegalBuilder, call: Call, x: Operand, kernel: Ints, size: Ints) -> Operand:
    """The pool of ``x``, which is padded, over one strided slice per window element."""
    reach = [(size[i] - 1) * call.strides[i] + 1 for i in range(2)]
    starts = [(i * call.dilations[0], j * call.dilations[1]) for i in range(kernel[0]) for j in range(kernel[1])]
    parts = [_cut(b, x, SPATIAL[call.layout], start, reach, call.strides) for start in starts]
    if call.op == "l2Pool2d":
        parts = [b.mul(part, part) for part in parts]
    total = parts[0]
    for part in parts[1:]:
        total = b.max(total, part) if call.op == "maxPool2d" else b.add(total, part)
    if call.op == "l2Pool2d":
        return b.sqrt(total)
    return b.div(total, float(len(parts))) if call.op == "averagePool2d" else total


# --------------------------------------------------------------------------------------------------- transposed convolution
def conv_transpose(b: LegalBuilder, call: Call) -> Operand:
    """Without padding, groups and dilations: the whole result is cut, groups are calls of their own, dilations are zeros."""
    axes, channels = SPATIAL[call.inputLayout], CHANNELS[call.inputLayout]
    _, _, *filter_axes = TRANSPOSE_FILTER_AXES[call.filterLayout]
    w = call.filter
    for axis, dilation in zip(filter_axes, call.dilations, strict=True):
        w = _with_gaps(b, w, axis, dilation)
    options = {"strides": call.strides, "inputLayout": call.inputLayout, "filterLayout": call.filterLayout}
    images, filters = [call.input], [w]
    if call.groups > 1:
        images = b.split(call.input, call.groups, axis=channels)
        filters = b.split(w, call.groups, axis=TRANSPOSE_FILTER_AXES[call.filterLayout][0])
    whole = [b.convTranspose2d(image, part, **options) for image, part in zip(images, filters, strict=True)]
    y = b.concat(whole, channels)
    size = [call.result.shape[axis] for axis in axes]
    beyond = [max(0, call.padding[2 * i] + size[i] - y.shape[axes[i]]) for i in range(2)]
    y = _cut(b, _padded(b, y, axes, [0, beyond[0], 0, beyond[1]]), axes, call.padding[::2], size)
    if call.bias is None:
        return y
    shape = [1] * 4
    shape[channels] = call.bias.size
    return b.add(y, b.reshape(call.bias, shape))


def _with_gaps(b: LegalBuilder, x: Operand, axis: int, dilation: int) -> Operand:
    """``x`` with dilation - 1 zeros between neighbours along ``axis``."""
    if dilation == 1:
        return x
    size = x.shape[axis]
    before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    apart = b.pad(b.reshape(x, [before, size, 1, after]), [0, 0, 0, 0], [0, 0, dilation - 1, 0])
    spaced = b.reshape(apart, [before, size * dilation, after])
    cut = b.slice(spaced, [0, 0, 0], [before, extent(size, dilation), after])
    return b.reshape(cut, [*x.shape[:axis], extent(size, dilation), *x.shape[axis + 1 :]])


# -------------------------------------------------------------------------------------------------------------- resampling
def by_sizes(b: LegalBuilder, call: Call) -> Operand:
    """resample2d to sizes instead of by scales."""
    return b.resample2d(**call.but(scales=None, sizes=[call.result.shape[axis] for axis in call.axes]))


def smoothed_as_floats(b: LegalBuilder, call: Call) -> Operand:
    """resample2d of integers, linear: of floats, rounded."""
    smooth = b.resample2d(**call.but(input=b.cast(call.input, DataType.FLOAT32)))
    return b.cast(b.roundEven(smooth), call.input.data_type)


def nearest_gathered(b: LegalBuilder, call: Call) -> Operand:
    """resample2d, nearest neighbour: a gather per axis."""
    x: Operand = call.input
    for axis, indices in zip(call.axes, nearest_pixels(call), strict=True):
        x = b.gather(x, b.constant(indices), axis=axis)
    return x


def nearest_pixels(call: Call) -> list[Array]:
    """Which pixels are the nearest along each axis."""
    ends = [(call.input.shape[axis], call.result.shape[axis]) for axis in call.axes]
    return [np.clip(np.ceil(sample_positions(old, new) - 0.5), 0, old - 1).astype(np.int32) for old, new in ends]


def takes_other_pixels(call: Call, pixels: Callable[[int, int], Array]) -> bool:
    """Whether an implementation that takes ``pixels``, (old size, new size) to [new], takes others than the nearest."""
    taken = [pixels(call.input.shape[axis], call.result.shape[axis]) for axis in call.axes]
    return not all(map(np.array_equal, nearest_pixels(call), taken))
