"""Pooling over regions of interest."""

from __future__ import annotations

import numpy as np

from converters.lowering import grid_sample
from converters.lowering.grid_sample import Taps
from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("RoiAlign", since=10, how="as in later opsets")
def roi_align_10(
    b: GraphBuilder,
    X: Operand,
    rois: Operand,
    batch_indices: Operand,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Operand:
    result = [output_height, output_width]
    return _roi_align(b, X, rois, batch_indices, result, sampling_ratio, spatial_scale, mode=mode, aligned=False)


@onnx_op(
    "RoiAlign", since=16, how="bilinear sampling by gather, then reduceSum or reduceMax", limits="sampling_ratio 0 only for known regions"
)
def roi_align(
    b: GraphBuilder,
    X: Operand,
    rois: Operand,
    batch_indices: Operand,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Operand:
    result, aligned = [output_height, output_width], coordinate_transformation_mode == "half_pixel"
    return _roi_align(b, X, rois, batch_indices, result, sampling_ratio, spatial_scale, mode=mode, aligned=aligned)


def _roi_align(
    b: GraphBuilder,
    X: Operand,
    rois: Operand,
    batch_indices: Operand,
    result: list[int],
    ratio: int,
    scale: float,
    *,
    mode: str,
    aligned: bool,
) -> Operand:
    """Samples lie on a grid in each region, so the taps of its rows combine with those of its columns."""
    if mode not in ("avg", "max"):
        raise ConversionError(f"mode {mode!r} is none of avg, max")
    corners = b.sub(b.mul(rois, scale), 0.5 if aligned else 0.0)
    left, top, right, bottom = b.split(corners, 4, axis=1)
    taps = []
    for start, end, count, size in ((top, bottom, result[0], X.shape[2]), (left, right, result[1], X.shape[3])):
        length = b.sub(end, start) if aligned else b.max(b.sub(end, start), 1.0)
        taps.append(_samples(b, start, length, count, ratio, size, mean=mode == "avg"))
    values, weights = grid_sample.read(b, X, taps, batch_indices)
    regions, channels = rois.shape[0], X.shape[1]
    shape = [regions, result[0], taps[0].pixels.shape[2] // result[0], result[1], taps[1].pixels.shape[2] // result[1], channels]
    weighted = b.reshape(b.mul(values, weights), shape)
    pooled = b.reduceSum(weighted, axes=[2, 4]) if mode == "avg" else b.reduceMax(weighted, axes=[2, 4])
    return b.transpose(pooled, permutation=[0, 3, 1, 2])


def _samples(b: GraphBuilder, start: Operand, length: Operand, count: int, ratio: int, size: int, *, mean: bool) -> Taps:
    """What the samples of one dimension read, in ``count`` bins each: [regions, 1, count * samples * 2].

    Args:
        start: [regions, 1], as ``length``.
        ratio: Samples per bin; 0 for as many as a bin has pixels.
        mean: Whether the weights of a bin sum up to 1; otherwise those of each sample do.
    """
    per_bin = _samples_per_bin(b, length, count, ratio)
    most = max(1, int(per_bin.max()))
    b.reserve(*per_bin.shape, count, most)
    index = b.arange(most)
    exists = index < per_bin
    fraction = (np.where(exists, index, 0) + 0.5) / np.maximum(per_bin, 1)
    weight = exists / np.maximum(per_bin, 1) if mean else np.broadcast_to(per_bin > 0, exists.shape)
    steps = (b.arange(count)[:, None] + fraction[:, None, :]) / count
    steps = steps.reshape(len(per_bin), count * most).astype(start.data_type.numpy)
    position = b.add(start, b.mul(length, b.constant(steps)))
    clamped = b.clamp(position, minValue=0, maxValue=size - 1)
    taps = grid_sample.border_outside(b, grid_sample.linear_taps(b, clamped), size)
    valid = b.logicalAnd(b.greaterOrEqual(position, -1.0), b.lesserOrEqual(position, float(size)))
    share = b.constant(np.tile(weight, (1, count)).astype(start.data_type.numpy))
    weights = b.mul(taps.weights, b.reshape(b.mul(b.cast(valid, start.data_type), share), [*position.shape, 1]))
    regions = start.shape[0]
    both = [regions, 1, count * most * 2]
    return Taps(b.reshape(taps.pixels, both), b.reshape(weights, both))


def _samples_per_bin(b: GraphBuilder, length: Operand, count: int, ratio: int) -> Array:
    """[regions, 1], or [1, 1] for all alike."""
    if ratio > 0:
        return np.full((1, 1), ratio)
    known = b.value(length)
    if known is None:
        raise ConversionError(
            "sampling_ratio 0 takes as many samples as a region has pixels, and the regions are computed at run time",
            "export with a fixed sampling_ratio such as 2, or end the graph before",
        )
    return np.ceil(known / count).astype(np.int64)


@onnx_op("MaxRoiPool", how="where and reduceMax, once for every row and every column of the result")
def max_roi_pool(b: GraphBuilder, X: Operand, rois: Operand, *, pooled_shape: list[int], spatial_scale: float = 1.0) -> Operand:
    images, *edges = b.split(rois, 5, axis=1)
    left, top, right, bottom = (_rounded(b, b.mul(edge, spatial_scale)) for edge in edges)
    x = b.gather(X, b.reshape(b.cast(images, DataType.INT32), [rois.shape[0]]))
    by_row = _largest(b, x, top, bottom, pooled_shape[0])
    by_column = _largest(b, b.transpose(by_row, permutation=[0, 1, 3, 2]), left, right, pooled_shape[1])
    y = b.transpose(by_column, permutation=[0, 1, 3, 2])
    return b.where(b.equal(y, _lowest(X)), b.constant(0, X.data_type), y)


def _rounded(b: GraphBuilder, x: Operand) -> Operand:
    """Halves away from zero, as C's round."""
    return b.mul(b.sign(x), b.floor(b.add(b.abs(x), 0.5)))


def _lowest(x: Operand) -> float:
    return float(np.finfo(x.data_type.numpy).min)


def _largest(b: GraphBuilder, x: Operand, first: Operand, last: Operand, count: int) -> Operand:
    """The maxima of x [regions, c, size, other] over ``count`` bins of the pixels first to last -> [regions, c, count, other]."""
    regions, channels, size, other = x.shape
    length = b.max(b.add(b.sub(last, first), 1.0), 1.0)
    pixels = b.constant(b.arange(size, x.data_type.numpy))
    bins = []
    for i in range(count):
        begin = b.add(first, b.floor(b.mul(b.div(length, float(count)), float(i))))
        end = b.add(first, b.ceil(b.mul(b.div(length, float(count)), float(i + 1))))
        inside = b.logicalAnd(b.greaterOrEqual(pixels, begin), b.lesser(pixels, end))
        masked = b.where(b.reshape(inside, [regions, 1, size, 1]), x, b.constant(_lowest(x), x.data_type))
        bins.append(b.reduceMax(masked, axes=[2], keepDimensions=True))
    return b.reshape(b.concat(bins, 2), [regions, channels, count, other])
