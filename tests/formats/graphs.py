"""Graphs that the tests of the formats share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from webnn_graph import Graph
from webnn_graph.data_types import Array
from webnn_graph.formats import text
from webnn_graph.formats.assemble import assemble
from webnn_graph.graph import Descriptor, map_arguments
from webnn_graph.weight import Weight

EVERY_OPERATOR = Path(__file__).with_name("every_operator.webnn").read_text()


def random_weight(key: str, operand: Descriptor) -> Weight:
    """A weight of values that are the same each time."""
    return Weight(operand.data_type, random_values(key, operand))


def random_values(key: str, operand: Descriptor) -> Array:
    """Values for a weight, the same each time."""
    smallest, largest = operand.data_type.range
    random = np.random.default_rng(len(key))
    if operand.data_type.is_float:
        return random.normal(size=operand.shape).astype(operand.data_type.numpy)
    return random.integers(max(smallest, -100), min(largest, 100) + 1, operand.shape).astype(operand.data_type.numpy)


def every_operator() -> Graph:
    return assemble(text.read(EVERY_OPERATOR), random_weight)


def as_data(graph: Graph) -> object:
    """A graph as data that can be compared: operands by name and type, NaN by its name."""
    nodes = [(n.op, list(map_arguments(n.arguments, str).items()), list(map(str, n.outputs)), n.label) for n in graph.nodes]
    nodes = [(op, [(key, "NaN" if value != value else value) for key, value in arguments], *rest) for op, arguments, *rest in nodes]
    constants = {str(operand): (array.dtype, array.shape, array.tobytes()) for operand, array in graph.constants.items()}
    return graph.name, list(map(str, graph.inputs)), constants, nodes, list(map(str, graph.outputs))
