"""Activation functions."""

from __future__ import annotations

import math

from onnx import TensorProto

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import one_to_one, translates
from webnn_graph.onnx.values import Value
from webnn_graph.ops.activation import clamp_limits

one_to_one({
    "elu": "Elu",
    "gelu": "Gelu",
    "hardSigmoid": "HardSigmoid",
    "hardSwish": "HardSwish",
    "leakyRelu": "LeakyRelu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
})  # fmt: skip


@translates("relu")
def relu(m: ModelBuilder, input: Value, /) -> Value:
    return m.node("Relu", input) if input.is_float else m.node("Max", input, m.like(0, input))


@translates("linear")
def linear(m: ModelBuilder, input: Value, /, *, alpha: float, beta: float) -> Value:
    scaled = input if alpha == 1 else m.node("Mul", input, m.like(alpha, input))
    return m.node("Add", scaled, m.like(beta, input))


@translates("prelu")
def prelu(m: ModelBuilder, input: Value, slope: Value, /, *, result: Descriptor) -> Value:
    if not input.is_float:
        is_negative = m.node("Less", input, m.like(0, input))
        return m.node("Where", is_negative, m.node("Mul", input, slope), input)
    if input.shape != result.shape:
        input = m.node("Expand", input, m.constant(result.shape), shape=result.shape)
    return m.node("PRelu", input, slope)


@translates("clamp")
def clamp(m: ModelBuilder, input: Value, /, *, minValue: float | None, maxValue: float | None, result: Descriptor) -> Value:
    low, high = clamp_limits(minValue, maxValue, result.data_type)
    smallest, largest = result.data_type.range
    least = m.like(low, input) if low > smallest else None
    most = m.like(high, input) if high < largest else None
    if not least and not most:
        return input
    if input.type == TensorProto.UINT64 or math.inf in (low, -high):  # of which Clip is not sure
        bounded = m.node("Max", input, m.like(low, input)) if least else input
        return m.node("Min", bounded, m.like(high, input)) if most else bounded
    return m.node("Clip", input, least, most)


@translates("softmax")
def softmax(m: ModelBuilder, input: Value, axis: int, /) -> Value:
    return m.node("Softmax", input, axis=axis)
