"""Patterns that exporters write become one operator, with the same results."""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from webnn_graph import GraphBuilder, run
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.modules import modules_of
from webnn_graph.passes import PASSES, optimize, rewrite
from webnn_graph.passes.products import PRODUCTS
from webnn_graph.passes.rewrite import Pass, Rule

RNG = np.random.default_rng(0)
Body = Callable[[GraphBuilder, Operand], Operand]


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def gelu_div(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(b.mul(x, b.add(b.erf(b.div(x, math.sqrt(2))), 1)), 0.5)


def rotated(b: GraphBuilder, x: Operand, sine: Operand | None = None, scale: float = 1.0) -> Operand:
    """Rotary embedding along the last axis, twice, with the cosine and sine of the same positions; the second is scaled."""
    angle = b.reduceMax(x, axes=[0, 1], keepDimensions=True)
    cosine, sine = b.cos(angle), sine or b.sin(angle)

    def turned(y: Operand) -> Operand:
        first, second = b.slice(y, [0, 0, 0, 0], [2, 4, 5, 3]), b.slice(y, [0, 0, 0, 3], [2, 4, 5, 3])
        return b.add(b.mul(y, cosine), b.mul(b.concat([b.neg(second), first], 3), sine))

    y = b.relu(x)
    product = b.reshape(b.matmul(b.reshape(turned(x), [2, 20, 6]), b.reshape(turned(y), [2, 6, 20])), [2, 4, 5, 20])
    return b.softmax(b.mul(product, scale) if scale != 1 else product, 3)


def neighbours_rotated(b: GraphBuilder, x: Operand, size: int = 6, places: tuple[int, int] = (0, 1)) -> Operand:
    """Rotary embedding of neighbours, of the first elements of rows, with the cosine and sine of the same positions, twice."""
    angle = b.reduceMax(b.slice(x, [0, 0, 0, 0], [2, 4, 5, size]), axes=[0, 1], keepDimensions=True)
    cosine, sine = b.cos(angle), b.sin(angle)

    def turned(y: Operand) -> Operand:
        first, second = (b.slice(y, [0, 0, 0, place], [2, 4, 5, size - 1], strides=[1, 1, 1, 2]) for place in places)
        stack = b.concat([b.reshape(part, [2, 20, size // 2, 1]) for part in (b.neg(second), first)], 3)
        return b.add(b.mul(b.slice(y, [0, 0, 0, 0], [2, 4, 5, size]), cosine), b.mul(b.reshape(stack, [2, 4, 5, size]), sine))

    return b.matmul(turned(x), b.transpose(turned(b.relu(x)), permutation=[0, 1, 3, 2]))


def part_of_neighbours_rotated(b: GraphBuilder, x: Operand) -> Operand:
    return neighbours_rotated(b, x, 4)


def expanded_batches(b: GraphBuilder, x: Operand) -> Operand:
    small = b.reduceMax(b.transpose(x, permutation=[0, 1, 3, 2]), axes=[0, 1], keepDimensions=True)
    return b.matmul(x, b.expand(small, [2, 4, 6, 5]))


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


def gelu_tanh(b: GraphBuilder, x: Operand) -> Operand:
    inner = b.mul(b.add(x, b.mul(b.pow(x, 3), 0.044715)), math.sqrt(2 / math.pi))
    return b.mul(b.mul(x, 0.5), b.add(b.tanh(inner), 1))


def gelu_tanh_cube_by_products(b: GraphBuilder, x: Operand) -> Operand:
    inner = b.mul(math.sqrt(2 / math.pi), b.add(x, b.mul(b.mul(0.044715, x), b.mul(x, x))))
    return b.mul(x, b.mul(0.5, b.add(1, b.tanh(inner))))


def rms_norm(b: GraphBuilder, x: Operand) -> Operand:
    mean = b.reduceMean(b.pow(x, 2), axes=[3], keepDimensions=True)
    return b.mul(weights(6), b.mul(x, b.reciprocal(b.sqrt(b.add(mean, 1e-6)))))


def uncentred_variance(b: GraphBuilder, x: Operand) -> Operand:
    centred = b.sub(x, b.reduceMean(x, axes=[3], keepDimensions=True))
    return b.div(centred, b.sqrt(b.add(b.reduceMean(b.mul(x, x), axes=[3], keepDimensions=True), 1e-5)))


def where(b: GraphBuilder, condition: Operand, otherwise: float) -> Operand:
    return b.where(condition, b.constant(0, "float32"), b.constant(otherwise, "float32"))


def masked(b: GraphBuilder, x: Operand) -> Operand:
    return b.add(b.relu(x), where(b, b.greater(x, 0), -math.inf))


def instance_norm(b: GraphBuilder, x: Operand) -> Operand:
    normal = b.layerNormalization(x, axes=[2, 3], epsilon=1e-3)
    scale, bias = b.reduceMax(x, axes=[0, 2, 3]), b.reduceMin(x, axes=[0, 2, 3])
    return b.add(b.mul(normal, b.reshape(scale, [4, 1, 1])), b.reshape(bias, [1, 4, 1, 1]))


def softmax_spelled_out(b: GraphBuilder, x: Operand) -> Operand:
    peak = b.max(b.reduceMax(x, axes=[1]), -math.inf)
    exp = b.exp(b.sub(x, b.reshape(peak, [2, 1, 5, 6])))
    return b.div(exp, b.reshape(b.reduceSum(exp, axes=[1]), [2, 1, 5, 6]))


def batch_norm_scale_shift(b: GraphBuilder, x: Operand) -> Operand:
    normal = b.batchNormalization(b.relu(x), weights(4), np.abs(weights(4)) + 0.1)
    return b.add(b.mul(normal, weights(4, 1, 1)), weights(1, 4, 1, 1))


def conv_1d_bias(b: GraphBuilder, x: Operand) -> Operand:
    y = b.conv2d(b.reshape(x, [2, 4, 1, 30]), weights(8, 4, 1, 3))
    return b.neg(b.add(b.reshape(y, [2, 8, 28]), weights(8, 1)))


def guarded_attention(b: GraphBuilder, x: Operand) -> Operand:
    mask = where(b, b.greater(b.reduceMax(x, axes=[1, 2], keepDimensions=True), 0.5), -3.4e38)
    queries, keys = b.mul(b.transpose(x, permutation=[0, 1, 3, 2]), 0.5), b.div(x, 2)
    scores = b.add(b.matmul(queries, keys), mask)
    share = b.softmax(scores, 3)
    return b.where(b.isNaN(share), np.float32(0), share)


def broadcast_mask(b: GraphBuilder, x: Operand) -> Operand:
    valid = b.gatherND(b.greater(b.reduceMax(x, axes=[0, 1, 2]), 0), np.arange(6).reshape(1, 1, 1, 6, 1))
    every = b.logicalAnd(np.ones((1, 1, 5, 1), np.uint8), valid)
    return b.add(x, where(b, b.notEqual(b.cast(every, "int32"), 0), -1e9))


def dequantized_by_hand(b: GraphBuilder, x: Operand) -> Operand:
    stored = RNG.integers(-128, 128, (6, 600)).astype(np.int8)
    return b.matmul(x, b.mul(b.sub(b.cast(stored, "float32"), 3), np.abs(weights(1, 600))))


def rows_of_a_quantized_table(b: GraphBuilder, x: Operand) -> Operand:
    stored, scale = RNG.integers(-128, 128, (90, 6)).astype(np.int8), np.abs(weights(90, 2))
    indices = b.cast(b.clamp(b.abs(b.mul(x, 10)), minValue=0, maxValue=89), "int32")
    rows = b.gather(b.dequantizeLinear(stored, scale, np.zeros((90, 2), np.int8)), b.slice(indices, [0] * 4, [2, 1, 1, 3]), axis=0)
    return b.reshape(rows, [2, 1, 3, 6])


def columns_of_a_quantized_table(b: GraphBuilder, x: Operand) -> Operand:
    stored = RNG.integers(0, 255, (6, 90)).astype(np.uint8)
    index = b.cast(b.slice(b.reshape(x, [240]), [0], [1]), "int32")
    table = b.dequantizeLinear(stored, np.abs(weights(6, 1)), np.full((6, 1), 7, np.uint8))
    return b.reshape(b.gather(table, b.max(index, 0), axis=1), [6])


def quantized_relu6(b: GraphBuilder, x: Operand) -> Operand:
    point = np.full((1, 1, 1, 1), -128, np.int8)
    quantized = b.quantizeLinear(b.clamp(x, minValue=0, maxValue=6), np.full((1, 1, 1, 1), 6 / 255, np.float32), point)
    return b.dequantizeLinear(quantized, np.full((1, 1, 1, 1), 6 / 255, np.float32), point)


def transposed_keys(b: GraphBuilder, x: Operand) -> Operand:
    merged = b.transpose(b.reshape(x, [8, 5, 6]), permutation=[0, 2, 1])
    return b.relu(b.reshape(merged, [2, 4, 6, 5]))


def transposed_concat(b: GraphBuilder, x: Operand) -> Operand:
    parts = [b.transpose(part, permutation=[0, 2, 3, 1]) for part in (x, b.relu(x))]
    return b.concat(parts, 3)


def moved_ones(b: GraphBuilder, x: Operand) -> Operand:
    turned = b.transpose(b.reduceMax(x, axes=[1], keepDimensions=True), permutation=[1, 0, 3, 2])
    return b.reshape(turned, [2, 6, 1, 5])


def dynamic_zero_point(b: GraphBuilder, x: Operand) -> Operand:
    positive = b.relu(x)
    low, high = b.min(b.reduceMin(positive), 0), b.max(b.reduceMax(positive), 0.5)
    scale = b.clamp(b.sub(high, low), minValue=1e-30)
    return b.add(b.div(positive, scale), b.roundEven(b.neg(b.div(low, scale))))


def quantized_dynamically(b: GraphBuilder, x: Operand, limit: float = 1e-30) -> tuple[Operand, Operand, Operand]:
    """x as bytes, with the scale and zero point of its own range, in x's rank."""
    low, high = b.min(b.reduceMin(x), 0), b.clamp(b.reduceMax(x), minValue=limit)
    scale = b.div(b.sub(high, low), 255)
    zero = b.cast(b.roundEven(b.neg(b.div(low, scale))), "uint8")
    scale, zero = (b.reshape(one, [1] * x.rank) for one in (scale, zero))
    return b.quantizeLinear(x, scale, zero), scale, zero


def dynamic_range(b: GraphBuilder, x: Operand) -> Operand:
    q, scale, zero = quantized_dynamically(b, x)
    return b.dequantizeLinear(q, scale, zero)


def symmetric_range(b: GraphBuilder, x: Operand) -> Operand:
    """The largest is 127.5 steps above 0, where rounding is up and the integers end below."""
    return b.div(dynamic_range(b, b.clamp(b.mul(x, 999), minValue=-255, maxValue=255)), 255)


def positive_range(b: GraphBuilder, x: Operand) -> Operand:
    q, _, zero = quantized_dynamically(b, b.sigmoid(x))
    return b.dequantizeLinear(q, np.ones((1, 1, 1, 1), np.float32), zero)


def bytes_of_whole_numbers(b: GraphBuilder, x: Operand, scale: float = 1, least: float = -127, by: str = "roundEven") -> Operand:
    steps = b.clamp(b.call(by, b.mul(x, 50)), minValue=least, maxValue=127)
    q = b.reshape(b.cast(steps, "int8"), [8, 30])
    return b.dequantizeLinear(q, np.full((1, 1), scale, np.float32), np.zeros((1, 1), np.int8))


def product_of_pieces(b: GraphBuilder, x: Operand, cut: int = 500, step: float = 1) -> Operand:
    wide = b.cast(b.clamp(b.mul(b.reshape(x, [1, 240]), 50), minValue=-128, maxValue=127), "int8")
    left = b.dequantizeLinear(b.concat([wide] * 3, 1), np.full((1, 1), step, np.float32), np.zeros((1, 1), np.int8))
    right = b.dequantizeLinear(
        RNG.integers(-128, 128, (720, 6)).astype(np.int8), np.ones((1, 6), np.float32), np.arange(6, dtype=np.int8)[None]
    )
    first = b.matmul(b.slice(left, [0, 0], [1, cut]), b.slice(right, [0, 0], [cut, 6]))
    second = b.matmul(b.slice(left, [0, 500], [1, 220]), b.slice(right, [500, 0], [220, 6]))
    return b.div(b.cast(b.add(b.cast(first, "int32"), b.cast(second, "int32")), "float32"), 1e6)


def gru_from_zeros(b: GraphBuilder, x: Operand) -> Operand:
    zeros = b.expand(b.constant(0, "float32"), [1, 8, 700])
    steps = b.reshape(x, [5, 8, 6])
    return b.gru(steps, weights(1, 2100, 6) / 9, weights(1, 2100, 700) / 99, 5, 700, initialHiddenState=zeros)[0]


def heads(b: GraphBuilder, x: Operand) -> tuple[Operand, Operand]:
    """Queries of four heads, and what two share, repeated for them."""
    small = b.slice(x, [0, 0, 0, 0], [2, 2, 5, 6])
    return x, b.reshape(b.expand(b.reshape(small, [2, 2, 1, 5, 6]), [2, 2, 2, 5, 6]), [2, 4, 5, 6])


def grouped_keys(b: GraphBuilder, x: Operand) -> Operand:
    queries, keys = heads(b, x)
    return b.matmul(queries, b.transpose(keys, permutation=[0, 1, 3, 2]))


def grouped_values(b: GraphBuilder, x: Operand) -> Operand:
    queries, values = heads(b, x)
    return b.matmul(b.softmax(b.slice(queries, [0, 0, 0, 0], [2, 4, 5, 5]), 3), values)


def one_hot(b: GraphBuilder, x: Operand, classes: object = range(4), table: object = None) -> Operand:
    """Rows of a table, for indices some of which are none of its rows."""
    indices = b.cast(b.mul(b.slice(x, [0, 0, 0, 0], [2, 4, 5, 1]), 3), "int32")
    hot = b.equal(b.constant(np.reshape(classes, [1, 1, -1]), "int32"), indices)
    return b.matmul(b.cast(hot, "float32"), weights(4, 3) if table is None else table)


def response_norm(b: GraphBuilder, x: Operand) -> Operand:
    squares = b.pad(b.mul(x, x), [0, 0, 1, 0], [0, 0, 1, 0])
    means = b.averagePool2d(squares, windowDimensions=[3, 1])
    return b.div(x, b.pow(b.add(b.mul(means, 1e-2), 1), 0.75))


def mean_of_expanded(b: GraphBuilder, x: Operand) -> Operand:
    mask = b.cast(b.greater(b.reduceMax(x, axes=[3], keepDimensions=True), 1), "int32")
    spread = b.cast(b.expand(mask, [2, 4, 5, 6]), "float32")
    return b.div(b.reduceMax(x, axes=[2]), b.clamp(b.reduceSum(spread, axes=[2]), minValue=1))


def plain_norms(b: GraphBuilder, x: Operand) -> Operand:
    """Scales of ones and biases of zeros, as they stand there and spread."""
    ones, zeros = b.expand(np.float32(1), [30]), np.zeros(4, np.float32)
    y = b.layerNormalization(x, scale=b.reshape(ones, [5, 6]), bias=np.zeros((5, 6), np.float32), axes=[2, 3])
    y = b.instanceNormalization(y, scale=np.ones(4, np.float32), bias=zeros)
    y = b.batchNormalization(y, weights(4), np.abs(weights(4)), scale=np.ones(4, np.float32), bias=zeros)
    assert len(y.shape) == 4
    return y


def scattered_inside(b: GraphBuilder, x: Operand) -> Operand:
    """At positions in two dimensions, of which each has bounds of its own."""
    positions = b.reshape(b.argMax(x, axis=0), [60, 2])
    inside = b.min(b.max(positions, np.array([-2, -4], np.int32)), np.array([1, 3], np.int32))
    return b.scatterND(x, inside, weights(60, 5, 6))


TURNED = "reduceMax cos sin relu"
NEIGHBOURS = "mul reshape reverse reshape mul mul add relu mul reshape reverse reshape mul add transpose matmul"
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
    (gelu_tanh, ["mul", "linear", "mul", "sigmoid", "mul"]),
    (gelu_tanh_cube_by_products, ["mul", "linear", "mul", "sigmoid", "mul"]),
    (rms_norm, ["reduceSumSquare", "linear", "sqrt", "div", "mul"]),
    (uncentred_variance, ["reduceMean", "sub", "reduceSumSquare", "linear", "sqrt", "div"]),
    (instance_norm, ["reduceMax", "reduceMin", "instanceNormalization"]),
    (softmax_spelled_out, ["softmax"]),
    (lambda b, x: b.div(b.exp(x), b.reduceSum(b.exp(x), axes=[2], keepDimensions=True)), ["softmax"]),
    (batch_norm_scale_shift, ["relu", "batchNormalization"]),
    (conv_1d_bias, ["reshape", "conv2d", "reshape"]),
    (guarded_attention, ["reduceMax", "greater", "where", "transpose", "mul", "matmul", "add", "softmax"]),
    (broadcast_mask, ["reduceMax", "greater", "reshape", "where", "add"]),
    (dequantized_by_hand, ["dequantizeLinear", "matmul"]),
    (rows_of_a_quantized_table, ["mul", "abs", "clamp", "cast", "slice", "gather", "gather", "gather", "dequantizeLinear", "reshape"]),
    (columns_of_a_quantized_table, ["reshape", "slice", "cast", "max", "gather", "dequantizeLinear", "reshape"]),
    (quantized_relu6, ["quantizeLinear", "dequantizeLinear"]),
    (transposed_keys, ["transpose", "relu"]),
    (mean_of_expanded, ["reduceMax", "greater", "cast", "reduceMax", "reduceSum", "clamp", "div"]),
    (lambda b, x: b.clamp(b.add(b.mul(x, 0.3), 0.4), minValue=0, maxValue=1), ["hardSigmoid"]),
    (lambda b, x: b.clamp(b.linear(x, alpha=0.3, beta=0.4), minValue=0, maxValue=1), ["hardSigmoid"]),
    (lambda b, x: b.sub(b.linear(b.mul(x, 3), alpha=0.5, beta=2), 2), ["mul"]),
    (lambda b, x: b.add(b.div(b.mul(x, 0.5), 3), 0.25), ["linear"]),
    (lambda b, x: b.min(b.max(x, 0), 6), ["clamp"]),
    (lambda b, x: b.min(b.relu(x), 6), ["clamp"]),
    (lambda b, x: b.reshape(b.leakyRelu(b.reshape(x, [2, 4, 30])), [2, 4, 5, 6]), ["leakyRelu"]),
    (lambda b, x: b.transpose(b.mul(b.transpose(x, permutation=[0, 2, 3, 1]), 3), permutation=[0, 3, 1, 2]), ["mul"]),
    (lambda b, x: b.reshape(b.reduceMax(x, axes=[2]), [2, 4, 1, 6]), ["reduceMax"]),
    (lambda b, x: b.reduceMax(b.transpose(x, permutation=[0, 2, 3, 1]), axes=[1, 2]), ["reduceMax"]),
    (lambda b, x: b.relu(b.reshape(b.gather(x, np.array(-1), axis=2), [2, 4, 1, 6])), ["slice", "relu"]),
    (lambda b, x: b.relu(b.gather(x, np.array([1, 2]), axis=3)), ["slice", "relu"]),
    (lambda b, x: b.relu(b.reduceMean(b.slice(x, [0, 1, 0, 0], [2, 1, 5, 6]), axes=[1], keepDimensions=True)), ["slice", "relu"]),
    (lambda b, x: b.cast(b.cast(b.greater(x, 0), "int64"), "float32"), ["greater", "cast"]),
    (
        lambda b, x: b.slice(
            b.slice(x, [0, 0, 1, 1], [2, 4, 4, 5], strides=[1, 1, 1, 2]), [0, 1, 0, 1], [1, 3, 3, 2], strides=[1, 2, 2, 1]
        ),
        ["slice"],
    ),
    (lambda b, x: b.concat([b.concat([x, b.relu(x)], 2), b.neg(x)], 2), ["relu", "neg", "concat"]),
    (transposed_concat, ["relu", "concat", "transpose"]),
    (lambda b, x: b.reduceMax(b.reduceMax(x, axes=[1]), axes=[2]), ["reduceMax"]),
    (lambda b, x: b.reduceMean(b.reduceMean(x, axes=[3], keepDimensions=True), axes=[2, 3], keepDimensions=True), ["reduceMean"]),
    (moved_ones, ["reduceMax", "transpose"]),
    (gru_from_zeros, ["reshape", "gru"]),
    (lambda b, x: b.cast(b.logicalNot(b.equal(b.relu(x), 0)), "float32"), ["relu", "notEqual", "cast"]),
    (lambda b, x: b.gather(x, b.clamp(b.argMax(x, axis=1), minValue=-6, maxValue=5), axis=3), ["argMax", "gather"]),
    (lambda b, x: b.where(b.notEqual(b.cast(x, "uint8"), 0), x, b.neg(x)), ["cast", "neg", "where"]),
    (lambda b, x: b.logicalNot(b.notEqual(b.cast(x, "uint8"), 0)), ["cast", "logicalNot"]),
    (lambda b, x: b.add(*b.split(b.concat([x, b.relu(x)], 1), 2, axis=1)), ["relu", "add"]),
    (lambda b, x: b.layerNormalization(x, scale=np.ones(6, np.float32), bias=weights(6), axes=[3]), ["layerNormalization"]),
    (plain_norms, ["layerNormalization", "instanceNormalization", "batchNormalization"]),
    (lambda b, x: b.gather(x, b.cast(b.argMax(x, axis=1), "int64"), axis=3), ["argMax", "gather"]),
    (scattered_inside, ["argMax", "reshape", "scatterND"]),
    (dynamic_zero_point, ["relu", "reduceMax", "max", "clamp", "div"]),
    (dynamic_range, [*"reduceMin min reduceMax clamp sub div div div roundEven roundEven add min mul".split()]),
    (symmetric_range, [*"mul clamp reduceMin min reduceMax clamp sub div div div roundEven roundEven add min mul div".split()]),
    (positive_range, ["sigmoid", "reduceMax", "clamp", "div", "div", "roundEven"]),
    (bytes_of_whole_numbers, ["mul", "roundEven", "clamp", "reshape"]),
    (product_of_pieces, ["reshape", "mul", "clamp", "cast", "concat", "dequantizeLinear", "dequantizeLinear", "matmul", "div"]),
    (lambda b, x: b.gemm(b.reshape(x, [40, 6]), weights(6, 3), c=weights(3)), ["reshape", "gemm"]),
    (lambda b, x: b.add(weights(3), b.matmul(b.reshape(x, [40, 6]), weights(6, 3))), ["reshape", "gemm"]),
    (grouped_keys, ["slice", "transpose", "reshape", "matmul", "reshape"]),
    (grouped_values, ["slice", "slice", "softmax", "reshape", "matmul", "reshape"]),
    (one_hot, ["slice", "mul", "cast", "reshape", "max", "min", "gather"]),
    (lambda b, x: b.pow(x, 2), ["mul"]),
    (lambda b, x: b.pow(x, 3), ["mul", "mul"]),
    (lambda b, x: b.pow(x, -1), ["reciprocal"]),
    (lambda b, x: b.pow(b.abs(x), 0.5), ["abs", "sqrt"]),
    (lambda b, x: b.pow(b.relu(x), 0.75), ["relu", "sqrt", "sqrt", "mul"]),
    (lambda b, x: b.pow(b.mul(x, x), 2.25), ["mul", "sqrt", "sqrt", "mul", "mul"]),
    (lambda b, x: b.pow(b.add(b.reduceMean(b.abs(x), axes=[3]), 1e-3), -0.5), ["abs", "reduceMean", "add", "sqrt", "reciprocal"]),
    (response_norm, ["mul", "pad", "averagePool2d", "linear", "sqrt", "sqrt", "mul", "div"]),
    (rotated, f"{TURNED} split mul concat mul mul add reshape split mul concat mul add reshape matmul reshape softmax".split()),
    (
        lambda b, x: rotated(b, x, scale=0.5),
        f"{TURNED} split neg concat mul split mul concat mul add reshape mul mul mul mul add reshape matmul reshape softmax".split(),
    ),
    (neighbours_rotated, f"reduceMax cos sin {NEIGHBOURS}".split()),
    (part_of_neighbours_rotated, f"slice reduceMax cos sin {NEIGHBOURS.replace('relu', 'relu slice')}".split()),
    (expanded_batches, ["transpose", "reduceMax", "matmul"]),
]


def built(body: Body, shape: tuple[int, ...] = (2, 4, 5, 6)) -> Graph:
    b = GraphBuilder("pattern")
    return b.build({"y": body(b, b.input("x", "float32", shape))})


@pytest.mark.parametrize(("body", "ops"), PATTERNS, ids=lambda value: getattr(value, "__name__", ""))
def test_pattern_is_recognised_and_equal(body: Body, ops: list[str]) -> None:
    before = built(body)
    after = optimize(before)
    assert [node.op for node in after.nodes] == ops
    assert after.weight_bytes <= before.weight_bytes + 1024
    x = {"x": weights(2, 4, 5, 6)}
    np.testing.assert_allclose(run(after, x)["y"], run(before, x)["y"], rtol=2e-5, atol=2e-5)


ALMOST: list[Body] = [
    lambda b, x: neighbours_rotated(b, x, places=(1, 0)),  # (-a, b)
    lambda b, x: b.matmul(b.expand(b.reduceMax(x, axes=[2], keepDimensions=True), [2, 4, 5, 6]), weights(2, 4, 6, 5)),  # rows
    lambda b, x: b.matmul(b.expand(b.reduceMax(x, axes=[1], keepDimensions=True), [2, 4, 5, 6]), weights(6, 5)),  # the only batches
    lambda b, x: b.mul(b.mul(x, b.add(b.erf(b.div(x, 1.5)), 1)), 0.5),
    lambda b, x: b.mul(b.mul(x, b.add(b.erf(b.div(x, math.sqrt(2))), 1)), 0.25),
    lambda b, x: b.div(b.mul(x, b.clamp(b.add(x, 2), minValue=0, maxValue=6)), 6),
    lambda b, x: b.add(b.conv2d(x, weights(5, 4, 5, 2)), weights(5)),
    lambda b, x: b.mul(b.mul(x, 0.25), b.add(b.tanh(b.mul(b.add(x, b.mul(b.mul(b.mul(x, x), x), 0.04)), 0.8)), 1)),  # not a half
    lambda b, x: b.mul(b.mul(x, 0.5), b.add(b.tanh(b.mul(b.add(x, b.mul(b.mul(r := b.relu(x), r), r)), 0.8)), 1)),  # the cube of another
    lambda b, x: b.div(b.exp(x), b.reduceSum(b.exp(b.relu(x)), axes=[2], keepDimensions=True)),
    lambda b, x: b.div(b.exp(x), b.reduceSum(b.exp(x), axes=[2, 3], keepDimensions=True)),
    lambda b, x: b.where(b.isNaN(b.softmax(x, 3)), np.float32(0), b.softmax(x, 3)),  # x may hold infinities
    lambda b, x: b.where(b.isNaN(b.softmax(masked(b, x), 3)), np.float32(0), b.softmax(masked(b, x), 3)),
    lambda b, x: b.add(b.mul(b.layerNormalization(x, axes=[2, 3]), weights(6)), weights(4, 1, 1)),  # a scale along the width
    lambda b, x: b.mul(b.batchNormalization(x, weights(4), np.abs(weights(4))), weights(6)),
    lambda b, x: b.quantizeLinear(b.relu(x), np.full((1, 1, 1, 1), 0.1, np.float32), np.zeros((1, 1, 1, 1), np.int8)),
    lambda b, x: b.matmul(x, b.mul(b.sub(b.cast(np.ones((6, 900), np.int8), "float32"), 0.5), weights(1, 900))),
    lambda b, x: b.gather(
        b.dequantizeLinear(np.ones((8, 900), np.int8), weights(4, 1), np.zeros((4, 1), np.int8)), b.argMax(x, axis=3), axis=0
    ),
    lambda b, x: b.dequantizeLinear(b.quantizeLinear(b.neg(x), *(range := quantized_dynamically(b, x)[1:])), *range),
    lambda b, x: bytes_of_whole_numbers(b, x, scale=0.5),
    lambda b, x: bytes_of_whole_numbers(b, x, least=-100.5),
    lambda b, x: bytes_of_whole_numbers(b, x, least=-200),
    lambda b, x: bytes_of_whole_numbers(b, x, by="abs"),
    lambda b, x: product_of_pieces(b, x, cut=400),  # some are left out
    lambda b, x: product_of_pieces(b, x, step=0.3),  # not whole
    lambda b, x: b.cast(b.cast(x, "float16"), "float32"),
    lambda b, x: b.cast(b.cast(b.cast(x, "int32"), "uint8"), "float32"),
    lambda b, x: b.logicalAnd(b.cast(x, "uint8"), np.ones((2, 4, 5, 6), np.uint8)),  # may hold a 2
    lambda b, x: b.reshape(b.softmax(b.reshape(x, [2, 4, 30]), 2), [2, 4, 5, 6]),
    lambda b, x: b.reshape(b.transpose(b.reshape(x, [8, 15, 2]), permutation=[0, 2, 1]), [2, 4, 5, 6]),
    lambda b, x: b.reduceMax(b.transpose(x, permutation=[3, 1, 2, 0]), axes=[1]),
    lambda b, x: b.gather(x, np.array([0, 2]), axis=3),
    lambda b, x: b.gather(x, np.array([5, 6]), axis=3),  # beyond the end, where implementations clamp
    lambda b, x: b.reshape(b.gather(x, np.array(7), axis=3), [2, 4, 5, 1]),
    lambda b, x: b.gather(x, b.clamp(b.argMax(x, axis=1), minValue=0, maxValue=3), axis=3),  # what is there is more
    lambda b, x: b.logicalNot(b.greater(x, 0)),  # of NaN both are false
    lambda b, x: b.add(*b.split(b.concat([x, b.relu(x)], 1), 2, axis=0)),
    lambda b, x: b.gatherND(b.reduceMax(x, axes=[0, 1, 2], keepDimensions=False), np.arange(1, 7).reshape(6, 1)),
    lambda b, x: b.concat([b.concat([x, b.relu(x)], 1), b.concat([x, x], 1)], 2),
    lambda b, x: b.reduceMax(b.reduceMin(x, axes=[1]), axes=[1]),
    lambda b, x: b.min(b.reduceMin(b.relu(x)), 0.5),
    lambda b, x: b.div(np.float32(0), b.relu(x)),  # 0 / 0
    lambda b, x: b.div(0, b.clamp(b.cast(x, "int32"), minValue=0.25)),  # 0 / 0, too
    lambda b, x: b.clamp(b.linear(x, alpha=0.3, beta=0.4), minValue=0, maxValue=2),
    lambda b, x: b.mul(b.add(x, 0.4), 3),  # exact where x is close to -0.4
    lambda b, x: b.max(b.max(x, 0.5), 0.25),
    lambda b, x: b.matmul(b.mul(x, 0.5), b.transpose(x, permutation=[0, 1, 3, 2])),
    lambda b, x: one_hot(b, x, [0, 1, 3, 2]),
    lambda b, x: one_hot(b, x, table=np.array([[1], [2], [math.inf], [3]], np.float32)),  # 0 times infinity is NaN
    lambda b, x: b.pow(x, 0.5),  # of -infinity it is infinite, its root NaN
    lambda b, x: b.pow(b.relu(x), -0.5),  # of -0 it is infinite, the reciprocal of its root -infinity
    lambda b, x: b.pow(b.add(b.abs(x), -1), 0.5),
    lambda b, x: b.pow(b.abs(x), 0.3),
    lambda b, x: b.pow(x, 5),
    lambda b, x: b.pow(x, -2),  # of large numbers of half precision, whose square overflows
    lambda b, x: b.pow(b.reduceMax(x), b.mul(x, 2)),
    lambda b, x: b.matmul(b.concat([x, x], 1), b.reshape(b.expand(b.reshape(x, [2, 1, 4, 6, 5]), [2, 2, 4, 6, 5]), [2, 8, 6, 5])),
    lambda b, x: b.reduceMean(b.mul(b.cast(x, "float16"), b.cast(x, "float16")), axes=[3]),  # whose sum may overflow
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


# ------------------------------------------------------------------------------------------------------------------ the passes
def chain() -> Graph:
    b = GraphBuilder("chain")
    x = b.input("x", "float32", [1, 4])
    with b.source("block.gelu"):
        y = gelu_div(b, x)
    return b.build({"y": b.mul(b.mul(y, 2), 3)})


def test_a_trace_says_which_rule_was_applied_where(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "webnn_graph.passes")
    after = optimize(chain())
    assert [node.op for node in after.nodes] == ["gelu", "mul"]
    said = caplog.messages
    assert "patterns 1: activation.gelu at block.gelu" in said
    assert "patterns 1: 7 nodes became 3" in said
    assert any(re.fullmatch(r"leftovers 1: arithmetic.affine at .*", line) for line in said)
    assert after.notes == ()


def test_rules_that_undo_each_other_end_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is right after every round, so it is kept; who it was is for the one who wrote the rules."""
    monkeypatch.setattr(rewrite, "ROUNDS", 7)

    def to_sub(view: rewrite.View, node: Node) -> rewrite.Build:
        return lambda b, new: b.sub(new(node.arguments["a"]), b.neg(new(node.arguments["b"])))

    def to_add(view: rewrite.View, node: Node) -> rewrite.Build:
        return lambda b, new: b.add(new(node.arguments["a"]), b.neg(new(node.arguments["b"])))

    b = GraphBuilder()
    before = b.build({"y": b.add(b.input("x", "float32", [2]), b.input("z", "float32", [2]))})
    after = Pass("endless", [{"add": [to_sub]}, {"sub": [to_add]}]).apply(before)
    (note,) = after.notes
    assert note == "rewriting was ended after 7 rounds; these rules undo each other: test_passes.to_sub"
    feed = {name: np.array([1.0, 2.0], np.float32) for name in ("x", "z")}
    np.testing.assert_array_equal(run(after, feed)["y"], run(before, feed)["y"])


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("is_first", [True, False])
def test_another_part_from_the_same_place_is_no_half(size: int, is_first: bool) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 8])

    def part() -> Operand:
        return b.relu(b.slice(x, [0, 0], [2, size]))

    other = part() if is_first else None
    first, second = (b.slice(x, [0, begin], [2, 4]) for begin in (0, 4))
    before = b.build({"turned": b.concat([b.neg(second), first], 1), "other": other or part()})
    after = optimize(before)
    feed = {"x": RNG.normal(size=(2, 8)).astype(np.float32)}
    for name, expected in run(before, feed).items():
        np.testing.assert_array_equal(run(after, feed)[name], expected)


PATTERN_PASSES = [each for each in PASSES if isinstance(each, Pass)]


def test_every_family_of_rules_is_in_the_passes() -> None:
    tables = [value for file in modules_of("webnn_graph.passes") for name, value in vars(file).items() if name in ("RULES", "LAST")]
    assert tables
    applied = [family for each in PATTERN_PASSES for family in each.families]
    assert all(any(table is family for family in applied) for table in tables)


def rules() -> set[Rule]:
    return {rule for each in (*PATTERN_PASSES, PRODUCTS) for alike in each.rules.values() for rule in alike}


def test_every_function_that_is_a_rule_is_in_a_family() -> None:
    takes = {"view": "View", "node": "Node", "return": "Build | None"}
    functions = {value for file in modules_of("webnn_graph.passes") for value in vars(file).values() if inspect.isfunction(value)}
    assert {made for made in functions if made.__annotations__ == takes and not made.__name__.startswith("_")} == rules()


def test_every_rule_has_a_pattern(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "webnn_graph"):
        for body, _ in PATTERNS:
            optimize(built(body))
    of_all_graphs = rules() - {rule for alike in PRODUCTS.rules.values() for rule in alike}
    names = {f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}" for rule in of_all_graphs}
    assert {name for name in names if f": {name} at " not in caplog.text} == set()
