"""Which output of a detector of text is its map."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Meaning, Regions

TASK = "text-detection"


def regions(graph: Graph, known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """That of which nothing is known, if it is the only one that is one map of numbers."""
    found = [operand for operand in graph.outputs if operand.name not in known and is_map(operand)]
    return {found[0].name: Regions()} if len(found) == 1 else {}


def is_map(operand: Operand) -> bool:
    """Whether an output is one map of numbers."""
    return operand.data_type.is_float and min(operand.shape[-2:], default=1) > 1 and prod(operand.shape) == prod(operand.shape[-2:])
