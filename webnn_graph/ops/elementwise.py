"""Element-wise operators: unary and binary arithmetic, comparison, logic, selection and conversion."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import Run, op
from webnn_graph.ops.domains import ANY, BOOLEAN, FLOAT, SIGNED, Domain, same
from webnn_graph.ops.rules import broadcast
from webnn_graph.ops.special import erf

INTEGER = "iu"


# ------------------------------------------------------------------------------------------------------------------- unary
def unary(input: Operand, /) -> Descriptor:
    return input.descriptor


SIGNED_UNARY: dict[str, Run] = {"abs": np.abs, "neg": np.negative, "sign": np.sign}
FLOAT_UNARY: dict[str, Run] = {
    "ceil": np.ceil,
    "cos": np.cos,
    "erf": erf,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "reciprocal": np.reciprocal,
    "roundEven": np.rint,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}
for name, function in SIGNED_UNARY.items():
    op(name, run=function, input=SIGNED)(unary)
for name, function in FLOAT_UNARY.items():
    op(name, run=function, input=FLOAT)(unary)
op("identity", run=lambda input: input, input=ANY)(unary)


@op(run=lambda input, dataType: _cast(input, dataType), input=ANY.four_bit)
def cast(input: Operand, dataType: DataType, /) -> Descriptor:
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


ARITHMETIC: dict[str, Run] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": power,
}
for name, function in ARITHMETIC.items():
    op(name, run=function, a=ANY)(binary)


# -------------------------------------------------------------------------------------------------------------------- logic
def comparison(a: Operand, b: Operand, /) -> Descriptor:
    return binary(a, b).with_type(DataType.UINT8)


COMPARISONS: dict[str, Run] = {
    "equal": np.equal,
    "notEqual": np.not_equal,
    "greater": np.greater,
    "greaterOrEqual": np.greater_equal,
    "lesser": np.less,
    "lesserOrEqual": np.less_equal,
}
for name, function in COMPARISONS.items():
    op(name, run=function, a=ANY)(comparison)
LOGICAL: dict[str, Run] = {"logicalAnd": np.logical_and, "logicalOr": np.logical_or, "logicalXor": np.logical_xor}
for name, function in LOGICAL.items():
    op(name, run=function, a=BOOLEAN)(comparison)


def predicate(a: Operand, /) -> Descriptor:
    return a.with_type(DataType.UINT8)


PREDICATES: dict[str, tuple[Run, Domain]] = {
    "logicalNot": (np.logical_not, BOOLEAN),
    "isNaN": (np.isnan, FLOAT),
    "isInfinite": (np.isinf, FLOAT),
}
for name, (function, domain) in PREDICATES.items():
    op(name, run=function, a=domain)(predicate)
TRUTHS = (*COMPARISONS, *LOGICAL, *PREDICATES)
"""The operators whose results are 0 and 1."""


@op(
    run=lambda condition, trueValue, falseValue: np.where(condition, trueValue, falseValue),
    condition=BOOLEAN,
    trueValue=ANY,
    falseValue=same("trueValue"),
)
def where(condition: Operand, trueValue: Operand, falseValue: Operand, /) -> Descriptor:
    return trueValue.with_shape(broadcast(condition.shape, trueValue.shape, falseValue.shape))
