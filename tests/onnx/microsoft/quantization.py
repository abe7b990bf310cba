"""Rows: quantized tensors and weights of a few bits."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from converters.lowering.nbits import packed
from tests.onnx.one_node import Known, OneNode
from tests.onnx.values import i8, normal, scales, u8
from webnn_graph.data_types import Array

RANDOM = np.random.default_rng(3)


def scale(value: float) -> Known:
    return Known(np.float32(value))


def zero(value: int, kind: type = np.uint8) -> Known:
    return Known(np.array(value, kind))


def nbits(bits: int, inner: int, columns: int, block: int, points: str = "", groups: Array | None = None, bias: bool = False) -> OneNode:
    """A row of MatMulNBits; zero points absent, "packed" or "float"."""
    blocks = -(-inner // block)
    values = RANDOM.integers(0, 2**bits, (columns, blocks, block), np.uint8)
    zeros = None
    if points == "packed":
        count = -(-blocks * bits // 8) * 8 // bits
        zeros = Known(packed(RANDOM.integers(0, 2**bits, (columns, count), np.uint8), bits))
    if points == "float":
        zeros = Known(RANDOM.uniform(0, 2**bits, (columns, blocks)).astype(np.float32))
    return OneNode(
        "MatMulNBits",
        (
            normal(2, 3, inner),
            Known(packed(values, bits)),
            scales(columns, blocks),
            zeros,
            None if groups is None else Known(groups.astype(np.int32)),
            Known(normal(columns)) if bias else None,
        ),
        {"K": inner, "N": columns, "bits": bits, "block_size": block},
    )


def int4(*shape: int) -> Array:
    return RANDOM.integers(-8, 8, shape).astype(ml_dtypes.int4)


def uint4(*shape: int) -> Array:
    return RANDOM.integers(0, 16, shape).astype(ml_dtypes.uint4)


TOKENS = RANDOM.integers(0, 20, (2, 3))
REGULAR = RANDOM.permutation(np.repeat(np.arange(4), 16))
IRREGULAR = np.sort(RANDOM.integers(0, 4, 64))
IMAGE = u8(1, 3, 7, 6)
NO_SHIFT = Known(np.zeros((1, 16), np.int8))
LSTM = (i8(1, 5, 16), i8(1, 4, 16))

CASES = [
    nbits(4, 64, 8, 16),
    nbits(4, 64, 8, 32, "packed"),
    nbits(4, 48, 8, 32, "packed", bias=True),
    nbits(4, 64, 8, 16, "float"),
    nbits(2, 64, 8, 16),
    nbits(2, 64, 8, 16, "packed"),
    nbits(8, 64, 8, 16),
    nbits(8, 64, 8, 16, "packed"),
    nbits(4, 64, 8, 16, "", REGULAR),
    nbits(4, 64, 8, 16, "", IRREGULAR),
    OneNode("GatherBlockQuantized", (Known(int4(20, 32)), TOKENS, scales(20, 2)), {"block_size": 16}),
    OneNode("GatherBlockQuantized", (Known(uint4(20, 32)), TOKENS, scales(20, 2), Known(uint4(20, 2))), {"block_size": 16}),
    OneNode("GatherBlockQuantized", (Known(u8(20, 16)), TOKENS, scales(20, 2)), {"block_size": 16}),
    OneNode("GatherBlockQuantized", (Known(u8(20, 16)), TOKENS, scales(20, 2), Known(u8(20, 1))), {"block_size": 16}),
    OneNode("GatherBlockQuantized", (Known(u8(20, 32)), TOKENS, scales(20, 2)), {"block_size": 16, "bits": 8}),
    OneNode("GatherBlockQuantized", (Known(u8(20, 32)), TOKENS, scales(20, 2), Known(u8(20, 2))), {"block_size": 16, "bits": 8}),
    OneNode("GatherBlockQuantized", (Known(int4(32, 20)), TOKENS, scales(2, 20)), {"block_size": 16, "gather_axis": 1, "quantize_axis": 0}),
    OneNode("MatMulIntegerToFloat", (u8(2, 3, 8), Known(i8(8, 5)), scale(0.02), scale(0.03))),
    OneNode("MatMulIntegerToFloat", (u8(3, 8), Known(u8(8, 5)), scale(0.02), scales(5), zero(128), Known(u8(5)), Known(normal(5)))),
    OneNode("DynamicQuantizeMatMul", (normal(2, 3, 8), Known(i8(8, 5)), scale(0.03))),
    OneNode("DynamicQuantizeMatMul", (normal(3, 8), Known(u8(8, 5)), scales(5), Known(u8(5)), Known(normal(5)))),
    OneNode("QGemm", (u8(3, 8), scale(0.02), zero(120), Known(i8(8, 5)), scale(0.03), zero(0, np.int8), Known(normal(5).astype(np.int32)))),
    OneNode(
        "QGemm",
        (u8(3, 8), scale(0.02), zero(120), Known(u8(5, 8)), scale(0.03), zero(128), None, scale(0.2), zero(100)),
        {"transB": 1},
        steps=1,
    ),
    OneNode("QLinearAdd", (u8(2, 5), scale(0.02), zero(120), u8(2, 5), scale(0.03), zero(128), scale(0.06), zero(100)), steps=1),
    OneNode(
        "QLinearAdd",
        (i8(2, 5), scale(0.02), zero(3, np.int8), i8(5), scale(0.03), zero(0, np.int8), scale(0.06), zero(0, np.int8)),
        steps=1,
    ),
    OneNode("QLinearMul", (u8(2, 5), scale(0.02), zero(120), u8(2, 5), scale(0.03), zero(128), scale(0.1), zero(100)), steps=1),
    OneNode("QLinearSigmoid", (u8(2, 5), scale(0.03), zero(120), scale(1 / 256), zero(0)), steps=1),
    OneNode("QLinearSigmoid", (i8(2, 5), scale(0.03), None, scale(1 / 256), zero(-128, np.int8)), steps=1),
    OneNode("QLinearLeakyRelu", (u8(2, 5), scale(0.03), zero(120), scale(0.02), zero(30)), {"alpha": 0.1}, steps=1),
    OneNode("QLinearSoftmax", (u8(2, 5), scale(0.03), zero(120), scale(1 / 256), zero(0)), {"axis": -1, "opset": 13}, steps=1),
    OneNode("QLinearSoftmax", (u8(2, 3, 4), scale(0.03), zero(120), scale(1 / 256), zero(0)), {"axis": 1, "opset": 11}, steps=1),
    OneNode(
        "QLinearConcat", (scale(0.03), zero(100), u8(2, 3), scale(0.02), zero(120), u8(2, 2), scale(0.05), zero(90)), {"axis": 1}, steps=1
    ),
    OneNode(
        "QLinearWhere",
        (RANDOM.random((2, 3)) > 0.5, u8(2, 3), scale(0.02), zero(120), u8(2, 3), scale(0.05), zero(90), scale(0.04), zero(100)),
        steps=1,
    ),
    OneNode(
        "QLinearAveragePool",
        (IMAGE, scale(0.03), zero(120), scale(0.02), zero(100)),
        {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 1], "count_include_pad": 1},
        steps=1,
    ),
    OneNode(
        "QLinearAveragePool",
        (u8(1, 7, 6, 3), scale(0.03), zero(120), scale(0.02), zero(100)),
        {"kernel_shape": [3, 2], "channels_last": 1},
        steps=1,
    ),
    OneNode("QLinearGlobalAveragePool", (IMAGE, scale(0.03), zero(120), scale(0.02), zero(100)), steps=1),
    OneNode("QLinearGlobalAveragePool", (u8(1, 7, 6, 3), scale(0.03), zero(120), scale(0.02), zero(100)), {"channels_last": 1}, steps=1),
    OneNode(
        "QLinearConv",
        (u8(1, 7, 6, 3), scale(0.02), zero(120), Known(i8(4, 3, 3, 3)), scales(4), Known(np.zeros(4, np.int8)), scale(0.2), zero(100)),
        {"channels_last": 1, "pads": [1, 1, 1, 1]},
        steps=1,
    ),
    OneNode("QuantizeLinear", (normal(3, 4), scale(0.03), zero(120))),
    OneNode("QuantizeLinear", (normal(3, 4), scale(0.0001), zero(-3, np.int16))),
    OneNode("QuantizeLinear", (normal(3, 4), scale(0.00003), zero(300, np.uint16))),
    OneNode("QuantizeLinear", (normal(3, 4), scales(4), Known(i8(4))), {"axis": 1}),
    OneNode("DequantizeLinear", (u8(3, 4), scale(0.03), zero(120))),
    OneNode("DequantizeLinear", (i8(3, 4), scales(3), Known(i8(3))), {"axis": 0}),
    OneNode("DequantizeLinear", (RANDOM.integers(-999, 999, (3, 4), np.int32), scale(0.03))),
    OneNode(
        "DynamicQuantizeLSTM",
        (
            normal(3, 2, 5),
            *map(Known, LSTM),
            Known(normal(1, 32)),
            *[None] * 4,
            scales(1),
            Known(i8(1)),
            scales(1),
            Known(np.zeros(1, np.int8)),
        ),
        {"hidden_size": 4},
        (0, 1, 2),
        rtol=0.05,
        atol=0.05,
    ),
    OneNode(
        "DynamicQuantizeLSTM",
        (
            normal(3, 2, 5),
            *map(Known, LSTM),
            None,
            None,
            normal(1, 2, 4),
            normal(1, 2, 4),
            None,
            scales(1, 16),
            NO_SHIFT,
            scales(1, 16),
            NO_SHIFT,
        ),
        {"hidden_size": 4, "direction": "reverse"},
        (0, 1, 2),
        rtol=0.05,
        atol=0.05,
    ),
]

GROUPED = [nbits(4, 64, 8, 16, "packed", REGULAR), nbits(4, 64, 8, 16, "packed", IRREGULAR), nbits(4, 64, 8, 16, "float", REGULAR)]
"""MatMulNBits with both g_idx and zero points: ONNX Runtime's CPU kernel ignores the zero points then."""
