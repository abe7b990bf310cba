"""Orthogonal factors of matrices by Householder's reflections, unrolled by columns, with the signs that LAPACK gives them.

Reflection i is I - tau_i v_i v_i', where v_i is 0 above place i and 1 there.
"""

from __future__ import annotations

import math

import numpy as np

from converters.lowering.linear_systems import bounded
from converters.lowering.slicing import sliced
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def reflections(b: GraphBuilder, a: Operand) -> tuple[Operand, Operand]:
    """The factors of a [..., m, n] as LAPACK packs them: R on and above the diagonal and each v below it, and tau [..., min(m, n)].

    Raises:
        ConversionError: The matrices are larger than is sensible to unroll.
    """
    *batch, height, width = a.shape
    count = bounded(min(height, width))
    rest = b.reshape(a, [math.prod(batch), height, width])
    rows, vectors, taus = [], [], []
    for step in range(count):
        v, beta, tau = _reflection(b, sliced(b, rest, {2: slice(0, 1)}))
        taus.append(tau)
        first = beta
        if step + 1 < width:
            others = _reflected(b, sliced(b, rest, {2: slice(1, None)}), v, tau)
            first = b.concat([beta, sliced(b, others, {1: slice(0, 1)})], 2)
            rest = sliced(b, others, {1: slice(1, None)}) if step + 1 < height else others
        rows.append(b.pad(first, [0, 0, step], [0, 0, 0]))
        if step + 1 < height:
            vectors.append(b.pad(sliced(b, v, {1: slice(1, None)}), [0, step + 1, 0], [0, 0, 0]))
    upper = b.pad(b.concat(rows, 1), [0, 0, 0], [0, height - count, 0])
    if vectors:
        upper = b.add(upper, b.pad(b.concat(vectors, 2), [0, 0, 0], [0, 0, width - len(vectors)]))
    return b.reshape(upper, a.shape), b.reshape(b.concat(taus, 1), [*batch, count])


def reflected(b: GraphBuilder, target: Operand, packed: Operand, tau: Operand, *, transpose: bool = False) -> Operand:
    """Q target or Q' target, of target [..., m, k] and the reflections of `reflections`, whose product Q [m, m] is.

    Raises:
        ConversionError: There are more of them than is sensible to unroll.
    """
    batch, height = math.prod(target.shape[:-2]), target.shape[-2]
    count = bounded(tau.shape[-1])
    columns = b.reshape(packed, [batch, *packed.shape[-2:]])
    scales = b.reshape(tau, [batch, count, 1])
    result = b.reshape(target, [batch, *target.shape[-2:]])
    b.reserve(height, count)
    below = np.tril(np.ones([height, count]), -1)
    vectors = b.add(
        b.mul(sliced(b, columns, {2: slice(0, count)}), b.constant(below, target.data_type)),
        b.constant(np.eye(height, count), target.data_type),
    )
    for step in range(count) if transpose else reversed(range(count)):
        v = sliced(b, vectors, {2: slice(step, step + 1)})
        result = _reflected(b, result, v, sliced(b, scales, {1: slice(step, step + 1)}))
    return b.reshape(result, target.shape)


def _reflected(b: GraphBuilder, rows: Operand, v: Operand, tau: Operand) -> Operand:
    along = b.reduceSum(b.mul(v, rows), axes=[1], keepDimensions=True)
    return b.sub(rows, b.mul(v, b.mul(tau, along)))


def _reflection(b: GraphBuilder, column: Operand) -> tuple[Operand, Operand, Operand]:
    """v, beta and tau, so that the reflection makes the column [batch, m, 1] beta and zeros: LAPACK's larfg."""
    first = sliced(b, column, {1: slice(0, 1)})
    if column.shape[1] == 1:
        return b.expand(b.constant(1, column.data_type), first.shape), first, b.expand(b.constant(0, column.data_type), first.shape)
    tail = sliced(b, column, {1: slice(1, None)})
    done = b.equal(b.reduceMax(b.abs(tail), axes=[1], keepDimensions=True), 0)
    length = b.reduceL2(column, axes=[1], keepDimensions=True)
    beta = b.where(done, first, b.where(b.lesser(first, 0), length, b.neg(length)))
    v = b.div(tail, b.where(done, 1, b.sub(first, beta)))
    tau = b.where(done, 0, b.div(b.sub(beta, first), b.where(done, 1, beta)))
    return b.concat([b.expand(b.constant(1, column.data_type), first.shape), v], 1), beta, tau
