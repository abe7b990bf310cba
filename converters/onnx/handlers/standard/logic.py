"""Comparison, logic, selection and bits."""

from __future__ import annotations

from collections.abc import Callable

from converters.lowering import bits
from converters.onnx.handlers.standard.casts import as_16_bits
from converters.onnx.registry import SourceNode, one_to_one, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

one_to_one({"Equal": "equal", "Greater": "greater", "Less": "lesser"}, since=7)
one_to_one({"And": "logicalAnd", "Or": "logicalOr", "Xor": "logicalXor"}, since=7)
one_to_one({"GreaterOrEqual": "greaterOrEqual", "IsNaN": "isNaN", "LessOrEqual": "lesserOrEqual", "Not": "logicalNot", "Where": "where"})


@onnx_op("IsInf", how="isInfinite, and a comparison when only one sign counts")
def is_inf(b: GraphBuilder, X: Operand, *, detect_negative: int = 1, detect_positive: int = 1) -> Operand:
    infinite = b.isInfinite(X)
    if detect_negative and detect_positive:
        return infinite
    if not detect_negative and not detect_positive:
        return b.expand(b.constant(0, infinite.data_type), list(X.shape))
    return b.logicalAnd(infinite, b.lesser(X, 0) if detect_negative else b.greater(X, 0))


@onnx_op("BitShift", how="mul or div by a power of two out of a table")
def bit_shift(b: GraphBuilder, X: Operand, Y: Operand, *, direction: str, node: SourceNode) -> Operand:
    if direction not in ("LEFT", "RIGHT"):
        raise ConversionError(f"direction {direction} is neither LEFT nor RIGHT")
    shifted = (bits.shift_left if direction == "LEFT" else bits.shift_right)(b, X, Y)
    return as_16_bits(b, shifted, node.scope.onnx_type(node.proto.input[0]))


@onnx_op("BitwiseNot", how="sub from -1, or from the largest unsigned integer")
def bitwise_not(b: GraphBuilder, X: Operand, *, node: SourceNode) -> Operand:
    return as_16_bits(b, bits.bitwise_not(b, X), node.scope.onnx_type(node.proto.input[0]))


def _bitwise(name: str, function: Callable[[GraphBuilder, Operand, Operand], Operand]) -> None:
    def convert(b: GraphBuilder, A: Operand, B: Operand) -> Operand:
        return function(b, A, B)

    onnx_op(name, how="the bits along a new axis and their weighted sum; takes as many times the memory as there are bits")(convert)


for onnx_name, function in {"BitwiseAnd": bits.bitwise_and, "BitwiseOr": bits.bitwise_or, "BitwiseXor": bits.bitwise_xor}.items():
    _bitwise(onnx_name, function)
