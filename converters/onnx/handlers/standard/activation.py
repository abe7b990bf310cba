"""Activation functions."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable

import numpy as np

from converters.lowering import activation
from converters.onnx.axes import axis_of
from converters.onnx.registry import one_to_one, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, shortest
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

LOWEST = -3.4028234663852886e38
"""The lowest float32."""

one_to_one({"HardSwish": "hardSwish", "Relu": "relu", "Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign"})


@onnx_op("PRelu", since=7, how="prelu")
def prelu(b: GraphBuilder, X: Operand, slope: Operand) -> Operand:
    return b.prelu(X, slope)


@onnx_op("PRelu", how="prelu; a slope per channel")
def prelu_1(b: GraphBuilder, X: Operand, slope: Operand) -> Operand:
    return b.prelu(X, b.reshape(slope, [*slope.shape, *[1] * (X.rank - 2)]) if slope.shape == X.shape[1:2] else slope)


@onnx_op("LeakyRelu", how="leakyRelu")
def leaky_relu(b: GraphBuilder, X: Operand, *, alpha: float = 0.01) -> Operand:
    return b.leakyRelu(X, alpha=alpha)


@onnx_op("ThresholdedRelu", since=10, how="where")
def thresholded_relu(b: GraphBuilder, X: Operand, *, alpha: float = 1.0) -> Operand:
    return activation.threshold(b, X, alpha, 0)


@onnx_op("Elu", how="elu")
def elu(b: GraphBuilder, X: Operand, *, alpha: float = 1.0) -> Operand:
    return b.elu(X, alpha=alpha)


@onnx_op("Selu", how="elu and mul")
def selu(b: GraphBuilder, X: Operand, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Operand:
    return b.mul(b.elu(X, alpha=alpha), gamma)


@onnx_op("Celu", since=12, how="elu and mul")
def celu(b: GraphBuilder, X: Operand, *, alpha: float = 1.0) -> Operand:
    return activation.celu(b, X, alpha)


@onnx_op("HardSigmoid", how="hardSigmoid")
def hard_sigmoid(b: GraphBuilder, X: Operand, *, alpha: float = 0.2, beta: float = 0.5) -> Operand:
    return b.hardSigmoid(X, alpha=alpha, beta=beta)


@onnx_op("Gelu", since=20, how="gelu; tanh and mul for the tanh approximation")
def gelu(b: GraphBuilder, X: Operand, *, approximate: str = "none") -> Operand:
    if approximate not in ("none", "tanh"):
        raise ConversionError(f"approximate is {approximate!r}; it must be none or tanh")
    return b.gelu(X) if approximate == "none" else activation.tanh_gelu(b, X)


@onnx_op("Mish", since=18, how="softplus, tanh and mul")
def mish(b: GraphBuilder, X: Operand) -> Operand:
    return activation.mish(b, X)


@onnx_op("Swish", since=24, how="sigmoid and mul")
def swish(b: GraphBuilder, X: Operand, *, alpha: float = 1.0) -> Operand:
    return b.mul(X, b.sigmoid(X if alpha == 1 else b.mul(X, alpha)))


@onnx_op("SwiGLU", since=28, how="sigmoid and mul")
def swiglu(b: GraphBuilder, A: Operand, B: Operand, *, alpha: float = 1.0) -> Operand:
    return b.mul(swish(b, A, alpha=alpha), B)


@onnx_op("Shrink", since=9, how="where, add and sub")
def shrink(b: GraphBuilder, input: Operand, *, bias: float = 0.0, lambd: float = 0.5) -> Operand:
    if input.data_type.is_float:
        return activation.softshrink(b, input, lambd, bias)
    low = b.where(b.lesser(b.cast(input, "float32"), -lambd), _moved(b, input, bias), 0)
    return b.where(b.greater(b.cast(input, "float32"), lambd), _moved(b, input, -bias), low)


def _moved(b: GraphBuilder, x: Operand, by: float) -> Operand:
    return b.cast(b.add(b.cast(x, "float32"), by), x.data_type)


@onnx_op("Clip", how="clamp")
def clip_6(b: GraphBuilder, input: Operand, *, min: float = LOWEST, max: float = -LOWEST) -> Operand:
    return b.clamp(input, minValue=builtins.min(min, max), maxValue=max)


@onnx_op("Clip", since=11, how="clamp; max and min with limits that are computed at run time")
def clip(b: GraphBuilder, input: Operand, min: Operand | None = None, max: Operand | None = None) -> Operand:
    low, high = (None if limit is None else b.value(limit) for limit in (min, max))
    if (low is None and min is not None) or (high is None and max is not None):
        bounded = input if min is None else b.max(input, min)
        return bounded if max is None else b.min(bounded, max)
    limits = {name: limit.item() for name, limit in (("minValue", low), ("maxValue", high)) if limit is not None}
    if input.data_type.is_float:
        limits = {name: shortest(limit) for name, limit in limits.items()}
    if len(limits) == 2 and limits["minValue"] > limits["maxValue"]:
        limits["minValue"] = limits["maxValue"]
    return b.clamp(input, **limits) if limits else input


# ---------------------------------------------------------------------------------------------------- along an axis or more
def _over_axis(b: GraphBuilder, x: Operand, axis: int, function: Callable[[GraphBuilder, Operand, int], Operand]) -> Operand:
    if x.rank == 0:
        return b.reshape(function(b, b.reshape(x, [1]), 0), [])
    return function(b, x, axis_of(axis, x.rank))


def _over_rest(b: GraphBuilder, x: Operand, axis: int, function: Callable[[GraphBuilder, Operand, int], Operand]) -> Operand:
    """The meaning before opset 13: all dimensions from the axis on are one."""
    first = axis_of(axis, x.rank) if axis < x.rank else axis
    if first == x.rank - 1:
        return function(b, x, first)
    flat = b.reshape(x, [math.prod(x.shape[:first]), math.prod(x.shape[first:])])
    return b.reshape(function(b, flat, 1), x.shape)


def _softmax(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    return b.softmax(x, axis)


def _hardmax(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    places: Array = b.arange(x.shape[axis], np.int32).reshape([-1] + [1] * (x.rank - axis - 1))
    return b.cast(b.equal(b.argMax(x, axis, keepDimensions=True), places), x.data_type)


def _along_axis(name: str, how: str, function: Callable[[GraphBuilder, Operand, int], Operand]) -> None:
    def convert_1(b: GraphBuilder, input: Operand, *, axis: int = 1) -> Operand:
        return _over_rest(b, input, axis, function)

    def convert_13(b: GraphBuilder, input: Operand, *, axis: int = -1) -> Operand:
        return _over_axis(b, input, axis, function)

    onnx_op(name, how=f"{how}, over all dimensions from the axis on")(convert_1)
    onnx_op(name, since=13, how=how)(convert_13)


_along_axis("Softmax", "softmax", _softmax)
_along_axis("LogSoftmax", "sub of the logarithm of the sum of exp", activation.log_softmax)
_along_axis("Hardmax", "argMax and equal", _hardmax)
