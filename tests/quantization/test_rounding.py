"""Rounded numbers, compared with those of ONNX Runtime's and PyTorch's quantizers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnxruntime.capi._pybind_state import quantize_matmul_4bits

from tests.quantization.layers import numbers
from webnn_graph.data_types import Array, DataType
from webnn_graph.ops.quantization import blocks as spread
from webnn_graph.quantization import rounding
from webnn_graph.quantization.blocks import blocks
from webnn_graph.quantization.measuring import signal_to_noise
from webnn_graph.quantization.rounding import Rounded, in_halves, in_integers


def restored(rounded: Rounded) -> Array:
    """The numbers that the rounded ones stand for."""
    assert rounded.scale
    values, scale = rounded.values.array.astype(np.float32), rounded.scale.array
    zero = rounded.zero_point.array if rounded.zero_point else np.zeros(scale.shape, np.int8)
    return (values - spread(zero, values.shape)) * spread(scale, values.shape)


@pytest.mark.parametrize(("shape", "axis"), [((64, 48), 1), ((48, 64), 0), ((24, 16, 3, 3), 0), ((3, 3, 16, 24), 3)])
def test_int8_is_that_of_pytorch(shape: tuple[int, ...], axis: int) -> None:
    weight = numbers(*shape)
    rounded = in_integers(weight, DataType.INT8, tuple(1 if i == axis else n for i, n in enumerate(shape)), symmetric=True)
    assert rounded and rounded.scale and rounded.zero_point is None
    scale = torch.from_numpy(rounded.scale.array.ravel().copy())
    right = torch.quantize_per_channel(torch.from_numpy(weight), scale, torch.zeros(len(scale)), axis, torch.qint8)
    np.testing.assert_array_equal(rounded.values.array, right.int_repr().numpy())
    largest = np.abs(weight).max(tuple(i for i in range(len(shape)) if i != axis))
    np.testing.assert_allclose(scale, largest / 127, rtol=1e-6)


@pytest.mark.parametrize("block", [16, 32, 128])
def test_int4_is_as_near_as_that_of_onnx_runtime(block: int) -> None:
    weight = numbers(256, 48) + np.float32(0.3)
    rounded = in_integers(weight, DataType.INT4, (block, 1), symmetric=False)
    assert rounded
    packed, scales, zeros = np.zeros((48, 256 // block, block // 2), np.uint8), np.zeros(48 * 256 // block, np.float32), None
    zeros = np.zeros(48 * ((256 // block + 1) // 2), np.uint8)
    quantize_matmul_4bits(packed, weight, scales, zeros, block, 48, 256, False)
    values = np.stack([packed & 15, packed >> 4], -1).reshape(48, 256 // block, block).astype(np.float32)
    points = np.stack([zeros & 15, zeros >> 4], -1).reshape(48, -1)[:, : 256 // block, None]
    right = ((values - points) * scales.reshape(48, -1, 1)).reshape(48, 256).T
    assert abs(signal_to_noise(restored(rounded), weight) - signal_to_noise(right, weight)) < 0.2


def test_pieces_of_a_weight_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = numbers(96, 64)
    for array in (weight, weight.T):
        whole = [
            in_integers(array, DataType.INT8, (array.shape[0], 1), symmetric=True),
            in_integers(array, DataType.INT4, (32, 2), symmetric=False),
        ]
        with monkeypatch.context() as small:
            small.setattr(rounding, "PIECE", 100)
            small.setattr(rounding, "IN_MEMORY_BYTES", 0)
            parts = [
                in_integers(array, DataType.INT8, (array.shape[0], 1), symmetric=True),
                in_integers(array, DataType.INT4, (32, 2), symmetric=False),
            ]
        for one, other in zip(whole, parts, strict=True):
            assert one and other
            np.testing.assert_array_equal(restored(one), restored(other))


def test_zeros_and_what_is_tiny_stay() -> None:
    weight = np.zeros((4, 32), np.float16)
    weight[1], weight[2, ::2], weight[3] = 6e-8, 1e-6, np.linspace(-1, 1, 32)
    for data_type, symmetric in ((DataType.INT8, True), (DataType.INT4, False)):
        rounded = in_integers(weight, data_type, (1, 32), symmetric=symmetric)
        assert rounded
        steps = np.abs(restored(rounded) - weight.astype(np.float32)) / rounded.scale.array.astype(np.float32)
        assert steps.max() <= 1.01 / (2 if symmetric else 1)


@pytest.mark.parametrize("wrong", [np.inf, np.nan, 1e6])
def test_what_the_type_has_not_is_not_rounded(wrong: float) -> None:
    weight = numbers(8, 8)
    weight[3, 4] = wrong
    assert in_halves(weight) is None
    assert (in_integers(weight, DataType.INT8, (8, 1), symmetric=True) is None) is not np.isfinite(wrong)


@pytest.mark.parametrize(
    ("shape", "summed", "right"),
    [
        ((64, 48), {0}, (32, 1)),
        ((60, 48), {0}, (30, 1)),
        ((24, 16, 3, 3), {1, 2, 3}, (1, 4, 3, 3)),
        ((3, 3, 64, 24), {0, 1, 2}, (1, 1, 32, 1)),
        ((127, 48), {0}, (127, 1)),
        ((131, 48), {0}, None),  # a prime: in one block or in many
    ],
)
def test_blocks_divide_the_weight(shape: tuple[int, ...], summed: set[int], right: tuple[int, ...] | None) -> None:
    assert blocks(shape, summed, 32) == right
