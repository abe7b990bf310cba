"""Verification: a converted graph and its source model on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from converters.source import Source, interface, shared_tensors
from webnn_graph.compare import Difference, compare
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.inputs import complete
from webnn_graph.ops import evaluate

Runner: TypeAlias = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]
"""Computes a graph's outputs: ``run`` of a runtime."""
BATCH_BYTES = 256_000_000
"""Intermediate tensors that are held at once while the first wrong one is searched."""


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Attributes:
        differences: One per output, or one per node, in order.
        first: The first node whose result differs, with the difference; None when all are right.
    """

    differences: list[Difference]
    first: tuple[Node, Difference] | None

    @property
    def ok(self) -> bool:
        """Whether every difference is within its tolerance."""
        return all(difference.ok for difference in self.differences)


def verify(
    graph: Graph, source: Source, run: Runner, *, tolerance: float, inputs: Mapping[str, Array] | None = None, seed: int = 0
) -> Verification:
    """Runs both and compares every output.

    Args:
        graph: Converted from ``source``; its operands are named after the source's tensors.
        source: The model that is right.
        run: The runtime that computes the graph.
        tolerance: Largest relative difference, see `Difference.relative`.
        inputs: Values by the graph's input names; the others are made up.
        seed: For made-up values.

    Raises:
        ConversionError: The graph's inputs or outputs are not the source's.
        ExecutionError: One of them cannot be run on these inputs.
    """
    feeds, source_feeds, output_names = _feeds(graph, source, inputs or {}, seed)
    actual = run(graph, feeds)
    expected = source.run(source_feeds, list(output_names.values()))
    differences = [compare(o.name, actual[o.name], expected[output_names[o.name]], tolerance) for o in graph.outputs]
    if all(difference.ok for difference in differences):
        return Verification(differences, None)
    return Verification(differences, _first_wrong(graph, source, run, feeds, source_feeds, tolerance) or _wrong_output(graph, differences))


def verify_nodes(
    graph: Graph, source: Source, *, tolerance: float, inputs: Mapping[str, Array] | None = None, seed: int = 0
) -> Verification:
    """Computes every node on the source's own values and compares its result.

    For quantized models: there a last-bit difference can flip a rounding, and later layers make that visible in the outputs
    of any two runtimes. Each node by itself must still be right. Runs in NumPy, by the operators' definitions.

    Args:
        graph: See `verify`, as for the others.

    Returns:
        A difference for every node result that the source has a tensor for.
    """
    feeds, source_feeds, _ = _feeds(graph, source, inputs or {}, seed)
    tensors = shared_tensors(graph, source)
    expected = source.run(source_feeds, list(tensors.values()))
    known = dict(graph.constants) | {operand: feeds[operand.name] for operand in graph.inputs}
    found: list[tuple[Node, Difference]] = []
    for node in graph.nodes:
        for operand, array in evaluate(node, known.__getitem__).items():
            right = expected[tensors[operand]] if operand in tensors else array
            if right is not array and right.shape == operand.shape:
                found.append((node, compare(operand.name, array, right, tolerance)))
                array = right.astype(array.dtype)
            known[operand] = array
    first = next((pair for pair in found if not pair[1].ok), None)
    return Verification([difference for _, difference in found], first)


def _feeds(
    graph: Graph, source: Source, given: Mapping[str, Array], seed: int
) -> tuple[dict[str, Array], dict[str, Array], dict[str, str]]:
    """The inputs by the graph's names and by the source's, and the source's output names by the graph's.

    Raises:
        ConversionError: The graph's inputs or outputs are not the source's.
    """
    input_names, output_names = interface(source)
    _check_interface("inputs", [operand.name for operand in graph.inputs], list(input_names))
    _check_interface("outputs", [operand.name for operand in graph.outputs], list(output_names))
    feeds = complete(graph.inputs, given, seed)
    feeds = {name: array if name in given else source.adapt(input_names[name], array) for name, array in feeds.items()}
    return feeds, {input_names[name]: array for name, array in feeds.items()}, output_names


def _first_wrong(
    graph: Graph, source: Source, run: Runner, feeds: Mapping[str, Array], source_feeds: Mapping[str, Array], tolerance: float
) -> tuple[Node, Difference] | None:
    """The first node, in the graph's order, whose result is not the source's tensor of that name."""
    tensors = shared_tensors(graph, source)
    makers = {output: node for node in graph.nodes for output in node.outputs}
    for batch in _batches(list(tensors)):
        actual = run(replace(graph, outputs=tuple(batch)), feeds)
        expected = source.run(source_feeds, [tensors[operand] for operand in batch])
        for operand in batch:
            right = expected[tensors[operand]]
            # The same name on another shape is a tensor that the conversion laid out differently.
            if right.shape == operand.shape:
                difference = compare(operand.name, actual[operand.name], right, tolerance)
                if not difference.ok:
                    return makers[operand], difference
    return None


def _batches(operands: list[Operand]) -> Iterator[list[Operand]]:
    batch: list[Operand] = []
    held = 0
    for operand in operands:
        if batch and held + operand.nbytes > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(operand)
        held += operand.nbytes
    if batch:
        yield batch


def _wrong_output(graph: Graph, differences: list[Difference]) -> tuple[Node, Difference]:
    """The node of the first wrong output: where to look when every tensor that could be compared is right."""
    operand, difference = next((o, d) for o, d in zip(graph.outputs, differences, strict=True) if not d.ok)
    return next(node for node in graph.nodes if operand in node.outputs), difference


def _check_interface(what: str, graph: list[str], source: list[str]) -> None:
    if sorted(graph) != sorted(source):
        raise ConversionError(
            f"the {what} differ: the graph has {', '.join(graph) or 'none'}, the source model {', '.join(source) or 'none'}",
            "compare with the model it was converted from, with the same --bind, --input and --output",
        )
