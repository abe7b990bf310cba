"""Activation functions."""

from __future__ import annotations

import math
from typing import Any

import torch

from converters.lowering import activation
from converters.torch.registry import Promote, aten, aten_op, one_function, one_to_one
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

one_to_one(
    {
        aten.hardswish.default: "hardSwish",
        aten.relu.default: "relu",
        aten.sigmoid.default: "sigmoid",
    }
)
one_function(
    {
        aten.mish.default: activation.mish,
        aten.silu.default: activation.silu,
        aten.threshold.default: activation.threshold,
    },
    promote=Promote.NONE,
)


@aten_op(aten.gelu.default, how="gelu; the tanh form by arithmetic")
def gelu(b: GraphBuilder, input: Operand, *, approximate: str) -> Operand:
    return b.gelu(input) if approximate == "none" else activation.tanh_gelu(b, input)


@aten_op(aten.elu.default, how="where, greater, mul, elu")
def elu(b: GraphBuilder, input: Operand, alpha: float, scale: float, input_scale: float) -> Operand:
    scaled = input if input_scale == 1 else b.where(b.greater(input, 0), input, b.mul(input, input_scale))
    curve = b.elu(scaled, alpha=alpha)
    return curve if scale == 1 else b.mul(curve, scale)


@aten_op(aten.celu.default, how="elu of x / alpha, times alpha")
def celu(b: GraphBuilder, input: Operand, alpha: float) -> Operand:
    return activation.celu(b, input, alpha)


@aten_op(aten.leaky_relu.default, how="leakyRelu")
def leaky_relu(b: GraphBuilder, input: Operand, negative_slope: float) -> Operand:
    return b.leakyRelu(input, alpha=negative_slope)


@aten_op(aten.prelu.default, aten._prelu_kernel.default, how="A slope per channel, the second dimension")
def prelu(b: GraphBuilder, input: Operand, weight: Operand) -> Operand:
    if weight.rank == 1 and input.rank > 1:
        weight = b.reshape(weight, [weight.shape[0], *[1] * (input.rank - 2)])
    return b.prelu(input, weight)


@aten_op(aten.relu6.default, how="clamp")
def relu6(b: GraphBuilder, input: Operand) -> Operand:
    return b.clamp(input, minValue=0, maxValue=6)


@aten_op(aten.hardtanh.default, how="clamp")
def hardtanh(b: GraphBuilder, input: Operand, min_val: float, max_val: float) -> Operand:
    return b.clamp(input, minValue=min_val, maxValue=max_val)


@aten_op(aten.hardsigmoid.default, how="hardSigmoid")
def hardsigmoid(b: GraphBuilder, input: Operand) -> Operand:
    return b.hardSigmoid(input, alpha=1 / 6, beta=0.5)


@aten_op(aten.softplus.default, how="PyTorch returns x above the threshold; with the usual one of 20 that is what softplus rounds to")
def softplus(b: GraphBuilder, input: Operand, beta: float, threshold: float) -> Operand:
    scaled = input if beta == 1 else b.mul(input, beta)
    curve = b.softplus(scaled)
    curve = curve if beta == 1 else b.div(curve, beta)
    return curve if threshold >= 20 else b.where(b.greater(scaled, threshold), input, curve)


@aten_op(aten.glu.default, how="One half times the sigmoid of the other")
def glu(b: GraphBuilder, input: Operand, dim: int) -> Operand:
    axis = dim % input.rank
    values, gates = b.split(input, 2, axis=axis)
    return b.mul(values, b.sigmoid(gates))


@aten_op(aten.softmax.int, aten._softmax.default, promote=Promote.RESULT, how="sub, add, softmax")
def softmax(b: GraphBuilder, input: Operand, dim: int, *ignored: Any) -> Operand:
    if input.rank == 0:
        return b.sub(b.add(input, 1), input)
    return b.softmax(input, dim % input.rank)


@aten_op(aten._safe_softmax.default, promote=Promote.RESULT, how="Rows that are -infinity throughout give zeros")
def safe_softmax(b: GraphBuilder, input: Operand, dim: int, dtype: torch.dtype | None) -> Operand:
    axis = dim % input.rank
    largest = b.reduceMax(input, axes=[axis], keepDimensions=True)
    return b.where(b.equal(largest, -math.inf), 0, b.softmax(input, axis))


@aten_op(
    aten.log_softmax.int,
    aten._log_softmax.default,
    promote=Promote.RESULT,
    how="x less its logarithmic sum of exponentials, shifted by the maximum",
)
def log_softmax(b: GraphBuilder, input: Operand, dim: int, *ignored: Any) -> Operand:
    if input.rank == 0:
        return b.sub(input, input)
    return activation.log_softmax(b, input, dim % input.rank)


@aten_op(aten.log_sigmoid_forward.default, how="composed")
def log_sigmoid_forward(b: GraphBuilder, input: Operand) -> Any:
    return activation.log_sigmoid(b, input), lambda: b.exp(b.neg(b.abs(input)))
