"""Calls on integers of types that a target takes for other operators only, as calls of those."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder, Step
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms import arithmetic, images, movement, quantization
from webnn_graph.targets.forms.movement import chosen_by_mask
from webnn_graph.targets.quirk import Applies, Probe, Quirk, Table

T = DataType
REFUSED = "The target says that it does not take the type."
LARGEST_FLOAT = 2147483520.0
"""The largest float32 that is an int32."""


def substitute(b: LegalBuilder, call: Call) -> Any:
    """The same results by other operators, or None where the target takes the type of the first operand, or nothing is known to help."""
    rule = RULES.get(call.op)
    first = next(iter(call.arguments))
    typed = "zeroPoint" if call.op == "quantizeLinear" else first
    if rule is None or b.target.takes_type(call.op, typed, call.arguments[typed].data_type):
        return None
    return rule(b, call)


def relu(b: LegalBuilder, call: Call) -> Operand:
    """The larger of x and 0."""
    return b.max(call.input, 0)


def pad(b: LegalBuilder, call: Call) -> Operand:
    """A constant as blocks beside the tensor; what repeats its elements as a gather along each axis."""
    x: Operand = call.input
    for axis, (before, after) in enumerate(zip(call.beginningPadding, call.endingPadding, strict=True)):
        if not before and not after:
            continue
        if call.mode == "constant":
            blocks = [_block(b, x, axis, size, call.value) for size in (before, after)]
            x = b.concat([part for part in (blocks[0], x, blocks[1]) if part is not None], axis)
        else:
            x = b.gather(x, b.constant(_indices(x.shape[axis], before, after, call.mode)), axis=axis)
    return x


def _block(b: LegalBuilder, x: Operand, axis: int, size: int, value: float) -> Operand | None:
    if not size:
        return None
    one = b.constant(np.full([1] * x.rank, value), x.data_type)
    return b.expand(one, list(x.resized(axis, size).shape))


def _indices(size: int, before: int, after: int, mode: str) -> Array:
    return np.pad(np.arange(size, dtype=np.int32), (before, after), mode="edge" if mode == "edge" else "reflect")


def reduce_product(b: LegalBuilder, call: Call) -> Operand:
    """One half of each axis times the other, until one element is left."""
    x: Operand = call.input
    for axis in range(x.rank) if call.axes is None else call.axes:
        while x.shape[axis] > 1:
            half = x.shape[axis] // 2
            low, high, *odd = b.split(x, [half, half, *([1] if x.shape[axis] % 2 else [])], axis=axis)
            x = b.concat([b.mul(low, high), *odd], axis)
    return b.reshape(x, list(call.result.shape))


def dequantize(b: LegalBuilder, call: Call) -> Operand | None:
    """The distance from the zero point, as float32, times the scale."""
    x: Operand = call.input
    if x.data_type.bits < 8:
        return None
    real = b.cast(x, DataType.FLOAT32)
    zero = b.value(call.zeroPoint)
    if zero is None or zero.any():
        real = b.sub(real, b.cast(_over_blocks(b, call.zeroPoint, x), DataType.FLOAT32))
    real = b.mul(real, b.cast(_over_blocks(b, call.scale, x), DataType.FLOAT32))
    return b.cast(real, call.scale.data_type)


def quantize(b: LegalBuilder, call: Call) -> Operand:
    """Steps of the scale, rounded and moved by the zero point as float32."""
    x: Operand = call.input
    steps = b.div(b.cast(x, DataType.FLOAT32), b.cast(_over_blocks(b, call.scale, x), DataType.FLOAT32))
    moved = b.add(b.roundEven(steps), b.cast(_over_blocks(b, call.zeroPoint, x), DataType.FLOAT32))
    smallest, largest = (max(-LARGEST_FLOAT, min(end, LARGEST_FLOAT)) for end in call.zeroPoint.data_type.range)
    return b.cast(b.clamp(moved, minValue=smallest, maxValue=largest), call.zeroPoint.data_type)


def _over_blocks(b: LegalBuilder, parameter: Operand, x: Operand) -> Operand:
    """A scale or zero point with each element as often as its block of ``x`` is long, where it is for a block."""
    for axis, (count, size) in enumerate(zip(parameter.shape, x.shape, strict=True)):
        if count not in (1, size):
            before, after = math.prod(parameter.shape[:axis]), math.prod(parameter.shape[axis + 1 :])
            apart = b.reshape(parameter, [before, count, 1, after])
            repeated = b.expand(apart, [before, count, size // count, after])
            parameter = b.reshape(repeated, list(parameter.resized(axis, size).shape))
    return parameter


RULES: dict[str, Step] = {
    "dequantizeLinear": dequantize,
    "pad": pad,
    "quantizeLinear": quantize,
    "reduceProduct": reduce_product,
    "relu": relu,
    "triangular": chosen_by_mask,
}


def _refused(operand: str, *data_types: DataType) -> Applies:
    """Calls whose operand is an integer, of these types or of any, that the target does not take there."""

    def applies(b: LegalBuilder, call: Call) -> bool:
        data_type: DataType = call.arguments[operand].data_type
        wanted = data_type in data_types if data_types else not data_type.is_float
        return wanted and not b.target.takes_type(call.op, operand, data_type)

    return applies


def _refused_backwards(b: LegalBuilder, call: Call) -> bool:
    data_type: DataType = call.input.data_type
    return not b.target.takes_type("reverse", "input", data_type) and b.target.takes_type("gather", "input", data_type)


def _refused_from_int4(b: LegalBuilder, call: Call) -> bool:
    return _refused("input", T.INT4)(b, call) and b.target.takes_type("dequantizeLinear", "input", T.INT4)


def _refused_resampling(mode: str) -> Applies:
    refused = _refused("input")
    return lambda b, call: call.mode == mode and refused(b, call)


def _moved(op: str, data_type: str, **options: Any) -> Probe:
    return lambda b: {"y": b.call(op, b.input("x", data_type, [2, 3]), **options)}


def _quantized_wide(b: GraphBuilder) -> dict[str, Operand]:
    x = b.linear(b.input("x", "float32", [2, 3]), alpha=9)
    return {"y": b.quantizeLinear(x, b.constant(np.full((1, 1), 0.5, np.float32)), b.constant(np.array([[3]], np.uint32)))}


def _resampled(mode: str) -> Probe:
    return lambda b: {"y": b.resample2d(b.input("x", "int8", [1, 1, 3, 3]), sizes=[5, 5], mode=mode)}


EXACT = Table(
    (
        Quirk("abs of int64", ("abs",), _refused("input", T.INT64), arithmetic.larger_of_both_signs, REFUSED, _moved("abs", "int64")),
        Quirk(
            "sign of int64", ("sign",), _refused("input", T.INT64), arithmetic.difference_of_comparisons, REFUSED, _moved("sign", "int64")
        ),
        Quirk(
            "reduceL1 of int64", ("reduceL1",), _refused("input", T.INT64), arithmetic.sum_of_sizes, REFUSED, _moved("reduceL1", "int64")
        ),
        Quirk(
            "reduceSumSquare of int64",
            ("reduceSumSquare",),
            _refused("input", T.INT64),
            arithmetic.sum_of_squares,
            REFUSED,
            _moved("reduceSumSquare", "int64"),
        ),
        Quirk(
            "clamp of integers",
            ("clamp",),
            _refused("input"),
            arithmetic.max_and_min,
            REFUSED,
            _moved("clamp", "int32", minValue=2, maxValue=9),
        ),
        Quirk(
            "prelu of integers",
            ("prelu",),
            _refused("input"),
            arithmetic.chosen_product,
            REFUSED,
            lambda b: {"y": b.prelu(b.input("x", "int32", [3]), b.constant(np.array(-2, np.int32)))},
        ),
        Quirk(
            "reverse of a type that gather takes",
            ("reverse",),
            _refused_backwards,
            movement.gathered_backwards,
            REFUSED,
            _moved("reverse", "int64"),
        ),
        Quirk(
            "cast from int4",
            ("cast",),
            _refused_from_int4,
            quantization.cast_by_dequantizing,
            REFUSED,
            lambda b: {"y": b.cast(b.constant(np.arange(-8, 8), "int4"), "float32")},
        ),
        Quirk(
            "quantizeLinear to uint32",
            ("quantizeLinear",),
            _refused("zeroPoint", T.UINT32),
            quantization.quantized_signed,
            REFUSED,
            _quantized_wide,
        ),
        Quirk(
            "linear resampling of integers",
            ("resample2d",),
            _refused_resampling("linear"),
            images.smoothed_as_floats,
            REFUSED,
            _resampled("linear"),
        ),
        Quirk(
            "nearest neighbours of integers",
            ("resample2d",),
            _refused_resampling("nearest-neighbor"),
            images.nearest_gathered,
            REFUSED,
            _resampled("nearest-neighbor"),
        ),
    )
)
"""What stands exactly for a call; tried before another type is looked for, which perhaps holds not all values."""
