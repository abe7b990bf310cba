"""Convolutions along one axis from one channel to one, which implementations compute a product at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Operand
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.ops.windows import nchw_shape
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call

MADE = 16
"""Results that are computed together: as many channels as implementations compute at a time."""


@dataclass(frozen=True)
class Row:
    """How a filter moves along a row of numbers.

    Attributes:
        taps: The filter's length.
        step: From one result to the next.
        before: Zeros before the row.
    """

    taps: int
    step: int
    before: int


def row_of(call: Call) -> Row | None:
    """How a conv2d from one channel to one moves along its only row or column; None for any other."""
    channels, *image = nchw_shape(call.input.shape, call.inputLayout)[1:]
    outputs, _, *kernel = (call.filter.shape[axis] for axis in FILTER_AXES[call.filterLayout])
    if (channels, outputs) != (1, 1) or max(call.dilations) > 1:
        return None
    for along, across in ((0, 1), (1, 0)):
        if image[across] == kernel[across] == 1 and not any(call.padding[2 * across : 2 * across + 2]):
            return Row(kernel[along], call.strides[along], call.padding[2 * along])
    return None


def in_blocks(b: LegalBuilder, call: Call) -> Operand:
    """conv2d of one row of finite numbers: as many of them as some results share are the channels of one pixel.

    It reads up to twice as many numbers, some of them to multiply them with 0.
    """
    row, taps = row_of(call), b.value(call.filter)
    assert row is not None
    assert taps is not None
    filters = _shifted(taps.ravel(), row.step)
    _, _, pixels, wide = filters.shape
    images, length, count = call.input.shape[0], call.input.size // call.input.shape[0], call.result.size // call.result.shape[0]
    blocks = -(-count // MADE) + pixels - 1
    numbers = b.reshape(call.input, [images, length])
    numbers = b.pad(numbers, [0, row.before], [0, max(0, blocks * wide - row.before - length)])
    numbers = b.reshape(b.slice(numbers, [0, 0], [images, blocks * wide]), [images, 1, blocks, wide])
    y = b.conv2d(numbers, b.constant(filters), inputLayout="nhwc", filterLayout="ohwi")
    y = b.slice(b.reshape(y, [images, y.size // images]), [0, 0], [images, count])
    return b.reshape(y if call.bias is None else b.add(y, call.bias), list(call.result.shape))


def _shifted(taps: Array, step: int) -> Array:
    """The filter once for each result of a block, each where that result reads: [results, 1, pixels, numbers of a pixel]."""
    wide = MADE * step
    pixels = -(-((MADE - 1) * step + taps.size) // wide)
    filters = np.zeros((MADE, pixels * wide), taps.dtype)
    for i, shifted in enumerate(filters):
        shifted[i * step : i * step + taps.size] = taps
    return filters.reshape(MADE, 1, pixels, wide)
