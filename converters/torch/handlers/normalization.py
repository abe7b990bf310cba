"""Batch, group, instance, layer and RMS normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from converters.lowering import normalization as lowering
from converters.torch.registry import aten, aten_op
from converters.torch.tensors import data_type
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@aten_op(aten.layer_norm.default, how="layerNormalization")
def layer_norm(
    b: GraphBuilder,
    input: Operand,
    normalized_shape: Sequence[int],
    weight: Operand | None,
    bias: Operand | None,
    eps: float,
    cudnn_enable: bool,
) -> Operand:
    return _over_last(b, input, normalized_shape, weight, bias, eps)


def _over_last(
    b: GraphBuilder, input: Operand, normalized_shape: Sequence[int], weight: Operand | None, bias: Operand | None, eps: float
) -> Operand:
    axes = list(range(input.rank - len(normalized_shape), input.rank))
    return b.layerNormalization(input, scale=weight, bias=bias, axes=axes, epsilon=eps)


@aten_op(aten.native_layer_norm.default, how="composed")
def native_layer_norm(
    b: GraphBuilder, input: Operand, normalized_shape: Sequence[int], weight: Operand | None, bias: Operand | None, eps: float
) -> Any:
    axes = list(range(input.rank - len(normalized_shape), input.rank))
    return (_over_last(b, input, normalized_shape, weight, bias, eps), *_statistics(b, input, axes, eps))


def _statistics(b: GraphBuilder, input: Operand, axes: list[int], eps: float) -> Any:
    """Functions for the mean and the reciprocal of the standard deviation, dimensions kept."""

    def mean() -> Operand:
        return b.reduceMean(input, axes=axes, keepDimensions=True)

    def rstd() -> Operand:
        variance = lowering.variance(b, input, axes, correction=0, keep=True)
        return b.reciprocal(b.sqrt(b.add(variance, eps)))

    return mean, rstd


@aten_op(aten.rms_norm.default, how="Products with the reciprocal root of the mean square; float16 in float32")
def rms_norm(b: GraphBuilder, input: Operand, normalized_shape: Sequence[int], weight: Operand | None, eps: float | None) -> Operand:
    axes = list(range(input.rank - len(normalized_shape), input.rank))
    smallest = 2.0**-10 if input.data_type == "float16" else 2.0**-23
    normal = lowering.rms_norm(b, b.cast(input, DataType.FLOAT32), None, axes=axes, epsilon=smallest if eps is None else eps)
    return b.cast(normal if weight is None else b.mul(normal, b.cast(weight, DataType.FLOAT32)), input.data_type)


@aten_op(aten._fused_rms_norm.default, how="composed")
def fused_rms_norm(b: GraphBuilder, input: Operand, normalized_shape: Sequence[int], weight: Operand | None, eps: float | None) -> Any:
    axes = list(range(input.rank - len(normalized_shape), input.rank))

    def rstd() -> Operand:
        return b.reciprocal(b.sqrt(b.add(b.reduceMean(b.mul(input, input), axes=axes, keepDimensions=True), eps or 2.0**-23)))

    return rms_norm(b, input, normalized_shape, weight, eps), rstd


# --------------------------------------------------------------------------------------------------------------- per channel
@aten_op(aten.group_norm.default, how="layerNormalization of the groups")
def group_norm(
    b: GraphBuilder, input: Operand, num_groups: int, weight: Operand | None, bias: Operand | None, eps: float, cudnn_enabled: bool
) -> Operand:
    return lowering.group_norm(b, input, weight, bias, groups=num_groups, epsilon=eps)


@aten_op(aten.native_group_norm.default, how="composed")
def native_group_norm(
    b: GraphBuilder, input: Operand, weight: Operand | None, bias: Operand | None, N: int, C: int, HxW: int, group: int, eps: float
) -> Any:
    grouped = b.reshape(input, [N, group, input.size // (N * group)])
    mean, rstd = _statistics(b, grouped, [2], eps)
    y = lowering.group_norm(b, input, weight, bias, groups=group, epsilon=eps)
    return y, lambda: b.reshape(mean(), [N, group]), lambda: b.reshape(rstd(), [N, group])


@aten_op(aten.instance_norm.default, how="instanceNormalization; batchNormalization with running statistics")
def instance_norm(
    b: GraphBuilder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand | None,
    running_var: Operand | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Operand:
    if not use_input_stats:
        return _batch_norm(b, input, weight, bias, running_mean, running_var, eps)
    if running_mean is not None:
        raise ConversionError(
            "instance normalization updates its running statistics in training mode", "call module.eval() before exporting"
        )
    return lowering.instance_norm(b, input, weight, bias, epsilon=eps)


def _batch_norm(b: GraphBuilder, input: Operand, weight: Operand | None, bias: Operand | None, mean: Any, var: Any, eps: float) -> Operand:
    kind = input.data_type
    mean, var, weight, bias = (operand if operand is None else b.cast(operand, kind) for operand in (mean, var, weight, bias))
    return b.batchNormalization(input, mean, var, scale=weight, bias=bias, axis=1, epsilon=eps)


@aten_op(aten._native_batch_norm_legit_no_training.default, how="batchNormalization")
def batch_norm(
    b: GraphBuilder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand,
    running_var: Operand,
    momentum: float,
    eps: float,
    *,
    result: Any,
) -> Any:
    return _batch_norm(b, input, weight, bias, running_mean, running_var, eps), None, None


def _normalized(b: GraphBuilder, input: Operand, weight: Operand | None, bias: Operand | None, eps: float) -> tuple[Operand, list[int]]:
    """Normalization by the batch's own statistics, and the axes they are over."""
    axes = [axis for axis in range(input.rank) if axis != 1]
    y = b.layerNormalization(input, axes=axes, epsilon=eps)
    return lowering.per_channel_affine(b, y, weight, bias), axes


@aten_op(aten._native_batch_norm_legit.no_stats, how="composed")
def batch_norm_without_statistics(
    b: GraphBuilder, input: Operand, weight: Operand | None, bias: Operand | None, training: bool, momentum: float, eps: float
) -> Any:
    y, axes = _normalized(b, input, weight, bias, eps)
    mean, rstd = _statistics(b, input, axes, eps)
    channels = [input.shape[1]]
    return y, lambda: b.reshape(mean(), channels), lambda: b.reshape(rstd(), channels)


@aten_op(
    aten._native_batch_norm_legit_functional.default, how="With the batch's statistics, also the running ones after it; without, they stay"
)
def batch_norm_in_training(
    b: GraphBuilder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand,
    running_var: Operand,
    training: bool,
    momentum: float,
    eps: float,
    *,
    result: Any,
) -> Any:
    if not training:
        return _batch_norm(b, input, weight, bias, running_mean, running_var, eps), None, None, running_mean, running_var
    y, mean, rstd = batch_norm_without_statistics(b, input, weight, bias, training, momentum, eps)
    axes = [axis for axis in range(input.rank) if axis != 1]

    def moved(running: Operand, current: Operand) -> Operand:
        return b.add(b.mul(running, 1 - momentum), b.mul(b.cast(current, running.data_type), momentum))

    return (
        y,
        mean,
        rstd,
        lambda: moved(running_mean, mean()),
        lambda: moved(running_var, lowering.variance(b, input, axes, correction=1, keep=False)),
    )


@aten_op(aten.linalg_vector_norm.default, how="reduceL2, reduceL1, or by powers; float16 in float32")
def vector_norm(
    b: GraphBuilder,
    input: Operand,
    ord: float,
    dim: Sequence[int] | None,
    keepdim: bool,
    *,
    dtype: torch.dtype | None,
    result: torch.Tensor,
) -> Operand:
    axes = sorted(axis % max(input.rank, 1) for axis in dim) if dim and input.rank else list(range(input.rank))
    wanted = data_type(result.dtype)
    x = b.cast(input, DataType.FLOAT32 if wanted == DataType.FLOAT16 else wanted)  # the powers of halves overflow
    return lowering.norm(b, x, ord, axes=axes, keep=keepdim)
