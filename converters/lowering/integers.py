"""Integer and modular arithmetic: rounding of quotients, remainders, bits and shifts."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand


def trunc(b: GraphBuilder, x: Operand) -> Operand:
    """Rounding toward zero; integers are returned as they are."""
    if not x.data_type.is_float:
        return x
    return b.where(b.lesser(x, 0), b.ceil(x), b.floor(x))


def divide_toward_zero(b: GraphBuilder, dividend: Operand, divisor: Operand) -> Operand:
    """The quotient without its fraction. Integer division by zero is 0."""
    return trunc(b, b.div(dividend, divisor))


def divide_down(b: GraphBuilder, dividend: Operand, divisor: Operand) -> Operand:
    """The quotient rounded toward minus infinity. Integer division by zero is 0."""
    if dividend.data_type.is_float:
        return _floor_divide(b, dividend, divisor)
    quotient = b.div(dividend, divisor)
    if not _signed(dividend.data_type):
        return quotient
    rest = b.sub(dividend, b.mul(quotient, divisor))
    crosses = b.logicalAnd(b.notEqual(rest, 0), b.notEqual(b.lesser(rest, 0), b.lesser(divisor, 0)))
    return b.sub(quotient, b.cast(crosses, dividend.data_type))


def _floor_divide(b: GraphBuilder, dividend: Operand, divisor: Operand) -> Operand:
    """Of floats, whose quotient can be rounded up to the next integer: what is divided is free of the remainder."""
    quotient = b.div(dividend, divisor)
    known = b.value(divisor)
    if known is not None and (np.frexp(known)[0] == 0.5).all():  # by a power of two quotients are exact
        return b.floor(quotient)
    rest = fmod(b, dividend, divisor)
    crosses = b.logicalAnd(b.notEqual(rest, 0), b.notEqual(b.lesser(rest, 0), b.lesser(divisor, 0)))
    whole = b.roundEven(b.sub(b.div(b.sub(dividend, rest), divisor), b.cast(crosses, dividend.data_type)))
    return b.where(b.equal(divisor, 0), quotient, whole)


def remainder(b: GraphBuilder, dividend: Operand, divisor: Operand) -> Operand:
    """The remainder with the sign of the divisor (Python's ``%``)."""
    if not dividend.data_type.is_float:
        return b.sub(dividend, b.mul(divide_down(b, dividend, divisor), divisor))
    rest = fmod(b, dividend, divisor)
    opposite = b.notEqual(b.lesser(rest, 0), b.lesser(divisor, 0))
    return b.where(b.logicalAnd(b.notEqual(rest, 0), opposite), b.add(rest, divisor), rest)


def fmod(b: GraphBuilder, dividend: Operand, divisor: Operand) -> Operand:
    """The remainder with the sign of the dividend (C's ``fmod``); of floats exact for quotients below 2^24."""
    if not dividend.data_type.is_float:
        return b.sub(dividend, b.mul(b.div(dividend, divisor), divisor))
    if dividend.data_type != DataType.FLOAT32:
        return b.cast(fmod(b, b.cast(dividend, DataType.FLOAT32), b.cast(divisor, DataType.FLOAT32)), dividend.data_type)
    size, step = b.abs(dividend), b.abs(divisor)
    rest = _less_product(b, size, b.floor(b.div(size, step)), step)
    rest = b.where(b.lesser(rest, 0), b.add(rest, step), rest)  # the quotient was rounded up to the next integer
    signed = b.where(b.lesser(dividend, 0), b.neg(rest), rest)
    known = b.value(divisor)
    if known is not None and np.isfinite(known).all():
        return signed
    whole = b.add(dividend, b.mul(dividend, 0))  # NaN of an infinite dividend
    return b.where(b.isInfinite(divisor), whole, signed)


def _less_product(b: GraphBuilder, x: Operand, p: Operand, q: Operand) -> Operand:
    """x - p q of float32 without the rounding of the product, which is found from the halves of its factors (Dekker)."""
    product = b.mul(p, q)
    (p_high, p_low), (q_high, q_low) = _halves(b, p), _halves(b, q)
    error = b.sub(b.mul(p_high, q_high), product)
    for left, right in ((p_high, q_low), (p_low, q_high), (p_low, q_low)):
        error = b.add(error, b.mul(left, right))
    return b.sub(b.sub(x, product), error)


def _halves(b: GraphBuilder, x: Operand) -> tuple[Operand, Operand]:
    """Two float32 of 12 significant bits each that add up to x."""
    scaled = b.mul(x, 2.0**12 + 1)
    high = b.sub(scaled, b.sub(scaled, x))
    return high, b.sub(x, high)


def gcd(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """The greatest common divisor of integers that are not negative; 0 of zeros.

    Euclid's algorithm takes most steps for Fibonacci's numbers, of which a type of n bits has about 1.44 n.
    """
    for _ in range(math.ceil(1.45 * (x.data_type.bits - 1))):
        done = b.equal(y, 0)
        rest = b.where(done, 0, remainder(b, x, b.where(done, 1, y)))
        x, y = b.where(done, x, y), rest
    return x


def wrapped(b: GraphBuilder, x: Operand, bits: int, *, signed: bool) -> Operand:
    """x as an integer of fewer bits would hold it, in its own type: what C's conversion does."""
    offset = 2 ** (bits - 1) if signed else 0
    inside = remainder(b, b.add(x, offset), b.constant(2**bits, x.data_type))
    return b.sub(inside, offset)


def _signed(data_type: DataType) -> bool:
    return data_type.range[0] < 0
