"""Passes: from a graph to an equal one that is smaller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from webnn_graph.graph import Graph
from webnn_graph.passes import (
    activation,
    arithmetic,
    attention,
    broadcast,
    composition,
    convolution,
    movement,
    normalization,
    quantization,
)
from webnn_graph.passes.rewrite import Rule, rewrite

__all__ = ["optimize"]


def _joined(*families: Mapping[str, Sequence[Rule]]) -> dict[str, list[Rule]]:
    """The rules of several families; of two that match, the one of the earlier family wins."""
    rules: dict[str, list[Rule]] = defaultdict(list)
    for family in families:
        for op, own in family.items():
            rules[op] += own
    return rules


FAMILIES = (broadcast, normalization, activation, quantization, convolution, attention, arithmetic, composition, movement)
RULES = _joined(*(family.RULES for family in FAMILIES))
LAST = _joined(arithmetic.LAST, composition.RULES, movement.RULES)


def optimize(graph: Graph) -> Graph:
    """The graph with what exporters spell out recognised as one operator or folded away.

    The results are the same up to rounding; names, inputs and outputs stay.
    """
    return rewrite(rewrite(graph, RULES), LAST)
