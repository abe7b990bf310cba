"""Graphs of given inputs and outputs, whatever they compute."""

from __future__ import annotations

import numpy as np

from webnn_graph import GraphBuilder
from webnn_graph.graph import Graph


def graph_of(inputs: dict[str, tuple[int, ...]], outputs: dict[str, tuple[int, ...]]) -> Graph:
    """A graph whose outputs all depend on its inputs."""
    b = GraphBuilder("network")
    made = [b.input(name, "float32", shape) for name, shape in inputs.items()]
    total = b.reduceSum(made[0])
    return b.build({name: b.add(total, np.full(shape, i, np.float32)) for i, (name, shape) in enumerate(outputs.items())})
