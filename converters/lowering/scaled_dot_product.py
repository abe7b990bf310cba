"""Scaled dot-product attention."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand


def attention(
    b: GraphBuilder,
    query: Operand,
    key: Operand,
    value: Operand,
    mask: Operand | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
) -> Operand:
    """softmax(scale * query key^T + mask) value.

    Args:
        query: [..., heads, queries, depth].
        key: [..., key heads, keys, depth]; every key head serves heads / key heads consecutive query heads.
        value: [..., key heads, keys, width].
        mask: Broadcastable to [..., heads, queries, keys]. uint8: 0 where a key is not seen; a query that sees none gives
            zeros. Floating point: added.
        scale: By default 1 / sqrt(depth).
        causal: Query i sees keys up to i.

    Returns:
        [..., heads, queries, width].
    """
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    if query.rank > 2:
        key, value = (_shared(b, operand, query.shape[-3]) for operand in (key, value))
    swapped = [*range(key.rank - 2), key.rank - 1, key.rank - 2]
    scores = b.matmul(b.mul(query, factor), b.transpose(key, permutation=swapped))
    if mask is not None and mask.data_type.is_float:
        scores, mask = b.add(scores, b.cast(mask, scores.data_type)), None
    if causal:
        seen = b.constant(np.tri(query.shape[-2], key.shape[-2], dtype=np.uint8))
        mask = seen if mask is None else b.logicalAnd(mask, seen)
    return b.matmul(masked_softmax(b, scores, mask), value)


def masked_softmax(b: GraphBuilder, scores: Operand, mask: Operand | None) -> Operand:
    """The softmax of the last axis over the places that the mask (uint8) does not exclude; rows without any are zeros."""
    last = scores.rank - 1
    if mask is None or mask.data_type is not DataType.UINT8:
        return b.softmax(scores, last)
    lowest = float(np.finfo(scores.data_type.numpy).min)
    weights = b.softmax(b.where(mask, scores, lowest), last)
    known = b.value(mask)
    if known is not None and known.any(-1).all():
        return weights
    return b.where(mask, weights, 0)


def _shared(b: GraphBuilder, x: Operand, heads: int) -> Operand:
    """x [..., key heads, keys, depth] with each head repeated until there are ``heads``."""
    *outer, present, length, depth = x.shape
    if present in (1, heads):
        return x
    wide = b.expand(b.reshape(x, [*outer, present, 1, length, depth]), [*outer, present, heads // present, length, depth])
    return b.reshape(wide, [*outer, heads, length, depth])
