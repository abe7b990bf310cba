"""Reductions, arg-reductions and the cumulative sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import Family, Run, family, op
from webnn_graph.ops.domains import ANY, ANY_RANK, FLOAT, WIDE
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.rules import require
from webnn_graph.ops.traits import Trait


def check_axes(axes: list[int], rank: int) -> None:
    """Raises `ValidationError` unless the axes are distinct and below the rank."""
    require(len(set(axes)) == len(axes), f"axes {axes} contains one axis twice")
    require(all(axis < rank for axis in axes), f"axes {axes} is out of range for rank {rank}")


def without(input: Descriptor, axes: list[int], keep: bool) -> Descriptor:
    """``input`` with the axes removed, or of size 1 when they are kept."""
    check_axes(axes, input.rank)
    return input.with_shape([1 if i in axes else n for i, n in enumerate(input.shape) if keep or i not in axes])


# ---------------------------------------------------------------------------------------------------------------- reduce*
def reduce(input: Operand, /, *, axes: list[uint] | None = None, keepDimensions: bool = False) -> Descriptor:
    return without(input, list(range(input.rank)) if axes is None else axes, keepDimensions)


def _reducing(function: Callable[..., Any]) -> Run:
    """``function(array, axis=, keepdims=)`` under the standard's argument names. No axes reduce nothing."""

    def run(input: Array, axes: list[int] | None, keepDimensions: bool) -> Array:
        axis = tuple(range(input.ndim)) if axes is None else tuple(axes)
        return np.asarray(function(input, axis=axis, keepdims=keepDimensions))

    return run


def _sum(x: Array, **over: Any) -> Array:
    """The sum; of floats in float64, rounded once."""
    return np.asarray(np.sum(x, dtype=np.float64 if x.dtype.kind == "f" else x.dtype, **over))


def _product(x: Array, **over: Any) -> Array:
    return np.asarray(np.prod(x, dtype=x.dtype, **over))


def _mean(x: Array, **over: Any) -> Array:
    return np.asarray(np.mean(x, dtype=np.float64, **over)).astype(x.dtype)


def _log_sum_exp(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    peak = np.max(x, axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0)
    total = np.log(np.sum(np.exp(x - peak, dtype=np.float64), axis=axis, keepdims=True)) + peak
    return np.asarray(total if keepdims else np.squeeze(total, axis))


def _along_axes(what: str) -> str:
    return f"{what} along ``axes``, by default of all elements."


EXTREMES: Family = {
    "reduceMax": (_reducing(np.max), _along_axes("The largest element")),
    "reduceMin": (_reducing(np.min), _along_axes("The smallest element")),
}
SUMS: Family = {
    "reduceL1": (_reducing(lambda x, **over: _sum(np.abs(x), **over)), _along_axes("The sum of |x|")),
    "reduceProduct": (_reducing(_product), _along_axes("The product"), Trait.MODULAR),
    "reduceSum": (_reducing(_sum), _along_axes("The sum"), Trait.MODULAR),
    "reduceSumSquare": (_reducing(lambda x, **over: _sum(np.square(x), **over)), _along_axes("The sum of x^2"), Trait.MODULAR),
}
FLOAT_SUMS: Family = {
    "reduceL2": (
        _reducing(lambda x, **over: np.sqrt(_sum(np.square(x, dtype=np.float64), **over))),
        _along_axes("The square root of the sum of x^2"),
    ),
    "reduceLogSum": (_reducing(lambda x, **over: np.log(_sum(x, **over))), _along_axes("The logarithm of the sum")),
    "reduceLogSumExp": (_reducing(_log_sum_exp), _along_axes("The logarithm of the sum of exp(x)")),
    "reduceMean": (_reducing(_mean), _along_axes("The mean")),
}
family(EXTREMES, reduce, Trait.REDUCING, Trait.ORDERING, input=ANY)
family(SUMS, reduce, Trait.REDUCING, input=WIDE)
family(FLOAT_SUMS, reduce, Trait.REDUCING, input=FLOAT)


# ------------------------------------------------------------------------------------------------------------ argMin, argMax
def arg_reduce(
    input: Operand, axis: uint, /, *, keepDimensions: bool = False, outputDataType: Literal["int32", "int64"] = "int32"
) -> Descriptor:
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    return without(input, [axis], keepDimensions).with_type(DataType(outputDataType))


def _arg(function: Callable[..., Any]) -> Run:
    def run(input: Array, axis: int, keepDimensions: bool, outputDataType: str) -> Array:
        return np.asarray(function(input, axis=axis, keepdims=keepDimensions))

    return run


ARGUMENTS: Family = {
    "argMin": (_arg(np.argmin), "The place of the smallest element along ``axis``, of several the first."),
    "argMax": (_arg(np.argmax), "The place of the largest element along ``axis``, of several the first."),
}
family(ARGUMENTS, arg_reduce, Trait.ORDERING, input=ANY.rank(1, ANY_RANK))


# ------------------------------------------------------------------------------------------------------------ cumulativeSum
def _cumulative_sum(input: Array, axis: int, exclusive: bool, reversed: bool) -> Array:
    ordered = np.flip(input, axis) if reversed else input
    total = np.cumsum(ordered, axis=axis, dtype=input.dtype)
    if exclusive:
        total = np.roll(total, 1, axis)
        total[(slice(None),) * axis + (0,)] = 0
    return np.flip(total, axis) if reversed else total


@op(run=_cumulative_sum, traits=[Trait.MODULAR], input=WIDE.rank(1, ANY_RANK))
def cumulativeSum(input: Operand, axis: uint, /, *, exclusive: bool = False, reversed: bool = False) -> Descriptor:
    """The sum of the elements up to and with each one along ``axis``; ``exclusive`` without it, ``reversed`` from the end."""
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    return input.descriptor
