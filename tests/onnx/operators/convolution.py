"""Rows: Conv, ConvTranspose, DeformConv, Col2Im (dilated in two dimensions only: ONNX Runtime is wrong in one and three)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from tests.onnx.values import ints, normal, row, weights

AUTO = ("SAME_UPPER", "SAME_LOWER", "VALID")
LINE, IMAGE, VOLUME = normal(2, 4, 11), normal(2, 4, 9, 8), normal(2, 4, 6, 7, 5)

SUMS = 5e-6
"""What remains of rounding where a hundred products of about 1 cancel; how much depends on the order in which a processor sums."""

ROWS = [
    # one dimension
    row("Conv", LINE, weights(6, 4, 3)),
    row("Conv", LINE, weights(6, 2, 3), weights(6), group=2, pads=[2, 1], strides=[2], dilations=[2]),
    row("Conv", LINE, normal(4, 1, 4), group=4, pads=[0, 3]),
    *[row("Conv", LINE, weights(3, 4, 4), auto_pad=pad, strides=[3]) for pad in AUTO],
    # two dimensions
    row("Conv", IMAGE, weights(6, 4, 3, 2), weights(6), pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2]),
    row("Conv", IMAGE, normal(8, 2, 1, 3), normal(8), group=2),
    row("Conv", IMAGE, weights(4, 1, 3, 3), group=4, pads=[1, 1, 1, 1], strides=[2, 2]),
    *[row("Conv", IMAGE, weights(3, 4, 4, 3), auto_pad=pad, strides=[2, 3]) for pad in AUTO],
    # three dimensions
    row("Conv", VOLUME, weights(6, 4, 1, 1, 1), strides=[2, 1, 2]),
    row("Conv", VOLUME, weights(6, 4, 3, 2, 3), weights(6), pads=[1, 0, 2, 2, 1, 0], strides=[2, 1, 1], dilations=[1, 2, 1]),
    row("Conv", VOLUME, normal(4, 2, 2, 3, 2), group=2, dilations=[3, 1, 2]),
    row("Conv", VOLUME, weights(8, 1, 3, 3, 3), group=4, pads=[1] * 6),
    *[row("Conv", VOLUME, weights(2, 4, 3, 2, 2), auto_pad=pad, strides=[2, 2, 3]) for pad in AUTO],
    # transposed
    row("ConvTranspose", LINE, weights(4, 3, 4), weights(3), strides=[3], pads=[1, 2], output_padding=[1]),
    row("ConvTranspose", LINE, weights(4, 2, 2), group=2, strides=[3], dilations=[2]),
    row("ConvTranspose", IMAGE, weights(4, 3, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
    row("ConvTranspose", IMAGE, normal(4, 2, 3, 2), normal(4), group=2, strides=[1, 3], pads=[0, 1, 1, 0], dilations=[2, 1]),
    row("ConvTranspose", IMAGE, weights(4, 3, 3, 3), strides=[2, 2], output_shape=[18, 17]),
    row("ConvTranspose", IMAGE, weights(4, 1, 2, 2), weights(1), strides=[3, 3], output_padding=[2, 2]),
    row("ConvTranspose", VOLUME, weights(4, 3, 2, 3, 2), weights(3), strides=[2, 1, 2], pads=[1, 1, 0, 0, 1, 1]),
    row("ConvTranspose", VOLUME, weights(4, 1, 3, 2, 2), group=2, strides=[2, 3, 1], dilations=[2, 1, 2], output_padding=[1, 2, 0]),
    *[
        row("ConvTranspose", IMAGE, weights(4, 2, *kernel), auto_pad=pad, strides=strides)
        for pad, kernel, strides in product(AUTO[:2], ([3, 3], [1, 2], [4, 2]), ([2, 2], [3, 1]))
    ],
    # columns
    row("Col2Im", normal(2, 9, 4), ints(9), ints(3), strides=[2]),
    row("Col2Im", normal(2, 12, 21), ints(5, 7), ints(3, 2), strides=[2, 1], pads=[1, 0, 1, 2], dilations=[1, 2]),
    row("Col2Im", normal(2, 12, 60), ints(5, 4, 4), ints(1, 3, 2), strides=[1, 1, 1], pads=[0, 1, 0, 0, 1, 0]),
    # deformable
    row("DeformConv", IMAGE, normal(6, 4, 3, 2), normal(2, 12, 7, 7), rtol=1e-3, atol=1e-4),
    row(
        "DeformConv",
        IMAGE,
        weights(6, 2, 3, 3),
        normal(2, 36, 5, 5),
        normal(6),
        normal(2, 18, 5, 5),
        group=2,
        offset_group=2,
        strides=[2, 2],
        pads=[2, 3, 2, 2],
        dilations=[2, 2],
        rtol=1e-3,
        atol=1e-4,
    ),
]

CASES = [replace(case, atol=max(case.atol, SUMS)) for case in ROWS]
