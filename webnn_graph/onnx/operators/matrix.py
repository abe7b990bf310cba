"""Matrix products."""

from __future__ import annotations

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import Value


@translates("matmul")
def matmul(m: ModelBuilder, a: Value, b: Value, /, *, result: Descriptor) -> Value:
    return m.node("MatMul", a, b, shape=result.shape)


@translates("gemm")
def gemm(
    m: ModelBuilder,
    a: Value,
    b: Value,
    /,
    *,
    c: Value | None,
    alpha: float,
    beta: float,
    aTranspose: bool,
    bTranspose: bool,
    result: Descriptor,
) -> Value:
    return m.node("Gemm", a, b, c, shape=result.shape, alpha=alpha, beta=beta, transA=int(aTranspose), transB=int(bTranspose))
