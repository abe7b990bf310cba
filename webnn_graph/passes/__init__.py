"""Passes: from a graph to an equal one that is smaller."""

from __future__ import annotations

from collections import defaultdict

from webnn_graph.graph import Graph
from webnn_graph.passes import activations, broadcast, convolution, normalization
from webnn_graph.passes.rewrite import Rule, rewrite

__all__ = ["optimize"]

RULES: dict[str, list[Rule]] = defaultdict(list)
for _family in (broadcast, normalization, activations, convolution):
    for _op, _rules in _family.RULES.items():
        RULES[_op] += _rules


def optimize(graph: Graph) -> Graph:
    """The graph with what exporters spell out recognised as one operator or folded away.

    The results are the same up to rounding; names, inputs and outputs stay.
    """
    return rewrite(graph, RULES)
