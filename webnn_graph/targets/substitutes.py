"""Calls on integers of types that a target takes for other operators only, as calls of those."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder, Step
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms.movement import chosen_by_mask

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
