"""Truth values: WebNN has no boolean type, its logical operators use uint8 with 0 and 1."""

from __future__ import annotations

from collections.abc import Set

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops import Trait, having

TRUTHS = having(Trait.TRUTH)
CHOOSING = {
    *having(Trait.MOVING),
    *("concat", "pad", "triangular", "where", "scatterElements", "scatterND"),
    *("min", "max", "mul", "reduceMin", "reduceMax", "reduceProduct"),
}
"""Operators that make 0 and 1 of 0 and 1."""


def truth(b: GraphBuilder, x: Operand, known: Set[Operand] = frozenset()) -> Operand:
    """1 where ``x`` is not 0, as uint8; ``x`` itself when it can only be 0 and 1, as those that are ``known`` are."""
    return x if x.data_type == DataType.UINT8 and _is_truth(b, x, known) else b.notEqual(x, 0)


def _is_truth(b: GraphBuilder, x: Operand, known: Set[Operand]) -> bool:
    if x in known:
        return True
    before = b.producer(x)
    if before is None:
        values = b.value(x)
        return values is not None and bool((values <= 1).all())
    if before.op in TRUTHS:
        return True
    chosen = [operand for operand in before.operands if operand.data_type == DataType.UINT8]
    return before.op in CHOOSING and before.arguments.get("value", 0) in (0, 1) and all(_is_truth(b, each, known) for each in chosen)
