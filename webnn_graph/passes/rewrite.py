"""Rewriting a graph: patterns are looked for in the old graph, replacements are built in a new one.

A rule looks at one node, the last of its pattern, and returns how to compute the node's output anew, or None. What only the
old way needed is left out when the new graph is built; constants that the new way combines are folded there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Node, Operand, map_operands

Mapped: TypeAlias = Callable[[Operand], Operand]
"""The new graph's operand for one of the old graph."""
Build: TypeAlias = Callable[[GraphBuilder, Mapped], Operand | list[Operand]]
"""Makes the node's output, or the list of its outputs."""
Rule: TypeAlias = Callable[["View", Node], Build | None]


class View:
    """A graph with the questions that patterns ask of it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._producers = {output: node for node in graph.nodes for output in node.outputs}
        self._uses = Counter(operand for node in graph.nodes for operand in node.operands)
        self._uses.update(graph.outputs)

    def producer(self, operand: Operand, *ops: str) -> Node | None:
        """The node that makes the operand, when it is one of these operators."""
        node = self._producers.get(operand)
        return node if node is not None and node.op in ops else None

    def only_user(self, operand: Operand) -> bool:
        """Whether the operand is read exactly once: replacing its reader makes it needless."""
        return self._uses[operand] == 1

    def value(self, operand: Operand) -> Array | None:
        """The values of a constant."""
        return self.graph.constants.get(operand)

    def scalar(self, operand: Operand) -> float | None:
        """The value of a constant all of whose elements are equal, whatever its shape; None for anything else."""
        array = self.value(operand)
        if array is None or array.size == 0:
            return None
        first = array.ravel()[0]
        return float(first) if array.size == 1 or bool((array == first).all()) else None


def close(actual: float | None, expected: float) -> bool:
    """Whether a constant is the one that a formula has, to the rounding of float16."""
    return actual is not None and abs(actual - expected) <= 1e-3 * abs(expected)


def rewrite(graph: Graph, rules: Mapping[str, Sequence[Rule]]) -> Graph:
    """Applies the rules, by operator of the pattern's last node, until none matches any more."""
    while True:
        view = View(graph)
        matches = {node: build for node in graph.nodes for build in [_first_match(view, node, rules)] if build is not None}
        if not matches:
            return graph
        graph = replay(graph, matches)


def replay(graph: Graph, matches: Mapping[Node, Build]) -> Graph:
    """The graph built anew, with some nodes' outputs computed another way.

    Names, labels, inputs and outputs stay.
    """
    b = GraphBuilder(graph.name, Budget(math.inf))  # the graph exists; this only ever makes it smaller
    b.notes.extend(graph.notes)
    made = {operand: b.input(operand.name, operand.data_type, operand.shape) for operand in graph.inputs}
    made |= {operand: b.constant(array, operand.data_type, operand.name) for operand, array in graph.constants.items()}
    for node in graph.nodes:
        with b.source(node.label):
            result = matches[node](b, made.__getitem__) if node in matches else b.repeat(node, made.__getitem__)
            outputs = result if isinstance(result, list) else [result]
        for old, new in zip(node.outputs, outputs, strict=True):
            made[old] = new
            b.suggest(new, old.name)
    return b.build({operand.name: made[operand] for operand in graph.outputs})


def again(b: GraphBuilder, new: Mapped, node: Node, **changes: object) -> Operand:
    """The call of a node of one result with some arguments changed, these in terms of the new graph."""
    arguments = {**map_operands({k: v for k, v in node.arguments.items() if k not in changes}, new), **changes}
    result: Operand = b.repeat(Node(node.op, arguments, node.outputs, node.label), lambda operand: operand)
    return result


def _first_match(view: View, node: Node, rules: Mapping[str, Sequence[Rule]]) -> Build | None:
    return next((build for rule in rules.get(node.op, ()) for build in [rule(view, node)] if build is not None), None)
