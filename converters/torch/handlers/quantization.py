"""Quantized and dequantized tensors, as PT2E quantization exports them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.ao.quantization.fx._decomposed  # defines the operators

from converters.annotations import Number
from converters.lowering import quantization as lowering
from converters.torch.registry import aten_op, library_op
from converters.torch.tensors import data_type
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

quantized = torch.ops.quantized_decomposed


def _parameter(b: GraphBuilder, value: Any, kind: DataType) -> Operand:
    """A scale or zero point, number or operand, of the data type that WebNN wants."""
    if not isinstance(value, Operand):
        return b.constant(value, kind)
    known = b.value(value)
    return b.cast(value, kind) if known is None or value.data_type is kind else b.constant(known, kind, value.name)


def _quantized(
    b: GraphBuilder, input: Operand, scale: Any, zero_point: Any, quant_min: float, quant_max: float, dtype: torch.dtype, axis: int
) -> Operand:
    """Saturates to the data type, then to the range where that is narrower."""
    kind = data_type(dtype)
    low, high = int(quant_min), int(quant_max)
    y = lowering.quantize(b, input, _parameter(b, scale, input.data_type), _parameter(b, zero_point, kind), kind, axis=axis)
    return y if (low, high) == kind.range else b.clamp(y, minValue=low, maxValue=high)


def _dequantized(b: GraphBuilder, input: Operand, scale: Any, zero_point: Any, axis: int, result: torch.Tensor) -> Operand:
    zero = None if zero_point is None else _parameter(b, zero_point, input.data_type)
    return lowering.dequantize(b, input, _parameter(b, scale, data_type(result.dtype)), zero, axis=axis)


@aten_op(quantized.quantize_per_tensor.default, quantized.quantize_per_tensor.tensor, how="composed")
def quantize_per_tensor(
    b: GraphBuilder, input: Operand, scale: Any, zero_point: Any, quant_min: Number, quant_max: Number, dtype: torch.dtype
) -> Operand:
    return _quantized(b, input, scale, zero_point, quant_min, quant_max, dtype, 0)


@aten_op(quantized.dequantize_per_tensor.default, quantized.dequantize_per_tensor.tensor, how="composed")
def dequantize_per_tensor(
    b: GraphBuilder,
    input: Operand,
    scale: Any,
    zero_point: Any,
    quant_min: Any,
    quant_max: Any,
    dtype: torch.dtype,
    *,
    out_dtype: Any,
    result: torch.Tensor,
) -> Operand:
    return _dequantized(b, input, scale, zero_point, 0, result)


@aten_op(quantized.choose_qparams.tensor, how="reduceMin and reduceMax give the scale and zero point of quantizeLinear")
def choose_qparams(
    b: GraphBuilder, input: Operand, quant_min: int, quant_max: int, eps: float, dtype: torch.dtype, *, result: Sequence[torch.Tensor]
) -> tuple[Operand, Operand]:
    low, high = b.min(b.reduceMin(input), 0), b.clamp(b.reduceMax(input), minValue=0)
    scale = b.clamp(b.div(b.sub(high, low), quant_max - quant_min), minValue=eps)
    zero_point = b.add(b.roundEven(b.neg(b.div(low, scale))), quant_min)
    return b.reshape(scale, [1]), b.cast(b.reshape(zero_point, [1]), data_type(result[1].dtype))


@aten_op(quantized.quantize_per_channel.default, how="composed")
def quantize_per_channel(
    b: GraphBuilder, input: Operand, scales: Operand, zero_points: Operand, axis: int, quant_min: int, quant_max: int, dtype: torch.dtype
) -> Operand:
    return _quantized(b, input, scales, zero_points, quant_min, quant_max, dtype, axis)


@aten_op(quantized.dequantize_per_channel.default, how="composed")
def dequantize_per_channel(
    b: GraphBuilder,
    input: Operand,
    scales: Operand,
    zero_points: Operand | None,
    axis: int,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
    *,
    out_dtype: Any,
    result: torch.Tensor,
) -> Operand:
    return _dequantized(b, input, scales, zero_points, axis, result)


@aten_op(
    quantized.dequantize_per_channel_group.default,
    how="A weight [out, in] with a scale [out, in / group] for each group of elements; 4-bit values are stored as such",
)
def dequantize_per_channel_group(
    b: GraphBuilder,
    input: Operand,
    scales: Operand,
    zero_points: Operand | None,
    quant_min: int,
    quant_max: int,
    dtype: torch.dtype,
    group_size: int,
    output_dtype: Any,
    *,
    result: torch.Tensor,
) -> Operand:
    narrow = _narrowed(b, input, quant_min, quant_max)
    return _dequantized(b, narrow, scales, zero_points, 1, result)


def _narrowed(b: GraphBuilder, weight: Operand, quant_min: int, quant_max: int) -> Operand:
    """A known weight that was quantized to four bits in a four-bit type."""
    known = b.value(weight)
    kinds = {(-8, 7): DataType.INT4, (0, 15): DataType.UINT4}
    kind = kinds.get((quant_min, quant_max))
    if known is None or kind is None or not np.logical_and(known >= quant_min, known <= quant_max).all():
        return weight
    return b.constant(known.astype(kind.numpy), kind, weight.name)


@library_op(
    "torchao::dequantize_affine",
    how="A weight with a scale for each block of elements, as torchao quantizes; 4-bit values are stored as such",
)
def dequantize_affine(
    b: GraphBuilder,
    input: Operand,
    block_size: Sequence[int],
    scale: Operand,
    zero_point: Operand | None,
    input_dtype: torch.dtype,
    quant_min: Any,
    quant_max: Any,
    output_dtype: torch.dtype,
    *,
    result: torch.Tensor,
) -> Operand:
    narrow = input if quant_min is None else _narrowed(b, input, int(quant_min), int(quant_max))
    blocks = [size // block for size, block in zip(input.shape, block_size, strict=True)]
    factors = b.reshape(b.cast(scale, data_type(result.dtype)), blocks)
    zero = (
        lowering.zeros(b, narrow.data_type, factors)
        if zero_point is None
        else b.reshape(_parameter(b, zero_point, narrow.data_type), blocks)
    )
    return b.dequantizeLinear(narrow, factors, zero)


@aten_op(torch.ops.aten._int_mm.default, how="The int32 product of int8 matrices, exactly")
def int_mm(b: GraphBuilder, input: Operand, mat2: Operand) -> Operand:
    return lowering.matmul_integer(b, input, mat2, None, None)
