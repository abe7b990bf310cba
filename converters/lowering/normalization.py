"""Normalizations, norms and statistics that WebNN has no operator for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def rms_norm(b: GraphBuilder, x: Operand, scale: Operand | None, *, axes: Sequence[int], epsilon: float) -> Operand:
    """x / sqrt(mean(x * x) + epsilon) over the trailing axes, times ``scale``, which broadcasts."""
    mean = b.reduceMean(b.mul(x, x), axes=list(axes), keepDimensions=True)
    normal = b.mul(x, b.reciprocal(b.sqrt(b.add(mean, epsilon))))
    return normal if scale is None else b.mul(normal, scale)


def group_norm(b: GraphBuilder, x: Operand, scale: Operand | None, bias: Operand | None, *, groups: int, epsilon: float) -> Operand:
    """Normalization of x [n, c, *image] over each group of channels, then a scale and bias [c]."""
    n = x.shape[0]
    grouped = b.reshape(x, [n, groups, x.size // (n * groups)])
    normal = b.reshape(b.layerNormalization(grouped, axes=[2], epsilon=epsilon), list(x.shape))
    return per_channel_affine(b, normal, scale, bias)


def instance_norm(b: GraphBuilder, x: Operand, scale: Operand | None, bias: Operand | None, *, epsilon: float) -> Operand:
    """Normalization of x [n, c, *image] over each image, then a scale and bias [c]."""
    n, channels, *image = x.shape
    as_2d = b.reshape(x, [n, channels, *image]) if len(image) == 2 else b.reshape(x, [n, channels, 1, math.prod(image)])
    return b.reshape(b.instanceNormalization(as_2d, scale=scale, bias=bias, epsilon=epsilon), list(x.shape))


def per_channel_affine(b: GraphBuilder, x: Operand, scale: Operand | None, bias: Operand | None) -> Operand:
    """x [n, c, *image] times ``scale`` plus ``bias``, both [c]."""
    column = [x.shape[1]] + [1] * (x.rank - 2)
    if scale is not None:
        x = b.mul(x, b.reshape(scale, column))
    return x if bias is None else b.add(x, b.reshape(bias, column))


def variance(b: GraphBuilder, x: Operand, axes: Sequence[int], *, correction: float, keep: bool) -> Operand:
    """The mean square distance from the mean, with n - correction in the place of n; NaN where that is not positive."""
    count = math.prod(x.shape[axis] for axis in axes)
    centred = b.sub(x, b.reduceMean(x, axes=list(axes), keepDimensions=True))
    squares = b.mul(centred, centred)
    if correction == 0:
        return b.reduceMean(squares, axes=list(axes), keepDimensions=keep)
    total = b.reduceSum(squares, axes=list(axes), keepDimensions=keep)
    return b.div(total, float(max(count - correction, 0)))


def norm(b: GraphBuilder, x: Operand, order: float, *, axes: Sequence[int], keep: bool) -> Operand:
    """The vector norm of any order over the axes."""
    options: dict[str, Any] = {"axes": list(axes), "keepDimensions": keep}
    if order == 2:
        return b.reduceL2(x, **options)
    if order == 1:
        return b.reduceL1(x, **options)
    if order in (math.inf, -math.inf):
        return b.call("reduceMax" if order > 0 else "reduceMin", b.abs(x), **options)
    if order == 0:
        return b.reduceSum(b.cast(b.notEqual(x, 0), x.data_type), **options)
    return b.pow(b.reduceSum(b.pow(b.abs(x), order), **options), 1 / order)
