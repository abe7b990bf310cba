"""Matrix products, Einstein sums and determinants."""

from __future__ import annotations

from converters.lowering.einsum import einsum
from converters.lowering.linear_systems import determinant
from converters.lowering.matrix import matmul
from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@onnx_op("MatMul", how="matmul; vectors become matrices; integers by mul and reduceSum")
def mat_mul(b: GraphBuilder, A: Operand, B: Operand) -> Operand:
    return matmul(b, A, B)


@onnx_op("Gemm", since=7, how="gemm; integers by mul and reduceSum")
def gemm(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    C: Operand | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Operand:
    if A.data_type.is_float:
        return b.gemm(A, B, c=C, alpha=alpha, beta=beta, aTranspose=bool(transA), bTranspose=bool(transB))
    total = matmul(b, b.transpose(A) if transA else A, b.transpose(B) if transB else B)
    scaled = total if alpha == 1 else b.mul(total, int(alpha))
    return scaled if C is None else b.add(scaled, C if beta == 1 else b.mul(C, int(beta)))


@onnx_op("Det", since=11, how="Gaussian elimination with row pivots, unrolled")
def det(b: GraphBuilder, X: Operand) -> Operand:
    return determinant(b, X)


@onnx_op("Einsum", since=12, how="transpose, reshape and matmul for each pair of operands")
def einsum_(b: GraphBuilder, *Inputs: Operand, equation: str) -> Operand:
    return einsum(b, equation, Inputs)
