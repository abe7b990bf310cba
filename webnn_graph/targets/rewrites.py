"""Calls that a target refuses or computes wrong whatever their types, as other calls that mean the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.activation import clamp_limits
from webnn_graph.ops.rules import cast_number
from webnn_graph.targets.call import Call

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder

Rewrite: TypeAlias = Callable[["LegalBuilder", Call], Any]
"""What stands for the call: an operand, a list of them, or None when the call may stay."""


# -------------------------------------------------------------------------------------------------------------- arithmetic
def clamp(b: LegalBuilder, call: Call) -> Operand | None:
    """Integers: max and min."""
    x: Operand = call.input
    if x.data_type.is_float:
        return None
    smallest, largest = x.data_type.range
    low, high = clamp_limits(call.minValue, call.maxValue, x.data_type)
    if low > smallest:
        x = b.max(x, b.constant(np.array(low), x.data_type))
    if high < largest:
        x = b.min(x, b.constant(np.array(high), x.data_type))
    return x


def divide(b: LegalBuilder, call: Call) -> Operand | None:
    """Integers: a divisor of 0 gives 0 and one of -1 the negative; the target fails without a sign at either (-1 of the smallest)."""
    x, divisor = call.a, call.b
    if x.data_type.is_float or divisor in b.harmless or not b.target.takes_type("div", "a", x.data_type):
        return None
    harmful = [0] if x.data_type.is_unsigned else [0, -1]
    known = b.value(divisor)
    if known is not None and not np.isin(known, harmful).any():
        return None
    special = b.equal(divisor, 0)
    for value in harmful[1:]:
        special = b.logicalOr(special, b.equal(divisor, value))
    safe = b.where(special, 1, divisor)
    b.harmless.add(safe)
    return b.where(special, b.mul(x, divisor), b.div(x, safe))  # type: ignore[no-any-return]


def absolute(b: LegalBuilder, call: Call) -> Operand | None:
    """int64: the larger of x and -x."""
    return b.max(call.input, b.neg(call.input)) if call.input.data_type is DataType.INT64 else None


def sign(b: LegalBuilder, call: Call) -> Operand | None:
    """int64: x > 0 less x < 0."""
    x: Operand = call.input
    if x.data_type is not DataType.INT64:
        return None
    return b.sub(b.cast(b.greater(x, 0), x.data_type), b.cast(b.lesser(x, 0), x.data_type))


def prelu(b: LegalBuilder, call: Call) -> Operand | None:
    """The input takes the result's shape, as the slope may only be broadcast to the input; integers by selection."""
    x: Operand = call.input
    if not x.data_type.is_float:
        return b.where(b.greaterOrEqual(x, 0), x, b.mul(x, call.slope))
    return b.prelu(b.expand(x, list(call.result.shape)), call.slope) if x.shape != call.result.shape else None


def reduce_l1(b: LegalBuilder, call: Call) -> Operand | None:
    """int64: the sum of absolute values."""
    if call.input.data_type is not DataType.INT64:
        return None
    return b.call("reduceSum", **call.but(input=b.abs(call.input)))  # type: ignore[no-any-return]


def reduce_sum_square(b: LegalBuilder, call: Call) -> Operand | None:
    """int64: the sum of squares."""
    if call.input.data_type is not DataType.INT64:
        return None
    return b.call("reduceSum", **call.but(input=b.mul(call.input, call.input)))  # type: ignore[no-any-return]


def reduce_log_sum_exp(b: LegalBuilder, call: Call) -> Operand:
    """log(sum(exp(x - peak))) + peak: without the peak, exp overflows where the result does not."""
    x: Operand = call.input
    largest = float(np.finfo(x.data_type.numpy).max)
    axes = list(range(x.rank)) if call.axes is None else call.axes
    # An infinite peak would make x - peak NaN.
    peak = b.clamp(b.reduceMax(x, axes=axes, keepDimensions=True), minValue=-largest, maxValue=largest)
    total = b.log(b.reduceSum(b.exp(b.sub(x, peak)), axes=axes, keepDimensions=call.keepDimensions))
    return b.add(total, b.reshape(peak, list(call.result.shape)))  # type: ignore[no-any-return]


def gemm(b: LegalBuilder, call: Call) -> Operand | None:
    """c is dropped when beta is 0."""
    return b.call("gemm", **call.but(c=None, beta=None)) if call.c is not None and call.beta == 0 else None


def identity(b: LegalBuilder, call: Call) -> Operand:
    """Nothing at all; where a graph's output needs a node of its own, the builder makes one."""
    operand: Operand = call.input
    return operand


def softplus(b: LegalBuilder, call: Call) -> Operand:
    """max(x, 0) + log(1 + exp(-|x|)): exp(x) overflows where the result does not."""
    x: Operand = call.input
    tail = b.log(b.linear(b.exp(b.neg(b.abs(x))), beta=1))
    return b.add(b.relu(x), tail)  # type: ignore[no-any-return]


def quantize_wide(b: LegalBuilder, call: Call) -> Operand | None:
    """uint32: as int32 that is not negative."""
    if call.zeroPoint.data_type is not DataType.UINT32:
        return None
    b.note("quantizeLinear computes uint32 as int32; values beyond that saturate")
    signed = b.quantizeLinear(call.input, call.scale, b.cast(call.zeroPoint, DataType.INT32))
    return b.cast(b.max(signed, 0), DataType.UINT32)  # type: ignore[no-any-return]


def cast(b: LegalBuilder, call: Call) -> Operand | None:
    """To the same type: nothing. From int4: over float, exactly."""
    x: Operand = call.input
    if x.data_type == call.dataType:
        return x
    if x.data_type is not DataType.INT4:
        return None
    one = [1] * x.rank
    scale = b.constant(np.ones(one, np.float32))
    real = b.dequantizeLinear(x, scale, b.constant(np.zeros(one, np.int8), DataType.INT4))
    return b.cast(real, call.dataType)  # type: ignore[no-any-return]


# --------------------------------------------------------------------------------------------------------------- recurrent
def standard_gates(axis: int) -> Rewrite:
    """Gates in the order ifgo to iofg when there are peepholes; their own order is always iof."""

    def rewrite(b: LegalBuilder, call: Call) -> Any:
        if call.peepholeWeight is None or call.layout == "iofg":
            return None

        def ordered(name: str, along: int) -> Operand | None:
            stacked = call.arguments.get(name)
            if stacked is None:
                return None
            i, f, g, o = b.split(stacked, 4, axis=along)
            return b.concat([i, o, f, g], along)

        changed = {name: ordered(name, axis) for name in ("weight", "recurrentWeight", "bias", "recurrentBias")}
        return b.call(call.op, **call.but(layout=None, **changed))

    return rewrite


# ---------------------------------------------------------------------------------------------------------------- movement
def pad_value(b: LegalBuilder, call: Call) -> Operand | None:
    """Integers: a value that is one of theirs, which targets cut off or wrap around otherwise."""
    value = cast_number(call.value, call.input.data_type)
    return b.call("pad", **call.but(value=value)) if value != call.value else None  # type: ignore[no-any-return]


def pad(b: LegalBuilder, call: Call) -> Operand | None:
    """Edge: a gather per axis with indices that stay at the border. Else as `pad_value`."""
    if call.mode != "edge":
        return pad_value(b, call)
    x: Operand = call.input
    for axis, (before, after) in enumerate(zip(call.beginningPadding, call.endingPadding, strict=True)):
        if before or after:
            indices = np.clip(np.arange(-before, x.shape[axis] + after), 0, x.shape[axis] - 1)
            x = b.gather(x, b.constant(indices.astype(np.int32)), axis=axis)
    return x


def triangular(b: LegalBuilder, call: Call) -> Operand | None:
    """Floating point: by selection, as the target multiplies with 0, which makes infinities NaN. What is known and finite stays."""
    x: Operand = call.input
    known = b.value(x)
    if not x.data_type.is_float or (known is not None and np.isfinite(known).all()):
        return None
    corner = b.expand(b.constant(np.ones((1, 1), np.float32)), list(x.shape[-2:]))
    kept = b.call("triangular", **call.but(input=corner))
    return b.where(b.cast(kept, DataType.UINT8), x, 0)  # type: ignore[no-any-return]


def reverse(b: LegalBuilder, call: Call) -> Operand | None:
    """A gather per axis, for types that reverse does not take and gather does."""
    x: Operand = call.input
    takes = b.target.takes_type
    if takes("reverse", "input", x.data_type) or not takes("gather", "input", x.data_type):
        return None
    for axis in range(x.rank) if call.axes is None else call.axes:
        x = b.gather(x, b.constant(np.arange(x.shape[axis], dtype=np.int32)[::-1].copy()), axis=axis)
    return x


def gather_elements(b: LegalBuilder, call: Call) -> Operand | None:
    """Indices that are not constant: a gather from the flat tensor."""
    return None if b.is_plain(call.indices) else gather_flat(b, call)


def gather_flat(b: LegalBuilder, call: Call) -> Operand:
    """gatherElements as a gather from the flat tensor."""
    x: Operand = call.input
    flat = _flat_indices(b, x.shape, call.indices, call.axis)
    return b.reshape(b.gather(b.reshape(x, [x.size]), flat), list(call.result.shape))  # type: ignore[no-any-return]


def scatter_elements(b: LegalBuilder, call: Call) -> Operand | None:
    """Indices that are not constant, or that repeat: a scatter into the flat tensor."""
    x: Operand = call.input
    if b.is_plain(call.indices) and b.target.takes_type("scatterElements", "indices", call.indices.data_type):
        places = _flat(x.shape, np.asarray(b.value(call.indices)), call.axis)
        if np.unique(places).size == places.size:
            return None
    return scatter_flat(b, call)


def scatter_flat(b: LegalBuilder, call: Call) -> Operand:
    """scatterElements as a scatter into the flat tensor."""
    x: Operand = call.input
    flat = b.reshape(_flat_indices(b, x.shape, call.indices, call.axis), [call.indices.size, 1])
    scattered = b.scatterND(b.reshape(x, [x.size]), flat, b.reshape(call.updates, [call.updates.size]))
    return b.reshape(scattered, list(x.shape))  # type: ignore[no-any-return]


def scatter_nd(b: LegalBuilder, call: Call) -> Operand | None:
    """Of constant indices that repeat only the last stays, as the updates would be summed; a scalar update becomes a row."""
    x, indices, updates = call.input, call.indices, call.updates
    if indices.rank == 1:
        one = b.reshape(updates, [1, *updates.shape])
        return b.scatterND(x, b.reshape(indices, [1, *indices.shape]), one)  # type: ignore[no-any-return]
    places = b.value(indices)
    if places is None:
        return None
    depth = indices.shape[-1]
    rows = np.asarray(places).reshape(-1, depth).astype(np.int64)
    rows = np.where(rows < 0, rows + np.array(x.shape[:depth]), rows)
    _, first_from_behind = np.unique(rows[::-1], axis=0, return_index=True)
    if first_from_behind.size == len(rows):
        return None
    last = np.sort(len(rows) - 1 - first_from_behind).astype(np.int32)
    kept = b.gather(b.reshape(updates, [len(rows), *x.shape[depth:]]), b.constant(last))
    return b.scatterND(x, b.constant(rows[last].astype(np.int32)), kept)  # type: ignore[no-any-return]


def _flat(shape: tuple[int, ...], indices: Array, axis: int) -> Array:
    """The position in the flattened tensor of each element that ``indices`` along ``axis`` point at."""
    inside = np.where(indices < 0, indices + shape[axis], indices).astype(np.int64)
    grid: list[Array] = list(np.indices(indices.shape, sparse=True))
    grid[axis] = inside
    position = np.zeros((), np.int64)
    for size, coordinate in zip(shape, grid, strict=True):
        position = position * size + np.clip(coordinate, 0, size - 1)
    return np.broadcast_to(position, indices.shape).astype(np.int32)


def _flat_indices(b: LegalBuilder, shape: tuple[int, ...], indices: Operand, axis: int) -> Operand:
    """`_flat` in the graph."""
    known = b.value(indices)
    if known is not None:
        return b.constant(_flat(shape, known, axis))
    inside = b.cast(indices, DataType.INT32)
    inside = b.where(b.lesser(inside, 0), b.add(inside, shape[axis]), inside)
    inside = b.min(b.max(inside, 0), shape[axis] - 1)
    start = _flat(shape, np.zeros(tuple(1 if i == axis else n for i, n in enumerate(indices.shape)), np.int64), axis)
    return b.add(b.mul(inside, math.prod(shape[axis + 1 :])), b.constant(start))  # type: ignore[no-any-return]


REWRITES: dict[str, Rewrite] = {
    "abs": absolute,
    "cast": cast,
    "clamp": clamp,
    "div": divide,
    "gatherElements": gather_elements,
    "gemm": gemm,
    "identity": identity,
    "lstm": standard_gates(axis=1),
    "lstmCell": standard_gates(axis=0),
    "pad": pad,
    "prelu": prelu,
    "reduceL1": reduce_l1,
    "reduceLogSumExp": reduce_log_sum_exp,
    "reduceSumSquare": reduce_sum_square,
    "reverse": reverse,
    "scatterElements": scatter_elements,
    "scatterND": scatter_nd,
    "sign": sign,
    "softplus": softplus,
    "triangular": triangular,
}
