"""A graph as the source of right numbers for what was written of it, computed in NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from converters.source import Runnable, Source, interface_names
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.runtimes import reference


class GraphSource:
    """A graph as a `converters.source.Source`.

    Args:
        graph: The graph.
        like: The model that it was converted from, which says what inputs are called and may be; None where there is none.
    """

    runner = "the same graph in NumPy"

    def __init__(self, graph: Graph, like: Source | None = None) -> None:
        self._graph = graph
        self._like = like
        inputs, outputs = interface_names(like) if like else ({}, {})
        self._source_names = {
            operand.name: names.get(operand.name, operand.name)
            for operands, names in ((graph.inputs, inputs), (graph.outputs, outputs))
            for operand in operands
        }
        self._own_names = {name: own for own, name in self._source_names.items()}

    @property
    def inputs(self) -> Sequence[str]:
        """See `Source`."""
        return [self._source_names[operand.name] for operand in self._graph.inputs]

    @property
    def outputs(self) -> Sequence[str]:
        """See `Source`."""
        return [self._source_names[operand.name] for operand in self._graph.outputs]

    @property
    def tensors(self) -> Sequence[str]:
        """See `Source`."""
        return [self._source_names.get(output.name, output.name) for node in self._graph.nodes for output in node.outputs]

    @property
    def examples(self) -> Mapping[str, Array]:
        """See `Source`."""
        return self._like.examples if self._like else {}

    def adapt(self, name: str, values: Array) -> Array:
        """See `Source`."""
        return self._like.adapt(name, values) if self._like else values

    def of(self, graph: Graph) -> Source:
        """See `Source`."""
        return self

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """See `converters.source.Runnable`."""
        operands = {name: self._graph.operands[self._own_names.get(name, name)] for name in wanted}
        values = {self._own_names.get(name, name): array for name, array in inputs.items()}
        computed = reference.run(replace(self._graph, outputs=tuple(dict.fromkeys(operands.values()))), values)
        return {name: computed[operand.name] for name, operand in operands.items()}

    def origin(self) -> Runnable | None:
        """See `Source`."""
        return None

    def peer(self) -> Runnable | None:
        """See `Source`."""
        return None

    def twins(self) -> Iterator[Runnable]:
        """See `Source`."""
        return iter(())
