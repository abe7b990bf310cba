"""Passes: from a graph to an equal one that is smaller."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.graph import Graph
from webnn_graph.passes import (
    activation,
    arithmetic,
    attention,
    broadcast,
    composition,
    convolution,
    dynamic_quantization,
    lookup,
    movement,
    normalization,
    powers,
    quantization,
    rotary,
)
from webnn_graph.passes.rewrite import Pass
from webnn_graph.passes.rows import Rows
from webnn_graph.progress import Watcher, watched

__all__ = ["PASSES", "optimize"]

PASSES: Sequence[Pass | Rows] = (
    Pass(
        "patterns",
        (
            broadcast.RULES,  # first: what changes nothing stands between the steps of all others
            normalization.RULES,  # before what would take its products and sums for something smaller
            activation.RULES,  # the same
            quantization.RULES,  # before convolution, which would multiply weights that are meant to stay quantized
            dynamic_quantization.RULES,  # before convolution, which may take the bias behind a product's scales
            convolution.RULES,  # takes in scales and shifts that belong to none of the above
            attention.RULES,  # reads products that are whole by now
            lookup.RULES,  # the same
            arithmetic.RULES,  # single steps: only where no larger pattern wants them
            composition.RULES,  # two of a kind, which the above leave behind
            movement.RULES,  # last: it moves what the patterns above are recognised by
        ),
    ),
    Pass(
        "leftovers",  # after all patterns: one step for several would hide them
        (
            powers.RULES,  # after normalization and activation, which know squares and cubes
            rotary.RULES,  # before what merges its steps with others
            arithmetic.LAST,
            attention.LAST,
            composition.RULES,  # again, on what the merged steps have left side by side
            movement.RULES,  # the same
        ),
    ),
    Rows(),  # when no step is going to be another one
    Pass("arranged", (movement.RULES,)),  # what other arrangements left side by side
)
"""In order. Of the rules of one pass that match a node, the first wins."""


def optimize(graph: Graph, progress: Watcher | None = None) -> Graph:
    """The graph with what exporters spell out recognised as one operator or folded away.

    The results are the same up to rounding; names, inputs and outputs stay. ``progress`` is told of each pass.
    """
    for each in watched("passes", PASSES, progress):
        graph = each.apply(graph)
    return graph
