"""Activation functions."""

from __future__ import annotations

from converters.onnx.registry import one_to_one, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

one_to_one({"PRelu": "prelu", "Relu": "relu", "Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign", "HardSwish": "hardSwish"})


@onnx_op("LeakyRelu")
def leaky_relu(b: GraphBuilder, X: Operand, *, alpha: float = 0.01) -> Operand:
    """leakyRelu"""
    return b.leakyRelu(X, alpha=alpha)


@onnx_op("Elu")
def elu(b: GraphBuilder, X: Operand, *, alpha: float = 1.0) -> Operand:
    """elu"""
    return b.elu(X, alpha=alpha)


@onnx_op("HardSigmoid")
def hard_sigmoid(b: GraphBuilder, X: Operand, *, alpha: float = 0.2, beta: float = 0.5) -> Operand:
    """hardSigmoid"""
    return b.hardSigmoid(X, alpha=alpha, beta=beta)


@onnx_op("Clip", since=1)
def clip_6(b: GraphBuilder, input: Operand, *, min: float = float("-inf"), max: float = float("inf")) -> Operand:
    """clamp"""
    return b.clamp(input, minValue=min, maxValue=max)


@onnx_op("Clip", since=11)
def clip(b: GraphBuilder, input: Operand, min: Operand | None = None, max: Operand | None = None) -> Operand:
    """clamp; limits computed at run time become max and min"""
    for limit, method in ((min, b.max), (max, b.min)):
        if limit is not None and not b.is_known(limit):
            input = method(input, limit)
    limits = {"minValue": min, "maxValue": max}
    known = {name: b.value(limit).item() for name, limit in limits.items() if limit is not None and b.is_known(limit)}
    return b.clamp(input, **known) if known else input

