"""Convolution and its transpose over any number of spatial dimensions, on WebNN's two-dimensional ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from converters.lowering.spatial import Pads, extent, flat, results
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand


def conv(
    b: GraphBuilder,
    x: Operand,
    w: Operand,
    bias: Operand | None = None,
    *,
    strides: Sequence[int],
    pads: Pads,
    dilations: Sequence[int],
    groups: int = 1,
) -> Operand:
    """Cross-correlation of x [n, c, *image] with w [o, c/groups, *kernel] -> [n, o, *result].

    One spatial dimension becomes two, the first of size 1. Of more than two, the leading ones are unfolded: a gather puts
    the pixels that the kernel sees along the dimension into channels and the positions into the batch.
    """
    n, channels, *image = x.shape
    outputs, inputs, *kernel = w.shape
    options: dict[str, Any] = {"groups": groups, "bias": bias}
    if len(image) == 2:
        y: Operand = b.conv2d(x, w, padding=flat(pads), strides=list(strides), dilations=list(dilations), **options)
        return y
    if len(image) == 1:
        y = b.conv2d(
            b.reshape(x, [n, channels, 1, *image]),
            b.reshape(w, [outputs, inputs, 1, *kernel]),
            padding=[0, 0, *flat(pads)],
            strides=[1, *strides],
            dilations=[1, *dilations],
            **options,
        )
        return b.reshape(y, [n, outputs, y.shape[3]])
    depth = results(image[0], pads[0], kernel[0], strides[0], dilations[0])
    unfolded = _unfold_depth(b, x, kernel[0], depth, strides[0], pads[0], dilations[0])
    filters = b.reshape(w, [outputs, inputs * kernel[0], *kernel[1:]])
    y = conv(b, unfolded, filters, bias, strides=strides[1:], pads=pads[1:], dilations=dilations[1:], groups=groups)
    return depth_from_batch(b, y, n)


def _unfold_depth(b: GraphBuilder, x: Operand, kernel: int, depth: int, stride: int, pad: tuple[int, int], dilation: int) -> Operand:
    """x [n, c, d, *rest] as [n * depth, c * kernel, *rest]: what the kernel sees at each of ``depth`` positions."""
    n, channels, size, *rest = x.shape
    flat_rest = b.reshape(x, [n, channels, size, math.prod(rest)])
    if any(pad):
        flat_rest = b.pad(flat_rest, [0, 0, pad[0], 0], [0, 0, pad[1], 0])
    b.reserve(depth, kernel)
    seen = np.arange(depth)[:, None] * stride + np.arange(kernel) * dilation
    if seen.ravel().tolist() != list(range(flat_rest.shape[2])):
        flat_rest = b.gather(flat_rest, seen.astype(np.int32).ravel(), axis=2)
    windows = b.reshape(flat_rest, [n, channels, depth, kernel, math.prod(rest)])
    positions_first = b.transpose(windows, permutation=[0, 2, 1, 3, 4])
    return b.reshape(positions_first, [n * depth, channels * kernel, *rest])


def depth_to_batch(b: GraphBuilder, x: Operand) -> Operand:
    """x [n, c, d, *rest] as [n * d, c, *rest]."""
    n, channels, depth, *rest = x.shape
    by_depth = b.transpose(b.reshape(x, [n, channels, depth, math.prod(rest)]), permutation=[0, 2, 1, 3])
    return b.reshape(by_depth, [n * depth, channels, *rest])


def depth_from_batch(b: GraphBuilder, x: Operand, n: int) -> Operand:
    """x [n * d, c, *rest] as [n, c, d, *rest]."""
    batch, channels, *rest = x.shape
    by_channel = b.transpose(b.reshape(x, [n, batch // n, channels, math.prod(rest)]), permutation=[0, 2, 1, 3])
    return b.reshape(by_channel, [n, channels, batch // n, *rest])


def conv_transpose(
    b: GraphBuilder,
    x: Operand,
    w: Operand,
    bias: Operand | None = None,
    *,
    strides: Sequence[int],
    pads: Pads,
    dilations: Sequence[int],
    sizes: Sequence[int],
    groups: int = 1,
) -> Operand:
    """The transpose of `conv`: x [n, c, *image], w [c, o/groups, *kernel] -> [n, o, *sizes].

    Args:
        pads: Only what comes before counts: how much of the full result is cut off there.
        sizes: The result's spatial sizes; where they exceed the full result, the bias alone stands.

    Of more than two spatial dimensions, the leading one's kernel goes into the output channels, which are then added at
    their places by a transposed convolution with an identity filter.
    """
    n, channels, *image = x.shape
    _, per_group, *kernel = w.shape
    outputs = per_group * groups
    if len(image) == 1:
        y = conv_transpose(
            b,
            b.reshape(x, [n, channels, 1, *image]),
            b.reshape(w, [channels, per_group, 1, *kernel]),
            bias,
            strides=[1, *strides],
            pads=[(0, 0), *pads],
            dilations=[1, *dilations],
            sizes=[1, *sizes],
            groups=groups,
        )
        return b.reshape(y, [n, outputs, *sizes])
    if len(image) == 2:
        return _conv_transpose2d(b, x, w, bias, strides, pads, dilations, sizes, groups)
    filters = b.reshape(w, [channels, per_group * kernel[0], *kernel[1:]])
    slices = conv_transpose(
        b, depth_to_batch(b, x), filters, strides=strides[1:], pads=pads[1:], dilations=dilations[1:], sizes=sizes[1:], groups=groups
    )
    rest = math.prod(sizes[1:])
    columns = b.transpose(b.reshape(slices, [n, image[0], outputs * kernel[0], rest]), permutation=[0, 2, 1, 3])
    columns = b.reshape(columns, [n * outputs, kernel[0], image[0], rest])
    along_depth = {"kernel": [kernel[0], 1], "strides": [strides[0], 1], "dilations": [dilations[0], 1]}
    y = overlap_add(b, columns, pads=[pads[0], (0, 0)], sizes=[sizes[0], rest], **along_depth)
    y = b.reshape(y, [n, outputs, *sizes])
    return y if bias is None else b.add(y, b.reshape(bias, [outputs] + [1] * len(image)))


def _conv_transpose2d(
    b: GraphBuilder,
    x: Operand,
    w: Operand,
    bias: Operand | None,
    strides: Sequence[int],
    pads: Pads,
    dilations: Sequence[int],
    sizes: Sequence[int],
    groups: int,
) -> Operand:
    full = [(x.shape[2 + i] - 1) * strides[i] + extent(w.shape[2 + i], dilations[i]) for i in range(2)]
    after = [full[i] - pads[i][0] - sizes[i] for i in range(2)]
    padding = [(pads[i][0], max(0, after[i])) for i in range(2)]
    missing = [max(0, -amount) for amount in after]
    options: dict[str, Any] = {"groups": groups, "strides": list(strides), "dilations": list(dilations), "padding": flat(padding)}
    within_stride = all(amount < stride for amount, stride in zip(missing, strides, strict=True))
    if within_stride:
        return b.convTranspose2d(x, w, outputPadding=missing, bias=bias, **options)
    y = b.pad(b.convTranspose2d(x, w, **options), [0] * 4, [0, 0, *missing])
    return y if bias is None else b.add(y, b.reshape(bias, [bias.size, 1, 1]))


def overlap_add(
    b: GraphBuilder,
    x: Operand,
    *,
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    dilations: Sequence[int],
    sizes: Sequence[int],
) -> Operand:
    """Sums sliding blocks where they overlap: x [n, kernel[0] * kernel[1], rows, columns] -> [n, 1, *sizes].

    The inverse arrangement of `sliding_blocks`, as a transposed convolution with an identity filter.
    """
    b.reserve(math.prod(kernel), math.prod(kernel))
    filters = np.eye(math.prod(kernel), dtype=DataType(x.data_type).numpy).reshape(math.prod(kernel), 1, *kernel)
    return _conv_transpose2d(b, x, b.constant(filters), None, strides, pads, dilations, sizes, 1)


def sliding_blocks(
    b: GraphBuilder, x: Operand, *, kernel: Sequence[int], strides: Sequence[int], pads: Pads, dilations: Sequence[int]
) -> Operand:
    """Sliding blocks of x [n, c, h, w] as [n, c * kernel[0] * kernel[1], rows, columns]: a convolution with an identity filter."""
    channels, taps = x.shape[1], math.prod(kernel)
    b.reserve(channels, taps, taps)
    filters = np.tile(np.eye(taps, dtype=DataType(x.data_type).numpy).reshape(taps, 1, *kernel), (channels, 1, 1, 1))
    return b.conv2d(x, b.constant(filters), padding=flat(pads), strides=list(strides), dilations=list(dilations), groups=channels)
