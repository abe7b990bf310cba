"""Activation functions."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import Family, family, op
from webnn_graph.ops.domains import ANY, FLOAT, SIGNED
from webnn_graph.ops.elementwise import unary
from webnn_graph.ops.parameters import number, uint
from webnn_graph.ops.rules import broadcast, cast_number, require
from webnn_graph.ops.special import erf
from webnn_graph.ops.traits import Trait


def sigmoid(x: Array) -> Array:
    """The logistic function without overflow for large negative arguments."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def hard_sigmoid(x: Array, alpha: float = 0.2, beta: float = 0.5) -> Array:
    """alpha x + beta, clamped to [0, 1]."""
    return np.clip(alpha * x + beta, 0, 1)


def gelu(x: Array) -> Array:
    """x times the normal distribution function at x."""
    result = erf(x * x.dtype.type(1 / math.sqrt(2)))
    result += 1
    result *= x
    result *= x.dtype.type(0.5)
    return result


ACTIVATIONS: Family = {
    "gelu": (gelu, "x times the normal distribution function at x."),
    "hardSwish": (lambda input: input * np.clip(input + 3, 0, 6) / 6, "x times x + 3, clamped to [0, 6], / 6."),
    "sigmoid": (sigmoid, "1 / (1 + exp(-x))."),
    "softplus": (lambda input: np.logaddexp(input, input.dtype.type(0)), "log(1 + exp(x))."),
    "softsign": (lambda input: input / (1 + np.abs(input)), "x / (1 + |x|)."),
}
family(ACTIVATIONS, unary, Trait.ELEMENTWISE, input=FLOAT)
family({"relu": (lambda input: np.maximum(input, 0), "The larger of x and 0.")}, unary, Trait.ELEMENTWISE, input=SIGNED)


@op(run=lambda input, alpha: np.where(input > 0, input, alpha * np.expm1(np.minimum(input, 0))), traits=[Trait.ELEMENTWISE], input=FLOAT)
def elu(input: Operand, /, *, alpha: float = 1) -> Descriptor:
    """x where it is positive, else ``alpha`` (exp(x) - 1)."""
    return input.descriptor


@op(run=lambda input, alpha: np.where(input >= 0, input, input.dtype.type(alpha) * input), traits=[Trait.ELEMENTWISE], input=FLOAT)
def leakyRelu(input: Operand, /, *, alpha: float = 0.01) -> Descriptor:
    """x where it is positive, else ``alpha`` x."""
    return input.descriptor


@op(run=lambda input, alpha, beta: input.dtype.type(alpha) * input + input.dtype.type(beta), traits=[Trait.ELEMENTWISE], input=FLOAT)
def linear(input: Operand, /, *, alpha: float = 1, beta: float = 0) -> Descriptor:
    """``alpha`` x + ``beta``."""
    return input.descriptor


@op(
    run=lambda input, alpha, beta: hard_sigmoid(input, input.dtype.type(alpha), input.dtype.type(beta)),
    traits=[Trait.ELEMENTWISE],
    input=FLOAT,
)
def hardSigmoid(input: Operand, /, *, alpha: float = 0.2, beta: float = 0.5) -> Descriptor:
    """``alpha`` x + ``beta``, clamped to [0, 1]."""
    return input.descriptor


@op(run=lambda input, slope: np.where(input >= 0, input, slope * input), traits=[Trait.ELEMENTWISE], input=SIGNED)
def prelu(input: Operand, slope: Operand, /) -> Descriptor:
    """x where it is positive, else ``slope`` x; the two are broadcast."""
    return input.with_shape(broadcast(input.shape, slope.shape))


def clamp_limits(minValue: float | None, maxValue: float | None, data_type: DataType) -> tuple[float, float]:
    """The two bounds as numbers of the data type; an absent one, or a NaN of floating point, does not bound."""
    smallest, largest = data_type.range
    low = smallest if minValue is None else cast_number(minValue, data_type)
    high = largest if maxValue is None else cast_number(maxValue, data_type)
    return smallest if math.isnan(low) else low, largest if math.isnan(high) else high


def _clamp(input: Array, minValue: float | None, maxValue: float | None, result: Descriptor) -> Array:
    low, high = clamp_limits(minValue, maxValue, result.data_type)
    return np.clip(input, input.dtype.type(low), input.dtype.type(high))


@op(run=_clamp, traits=[Trait.ELEMENTWISE], input=ANY)
def clamp(input: Operand, /, *, minValue: number | None = None, maxValue: number | None = None) -> Descriptor:
    """The elements, none below ``minValue`` and none above ``maxValue``; an absent bound does not bound."""
    low, high = clamp_limits(minValue, maxValue, input.data_type)
    require(low <= high, f"minValue {minValue} is greater than maxValue {maxValue}")
    return input.descriptor


def softmax_of(input: Array, axis: int) -> Array:
    shifted = input - input.max(axis=axis, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=axis, keepdims=True)
    return np.asarray(shifted)


@op(run=softmax_of, input=FLOAT.rank(1, -1))
def softmax(input: Operand, axis: uint, /) -> Descriptor:
    """exp(x) along ``axis``, divided by its sum there."""
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    return input.descriptor
