"""Average, maximum and L2 pooling, adaptive pooling, and where the maxima are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from converters.lowering import pooling as lowering
from converters.lowering.bins import bin_averages, bin_bounds
from converters.lowering.pooling import Windows
from converters.torch.handlers.convolution import per_dimension
from converters.torch.registry import aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand


def _images(b: GraphBuilder, x: Operand, rank: int) -> Operand:
    """x as [1, images, *spatial]: batch and channels play the same part."""
    return b.reshape(x, [1, math.prod(x.shape[:-rank]), *x.shape[-rank:]])


def _windows(image: Sequence[int], kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Windows:
    rank = len(image)
    kernel = per_dimension(kernel_size, rank)
    pads = [(p, p) for p in per_dimension(padding, rank)]
    return Windows.over(image, kernel, per_dimension(stride, rank, kernel), pads, per_dimension(dilation, rank), ceil_mode)


# ------------------------------------------------------------------------------------------------------------------- average
def _average(
    b: GraphBuilder,
    input: Operand,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
    *,
    result: torch.Tensor,
    rank: int,
) -> Operand:
    x = _images(b, input, rank)
    windows = _windows(x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override:
        y = b.div(lowering.sum_pool(b, x, windows), divisor_override)
    else:
        y = lowering.average_pool(b, x, windows, count_padding=count_include_pad)
    return b.reshape(y, list(result.shape))


@aten_op(aten.avg_pool1d.default, how="composed")
def avg_pool1d(b: GraphBuilder, *args: Any, result: torch.Tensor) -> Operand:
    return _average(b, *args, result=result, rank=1)


@aten_op(aten.avg_pool2d.default, how="composed")
def avg_pool2d(b: GraphBuilder, *args: Any, result: torch.Tensor) -> Operand:
    return _average(b, *args, result=result, rank=2)


@aten_op(aten.avg_pool3d.default, how="composed")
def avg_pool3d(b: GraphBuilder, *args: Any, result: torch.Tensor) -> Operand:
    return _average(b, *args, result=result, rank=3)


def _adaptive_average(rank: int) -> Callable[..., Operand]:
    def adaptive(b: GraphBuilder, input: Operand, output_size: Sequence[int], *, result: torch.Tensor) -> Operand:
        image, bins = input.shape[-rank:], list(result.shape[-rank:])
        axes = list(range(input.rank - rank, input.rank))
        if all(count == 1 for count in bins):
            return b.reduceMean(input, axes=axes, keepDimensions=True)
        if all(size % count == 0 for size, count in zip(image, bins, strict=True)):
            kernel = [size // count for size, count in zip(image, bins, strict=True)]
            return _average(b, input, kernel, kernel, 0, False, False, result=result, rank=rank)
        for axis, count in zip(axes, bins, strict=True):
            input = bin_averages(b, input, axis, count)
        return input

    return adaptive


for rank, overloads in {
    1: (aten.adaptive_avg_pool1d.default,),
    2: (aten.adaptive_avg_pool2d.default, aten._adaptive_avg_pool2d.default),
    3: (aten.adaptive_avg_pool3d.default, aten._adaptive_avg_pool3d.default),
}.items():
    how = "Averages over nearly equal bins: a mean, a pooling where bins are equal, otherwise a matrix product"
    aten_op(*overloads, how=how)(_adaptive_average(rank))


# ------------------------------------------------------------------------------------------------------------------- maximum
def _maximum(
    b: GraphBuilder, input: Operand, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, *, rank: int
) -> tuple[Operand, Operand, Windows]:
    """The maxima [1, images, *result], the images they are of, and the windows."""
    x = _images(b, input, rank)
    windows = _windows(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    return lowering.max_pool(b, x, windows), x, windows


def _max_pool(rank: int) -> Callable[..., Operand]:
    def max_pool(
        b: GraphBuilder,
        input: Operand,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        ceil_mode: bool,
        *,
        result: torch.Tensor,
    ) -> Operand:
        y, _, _ = _maximum(b, input, kernel_size, stride, padding, dilation, ceil_mode, rank=rank)
        return b.reshape(y, list(result.shape))

    return max_pool


def _max_pool_with_indices(rank: int) -> Callable[..., Any]:
    def max_pool_with_indices(
        b: GraphBuilder, input: Operand, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, *, result: Any
    ) -> Any:
        y, x, windows = _maximum(b, input, kernel_size, stride, padding, dilation, ceil_mode, rank=rank)
        return b.reshape(y, list(result[0].shape)), lambda: b.reshape(_positions(b, x, windows), list(result[1].shape))

    return max_pool_with_indices


for rank, (plain, with_indices) in {
    1: (aten.max_pool1d.default, aten.max_pool1d_with_indices.default),
    2: (aten.max_pool2d.default, aten.max_pool2d_with_indices.default),
    3: (aten.max_pool3d.default, aten.max_pool3d_with_indices.default),
}.items():
    aten_op(plain, how="composed")(_max_pool(rank))
    aten_op(with_indices, how="composed")(_max_pool_with_indices(rank))


def _positions(b: GraphBuilder, x: Operand, windows: Windows) -> Operand:
    """For each window over x [1, images, *spatial] the flat position of its first maximum, int64.

    The pixels of all windows are gathered along a new last axis, whose argMax looks the position up in a table.
    """
    images, image = x.shape[1], x.shape[2:]
    places = [
        np.arange(count)[:, None] * stride - pad[0] + np.arange(kernel) * dilation
        for count, stride, pad, kernel, dilation in zip(
            windows.counts, windows.strides, windows.pads, windows.kernel, windows.dilations, strict=True
        )
    ]
    flat: Array = np.zeros((), np.int64)
    inside: Array = np.ones((), np.bool_)
    for size, place in zip(image, places, strict=True):
        flat = flat[..., None, None] * size + np.clip(place, 0, size - 1)
        inside = inside[..., None, None] & (place >= 0) & (place < size)
    rank = len(image)
    order = [2 * i for i in range(rank)] + [2 * i + 1 for i in range(rank)]
    flat, inside = (table.transpose(order).reshape(math.prod(windows.counts), -1) for table in (flat, inside))
    pixels = b.gather(b.reshape(x, [images, math.prod(image)]), flat.astype(np.int32), axis=1)
    if not inside.all():
        lowest = -math.inf if x.data_type.is_float else int(x.data_type.range[0])
        pixels = b.where(inside, pixels, lowest)
    chosen = b.argMax(pixels, 2, outputDataType="int32")
    one_hot = b.equal(b.reshape(chosen, [*chosen.shape, 1]), np.arange(flat.shape[1], dtype=np.int32))
    return b.reduceSum(b.mul(b.cast(one_hot, "int64"), flat), axes=[2])


def _adaptive_maximum(rank: int) -> Callable[..., Any]:
    def adaptive(b: GraphBuilder, input: Operand, output_size: Sequence[int], *, result: Any) -> Any:
        x = _images(b, input, rank)
        image, bins = x.shape[2:], list(result[0].shape[-rank:])
        places = [_bins(size, count) for size, count in zip(image, bins, strict=True)]
        strides = [math.prod(image[i + 1 :]) for i in range(rank)]
        flat: Array = np.zeros((), np.int64)
        for place, stride in zip(places, strides, strict=True):
            flat = flat[..., None, None] + place * stride
        order = [2 * i for i in range(rank)] + [2 * i + 1 for i in range(rank)]
        flat = flat.transpose(order).reshape(math.prod(bins), -1)
        pixels = b.gather(b.reshape(x, [x.shape[1], math.prod(image)]), flat.astype(np.int32), axis=1)
        values = b.reshape(b.reduceMax(pixels, axes=[2]), list(result[0].shape))

        def indices() -> Operand:
            one_hot = b.equal(b.argMax(pixels, 2, keepDimensions=True), np.arange(flat.shape[1], dtype=np.int32))
            return b.reshape(b.reduceSum(b.mul(b.cast(one_hot, "int64"), flat), axes=[2]), list(result[1].shape))

        return values, indices

    return adaptive


def _bins(size: int, count: int) -> Array:
    """The pixels of each bin [count, largest bin], short bins ending with their last pixel repeated."""
    bounds = bin_bounds(size, count)
    widest = max(end - start for start, end in bounds)
    return np.array([[min(start + i, end - 1) for i in range(widest)] for start, end in bounds])


for rank, overload in {
    1: aten.adaptive_max_pool1d.default,
    2: aten.adaptive_max_pool2d.default,
    3: aten.adaptive_max_pool3d.default,
}.items():
    how = "Maxima over nearly equal bins, gathered to the size of the largest by repeating a pixel"
    aten_op(overload, how=how)(_adaptive_maximum(rank))
