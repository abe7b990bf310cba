"""Execution of a graph on NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping

from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.ops import evaluate


def run(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """The graph's outputs by name, for inputs by name."""
    values = {**{operand: feeds[operand.name] for operand in graph.inputs}, **graph.constants}
    for node in graph.nodes:
        values.update(evaluate(node, values.__getitem__))
    return {output.name: values[output] for output in graph.outputs}
