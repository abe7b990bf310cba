"""Functions that WebNN lacks, from those it has, to about float32's rounding."""

from __future__ import annotations

import math

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

ATAN_TERMS = 6
"""Terms of the arctangent's series; for |x| <= tan(pi/16) the first one left out is below 2e-10."""
LARGE = 1e9
"""From here on x*x + 1 equals x*x in float32."""


def expm1(b: GraphBuilder, x: Operand) -> Operand:
    """exp(x) - 1 without cancellation near 0: 2t / (1 - t) with t = tanh(x / 2)."""
    t = b.tanh(b.mul(x, 0.5))
    near = b.div(b.mul(t, 2), b.sub(1, t))
    return b.where(b.lesser(b.abs(x), 1), near, b.sub(b.exp(x), 1))


def log1p(b: GraphBuilder, x: Operand) -> Operand:
    """log(1 + x) without cancellation near 0: the rounding of 1 + x is divided out again."""
    u = b.add(x, 1)
    exact = b.mul(b.log(u), b.div(x, b.sub(u, 1)))
    near = b.where(b.equal(u, 1), x, exact)
    return b.where(b.lesser(b.abs(x), 0.5), near, b.log(u))


def sinh(b: GraphBuilder, x: Operand) -> Operand:
    """Near 0 by 2t / (1 - t*t) with t = tanh(x / 2); elsewhere by exponentials."""
    t = b.tanh(b.mul(x, 0.5))
    near = b.div(b.mul(t, 2), b.sub(1, b.mul(t, t)))
    half = b.mul(b.exp(b.mul(x, 0.5)), math.sqrt(0.5))
    minus = b.mul(b.exp(b.mul(x, -0.5)), math.sqrt(0.5))
    far = b.sub(b.mul(half, half), b.mul(minus, minus))
    return b.where(b.lesser(b.abs(x), 1), near, far)


def cosh(b: GraphBuilder, x: Operand) -> Operand:
    """(exp(x) + exp(-x)) / 2, as squares, which do not overflow before the result does."""
    half = b.mul(b.exp(b.mul(x, 0.5)), math.sqrt(0.5))
    minus = b.mul(b.exp(b.mul(x, -0.5)), math.sqrt(0.5))
    return b.add(b.mul(half, half), b.mul(minus, minus))


def asinh(b: GraphBuilder, x: Operand) -> Operand:
    """sign(x) log(|x| + sqrt(x*x + 1)), by log1p; log(2|x|) for large ones."""
    size = b.abs(x)
    bounded = b.min(size, LARGE)
    square = b.mul(bounded, bounded)
    small = log1p(b, b.add(bounded, b.div(square, b.add(b.sqrt(b.add(square, 1)), 1))))
    large = b.add(b.log(size), math.log(2))
    return b.mul(b.sign(x), b.where(b.lesser(size, LARGE), small, large))


def acosh(b: GraphBuilder, x: Operand) -> Operand:
    """log(x + sqrt(x*x - 1)), by log1p of the part above 1; log(2x) for large ones. NaN below 1."""
    above = b.sub(b.min(x, LARGE), 1)
    small = log1p(b, b.add(above, b.sqrt(b.mul(above, b.add(above, 2)))))
    large = b.add(b.log(x), math.log(2))
    return b.where(b.greater(x, LARGE), large, small)


def atanh(b: GraphBuilder, x: Operand) -> Operand:
    """sign(x) log1p(2|x| / (1 - |x|)) / 2."""
    size = b.abs(x)
    return b.mul(b.mul(b.sign(x), 0.5), log1p(b, b.div(b.mul(size, 2), b.sub(1, size))))


def atan(b: GraphBuilder, x: Operand) -> Operand:
    """The arctangent: reciprocal above 1, the angle halved twice, then the series."""
    size = b.abs(x)
    steep = b.greater(size, 1)
    y = b.where(steep, b.reciprocal(b.max(size, 1)), size)
    for _ in range(2):
        y = b.div(y, b.add(b.sqrt(b.add(b.mul(y, y), 1)), 1))
    square = b.mul(y, y)
    series = b.constant((-1) ** (ATAN_TERMS - 1) / (2 * ATAN_TERMS - 1), x.data_type)
    for i in range(ATAN_TERMS - 2, -1, -1):
        series = b.add(b.mul(series, square), (-1) ** i / (2 * i + 1))
    angle = b.mul(b.mul(series, y), 4)
    return b.mul(b.sign(x), b.where(steep, b.sub(math.pi / 2, angle), angle))


def asin(b: GraphBuilder, x: Operand) -> Operand:
    """2 atan(x / (1 + sqrt((1 - x)(1 + x)))). NaN outside of [-1, 1]."""
    root = b.sqrt(b.mul(b.sub(1, x), b.add(1, x)))
    return b.mul(atan(b, b.div(x, b.add(root, 1))), 2)


def acos(b: GraphBuilder, x: Operand) -> Operand:
    """2 atan(sqrt((1 - x) / (1 + x))). NaN outside of [-1, 1]."""
    return b.mul(atan(b, b.sqrt(b.div(b.sub(1, x), b.add(1, x)))), 2)


def atan2(b: GraphBuilder, y: Operand, x: Operand) -> Operand:
    """The angle of the point (x, y), in (-pi, pi], signed zeros and infinities as in C."""
    both_infinite = b.logicalAnd(b.isInfinite(x), b.isInfinite(y))
    xs = b.where(both_infinite, b.sign(x), x)
    ys = b.where(both_infinite, b.sign(y), y)
    larger = b.max(b.abs(xs), b.abs(ys))
    origin = b.equal(larger, 0)
    steep = b.greater(b.abs(ys), b.abs(xs))
    ratio = b.div(b.min(b.abs(xs), b.abs(ys)), b.where(origin, b.constant(1, x.data_type), larger))
    angle = atan(b, ratio)
    first = b.where(steep, b.sub(math.pi / 2, angle), angle)
    half = b.where(_negative(b, x), b.sub(math.pi, first), first)
    return b.where(_negative(b, y), b.neg(half), half)


def _negative(b: GraphBuilder, x: Operand) -> Operand:
    """Whether the sign bit is set; -0 has a negative reciprocal."""
    return b.where(b.equal(x, 0), b.lesser(b.reciprocal(x), 0), b.lesser(x, 0))
