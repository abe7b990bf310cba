"""Arithmetic and the functions of one variable."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from converters.lowering import integers, transcendental
from converters.onnx.registry import one_to_one, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

one_to_one({"Add": "add", "Div": "div", "Mul": "mul", "Sub": "sub"}, since=7)
one_to_one({
    "Ceil": "ceil",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Log": "log",
    "Reciprocal": "reciprocal",
    "Round": "roundEven",
    "Sin": "sin",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
})  # fmt: skip


COMPOSED = {
    "Acos": transcendental.acos,
    "Acosh": transcendental.acosh,
    "Asin": transcendental.asin,
    "Asinh": transcendental.asinh,
    "Atan": transcendental.atan,
    "Atanh": transcendental.atanh,
    "Cosh": transcendental.cosh,
    "Sinh": transcendental.sinh,
}


def _composed(name: str, function: Callable[[GraphBuilder, Operand], Operand]) -> None:
    def convert(b: GraphBuilder, input: Operand) -> Operand:
        return b.cast(function(b, b.cast(input, DataType.FLOAT32)), input.data_type)

    onnx_op(name, how="composed of other functions, in float32")(convert)


for onnx_name, function in COMPOSED.items():
    _composed(onnx_name, function)


@onnx_op("Abs", how="abs; nothing for unsigned integers")
def abs_(b: GraphBuilder, X: Operand) -> Operand:
    return X if X.data_type.is_unsigned else b.abs(X)


@onnx_op("Neg", how="neg")
def neg(b: GraphBuilder, X: Operand) -> Operand:
    return b.neg(X)


@onnx_op("Sign", how="sign; min with 1 for unsigned integers")
def sign(b: GraphBuilder, input: Operand) -> Operand:
    return b.min(input, 1) if input.data_type.is_unsigned else b.sign(input)


@onnx_op("Pow", since=7, how="pow; an integer to a fractional power in float32")
def pow_(b: GraphBuilder, X: Operand, Y: Operand) -> Operand:
    if X.data_type.is_float or not Y.data_type.is_float:
        return b.pow(X, b.cast(Y, X.data_type))
    known = b.value(Y)
    with np.errstate(invalid="ignore"):  # infinite and huge exponents are no integers
        is_whole = known is not None and bool((known == known.astype(X.data_type.numpy)).all())
    if is_whole:
        return b.pow(X, b.cast(Y, X.data_type))
    return b.cast(b.pow(b.cast(X, DataType.FLOAT32), b.cast(Y, DataType.FLOAT32)), X.data_type)


@onnx_op("Mod", how="div, mul and sub; the remainder has the sign of B, with fmod that of A")
def mod(b: GraphBuilder, A: Operand, B: Operand, *, fmod: int = 0) -> Operand:
    return (integers.fmod if fmod else integers.remainder)(b, A, B)


# ------------------------------------------------------------------------------------------------- any number of operands
def _accumulated(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, *data_0: Operand) -> Operand:
        if not data_0:
            raise ConversionError("has no inputs")
        return reduce(lambda total, operand: b.call(name, total, operand), data_0)

    return convert


for onnx_name, webnn_name in {"Max": "max", "Min": "min", "Sum": "add"}.items():
    onnx_op(onnx_name, how=f"a chain of {webnn_name}")(_accumulated(webnn_name))


@onnx_op("Mean", how="a chain of add, then div")
def mean(b: GraphBuilder, *data_0: Operand) -> Operand:
    total = _accumulated("add")(b, *data_0)
    return b.div(total, len(data_0)) if len(data_0) > 1 else total
