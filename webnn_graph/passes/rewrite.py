"""Rewriting a graph: patterns are looked for in the old graph, replacements are built in a new one.

A rule looks at one node, the last of its pattern, and returns how to compute the node's output anew, or None. What only the
old way needed is left out when the new graph is built; constants that the new way combines are folded there.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Node, Operand, map_arguments

Mapped: TypeAlias = Callable[[Operand], Operand]
"""The new graph's operand for one of the old graph."""
Build: TypeAlias = Callable[[GraphBuilder, Mapped], Operand | list[Operand]]
"""Makes the node's output, or the list of its outputs."""
Rule: TypeAlias = Callable[["View", Node], Build | None]
End: TypeAlias = Callable[[GraphBuilder, Operand, Mapped], Operand]
"""Makes an output of what it was before."""


LOG = logging.getLogger(__name__)
ROUNDS = 1000
"""How often the rules of a pass are applied at most; each round takes what it can in one go, and a few are the rule."""


class View:
    """A graph with the questions that patterns ask of it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._producers = {output: node for node in graph.nodes for output in node.outputs}
        self._uses = Counter(operand for node in graph.nodes for operand in node.operands)
        self._uses.update(graph.outputs)
        self._scalars: dict[Operand, float | None] = {}

    @cached_property
    def _readers(self) -> Mapping[Operand, list[Node]]:
        readers: dict[Operand, list[Node]] = {}
        for node in self.graph.nodes:
            for operand in dict.fromkeys(node.operands):
                readers.setdefault(operand, []).append(node)
        return readers

    def readers(self, operand: Operand) -> Sequence[Node]:
        """The nodes that read the operand, in order."""
        return self._readers.get(operand, ())

    def producer(self, operand: Operand, *ops: str) -> Node | None:
        """The node that makes the operand, when it is one of these operators."""
        node = self._producers.get(operand)
        return node if node is not None and node.op in ops else None

    def only_user(self, operand: Operand) -> bool:
        """Whether the operand is read exactly once: replacing its reader makes it needless."""
        return self._uses[operand] == 1

    def value(self, operand: Operand) -> Array | None:
        """The values of a constant."""
        weight = self.graph.weights.get(operand)
        return weight.array if weight is not None else None

    def scalar(self, operand: Operand) -> float | None:
        """The value of a constant all of whose elements are equal, whatever its shape; None for anything else."""
        weight = self.graph.weights.get(operand)
        if weight is None:
            return None
        if operand not in self._scalars:
            self._scalars[operand] = _only_value(weight.array)
        return self._scalars[operand]

    def filled(self, operand: Operand) -> float | None:
        """The same of a constant that is expanded, too."""
        expand = self.producer(operand, "expand")
        return self.scalar(expand.arguments["input"] if expand else operand)


def _only_value(array: Array) -> float | None:
    """The value that all elements have; None when there is none."""
    if array.size == 0:
        return None
    first = array.flat[0]
    if array.size == 1:
        return float(first)
    return float(first) if array.flat[-1] == first and bool((array == first).all()) else None


def close(actual: float | None, expected: float) -> bool:
    """Whether a constant is the one that a formula has, to the rounding of float16."""
    return actual is not None and abs(actual - expected) <= 1e-3 * abs(expected)


@dataclass(frozen=True)
class Pass:
    """Rules that are applied together until none matches any more.

    Attributes:
        name: How the trace calls it.
        families: Rules by operator of the pattern's last node; of several that match, one of an earlier family wins.
    """

    name: str
    families: Sequence[Mapping[str, Sequence[Rule]]]

    @cached_property
    def rules(self) -> Mapping[str, Sequence[Rule]]:
        """All rules by operator, in their order."""
        ops = dict.fromkeys(op for family in self.families for op in family)
        return {op: [rule for family in self.families for rule in family.get(op, ())] for op in ops}

    def apply(self, graph: Graph) -> Graph:
        """The graph on which none of the rules matches any more; or that after `ROUNDS`, which its notes say then."""
        for number in range(1, ROUNDS + 1):
            view = View(graph)
            matches = {node: match for node in graph.nodes if (match := _first_match(view, node, self.rules)) is not None}
            if not matches:
                return graph
            before, graph = graph, replay(graph, {node: build for node, (_, build) in matches.items()})
            for node, (rule, _) in matches.items():
                LOG.debug("%s %d: %s at %s", self.name, number, _name(rule), node.label or node.outputs[0].name)
            LOG.debug("%s %d: %d nodes became %d", self.name, number, len(before.nodes), len(graph.nodes))
        names = ", ".join(dict.fromkeys(_name(rule) for rule, _ in matches.values()))
        return replace(graph, notes=(*graph.notes, f"rewriting was ended after {ROUNDS} rounds; these rules undo each other: {names}"))


def _name(rule: Rule) -> str:
    return f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}"


def as_it_is(b: GraphBuilder, operand: Operand) -> Operand:
    """An input like that of another graph."""
    return b.input(operand.name, operand.data_type, operand.shape, operand.distribution)


def replay(
    graph: Graph,
    matches: Mapping[Node, Build],
    begin: Callable[[GraphBuilder, Operand], Operand] = as_it_is,
    ends: Mapping[Operand, End] = MappingProxyType({}),
) -> Graph:
    """The graph built anew, with some nodes' outputs computed another way.

    Names, labels, inputs and outputs stay.

    Args:
        graph: The graph.
        matches: How the outputs of these nodes are made.
        begin: Makes what stands for an input.
        ends: What becomes of outputs.
    """
    b = GraphBuilder(graph.name, Budget(math.inf))  # the graph exists; this only ever makes it smaller
    b.about(graph)
    made = {operand: begin(b, operand) for operand in graph.inputs}
    made |= {operand: b.constant(weight, name=operand.name) for operand, weight in graph.weights.items()}
    for node in graph.nodes:
        with b.source(node.label):
            result = matches[node](b, made.__getitem__) if node in matches else b.repeat(node, made.__getitem__)
            outputs = result if isinstance(result, list) else [result]
        for old, new in zip(node.outputs, outputs, strict=True):
            made[old] = new
            b.suggest(new, old.name)
    ended = {operand.name: end(b, made[operand], made.__getitem__) for operand, end in ends.items()}
    return b.build({operand.name: ended.get(operand.name, made[operand]) for operand in graph.outputs})


def again(b: GraphBuilder, new: Mapped, node: Node, /, **changes: object) -> Operand:
    """The call of a node of one result with some arguments changed, these in terms of the new graph."""
    kept = {name: value for name, value in node.arguments.items() if name not in changes}
    result: Operand = b.call(node.op, **map_arguments(kept, new), **changes)
    return result


def _first_match(view: View, node: Node, rules: Mapping[str, Sequence[Rule]]) -> tuple[Rule, Build] | None:
    for rule in rules.get(node.op, ()):
        build = rule(view, node)
        if build is not None:
            return rule, build
    return None
