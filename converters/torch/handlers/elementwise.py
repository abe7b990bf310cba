"""Arithmetic, comparison, logic and elementary functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch

from converters.lowering import integers, special_functions, transcendental
from converters.lowering.activation import log_sigmoid
from converters.random_numbers import HINT
from converters.torch.handlers.creation import element, filled
from converters.torch.registry import Promote, aten, aten_op, one_function, one_to_one, operand_like
from converters.torch.tensors import data_type
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

COMPUTED = {
    aten.cos.default: "cos",
    aten.erf.default: "erf",
    aten.exp.default: "exp",
    aten.log.default: "log",
    aten.maximum.default: "max",
    aten.minimum.default: "min",
    aten.mul.Tensor: "mul",
    aten.mul.Scalar: "mul",
    aten.div.Tensor: "div",
    aten.div.Scalar: "div",
    aten.true_divide.Tensor: "div",
    aten.reciprocal.default: "reciprocal",
    aten.sin.default: "sin",
    aten.sqrt.default: "sqrt",
    aten.tan.default: "tan",
    aten.tanh.default: "tanh",
}
one_to_one(COMPUTED)

one_function({
    aten.acos.default: transcendental.acos,
    aten.acosh.default: transcendental.acosh,
    aten.asin.default: transcendental.asin,
    aten.asinh.default: transcendental.asinh,
    aten.atan.default: transcendental.atan,
    aten.atan2.default: transcendental.atan2,
    aten.atanh.default: transcendental.atanh,
    aten.cosh.default: transcendental.cosh,
    aten.expm1.default: transcendental.expm1,
    aten.log1p.default: transcendental.log1p,
    aten.sinh.default: transcendental.sinh,
    aten.trunc.default: integers.trunc,
    aten.log_sigmoid.default: log_sigmoid,
})  # fmt: skip


SPECIAL = {
    aten.digamma.default: special_functions.digamma,
    aten.erfc.default: special_functions.erfc,
    aten.erfinv.default: special_functions.erfinv,
    aten.i0.default: special_functions.bessel_i0,
    aten.lgamma.default: special_functions.lgamma,
    aten.special_erfcx.default: special_functions.erfcx,
    aten.special_i0e.default: special_functions.bessel_i0e,
    aten.special_i1.default: special_functions.bessel_i1,
    aten.special_i1e.default: special_functions.bessel_i1e,
    aten.special_log_ndtr.default: special_functions.log_ndtr,
    aten.special_modified_bessel_i0.default: special_functions.bessel_i0,
    aten.special_modified_bessel_i1.default: special_functions.bessel_i1,
    aten.special_ndtri.default: special_functions.ndtri,
}


def _in_float32(function: Callable[[GraphBuilder, Operand], Operand]) -> Callable[[GraphBuilder, Operand], Operand]:
    @functools.wraps(function)
    def computed(b: GraphBuilder, input: Operand) -> Operand:
        return b.cast(function(b, b.cast(input, "float32")), input.data_type)

    return computed


one_function({overload: _in_float32(function) for overload, function in SPECIAL.items()})


# ----------------------------------------------------------------------------------------------------------------- arithmetic
@aten_op(
    aten.fmod.Tensor, aten.fmod.Scalar, promote=Promote.RESULT, how="The remainder with the sign of the dividend, by the truncated quotient"
)
def fmod(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    return integers.fmod(b, input, operand_like(b, other, input))


@aten_op(
    aten.remainder.Tensor,
    aten.remainder.Scalar,
    promote=Promote.RESULT,
    how="The remainder with the sign of the divisor, by the quotient rounded down",
)
def remainder(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    return integers.remainder(b, input, operand_like(b, other, input))


@aten_op(aten.floor_divide.default, promote=Promote.RESULT, how="The quotient rounded down")
def floor_divide(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    return integers.divide_down(b, input, operand_like(b, other, input))


@aten_op(aten.add.Tensor, aten.add.Scalar, promote=Promote.RESULT, how="composed")
def add(b: GraphBuilder, input: Operand, other: Any, alpha: float = 1, *, result: torch.Tensor) -> Operand:
    if result.dtype is torch.bool:
        return b.logicalOr(input, other)
    return b.add(input, _scaled(b, other, alpha))


@aten_op(aten.sub.Tensor, aten.sub.Scalar, promote=Promote.RESULT, how="composed")
def sub(b: GraphBuilder, input: Operand, other: Any, alpha: float = 1) -> Operand:
    return b.sub(input, _scaled(b, other, alpha))


@aten_op(aten.rsub.Tensor, aten.rsub.Scalar, promote=Promote.RESULT, how="composed")
def rsub(b: GraphBuilder, input: Operand, other: Any, alpha: float = 1) -> Operand:
    return b.sub(other, _scaled(b, input, alpha))


def _scaled(b: GraphBuilder, value: Any, factor: float) -> Any:
    """``value * factor``, of a number or an operand."""
    if factor == 1:
        return value
    return b.mul(value, factor) if isinstance(value, Operand) else value * factor


@aten_op(aten.div.Tensor_mode, aten.div.Scalar_mode, promote=Promote.RESULT, how="composed")
def div_rounded(b: GraphBuilder, input: Operand, other: Any, *, rounding_mode: str | None) -> Operand:
    divisor = operand_like(b, other, input)
    rounded = {None: b.div, "trunc": lambda x, y: integers.divide_toward_zero(b, x, y), "floor": lambda x, y: integers.divide_down(b, x, y)}
    return rounded[rounding_mode](input, divisor)


@aten_op(aten.pow.Tensor_Tensor, aten.pow.Tensor_Scalar, aten.pow.Scalar, promote=Promote.RESULT, how="mul, pow")
def power(b: GraphBuilder, input: Any, exponent: Any) -> Operand:
    simple = {1: lambda x: x, 2: lambda x: b.mul(x, x), 3: lambda x: b.mul(b.mul(x, x), x), 0.5: b.sqrt, -1: b.reciprocal}
    is_simple = isinstance(exponent, int | float) and exponent in simple
    if is_simple and (input.data_type.is_float or exponent in (1, 2, 3)):
        return simple[exponent](input)
    return b.pow(input, exponent)


@aten_op(aten.square.default, how="mul")
def square(b: GraphBuilder, input: Operand) -> Operand:
    return b.mul(input, input)


@aten_op(aten.rsqrt.default, promote=Promote.RESULT, how="reciprocal, sqrt")
def rsqrt(b: GraphBuilder, input: Operand) -> Operand:
    return b.reciprocal(b.sqrt(input))


@aten_op(aten.log2.default, promote=Promote.RESULT, how="div, log")
def log2(b: GraphBuilder, input: Operand) -> Operand:
    return b.div(b.log(input), math.log(2))


@aten_op(aten.log10.default, promote=Promote.RESULT, how="div, log")
def log10(b: GraphBuilder, input: Operand) -> Operand:
    return b.div(b.log(input), math.log(10))


@aten_op(aten.exp2.default, promote=Promote.RESULT, how="pow")
def exp2(b: GraphBuilder, input: Operand) -> Operand:
    return b.pow(b.constant(2, input.data_type), input)


@aten_op(aten.addcmul.default, promote=Promote.RESULT, how="composed")
def addcmul(b: GraphBuilder, input: Operand, tensor1: Operand, tensor2: Operand, *, value: float) -> Operand:
    return b.add(input, _scaled(b, b.mul(tensor1, tensor2), value))


@aten_op(aten.addcdiv.default, promote=Promote.RESULT, how="composed")
def addcdiv(b: GraphBuilder, input: Operand, tensor1: Operand, tensor2: Operand, *, value: float) -> Operand:
    return b.add(input, _scaled(b, b.div(tensor1, tensor2), value))


@aten_op(aten.lerp.Scalar, aten.lerp.Tensor, promote=Promote.RESULT, how="add, mul, sub")
def lerp(b: GraphBuilder, input: Operand, end: Operand, weight: Any) -> Operand:
    return b.add(input, b.mul(b.sub(end, input), weight))


@aten_op(
    aten.hypot.default,
    promote=Promote.RESULT,
    how="sqrt(x*x + y*y) by the ratio of the smaller to the larger, so that squares do not overflow",
)
def hypot(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    x, y = b.abs(input), b.abs(other)
    larger = b.max(x, y)
    ratio = b.div(b.min(x, y), b.where(b.equal(larger, 0), 1, larger))
    return b.mul(larger, b.sqrt(b.add(b.mul(ratio, ratio), 1)))


@aten_op(aten.fmax.default, promote=Promote.RESULT, how="max, but of a number and NaN the number")
def fmax(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    return _ignoring_nan(b, "max", input, other)


@aten_op(aten.fmin.default, promote=Promote.RESULT, how="min, but of a number and NaN the number")
def fmin(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    return _ignoring_nan(b, "min", input, other)


def _ignoring_nan(b: GraphBuilder, op: str, x: Operand, y: Operand) -> Operand:
    if not x.data_type.is_float:
        return b.call(op, x, y)
    return b.where(b.isNaN(x), y, b.where(b.isNaN(y), x, b.call(op, x, y)))


@aten_op(aten.gcd.default, promote=Promote.RESULT, how="Euclid's algorithm, unrolled as often as the type's largest numbers need")
def gcd(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    return integers.gcd(b, absolute(b, input), absolute(b, other))


@aten_op(aten.lcm.default, promote=Promote.RESULT, how="The product over the greatest common divisor, found by Euclid's algorithm")
def lcm(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    x, y = absolute(b, input), absolute(b, other)
    return b.mul(b.div(x, b.max(integers.gcd(b, x, y), 1)), y)


MAX_POLYGAMMA = 10


@aten_op(aten.polygamma.default, aten.special_polygamma.default, promote=Promote.RESULT, how="composed", limits=f"n up to {MAX_POLYGAMMA}")
def polygamma(b: GraphBuilder, n: int, input: Operand) -> Operand:
    if n > MAX_POLYGAMMA:
        raise ConversionError(f"polygamma is composed for n up to {MAX_POLYGAMMA}, this is {n}")
    x = b.cast(input, "float32")
    return b.cast(special_functions.polygamma(b, n, x) if n else special_functions.digamma(b, x), input.data_type)


# ------------------------------------------------------------------------------------------------------- sign and rounding
@aten_op(aten.copysign.Tensor, aten.copysign.Scalar, promote=Promote.RESULT, how="abs, neg; also of -0, whose reciprocal is -infinity")
def copysign(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    size = b.abs(input)
    if not isinstance(other, Operand):
        return b.neg(size) if math.copysign(1, other) < 0 else size
    return b.where(signbit(b, other), b.neg(size), size)


@aten_op(aten.signbit.default, how="Also of -0, whose reciprocal is -infinity")
def signbit(b: GraphBuilder, input: Operand) -> Operand:
    if not input.data_type.is_float:
        return b.lesser(input, 0)
    return b.where(b.equal(input, 0), b.lesser(b.reciprocal(input), 0), b.lesser(input, 0))


@aten_op(aten.abs.default, how="abs")
def absolute(b: GraphBuilder, input: Operand) -> Operand:
    return b.abs(input) if input.data_type.range[0] < 0 else input


@aten_op(aten.neg.default, how="neg, sub")
def neg(b: GraphBuilder, input: Operand) -> Operand:
    return b.neg(input) if input.data_type.range[0] < 0 else b.sub(0, input)


@aten_op(aten.sign.default, aten.sgn.default, how="sign, cast, notEqual")
def sign(b: GraphBuilder, input: Operand) -> Operand:
    return b.sign(input) if input.data_type.range[0] < 0 else b.cast(b.notEqual(input, 0), input.data_type)


@aten_op(aten.ceil.default, how="ceil")
def ceil(b: GraphBuilder, input: Operand) -> Operand:
    return b.ceil(input) if input.data_type.is_float else input


@aten_op(aten.floor.default, how="floor")
def floor(b: GraphBuilder, input: Operand) -> Operand:
    return b.floor(input) if input.data_type.is_float else input


@aten_op(aten.round.default, how="roundEven")
def round_even(b: GraphBuilder, input: Operand) -> Operand:
    return b.roundEven(input) if input.data_type.is_float else input


@aten_op(aten.round.decimals, how="div, roundEven, mul")
def round_decimals(b: GraphBuilder, input: Operand, *, decimals: int) -> Operand:
    if not input.data_type.is_float:
        if decimals < 0:
            raise ConversionError("rounding integers to tens has no equivalent")
        return input
    factor = 10.0 ** abs(decimals)
    return b.div(b.roundEven(b.mul(input, factor)), factor) if decimals >= 0 else b.mul(b.roundEven(b.div(input, factor)), factor)


@aten_op(aten.frac.default, how="composed")
def frac(b: GraphBuilder, input: Operand) -> Operand:
    return b.sub(input, integers.trunc(b, input))


# -------------------------------------------------------------------------------------------------------- limits and choices
@aten_op(aten.clamp.default, aten.clamp.Tensor, promote=Promote.RESULT, how="clamp, max, min")
def clamp(b: GraphBuilder, input: Operand, min: Any = None, max: Any = None) -> Operand:
    bounds = [bound for bound in (min, max) if bound is not None]
    if all(isinstance(bound, int | float) for bound in bounds) and not (len(bounds) == 2 and min > max):
        return b.clamp(input, minValue=min, maxValue=max)
    if min is not None:
        input = b.max(input, min)
    return input if max is None else b.min(input, max)


@aten_op(aten.clamp_min.default, aten.clamp_min.Tensor, promote=Promote.RESULT, how="composed")
def clamp_min(b: GraphBuilder, input: Operand, min: Any) -> Operand:
    return clamp(b, input, min=min)


@aten_op(aten.clamp_max.default, aten.clamp_max.Tensor, promote=Promote.RESULT, how="composed")
def clamp_max(b: GraphBuilder, input: Operand, max: Any) -> Operand:
    return clamp(b, input, max=max)


@aten_op(aten.where.self, aten.where.ScalarOther, aten.where.ScalarSelf, aten.where.Scalar, how="cast, where")
def where(b: GraphBuilder, condition: Operand, input: Any, other: Any, *, result: torch.Tensor) -> Operand:
    wanted = data_type(result.dtype)
    chosen = [b.cast(value, wanted) if isinstance(value, Operand) else b.constant(value, wanted) for value in (input, other)]
    return b.where(condition, *chosen)


@aten_op(aten.masked_fill.Scalar, aten.masked_fill.Tensor, how="cast, where")
def masked_fill(b: GraphBuilder, input: Operand, mask: Operand, value: Any, *, result: torch.Tensor) -> Operand:
    return b.where(mask, element(b, value, result), input)


# ----------------------------------------------------------------------------------------------------------- special numbers
@aten_op(aten.isnan.default, how="isNaN, notEqual")
def isnan(b: GraphBuilder, input: Operand) -> Operand:
    return b.isNaN(input) if input.data_type.is_float else b.notEqual(input, input)


@aten_op(aten.isinf.default, how="isInfinite, notEqual")
def isinf(b: GraphBuilder, input: Operand) -> Operand:
    return b.isInfinite(input) if input.data_type.is_float else b.notEqual(input, input)


@aten_op(aten.isfinite.default, how="equal, logicalNot, logicalOr, isNaN, isInfinite")
def isfinite(b: GraphBuilder, input: Operand) -> Operand:
    if not input.data_type.is_float:
        return b.equal(input, input)
    return b.logicalNot(b.logicalOr(b.isNaN(input), b.isInfinite(input)))


@aten_op(aten.nan_to_num.default, how="where, isNaN, equal")
def nan_to_num(b: GraphBuilder, input: Operand, nan: float | None, posinf: float | None, neginf: float | None) -> Operand:
    if not input.data_type.is_float:
        return input
    largest = 65504.0 if input.data_type == "float16" else 3.4028234663852886e38
    numbers = b.where(b.isNaN(input), nan or 0.0, input)
    above = b.where(b.equal(numbers, math.inf), largest if posinf is None else posinf, numbers)
    return b.where(b.equal(above, -math.inf), -largest if neginf is None else neginf, above)


# ------------------------------------------------------------------------------------------------------------ types and copies
@aten_op(aten._to_copy.default, promote=Promote.RESULT, how="composed")
def to_copy(b: GraphBuilder, input: Operand, *, dtype: torch.dtype | None) -> Operand:
    return input


@aten_op(aten.alias.default, aten.clone.default, aten.detach.default, how="The tensor itself")
def same(b: GraphBuilder, input: Operand) -> Operand:
    return input


@aten_op(aten.native_dropout.default, how="expand")
def native_dropout(b: GraphBuilder, input: Operand, p: float, train: bool | None) -> Any:
    if train and p > 0:
        raise ConversionError("dropout is random in training mode", f"{HINT}; or call module.eval() before exporting")
    return input, lambda: b.expand(b.constant(1, "uint8"), list(input.shape))


@aten_op(aten.copy.default, how="expand, cast")
def copy(b: GraphBuilder, input: Operand, src: Operand, non_blocking: bool, *, result: torch.Tensor) -> Operand:
    return filled(b, src, result)
