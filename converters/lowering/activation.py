"""Activation functions that WebNN has no operator for."""

from __future__ import annotations

import math

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

MISH_LIMITS = {DataType.FLOAT16: 5.0, DataType.FLOAT32: 20.0}
"""Numbers from which on mish is its argument."""


def tanh_gelu(b: GraphBuilder, x: Operand) -> Operand:
    """GELU in its tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    cube = b.mul(b.mul(x, x), x)
    inner = b.mul(b.add(x, b.mul(cube, 0.044715)), math.sqrt(2 / math.pi))
    return b.mul(b.mul(x, 0.5), b.add(b.tanh(inner), 1))


def silu(b: GraphBuilder, x: Operand) -> Operand:
    """x sigmoid(x), also called swish."""
    return b.mul(x, b.sigmoid(x))


def mish(b: GraphBuilder, x: Operand) -> Operand:
    """x tanh(log(1 + exp(x))), as x n / (n + 2) with n = exp(x) (exp(x) + 2), whose quotient rounds to 1 before n overflows."""
    e = b.exp(b.min(x, MISH_LIMITS[x.data_type]))
    n = b.mul(e, b.add(e, 2))
    return b.mul(x, b.div(n, b.add(n, 2)))


def log_softmax(b: GraphBuilder, x: Operand, axis: int) -> Operand:
    """log(softmax(x)) along an axis, exact where softmax underflows."""
    shifted = b.sub(x, b.reduceMax(x, axes=[axis], keepDimensions=True))
    return b.sub(shifted, b.log(b.reduceSum(b.exp(shifted), axes=[axis], keepDimensions=True)))


def log_sigmoid(b: GraphBuilder, x: Operand) -> Operand:
    """log(sigmoid(x)) = -softplus(-x)."""
    return b.neg(b.softplus(b.neg(x)))


def celu(b: GraphBuilder, x: Operand, alpha: float = 1) -> Operand:
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""
    return b.mul(b.elu(b.div(x, alpha)), alpha)


def threshold(b: GraphBuilder, x: Operand, limit: float, value: float) -> Operand:
    """x where it is above the limit, otherwise the value."""
    return b.where(b.greater(x, limit), x, value)


def softshrink(b: GraphBuilder, x: Operand, limit: float, bias: float | None = None) -> Operand:
    """x moved toward 0 by ``bias`` (by default ``limit``) where it is outside of [-limit, limit], otherwise 0."""
    shift = limit if bias is None else bias
    low = b.where(b.lesser(x, -limit), b.add(x, shift), 0)
    return b.where(b.greater(x, limit), b.sub(x, shift), low)
