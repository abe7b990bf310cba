"""The smallest graphs at which Chromium fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand
from webnn_graph.targets.quirk import Probe


def image(b: GraphBuilder, channels: int = 1) -> Operand:
    return b.input("x", "float32", [1, channels, 4, 4])


def mean_of_nothing(b: GraphBuilder) -> dict[str, Operand]:
    x = b.prelu(b.input("x", "float16", [2]), b.input("slope", "float16", [2]))
    return {"x": x, "y": b.reduceMean(x, axes=[])}


def moved(op: str) -> Probe:
    return lambda b: {"y": b.slice(b.call(op, b.input("x", "float32", [6])), [1], [3])}


def sum_of_pools(b: GraphBuilder) -> dict[str, Operand]:
    x = image(b)
    both = b.add(*(b.call(op, x, windowDimensions=[2, 2]) for op in ("maxPool2d", "averagePool2d")))
    return {"y": b.averagePool2d(b.mul(both, b.sigmoid(both)), windowDimensions=[2, 2])}


def dequantized_per_axis(read: Callable[[GraphBuilder, Operand], Operand]) -> Probe:
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


def quantized_mean(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1, 1], 0.05, np.float32)), b.constant(np.full([1, 1], -128, np.int8))
    x = b.expand(b.input("x", "int8", [4, 1]), [4, 9216])
    return {"y": b.quantizeLinear(b.reduceMean(b.dequantizeLinear(x, scale, zero), axes=[1], keepDimensions=True), scale, zero)}


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


def per_channel(b: GraphBuilder, shape: list[int]) -> tuple[Operand, Operand]:
    count = max(shape)
    return b.constant(np.linspace(0.05, 0.2, count, dtype=np.float32).reshape(shape)), b.constant(np.zeros(shape, np.int8))


def reshape_of_what_is_quantized_per_axis(b: GraphBuilder) -> dict[str, Operand]:
    return {"y": b.reshape(b.quantizeLinear(b.input("x", "float32", [4, 6]), *per_channel(b, [4, 1])), [24])}


def depthwise_dequantized_per_axis(b: GraphBuilder) -> dict[str, Operand]:
    kernel = b.constant(np.arange(-8, 8, dtype=np.int8).reshape(4, 1, 2, 2))
    return {"y": b.conv2d(image(b, 4), b.dequantizeLinear(kernel, *per_channel(b, [4, 1, 1, 1])), groups=4)}


def pool(ops: Sequence[str], **options: Any) -> Probe:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        x = b.sub(b.input("x", "float32", [1, 2, 6, 6]), 5.0)  # negative, so that a border of zeros would win
        return {op: b.call(op, x, windowDimensions=[3, 3], **options) for op in ops}

    return build


def transposed_convolution(**options: Any) -> Probe:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        kernel = np.arange(4 * 2 * 9, dtype=np.float32).reshape(4, 2, 3, 3) / 72
        return {"y": b.convTranspose2d(image(b, 4), b.constant(kernel), strides=[2, 2], **options)}

    return build


def product_with_nothing(b: GraphBuilder) -> dict[str, Operand]:
    x, y, c = b.input("a", "float32", [2, 3]), b.input("b", "float32", [3, 2]), b.input("c", "float32", [2])
    return {"y": b.gemm(x, y, c=c, beta=0)}


def peepholes(b: GraphBuilder) -> dict[str, Operand]:
    x, w, r = b.input("x", "float32", [2, 4]), b.input("w", "float32", [20, 4]), b.input("r", "float32", [20, 5])
    h, c, p = b.input("h", "float32", [2, 5]), b.input("c", "float32", [2, 5]), b.input("p", "float32", [15])
    new_h, new_c = b.lstmCell(x, w, r, h, c, 5, peepholeWeight=p, layout="ifgo")
    return {"h": new_h, "c": new_c}


def gathered_elements(b: GraphBuilder) -> dict[str, Operand]:
    x, indices = b.input("x", "float32", [20, 3]), b.input("indices", "int32", [4, 3])
    return {"y": b.gatherElements(x, b.sub(indices, 8))}


def scattered_elements(b: GraphBuilder) -> dict[str, Operand]:
    x, column = b.input("x", "float32", [20, 2]), b.input("column", "int32", [1, 2])
    places = b.concat([column, b.add(column, 1), b.sub(column, 17)], 0)
    return {"y": b.scatterElements(x, places, b.input("updates", "float32", [3, 2]))}


def scattered_elements_twice(b: GraphBuilder) -> dict[str, Operand]:
    places = b.constant(np.array([[1, 2], [1, -1], [0, 2]], np.int32))
    return {"y": b.scatterElements(b.input("x", "float32", [20, 2]), places, b.input("updates", "float32", [3, 2]))}


def scattered_to_one_position(b: GraphBuilder) -> dict[str, Operand]:
    place = b.constant(np.array([2], np.int32))
    return {"y": b.scatterND(b.input("x", "float32", [4, 3]), place, b.input("update", "float32", [3]))}


def scattered_to_places_twice(b: GraphBuilder) -> dict[str, Operand]:
    places = b.constant(np.array([[1], [3], [1]], np.int32))
    return {"y": b.scatterND(b.input("x", "float32", [4]), places, b.input("updates", "float32", [3]))}


def softmax_between_transposes(b: GraphBuilder) -> dict[str, Operand]:
    turned = b.relu(b.transpose(b.input("x", "float32", [2, 3, 4]), permutation=[0, 2, 1]))
    return {"y": b.transpose(b.softmax(turned, 2), permutation=[0, 2, 1])}


def filtered_row(b: GraphBuilder) -> dict[str, Operand]:
    taps = np.sin(np.arange(40, dtype=np.float32)).reshape(1, 1, 1, 40) / 40
    x = b.input("x", "float32", [1, 1, 1, 5000])
    return {"y": b.conv2d(x, b.constant(taps), padding=[0, 0, 3, 5], strides=[1, 3], bias=b.constant([0.5], "float32"))}
