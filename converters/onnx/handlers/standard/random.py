"""Random operators: arithmetic on an input of random numbers."""

from __future__ import annotations

from converters.onnx.reading.tensors import Element
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Distribution, Operand

FLOAT, INT32 = 1, 6
OPTION = "only with --random"


def scaled(b: GraphBuilder, numbers: Operand, scale: float, offset: float) -> Operand:
    """Numbers spread by a factor, and moved."""
    spread = numbers if scale == 1 else b.mul(numbers, scale)
    return spread if offset == 0 else b.add(spread, offset)


def _type(node: SourceNode, like: Operand, dtype: int | None) -> DataType:
    return node.scope.element(dtype).data_type if dtype else like.data_type


@onnx_op("RandomNormal", how="a random input, mul, add", limits=OPTION)
def random_normal(
    b: GraphBuilder, *, shape: list[int], dtype: int = FLOAT, mean: float = 0.0, scale: float = 1.0, seed: float = 0.0, node: SourceNode
) -> Operand:
    return scaled(b, node.scope.noise(node.proto, Distribution.NORMAL, node.scope.element(dtype).data_type, shape), scale, mean)


@onnx_op("RandomNormalLike", how="a random input, mul, add", limits=OPTION)
def random_normal_like(
    b: GraphBuilder,
    input: Operand,
    *,
    dtype: int | None = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: float = 0.0,
    node: SourceNode,
) -> Operand:
    return scaled(b, node.scope.noise(node.proto, Distribution.NORMAL, _type(node, input, dtype), input.shape), scale, mean)


@onnx_op("RandomUniform", how="a random input, mul, add", limits=OPTION)
def random_uniform(
    b: GraphBuilder, *, shape: list[int], dtype: int = FLOAT, low: float = 0.0, high: float = 1.0, seed: float = 0.0, node: SourceNode
) -> Operand:
    return scaled(b, node.scope.noise(node.proto, Distribution.UNIFORM, node.scope.element(dtype).data_type, shape), high - low, low)


@onnx_op("RandomUniformLike", how="a random input, mul, add", limits=OPTION)
def random_uniform_like(
    b: GraphBuilder,
    input: Operand,
    *,
    dtype: int | None = None,
    low: float = 0.0,
    high: float = 1.0,
    seed: float = 0.0,
    node: SourceNode,
) -> Operand:
    return scaled(b, node.scope.noise(node.proto, Distribution.UNIFORM, _type(node, input, dtype), input.shape), high - low, low)


@onnx_op("Bernoulli", how="lesser of a random input", limits=OPTION)
def bernoulli(b: GraphBuilder, input: Operand, *, dtype: int | None = None, seed: float = 0.0, node: SourceNode) -> Operand:
    numbers = node.scope.noise(node.proto, Distribution.UNIFORM, input.data_type, input.shape)
    return b.cast(b.lesser(numbers, input), _type(node, input, dtype))


@onnx_op("Multinomial", how="softmax, cumulativeSum, and how many of these sums are at most a random input", limits=OPTION)
def multinomial(
    b: GraphBuilder, input: Operand, *, dtype: int = INT32, sample_size: int = 1, seed: float = 0.0, node: SourceNode
) -> Operand:
    batch, classes = input.shape
    numbers = node.scope.noise(node.proto, Distribution.UNIFORM, input.data_type, [batch, sample_size])
    sums = b.reshape(b.cumulativeSum(b.softmax(input, 1), 1), [batch, 1, classes])
    below = b.cast(b.lesserOrEqual(sums, b.reshape(numbers, [batch, sample_size, 1])), "int32")
    chosen = b.clamp(b.reduceSum(below, axes=[2]), maxValue=classes - 1)  # the last sum may be rounded to less than 1
    return b.cast(chosen, Element(dtype).data_type)


def dropped(b: GraphBuilder, data: Operand, ratio: float, node: SourceNode) -> tuple[Operand, ...]:
    """What is left of a tensor of which numbers are dropped at random, and a mask of what is left."""
    numbers = node.scope.noise(node.proto, Distribution.UNIFORM, data.data_type, data.shape)
    kept = b.greaterOrEqual(numbers, ratio)
    return b.where(kept, b.mul(data, 1 / (1 - ratio) if ratio < 1 else 0.0), b.constant(0, data.data_type)), kept
