"""Quantization with per-tensor, per-axis or blockwise scale and zero point."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import FLOAT, Domain, same
from webnn_graph.ops.rules import require

QUANTIZED = Domain(tuple(map(DataType, "uint8 int8 uint32 int32".split()))).four_bit


def blocks(parameter: Array, shape: tuple[int, ...]) -> Array:
    """``parameter`` with each element repeated over the block of ``shape`` it is for (clause "blockwise broadcasting")."""
    for axis, (size, whole) in enumerate(zip(parameter.shape, shape, strict=True)):
        if size not in (1, whole):
            parameter = np.repeat(parameter, whole // size, axis)
    return parameter


def _check_blocks(input: Descriptor, scale: Descriptor, zeroPoint: Descriptor) -> None:
    for name, parameter in (("scale", scale), ("zeroPoint", zeroPoint)):
        require(parameter.rank == input.rank, f"{name} has rank {parameter.rank}, the input rank {input.rank}; they must be the same")
    require(scale.shape == zeroPoint.shape, f"scale has shape {list(scale.shape)}, zeroPoint {list(zeroPoint.shape)}")
    fits = all(n % s == 0 for n, s in zip(input.shape, scale.shape, strict=True))
    require(fits, f"scale has shape {list(scale.shape)}, which does not divide the input's {list(input.shape)} into blocks")


def _dequantize(input: Array, scale: Array, zeroPoint: Array) -> Array:
    centred = input.astype(np.int64) - blocks(zeroPoint, input.shape).astype(np.int64)
    return centred.astype(scale.dtype) * blocks(scale, input.shape)


@op(run=_dequantize, input=QUANTIZED, scale=FLOAT, zeroPoint=same("input"))
def dequantizeLinear(input: Operand, scale: Operand, zeroPoint: Operand, /) -> Descriptor:
    """(x - zeroPoint) scale. Both have the input's rank and sizes that divide its own: one for each block."""
    _check_blocks(input, scale, zeroPoint)
    return input.with_type(scale.data_type)


def _quantize(input: Array, scale: Array, zeroPoint: Array, result: Descriptor) -> Array:
    steps = np.rint(input / blocks(scale, input.shape)).astype(np.float64) + blocks(zeroPoint, input.shape)
    return np.clip(np.nan_to_num(steps), *result.data_type.range).astype(result.data_type.numpy)


@op(run=_quantize, input=FLOAT, scale=same("input"), zeroPoint=QUANTIZED)
def quantizeLinear(input: Operand, scale: Operand, zeroPoint: Operand, /) -> Descriptor:
    """x / scale to the nearest integer, ties to even, plus zeroPoint, saturated to its type. Both are as in dequantizeLinear."""
    _check_blocks(input, scale, zeroPoint)
    return input.with_type(zeroPoint.data_type)
