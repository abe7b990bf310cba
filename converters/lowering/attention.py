"""Scaled dot-product attention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand


@dataclass(frozen=True)
class Attended:
    """What attention gives; scores and weights are [batch, heads, queries, keys].

    Attributes:
        output: [batch, heads, queries, value size].
        scores: Scaled products of queries and keys.
        capped: The scores after the soft cap.
        biased: The capped scores plus the bias.
        weights: The softmax.
    """

    output: Operand
    scores: Operand
    capped: Operand
    biased: Operand
    weights: Operand


def attention(
    b: GraphBuilder,
    q: Operand,
    k: Operand,
    v: Operand,
    *,
    scale: float | None = None,
    bias: Operand | None = None,
    softcap: float = 0.0,
    sink: Operand | None = None,
    precision: DataType | None = None,
    zero_masked: bool = False,
) -> Attended:
    """softmax(q k' scale + bias) v.

    Args:
        q: [batch, heads, queries, size].
        k: [batch, groups, keys, size]; each group of heads / groups neighbouring heads shares one.
        v: [batch, groups, keys, value size].
        scale: By default 1 / sqrt(size).
        bias: Added to the scores; broadcasts to [batch, heads, queries, keys], -infinity where a key is not attended.
        softcap: Scores are bent into (-softcap, softcap) when it is positive.
        sink: A score per head [heads] for attending to nothing; broadcasts to [batch, heads, queries, 1].
        precision: Data type of the softmax; by default q's.
        zero_masked: Whether rows that are masked altogether give 0; otherwise what softmax of -infinity gives.
    """
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    scores = _grouped(b, b.mul(q, scale) if scale != 1 else q, b.transpose(k, permutation=[0, 1, 3, 2]))
    capped = b.mul(b.tanh(b.div(scores, softcap)), softcap) if softcap > 0 else scores
    biased = b.add(capped, bias) if bias is not None else capped
    logits = b.cast(biased, precision or biased.data_type)
    weights = b.softmax(logits, 3) if sink is None else _softmax_with_sink(b, logits, b.cast(sink, logits.data_type))
    if zero_masked and bias is not None and (masked := fully_masked(b, bias)) is not None:
        weights = b.where(masked, 0.0, weights)
    weights = b.cast(weights, q.data_type)
    return Attended(_grouped(b, weights, v), scores, capped, biased, weights)


def _grouped(b: GraphBuilder, x: Operand, shared: Operand) -> Operand:
    """The product of x [batch, heads, rows, inner] and shared [batch, groups, inner, columns].

    The heads of a group stand below each other, so that the shared operand need not be repeated.
    """
    batch, heads, rows, inner = x.shape
    groups = shared.shape[1]
    gathered = b.reshape(x, [batch, groups, heads // groups * rows, inner])
    return b.reshape(b.matmul(gathered, shared), [batch, heads, rows, shared.shape[3]])


def _softmax_with_sink(b: GraphBuilder, logits: Operand, sink: Operand) -> Operand:
    """The softmax of logits and one more score, without that score's share."""
    keys = logits.shape[3]
    extra = b.expand(sink, [*logits.shape[:3], 1])
    weights = b.softmax(b.concat([logits, extra], 3), 3)
    return b.slice(weights, [0, 0, 0, 0], list(logits.shape[:3]) + [keys])


def fully_masked(b: GraphBuilder, bias: Operand) -> Operand | None:
    """1 for the rows of a bias that are all -infinity, 0 for the others; None when it is known that there are none."""
    masked = b.equal(b.reduceMax(bias, axes=[bias.rank - 1], keepDimensions=True), -math.inf)
    known = b.value(masked)
    return masked if known is None or known.any() else None


# ------------------------------------------------------------------------------------------------------------------- masks
def mask_bias(b: GraphBuilder, attended: Operand, data_type: DataType, masked: float = -math.inf) -> Operand:
    """The bias of a mask: 0 where ``attended`` (uint8) is 1, ``masked`` elsewhere."""
    return b.where(attended, b.constant(0.0, data_type), b.constant(masked, data_type))


def positions(b: GraphBuilder, queries: int, offset: int | Operand, *, data_type: DataType = DataType.INT32) -> Operand:
    """The positions of the queries among the keys, [queries, 1] or with an offset [batch] per entry [batch, 1, queries, 1]."""
    row = b.arange(queries, data_type.numpy).reshape(queries, 1)
    if isinstance(offset, int):
        return b.constant(row + offset, data_type)
    return b.add(b.reshape(b.cast(offset, data_type), [offset.size, 1, 1, 1]), b.constant(row))


def window(b: GraphBuilder, query: Operand, keys: int, *, left: int | None = None, right: int | None = None) -> Operand | None:
    """Which keys are near enough to a query: 1 where query - left <= key <= query + right; None is no limit.

    Args:
        query: What `positions` gives.
        keys: How many there are.
    """
    key = b.constant(b.arange(keys), query.data_type)
    near = [b.lesserOrEqual(key, b.add(query, right) if right else query)] if right is not None else []
    near += [b.greaterOrEqual(key, b.sub(query, left))] if left is not None else []
    return all_of(b, *near)


def all_of(b: GraphBuilder, *conditions: Operand | None) -> Operand | None:
    """1 where all conditions hold; None when there are none."""
    given = [condition for condition in conditions if condition is not None]
    return reduce(b.logicalAnd, given) if given else None


def sum_of(b: GraphBuilder, *terms: Operand | None) -> Operand | None:
    """The sum of the terms that are there; None when there are none."""
    given = [term for term in terms if term is not None]
    return reduce(b.add, given) if given else None


# ------------------------------------------------------------------------------------------------------------------- heads
def split_heads(b: GraphBuilder, x: Operand, heads: int) -> Operand:
    """x [batch, sequence, heads * size] as [batch, heads, sequence, size]."""
    batch, length, hidden = x.shape
    return b.transpose(b.reshape(x, [batch, length, heads, hidden // heads]), permutation=[0, 2, 1, 3])


def merge_heads(b: GraphBuilder, x: Operand) -> Operand:
    """The inverse of `split_heads`."""
    batch, heads, length, size = x.shape
    return b.reshape(b.transpose(x, permutation=[0, 2, 1, 3]), [batch, length, heads * size])
