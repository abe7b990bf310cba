"""Patterns that exporters write become one operator, with the same results."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph import GraphBuilder, run
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize

RNG = np.random.default_rng(0)
Body = Callable[[GraphBuilder, Operand], Operand]


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def gelu_div(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(b.mul(x, b.add(b.erf(b.div(x, math.sqrt(2))), 1)), 0.5)


def gelu_half_first(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(b.add(1, b.erf(b.mul(x, 1 / math.sqrt(2)))), b.mul(0.5, x))


def hard_swish(b: GraphBuilder, x: Operand) -> Operand:
    return b.div(b.mul(x, b.clamp(b.add(x, 3), minValue=0, maxValue=6)), 6)


def hard_sigmoid_gate(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(x, b.div(b.clamp(b.add(x, 3), minValue=0, maxValue=6), 6))


def layer_norm(b: GraphBuilder, x: Operand) -> Operand:
    centred = b.sub(x, b.reduceMean(x, axes=[3], keepDimensions=True))
    variance = b.reduceMean(b.pow(centred, 2), axes=[3], keepDimensions=True)
    normal = b.div(centred, b.sqrt(b.add(variance, 1e-6)))
    return b.add(b.mul(normal, weights(6)), weights(6))


def layer_norm_reciprocal(b: GraphBuilder, x: Operand) -> Operand:
    centred = b.sub(x, b.reduceMean(x, axes=[3], keepDimensions=True))
    variance = b.reduceMean(b.mul(centred, centred), axes=[3], keepDimensions=True)
    return b.mul(b.reciprocal(b.sqrt(b.add(1e-5, variance))), centred)


def conv_batch_norm(b: GraphBuilder, x: Operand) -> Operand:
    y = b.conv2d(x, weights(8, 4, 3, 3), padding=[1, 1, 1, 1], bias=b.constant(weights(8)))
    return b.batchNormalization(y, weights(8), np.abs(weights(8)) + 0.1, scale=weights(8), bias=weights(8), epsilon=1e-3)


def conv_scale_shift(b: GraphBuilder, x: Operand) -> Operand:
    y = b.conv2d(x, weights(8, 2, 3, 3), groups=2)
    return b.add(b.mul(y, weights(8, 1, 1)), weights(1, 8, 1, 1))


def transposed_conv_batch_norm(b: GraphBuilder, x: Operand) -> Operand:
    y = b.convTranspose2d(x, weights(4, 3, 3, 3), groups=2, strides=[2, 2])
    return b.batchNormalization(y, weights(6), np.abs(weights(6)) + 0.1)


def padded_conv(b: GraphBuilder, x: Operand) -> Operand:
    return b.conv2d(b.pad(x, [0, 0, 1, 2], [0, 0, 3, 0]), weights(8, 4, 3, 3), padding=[1, 0, 0, 1])


def expanded_mask(b: GraphBuilder, x: Operand) -> Operand:
    return b.add(x, b.expand(b.reduceMean(x, axes=[1, 2], keepDimensions=True), [2, 4, 5, 6]))


PATTERNS: list[tuple[Body, list[str]]] = [
    (gelu_div, ["gelu"]),
    (gelu_half_first, ["gelu"]),
    (hard_swish, ["hardSwish"]),
    (hard_sigmoid_gate, ["hardSwish"]),
    (layer_norm, ["layerNormalization"]),
    (layer_norm_reciprocal, ["layerNormalization"]),
    (conv_batch_norm, ["conv2d"]),
    (conv_scale_shift, ["conv2d"]),
    (transposed_conv_batch_norm, ["convTranspose2d"]),
    (padded_conv, ["conv2d"]),
    (expanded_mask, ["reduceMean", "add"]),
    (lambda b, x: b.relu(b.mul(b.add(x, 0), 1)), ["relu"]),
]


def built(body: Body, shape: tuple[int, ...] = (2, 4, 5, 6)) -> Graph:
    b = GraphBuilder("pattern")
    return b.build({"y": body(b, b.input("x", "float32", shape))})


@pytest.mark.parametrize(("body", "ops"), PATTERNS, ids=lambda value: getattr(value, "__name__", ""))
def test_pattern_is_recognised_and_equal(body: Body, ops: list[str]) -> None:
    before = built(body)
    after = optimize(before)
    assert [node.op for node in after.nodes] == ops
    assert after.weight_bytes <= before.weight_bytes + 64
    x = {"x": weights(2, 4, 5, 6)}
    np.testing.assert_allclose(run(after, x)["y"], run(before, x)["y"], rtol=2e-5, atol=2e-5)


ALMOST: list[Body] = [
    lambda b, x: b.mul(b.mul(x, b.add(b.erf(b.div(x, 1.5)), 1)), 0.5),
    lambda b, x: b.mul(b.mul(x, b.add(b.erf(b.div(x, math.sqrt(2))), 1)), 0.25),
    lambda b, x: b.div(b.mul(x, b.clamp(b.add(x, 2), minValue=0, maxValue=6)), 6),
    lambda b, x: b.div(
        b.sub(x, b.reduceMean(x, axes=[3], keepDimensions=True)),
        b.sqrt(b.add(b.reduceMean(b.mul(x, x), axes=[3], keepDimensions=True), 1e-5)),
    ),
    lambda b, x: b.add(b.conv2d(x, weights(5, 4, 5, 2)), weights(5)),
]


@pytest.mark.parametrize("body", ALMOST, ids=range(len(ALMOST)))
def test_almost_a_pattern_stays(body: Body) -> None:
    before = built(body)
    assert [node.op for node in optimize(before).nodes] == [node.op for node in before.nodes]


def test_a_convolution_that_is_also_read_elsewhere_is_not_computed_twice() -> None:
    b = GraphBuilder("shared")
    y = b.conv2d(b.input("x", "float32", (1, 4, 5, 6)), weights(8, 4, 3, 3))
    z = b.batchNormalization(y, weights(8), np.abs(weights(8)) + 0.1)
    after = optimize(b.build({"y": y, "z": z}))
    assert [node.op for node in after.nodes] == ["conv2d", "batchNormalization"]
