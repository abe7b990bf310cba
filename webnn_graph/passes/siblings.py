"""Parts of a tensor that go through the same steps, such as the queries and the keys of an attention: the steps once, for both.

    q, k, v = split(x)                      qk, v = split(x)
    q, k = f(q), f(k)               ->      q, k = split(f(qk))

Parts are rows below each other, and the steps leave each row to itself. What the steps read besides, a row or a number, may be another
for each part: then it is put together, too, once for all layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Node, Operand, Shape, map_arguments
from webnn_graph.ops import Trait, having
from webnn_graph.passes.movement import reduced_axes
from webnn_graph.passes.rewrite import Build, Mapped, View, replay

ELEMENTWISE = having(Trait.ELEMENTWISE)
REDUCTIONS = having(Trait.REDUCING)
COMMUTATIVE = ("add", "mul", "max", "min")


@dataclass
class Pair:
    """Two neighbours among the parts of a split, and what is made of them alike.

    Attributes:
        split: The call, of a tensor that is rows along one axis.
        place: That of the first of both parts.
        same: What is made of the first part, and of the second.
        steps: The nodes that make it, of both, in order; the second's operands in the order of the first's.
    """

    split: Node
    place: int
    same: dict[Operand, Operand] = field(default_factory=dict)
    steps: list[tuple[Node, Node, Sequence[Operand]]] = field(default_factory=list)

    @property
    def axis(self) -> int:
        """The axis along which rows stand below each other."""
        axis: int = self.split.arguments.get("axis", 0)
        return axis

    @property
    def counts(self) -> tuple[int, int]:
        """How many rows the parts have."""
        first, second = self.split.arguments["splits"][self.place : self.place + 2]
        return first, second

    @property
    def shape(self) -> Shape:
        """How both parts are arranged together, without the last axis."""
        shape = list(self.split.arguments["input"].shape[:-1])
        shape[self.axis] = sum(self.counts)
        return tuple(shape)


class Siblings:
    """The pass, see this module's description; like `webnn_graph.passes.rewrite.Pass`."""

    name = "siblings"

    def apply(self, graph: Graph) -> Graph:
        """The graph with fewer steps."""
        if not any(node.op == "split" for node in graph.nodes):
            return graph
        ordered = _given_first(graph)
        view = View(ordered)
        places = {node: i for i, node in enumerate(ordered.nodes)}
        made = {output: place for node, place in places.items() for output in node.outputs}
        changes: dict[Node, Build] = {}
        for node in ordered.nodes:
            pairs = (_pair(view, node, i, made) for i in range(len(node.outputs) - 1)) if _is_of_rows(node) else ()
            if pair := next((pair for pair in pairs if pair and _saves(view, pair)), None):
                changes |= _joined(view, pair)
        return replay(ordered, changes) if changes else graph


def _given_first(graph: Graph) -> Graph:
    """The graph in another order: first what is computed without any product with weights, as of positions."""
    behind: set[Operand] = set()
    first: list[Node] = []
    rest: list[Node] = []
    for node in graph.nodes:
        is_product = node.op in ("gemm", "matmul", "conv2d") and any(operand in graph.weights for operand in node.operands)
        if is_product or any(operand in behind for operand in node.operands):
            behind.update(node.outputs)
            rest.append(node)
        else:
            first.append(node)
    return changed(graph, nodes=(*first, *rest))


# ------------------------------------------------------------------------------------------------------------- what is done alike
def _is_of_rows(node: Node) -> bool:
    """Whether a node is a split of rows that stand below each other along one axis."""
    if node.op != "split":
        return False
    shape: Shape = node.arguments["input"].shape
    axis = node.arguments.get("axis", 0)
    return axis < len(shape) - 1 and math.prod(shape[:-1]) == shape[axis]


def _pair(view: View, split: Node, place: int, made: Mapping[Operand, int]) -> Pair | None:
    """What is made alike of a split's part and of the next one; None if it is nothing."""
    pair = Pair(split, place)
    roots = [_arranged(view, part) for part in split.outputs[place : place + 2]]
    pair.same[roots[0]] = roots[1]
    before = made[split.outputs[0]]
    waiting = [roots[0]]
    taken: set[Node] = set()
    while waiting:
        operand = waiting.pop(0)
        for node in view.readers(operand):
            if node in taken or not _is_step(node, pair.same):
                continue
            for other in view.readers(pair.same[operand]):
                read = None if other in taken else _alike(view, node, other, pair, before, made)
                if read is not None:
                    taken |= {node, other}
                    pair.steps.append((node, other, read))
                    pair.same |= dict(zip(node.outputs, other.outputs, strict=True))
                    waiting += node.outputs
                    break
    return pair if pair.steps else None


def _arranged(view: View, part: Operand) -> Operand:
    """A part, or what all of its readers read: a reshape of it with the same rows."""
    readers = view.readers(part)
    if len(readers) == 1 and readers[0].op == "reshape" and readers[0].output.shape[-1:] == part.shape[-1:] and view.only_user(part):
        return readers[0].output
    return part


def _is_step(node: Node, rows: Mapping[Operand, Operand]) -> bool:
    """Whether a node leaves these rows, which it reads, to themselves, and reads nothing else but single rows."""
    last = node.outputs[0].rank - 1
    if node.op in ELEMENTWISE:
        own = {operand.shape[:-1] for operand in node.operands if operand in rows}
        others = [operand for operand in node.operands if operand not in rows]
        return own == {node.output.shape[:-1]} and all(math.prod(operand.shape[:-1]) == 1 for operand in others)
    if any(operand not in rows for operand in node.operands):
        return False
    if node.op in REDUCTIONS:
        return bool(node.arguments.get("keepDimensions", False)) and reduced_axes(node) == [last]
    return node.op in ("softmax", "split", "concat") and node.arguments.get("axis", 0) == last


def _alike(view: View, node: Node, other: Node, pair: Pair, before: int, made: Mapping[Operand, int]) -> Sequence[Operand] | None:
    """The operands of the other node in the order of the node's, if it does the same to the other part."""
    if other.op != node.op or [o.shape[-1] for o in other.outputs] != [o.shape[-1] for o in node.outputs]:
        return None
    if _plain(other, pair.same.values()) != _plain(node, pair.same):
        return None
    orders = [other.operands, other.operands[::-1]] if node.op in COMMUTATIVE else [other.operands]
    for read in orders:
        if len(read) != len(node.operands):
            continue
        if all(_fit(view, a, b, pair, before, made) for a, b in zip(node.operands, read, strict=True)):
            return read if _is_step(other, dict.fromkeys(pair.same.values(), read[0])) else None
    return None


def _plain(node: Node, _: object) -> dict[str, Any]:
    """The arguments that are no operands and say nothing of how rows are arranged."""
    skipped = {"axis", "axes", "a", "b", "input", "inputs"}
    return {name: value for name, value in node.arguments.items() if name not in skipped and not isinstance(value, Operand)}


def _fit(view: View, a: Operand, b: Operand, pair: Pair, before: int, made: Mapping[Operand, int]) -> bool:
    """Whether two operands stand at the same place of the same step, one for each part."""
    if a in pair.same or b in pair.same.values():
        return pair.same.get(a) is b
    if made.get(a, -1) >= before or made.get(b, -1) >= before:
        return False
    return a is b or (view.value(a) is not None and view.value(b) is not None) or _are_shared(view, a, b)


def _are_shared(view: View, a: Operand, b: Operand) -> bool:
    """Whether two rows are read by others, too: put together they are one for all."""
    return a.shape[-1:] == b.shape[-1:] and a.rank > 0 and b.rank > 0 and not view.only_user(a) and not view.only_user(b)


def _borders(view: View, pair: Pair) -> list[Operand]:
    """What is made of the first part and read by others, or is of the second."""
    inside = {node for step in pair.steps for node in step[:2]}
    outputs = set(view.graph.outputs)
    return [
        a
        for a, b in pair.same.items()
        if any(o in outputs or any(reader not in inside for reader in view.readers(o)) for o in (a, b))
    ]


def _saves(view: View, pair: Pair) -> bool:
    """Whether the steps that are saved are more than the calls that take the results apart and arrange them."""
    apart = 0
    for a in _borders(view, pair):
        shapes = [(*pair.shape[: pair.axis], n, *pair.shape[pair.axis + 1 :], a.shape[-1]) for n in pair.counts]
        apart += 1 + sum(shape != o.shape for shape, o in zip(shapes, (a, pair.same[a]), strict=True))
    return len(pair.steps) > apart


# ------------------------------------------------------------------------------------------------------------------ how it is made
def _joined(view: View, pair: Pair) -> dict[Node, Build]:
    """How the split is made, and what the steps of both parts give, by node."""
    sizes = pair.split.arguments["splits"]
    made: dict[Operand, Operand] = {}
    """What is made of both, by what was made of the first part."""

    def split(b: GraphBuilder, new: Mapped) -> list[Operand]:
        x = new(pair.split.arguments["input"])
        place, rest = pair.place, pair.place + 2
        parts = b.split(x, [*sizes[:place], sum(pair.counts), *sizes[rest:]], axis=pair.axis) if len(sizes) > 2 else [x]
        both = parts[place]
        made[next(iter(pair.same))] = both
        return [*parts[:place], *b.split(both, list(pair.counts), axis=pair.axis), *parts[place + 1 :]]

    def whole(b: GraphBuilder, new: Mapped, wanted: Operand) -> Operand:
        for node, _, read in pair.steps:
            if wanted in made:
                break
            if node.outputs[0] in made:
                continue
            others = dict(zip(node.operands, read, strict=True))

            def operand(old: Operand, others: Mapping[Operand, Operand] = others) -> Operand:
                return made[old] if old in made else _together(view, b, new, old, others[old], pair)

            arguments = map_arguments(node.arguments, operand)
            if "axis" in arguments:
                arguments["axis"] = len(pair.shape)
            if node.op in REDUCTIONS:
                arguments["axes"] = [len(pair.shape)]
            with b.source(node.label):
                result = b.call(node.op, **arguments)
            made.update(zip(node.outputs, result if isinstance(result, list) else [result], strict=True))
        return made[wanted]

    def part(b: GraphBuilder, new: Mapped, wanted: Operand, old: Operand, place: int) -> Operand:
        parts = b.split(whole(b, new, wanted), list(pair.counts), axis=pair.axis)
        result: Operand = b.reshape(parts[place], list(old.shape))
        return result

    def step(node: Node, firsts: Sequence[Operand], place: int) -> Build:
        def build(b: GraphBuilder, new: Mapped) -> Operand | list[Operand]:
            results = [part(b, new, wanted, old, place) for wanted, old in zip(firsts, node.outputs, strict=True)]
            return results if len(results) > 1 else results[0]

        return build

    changes: dict[Node, Build] = {pair.split: split}
    for node, other, _ in pair.steps:
        changes |= {node: step(node, node.outputs, 0), other: step(other, node.outputs, 1)}
    return changes


def _together(view: View, b: GraphBuilder, new: Mapped, first: Operand, second: Operand, pair: Pair) -> Operand:
    """What a step of both parts reads in the place of a row or number for each."""
    ones = [1] * len(pair.shape)
    if first is second:
        return b.reshape(new(first), [*ones, first.shape[-1]]) if first.rank > len(ones) + 1 else new(first)
    values = [view.value(operand) for operand in (first, second)]
    if values[0] is not None and values[1] is not None:
        width = max(value.size for value in values if value is not None)
        rows = [np.broadcast_to(v.reshape(1, -1), (n, width)) for v, n in zip(values, pair.counts, strict=True) if v is not None]
        return b.constant(np.concatenate(rows).reshape(*pair.shape, width))
    each = [b.reshape(new(operand), [*ones, operand.shape[-1]]) for operand in (first, second)]
    result: Operand = b.concat([row for row, n in zip(each, pair.counts, strict=True) for _ in range(n)], pair.axis)
    return result
