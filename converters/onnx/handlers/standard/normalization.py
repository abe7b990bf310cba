"""Normalization, and dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.lowering import normalization as lowering
from converters.lowering.cumulative import windows
from converters.onnx.axes import axes_of, axis_of
from converters.onnx.handlers.standard.random import dropped
from converters.onnx.registry import Number, SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType, shortest
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

EVALUATE = "export the model in evaluation mode"


def _as(b: GraphBuilder, x: Operand, data_type: DataType) -> Operand:
    return b.cast(x, data_type)


@onnx_op("BatchNormalization", how="batchNormalization", limits="refused in training mode")
def batch_normalization_6(
    b: GraphBuilder,
    X: Operand,
    scale: Operand,
    B: Operand,
    mean: Operand,
    var: Operand,
    *,
    epsilon: float = 1e-5,
    is_test: int = 0,
    momentum: float = 0.9,
    spatial: int = 1,
) -> Operand:
    if not is_test:
        raise ConversionError("normalizes with the statistics of the batch", EVALUATE)
    return batch_normalization_7(b, X, scale, B, mean, var, epsilon=epsilon, spatial=spatial)


@onnx_op("BatchNormalization", since=7, how="batchNormalization; statistics per position as arithmetic")
def batch_normalization_7(
    b: GraphBuilder,
    X: Operand,
    scale: Operand,
    B: Operand,
    mean: Operand,
    var: Operand,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
) -> Operand:
    if spatial:
        return b.batchNormalization(X, mean, var, scale=scale, bias=B, epsilon=epsilon)
    normal = b.div(b.sub(X, mean), b.sqrt(b.add(var, epsilon)))
    return b.add(b.mul(normal, scale), B)


@onnx_op("BatchNormalization", since=9, how="batchNormalization")
def batch_normalization_9(
    b: GraphBuilder, X: Operand, scale: Operand, B: Operand, mean: Operand, var: Operand, *, epsilon: float = 1e-5, momentum: float = 0.9
) -> Operand:
    return b.batchNormalization(X, mean, var, scale=scale, bias=B, epsilon=epsilon)


@onnx_op("BatchNormalization", since=14, how="batchNormalization; in training mode with the statistics of the batch, by reduceMean")
def batch_normalization(
    b: GraphBuilder,
    X: Operand,
    scale: Operand,
    B: Operand,
    input_mean: Operand,
    input_var: Operand,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
) -> tuple[Operand, ...]:
    channel = 1 if X.rank > 1 else 0
    gamma, beta = _as(b, scale, X.data_type), _as(b, B, X.data_type)

    def normalized(mean: Operand, variance: Operand) -> Operand:
        moments = (_as(b, mean, X.data_type), _as(b, variance, X.data_type))
        return b.batchNormalization(X, *moments, scale=gamma, bias=beta, axis=channel, epsilon=epsilon)

    if not training_mode:
        return (normalized(input_mean, input_var),)
    x = _as(b, X, input_mean.data_type)
    others = [axis for axis in range(X.rank) if axis != channel]
    centered = b.sub(x, b.reduceMean(x, axes=others, keepDimensions=True))
    mean, variance = b.reduceMean(x, axes=others), b.reduceMean(b.mul(centered, centered), axes=others)

    def running(before: Operand, now: Operand) -> Operand:
        return b.add(b.mul(before, momentum), b.mul(now, 1 - momentum))

    return normalized(mean, variance), running(input_mean, mean), running(input_var, variance)


@onnx_op("InstanceNormalization", how="instanceNormalization, on images of other ranks after a reshape")
def instance_normalization(b: GraphBuilder, input: Operand, scale: Operand, B: Operand, *, epsilon: float = 1e-5) -> Operand:
    return lowering.instance_norm(b, input, scale, B, epsilon=epsilon)


@onnx_op("LayerNormalization", since=17, how="layerNormalization; Mean and InvStdDev by reduceMean")
def layer_normalization(
    b: GraphBuilder,
    X: Operand,
    Scale: Operand,
    B: Operand | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    node: SourceNode,
) -> tuple[Operand, ...]:
    axes = list(range(axis_of(axis, X.rank), X.rank))
    normal = X.shape[axes[0] :]
    fits = all(parameter is None or parameter.shape == normal for parameter in (Scale, B))
    if fits:
        Y = b.layerNormalization(X, scale=Scale, axes=axes, epsilon=epsilon, bias=B)
    else:
        Y = b.mul(b.layerNormalization(X, axes=axes, epsilon=epsilon), Scale)
        Y = b.add(Y, B) if B is not None else Y
    if not (node.wants(1) or node.wants(2)):
        return (Y,)
    x = _as(b, X, DataType.FLOAT32) if stash_type == 1 else X
    mean = b.reduceMean(x, axes=axes, keepDimensions=True)
    centered = b.sub(x, mean)
    variance = b.reduceMean(b.mul(centered, centered), axes=axes, keepDimensions=True)
    return Y, mean, b.reciprocal(b.sqrt(b.add(variance, epsilon)))


@onnx_op("GroupNormalization", since=18, how="instanceNormalization over the groups")
def group_normalization_18(
    b: GraphBuilder, X: Operand, scale: Operand, bias: Operand, *, num_groups: int, epsilon: float = 1e-5
) -> Operand:
    groups = b.reshape(X, [X.shape[0], num_groups, 1, X.size // (X.shape[0] * num_groups)])
    return b.reshape(b.instanceNormalization(groups, scale=scale, bias=bias, epsilon=epsilon), list(X.shape))


@onnx_op("GroupNormalization", since=21, how="layerNormalization over the groups, then mul and add per channel")
def group_normalization(
    b: GraphBuilder, X: Operand, scale: Operand, bias: Operand, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Operand:
    return lowering.group_norm(b, X, scale, bias, groups=num_groups, epsilon=epsilon)


@onnx_op("RMSNormalization", since=23, how="mul, reduceMean, add, sqrt, reciprocal, mul, mul; float16 in float32")
def rms_normalization(
    b: GraphBuilder, X: Operand, scale: Operand, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Operand:
    x = _as(b, X, DataType.FLOAT32) if stash_type == 1 else X
    normal = lowering.rms_norm(b, x, None, axes=range(axis_of(axis, X.rank), X.rank), epsilon=epsilon)
    return b.mul(_as(b, normal, scale.data_type), scale)


@onnx_op("LRN", how="squares of neighbouring channels added, then linear, pow and div")
def local_response_normalization(
    b: GraphBuilder, X: Operand, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Operand:
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    edge = [0] * (X.rank - 2)
    squares = b.pad(b.mul(X, X), [0, before, *edge], [0, after, *edge])
    total = windows(b, squares, 1, size)
    return b.div(X, b.pow(b.linear(total, alpha=shortest(alpha / size), beta=bias), beta))


@onnx_op("MeanVarianceNormalization", how="sub, reduceMean, sqrt, add, div")
def mean_variance_normalization(b: GraphBuilder, X: Operand, *, axes: Sequence[int] = (0, 2, 3)) -> Operand:
    over = axes_of(axes, X.rank)
    centered = b.sub(X, b.reduceMean(X, axes=over, keepDimensions=True))
    deviation = b.sqrt(b.reduceMean(b.mul(centered, centered), axes=over, keepDimensions=True))
    return b.div(centered, b.add(deviation, 1e-9))


@onnx_op("LpNormalization", how="reduceL1 or reduceL2, max, div")
def lp_normalization(b: GraphBuilder, input: Operand, *, axis: int = -1, p: int = 2) -> Operand:
    if p not in (1, 2):
        raise ConversionError(f"p is {p}; the operator is defined for 1 and 2")
    norm = b.call(f"reduceL{p}", input, axes=[axis_of(axis, input.rank)], keepDimensions=True)
    smallest = float(np.finfo(input.data_type.numpy).tiny)
    return b.div(input, b.max(norm, smallest))


@onnx_op(
    "Dropout",
    how="nothing: inference drops nothing; in training mode by a random input",
    limits="training mode only with --random",
)
def dropout_6(b: GraphBuilder, data: Operand, *, is_test: int = 0, ratio: float = 0.5, node: SourceNode) -> tuple[Operand, ...]:
    if not is_test:
        return dropped(b, data, ratio, node)
    return dropout_7(b, data)


@onnx_op("Dropout", since=7, how="nothing: inference drops nothing")
def dropout_7(b: GraphBuilder, data: Operand, *, ratio: float = 0.5) -> tuple[Operand, ...]:
    return data, _all_kept(b, data)


@onnx_op(
    "Dropout",
    since=12,
    how="nothing: inference drops nothing; in training mode by a random input",
    limits="training mode only with --random",
)
def dropout_12(
    b: GraphBuilder,
    data: Operand,
    ratio: Number | None = None,
    training_mode: Number | None = None,
    *,
    seed: int = 0,
    node: SourceNode,
) -> tuple[Operand, ...]:
    if training_mode and ratio != 0:
        return dropped(b, data, 0.5 if ratio is None else float(ratio), node)
    return data, _all_kept(b, data)


def _all_kept(b: GraphBuilder, data: Operand) -> Operand:
    return b.expand(b.constant(np.ones((1,) * data.rank, np.uint8)), list(data.shape))
