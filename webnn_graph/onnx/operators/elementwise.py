"""Arithmetic, comparison, logic, selection and conversion."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from webnn_graph.data_types import DataType
from webnn_graph.onnx.nodes import SIGN, ModelBuilder
from webnn_graph.onnx.translations import one_to_one, translates
from webnn_graph.onnx.values import BOOL, DATA_TYPES, TYPES, Value

one_to_one({
    "abs": "Abs",
    "neg": "Neg",
    "sign": "Sign",
    "ceil": "Ceil",
    "cos": "Cos",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "log": "Log",
    "reciprocal": "Reciprocal",
    "roundEven": "Round",
    "sin": "Sin",
    "sqrt": "Sqrt",
    "tan": "Tan",
    "tanh": "Tanh",
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "max": "Max",
    "min": "Min",
    "pow": "Pow",
    "equal": "Equal",
    "greater": "Greater",
    "greaterOrEqual": "GreaterOrEqual",
    "lesser": "Less",
    "lesserOrEqual": "LessOrEqual",
    "isNaN": "IsNaN",
    "isInfinite": "IsInf",
})  # fmt: skip


@translates("identity", of_truth=True)
def identity(m: ModelBuilder, input: Value, /) -> Value:
    return input


@translates("cast", of_truth=True)
def cast(m: ModelBuilder, input: Value, dataType: DataType, /) -> Value:
    return m.cast(input, TYPES[dataType])


@translates("div")
def div(m: ModelBuilder, a: Value, b: Value, /) -> Value:
    """Of integers 0 where the divisor is, by which ONNX leaves open what division is.

    What is divided by -1 is its opposite, also the smallest number, which WebAssembly cannot divide.
    """
    if a.is_float:
        return m.node("Div", a, b)
    divide = _unsigned_quotient if a.type == TensorProto.UINT64 else _quotient
    special = (0, -1) if DATA_TYPES[a.type].range[0] < 0 else (0,)
    known = m.known(b)
    if known is not None and not np.isin(known, special).any():
        return divide(m, a, b)
    is_special = m.node("Equal", b, m.like(0, b))
    for value in special[1:]:
        is_special = m.node("Or", is_special, m.node("Equal", b, m.like(value, b)))
    quotient = divide(m, a, m.node("Where", is_special, m.like(1, b), b))
    return m.node("Where", is_special, m.node("Mul", a, b), quotient)


def _quotient(m: ModelBuilder, a: Value, b: Value) -> Value:
    return m.node("Div", a, b)


def _unsigned_quotient(m: ModelBuilder, a: Value, b: Value) -> Value:
    """Of uint64 by signed division: that of half of a, twice, and one more if the rest is not smaller than b.

    The quotient by what is negative as int64, 2^63 or more, is 0 or 1.
    """
    halves = m.node("BitShift", a, m.like(1, a), direction="RIGHT")
    signed = m.cast(b, TensorProto.INT64)
    is_large = m.node("Less", signed, m.constant(0))
    safe = m.node("Where", is_large, m.constant(1), signed)
    quotient = m.node("Mul", m.node("Div", m.cast(halves, TensorProto.INT64), safe), m.constant(2))
    estimate = m.node("Where", is_large, m.constant(0), quotient)
    product = m.node("Mul", estimate, signed)
    low = m.constant(SIGN)
    rest = m.node("Add", m.node("Sub", m.cast(a, TensorProto.INT64), product), low)
    more = m.node("GreaterOrEqual", rest, m.node("Add", signed, low))
    return m.cast(m.node("Add", estimate, m.cast(more, TensorProto.INT64)), TensorProto.UINT64)


@translates("notEqual")
def not_equal(m: ModelBuilder, a: Value, b: Value, /) -> Value:
    return m.node("Not", m.node("Equal", a, b))


LOGICAL = {"logicalAnd": "And", "logicalOr": "Or", "logicalXor": "Xor"}


@translates(*LOGICAL, of_truth=True)
def logical(m: ModelBuilder, a: Value, b: Value, /, *, op: str) -> Value:
    return m.node(LOGICAL[op], m.truth(a), m.truth(b))


@translates("logicalNot", of_truth=True)
def logical_not(m: ModelBuilder, a: Value, /) -> Value:
    return m.node("Not", m.truth(a))


@translates("where", of_truth=True)
def where(m: ModelBuilder, condition: Value, trueValue: Value, falseValue: Value, /) -> Value:
    if not trueValue.type == falseValue.type == BOOL:
        trueValue, falseValue = m.number(trueValue), m.number(falseValue)
    return m.node("Where", m.truth(condition), trueValue, falseValue)
