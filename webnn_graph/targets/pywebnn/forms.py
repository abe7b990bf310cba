"""Equal forms of calls that pywebnn's ``MLGraphBuilder`` lacks."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call


def product_and_sum(b: LegalBuilder, call: Call) -> Operand:
    """linear: x times alpha, plus beta."""
    x: Operand = call.input
    if call.alpha != 1:
        x = b.mul(x, b.constant(np.array(call.alpha), x.data_type))
    return b.add(x, b.constant(np.array(call.beta), x.data_type)) if call.beta else x


def chosen(b: LegalBuilder, call: Call) -> Operand:
    """max and min: the one or the other operand; of a number that is known, a clamp."""
    x, y, compare = call.a, call.b, "lesser" if call.op == "max" else "greater"
    if b.value(x) is not None:
        x, y = y, x
    number = b.value(y)
    is_finite = number is not None and bool(np.isfinite(number).all())
    if number is not None and is_finite and number.size == 1 and x.data_type.is_float and x.shape == call.result.shape:
        limit = float(number.flat[0])
        return b.clamp(x, minValue=limit) if call.op == "max" else b.clamp(x, maxValue=limit)
    best: Operand = b.where(b.call(compare, x, y), y, x)
    return best if is_finite or not x.data_type.is_float else b.where(b.equal(y, y), best, y)


def opposite_of_equal(b: LegalBuilder, call: Call) -> Operand:
    """notEqual."""
    return b.logicalNot(b.equal(call.a, call.b))


def power(b: LegalBuilder, call: Call) -> Operand:
    """pow of floats: exp(b log |a|), negative where a is and b is odd, NaN where a is negative and b is no integer."""
    x, exponent = call.a, call.b
    size = b.exp(b.mul(exponent, b.log(b.abs(x))))
    half = b.mul(exponent, 0.5)
    is_odd = b.notEqual(b.floor(half), half)
    negative = b.where(is_odd, b.neg(size), size)
    negative = b.where(b.equal(b.floor(exponent), exponent), negative, b.constant(np.array(np.nan), x.data_type))
    signed = b.where(b.lesser(x, 0), negative, size)
    one = b.constant(np.array(1), x.data_type)
    return b.where(b.equal(exponent, 0), one, signed)


def nearest_integer(b: LegalBuilder, call: Call) -> Operand:
    """roundEven: the integer below, or the one above where that is nearer, or as near and even."""
    x: Operand = call.input
    below = b.floor(x)
    rest = b.sub(x, below)
    half = b.mul(below, 0.5)
    is_odd = b.notEqual(b.floor(half), half)
    up = b.logicalOr(b.greater(rest, 0.5), b.logicalAnd(b.equal(rest, 0.5), is_odd))
    return b.where(up, b.add(below, 1), below)


def strided(b: LegalBuilder, call: Call) -> Operand:
    """slice with strides: a slice without, and a gather per axis."""
    x: Operand = b.slice(**call.but(strides=None))
    for axis, (size, stride) in enumerate(zip(call.sizes, call.strides, strict=True)):
        if stride > 1:
            x = b.gather(x, b.constant(np.arange(0, size, stride, dtype=np.int32)), axis=axis)
    return x


def gathered_from_rows(b: LegalBuilder, call: Call) -> Operand:
    """gatherND: a gather of rows, one for all positions of the dimensions that are indexed."""
    x, indices = call.input, call.indices
    sizes, rest = x.shape[: indices.shape[-1]], x.shape[indices.shape[-1] :]
    ends = np.array(sizes, np.int32)
    inside = b.cast(indices, DataType.INT32)
    inside = b.where(b.lesser(inside, 0), b.add(inside, ends), inside)
    inside = b.min(b.max(inside, 0), ends - 1)
    steps = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    rows = b.reduceSum(b.mul(inside, np.array(steps, np.int32)), axes=[indices.rank - 1])
    gathered = b.gather(b.reshape(x, [math.prod(sizes), *rest]), rows)
    return b.reshape(gathered, list(call.result.shape))


def sums_of_halves(b: LegalBuilder, call: Call) -> Operand:
    """cumulativeSum: plus what is one before, then two, then four and so on."""
    x: Operand = call.input
    if call.exclusive:
        x = _moved(b, x, call, 1)
    distance = 1
    while distance < x.shape[call.axis]:
        x = b.add(x, _moved(b, x, call, distance))
        distance *= 2
    return x


def _moved(b: LegalBuilder, x: Operand, call: Call, distance: int) -> Operand:
    """``x`` moved along the axis, zeros behind it; by at most its size."""
    size = x.shape[call.axis] - distance
    if not size:
        return b.constant(np.zeros(x.shape), x.data_type)
    nothing, zeros = [0] * x.rank, [distance if axis == call.axis else 0 for axis in range(x.rank)]
    part = b.slice(x, zeros if call.reversed else nothing, list(x.resized(call.axis, size).shape))
    return b.pad(part, nothing, zeros) if call.reversed else b.pad(part, zeros, nothing)


def dequantized_as_float32(b: LegalBuilder, call: Call) -> Operand:
    """dequantizeLinear to float16: to float32, rounded."""
    return b.cast(b.dequantizeLinear(**call.but(scale=b.cast(call.scale, DataType.FLOAT32))), call.result.data_type)
