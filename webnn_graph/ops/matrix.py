"""Matrix products."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import ANY_RANK, FLOAT, LIKE_FIRST
from webnn_graph.ops.rules import broadcast, broadcasts_to, require


@op(run=np.matmul, a=FLOAT.rank(2, ANY_RANK), b=LIKE_FIRST.rank(2, ANY_RANK))
def matmul(a: Operand, b: Operand, /) -> Descriptor:
    """Matrix products of the last two dimensions, [..., m, k] by [..., k, n]; those before are broadcast."""
    require(a.shape[-1] == b.shape[-2], f"a has {a.shape[-1]} columns, b has {b.shape[-2]} rows")
    return a.with_shape(broadcast(a.shape[:-2], b.shape[:-2]) + (a.shape[-2], b.shape[-1]))


def _gemm(a: Array, b: Array, c: Array | None, alpha: float, beta: float, aTranspose: bool, bTranspose: bool) -> Array:
    product = (a.T if aTranspose else a) @ (b.T if bTranspose else b)
    scaled = product if alpha == 1 else a.dtype.type(alpha) * product
    if c is None or beta == 0:
        return np.asarray(scaled)
    return np.asarray(scaled + (c if beta == 1 else a.dtype.type(beta) * c))


@op(run=_gemm, a=FLOAT.rank(2), b=LIKE_FIRST.rank(2), c=LIKE_FIRST.rank(0, 2))
def gemm(
    a: Operand,
    b: Operand,
    /,
    *,
    c: Operand | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    aTranspose: bool = False,
    bTranspose: bool = False,
) -> Descriptor:
    """``alpha`` a b + ``beta`` c of matrices, each of a [m, k] and b [k, n] perhaps transposed; c is broadcast to [m, n]."""
    rows, inner = reversed(a.shape) if aTranspose else a.shape
    depth, columns = reversed(b.shape) if bTranspose else b.shape
    require(inner == depth, f"a has {inner} columns, b has {depth} rows (after transposition)")
    if c is not None:
        require(broadcasts_to(c.shape, (rows, columns)), f"c has shape {list(c.shape)}, which does not broadcast to [{rows}, {columns}]")
    return a.with_shape((rows, columns))
