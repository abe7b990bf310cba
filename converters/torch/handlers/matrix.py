"""Matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from converters.lowering.einsum import einsum
from converters.lowering.matrix import exponential, grouped, projected
from converters.lowering.matrix import matmul as product
from converters.torch.registry import Promote, aten, aten_op, library_op, one_function
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@aten_op(aten.linear.default, how="gemm, of all leading dimensions as one; the weight stays as it is, shared, quantized and under its name")
def linear(b: GraphBuilder, input: Operand, weight: Operand, bias: Operand | None, *, result: torch.Tensor) -> Operand:
    if not input.data_type.is_float:
        y = product(b, input, b.transpose(weight))
        return y if bias is None else b.add(y, bias)
    rows = b.reshape(weight, [1, *weight.shape]) if weight.rank == 1 else weight
    return b.reshape(projected(b, input, rows, bias), list(result.shape))


@aten_op(
    aten.mm.default,
    aten.bmm.default,
    aten.matmul.default,
    aten.mv.default,
    aten.dot.default,
    aten.linalg_matmul.default,
    how="matmul; integers by multiplication and sums",
)
def matmul(b: GraphBuilder, input: Operand, other: Operand) -> Operand:
    return product(b, input, other)


@aten_op(aten.addmm.default, how="gemm")
def addmm(b: GraphBuilder, input: Operand, mat1: Operand, mat2: Operand, *, beta: float, alpha: float) -> Operand:
    if not mat1.data_type.is_float:
        return _added(b, input, product(b, mat1, mat2), beta, alpha)
    if beta == 0:
        return b.gemm(mat1, mat2, alpha=alpha)
    return b.gemm(mat1, mat2, c=input, alpha=alpha, beta=beta)


@aten_op(aten.baddbmm.default, how="matmul and add")
def baddbmm(b: GraphBuilder, input: Operand, batch1: Operand, batch2: Operand, *, beta: float, alpha: float) -> Operand:
    return _added(b, input, product(b, batch1, batch2), beta, alpha)


@aten_op(aten.addbmm.default, how="One product of the matrices side by side and below each other")
def addbmm(b: GraphBuilder, input: Operand, batch1: Operand, batch2: Operand, *, beta: float, alpha: float) -> Operand:
    count, height, depth = batch1.shape
    beside = b.reshape(b.transpose(batch1, permutation=[1, 0, 2]), [height, count * depth])
    return _added(b, input, product(b, beside, b.reshape(batch2, [count * depth, batch2.shape[2]])), beta, alpha)


@aten_op(aten.addmv.default, how="composed")
def addmv(b: GraphBuilder, input: Operand, mat: Operand, vec: Operand, *, beta: float, alpha: float) -> Operand:
    return _added(b, input, product(b, mat, vec), beta, alpha)


@aten_op(aten.addr.default, promote=Promote.RESULT, how="composed")
def addr(b: GraphBuilder, input: Operand, vec1: Operand, vec2: Operand, *, beta: float, alpha: float) -> Operand:
    return _added(b, input, b.mul(b.reshape(vec1, [vec1.size, 1]), vec2), beta, alpha)


def _added(b: GraphBuilder, input: Operand, y: Operand, beta: float, alpha: float) -> Operand:
    """beta * input + alpha * y."""
    scaled = y if alpha == 1 else b.mul(y, alpha)
    if beta == 0:
        return scaled
    return b.add(input if beta == 1 else b.mul(input, beta), scaled)


@aten_op(aten._trilinear.default, how="An Einstein sum")
def trilinear(
    b: GraphBuilder,
    i1: Operand,
    i2: Operand,
    i3: Operand,
    expand1: Sequence[int],
    expand2: Sequence[int],
    expand3: Sequence[int],
    sumdim: Sequence[int],
    unroll_dim: int,
) -> Operand:
    rank = i1.rank + len(expand1)

    def labels(*left_out: int) -> str:
        gone = {axis % rank for axis in left_out}
        return "".join(chr(ord("a") + axis) for axis in range(rank) if axis not in gone)

    return einsum(b, f"{labels(*expand1)},{labels(*expand2)},{labels(*expand3)}->{labels(*sumdim)}", [i1, i2, i3])


@aten_op(aten._weight_int8pack_mm.default, how="x (q * scale)^T with an int8 weight [out, in] and a scale per row")
def weight_int8_mm(b: GraphBuilder, input: Operand, mat2: Operand, scales: Operand) -> Operand:
    scale = b.reshape(b.cast(scales, input.data_type), [scales.size, 1])
    zero = b.expand(b.constant(0, DataType.INT8), list(scale.shape))
    return product(b, input, b.transpose(b.dequantizeLinear(mat2, scale, zero)))


@library_op("transformers::grouped_mm_fallback", how="Gathered weights, or one product with all of them, of which a row reads one group's")
def grouped_mm(b: GraphBuilder, input: Operand, weight: Operand, offs: Operand) -> Operand:
    return grouped(b, input, weight, offs)


@aten_op(
    aten._grouped_mm.default,
    how="Gathered weights, or one product with all of them, of which a row reads one group's",
    limits="rows in groups, weights of three dimensions",
)
def grouped_mm_of_rows(b: GraphBuilder, self: Operand, mat2: Operand, offs: Operand | None, bias: Operand | None, dtype: Any) -> Operand:
    if self.rank != 2 or mat2.rank != 3 or offs is None or bias is not None:
        raise ConversionError("the groups are not of rows")
    return grouped(b, self, mat2, offs)


one_function({aten.linalg_matrix_exp.default: exponential})
