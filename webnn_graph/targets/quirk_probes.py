"""The smallest graphs that have the faults in `webnn_graph.targets.quirks`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def image(b: GraphBuilder, channels: int = 1) -> Operand:
    return b.input("x", "float32", [1, channels, 4, 4])


def mean_of_nothing(b: GraphBuilder) -> dict[str, Operand]:
    x = b.prelu(b.input("x", "float16", [2]), b.input("slope", "float16", [2]))
    return {"x": x, "y": b.reduceMean(x, axes=[])}


def moved(op: str) -> Callable[[GraphBuilder], dict[str, Operand]]:
    return lambda b: {"y": b.slice(b.call(op, b.input("x", "float32", [6])), [1], [3])}


def sum_of_pools(b: GraphBuilder) -> dict[str, Operand]:
    x = image(b)
    both = b.add(*(b.call(op, x, windowDimensions=[2, 2]) for op in ("maxPool2d", "averagePool2d")))
    return {"y": b.averagePool2d(b.mul(both, b.sigmoid(both)), windowDimensions=[2, 2])}


def dequantized_per_axis(read: Callable[[GraphBuilder, Operand], Operand]) -> Callable[[GraphBuilder], dict[str, Operand]]:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        q = b.constant(np.arange(-12, 12, dtype=np.int8).reshape(4, 6))
        x = b.dequantizeLinear(q, b.constant(np.full([4, 1], 0.1, np.float32)), b.constant(np.zeros([4, 1], np.int8)))
        return {"y": b.add(read(b, x), b.input("x", "float32", [1]))}

    return build


def image_dequantized_per_axis(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1, 1, 1, 4], 0.1, np.float32)), b.constant(np.zeros([1, 1, 1, 4], np.int32))
    x = b.dequantizeLinear(b.input("x", "int32", [1, 1, 4, 4]), scale, zero)
    return {"y": b.maxPool2d(x, windowDimensions=[2, 2])}


def quantized_pool(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1] * 4, 0.1, np.float32)), b.constant(np.zeros([1] * 4, np.int8))
    return {"y": b.quantizeLinear(b.maxPool2d(image(b), windowDimensions=[2, 2]), scale, zero)}


def long_sequences(b: GraphBuilder) -> dict[str, Operand]:
    x = b.input("x", "float32", [40, 1, 768])
    for layer in range(3):
        weight, recurrent = (b.constant(np.full([1, 3072, 768], (layer + i) * 1e-3, np.float32)) for i in (1, 2))
        _, _, sequence = b.lstm(x, weight, recurrent, 40, 768, returnSequence=True)
        x = b.reshape(sequence, [40, 1, 768])
    return {"y": x}


def quantized_parts(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float32)), b.constant(np.zeros([1], np.int8))
    return {"y": b.concat([b.quantizeLinear(b.input("x", "float32", [3]), scale, zero), b.input("z", "int8", [3])], 0)}


def dequantized_product(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1, 1], 0.1, np.float32)), b.constant(np.zeros([1, 1], np.int32))
    return {"y": b.reduceProduct(b.dequantizeLinear(b.input("x", "int32", [4, 2]), scale, zero), axes=[1])}


def bounded_convolution(b: GraphBuilder) -> dict[str, Operand]:
    x, kernel = b.input("x", "float32", [1, 4, 4, 2]), b.constant(np.ones([1, 1, 1, 2], np.float32))
    x = b.conv2d(x, kernel, inputLayout="nhwc", filterLayout="ohwi")
    return {"x": x, "y": b.relu(x)}


def dequantized_halves(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float16)), b.constant(np.zeros([1], np.int8))
    x = b.dequantizeLinear(b.input("x", "int8", [3]), scale, zero)
    return {"x": x, "y": b.abs(x)}


def shifted_by_itself(b: GraphBuilder) -> dict[str, Operand]:
    x = b.instanceNormalization(image(b), scale=b.constant(np.ones(1, np.float32)))
    return {"y": b.layerNormalization(x, axes=[0, 1, 2, 3], bias=x)}


def transpose_times_itself(b: GraphBuilder) -> dict[str, Operand]:
    x = b.transpose(b.input("x", "float32", [2, 6, 2]), permutation=[1, 0, 2])
    return {"y": b.matmul(x, x)}


def softmax_of_pool(b: GraphBuilder) -> dict[str, Operand]:
    x = b.softmax(b.maxPool2d(b.input("x", "float32", [1, 2, 4, 4]), windowDimensions=[2, 2]), 3)
    return {"y": b.averagePool2d(x, windowDimensions=[2, 2])}


def quantized_sum(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float32)), b.constant(np.zeros([1], np.int8))
    x = b.dequantizeLinear(b.input("x", "int8", [3]), scale, zero)
    both = b.add(x, x)
    return {"q": b.quantizeLinear(both, scale, zero), "y": both}
