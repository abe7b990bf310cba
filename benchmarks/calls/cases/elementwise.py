"""Steps that compute element by element."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.calls.case import Case, drawn
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

IMAGE = [(1, 64, 56, 56)]
ERF = (1.4185207e-07, -5.668473e-06, 8.763731e-05, -6.1978464e-04, -1.9183086e-04, 0.10276905, 1.1283792)


def erf_by_tanh(b: GraphBuilder, x: Operand) -> Operand:
    x = b.clamp(x, minValue=-4.0, maxValue=4.0)
    square = b.mul(x, x)
    sums = b.linear(square, alpha=ERF[0], beta=ERF[1])
    for number in ERF[2:]:
        sums = b.add(b.mul(sums, square), number)
    return b.tanh(b.mul(x, sums))


CASES = (
    Case(
        "`pow(x, 0.75)` of positive numbers",
        IMAGE,
        {
            "pow(abs(x), 0.75)": lambda b, x: b.pow(b.abs(x), 0.75),
            "r = sqrt(abs(x)); mul(r, sqrt(r))": lambda b, x: b.mul(r := b.sqrt(b.abs(x)), b.sqrt(r)),
            "exp(0.75 log(abs(x)))": lambda b, x: b.exp(b.mul(b.log(b.abs(x)), 0.75)),
        },
    ),
    Case(
        "`pow(x, 0.5)`",
        IMAGE,
        {"pow(abs(x), 0.5)": lambda b, x: b.pow(b.abs(x), 0.5), "sqrt(abs(x))": lambda b, x: b.sqrt(b.abs(x))},
    ),
    Case(
        "`pow(x, -0.5)`",
        IMAGE,
        {
            "pow(abs(x), -0.5)": lambda b, x: b.pow(b.abs(x), -0.5),
            "reciprocal(sqrt(abs(x)))": lambda b, x: b.reciprocal(b.sqrt(b.abs(x))),
            "div(1, sqrt(abs(x)))": lambda b, x: b.div(1.0, b.sqrt(b.abs(x))),
        },
    ),
    Case(
        "`pow(x, 2)`",
        IMAGE,
        {"pow(x, 2)": lambda b, x: b.pow(x, 2.0), "mul(x, x)": lambda b, x: b.mul(x, x)},
    ),
    Case(
        "`pow(x, 3)`",
        IMAGE,
        {"pow(x, 3)": lambda b, x: b.pow(x, 3.0), "mul(x, mul(x, x))": lambda b, x: b.mul(x, b.mul(x, x))},
    ),
    Case(
        "`pow(x, 4)`",
        IMAGE,
        {"pow(x, 4)": lambda b, x: b.pow(x, 4.0), "s = mul(x, x); mul(s, s)": lambda b, x: b.mul(s := b.mul(x, x), s)},
    ),
    Case(
        "`pow(x, -1)`",
        IMAGE,
        {
            "pow(x, -1)": lambda b, x: b.pow(x, -1.0),
            "reciprocal(x)": lambda b, x: b.reciprocal(x),
            "div(1, x)": lambda b, x: b.div(1.0, x),
        },
    ),
    Case(
        "`pow(x, y)` of two tensors",
        IMAGE * 2,
        {
            "pow(abs(x), y)": lambda b, x, y: b.pow(b.abs(x), y),
            "exp(mul(y, log(abs(x))))": lambda b, x, y: b.exp(b.mul(y, b.log(b.abs(x)))),
        },
    ),
    Case(
        "gelu",
        IMAGE,
        {
            "gelu(x)": lambda b, x: b.gelu(x),
            "x / 2 (1 + erf(x / sqrt(2)))": lambda b, x: b.mul(b.mul(x, 0.5), b.linear(b.erf(b.mul(x, math.sqrt(0.5))), beta=1.0)),
        },
        beside={
            "with tanh": lambda b, x: b.mul(
                b.mul(x, 0.5), b.linear(b.tanh(b.mul(x, b.linear(b.mul(x, x), alpha=0.0356774, beta=0.797885))), beta=1.0)
            ),
            "x sigmoid(1.595769 x (1 + 0.044715 x²)), the same as with tanh": lambda b, x: b.mul(
                x, b.sigmoid(b.mul(x, b.linear(b.mul(x, x), alpha=0.0713548, beta=1.595769)))
            ),
        },
    ),
    Case("erf", IMAGE, {"erf(x)": lambda b, x: b.erf(x), "tanh of a polynomial": erf_by_tanh}, {"tanh(x)": lambda b, x: b.tanh(x)}),
    Case(
        "SiLU",
        IMAGE,
        {
            "mul(x, sigmoid(x))": lambda b, x: b.mul(x, b.sigmoid(x)),
            "div(x, 1 + exp(-x))": lambda b, x: b.div(x, b.linear(b.exp(b.neg(x)), beta=1.0)),
        },
    ),
    Case(
        "softplus",
        IMAGE,
        {
            "softplus(x), which overflows": lambda b, x: b.softplus(x),
            "relu(x) + log(1 + exp(-abs(x)))": lambda b, x: b.add(b.relu(x), b.log(b.linear(b.exp(b.neg(b.abs(x))), beta=1.0))),
            "relu(x) - log(sigmoid(abs(x)))": lambda b, x: b.sub(b.relu(x), b.log(b.sigmoid(b.abs(x)))),
            "max(x, 0) - log(sigmoid(abs(x)))": lambda b, x: b.sub(b.max(x, 0.0), b.log(b.sigmoid(b.abs(x)))),
        },
    ),
    Case(
        "mish",
        IMAGE,
        {
            "x tanh(softplus(x))": lambda b, x: b.mul(x, b.tanh(b.add(b.relu(x), b.log(b.linear(b.exp(b.neg(b.abs(x))), beta=1.0))))),
            "e = exp(min(x, 20)); n = e (e + 2); x n / (n + 2)": lambda b, x: b.mul(
                x, b.div(n := b.mul(e := b.exp(b.min(x, 20.0)), b.linear(e, beta=2.0)), b.linear(n, beta=2.0))
            ),
        },
    ),
    Case(
        "clamp",
        IMAGE,
        {
            "clamp(x, -1, 1)": lambda b, x: b.clamp(x, minValue=-1.0, maxValue=1.0),
            "min(max(x, -1), 1)": lambda b, x: b.min(b.max(x, -1.0), 1.0),
        },
        beside={
            "clamp(x, 0, 6)": lambda b, x: b.clamp(x, minValue=0.0, maxValue=6.0),
            "clamp(x, 0.5, 2)": lambda b, x: b.clamp(x, minValue=0.5, maxValue=2.0),
        },
    ),
    Case(
        "clamp(x, 0, 1)",
        IMAGE,
        {
            "clamp(x, 0, 1)": lambda b, x: b.clamp(x, minValue=0.0, maxValue=1.0),
            "min(max(x, 0), 1)": lambda b, x: b.min(b.max(x, 0.0), 1.0),
            "min(relu(x), 1)": lambda b, x: b.min(b.relu(x), 1.0),
            "max(clamp(x, -1, 1), 0)": lambda b, x: b.max(b.clamp(x, minValue=-1.0, maxValue=1.0), 0.0),
            "relu(clamp(x, -1, 1))": lambda b, x: b.relu(b.clamp(x, minValue=-1.0, maxValue=1.0)),
        },
    ),
    Case(
        "hardSwish",
        IMAGE,
        {
            "hardSwish(x)": lambda b, x: b.hardSwish(x),
            "mul(x, hardSigmoid(x, 1/6, 1/2))": lambda b, x: b.mul(x, b.hardSigmoid(x, alpha=1 / 6, beta=0.5)),
            "mul(x, clamp(x + 3, 0, 6) / 6)": lambda b, x: b.mul(x, b.mul(b.clamp(b.add(x, 3.0), minValue=0.0, maxValue=6.0), 1 / 6)),
        },
    ),
    Case(
        "hardSigmoid",
        IMAGE,
        {
            "hardSigmoid(x, 1/6, 1/2)": lambda b, x: b.hardSigmoid(x, alpha=1 / 6, beta=0.5),
            "clamp(linear(x, 1/6, 1/2), 0, 1)": lambda b, x: b.clamp(b.linear(x, alpha=1 / 6, beta=0.5), minValue=0.0, maxValue=1.0),
            "min(relu(linear(x, 1/6, 1/2)), 1)": lambda b, x: b.min(b.relu(b.linear(x, alpha=1 / 6, beta=0.5)), 1.0),
            "clamp(add(x, 3), 0, 6) / 6": lambda b, x: b.mul(b.clamp(b.add(x, 3.0), minValue=0.0, maxValue=6.0), 1 / 6),
        },
    ),
    Case(
        "leakyRelu",
        IMAGE,
        {
            "leakyRelu(x, 0.1)": lambda b, x: b.leakyRelu(x, alpha=0.1),
            "max(x, 0.1 x)": lambda b, x: b.max(x, b.mul(x, 0.1)),
            "prelu(x, [0.1])": lambda b, x: b.prelu(x, b.constant([0.1], "float32")),
            "where(x < 0, 0.1 x, x)": lambda b, x: b.where(b.lesser(x, 0.0), b.mul(x, 0.1), x),
        },
    ),
    Case(
        "elu",
        IMAGE,
        {
            "elu(x)": lambda b, x: b.elu(x),
            "max(x, 0) + min(exp(x) - 1, 0)": lambda b, x: b.add(b.relu(x), b.min(b.linear(b.exp(x), beta=-1.0), 0.0)),
        },
    ),
    Case(
        "a x + b with numbers",
        IMAGE,
        {
            "linear(x, a, b)": lambda b, x: b.linear(x, alpha=0.5, beta=0.25),
            "add(mul(x, a), b)": lambda b, x: b.add(b.mul(x, 0.5), 0.25),
        },
    ),
    Case(
        "a x + b with numbers per channel",
        IMAGE,
        {
            "add(mul(x, a), b)": lambda b, x: b.add(b.mul(x, drawn(b, 64, 1, 1)), drawn(b, 64, 1, 1)),
            "batchNormalization(x, 0, 1, a, b)": lambda b, x: b.batchNormalization(
                x, np.zeros(64, np.float32), np.ones(64, np.float32), scale=drawn(b, 64), bias=drawn(b, 64)
            ),
        },
    ),
    Case(
        "division by a number",
        IMAGE,
        {"div(x, 3)": lambda b, x: b.div(x, 3.0), "mul(x, 1/3), rounds otherwise": lambda b, x: b.mul(x, 1 / 3)},
    ),
    Case(
        "division",
        IMAGE * 2,
        {"div(x, y)": lambda b, x, y: b.div(x, y), "mul(x, reciprocal(y)), rounds otherwise": lambda b, x, y: b.mul(x, b.reciprocal(y))},
    ),
    Case(
        "where",
        IMAGE * 2,
        {
            "mask m: where(m, x, y)": lambda b, x, y: b.where(b.greater(drawn(b, 1, 64, 56, 56), 0.0), x, y),
            "m x + (1 - m) y": lambda b, x, y: b.add(
                b.mul(mask := b.cast(b.greater(drawn(b, 1, 64, 56, 56), 0.0), "float32"), x), b.mul(b.sub(1.0, mask), y)
            ),
        },
        beside={"where(greater(x, 0), x, y)": lambda b, x, y: b.where(b.greater(x, 0.0), x, y)},
    ),
    Case(
        "attention mask",
        [(1, 12, 128, 128), (1, 1, 1, 128)],
        {
            "add(x, bias)": lambda b, x, m: b.add(x, m),
        },
        beside={
            "where(greater(m, 0), x, -inf)": lambda b, x, m: b.where(b.greater(m, 0.0), x, -math.inf),
        },
    ),
    Case(
        "neg",
        IMAGE,
        {"neg(x)": lambda b, x: b.neg(x), "mul(x, -1)": lambda b, x: b.mul(x, -1.0), "sub(0, x), but for -0": lambda b, x: b.sub(0.0, x)},
    ),
    Case(
        "one step",
        IMAGE,
        {
            "relu(x)": lambda b, x: b.relu(x),
        },
        beside={
            "abs(x)": lambda b, x: b.abs(x),
            "sigmoid(x)": lambda b, x: b.sigmoid(x),
            "tanh(x)": lambda b, x: b.tanh(x),
            "exp(x)": lambda b, x: b.exp(x),
            "log(abs(x))": lambda b, x: b.log(b.abs(x)),
            "sin(x)": lambda b, x: b.sin(x),
            "cos(x)": lambda b, x: b.cos(x),
            "tan(x)": lambda b, x: b.tan(x),
            "floor(x)": lambda b, x: b.floor(x),
            "ceil(x)": lambda b, x: b.ceil(x),
            "roundEven(x)": lambda b, x: b.roundEven(x),
            "sign(x)": lambda b, x: b.sign(x),
            "erf(x)": lambda b, x: b.erf(x),
            "logicalNot(greater(x, 0))": lambda b, x: b.logicalNot(b.greater(x, 0.0)),
            "softsign(x)": lambda b, x: b.softsign(x),
            "identity(x)": lambda b, x: b.identity(x),
            "cast to float16 and back": lambda b, x: b.cast(b.cast(x, "float16"), "float32"),
            "cast to int32 and back": lambda b, x: b.cast(b.cast(x, "int32"), "float32"),
        },
    ),
    Case(
        "two tensors",
        IMAGE * 2,
        {
            "add(x, y)": lambda b, x, y: b.add(x, y),
        },
        beside={
            "sub(x, y)": lambda b, x, y: b.sub(x, y),
            "mul(x, y)": lambda b, x, y: b.mul(x, y),
            "max(x, y)": lambda b, x, y: b.max(x, y),
            "greater(x, y)": lambda b, x, y: b.greater(x, y),
            "equal(x, y)": lambda b, x, y: b.equal(x, y),
        },
    ),
)
