"""Comparison, logic on truth values, and bits of integers."""

from __future__ import annotations

from typing import Any

import torch

from converters.lowering import bits
from converters.torch.registry import Promote, aten, aten_op, one_to_one, operand_like
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

COMPARED = {
    "equal": (aten.eq.Tensor, aten.eq.Scalar),
    "notEqual": (aten.ne.Tensor, aten.ne.Scalar),
    "greater": (aten.gt.Tensor, aten.gt.Scalar),
    "greaterOrEqual": (aten.ge.Tensor, aten.ge.Scalar),
    "lesser": (aten.lt.Tensor, aten.lt.Scalar),
    "lesserOrEqual": (aten.le.Tensor, aten.le.Scalar),
}
one_to_one({overload: op for op, overloads in COMPARED.items() for overload in overloads}, promote=Promote.COMMON)


# ---------------------------------------------------------------------------------------------------------------------- logic
LOGICAL = {aten.logical_and.default: "logicalAnd", aten.logical_or.default: "logicalOr", aten.logical_xor.default: "logicalXor"}


def _logical(op: str) -> Any:
    def logical(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
        return b.call(op, *(_truth(b, operand) for operand in (input, other)))

    return logical


for overload, op in LOGICAL.items():
    aten_op(overload, how="Of the truth values")(_logical(op))


@aten_op(aten.logical_not.default, how="composed")
def logical_not(b: GraphBuilder, input: Operand) -> Operand:
    return b.logicalNot(_truth(b, input))


def _truth(b: GraphBuilder, operand: Operand) -> Operand:
    return operand if operand.data_type == "uint8" else b.notEqual(operand, 0)


BITWISE = {
    "logicalAnd": (bits.bitwise_and, (aten.bitwise_and.Tensor, aten.bitwise_and.Scalar, aten.__and__.Tensor, aten.__and__.Scalar)),
    "logicalOr": (bits.bitwise_or, (aten.bitwise_or.Tensor, aten.bitwise_or.Scalar, aten.__or__.Tensor, aten.__or__.Scalar)),
    "logicalXor": (bits.bitwise_xor, (aten.bitwise_xor.Tensor, aten.bitwise_xor.Scalar, aten.__xor__.Tensor, aten.__xor__.Scalar)),
}


def _bitwise(op: str, on_bits: Any) -> Any:
    def bitwise(b: GraphBuilder, input: Operand, other: Any, *, result: torch.Tensor) -> Operand:
        other = operand_like(b, other, input)
        return b.call(op, input, other) if result.dtype is torch.bool else on_bits(b, input, other)

    return bitwise


for op, (on_bits, overloads) in BITWISE.items():
    how = "The logical operator on booleans; on integers by their binary digits"
    aten_op(*overloads, promote=Promote.RESULT, how=how)(_bitwise(op, on_bits))


@aten_op(aten.bitwise_not.default, how="composed")
def bitwise_not(b: GraphBuilder, input: Operand, *, result: torch.Tensor) -> Operand:
    return b.logicalNot(input) if result.dtype is torch.bool else bits.bitwise_not(b, input)


@aten_op(
    aten.bitwise_left_shift.Tensor,
    aten.bitwise_left_shift.Tensor_Scalar,
    aten.__lshift__.Tensor,
    aten.__lshift__.Scalar,
    promote=Promote.RESULT,
    how="A product with a power of two",
)
def left_shift(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    return bits.shift_left(b, input, operand_like(b, other, input))


@aten_op(
    aten.bitwise_right_shift.Tensor,
    aten.bitwise_right_shift.Tensor_Scalar,
    aten.__rshift__.Tensor,
    aten.__rshift__.Scalar,
    promote=Promote.RESULT,
    how="A quotient by a power of two, rounded down",
)
def right_shift(b: GraphBuilder, input: Operand, other: Any) -> Operand:
    return bits.shift_right(b, input, operand_like(b, other, input))
