"""What two versions of a graph have in common: calls added, removed and changed, weights compared by their digests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webnn_graph.graph import Descriptor, Graph, Node, Operand, map_operands

DIGITS_SHOWN = 8
"""Hexadecimal digits of a digest that tell two weights apart for a reader."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A call of both graphs.

    Attributes:
        before: In the first graph.
        after: In the second.
        changes: What differs, a line each; empty when nothing does.
    """

    before: Node
    after: Node
    changes: Sequence[str]


@dataclass(frozen=True)
class Diff:
    """How the second graph differs from the first.

    Attributes:
        interface: What differs of inputs and outputs, a line each.
        pairs: The calls of both, in the order of the second.
        removed: The calls of the first graph alone, in its order.
        added: The calls of the second graph alone, in its order.
    """

    interface: Sequence[str]
    pairs: Sequence[Pair]
    removed: Sequence[Node]
    added: Sequence[Node]

    @property
    def changed(self) -> list[Pair]:
        """The calls of both that differ."""
        return [pair for pair in self.pairs if pair.changes]

    @property
    def is_empty(self) -> bool:
        """Whether the graphs are alike."""
        return not (self.interface or self.removed or self.added or self.changed)


def diff(before: Graph, after: Graph) -> Diff:
    """The difference of two graphs, whatever their operands are called.

    Calls are the same if they have the same operator and label and the same place among those, then if what they compute is called
    the same, then if they do the same to results of calls that are.
    """
    partner = _paired(before, after)
    names = {output: partner[node].outputs[place] for node in partner for place, output in enumerate(node.outputs)}
    names |= {operand: other for operand in before.inputs for other in after.inputs if other.name == operand.name}
    pairs = {other: Pair(node, other, _changes(node, other, before, after, names)) for node, other in partner.items()}
    return Diff(
        _interface(before, after),
        [pairs[node] for node in after.nodes if node in pairs],
        [node for node in before.nodes if node not in partner],
        [node for node in after.nodes if node not in pairs],
    )


# ----------------------------------------------------------------------------------------------------------------- pairing
def _paired(before: Graph, after: Graph) -> dict[Node, Node]:
    """Calls of the first graph with those of the second that they are."""
    partner: dict[Node, Node] = {}

    def pair(key: Callable[[Node], Hashable]) -> None:
        known = set(partner.values())
        free = _numbered((node for node in after.nodes if node not in known), key)
        for at, node in _numbered((node for node in before.nodes if node not in partner), key).items():
            if at in free:
                partner[node] = free[at]

    if _sizes(before) == _sizes(after):  # the same source nodes became as many calls: each is the one at its place
        pair(lambda node: (node.op, node.label) if node.label else None)
    pair(lambda node: (node.op, node.label, node.outputs[0].name))
    pair(lambda node: (node.op, node.outputs[0].name))
    pair(lambda node: (node.op, node.label) if node.label else None)
    _pair_by_operands(before, after, partner)
    return partner


def _sizes(graph: Graph) -> Mapping[Hashable, int]:
    sizes: dict[Hashable, int] = defaultdict(int)
    for node in graph.nodes:
        sizes[node.op, node.label] += 1
    return sizes


def _numbered(nodes: Iterable[Node], key: Callable[[Node], Hashable]) -> dict[Hashable, Node]:
    """Nodes by their keys and their places among those with the same; nodes without a key are left out."""
    counted: dict[Hashable, int] = defaultdict(int)
    found: dict[Hashable, Node] = {}
    for node in nodes:
        at = key(node)
        if at is not None:
            found[at, counted[at]] = node
            counted[at] += 1
    return found


def _pair_by_operands(before: Graph, after: Graph, partner: dict[Node, Node]) -> None:
    """Pairs calls of the same operator that read the results of paired calls, from the inputs on."""
    named = {operand.name: operand for operand in after.inputs}
    known: dict[Operand, Operand] = {named[operand.name]: operand for operand in before.inputs if operand.name in named}
    known |= {second: first for node, other in partner.items() for first, second in zip(node.outputs, other.outputs, strict=False)}
    free: dict[Hashable, list[Node]] = defaultdict(list)
    for node in before.nodes:
        if node not in partner:
            free[_read(node, before, {})].append(node)
    taken = set(partner.values())
    for other in after.nodes:
        alike = free.get(_read(other, after, known), []) if other not in taken else []
        if alike:
            node = alike.pop(0)
            partner[node] = other
            known |= dict(zip(other.outputs, node.outputs, strict=True))


def _read(node: Node, graph: Graph, known: Mapping[Operand, Operand]) -> Hashable:
    """The operator, what it gives and what it reads besides constants: operands of the first graph where they are known there."""
    read = tuple(known.get(operand, operand) for operand in node.operands if operand not in graph.constants)
    return node.op, tuple(output.descriptor for output in node.outputs), read


# ---------------------------------------------------------------------------------------------------------------- changes
def _changes(node: Node, other: Node, before: Graph, after: Graph, names: Mapping[Operand, Operand]) -> list[str]:
    changes = []
    for name in dict.fromkeys((*node.arguments, *other.arguments)):
        old, new = node.arguments.get(name), other.arguments.get(name)
        if _content(old, before, names) != _content(new, after, {}):
            changes.append(f"{name}: {_said(old, before)} -> {_said(new, after)}")
    for place, (first, second) in enumerate(zip(node.outputs, other.outputs, strict=False)):
        if first.descriptor != second.descriptor:
            which = f"result {place}" if len(node.outputs) > 1 else "result"
            changes.append(f"{which}: {first.descriptor} -> {second.descriptor}")
    return changes


def _content(value: Any, graph: Graph, names: Mapping[Operand, Operand]) -> Any:
    """A value that is equal where it means the same: a constant as its type, shape and digest."""

    def meant(operand: Operand) -> tuple[Hashable, ...]:
        if operand in graph.constants:
            return ("constant", operand.descriptor, graph.weights[operand].digest)
        return ("operand", names.get(operand, operand))

    return map_operands(value, meant)


def _said(value: Any, graph: Graph) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_said(item, graph) for item in value)}]"
    if not isinstance(value, Operand):
        return "none" if value is None else str(value)
    if value not in graph.constants:
        return value.name
    return f"{value.descriptor} {graph.weights[value].digest.hex()[:DIGITS_SHOWN]}"


def _interface(before: Graph, after: Graph) -> list[str]:
    return [*_side("input", before.inputs, after.inputs), *_side("output", before.outputs, after.outputs)]


def _side(kind: str, before: Iterable[Operand], after: Iterable[Operand]) -> list[str]:
    old, new = _described(before), _described(after)
    names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return [f"{kind} {name}: {old.get(name, 'none')} -> {new.get(name, 'none')}" for name in names]


def _described(operands: Iterable[Operand]) -> dict[str, Descriptor]:
    return {operand.name: operand.descriptor for operand in operands}
