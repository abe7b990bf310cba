"""Functions of one variable that WebNN lacks, from those it has, to the rounding of float32.

float16 is computed in float32. Each formula is chosen so that the relative error stays small near 0 and the arguments at
the edges of the domain give what the function has there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand

Function = Callable[[GraphBuilder, Operand], Operand]


def in_float32(function: Function) -> Function:
    """``function`` computed in float32, whatever the data type of its operand and result."""

    def widened(b: GraphBuilder, x: Operand) -> Operand:
        result: Operand = b.cast(function(b, b.cast(x, DataType.FLOAT32)), x.data_type)
        return result

    widened.__doc__ = function.__doc__
    widened.__name__ = function.__name__
    return widened


def log1p(b: GraphBuilder, u: Operand) -> Operand:
    """log(1 + u) for u >= 0: the rounding error of 1 + u is divided out again (Kahan)."""
    sum_ = b.add(u, 1)
    corrected = b.mul(b.log(sum_), b.div(u, b.sub(sum_, 1)))
    large = b.where(b.greater(u, 2.0**24), b.log(sum_), corrected)
    return b.where(b.equal(sum_, 1), u, large)


def _atan(b: GraphBuilder, x: Operand) -> Operand:
    """The arguments are reduced to |t| <= tan(pi/8), where a polynomial of degree 9 has an error below 1e-7."""
    size = b.abs(x)
    far, middle = b.greater(size, math.tan(3 * math.pi / 8)), b.greater(size, math.tan(math.pi / 8))
    turned = b.where(far, b.neg(b.reciprocal(size)), b.where(middle, b.div(b.sub(size, 1), b.add(size, 1)), size))
    offset = b.where(far, math.pi / 2, b.where(middle, b.constant(math.pi / 4, x.data_type), 0))
    square = b.mul(turned, turned)
    series = b.constant(8.05374449538e-2, x.data_type)
    for coefficient in (-1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1):
        series = b.add(b.mul(series, square), coefficient)
    angle = b.add(offset, b.add(b.mul(b.mul(series, square), turned), turned))
    return b.where(b.lesser(x, 0), b.neg(angle), angle)


def _asin(b: GraphBuilder, x: Operand) -> Operand:
    return _atan(b, b.div(x, b.sqrt(b.mul(b.sub(1, x), b.add(x, 1)))))


def _acos(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(_atan(b, b.sqrt(b.div(b.sub(1, x), b.add(x, 1)))), 2)


def _cosh(b: GraphBuilder, x: Operand) -> Operand:
    grown = b.exp(b.abs(x))
    return b.add(b.mul(grown, 0.5), b.div(0.5, grown))


def _sinh(b: GraphBuilder, x: Operand) -> Operand:
    """By way of tanh, which does not cancel near 0."""
    return b.mul(b.tanh(x), _cosh(b, x))


def _asinh(b: GraphBuilder, x: Operand) -> Operand:
    size = b.abs(x)
    square = b.mul(size, size)
    near = log1p(b, b.add(size, b.div(square, b.add(b.sqrt(b.add(square, 1)), 1))))
    return b.mul(b.sign(x), b.where(b.greater(size, 1e6), b.add(b.log(size), math.log(2)), near))


def _acosh(b: GraphBuilder, x: Operand) -> Operand:
    above = b.sub(x, 1)
    return log1p(b, b.add(above, b.mul(b.sqrt(above), b.sqrt(b.add(x, 1)))))


def _atanh(b: GraphBuilder, x: Operand) -> Operand:
    size = b.abs(x)
    ratio = b.div(b.mul(size, 2), b.sub(1, size))
    return b.mul(b.mul(b.sign(x), 0.5), log1p(b, ratio))


FUNCTIONS: dict[str, Function] = {
    "acos": in_float32(_acos),
    "acosh": in_float32(_acosh),
    "asin": in_float32(_asin),
    "asinh": in_float32(_asinh),
    "atan": in_float32(_atan),
    "atanh": in_float32(_atanh),
    "cosh": in_float32(_cosh),
    "sinh": in_float32(_sinh),
}
"""By the function's usual name."""
