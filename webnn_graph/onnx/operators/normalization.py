"""Batch, instance and layer normalization. ONNX wants their scale and bias, where those are left out ones and zeros."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.onnx.images import from_nchw, to_nchw
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import Value


@translates("batchNormalization")
def batch_normalization(
    m: ModelBuilder,
    input: Value,
    mean: Value,
    variance: Value,
    /,
    *,
    scale: Value | None,
    bias: Value | None,
    axis: int,
    epsilon: float,
) -> Value:
    order = list(range(input.rank))
    if axis and axis != 1:
        order[1], order[axis] = axis, 1
    x = m.transpose(input, order)
    if axis == 0:  # [n, ...] as an image of n channels
        x = m.reshape(x, (1, *input.shape))
    normalized = m.node(
        "BatchNormalization",
        x,
        scale or m.filled(1, mean.shape, input.type),
        bias or m.filled(0, mean.shape, input.type),
        mean,
        variance,
        shape=x.shape,
        epsilon=epsilon,
    )
    if axis == 0:
        return m.reshape(normalized, input.shape)
    return m.transpose(normalized, order)


@translates("instanceNormalization")
def instance_normalization(
    m: ModelBuilder, input: Value, /, *, scale: Value | None, bias: Value | None, epsilon: float, layout: str
) -> Value:
    x = to_nchw(m, input, layout)
    channels = x.shape[1:2]
    scale = scale or m.filled(1, channels, input.type)
    bias = bias or m.filled(0, channels, input.type)
    return from_nchw(m, m.node("InstanceNormalization", x, scale, bias, shape=x.shape, epsilon=epsilon), layout)


@translates("layerNormalization")
def layer_normalization(
    m: ModelBuilder,
    input: Value,
    /,
    *,
    scale: Value | None,
    bias: Value | None,
    axes: Sequence[int] | None,
    epsilon: float,
) -> Value:
    over = list(range(1, input.rank)) if axes is None else list(axes)
    if not over:
        return _of_single_elements(m, input, scale, bias)
    order = [axis for axis in range(input.rank) if axis not in over] + over
    x = m.transpose(input, order)
    scale = scale or m.filled(1, x.shape[-len(over) :], input.type)
    normalized = m.node("LayerNormalization", x, scale, bias, shape=x.shape, axis=-len(over), epsilon=epsilon)
    return m.transpose(normalized, [order.index(axis) for axis in range(input.rank)])


def _of_single_elements(m: ModelBuilder, input: Value, scale: Value | None, bias: Value | None) -> Value:
    """Over no axes each element is its own mean."""
    result = m.node("Sub", input, input)
    if scale:
        result = m.node("Mul", result, scale)
    return m.node("Add", result, bias) if bias else result
