"""Linear models, and what prepares features for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.onnx.handlers.ml.scores import (
    DOMAIN,
    OF_TARGETS,
    STRINGS,
    TRANSFORMS,
    labels,
    largest,
    of_targets,
    opposed,
    rows,
    transformed,
)
from converters.onnx.registry import Value, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Scaler", domain=DOMAIN, how="sub, mul")
def scaler(b: GraphBuilder, X: Operand, *, offset: list[float] | None = None, scale: list[float] | None = None) -> Operand:
    wide = b.cast(X, DataType.FLOAT32)
    moved = wide if offset is None else b.sub(wide, np.array(offset, np.float32))
    return moved if scale is None else b.mul(moved, np.array(scale, np.float32))


@onnx_op("Normalizer", domain=DOMAIN, how="a reduction and div")
def normalizer(b: GraphBuilder, X: Operand, *, norm: str = "MAX") -> Operand:
    reductions = {"MAX": "reduceMax", "L1": "reduceL1", "L2": "reduceL2"}
    if norm not in reductions:
        raise ConversionError(f"norm {norm} is not one of {', '.join(reductions)}")
    wide = b.cast(X, DataType.FLOAT32)
    size = b.call(reductions[norm], wide, axes=[X.rank - 1], keepDimensions=True)
    return b.div(wide, b.where(b.equal(size, 0), 1, size))


def _scores(b: GraphBuilder, X: Operand, coefficients: Sequence[float], intercepts: Sequence[float] | None, count: int) -> Operand:
    """The scores [N, count] of a linear model. Raises `ConversionError` when the numbers do not fit."""
    x = rows(b, X)
    if len(coefficients) != count * x.shape[1] or len(intercepts or [0] * count) != count:
        raise ConversionError(f"has {len(coefficients)} coefficients for {count} scores of {x.shape[1]} features")
    products = b.matmul(x, np.ascontiguousarray(np.array(coefficients, np.float32).reshape(count, -1).T))
    return products if intercepts is None else b.add(products, np.array(intercepts, np.float32))


@onnx_op("LinearRegressor", domain=DOMAIN, how="matmul, add", limits=OF_TARGETS)
def linear_regressor(
    b: GraphBuilder,
    X: Operand,
    *,
    coefficients: list[float] | None = None,
    intercepts: list[float] | None = None,
    post_transform: str = "NONE",
    targets: int = 1,
) -> Operand:
    return of_targets(b, _scores(b, X, coefficients or [], intercepts, targets), post_transform)


@onnx_op("LinearClassifier", domain=DOMAIN, how="matmul, add, argMax", limits=f"{STRINGS}; {TRANSFORMS}")
def linear_classifier(
    b: GraphBuilder,
    X: Operand,
    *,
    classlabels_ints: list[int] | None = None,
    classlabels_strings: list[str] | None = None,
    coefficients: list[float],
    intercepts: list[float] | None = None,
    multi_class: int = 0,
    post_transform: str = "NONE",
) -> tuple[Value, Operand]:
    count = len(intercepts) if intercepts else max(len(coefficients) // rows(b, X).shape[1], 1)
    scores = _scores(b, X, coefficients, intercepts, count)
    if count > 1:
        return largest(b, scores, classlabels_ints, classlabels_strings), transformed(b, scores, post_transform)
    names = classlabels_ints or classlabels_strings or []
    if len(names) != 2:
        raise ConversionError(f"has one score for {len(names)} labels")
    positive = b.cast(b.greater(b.reshape(scores, [scores.shape[0]]), 0), DataType.INT64)
    made = opposed(b, transformed(b, scores, post_transform), "NONE", of_one=True)
    return labels(b, positive, classlabels_ints, classlabels_strings), made
