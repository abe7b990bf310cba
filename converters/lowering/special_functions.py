"""Error, gamma and Bessel functions that WebNN lacks, to a few units of float32's last place.

Series are fitted at conversion, to values that Python's standard library or a quadrature gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, reduce
from statistics import NormalDist

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from converters.lowering.transcendental import log1p
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

SHIFT = 6
"""Gamma functions go through x + 6, where few terms of Stirling's series are left."""
ZETA_TERMS = 10
"""Summed one by one before Euler and Maclaurin's formula."""
LARGE = 1e4
"""From here on Stirling's series needs no shift, and a product of six factors has not overflowed."""
STIRLING = (1 / 12, -1 / 360, 1 / 1260)
DIGAMMA = (1 / 12, -1 / 120, 1 / 252)
ERFINV_SPLIT = 5.0
"""-log(1 - y y) at which the two polynomials of the inverse of erf meet."""
ERFINV_END = 10.5
"""The root of that logarithm for the smallest float32."""
BESSEL_SPLIT = 8.0
"""Where the two series of a Bessel function meet, as in Cephes."""


# ------------------------------------------------------------------------------------------------------------- error functions
def erfcx(b: GraphBuilder, x: Operand) -> Operand:
    """exp(x x) (1 - erf(x)): a polynomial in 1 / (1 + x / 2) for positive numbers, 2 exp(x x) - erfcx(-x) for negative ones."""
    size = b.abs(x)
    positive = _erfcx_of_positive(b, size)
    return b.where(b.lesser(x, 0), b.sub(b.mul(b.exp(b.mul(size, size)), 2), positive), positive)


def erfc(b: GraphBuilder, x: Operand) -> Operand:
    """1 - erf(x), without cancellation where erf(x) is nearly 1."""
    size = b.min(b.abs(x), 12)
    # The square's rounding error counts as many times as the square is large, so x is split where it is exact.
    high = b.div(b.roundEven(b.mul(size, 16)), 16)
    squares = b.mul(b.exp(b.neg(b.mul(high, high))), b.exp(b.neg(b.mul(b.sub(size, high), b.add(size, high)))))
    tail = b.mul(squares, _erfcx_of_positive(b, size))
    far = b.where(b.lesser(x, 0), b.sub(2, tail), b.where(b.greater(size, 11), 0, tail))
    return b.where(b.lesser(size, 0.5), b.sub(1, b.erf(x)), far)


def log_ndtr(b: GraphBuilder, x: Operand) -> Operand:
    """log of the normal distribution function, also where the function underflows."""
    t = b.mul(x, math.sqrt(0.5))
    below = b.sub(b.log(b.mul(_erfcx_of_positive(b, b.abs(t)), 0.5)), b.mul(t, t))
    above = log1p(b, b.mul(erfc(b, t), -0.5))
    return b.where(b.lesser(x, -1), below, above)


def erfinv(b: GraphBuilder, x: Operand) -> Operand:
    """The inverse of erf, by two polynomials. Infinite at -1 and 1, NaN outside."""
    return _erfinv(b, x, b.mul(b.sub(1, x), b.add(1, x)))


def ndtri(b: GraphBuilder, x: Operand) -> Operand:
    """The inverse of the normal distribution function, by the polynomials of `erfinv`, exact near 0, too."""
    return b.mul(_erfinv(b, b.sub(b.mul(x, 2), 1), b.mul(b.mul(x, 4), b.sub(1, x))), math.sqrt(2))


def _erfinv(b: GraphBuilder, y: Operand, product: Operand) -> Operand:
    """The inverse of erf at y, given 1 - y y, by whose logarithm the inverse over y is smooth."""
    near, far = _erfinv_series()
    w = b.neg(b.log(product))
    central = _polynomial(b, b.sub(b.div(w, ERFINV_SPLIT / 2), 1), near)
    low, high = math.sqrt(ERFINV_SPLIT), ERFINV_END
    outer = _polynomial(
        b, b.div(b.sub(b.sqrt(b.clamp(w, minValue=ERFINV_SPLIT, maxValue=high * high)), (low + high) / 2), (high - low) / 2), far
    )
    value = b.mul(b.where(b.lesser(w, ERFINV_SPLIT), central, outer), y)
    return b.where(b.equal(product, 0), b.div(y, product), value)


@cache
def _erfinv_series() -> tuple[Sequence[float], Sequence[float]]:
    def ratio(w: float) -> float:
        y = math.sqrt(-math.expm1(-w))
        tail = (1 - y) / 2 if w < 1 else math.exp(-w) / 2 / (1 + y)
        return NormalDist().inv_cdf(tail) / -math.sqrt(2) / y if w > 1e-6 else math.sqrt(math.pi) / 2

    low, high = math.sqrt(ERFINV_SPLIT), ERFINV_END
    far = _fitted(lambda place: ratio(((place + 1) * (high - low) / 2 + low) ** 2), -1, 1, 14)
    return _fitted(lambda place: ratio((place + 1) * ERFINV_SPLIT / 2), -1, 1, 10), far


def _erfcx_of_positive(b: GraphBuilder, x: Operand) -> Operand:
    t = b.reciprocal(b.add(b.mul(x, 0.5), 1))
    # By t, so that the polynomial does not decide how small the result is.
    return b.mul(t, _polynomial(b, t, _erfcx_series()))


@cache
def _erfcx_series() -> Sequence[float]:
    def scaled(t: float) -> float:
        x = 2 / t - 2
        return (math.exp(x * x) * math.erfc(x) if x < 20 else _erfcx_far(x)) / t

    return _fitted(scaled, 0, 1, 13)


def _erfcx_far(x: float) -> float:
    return (1 - 0.5 / x**2 + 0.75 / x**4 - 1.875 / x**6) / (x * math.sqrt(math.pi)) if x < 1e30 else 0.0


# ------------------------------------------------------------------------------------------------------------- gamma functions
def lgamma(b: GraphBuilder, x: Operand) -> Operand:
    """log |gamma(x)|: Stirling's series of x + 6 less the logarithms of the factors between; by reflection below 1/2."""
    low = b.lesser(x, 0.5)
    upper = b.where(low, b.sub(1, x), x)
    shifted = b.lesser(upper, LARGE)
    factors: Operand = upper
    for step in range(1, SHIFT):
        factors = b.mul(factors, b.add(upper, step))
    z = b.where(shifted, b.add(upper, SHIFT), upper)
    inverse = b.reciprocal(z)
    tail = b.mul(inverse, _polynomial(b, b.mul(inverse, inverse), STIRLING))
    stirling = b.add(b.sub(b.mul(b.sub(z, 0.5), b.log(z)), z), b.add(tail, 0.5 * math.log(2 * math.pi)))
    value = b.sub(stirling, b.where(shifted, b.log(b.where(shifted, factors, 1)), 0))
    reflected = b.sub(b.sub(math.log(math.pi), b.log(b.abs(_sine_of_half_turns(b, x)))), value)
    return b.where(b.isInfinite(x), math.inf, b.where(low, reflected, value))


def digamma(b: GraphBuilder, x: Operand) -> Operand:
    """The derivative of lgamma: its asymptotic series at x + 6 less the reciprocals between; by reflection below 1/2."""
    low = b.lesser(x, 0.5)
    upper = b.where(low, b.sub(1, x), x)
    reciprocals: Operand = b.reciprocal(upper)
    for step in range(1, SHIFT):
        reciprocals = b.add(reciprocals, b.reciprocal(b.add(upper, step)))
    inverse = b.reciprocal(b.add(upper, SHIFT))
    square = b.mul(inverse, inverse)
    series = b.sub(b.sub(b.log(b.add(upper, SHIFT)), b.mul(inverse, 0.5)), b.mul(square, _polynomial(b, square, DIGAMMA)))
    value = b.sub(series, reciprocals)
    turn = b.sub(x, b.roundEven(x))
    reflected = b.sub(value, b.mul(_cotangent_of_half_turns(b, turn), math.pi))
    pole = b.where(b.equal(x, 0), b.neg(b.reciprocal(x)), math.nan)
    return b.where(low, b.where(b.equal(turn, 0), pole, reflected), value)


def polygamma(b: GraphBuilder, n: int, x: Operand) -> Operand:
    """The n-th derivative of digamma, n >= 1: (-1)^(n+1) n! zeta(n + 1, x) by Euler and Maclaurin; by reflection below 1/2."""
    low = b.lesser(x, 0.5)
    upper = b.where(low, b.sub(1, x), x)
    value = b.mul(_hurwitz_zeta(b, n + 1, upper), float((-1) ** (n + 1) * math.factorial(n)))
    turn = b.sub(x, b.roundEven(x))
    cotangent = _cotangent_of_half_turns(b, turn)
    derivative = Polynomial([0.0, 1.0])
    for _ in range(n):
        derivative = -math.pi * Polynomial([1.0, 0.0, 1.0]) * derivative.deriv()
    slope = b.mul(_polynomial(b, cotangent, [float(c) for c in derivative.coef]), math.pi)
    reflected = b.sub(b.mul(value, float((-1) ** n)), slope)
    return b.where(low, b.where(b.equal(turn, 0), (-1) ** (n + 1) * math.inf, reflected), value)


def _hurwitz_zeta(b: GraphBuilder, s: int, q: Operand) -> Operand:
    """The sum of (q + k)^-s over all k >= 0, for q >= 1/2 and s >= 2."""
    terms = [b.pow(b.add(q, step), -s) for step in range(ZETA_TERMS)]
    total = reduce(b.add, terms)
    w = b.add(q, ZETA_TERMS)
    last = b.pow(w, -s)
    inverse = b.reciprocal(w)
    square = b.mul(inverse, inverse)
    bernoulli = [s / 12, -s * (s + 1) * (s + 2) / 720, math.prod(range(s, s + 5)) / 30240]
    tail = b.add(b.mul(inverse, _polynomial(b, square, bernoulli)), 0.5)
    return b.add(total, b.add(b.div(b.pow(w, 1 - s), s - 1), b.mul(last, tail)))


def _cotangent_of_half_turns(b: GraphBuilder, turn: Operand) -> Operand:
    """cot(pi x) of x in [-1/2, 1/2], exactly 0 at its ends."""
    cosine = b.sin(b.mul(b.sub(0.5, b.abs(turn)), math.pi))
    return b.div(cosine, b.sin(b.mul(turn, math.pi)))


def _sine_of_half_turns(b: GraphBuilder, x: Operand) -> Operand:
    """sin(pi x) but for the sign."""
    return b.sin(b.mul(b.sub(x, b.roundEven(x)), math.pi))


# ------------------------------------------------------------------------------------------------------------ Bessel functions
def bessel_i0e(b: GraphBuilder, x: Operand) -> Operand:
    """exp(-|x|) I0(x), by two polynomials that meet at 8."""
    return _bessel_scaled(b, b.abs(x), 0)


def bessel_i0(b: GraphBuilder, x: Operand) -> Operand:
    """The modified Bessel function I0, by two polynomials that meet at 8 times exp(|x|)."""
    return _grown(b, x, bessel_i0e(b, x))


def bessel_i1e(b: GraphBuilder, x: Operand) -> Operand:
    """exp(-|x|) I1(x), by two polynomials that meet at 8."""
    value = _bessel_scaled(b, b.abs(x), 1)
    return b.where(b.lesser(x, 0), b.neg(value), value)


def bessel_i1(b: GraphBuilder, x: Operand) -> Operand:
    """The modified Bessel function I1, by two polynomials that meet at 8 times exp(|x|)."""
    return _grown(b, x, bessel_i1e(b, x))


def _grown(b: GraphBuilder, x: Operand, scaled: Operand) -> Operand:
    half = b.exp(b.mul(b.abs(x), 0.5))  # as squares, which do not overflow before the result does
    return b.mul(b.mul(scaled, half), half)


def _bessel_scaled(b: GraphBuilder, size: Operand, order: int) -> Operand:
    near, far = _bessel_series(order)
    small = _polynomial(b, b.sub(b.div(b.min(size, BESSEL_SPLIT), BESSEL_SPLIT / 2), 1), near)
    inverse = b.reciprocal(b.max(size, BESSEL_SPLIT))
    large = b.mul(b.sqrt(inverse), _polynomial(b, b.mul(inverse, BESSEL_SPLIT), far))
    return b.where(b.lesser(size, BESSEL_SPLIT), b.mul(small, size) if order else small, large)


@cache
def _bessel_series(order: int) -> tuple[Sequence[float], Sequence[float]]:
    def value(x: float) -> float:
        angles = (np.arange(400) + 0.5) * math.pi / 400
        return float(np.mean(np.exp(x * (np.cos(angles) - 1)) * np.cos(order * angles)))

    def near(place: float) -> float:
        x = (place + 1) * BESSEL_SPLIT / 2
        return value(x) if not order else value(x) / x if x > 0 else 0.5

    def far(part: float) -> float:
        x = BESSEL_SPLIT / part if part > 1e-3 else math.inf
        return value(x) * math.sqrt(x) if x < 8000 else 1 / math.sqrt(2 * math.pi)

    return _fitted(near, -1, 1, 18), _fitted(far, 0, 1, 7)


# ---------------------------------------------------------------------------------------------------------------------- series
def _fitted(function: Callable[[float], float], low: float, high: float, degree: int) -> Sequence[float]:
    """The coefficients, from the constant on, of the polynomial that meets the function at Chebyshev's points."""
    series = Chebyshev.interpolate(lambda places: np.array([function(float(place)) for place in places]), degree, domain=[low, high])
    return [float(number) for number in series.convert(kind=Polynomial, domain=[-1, 1], window=[-1, 1]).coef]


def _polynomial(b: GraphBuilder, x: Operand, coefficients: Sequence[float]) -> Operand:
    value: Operand = b.constant(coefficients[-1], x.data_type)
    for coefficient in reversed(coefficients[:-1]):
        value = b.add(b.mul(value, x), coefficient)
    return value
