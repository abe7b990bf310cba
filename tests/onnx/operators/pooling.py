"""Rows: pooling and its inverse."""

from __future__ import annotations

from itertools import product

import numpy as np

from tests.onnx.values import i8, normal, row, u8

LINE, IMAGE, VOLUME = normal(2, 3, 11), normal(2, 3, 9, 8), normal(2, 3, 6, 7, 5)
UNPOOLED = (np.arange(12).reshape(1, 2, 2, 3) // 3 * 12 + np.arange(3) * 2).astype(np.int64)

CASES = [
    *[
        row(op, x, kernel_shape=[3] * rank, strides=[2] * rank, pads=[1] * 2 * rank, ceil_mode=ceil)
        for op, (rank, x), ceil in product(("MaxPool", "AveragePool", "LpPool"), enumerate((LINE, IMAGE, VOLUME), start=1), (0, 1))
    ],
    *[
        row(op, IMAGE, kernel_shape=[3, 2], strides=[2, 1], auto_pad=pad)
        for op, pad in product(("MaxPool", "AveragePool", "LpPool"), ("SAME_UPPER", "SAME_LOWER", "VALID"))
    ],
    # a last window that would begin in the padding does not count
    row("MaxPool", normal(1, 1, 3, 3), kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1),
    row("AveragePool", normal(1, 1, 2, 2), kernel_shape=[1, 1], strides=[2, 2], ceil_mode=1),
    row("MaxPool", IMAGE, kernel_shape=[2, 3], strides=[3, 3], pads=[0, 2, 1, 0], dilations=[2, 2], ceil_mode=1),
    row("MaxPool", VOLUME, kernel_shape=[2, 3, 2], strides=[1, 2, 2], pads=[1, 0, 1, 0, 2, 1], dilations=[2, 1, 2]),
    row("MaxPool", i8(1, 2, 5, 6), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    row("MaxPool", u8(1, 2, 9), kernel_shape=[2], strides=[2]),
    # the places of the maxima
    row("MaxPool", LINE, kernel_shape=[3], strides=[2], pads=[1, 1], outputs=(0, 1)),
    row("MaxPool", IMAGE, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 2, 1], outputs=(0, 1)),
    row("MaxPool", IMAGE, kernel_shape=[2, 2], strides=[1, 3], dilations=[2, 1], storage_order=1, ceil_mode=1, outputs=(0, 1)),
    row("MaxPool", VOLUME, kernel_shape=[2, 3, 2], strides=[2, 2, 1], outputs=(0, 1)),
    row("MaxPool", np.zeros((1, 2, 5, 5), np.float32), kernel_shape=[3, 3], pads=[1, 1, 1, 1], outputs=(0, 1)),
    # padding that counts
    *[
        row("AveragePool", x, kernel_shape=[3] * rank, strides=[2] * rank, pads=[1] * rank + [2] * rank, count_include_pad=1)
        for rank, x in enumerate((LINE, IMAGE, VOLUME), start=1)
    ],
    row("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 3], pads=[1, 1, 0, 0], dilations=[2, 1], count_include_pad=1, ceil_mode=1),
    row("AveragePool", IMAGE, kernel_shape=[4, 3], strides=[3, 2], pads=[1, 1, 1, 1], auto_pad="NOTSET", count_include_pad=0, ceil_mode=1),
    # other norms
    *[
        row("LpPool", x, kernel_shape=[2] * rank, p=p, strides=[2] * rank)
        for p, (rank, x) in product((1, 3), enumerate((LINE, IMAGE, VOLUME), start=1))
    ],
    *[row(op, x, opset=21) for op, x in product(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), (LINE, IMAGE, VOLUME))],
    *[row("GlobalLpPool", IMAGE, p=p, opset=21) for p in (1, 3)],
    row("MaxUnpool", normal(1, 2, 2, 3), UNPOOLED, kernel_shape=[2, 2], strides=[2, 2]),
]
