"""Arithmetic: equal forms of calls that a target refuses or computes wrong."""

from __future__ import annotations

import numpy as np

from webnn_graph.graph import Operand
from webnn_graph.ops.activation import clamp_limits
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call

ERF = (1.4185207e-07, -5.668473e-06, 8.763731e-05, -6.1978464e-04, -1.9183086e-04, 0.10276905, 1.1283792)
"""Of the polynomial p for which tanh(x p(x^2)) is nearest to erf(x) relative to it, the highest power first: 1e-7 of it."""
ERF_END = 4.0
"""From where on erf is 1 in float32; the polynomial is for what is nearer to 0."""


def erf_by_tanh(b: LegalBuilder, call: Call) -> Operand:
    """erf of float32: tanh of an odd polynomial, within 4e-7 of it."""
    x: Operand = b.clamp(call.input, minValue=-ERF_END, maxValue=ERF_END)
    square = b.mul(x, x)
    total = b.add(b.mul(square, ERF[0]), ERF[1])
    for number in ERF[2:]:
        total = b.add(b.mul(total, square), number)
    return b.tanh(b.mul(x, total))


def max_and_min(b: LegalBuilder, call: Call) -> Operand:
    """clamp of integers: the larger of x and the one limit, the smaller of that and the other."""
    x: Operand = call.input
    smallest, largest = x.data_type.range
    low, high = clamp_limits(call.minValue, call.maxValue, x.data_type)
    if low > smallest:
        x = b.max(x, b.constant(np.array(low), x.data_type))
    if high < largest:
        x = b.min(x, b.constant(np.array(high), x.data_type))
    return x


def harmful_divisors(x: Operand) -> list[int]:
    """Divisors of integers with which implementations fail: 0, and -1, by which the smallest integer has no quotient."""
    return [0] if x.data_type.is_unsigned else [0, -1]


def sure_division(b: LegalBuilder, call: Call) -> Operand:
    """div of integers: by 1 where the divisor is 0, which gives 0, or -1, which gives the negative."""
    x, divisor = call.a, call.b
    special = b.equal(divisor, 0)
    for value in harmful_divisors(x)[1:]:
        special = b.logicalOr(special, b.equal(divisor, value))
    safe = b.where(special, 1, divisor)
    return b.where(special, b.mul(x, divisor), b.div(x, safe))


def larger_of_both_signs(b: LegalBuilder, call: Call) -> Operand:
    """abs: the larger of x and -x."""
    return b.max(call.input, b.neg(call.input))


def difference_of_comparisons(b: LegalBuilder, call: Call) -> Operand:
    """sign: x > 0 less x < 0."""
    x: Operand = call.input
    return b.sub(b.cast(b.greater(x, 0), x.data_type), b.cast(b.lesser(x, 0), x.data_type))


def chosen_product(b: LegalBuilder, call: Call) -> Operand:
    """prelu: x, or where it is negative x times the slope."""
    x: Operand = call.input
    return b.where(b.greaterOrEqual(x, 0), x, b.mul(x, call.slope))


def of_expanded_input(b: LegalBuilder, call: Call) -> Operand:
    """prelu of an input that has the result's shape already."""
    return b.prelu(b.expand(call.input, list(call.result.shape)), call.slope)


def sum_of_sizes(b: LegalBuilder, call: Call) -> Operand:
    """reduceL1: the sum of absolute values."""
    return b.reduceSum(**call.but(input=b.abs(call.input)))


def sum_of_squares(b: LegalBuilder, call: Call) -> Operand:
    """reduceSumSquare: the sum of products."""
    return b.reduceSum(**call.but(input=b.mul(call.input, call.input)))


def log_sum_exp_below_peak(b: LegalBuilder, call: Call) -> Operand:
    """reduceLogSumExp: log(sum(exp(x - peak))) + peak; without the peak, exp overflows where the result does not."""
    x: Operand = call.input
    largest = float(np.finfo(x.data_type.numpy).max)
    axes, shape = list(range(x.rank)) if call.axes is None else call.axes, list(call.result.shape)
    highest = b.reduceMax(x, axes=axes, keepDimensions=True)
    # An infinite peak would make x - peak NaN.
    peak = b.clamp(highest, minValue=-largest, maxValue=largest)
    total = b.log(b.reduceSum(b.exp(b.sub(x, peak)), axes=axes, keepDimensions=call.keepDimensions))
    # An implementation whose log of infinity is a number would stop at the peak; elsewhere the sum is never below it.
    return b.max(b.add(total, b.reshape(peak, shape)), b.reshape(highest, shape))


def softplus_without_overflow(b: LegalBuilder, call: Call) -> Operand:
    """softplus: max(x, 0) + log(1 + exp(-|x|)); exp(x) overflows where the result does not."""
    x: Operand = call.input
    tail = b.log(b.linear(b.exp(b.neg(b.abs(x))), beta=1))
    return b.add(b.relu(x), tail)


def hard_sigmoid_by_steps(b: LegalBuilder, call: Call) -> Operand:
    """hardSigmoid: a x + b between 0 and 1."""
    return b.clamp(b.linear(call.input, alpha=call.alpha, beta=call.beta), minValue=0.0, maxValue=1.0)


def product_alone(b: LegalBuilder, call: Call) -> Operand:
    """gemm whose c counts nothing."""
    return b.gemm(**call.but(c=None, beta=None))


def element_by_element(b: LegalBuilder, call: Call) -> Operand:
    """A reduction along no axes: of each element by itself."""
    x: Operand = call.input
    if call.op in ("reduceL1", "reduceL2"):
        return b.abs(x)
    if call.op == "reduceSumSquare":
        return b.mul(x, x)
    return b.log(x) if call.op == "reduceLogSum" else x


def differs_from_itself(b: LegalBuilder, call: Call) -> Operand:
    """isNaN: whether x is not equal to itself."""
    return b.notEqual(call.a, call.a)


def is_beyond_all(b: LegalBuilder, call: Call) -> Operand:
    """isInfinite: whether |x| is infinite."""
    return b.equal(b.abs(call.a), b.constant(np.array(np.inf), call.a.data_type))
