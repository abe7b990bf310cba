"""Element-wise operators: unary and binary arithmetic, comparison, logic, selection and conversion."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import Family, family, op
from webnn_graph.ops.domains import ANY, BOOLEAN, FLOAT, SIGNED, same
from webnn_graph.ops.rules import broadcast
from webnn_graph.ops.special import erf
from webnn_graph.ops.traits import Trait

INTEGER = "iu"


# ------------------------------------------------------------------------------------------------------------------- unary
def unary(input: Operand, /) -> Descriptor:
    return input.descriptor


SIGNED_UNARY: Family = {
    "abs": (np.abs, "|x|."),
    "neg": (np.negative, "-x.", Trait.MODULAR),
    "sign": (np.sign, "-1, 0 or 1, as x is negative, 0 or positive."),
}
FLOAT_UNARY: Family = {
    "ceil": (np.ceil, "x rounded up to an integer."),
    "cos": (np.cos, "The cosine of x in radians."),
    "erf": (erf, "The error function of x."),
    "exp": (np.exp, "e to the power of x."),
    "floor": (np.floor, "x rounded down to an integer."),
    "log": (np.log, "The natural logarithm of x."),
    "reciprocal": (np.reciprocal, "1 / x."),
    "roundEven": (np.rint, "x rounded to the nearest integer, ties to even."),
    "sin": (np.sin, "The sine of x in radians."),
    "sqrt": (np.sqrt, "The square root of x."),
    "tan": (np.tan, "The tangent of x in radians."),
    "tanh": (np.tanh, "The hyperbolic tangent of x."),
}
family(SIGNED_UNARY, unary, Trait.ELEMENTWISE, input=SIGNED)
family(FLOAT_UNARY, unary, Trait.ELEMENTWISE, input=FLOAT)
op("identity", run=lambda input: input, doc="x.", traits=[Trait.ELEMENTWISE, Trait.MOVING], input=ANY)(unary)


@op(run=lambda input, dataType: _cast(input, dataType), traits=[Trait.ELEMENTWISE], input=ANY.four_bit)
def cast(input: Operand, dataType: DataType, /) -> Descriptor:
    """The elements in another data type. Floats are truncated; what the type cannot hold saturates, NaN becomes 0."""
    return input.with_type(dataType)


def _cast(input: Array, data_type: DataType) -> Array:
    """Conversion as in C, but for out-of-range floats, which the standard leaves open: they saturate, NaN becomes 0."""
    if input.dtype.kind == "f" and not data_type.is_float:
        smallest, largest = data_type.range
        whole = np.trunc(np.nan_to_num(input.astype(np.float64), nan=0.0, posinf=largest, neginf=smallest))
        inside = np.clip(whole, smallest, np.nextafter(np.float64(largest) + 1, 0))
        return np.where(whole >= largest, data_type.numpy.type(largest), inside.astype(data_type.numpy))
    return input.astype(data_type.numpy)


# ------------------------------------------------------------------------------------------------------------------ binary
def binary(a: Operand, b: Operand, /) -> Descriptor:
    return a.with_shape(broadcast(a.shape, b.shape))


def divide(a: Array, b: Array) -> Array:
    """Division; of integers truncated toward zero, by zero 0 (as Chromium does; the standard leaves it open)."""
    if a.dtype.kind not in INTEGER:
        return np.asarray(np.divide(a, b))
    safe = np.where(b == 0, 1, b).astype(b.dtype)
    quotient = np.floor_divide(a, safe)
    toward_zero = quotient + ((quotient < 0) & (quotient * safe != a))
    return np.where(b == 0, 0, toward_zero).astype(a.dtype)


def power(a: Array, b: Array) -> Array:
    """Power; of integers with a negative exponent the truncated reciprocal (1 for 1, +-1 for -1, otherwise 0)."""
    if a.dtype.kind not in INTEGER:
        return np.asarray(np.power(a, b))
    negative = b < 0
    positive = np.power(a, np.where(negative, 0, b).astype(b.dtype))
    unit = np.where(np.abs(a) == 1, np.where((b % 2 == 0) | (a == 1), 1, a), 0)
    return np.where(negative, unit, positive).astype(a.dtype)


ARITHMETIC: Family = {
    "add": (np.add, "a + b.", Trait.MODULAR),
    "sub": (np.subtract, "a - b.", Trait.MODULAR),
    "mul": (np.multiply, "a b.", Trait.MODULAR),
    "div": (divide, "a / b; of integers truncated towards 0."),
    "max": (np.maximum, "The larger of a and b.", Trait.ORDERING),
    "min": (np.minimum, "The smaller of a and b.", Trait.ORDERING),
    "pow": (power, "a to the power of b."),
}
family(ARITHMETIC, binary, Trait.ELEMENTWISE, a=ANY)


# -------------------------------------------------------------------------------------------------------------------- logic
def comparison(a: Operand, b: Operand, /) -> Descriptor:
    return binary(a, b).with_type(DataType.UINT8)


COMPARISONS: Family = {
    "equal": (np.equal, "Whether a = b."),
    "notEqual": (np.not_equal, "Whether a and b differ."),
    "greater": (np.greater, "Whether a > b."),
    "greaterOrEqual": (np.greater_equal, "Whether a >= b."),
    "lesser": (np.less, "Whether a < b."),
    "lesserOrEqual": (np.less_equal, "Whether a <= b."),
}
family(COMPARISONS, comparison, Trait.ELEMENTWISE, Trait.TRUTH, Trait.ORDERING, a=ANY)
LOGICAL: Family = {
    "logicalAnd": (np.logical_and, "Whether both are not 0."),
    "logicalOr": (np.logical_or, "Whether one is not 0."),
    "logicalXor": (np.logical_xor, "Whether just one is not 0."),
}
family(LOGICAL, comparison, Trait.ELEMENTWISE, Trait.TRUTH, a=BOOLEAN)


def predicate(a: Operand, /) -> Descriptor:
    return a.with_type(DataType.UINT8)


PREDICATES: Family = {"isNaN": (np.isnan, "Whether a is not a number."), "isInfinite": (np.isinf, "Whether a is infinite.")}
family({"logicalNot": (np.logical_not, "Whether a is 0.")}, predicate, Trait.ELEMENTWISE, Trait.TRUTH, a=BOOLEAN)
family(PREDICATES, predicate, Trait.ELEMENTWISE, Trait.TRUTH, a=FLOAT)


@op(
    run=lambda condition, trueValue, falseValue: np.where(condition, trueValue, falseValue),
    traits=[Trait.ELEMENTWISE, Trait.MODULAR],
    condition=BOOLEAN,
    trueValue=ANY,
    falseValue=same("trueValue"),
)
def where(condition: Operand, trueValue: Operand, falseValue: Operand, /) -> Descriptor:
    """``trueValue`` where the uint8 ``condition`` is not 0, else ``falseValue``; all three are broadcast."""
    return trueValue.with_shape(broadcast(condition.shape, trueValue.shape, falseValue.shape))
