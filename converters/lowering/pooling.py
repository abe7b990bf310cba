"""Pooling over any number of spatial dimensions, on WebNN's two-dimensional operators.

Maxima, L2 norms and averages over boxes are separable: three dimensions are pooled two at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converters.lowering.spatial import Pads, flat, padded_to, results
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand


@dataclass(frozen=True)
class Windows:
    """Where the windows over an image lie; one entry per spatial dimension each.

    Attributes:
        counts: How many windows there are.
    """

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: Pads
    counts: list[int]

    @classmethod
    def over(
        cls, image: Sequence[int], kernel: Sequence[int], strides: Sequence[int], pads: Pads, dilations: Sequence[int], ceil: bool = False
    ) -> Windows:
        """The windows over an image of this size; ``ceil`` adds one that begins inside and ends outside."""
        each = zip(image, pads, kernel, strides, dilations, strict=True)
        counts = [results(size, pad, k, s, d, ceil=ceil) for size, pad, k, s, d in each]
        return cls(list(kernel), list(strides), list(dilations), list(pads), counts)

    def needed(self, image: Sequence[int]) -> Pads:
        """The padding with which exactly these windows fit over an image of this size."""
        each = zip(image, self.pads, self.counts, self.kernel, self.strides, self.dilations, strict=True)
        return [padded_to(size, pad[0], count, k, s, d) for size, pad, count, k, s, d in each]


def max_pool(b: GraphBuilder, x: Operand, windows: Windows) -> Operand:
    """Maxima of x [n, c, *image]; padding never wins."""
    return _pool(b, "maxPool2d", x, windows)


def l2_pool(b: GraphBuilder, x: Operand, windows: Windows) -> Operand:
    """Square roots of the sums of squares."""
    return _pool(b, "l2Pool2d", x, windows)


def average_pool(b: GraphBuilder, x: Operand, windows: Windows, *, count_padding: bool = False) -> Operand:
    """Averages; padding counts as zeros or not at all. What only ``ceil`` added to the padding never counts."""
    if not count_padding or not any(flat(windows.pads)):
        return _pool(b, "averagePool2d", x, windows)
    before, after = ([0, 0, *(pad[i] for pad in windows.pads)] for i in range(2))
    padded = b.pad(x, before, after)
    inside = Windows(windows.kernel, windows.strides, windows.dilations, [(0, 0)] * len(windows.pads), windows.counts)
    return _pool(b, "averagePool2d", padded, inside)


def sum_pool(b: GraphBuilder, x: Operand, windows: Windows) -> Operand:
    """Sums: averages in which all padding counts, times the number of pixels in a window."""
    wide = Windows(windows.kernel, windows.strides, windows.dilations, windows.needed(x.shape[2:]), windows.counts)
    return b.mul(average_pool(b, x, wide, count_padding=True), float(math.prod(windows.kernel)))


def _pool(b: GraphBuilder, method: str, x: Operand, windows: Windows) -> Operand:
    """Pools the last two dimensions at once, or the only one, and those before them one by one."""
    rank = x.rank - 2
    pads = windows.needed(x.shape[2:])
    for axes in [list(range(max(0, rank - 2), rank)), *([axis] for axis in range(rank - 3, -1, -1))]:
        x = _pool_axes(b, method, x, axes, windows, pads)
    return x


def _pool_axes(b: GraphBuilder, method: str, x: Operand, axes: Sequence[int], windows: Windows, pads: Pads) -> Operand:
    """Pools x [n, c, *image] over one spatial dimension, or over the last two."""
    first, last = 2 + axes[0], 2 + axes[-1]
    behind = [math.prod(x.shape[last + 1 :])] if len(axes) == 1 else []
    image = [x.shape[0], math.prod(x.shape[1:first]), *x.shape[first : last + 1], *behind]
    y = b.call(
        method,
        b.reshape(x, image),
        windowDimensions=[windows.kernel[axis] for axis in axes] + [1] * len(behind),
        padding=flat([pads[axis] for axis in axes] + [(0, 0)] * len(behind)),
        strides=[windows.strides[axis] for axis in axes] + [1] * len(behind),
        dilations=[windows.dilations[axis] for axis in axes] + [1] * len(behind),
    )
    return b.reshape(y, [*x.shape[:first], *(windows.counts[axis] for axis in axes), *x.shape[last + 1 :]])


def max_pool_positions(b: GraphBuilder, x: Operand, windows: Windows) -> Operand:
    """For every maximum of `max_pool` where it stands in its image, counted row by row -> int32 [n, c, *result].

    The pixels of each window are gathered next to each other, padding replaced by the window's first pixel, and the place
    of the largest is looked up.
    """
    n, channels, *image = x.shape
    b.reserve(*windows.counts, *windows.kernel)
    seen = _positions(image, windows)
    count, taps = seen.shape
    pixels = b.gather(b.reshape(x, [n * channels, math.prod(image)]), b.constant(seen.ravel().astype(np.int32)), axis=1)
    best = b.argMax(b.reshape(pixels, [n * channels, count, taps]), 2)
    places = b.add(best, b.constant(b.arange(count, np.int32) * taps))
    found = b.gather(b.constant(seen.ravel().astype(np.int32)), places)
    return b.reshape(found, [n, channels, *windows.counts])


def _positions(image: Sequence[int], windows: Windows) -> Array:
    """The pixels [windows, taps] that the windows see, as positions in the flattened image."""
    rank = len(image)
    flat_index = np.zeros((1,) * (2 * rank), np.int64)
    inside = np.ones((1,) * (2 * rank), bool)
    for axis, size in enumerate(image):
        starts = np.arange(windows.counts[axis]) * windows.strides[axis] - windows.pads[axis][0]
        at = starts[:, None] + np.arange(windows.kernel[axis]) * windows.dilations[axis]
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = at.shape
        at = at.reshape(shape)
        flat_index = flat_index * size + at
        inside = inside & (at >= 0) & (at < size)
    taps = math.prod(windows.kernel)
    flat_index, inside = flat_index.reshape(-1, taps), inside.reshape(-1, taps)
    first = np.take_along_axis(flat_index, inside.argmax(axis=1)[:, None], axis=1)
    return np.where(inside, flat_index, first)
