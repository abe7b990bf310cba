"""What convolution and pooling share: layouts, padding and sliding windows over the two spatial dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from webnn_graph.data_types import Array
from webnn_graph.ops.rules import require

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)


def to_nchw(array: Array, layout: str) -> Array:
    """An image of either layout as [n, c, h, w]."""
    return array if layout == "nchw" else array.transpose(NHWC_TO_NCHW)


def from_nchw(array: Array, layout: str) -> Array:
    """[n, c, h, w] in the given layout."""
    return array if layout == "nchw" else array.transpose(NCHW_TO_NHWC)


def nchw_shape(shape: Sequence[int], layout: str) -> tuple[int, ...]:
    """The shape of an image of either layout as n, c, h, w."""
    return tuple(shape) if layout == "nchw" else tuple(shape[axis] for axis in NHWC_TO_NCHW)


def shape_from_nchw(shape: Sequence[int], layout: str) -> tuple[int, ...]:
    """The shape n, c, h, w in the given layout."""
    return tuple(shape) if layout == "nchw" else tuple(shape[axis] for axis in NCHW_TO_NHWC)


def extent(kernel: int, dilation: int) -> int:
    """How many pixels a dilated kernel spans."""
    return (kernel - 1) * dilation + 1


def check_spatial(*, padding: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> None:
    """Raises `ValidationError` unless padding is [top, bottom, left, right] and the others are two positive numbers."""
    require(len(padding) == 4, f"padding {list(padding)} must have 4 entries: begin and end of height, begin and end of width")
    for name, values in (("strides", strides), ("dilations", dilations)):
        require(len(values) == 2 and min(values) > 0, f"{name} {list(values)} must be 2 positive numbers: height and width")


def pad_spatial(x: Array, padding: Sequence[int], value: float = 0) -> Array:
    """x [n, c, h, w] with ``value`` around it; padding is [top, bottom, left, right]."""
    if not any(padding):
        return x
    top, bottom, left, right = padding
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def windows(x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """A view [n, c, oh, ow, kh, kw] on x [n, c, h, w]: the window that each output pixel sees."""
    span = [extent(k, d) for k, d in zip(kernel, dilations, strict=True)]
    view = sliding_window_view(x, span, axis=(2, 3))
    return np.asarray(view[:, :, :: strides[0], :: strides[1], :: dilations[0], :: dilations[1]])


def slide(
    function: np.ufunc, x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], size: Sequence[int]
) -> Array:
    """``function`` (np.add, np.maximum) over each window of x [n, c, h, w] -> [n, c, *size], one dimension after the other.

    A window's elements are combined tap by tap for all windows at once or, when there are fewer windows than taps, window by window.
    """
    for axis, (taps, stride, dilation, count) in enumerate(zip(kernel, strides, dilations, size, strict=True), start=2):
        before = (slice(None),) * axis
        if count < taps:
            spans = (slice(i * stride, i * stride + extent(taps, dilation), dilation) for i in range(count))
            x = np.concatenate([function.reduce(x[(*before, span)], axis=axis, keepdims=True) for span in spans], axis)
            continue
        starts = range(0, taps * dilation, dilation)
        seen = [x[(*before, slice(start, start + (count - 1) * stride + 1, stride))] for start in starts]
        combined = seen[0].copy()
        for tap in seen[1:]:
            function(combined, tap, out=combined)
        x = combined
    return x
