"""Support vector machines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.onnx.handlers.ml.scores import DOMAIN, OF_TARGETS, of_targets, rows
from converters.onnx.registry import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("SVMRegressor", domain=DOMAIN, how="the kernel of all samples and support vectors; matmul, add", limits=OF_TARGETS)
def svm_regressor(
    b: GraphBuilder,
    X: Operand,
    *,
    coefficients: list[float] | None = None,
    kernel_params: list[float] | None = None,
    kernel_type: str = "LINEAR",
    n_supports: int = 0,
    one_class: int = 0,
    post_transform: str = "NONE",
    rho: list[float] | None = None,
    support_vectors: list[float] | None = None,
) -> Operand:
    x = rows(b, X)
    weights: Array = np.array(coefficients or [], np.float32).reshape(-1, 1)
    vectors: Array = np.array(support_vectors or [], np.float32)
    if len(weights) != (n_supports or x.shape[1]) or vectors.size != n_supports * x.shape[1] or not rho:
        raise ConversionError(
            f"has {len(weights)} coefficients and {vectors.size} numbers for {n_supports} vectors of {x.shape[1]} features"
        )
    kernel = _kernel(b, x, vectors.reshape(n_supports, -1), kernel_type, kernel_params or [0, 0, 0]) if n_supports else x
    value = of_targets(b, b.add(b.matmul(kernel, weights), rho[0]), post_transform)
    return b.where(b.greater(value, 0), 1.0, b.constant(-1.0, value.data_type)) if one_class else value


def _kernel(b: GraphBuilder, x: Operand, vectors: Array, kind: str, params: Sequence[float]) -> Operand:
    """How alike each sample and each vector are: [N, vectors]."""
    gamma, coef0, degree = params
    if kind == "RBF":
        apart = b.sub(b.reshape(x, [x.shape[0], 1, x.shape[1]]), vectors[None])
        return b.exp(b.mul(b.reduceSumSquare(apart, axes=[2]), -gamma))
    product = b.matmul(x, np.ascontiguousarray(vectors.T))
    if kind == "LINEAR":
        return product
    moved = b.add(b.mul(product, gamma), coef0)
    if kind == "POLY":
        return b.pow(moved, degree)
    if kind == "SIGMOID":
        return b.tanh(moved)
    raise ConversionError(f"kernel_type {kind} is not LINEAR, POLY, RBF or SIGMOID")
