"""Reductions, cumulative operators and order statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from converters.lowering import cumulative, sorting
from converters.lowering.normalization import variance
from converters.lowering.scattering import MAX_PAIRS
from converters.torch.handlers.creation import element
from converters.torch.registry import Promote, aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def axes_of(input: Operand, dim: Any) -> list[int]:
    """The axes that a ``dim`` argument names: one, some, or all when it is None or empty."""
    if dim is None or (isinstance(dim, Sequence) and not dim):
        return list(range(input.rank))
    dims = [dim] if isinstance(dim, int) else list(dim)
    return sorted({axis % input.rank for axis in dims}) if input.rank else []


def _wide(b: GraphBuilder, op: str, input: Operand, axes: list[int], keep: bool, result: torch.Tensor) -> Operand:
    """A reduction of a type that sums and products do not take."""
    wide = b.cast(input, "int32") if input.data_type in (DataType.INT8, DataType.UINT8) else input
    return element(b, b.call(op, wide, axes=axes, keepDimensions=keep), result)


# ----------------------------------------------------------------------------------------------------------- sums and extremes
@aten_op(aten.sum.default, promote=Promote.RESULT, how="composed")
def sum_all(b: GraphBuilder, input: Operand, *, dtype: Any, result: torch.Tensor) -> Operand:
    return _wide(b, "reduceSum", input, axes_of(input, None), False, result)


@aten_op(aten.sum.dim_IntList, promote=Promote.RESULT, how="composed")
def sum_dims(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool, *, dtype: Any, result: torch.Tensor) -> Operand:
    return _wide(b, "reduceSum", input, axes_of(input, dim), keepdim, result)


@aten_op(aten.prod.default, promote=Promote.RESULT, how="composed")
def prod_all(b: GraphBuilder, input: Operand, *, dtype: Any, result: torch.Tensor) -> Operand:
    return _wide(b, "reduceProduct", input, axes_of(input, None), False, result)


@aten_op(aten.prod.dim_int, promote=Promote.RESULT, how="composed")
def prod_dim(b: GraphBuilder, input: Operand, dim: int, keepdim: bool, *, dtype: Any, result: torch.Tensor) -> Operand:
    return _wide(b, "reduceProduct", input, axes_of(input, dim), keepdim, result)


@aten_op(aten.mean.default, promote=Promote.RESULT, how="reduceMean")
def mean_all(b: GraphBuilder, input: Operand, *, dtype: Any) -> Operand:
    return b.reduceMean(input, axes=axes_of(input, None))


@aten_op(aten.mean.dim, promote=Promote.RESULT, how="reduceMean")
def mean_dims(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool, *, dtype: Any) -> Operand:
    return b.reduceMean(input, axes=axes_of(input, dim), keepDimensions=keepdim)


@aten_op(aten.amax.default, how="reduceMax")
def amax(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool) -> Operand:
    return b.reduceMax(input, axes=axes_of(input, dim), keepDimensions=keepdim)


@aten_op(aten.amin.default, how="reduceMin")
def amin(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool) -> Operand:
    return b.reduceMin(input, axes=axes_of(input, dim), keepDimensions=keepdim)


@aten_op(aten.aminmax.default, how="composed")
def aminmax(b: GraphBuilder, input: Operand, *, dim: int | None, keepdim: bool) -> Any:
    return amin(b, input, dim, keepdim), amax(b, input, dim, keepdim)


@aten_op(aten.max.default, how="reduceMax")
def max_all(b: GraphBuilder, input: Operand) -> Operand:
    return b.reduceMax(input)


@aten_op(aten.min.default, how="reduceMin")
def min_all(b: GraphBuilder, input: Operand) -> Operand:
    return b.reduceMin(input)


@aten_op(aten.max.dim, how="composed")
def max_dim(b: GraphBuilder, input: Operand, dim: int, keepdim: bool) -> Any:
    return amax(b, input, dim, keepdim), lambda: _arg(b, "argMax", input, dim, keepdim)


@aten_op(aten.min.dim, how="composed")
def min_dim(b: GraphBuilder, input: Operand, dim: int, keepdim: bool) -> Any:
    return amin(b, input, dim, keepdim), lambda: _arg(b, "argMin", input, dim, keepdim)


@aten_op(aten.argmax.default, how="composed")
def argmax(b: GraphBuilder, input: Operand, dim: int | None, keepdim: bool, *, result: torch.Tensor) -> Operand:
    return b.reshape(_arg(b, "argMax", input, dim, keepdim), list(result.shape))


@aten_op(aten.argmin.default, how="composed")
def argmin(b: GraphBuilder, input: Operand, dim: int | None, keepdim: bool, *, result: torch.Tensor) -> Operand:
    return b.reshape(_arg(b, "argMin", input, dim, keepdim), list(result.shape))


def _arg(b: GraphBuilder, op: str, input: Operand, dim: int | None, keepdim: bool) -> Operand:
    if dim is None or input.rank == 0:
        flat = b.call(op, b.reshape(input, [input.size]), 0, outputDataType="int64")
        return flat
    return b.call(op, input, dim % input.rank, keepDimensions=keepdim, outputDataType="int64")


# ---------------------------------------------------------------------------------------------------------------- truth values
@aten_op(aten.any.default, promote=Promote.RESULT, how="reduceMax")
def any_all(b: GraphBuilder, input: Operand) -> Operand:
    return b.reduceMax(input)


@aten_op(aten.any.dim, aten.any.dims, promote=Promote.RESULT, how="reduceMax")
def any_dims(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool) -> Operand:
    return b.reduceMax(input, axes=axes_of(input, dim), keepDimensions=keepdim)


@aten_op(aten.all.default, promote=Promote.RESULT, how="reduceMin")
def all_all(b: GraphBuilder, input: Operand) -> Operand:
    return b.reduceMin(input)


@aten_op(aten.all.dim, aten.all.dims, promote=Promote.RESULT, how="reduceMin")
def all_dims(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool) -> Operand:
    return b.reduceMin(input, axes=axes_of(input, dim), keepDimensions=keepdim)


# ------------------------------------------------------------------------------------------------------------------ statistics
@aten_op(aten.var.correction, how="composed")
def var(b: GraphBuilder, input: Operand, dim: Any, *, correction: float | None, keepdim: bool) -> Operand:
    return variance(b, input, axes_of(input, dim), correction=1 if correction is None else correction, keep=keepdim)


@aten_op(aten.var.dim, how="composed")
def var_dim(b: GraphBuilder, input: Operand, dim: Any, unbiased: bool, keepdim: bool) -> Operand:
    return variance(b, input, axes_of(input, dim), correction=int(unbiased), keep=keepdim)


@aten_op(aten.std.correction, how="composed")
def std(b: GraphBuilder, input: Operand, dim: Any, *, correction: float | None, keepdim: bool) -> Operand:
    return b.sqrt(var(b, input, dim, correction=correction, keepdim=keepdim))


@aten_op(aten.var_mean.correction, how="composed")
def var_mean(b: GraphBuilder, input: Operand, dim: Any, *, correction: float | None, keepdim: bool) -> Any:
    spread = var(b, input, dim, correction=correction, keepdim=keepdim)
    return spread, lambda: b.reduceMean(input, axes=axes_of(input, dim), keepDimensions=keepdim)


@aten_op(aten.logsumexp.default, promote=Promote.RESULT, how="reduceLogSumExp")
def logsumexp(b: GraphBuilder, input: Operand, dim: Any, keepdim: bool) -> Operand:
    return b.reduceLogSumExp(input, axes=axes_of(input, dim), keepDimensions=keepdim)


# ------------------------------------------------------------------------------------------------------------------ cumulative
@aten_op(aten.cumsum.default, promote=Promote.RESULT, how="cast, cumulativeSum")
def cumsum(b: GraphBuilder, input: Operand, dim: int, *, dtype: Any) -> Operand:
    if input.rank == 0:
        return input
    wanted = input.data_type
    wide = b.cast(input, "int32") if wanted in (DataType.INT8, DataType.UINT8) else input
    return b.cast(b.cumulativeSum(wide, dim % input.rank), wanted)


@aten_op(aten.cumprod.default, promote=Promote.RESULT, how="Products with shifted copies, doubling the shift")
def cumprod(b: GraphBuilder, input: Operand, dim: int, *, dtype: Any) -> Operand:
    return cumulative.product(b, input, dim % input.rank) if input.rank else input


@aten_op(aten.logcumsumexp.default, how="Sums of shifted copies, doubling the shift")
def logcumsumexp(b: GraphBuilder, input: Operand, dim: int) -> Operand:
    return cumulative.log_sum_exp(b, input, dim % input.rank) if input.rank else input


@aten_op(aten.cummax.default, how="Maxima with shifted copies, doubling the shift")
def cummax(b: GraphBuilder, input: Operand, dim: int) -> Any:
    return _cumulative_extreme(b, "max", input, dim)


@aten_op(aten.cummin.default, how="Minima with shifted copies, doubling the shift")
def cummin(b: GraphBuilder, input: Operand, dim: int) -> Any:
    return _cumulative_extreme(b, "min", input, dim)


def _cumulative_extreme(b: GraphBuilder, op: str, input: Operand, dim: int) -> Any:
    if input.rank == 0:
        return input, lambda: b.constant(0, "int64")
    axis = dim % input.rank
    values = cumulative.extreme(b, op, input, axis)
    return values, lambda: cumulative.last_place(b, b.equal(input, values), axis)


# --------------------------------------------------------------------------------------------------------------------- sorting
@aten_op(aten.sort.default, how="By counting the elements that come before each; up to 64 Mi pairs")
def sort(b: GraphBuilder, input: Operand, dim: int, descending: bool) -> Any:
    return _sorted(b, input, dim, descending)


@aten_op(aten.sort.stable, how="By counting the elements that come before each; up to 64 Mi pairs")
def sort_stable(b: GraphBuilder, input: Operand, *, stable: bool | None, dim: int, descending: bool) -> Any:
    return _sorted(b, input, dim, descending)


@aten_op(aten.argsort.default, how="By counting the elements that come before each; up to 64 Mi pairs")
def argsort(b: GraphBuilder, input: Operand, dim: int, descending: bool) -> Operand:
    return _sorted(b, input, dim, descending)[1]()


def _sorted(b: GraphBuilder, input: Operand, dim: int, descending: bool) -> Any:
    if input.rank == 0:
        return input, lambda: b.constant(0, "int64")
    axis = dim % input.rank
    order = sorting.Order.of(b, input, axis, descending=descending)
    return order.values(b), lambda: order.indices(b)


@aten_op(aten.topk.default, how="By counting the elements that come before each; from more than 64 Mi pairs up to 128 by repeated argMax")
def topk(b: GraphBuilder, input: Operand, k: int, dim: int, largest: bool, sorted: bool) -> Any:
    if input.rank == 0:
        return input, lambda: b.constant(0, "int64")
    return sorting.top(b, input, k, dim % input.rank, largest=largest)


@aten_op(aten.median.dim, how="composed")
def median_dim(b: GraphBuilder, input: Operand, dim: int, keepdim: bool) -> Any:
    return _kth(b, input, dim, (input.shape[dim] - 1) // 2 if input.rank else 0, keepdim)


@aten_op(aten.median.default, how="composed")
def median(b: GraphBuilder, input: Operand) -> Operand:
    return _kth(b, b.reshape(input, [input.size]), 0, (input.size - 1) // 2, False)[0]


@aten_op(aten.kthvalue.default, how="composed")
def kthvalue(b: GraphBuilder, input: Operand, k: int, dim: int, keepdim: bool) -> Any:
    return _kth(b, input, dim, k - 1, keepdim)


def _kth(b: GraphBuilder, input: Operand, dim: int, place: int, keepdim: bool) -> Any:
    """The element at one place of the ascending order."""
    if input.rank == 0:
        return input, lambda: b.constant(0, "int64")
    axis = dim % input.rank
    order = sorting.Order.of(b, input, axis, descending=False, places=range(place, place + 1))
    shape = [n if i != axis else 1 for i, n in enumerate(input.shape) if keepdim or i != axis]
    return b.reshape(order.values(b), shape), lambda: b.reshape(order.indices(b), shape)


@aten_op(aten.nanmedian.dim, how="Sorting with NaN last, and a choice among the numbers")
def nanmedian_dim(b: GraphBuilder, input: Operand, dim: int, keepdim: bool) -> Any:
    if input.rank == 0 or not input.data_type.is_float:
        return median_dim(b, input, dim, keepdim)
    axis = dim % input.rank
    missing = b.isNaN(input)
    count = b.reduceSum(b.cast(b.logicalNot(missing), "int32"), axes=[axis], keepDimensions=True)
    size = input.shape[axis]
    order = sorting.Order.of(b, b.where(missing, math.inf, input), axis, descending=False, places=range(size))
    places = b.arange(size, np.int32).reshape([size if i == axis else 1 for i in range(input.rank)])
    hit = b.equal(places, b.max(b.div(b.sub(count, 1), 2), 0))
    shape = [n if i != axis else 1 for i, n in enumerate(input.shape) if keepdim or i != axis]

    def at_place(x: Operand) -> Operand:
        return b.reduceSum(b.where(hit, x, 0), axes=[axis], keepDimensions=True)

    values = b.where(b.equal(count, 0), math.nan, at_place(order.values(b)))
    return b.reshape(values, shape), lambda: b.reshape(at_place(order.indices(b)), shape)


@aten_op(aten.nanmedian.default, how="Sorting with NaN last, and a choice among the numbers")
def nanmedian(b: GraphBuilder, input: Operand) -> Operand:
    return nanmedian_dim(b, b.reshape(input, [input.size]), 0, False)[0]


@aten_op(aten.mode.default, how="By comparing each element with each; up to 64 Mi pairs")
def mode(b: GraphBuilder, input: Operand, dim: int, keepdim: bool) -> Any:
    if input.rank == 0:
        return input, lambda: b.constant(0, "int64")
    axis = dim % input.rank
    size = input.shape[axis]
    if input.size * size > sorting.MAX_PAIRS:
        raise ConversionError(f"{input.size} elements compared with {size} each are too many")
    last = b.transpose(input, permutation=[*(i for i in range(input.rank) if i != axis), axis])
    equal = b.equal(b.reshape(last, [*last.shape, 1]), b.reshape(last, [*last.shape[:-1], 1, size]))
    count = b.reduceSum(b.cast(equal, "int32"), axes=[last.rank])
    often = b.equal(count, b.reduceMax(count, axes=[last.rank - 1], keepDimensions=True))
    largest = b.reduceMax(last, axes=[last.rank - 1], keepDimensions=True)
    least = b.reduceMin(b.where(often, last, largest), axes=[last.rank - 1], keepDimensions=True)
    shape = [n if i != axis else 1 for i, n in enumerate(input.shape) if keepdim or i != axis]

    def index() -> Operand:
        places = b.mul(b.cast(b.equal(last, least), "int32"), b.arange(size, np.int32))
        return b.reshape(b.reduceMax(places, axes=[last.rank - 1]), shape)

    return b.reshape(least, shape), index


@aten_op(aten.histc.default, how="Each element is compared with each bin; up to 64 Mi pairs")
def histc(b: GraphBuilder, input: Operand, bins: int, min: float, max: float) -> Operand:
    if input.size * bins > MAX_PAIRS:
        raise ConversionError(f"comparing {input.size:,} elements with {bins:,} bins takes more than {MAX_PAIRS:,} pairs")
    x = b.reshape(input, [1, input.size])
    low, high = (b.constant(float(edge), x.data_type) for edge in (min, max))
    if min == max == 0:
        low, high = b.reduceMin(x), b.reduceMax(x)
    if min == max:
        same = b.equal(low, high)
        low, high = b.where(same, b.sub(low, 1), low), b.where(same, b.add(high, 1), high)
    place = b.floor(b.div(b.mul(b.sub(x, low), bins), b.sub(high, low)))
    last = b.where(b.equal(x, high), bins - 1, place)
    hits = b.equal(last, np.arange(bins, dtype=x.data_type.numpy)[:, None])
    return b.reduceSum(b.cast(hits, x.data_type), axes=[1])
