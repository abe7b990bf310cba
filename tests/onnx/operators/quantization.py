"""Rows: quantization of every element type, and products of quantized tensors."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import i8, known, normal, row, scales, u8

RANDOM = np.random.default_rng(4)


def int4(*shape: int) -> Known:
    return Known(RANDOM.integers(-8, 8, shape).astype(ml_dtypes.int4))


def uint4(*shape: int) -> Known:
    return Known(RANDOM.integers(0, 16, shape).astype(ml_dtypes.uint4))


LONG_LEFT, LONG_RIGHT = np.full((2, 700), 255, np.uint8), np.full((700, 3), 127, np.int8)

CASES = [
    row("QuantizeLinear", normal(3, 4), known(0.02)),
    row("QuantizeLinear", normal(3, 4), known(0.02), known(-3, np.int8), opset=10),
    row("QuantizeLinear", normal(3, 4), scales(4), Known(u8(4)), opset=13, axis=-1),
    row("QuantizeLinear", normal(3, 4), scales(3), Known(i8(3)), opset=13, axis=0),
    row("QuantizeLinear", normal(3, 8), scales(3, 2), Known(u8(3, 2)), block_size=4, axis=1),
    row("QuantizeLinear", normal(3, 4), known(0.0001), known(-7, np.int16)),
    row("QuantizeLinear", normal(3, 4), known(0.00003), known(300, np.uint16)),
    row("QuantizeLinear", normal(3, 4), known(0.0001), output_dtype=5),
    row("QuantizeLinear", normal(3, 4).astype(np.float16), Known(np.float16(0.02)), known(100, np.uint8)),
    row("DequantizeLinear", u8(3, 4), known(0.02), known(120, np.uint8), opset=10),
    row("DequantizeLinear", i8(3, 4), scales(3), axis=0, opset=13),
    row("DequantizeLinear", i8(2, 3, 4), scales(4), Known(i8(4)), axis=-1, opset=13),
    row("DequantizeLinear", RANDOM.integers(-999, 999, (3, 4), np.int32), known(0.02), opset=13),
    row("DequantizeLinear", RANDOM.integers(-999, 999, (3, 4), np.int16), known(0.02), known(-7, np.int16)),
    row("DequantizeLinear", RANDOM.integers(0, 9999, (3, 4), np.uint16), known(0.02), known(7, np.uint16)),
    row("DequantizeLinear", int4(8, 4), scales(2, 4), int4(2, 4), axis=0, block_size=4),
    row("DequantizeLinear", uint4(8, 4), scales(2, 4), axis=0, block_size=4),
    row("DequantizeLinear", int4(7, 4), scales(2, 4), int4(2, 4), axis=0, block_size=4),
    row("DequantizeLinear", uint4(3, 6), scales(3), uint4(3), axis=0),
    row("DynamicQuantizeLinear", normal(3, 4), outputs=(0, 1, 2), opset=11),
    row("DynamicQuantizeLinear", np.abs(normal(3, 4)) + 1, outputs=(0, 1, 2), opset=11),
    row("DynamicQuantizeLinear", -np.abs(normal(3, 4)) - 1, outputs=(0, 1, 2), opset=11),
    row("MatMulInteger", u8(2, 3, 4), i8(4, 5), known(120, np.uint8)),
    row("MatMulInteger", u8(3, 4), u8(4, 5), known(120, np.uint8), Known(u8(5))),
    row("MatMulInteger", LONG_LEFT, LONG_RIGHT),
    row("MatMulInteger", LONG_LEFT, Known(LONG_RIGHT)),
    row("ConvInteger", u8(1, 3, 5, 6), u8(4, 3, 3, 3), known(120, np.uint8), known(128, np.uint8), pads=[1, 0, 1, 2], strides=[2, 1]),
    row("ConvInteger", np.full((1, 400, 2, 2), 255, np.uint8), Known(np.full((2, 400, 1, 1), 255, np.uint8))),
    row(
        "QLinearMatMul",
        u8(3, 4),
        known(0.02),
        known(120, np.uint8),
        u8(4, 5),
        scales(5),
        Known(u8(5)),
        known(0.1),
        known(99, np.uint8),
        steps=1,
    ),
    row(
        "QLinearConv",
        u8(1, 4, 5, 6),
        known(0.02),
        known(120, np.uint8),
        Known(i8(6, 2, 3, 3)),
        scales(6),
        Known(np.zeros(6, np.int8)),
        known(0.2),
        known(100, np.uint8),
        Known(RANDOM.integers(-999, 999, 6, np.int32)),
        group=2,
        pads=[1, 1, 1, 1],
        steps=1,
    ),
]
