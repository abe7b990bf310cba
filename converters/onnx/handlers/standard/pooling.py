"""Pooling."""

from __future__ import annotations

import math

import numpy as np

from converters.lowering import pooling as lowering
from converters.lowering.pooling import Windows
from converters.lowering.spatial import ones
from converters.onnx.handlers.standard.convolution import spatial_pads
from converters.onnx.registry import Ints, SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def windows(
    X: Operand,
    kernel_shape: list[int],
    auto_pad: str,
    ceil_mode: int,
    dilations: list[int] | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Windows:
    """The windows that a pooling operator's attributes describe."""
    image, rank = list(X.shape[2:]), len(kernel_shape)
    strides, dilations = ones(strides, rank), ones(dilations, rank)
    around = spatial_pads(auto_pad, pads, image, kernel_shape, strides, dilations)
    return Windows.over(image, kernel_shape, strides, around, dilations, ceil=bool(ceil_mode) and auto_pad == "NOTSET")


@onnx_op("MaxPool", how="maxPool2d; 1-D as a column, 3-D two dimensions at a time; Indices by argMax over gathered windows")
def max_pool(
    b: GraphBuilder,
    X: Operand,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    storage_order: int = 0,
    strides: list[int] | None = None,
    node: SourceNode,
) -> tuple[Operand, ...]:
    over = windows(X, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    values = lowering.max_pool(b, X, over)
    if not node.wants(1):
        return (values,)
    n, channels, *image = X.shape
    places = lowering.max_pool_positions(b, X, over)
    if storage_order:
        columns_first = b.arange(math.prod(image), np.int32).reshape(image[::-1]).T
        places = b.gather(b.constant(np.ascontiguousarray(columns_first).ravel()), places)
    starts = b.arange(n * channels, np.int64).reshape([n, channels] + [1] * len(image)) * math.prod(image)
    return values, b.add(b.cast(places, "int64"), b.constant(starts))


@onnx_op("AveragePool", how="averagePool2d; 1-D as a column, 3-D two dimensions at a time; padding that counts becomes pad")
def average_pool(
    b: GraphBuilder,
    X: Operand,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    over = windows(X, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    return lowering.average_pool(b, X, over, count_padding=bool(count_include_pad))


@onnx_op("LpPool", how="l2Pool2d; for other p averagePool2d of the powers")
def lp_pool(
    b: GraphBuilder,
    X: Operand,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    p: int = 2,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    over = windows(X, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    if p == 2:
        return lowering.l2_pool(b, X, over)
    size = b.abs(X)
    return lowering.sum_pool(b, size, over) if p == 1 else b.pow(lowering.sum_pool(b, b.pow(size, float(p)), over), 1 / p)


@onnx_op("GlobalAveragePool", how="reduceMean")
def global_average_pool(b: GraphBuilder, X: Operand) -> Operand:
    return b.reduceMean(X, axes=_spatial(X), keepDimensions=True)


@onnx_op("GlobalMaxPool", how="reduceMax")
def global_max_pool(b: GraphBuilder, X: Operand) -> Operand:
    return b.reduceMax(X, axes=_spatial(X), keepDimensions=True)


@onnx_op("GlobalLpPool", how="reduceL1, reduceL2; for other p reduceSum of the powers")
def global_lp_pool(b: GraphBuilder, X: Operand, *, p: int = 2) -> Operand:
    if p in (1, 2):
        return b.call(f"reduceL{p}", X, axes=_spatial(X), keepDimensions=True)
    return b.pow(b.reduceSum(b.pow(b.abs(X), float(p)), axes=_spatial(X), keepDimensions=True), 1 / p)


def _spatial(X: Operand) -> list[int]:
    return list(range(2, X.rank))


@onnx_op("MaxUnpool", how="scatterElements into zeros")
def max_unpool(
    b: GraphBuilder,
    X: Operand,
    I: Operand,  # noqa: E741 (the schema's name)
    output_shape: Ints | None = None,
    *,
    kernel_shape: list[int],
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    rank = len(kernel_shape)
    strides = ones(strides, rank)
    around = spatial_pads("NOTSET", pads, list(X.shape[2:]), kernel_shape, strides, [1] * rank)
    inferred = [(X.shape[2 + i] - 1) * strides[i] + kernel_shape[i] - sum(around[i]) for i in range(rank)]
    shape = [*X.shape[:2], *inferred]
    if min(shape) < 1:
        raise ConversionError(f"would have the shape {shape}")
    b.reserve(*shape)
    zeros = b.constant(np.zeros(math.prod(shape), X.data_type.numpy))
    y = b.reshape(b.scatterElements(zeros, b.reshape(I, [I.size]), b.reshape(X, [X.size])), shape)
    return b.pad(y, [0] * X.rank, [new - old for new, old in zip(output_shape or shape, shape, strict=True)])
