"""Runs a graph on NumPy through the operator table: always there, and the definition of correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import perf_counter

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, Where
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import nearest
from webnn_graph.ops import evaluate
from webnn_graph.random_inputs import drawn
from webnn_graph.summary import described


def run(graph: Graph, inputs: Mapping[str, Array], *, seed: int | None = None) -> dict[str, Array]:
    """Computes the graph's outputs.

    Args:
        graph: A valid graph.
        inputs: An array for each input, of exactly its shape and data type (int4 and uint4: one element per int8 or uint8).
            Random inputs that are missing are drawn.
        seed: With the same one, the same numbers are drawn.

    Returns:
        An array for each output, by name.

    Raises:
        ExecutionError: An input is missing, unknown, or of another shape or type; or memory ran out.
    """
    wanted, inputs = set(graph.outputs), {**inputs, **drawn(graph, inputs, seed)}
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


def checked(graph: Graph, inputs: Mapping[str, Array]) -> dict[Operand, Array]:
    """The arrays by operand, if they are those that the graph asks for.

    Raises:
        ExecutionError: An input is missing, unknown, or of another shape or type.
    """
    names = [operand.name for operand in graph.inputs]
    for name in inputs:
        if name not in names:
            raise unknown_input(graph, name)
    return {operand: _checked_array(operand, inputs) for operand in graph.inputs}


def unknown_input(graph: Graph, name: str) -> ExecutionError:
    """What to raise when a value is given for an input that there is not."""
    inputs = f"its inputs are {described(graph.inputs)}" if graph.inputs else "it has none"
    close = nearest(name, [operand.name for operand in graph.inputs])
    return ExecutionError(f"the graph has no input {name!r}", " ".join(filter(None, (close, inputs))), code=Code.UNKNOWN_INPUT)


def _checked_array(operand: Operand, inputs: Mapping[str, Array]) -> Array:
    if operand.name not in inputs:
        raise ExecutionError(f"the input {operand} is missing", code=Code.MISSING_INPUT)
    array = np.asarray(inputs[operand.name])
    if array.shape != operand.shape:
        raise ExecutionError(f"the input {operand} was given shape {list(array.shape)}", code=Code.WRONG_INPUT)
    if array.dtype != operand.data_type.numpy:
        raise ExecutionError(
            f"the input {operand} was given {array.dtype}",
            f"convert it: array.astype({str(operand.data_type.numpy)!r})",
            code=Code.WRONG_INPUT,
        )
    smallest, largest = operand.data_type.range
    if operand.data_type.bits == 4 and not ((array >= smallest) & (array <= largest)).all():
        raise ExecutionError(f"the input {operand} was given values outside {smallest} to {largest}", code=Code.WRONG_INPUT)
    return array
