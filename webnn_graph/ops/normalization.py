"""Batch, instance and layer normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import ANY_RANK, FLOAT, LIKE_FIRST
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.reduction import check_axes
from webnn_graph.ops.rules import require


def _along(parameter: Array, axes: Sequence[int], rank: int) -> Array:
    """``parameter``, whose dimensions belong to ``axes`` in that order, shaped to broadcast over ``rank`` dimensions."""
    order = np.argsort(axes)
    shape = [1] * rank
    for axis, size in zip(axes, parameter.shape, strict=True):
        shape[axis] = size
    return parameter.transpose(order).reshape(shape)


def _normalize(x: Array, axes: Sequence[int], epsilon: float) -> Array:
    """(x - mean) / sqrt(variance + epsilon) over the axes, the statistics in float64."""
    over = tuple(axes)
    mean = x.mean(axis=over, keepdims=True, dtype=np.float64)
    variance = np.square(x - mean).mean(axis=over, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(variance + epsilon)).astype(x.dtype)


def _affine(x: Array, axes: Sequence[int], scale: Array | None, bias: Array | None) -> Array:
    if scale is not None:
        x = x * _along(scale, axes, x.ndim)
    if bias is not None:
        x = x + _along(bias, axes, x.ndim)
    return x


def _per_channel(channels: int, **parameters: Descriptor | None) -> None:
    for name, parameter in parameters.items():
        if parameter is not None:
            require(parameter.shape == (channels,), f"{name} has shape {list(parameter.shape)}, expected [{channels}]")


# ------------------------------------------------------------------------------------------------------ batchNormalization
def _batch(input: Array, mean: Array, variance: Array, scale: Array | None, bias: Array | None, axis: int, epsilon: float) -> Array:
    factor = 1 / np.sqrt(variance + variance.dtype.type(epsilon))
    if scale is not None:
        factor = factor * scale
    result = input - _along(mean, [axis], input.ndim)
    result *= _along(factor, [axis], input.ndim)
    if bias is not None:
        result += _along(bias, [axis], input.ndim)
    return np.asarray(result)


@op(
    run=_batch,
    input=FLOAT.rank(1, ANY_RANK),
    mean=LIKE_FIRST.rank(1),
    variance=LIKE_FIRST.rank(1),
    scale=LIKE_FIRST.rank(1),
    bias=LIKE_FIRST.rank(1),
)
def batchNormalization(
    input: Operand,
    mean: Operand,
    variance: Operand,
    /,
    *,
    scale: Operand | None = None,
    bias: Operand | None = None,
    axis: uint = 1,
    epsilon: float = 1e-5,
) -> Descriptor:
    """(x - mean) / sqrt(variance + epsilon) scale + bias, these four [n], n being the size of ``axis``."""
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    _per_channel(input.shape[axis], mean=mean, variance=variance, scale=scale, bias=bias)
    return input.descriptor


# --------------------------------------------------------------------------------------------------- instanceNormalization
def _instance(input: Array, scale: Array | None, bias: Array | None, epsilon: float, layout: str) -> Array:
    channel, spatial = (1, (2, 3)) if layout == "nchw" else (3, (1, 2))
    return _affine(_normalize(input, spatial, epsilon), [channel], scale, bias)


@op(run=_instance, input=FLOAT.rank(4), scale=LIKE_FIRST.rank(1), bias=LIKE_FIRST.rank(1))
def instanceNormalization(
    input: Operand,
    /,
    *,
    scale: Operand | None = None,
    bias: Operand | None = None,
    epsilon: float = 1e-5,
    layout: Literal["nchw", "nhwc"] = "nchw",
) -> Descriptor:
    """Each channel of each image with mean 0 and variance 1, times scale [c] plus bias [c]; input is [n, c, h, w] or [n, h, w, c]."""
    _per_channel(input.shape[1 if layout == "nchw" else 3], scale=scale, bias=bias)
    return input.descriptor


# ------------------------------------------------------------------------------------------------------ layerNormalization
def _axes_of(rank: int, axes: list[int] | None) -> list[int]:
    return list(range(1, rank)) if axes is None else axes


def _layer(input: Array, scale: Array | None, bias: Array | None, axes: list[int] | None, epsilon: float) -> Array:
    over = _axes_of(input.ndim, axes)
    return _affine(_normalize(input, over, epsilon), over, scale, bias)


@op(run=_layer, input=FLOAT)
def layerNormalization(
    input: Operand,
    /,
    *,
    scale: Operand | None = None,
    bias: Operand | None = None,
    axes: list[uint] | None = None,
    epsilon: float = 1e-5,
) -> Descriptor:
    """Mean 0 and variance 1 over ``axes``, by default all but the first; scale and bias have the shape of those axes."""
    over = _axes_of(input.rank, axes)
    check_axes(over, input.rank)
    expected = tuple(input.shape[axis] for axis in over)
    for name, parameter in (("scale", scale), ("bias", bias)):
        if parameter is not None:
            require(parameter.shape == expected, f"{name} has shape {list(parameter.shape)}, expected {list(expected)} (axes {over})")
    return input.descriptor
