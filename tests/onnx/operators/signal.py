"""Rows: Fourier transforms."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import normal, row, weights

REAL, COMPLEX = normal(2, 6, 5, 1), normal(2, 6, 5, 2)
LOOSE: dict[str, Any] = {"rtol": 1e-3, "atol": 1e-4}


def number(value: int) -> Known:
    return Known(np.array(value, np.int64))


CASES = [
    *[row("DFT", REAL, onesided=onesided, axis=axis, opset=17, **LOOSE) for onesided, axis in product((0, 1), (1, 2))],
    *[row("DFT", COMPLEX, inverse=inverse, axis=axis, opset=17, **LOOSE) for inverse, axis in product((0, 1), (1, 2))],
    *[row("DFT", REAL, number(length), onesided=1, opset=17, **LOOSE) for length in (4, 6, 9)],
    *[row("DFT", COMPLEX, number(length), number(-2), inverse=inverse, opset=20, **LOOSE) for length, inverse in product((3, 8), (0, 1))],
    *[
        row("STFT", normal(2, 30, 1), number(step), None, number(8), onesided=onesided, opset=17, **LOOSE)
        for step, onesided in product((3, 8), (0, 1))
    ],
    row("STFT", normal(2, 30, 1), number(4), weights(7), number(7), opset=17, **LOOSE),
    row("STFT", normal(1, 30, 1), number(4), normal(7), number(7), opset=17, **LOOSE),
]
