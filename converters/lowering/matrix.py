"""Matrix products of every type and rank, and matrix exponentials."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def matmul(b: GraphBuilder, x: Operand, y: Operand) -> Operand:
    """NumPy's matmul: vectors are rows and columns, leading dimensions broadcast.

    Integers, which WebNN does not multiply as matrices, are multiplied and summed: [..., n, k, m] numbers in between.
    """
    rows = b.reshape(x, [1, *x.shape]) if x.rank == 1 else x
    columns = b.reshape(y, [*y.shape, 1]) if y.rank == 1 else y
    if x.data_type.is_float:
        product = b.matmul(rows, columns)
    else:
        terms = b.mul(b.reshape(rows, [*rows.shape, 1]), b.reshape(columns, [*columns.shape[:-2], 1, *columns.shape[-2:]]))
        wide = b.cast(terms, "int32") if terms.data_type.bits < 32 else terms
        product = b.cast(b.reduceSum(wide, axes=[terms.rank - 2]), x.data_type)
    shape = list(product.shape)
    if y.rank == 1:
        shape.pop(-1)
    if x.rank == 1:
        shape.pop(-1 if y.rank == 1 else -2)
    return b.reshape(product, shape)


def projected(b: GraphBuilder, x: Operand, weight: Operand, bias: Operand | None = None) -> Operand:
    """x [..., size] times weight [outputs, size], plus bias [outputs] -> [..., outputs]: one gemm of all leading dimensions."""
    rows = b.reshape(x, [math.prod(x.shape[:-1]), x.shape[-1]])
    return b.reshape(b.gemm(rows, weight, c=bias, bTranspose=True), [*x.shape[:-1], weight.shape[0]])


def grouped(b: GraphBuilder, x: Operand, weights: Operand, ends: Operand) -> Operand:
    """Row i of x [rows, size] times the weights [groups, size, outputs] of its group -> [rows, outputs].

    A row's group is the number of ``ends`` at or below i; a row behind the last end is not defined. As many weights as there are rows
    are gathered, or, where that is more than all weights, one product is made with all of them: each row stands in the columns of
    its group, the others are zero.
    """
    (count, size), (groups, _, outputs) = x.shape, weights.shape
    passed = b.lesserOrEqual(b.reshape(b.cast(ends, "int32"), [1, groups]), b.arange(count, "int32")[:, None])
    group = b.reduceSum(b.cast(passed, "int32"), axes=[1])
    if count < groups:
        chosen = b.gather(weights, b.min(group, groups - 1))
        return b.reshape(b.matmul(b.reshape(x, [count, 1, size]), chosen), [count, outputs])
    member = b.equal(b.reshape(group, [count, 1, 1]), b.arange(groups, "int32")[:, None])
    spread = b.where(member, b.reshape(x, [count, 1, size]), 0)
    return b.matmul(b.reshape(spread, [count, groups * size]), b.reshape(weights, [groups * size, outputs]))


TERMS = 10
"""Of the exponential series; for matrices of norm 1 the rest is below 1e-7."""
SQUARINGS = 24
"""With a norm above 2^24 no digit of a float32 exponential is right."""


def exponential(b: GraphBuilder, a: Operand) -> Operand:
    """exp of matrices [..., n, n]: the series of a / 2^s, where s makes its norm at most 1, squared s times."""
    axes = [a.rank - 2, a.rank - 1]
    norm = b.reduceMax(b.reduceSum(b.abs(a), axes=axes[:1], keepDimensions=True), axes=axes[1:], keepDimensions=True)
    halvings = b.clamp(b.ceil(b.div(b.log(norm), math.log(2))), minValue=0, maxValue=SQUARINGS)
    small = b.div(a, b.pow(2, halvings))
    b.reserve(a.shape[-1], a.shape[-1])
    one = b.constant(np.eye(a.shape[-1]), a.data_type)
    result: Operand = one
    for term in range(TERMS, 0, -1):
        result = b.add(one, b.div(small if result is one else b.matmul(small, result), term))
    for step in range(SQUARINGS):
        result = b.where(b.lesser(step, halvings), b.matmul(result, result), result)
    return result
