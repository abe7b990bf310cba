"""Rows for quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.case import Case, Tensor, f16, f32, i4, i8, i32, u4, u8, u32
from tests.ops.oracles import Oracle


def _by_element(function: Callable[[Any, Any, Any], Any]) -> Oracle:
    """``function`` of each element with the scale and zero point of the block it lies in."""

    def compute(x: Any, scale: Any, zero: Any) -> Any:
        y = np.zeros(x.shape, np.float64)
        for at in np.ndindex(*x.shape):
            block = tuple(i * s // n for i, s, n in zip(at, scale.shape, x.shape, strict=True))
            y[at] = function(x[at].item(), scale[block].item(), zero[block].item())
        return y

    return compute


def _quantized(low: int, high: int) -> Oracle:
    return _by_element(lambda x, scale, zero: min(max(round(x / scale) + zero, low), high))


DEQUANTIZED = _by_element(lambda q, scale, zero: (q - zero) * scale)


def _positive(*shape: int, of: Any = f32) -> Tensor:
    tensor: Tensor = of(*shape, low=0.0625, high=1)
    return tensor


UINT4 = "no uint4"

DEQUANTIZE = [
    *(
        Case("dequantizeLinear", [tensor(4, 6), _positive(*shape), tensor(*shape)], gives=f32(4, 6), by=DEQUANTIZED, browser=why)
        for tensor, why in ((i8, ""), (u8, ""), (i32, ""), (u32, ""), (i4, ""), (u4, UINT4))
        for shape in ((1, 1), (4, 1), (1, 6), (4, 2), (2, 3), (4, 6))
    ),
    Case("dequantizeLinear", [u8(2, 3), _positive(1, 1, of=f16), u8(1, 1)], gives=f16(2, 3), by=DEQUANTIZED),
    Case("dequantizeLinear", [i8(values=5), f32(values=0.5), i8(values=1)], gives=f32(values=2)),
    Case("dequantizeLinear", [i32(1, values=[2**31 - 1]), f32(1, values=[1]), i32(1, values=[-(2**31)])], gives=f32(1, values=[2**32 - 1])),
    Case("dequantizeLinear", [f32(2), f32(1), f32(1)], error="input is float32, allowed are uint8, int8, uint32, int32, int4, uint4"),
    Case("dequantizeLinear", [u8(2), f32(1), i8(1)], error="zeroPoint is int8, input is uint8; they must be the same"),
    Case("dequantizeLinear", [u8(2), u8(1), u8(1)], error="scale is uint8, allowed are float32, float16"),
    Case("dequantizeLinear", [u8(2, 3), f32(1), u8(1)], error="scale has rank 1, the input rank 2; they must be the same"),
    Case("dequantizeLinear", [u8(2, 3), f32(1, 1), u8(1)], error="zeroPoint has rank 1, the input rank 2; they must be the same"),
    Case("dequantizeLinear", [u8(2, 3), f32(2, 1), u8(1, 3)], error="scale has shape [2, 1], zeroPoint [1, 3]"),
    Case(
        "dequantizeLinear",
        [u8(2, 3), f32(1, 2), u8(1, 2)],
        error="scale has shape [1, 2], which does not divide the input's [2, 3] into blocks",
    ),
]

QUANTIZE = [
    *(
        Case(
            "quantizeLinear",
            [f32(4, 6, low=-40, high=40), _positive(*shape), tensor(*shape)],
            gives=tensor(4, 6),
            by=_quantized(low, high),
            browser=why,
        )
        for tensor, low, high, why in (
            (i8, -128, 127, ""),
            (u8, 0, 255, ""),
            (i32, -(2**31), 2**31 - 1, ""),
            (u32, 0, 2**32 - 1, ""),
            (i4, -8, 7, "no quantization to int4"),
            (u4, 0, 15, UINT4),
        )
        for shape in ((1, 1), (4, 1), (2, 3))
    ),
    Case("quantizeLinear", [f16(2, 3), _positive(1, 1, of=f16), u8(1, 1)], gives=u8(2, 3), tolerance=1, by=_quantized(0, 255)),
    Case(
        "quantizeLinear",
        [f32(6, values=[0.5, 1.5, 2.5, -0.5, -1.5, 2.9]), f32(1, values=1), i8(1, values=0)],
        gives=i8(6, values=[0, 2, 2, 0, -2, 3]),
    ),
    Case(
        "quantizeLinear",
        [f32(2, values=[np.inf, -np.inf]), f32(1, values=1), u8(1, values=3)],
        gives=u8(2, values=[255, 0]),
        rustnn="infinity becomes 0",
    ),
    Case("quantizeLinear", [f32(2), f16(1), u8(1)], error="scale is float16, input is float32; they must be the same"),
    Case("quantizeLinear", [f32(2), f32(1), f32(1)], error="zeroPoint is float32, allowed are uint8, int8, uint32, int32, int4, uint4"),
    Case("quantizeLinear", [f32(2, 3), f32(3), u8(3)], error="scale has rank 1, the input rank 2; they must be the same"),
    Case("quantizeLinear", [f32(2, 3), f32(2, 1), u8(2, 3)], error="scale has shape [2, 1], zeroPoint [2, 3]"),
    Case("quantizeLinear", [f32(4), f32(3), u8(3)], error="scale has shape [3], which does not divide the input's [4] into blocks"),
]

CASES = [*DEQUANTIZE, *QUANTIZE]
