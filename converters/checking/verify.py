"""Verification: a converted graph and its source model on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeAlias, TypeVar

import numpy as np

from converters.checking.noise import Comparison, Result, nudges
from converters.source import Source, interface_names, shared_tensors
from webnn_graph.compare import BRAIN_PRECISION, HALF_PRECISION, Difference, compare
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError, ExecutionError, WebNNError, Where
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.names import Names
from webnn_graph.ops import evaluate
from webnn_graph.weight import Values

T = TypeVar("T")
Runner: TypeAlias = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]
"""Computes a graph's outputs: ``run`` of a runtime."""
BATCH_BYTES = 256_000_000
"""Intermediate tensors that are held at once while the first wrong one is searched."""
OWN_PRECISION = {"float16": HALF_PRECISION, "bfloat16": BRAIN_PRECISION}
"""What one rounding to a source's element type may change, by its name."""


@dataclass(frozen=True)
class Captured:
    """A source model that was captured from another one, as an exported program is from a module, and both on the same inputs.

    Attributes:
        origin: What runs the other one.
        difference: The output that differs most; None when the other one could not be run.
        failed: Why it could not.
    """

    origin: str
    difference: Difference | None
    failed: str = ""


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Attributes:
        differences: One per output, or one per node, in order.
        first: The first node whose result differs, with the difference; None when all are right.
        stopped: Why the nodes could not be compared to the last; empty when they were, or did not have to be.
        captured: How far the source model is from what it was captured from; None where that is not at hand.
    """

    differences: list[Difference]
    first: tuple[Node, Difference] | None
    stopped: str = ""
    captured: Captured | None = None

    @property
    def ok(self) -> bool:
        """Whether every difference is within its tolerance or the source's own noise, and nothing was left out."""
        return all(difference.ok for difference in self.differences) and not self.stopped

    @property
    def worst(self) -> Difference:
        """The comparison, of at least one, that is nearest to its tolerance, or furthest beyond it."""
        return max(self.differences, key=lambda difference: difference.excess)


def verify(
    graph: Graph,
    source: Source,
    run: Runner,
    *,
    tolerance: float,
    inputs: Mapping[str, Array] | None = None,
    seed: int = 0,
    returns: Callable[[Operand], bool] = lambda operand: True,
) -> Verification:
    """Runs both and compares every output.

    Args:
        graph: Converted from ``source``; its operands are named after the source's tensors.
        source: The model that is right.
        run: The runtime that computes the graph.
        tolerance: Largest relative difference, see `Difference.relative`; what depends on rounding to float16 on the way has
            at least `HALF_PRECISION`.
        inputs: Values by the graph's input names; the others are those that the source's file brings, or made up.
        seed: For made-up values.
        returns: Whether the runtime can return a result of a node, when the first wrong one is searched.

    Raises:
        ConversionError: The graph's inputs or outputs are not the source's.
        ExecutionError: One of them cannot be run on these inputs.
    """
    feeds, source_feeds, output_names = _feeds(graph, source, inputs or {}, seed)
    tolerances = _tolerances(graph, tolerance)
    is_half = any(output.data_type is DataType.FLOAT16 for node in graph.nodes for output in node.outputs)
    comparison = Comparison(source, source_feeds, float(np.finfo(np.float16 if is_half else np.float32).eps))
    actual = run(graph, feeds)
    results = [Result(o.name, actual[o.name], output_names[o.name], tolerances[o]) for o in graph.outputs]
    differences = comparison.differences(results, _on_nudged(run, graph, feeds, comparison.spacing))
    captured = _captured(comparison, output_names.values(), tolerance)
    if all(difference.ok for difference in differences):
        return Verification(differences, None, captured=captured)
    tensors = {operand: name for operand, name in shared_tensors(graph, source).items() if returns(operand)}
    try:
        first = _first_wrong(graph, tensors, comparison, run, feeds, tolerances)
    except (WebNNError, MemoryError) as error:
        return Verification(differences, _wrong_output(graph, differences), _said(error), captured)
    return Verification(differences, first or _wrong_output(graph, differences), captured=captured)


def _captured(comparison: Comparison, outputs: Iterable[str], tolerance: float) -> Captured | None:
    """How far what the source model computed is from what its origin does."""
    origin = comparison.source.origin()
    if origin is None:
        return None
    names = [name for name in outputs if name in comparison.expected]
    try:
        right = origin.run(comparison.feeds, names)
    except (WebNNError, MemoryError) as error:
        return Captured(origin.runner, None, _said(error))
    found = [compare(n, a, right[n], max(tolerance, OWN_PRECISION.get(a.dtype.name, 0))) for n in names for a in [comparison.expected[n]]]
    return Captured(origin.runner, max(found, key=lambda difference: (not difference.ok, difference.excess)))


def verify_nodes(
    graph: Graph,
    source: Source,
    *,
    tolerance: float,
    inputs: Mapping[str, Array] | None = None,
    seed: int = 0,
    fast: Runner | None = None,
) -> Verification:
    """Computes every node on the source's own values and compares its result.

    For quantized models: there a last-bit difference can flip a rounding, and later layers make that visible in the outputs
    of any two runtimes. Each node by itself must still be right. What is right is said in NumPy, by the operators' definitions.

    Args:
        graph: See `verify`, as for the others.
        tolerance: The same; a result that the source rounds to 16 bits has at least the tolerance of that type.
        fast: A runtime that is asked first; nodes that it has right are not computed in NumPy.

    Returns:
        A difference for every node result that the source has a tensor for and that depends on an input.
    """
    feeds, source_feeds, _ = _feeds(graph, source, inputs or {}, seed)
    tensors = shared_tensors(graph, source)
    expected = source.run(source_feeds, list(tensors.values()))
    known = dict(graph.constants) | {operand: feeds[operand.name] for operand in graph.inputs}
    right = {operand: expected[name] for operand, name in tensors.items() if expected[name].shape == operand.shape}
    found: list[tuple[Node, Difference]] = []

    def compared(node: Node, results: Mapping[Operand, Array]) -> list[tuple[Node, Difference]]:
        """The differences of a node's results; what is known from then on is what the source has."""
        differences = []
        for operand, array in results.items():
            if operand in right:
                least = max(tolerance, OWN_PRECISION.get(right[operand].dtype.name, 0))
                differences.append((node, compare(operand.name, array, right[operand], least)))
            known[operand] = right[operand].astype(array.dtype) if operand in right else array
        return differences

    stopped = ""
    try:
        for nodes in _batches(graph.nodes, attrgetter("outputs")):
            quick = _apart(graph, nodes, right, known, fast) if fast else None
            if quick is not None:
                differences = [pair for node in nodes for pair in compared(node, {operand: quick[operand] for operand in node.outputs})]
                if all(difference.ok for _, difference in differences):
                    found += differences
                    continue
            for node in nodes:
                found += compared(node, _evaluated(node, known))
    except (WebNNError, MemoryError) as error:
        stopped = _said(error)
    first = next((pair for pair in found if not pair[1].ok), None)
    return Verification([difference for _, difference in found], first, stopped)


def _evaluated(node: Node, known: Mapping[Operand, Array]) -> dict[Operand, Array]:
    """A node's results by the operator's definition."""
    try:
        return evaluate(node, known.__getitem__)
    except MemoryError as error:
        raise ExecutionError(_said(error), where=Where(node=node.label or node.op)) from None
    except WebNNError as error:
        raise error.at(Where(node=node.label or node.op)) from None


def _apart(
    graph: Graph, nodes: Sequence[Node], right: Mapping[Operand, Array], known: Mapping[Operand, Array], run: Runner
) -> dict[Operand, Array] | None:
    """What a runtime computes of some nodes, each of which is given the source's values; None when it cannot."""
    names = Names()
    names.take_interface((), graph.operands)
    fed: dict[Operand, Operand] = {}
    made: set[Operand] = set()

    def replaced(operand: Operand) -> Operand:
        if operand in graph.constants or (operand in made and operand not in right):
            return operand
        if operand not in fed:
            fed[operand] = operand.named(names.number("given"))
        return fed[operand]

    given = []
    for node in nodes:
        given.append(Node(node.op, map_arguments(node.arguments, replaced), node.outputs, node.label))
        made.update(node.outputs)
    values = {o: right[o].astype(o.data_type.numpy) if o in made else known[o] for o in fed}
    weights = Values({operand: graph.weights[operand] for node in nodes for operand in node.operands if operand in graph.constants})
    outputs = tuple(output for node in given for output in node.outputs)
    try:
        computed = run(Graph(graph.name, tuple(fed.values()), weights, tuple(given), outputs), {fed[o].name: a for o, a in values.items()})
    except (WebNNError, MemoryError):
        return None
    return {operand: computed[operand.name] for operand in outputs}


def _on_nudged(run: Runner, graph: Graph, feeds: Mapping[str, Array], spacing: float) -> Iterator[dict[str, Array]]:
    """The graph's results with its inputs nudged, or with its weights where no input can be."""
    if any(array.dtype.kind == "f" for array in feeds.values()) or graph.weight_bytes > BATCH_BYTES:
        return (run(graph, moved) for moved in nudges(feeds, spacing))
    weights = {operand.name: array for operand, array in graph.constants.items()}
    return (
        run(replace(graph, constants={operand: moved[operand.name] for operand in graph.constants}), feeds)
        for moved in nudges(weights, spacing)
    )


def _said(error: Exception, node: str = "") -> str:
    where = Where(node=node)
    return error.at(where).message if isinstance(error, WebNNError) else where.say("out of memory")


def _tolerances(graph: Graph, tolerance: float) -> dict[Operand, float]:
    """The tolerance of each node's result: that of half precision where something was rounded to float16 on the way."""
    rounded: set[Operand] = set()
    for node in graph.nodes:
        if any(output.data_type is DataType.FLOAT16 for output in node.outputs) or not rounded.isdisjoint(node.operands):
            rounded.update(node.outputs)
    half = max(tolerance, HALF_PRECISION)
    return {output: half if output in rounded else tolerance for node in graph.nodes for output in node.outputs}


def _feeds(
    graph: Graph, source: Source, given: Mapping[str, Array], seed: int
) -> tuple[dict[str, Array], dict[str, Array], dict[str, str]]:
    """The inputs by the graph's names and by the source's, and the source's output names by the graph's.

    Raises:
        ConversionError: The graph's inputs or outputs are not the source's.
    """
    input_names, output_names = interface_names(source)
    _check_interface("inputs", [operand.name for operand in graph.inputs], list(input_names))
    _check_interface("outputs", [operand.name for operand in graph.outputs], list(output_names))
    brought = {
        o.name: source.examples[input_names[o.name]] for o in graph.inputs if _says_something(o, source.examples.get(input_names[o.name]))
    }
    given = {**brought, **given}
    feeds = complete(graph, given, seed)
    feeds = {name: array if name in given else source.adapt(input_names[name], array) for name, array in feeds.items()}
    return feeds, {input_names[name]: array for name, array in feeds.items()}, output_names


def _says_something(operand: Operand, example: Array | None) -> bool:
    """Whether an example fits an input and is more than a placeholder: floating point numbers that are all alike test little."""
    if example is None or example.shape != operand.shape:
        return False
    return not operand.data_type.is_float or example.size < 2 or bool((example != example.flat[0]).any())


def _first_wrong(
    graph: Graph,
    tensors: Mapping[Operand, str],
    comparison: Comparison,
    run: Runner,
    feeds: Mapping[str, Array],
    tolerances: Mapping[Operand, float],
) -> tuple[Node, Difference] | None:
    """The first node, in the graph's order, whose result is not the source's tensor of that name."""
    makers = {output: node for node in graph.nodes for output in node.outputs}
    for batch in _batches(tensors, lambda operand: [operand]):
        part = replace(graph, outputs=tuple(batch))
        actual = run(part, feeds)
        results = [Result(o.name, actual[o.name], tensors[o], tolerances[o]) for o in batch]
        moved = _on_nudged(run, part, feeds, comparison.spacing)
        for operand, difference in zip(batch, comparison.differences(results, moved), strict=True):
            # The same name on another shape is a tensor that the conversion laid out differently.
            if not difference.ok and not difference.reason:
                return makers[operand], difference
    return None


def _batches(items: Iterable[T], results: Callable[[T], Sequence[Operand]]) -> Iterator[list[T]]:
    """The items in order, as many at a time as have results that may be held at once."""
    batch: list[T] = []
    held = 0
    for item in items:
        size = sum(operand.nbytes for operand in results(item))
        if batch and held + size > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += size
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
            "compare with the model it was converted from, cut and bound as it was then",
        )
