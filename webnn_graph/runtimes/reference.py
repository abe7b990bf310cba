"""Runs a graph on NumPy through the operator table: always there, and the definition of correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import perf_counter

from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, Where
from webnn_graph.given import by_name, checked
from webnn_graph.graph import Graph, Operand
from webnn_graph.ops import evaluate
from webnn_graph.random_inputs import drawn


def run(graph: Graph, inputs: Mapping[str, Array], *, seed: int | None = None) -> dict[str, Array]:
    """Computes the graph's outputs.

    Args:
        graph: A valid graph.
        inputs: An array for each input, of its shape, by its name or the source model's; see `webnn_graph.given.checked`. Random inputs
            that are missing are drawn.
        seed: With the same one, the same numbers are drawn.

    Returns:
        An array for each output, by name.

    Raises:
        ExecutionError: An input is missing, unknown, or of another shape or type; or memory ran out.
    """
    wanted, given = set(graph.outputs), by_name(graph, inputs)
    inputs = {**given, **drawn(graph, given, seed)}
    results = {operand: array for operand, array in values(graph, inputs) if operand in wanted}
    return {operand.name: results[operand].copy() for operand in graph.outputs}  # never a view on an input or a weight


def values(graph: Graph, inputs: Mapping[str, Array]) -> Iterator[tuple[Operand, Array]]:
    """Computes the graph, one result after the other, and yields each: the intermediate ones too.

    What nothing reads any more is let go, so that only what the caller keeps stays in memory.

    Raises:
        ExecutionError: As `run`.
    """
    live: dict[Operand, Array] = dict(graph.constants) | checked(graph, inputs)
    last = {operand: i for i, node in enumerate(graph.nodes) for operand in node.operands}
    for i, node in enumerate(graph.nodes):
        try:
            results = evaluate(node, live.__getitem__)
        except MemoryError:
            described = ", ".join(map(str, node.outputs))
            raise ExecutionError(f"out of memory computing {described}", where=Where(node=node.label or node.op)) from None
        for operand in node.operands:
            if last[operand] == i:
                live.pop(operand, None)
        live |= {operand: array for operand, array in results.items() if operand in last}
        yield from results.items()


def measured(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, float]:
    """How long each call takes, in milliseconds, by the name of its first result. The graph should have been computed before.

    Raises:
        ExecutionError: As `run`.
    """
    times: dict[str, float] = {}
    last = perf_counter()
    for operand, _ in values(graph, inputs):
        now = perf_counter()
        times[operand.name] = 1000 * (now - last)
        last = now
    return {node.outputs[0].name: times[node.outputs[0].name] for node in graph.nodes}
