"""Graphs whose own tensors have few dimensions, whatever those in the middle have."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.targets.cases import Build
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Operand

MOST = 5
"""Ranks that every target takes of inputs and outputs."""


class FlatBuilder(GraphBuilder):
    """A builder whose inputs are flat where they have too many dimensions, and reshaped at once."""

    def input(self, name: str, data_type: DataType | str, shape: Sequence[int]) -> Operand:
        if len(shape) <= MOST:
            return super().input(name, data_type, shape)
        return self.reshape(super().input(name, data_type, [math.prod(shape)]), list(shape))


def flat(build: Build) -> Graph:
    """The graph of a case with a flat interface."""
    b = FlatBuilder()
    outputs = build(b)
    return b.build({name: b.reshape(x, [x.size]) if x.rank > MOST else x for name, x in outputs.items()})
