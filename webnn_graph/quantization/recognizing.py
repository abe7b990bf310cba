"""Rounded weights that are found in a graph, by what it was made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops import evaluate

HALF_STEP = 2.0**-11
"""What float16 changes of a number, in proportion; of numbers near 0, of the smallest normal one."""
SMALLEST_HALF = 2.0**-14

Steps = tuple[Array, Array | float]
"""The numbers that a weight was rounded to, and how far these may be from what they were."""


def may_be_rounded(graph: Graph) -> bool:
    """Whether a graph has constants that could be rounded weights."""
    return bool(_read_by(graph))


def rounded_like(graph: Graph, original: Graph) -> Graph | None:
    """The original with the weights of a graph that was made of it by rounding some of them.

    Args:
        graph: Read from a file.
        original: What its source model is converted to.

    Returns:
        A graph that computes what ``graph`` should; None where it has none of the original's weights rounded, or has one further from
        the original's than a step of its type.
    """
    own = {operand.name: operand for operand in original.constants}
    changed: dict[Operand, Array] = {}
    whole = _whole(graph)
    for stored, readers in _read_by(graph).items():
        weight = own.get(stored.name)
        if weight is None or weight.data_type is stored.data_type:
            continue
        found = _numbers(graph, whole, stored, readers) if weight.data_type.is_float and weight.shape == stored.shape else None
        if found is None:
            return None
        numbers, steps = found
        exact = original.constants[weight]
        if not (np.abs(numbers - exact) <= steps).all():
            return None
        changed[weight] = numbers.astype(exact.dtype)
    return replace(original, constants={**original.constants, **changed}) if changed else None


def _read_by(graph: Graph) -> Mapping[Operand, Sequence[Node]]:
    """The calls that make floating point numbers of stored ones, of all of a constant or of rows of it, by the constant."""
    whole = _whole(graph)
    found: dict[Operand, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        if node.op not in ("cast", "dequantizeLinear"):
            continue
        stored = whole.get(node.operands[0], node.operands[0])
        if stored in graph.constants and (node.op == "dequantizeLinear" or stored.data_type is DataType.FLOAT16):
            found[stored].append(node)
    return found


def _whole(graph: Graph) -> Mapping[Operand, Operand]:
    """What rows are gathered from, by the rows."""
    return {node.output: node.arguments["input"] for node in graph.nodes if node.op == "gather"}


def _numbers(graph: Graph, whole: Mapping[Operand, Operand], stored: Operand, readers: Sequence[Node]) -> Steps | None:
    """What a constant stands for; None where its readers make different numbers of it."""
    values = graph.constants[stored]
    if readers[0].op == "cast":
        numbers = values.astype(np.float32)
        return numbers, HALF_STEP * np.maximum(np.abs(numbers), SMALLEST_HALF)
    scales, zeros = ({whole.get(node.arguments[name], node.arguments[name]) for node in readers} for name in ("scale", "zeroPoint"))
    scale = scales.pop()
    if scales or not {scale, *zeros} <= set(graph.constants):
        return None
    starts = next((graph.constants[zero] for zero in zeros if zero.shape == scale.shape), None)
    none = np.zeros(scale.shape, values.dtype)
    if starts is None and any(graph.constants[zero].any() for zero in zeros):
        return None
    parts = ((values, none if starts is None else starts), (np.ones_like(values), none))
    numbers, steps = (_dequantized(stored, scale, graph.constants[scale], *part) for part in parts)
    return numbers, steps


def _dequantized(stored: Operand, scale: Operand, steps: Array, values: Array, zeros: Array) -> Array:
    zero, made = Operand(stored.data_type, scale.shape), Operand(scale.data_type, stored.shape)
    node = Node("dequantizeLinear", {"input": stored, "scale": scale, "zeroPoint": zero}, (made,))
    return evaluate(node, {stored: values, scale: steps, zero: zeros}.__getitem__)[made]
