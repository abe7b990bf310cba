"""What verification needs of a source model, whatever framework it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import Names


class Runnable(Protocol):
    """A model that can be run."""

    @property
    def runner(self) -> str:
        """What runs it, for reports: ``ONNX Runtime 1.22``."""
        ...

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors by name, for inputs by the source's names.

        Raises:
            ExecutionError: It cannot be run.
        """
        ...


class Source(Runnable, Protocol):
    """A source model, which says what is right."""

    @property
    def inputs(self) -> Sequence[str]:
        """Names of the inputs that the converted graph has, too, in the source's order."""
        ...

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the outputs, in the source's order."""
        ...

    @property
    def tensors(self) -> Sequence[str]:
        """Names of all tensors that nodes compute, in the order they are computed."""
        ...

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input, changed where the source's own type allows fewer (booleans)."""
        ...

    @property
    def examples(self) -> Mapping[str, Array]:
        """The values that the model's file brings for inputs, by the source's names."""
        ...

    def of(self, graph: Graph) -> Source:
        """The model with the inputs and outputs that a graph of it has: WebNN has none without elements."""
        ...

    def origin(self) -> Runnable | None:
        """What the source model was captured from and may differ from, where it is at hand: a module, of its exported program."""
        ...

    def peer(self) -> Runnable | None:
        """The same model in the types that its conversion computes in; None where these are its own."""
        ...

    def twins(self) -> Iterator[Runnable]:
        """The model, or its peer, computed more exactly or in another order."""
        ...


def interface_names(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """The source's names of its inputs and outputs, by the names that a graph has for them."""
    inputs, outputs = Names().take_interface(source.inputs, source.outputs)
    return dict(zip(inputs, source.inputs, strict=True)), dict(zip(outputs, source.outputs, strict=True))


def shared_tensors(graph: Graph, source: Source) -> dict[Operand, str]:
    """The source's tensor of each node result that depends on an input and is named after exactly one, in the graph's order."""
    candidates: dict[str, list[str]] = {}
    for name in source.tensors:
        candidates.setdefault(Names().take(name), []).append(name)
    varying = set(graph.inputs)
    shared: dict[Operand, str] = {}
    for node in graph.nodes:
        if not varying.isdisjoint(node.operands):
            varying.update(node.outputs)
            shared |= {o: candidates[o.name][0] for o in node.outputs if len(candidates.get(o.name, ())) == 1}
    return shared
