"""Operators before opset 7, whose second operand broadcasts only when asked to, from a given axis on."""

from __future__ import annotations

from collections.abc import Callable

from converters.onnx.axes import axis_of
from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

BINARY = {
    "Add": "add",
    "And": "logicalAnd",
    "Div": "div",
    "Equal": "equal",
    "Greater": "greater",
    "Less": "lesser",
    "Mul": "mul",
    "Or": "logicalOr",
    "Pow": "pow",
    "Sub": "sub",
    "Xor": "logicalXor",
}


def aligned(b: GraphBuilder, x: Operand, y: Operand, axis: int | None) -> Operand:
    """``y`` with ones appended to its shape, so that its dimensions are those of ``x`` from ``axis`` on."""
    if axis is None:
        return y
    return b.reshape(y, [*y.shape, *[1] * (x.rank - axis_of(axis, x.rank) - y.rank)])


def _binary(name: str) -> Callable[..., Operand]:
    def convert(b: GraphBuilder, A: Operand, B: Operand, *, axis: int | None = None, broadcast: int = 0) -> Operand:
        return b.call(name, A, aligned(b, A, B, axis) if broadcast else B)

    return convert


for onnx_name, webnn_name in BINARY.items():
    onnx_op(onnx_name, how=webnn_name)(_binary(webnn_name))


@onnx_op("Gemm", how="gemm")
def gemm(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    C: Operand,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    broadcast: int = 0,
    transA: int = 0,
    transB: int = 0,
) -> Operand:
    return b.gemm(A, B, c=C, alpha=alpha, beta=beta, aTranspose=bool(transA), bTranspose=bool(transB))
