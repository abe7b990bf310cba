"""Distances, and comparison of every element with every other: membership, binning, one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from converters.lowering.normalization import norm
from converters.torch.registry import aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@aten_op(
    aten._cdist_forward.default, aten.cdist.default, how="Distances [..., P, R] of all rows of x1 [..., P, M] to all rows of x2 [..., R, M]"
)
def cdist(b: GraphBuilder, x1: Operand, x2: Operand, p: float, compute_mode: int | None) -> Operand:
    rows = b.reshape(x1, [*x1.shape[:-1], 1, x1.shape[-1]])
    columns = b.reshape(x2, [*x2.shape[:-2], 1, *x2.shape[-2:]])
    difference = b.sub(rows, columns)
    return norm(b, difference, p, axes=[difference.rank - 1], keep=False)


@aten_op(aten._pdist_forward.default, how="Distances of all pairs of rows")
def pdist(b: GraphBuilder, input: Operand, p: float) -> Operand:
    first, second = (places.astype(np.int32) for places in np.triu_indices(input.shape[0], 1))
    return norm(b, b.sub(b.gather(input, first), b.gather(input, second)), p, axes=[1], keep=False)


@aten_op(aten.isin.Tensor_Tensor, aten.isin.Tensor_Scalar, how="cast, reshape, reduceMax, equal, logicalNot")
def isin(b: GraphBuilder, elements: Operand, test_elements: Any, *, assume_unique: bool, invert: bool) -> Operand:
    if isinstance(test_elements, Operand):
        tests = b.cast(b.reshape(test_elements, [test_elements.size]), elements.data_type)
        found = b.reduceMax(b.equal(b.reshape(elements, [*elements.shape, 1]), tests), axes=[elements.rank])
    else:
        found = b.equal(elements, test_elements)
    return b.logicalNot(found) if invert else found


@aten_op(aten.one_hot.default, how="equal, reshape")
def one_hot(b: GraphBuilder, input: Operand, num_classes: int, *, result: torch.Tensor) -> Operand:
    classes = np.arange(result.shape[-1], dtype=input.data_type.numpy)
    return b.equal(b.reshape(input, [*input.shape, 1]), classes)


@aten_op(aten.bucketize.Tensor, how="composed")
def bucketize(b: GraphBuilder, input: Operand, boundaries: Operand, *, out_int32: bool, right: bool) -> Operand:
    return _count_below(b, boundaries, input, right)


@aten_op(aten.searchsorted.Tensor, aten.searchsorted.Scalar, how="composed")
def searchsorted(
    b: GraphBuilder, sorted_sequence: Operand, input: Any, *, out_int32: bool, right: bool, side: str | None, sorter: Operand | None
) -> Operand:
    if not isinstance(input, Operand):
        input = b.constant(input, sorted_sequence.data_type)
    ordered = sorted_sequence if sorter is None else b.gatherElements(sorted_sequence, sorter, axis=sorted_sequence.rank - 1)
    if ordered.rank > 1:
        ordered = b.reshape(ordered, [*ordered.shape[:-1], 1, ordered.shape[-1]])
    return _count_below(b, ordered, input, right or side == "right")


def _count_below(b: GraphBuilder, ordered: Operand, x: Operand, right: bool) -> Operand:
    """How many of the last axis of ``ordered`` are below each x, or not above it: where x would be inserted."""
    column = b.reshape(x, [*x.shape, 1])
    if ordered.data_type is not column.data_type:
        ordered, column = b.cast(ordered, "float32"), b.cast(column, "float32")
    below = b.call("lesserOrEqual" if right else "lesser", ordered, column)
    return b.reduceSum(b.cast(below, "int32"), axes=[x.rank])
