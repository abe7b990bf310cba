"""Parts of a tensor that go through the same steps, such as the queries and the keys of an attention: the steps once, for both.

    q, k, v = split(x)                      qk, v = split(x)
    q, k = f(q), f(k)               ->      q, k = split(f(qk))

Parts are rows below each other, and the steps leave each row to itself. What the steps read besides, a row or a number, may be another
for each part: then it is put together, too, once for all layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Node, Operand, Shape
from webnn_graph.ops import Trait, having
from webnn_graph.passes.movement import reduced_axes
from webnn_graph.passes.rewrite import Build, Mapped, View, replay

ELEMENTWISE = having(Trait.ELEMENTWISE)
REDUCTIONS = having(Trait.REDUCING)
COMMUTATIVE = ("add", "mul", "max", "min")
PRODUCTS = ("gemm", "matmul", "conv2d")


@dataclass(frozen=True)
class Step:
    """What a node does to each row, however rows are arranged.

    Attributes:
        op: The operator.
        shapes: Of a row in each result.
        options: What else the call says of a row.
    """

    op: str
    shapes: Sequence[Shape]
    options: Mapping[str, Any]

    def arguments(self, lead: Sequence[int]) -> dict[str, Any]:
        """The call's options for rows that are arranged so."""
        rank, shape = len(lead), self.shapes[0]
        if self.op in REDUCTIONS:
            return {**self.options, "axes": [rank]}
        if self.op in ("softmax", "split", "concat"):
            return {**self.options, "axis": rank}
        if self.op == "slice":
            return {"starts": [0] * rank + [self.options["start"]], "sizes": [*lead, self.options["size"]]} | (
                {"strides": [1] * rank + [self.options["stride"]]} if self.options["stride"] != 1 else {}
            )
        if self.op == "reshape":
            return {"newShape": [*lead, *shape]}
        if self.op == "reverse":
            return {"axes": [rank + axis for axis in self.options["axes"]]}
        return dict(self.options)


@dataclass
class Pair:
    """Two neighbours among the parts of a split, and what is made of them alike.

    Attributes:
        split: The call, of a tensor that is rows along one axis.
        place: That of the first of both parts.
        same: What is made of the first part, and of the second.
        rows: The shapes of a row in what is made of both.
        steps: The nodes that make it, of both, with what they do, and the second's operands in the order of the first's.
    """

    split: Node
    place: int
    same: dict[Operand, Operand] = field(default_factory=dict)
    rows: dict[Operand, Shape] = field(default_factory=dict)
    steps: list[tuple[Node, Node, Step, Sequence[Operand]]] = field(default_factory=list)

    def add(self, first: Operand, second: Operand, row: Shape) -> None:
        """Takes in what is made alike of both parts."""
        self.same[first] = second
        self.rows[first] = self.rows[second] = row

    @property
    def axis(self) -> int:
        """The axis along which rows stand below each other."""
        axis: int = self.split.arguments.get("axis", 0)
        return axis

    @property
    def counts(self) -> list[int]:
        """How many rows the parts have."""
        return [part.shape[self.axis] for part in self.split.outputs[self.place : self.place + 2]]

    def lead(self, count: int) -> list[int]:
        """How so many rows are arranged."""
        lead = list(self.split.arguments["input"].shape[:-1])
        lead[self.axis] = count
        return lead


class Siblings:
    """The pass, see this module's description; like `webnn_graph.passes.rewrite.Pass`."""

    name = "siblings"

    def apply(self, graph: Graph) -> Graph:
        """The graph with fewer steps."""
        if not any(_is_of_rows(node) for node in graph.nodes):
            return graph
        ordered = _given_first(graph)
        view = View(ordered)
        places = {output: i for i, node in enumerate(ordered.nodes) for output in node.outputs}
        changes: dict[Node, Build] = {}
        for node in ordered.nodes:
            pairs = (_pair(view, node, i, places) for i in range(len(node.outputs) - 1)) if _is_of_rows(node) else ()
            pair = next((pair for pair in pairs if _saves(view, pair)), None)
            if pair and not changes.keys() & _nodes(pair):
                changes |= _Joined(view, pair).changes()
        return replay(ordered, changes) if changes else graph


def _given_first(graph: Graph) -> Graph:
    """The graph in another order: first what is computed without any product with weights, as of positions."""
    behind: set[Operand] = set()
    first: list[Node] = []
    rest: list[Node] = []
    for node in graph.nodes:
        is_product = node.op in PRODUCTS and any(operand in graph.weights for operand in node.operands)
        if is_product or any(operand in behind for operand in node.operands):
            behind.update(node.outputs)
            rest.append(node)
        else:
            first.append(node)
    return replace(graph, nodes=(*first, *rest))


# ------------------------------------------------------------------------------------------------------------- what is done alike
def _is_of_rows(node: Node) -> bool:
    """Whether a node is a split of rows that stand below each other along one axis."""
    if node.op != "split":
        return False
    shape: Shape = node.arguments["input"].shape
    axis: int = node.arguments.get("axis", 0)
    return axis < len(shape) - 1 and math.prod(shape[:-1]) == shape[axis]


def _pair(view: View, split: Node, place: int, places: Mapping[Operand, int]) -> Pair:
    """What is made alike of a split's part and of the next one."""
    pair = Pair(split, place)
    first, second = (_arranged(view, part) for part in split.outputs[place : place + 2])
    pair.add(first, second, first.shape[-1:])
    taken: set[Node] = set()
    waiting = [first]
    for operand in waiting:
        for node in view.readers(operand):
            step = _step(node, pair)
            if node in taken or step is None:
                continue
            for other in view.readers(pair.same[operand]):
                read = _read(view, node, other, step, pair, places) if other not in taken else None
                if read is not None:
                    taken |= {node, other}
                    pair.steps.append((node, other, step, read))
                    for a, b, row in zip(node.outputs, other.outputs, step.shapes, strict=True):
                        pair.add(a, b, row)
                    waiting += node.outputs
                    break
    return pair


def _arranged(view: View, part: Operand) -> Operand:
    """A part, or what all of its readers read: a reshape of it with the same rows."""
    readers = view.readers(part)
    if view.only_user(part) and readers and readers[0].op == "reshape" and readers[0].output.shape[-1:] == part.shape[-1:]:
        return readers[0].output
    return part


def _step(node: Node, pair: Pair) -> Step | None:
    """What a node does to each row of a part, which it reads with nothing but single rows besides; None if it does more."""
    own = [operand for operand in node.operands if operand in pair.rows]
    others = [operand for operand in node.operands if operand not in pair.rows]
    if not own:
        return None
    shape, row = own[0].shape, pair.rows[own[0]]
    lead, outputs = shape[: len(shape) - len(row)], node.outputs
    plain = {name: value for name, value in node.arguments.items() if name not in ("a", "b", "input", "inputs", "axis", "axes")}
    plain = {name: value for name, value in plain.items() if not isinstance(value, Operand)}
    if node.op == "reshape":
        return _reshape(node, row)
    if node.op == "reverse":
        axes = [axis - len(lead) for axis in node.arguments.get("axes", range(len(shape)))]
        return Step(node.op, [row], {"axes": axes}) if min(axes, default=0) >= 0 else None
    if len(row) > 1 or any(pair.rows[operand][:-1] or operand.shape[:-1] != lead for operand in own):
        return None
    rows = [output.shape[-1:] for output in outputs]
    if node.op in ELEMENTWISE:
        fits = outputs[0].shape[:-1] == lead and all(math.prod(operand.shape[:-1]) == 1 for operand in others)
        return Step(node.op, rows, plain) if fits else None
    if others:
        return None
    if node.op in REDUCTIONS:
        fits = bool(plain.get("keepDimensions", False)) and reduced_axes(node) == [len(lead)]
        return Step(node.op, rows, plain) if fits else None
    if node.op == "slice":
        starts, sizes, strides = (list(node.arguments.get(name) or [1] * len(shape)) for name in ("starts", "sizes", "strides"))
        whole = not any(starts[:-1]) and sizes[:-1] == list(lead) and all(stride == 1 for stride in strides[:-1])
        return Step(node.op, rows, {"start": starts[-1], "size": sizes[-1], "stride": strides[-1]}) if whole else None
    return Step(node.op, rows, plain) if node.op in ("softmax", "split", "concat") and node.arguments.get("axis", 0) == len(lead) else None


def _reshape(node: Node, row: Shape) -> Step | None:
    """A reshape that gives each row another shape."""
    shape: Shape = node.output.shape
    first = len(shape) - 1
    while first > 0 and math.prod(shape[first:]) < math.prod(row):
        first -= 1
    changed = shape[first:]
    return Step("reshape", [changed], {}) if changed != row and math.prod(changed) == math.prod(row) else None


def _read(view: View, node: Node, other: Node, step: Step, pair: Pair, places: Mapping[Operand, int]) -> Sequence[Operand] | None:
    """The operands of another node in the order of the node's, if it does the same to the other part."""
    if other.op != node.op or _step(other, pair) != step:
        return None
    orders = [other.operands, other.operands[::-1]] if node.op in COMMUTATIVE else [other.operands]
    for read in orders:
        if len(read) == len(node.operands) and all(_fit(view, a, b, pair, places) for a, b in zip(node.operands, read, strict=True)):
            return read
    return None


def _fit(view: View, a: Operand, b: Operand, pair: Pair, places: Mapping[Operand, int]) -> bool:
    """Whether two operands stand at the same place of the same step, one for each part."""
    if a in pair.rows or b in pair.rows:
        return pair.same.get(a) is b
    begin = places[pair.split.outputs[0]]
    if places.get(a, -1) >= begin or places.get(b, -1) >= begin:
        return False  # it may depend on what is made of the parts
    if a is b or (view.value(a) is not None and view.value(b) is not None):
        return True
    shared = not view.only_user(a) and not view.only_user(b)  # by all layers, for which they are put together once
    return shared and a.rank > 0 and b.rank > 0 and a.shape[-1] == b.shape[-1]


def _nodes(pair: Pair) -> set[Node]:
    return {pair.split, *(node for step in pair.steps for node in step[:2])}


def _saves(view: View, pair: Pair) -> bool:
    """Whether the steps that are saved are more than the calls that take the results apart and arrange them."""
    inside = _nodes(pair)
    outputs = set(view.graph.outputs)
    apart = 0
    for both in pair.same.items():
        if any(operand in outputs or any(reader not in inside for reader in view.readers(operand)) for operand in both):
            shapes = [(*pair.lead(count), *pair.rows[both[0]]) for count in pair.counts]
            apart += 1 + sum(shape != operand.shape for shape, operand in zip(shapes, both, strict=True))
    return len(pair.steps) > apart


# ------------------------------------------------------------------------------------------------------------------ how it is made
class _Joined:
    """The steps of a pair as they are made of both parts."""

    def __init__(self, view: View, pair: Pair) -> None:
        self.view = view
        self.pair = pair
        self.lead = pair.lead(sum(pair.counts))
        self.made: dict[Operand, Operand] = {}
        """What is made of both, by what was made of the first part."""

    def changes(self) -> dict[Node, Build]:
        """How the split is made, and what the steps of both parts give, by node."""
        changes: dict[Node, Build] = {self.pair.split: self._split}
        for node, other, _, _ in self.pair.steps:
            changes |= {node: self._part(node, node, 0), other: self._part(node, other, 1)}
        return changes

    def _split(self, b: GraphBuilder, new: Mapped) -> list[Operand]:
        pair = self.pair
        x, place = new(pair.split.arguments["input"]), pair.place
        sizes = [part.shape[pair.axis] for part in pair.split.outputs]
        together = [*sizes[:place], sum(pair.counts), *sizes[place + 2 :]]
        parts = b.split(x, together, axis=pair.axis) if len(together) > 1 else [x]
        self.made[next(iter(pair.same))] = parts[place]
        return [*parts[:place], *b.split(parts[place], pair.counts, axis=pair.axis), *parts[place + 1 :]]

    def _part(self, first: Node, node: Node, place: int) -> Build:
        """How a node's results are made: as parts of what is made of both."""

        def build(b: GraphBuilder, new: Mapped) -> Operand | list[Operand]:
            self._make(b, new, first)
            results = [
                b.reshape(b.split(self.made[whole], self.pair.counts, axis=self.pair.axis)[place], list(old.shape))
                for whole, old in zip(first.outputs, node.outputs, strict=True)
            ]
            return results if len(results) > 1 else results[0]

        return build

    def _make(self, b: GraphBuilder, new: Mapped, wanted: Node) -> None:
        """Makes the steps up to a node's, of both parts."""
        for node, _, step, read in self.pair.steps:
            if node.outputs[0] not in self.made:
                second = dict(zip(node.operands, read, strict=True))
                arguments = {
                    name: self._operand(b, new, value, second[value])
                    if isinstance(value, Operand)
                    else [self._operand(b, new, one, second[one]) for one in value]
                    for name, value in node.arguments.items()
                    if isinstance(value, Operand) or name == "inputs"
                }
                with b.source(node.label):
                    result = b.call(node.op, **arguments, **step.arguments(self.lead))
                self.made.update(zip(node.outputs, result if isinstance(result, list) else [result], strict=True))
            if node is wanted:
                break

    def _operand(self, b: GraphBuilder, new: Mapped, first: Operand, second: Operand) -> Operand:
        """What a step of both parts reads: what is made of both, or in the place of a row or number for each."""
        if first in self.made:
            return self.made[first]
        ones = [1] * len(self.lead)
        if first is second:
            return b.reshape(new(first), [*ones, first.shape[-1]]) if first.rank > len(ones) + 1 else new(first)
        values = [value for operand in (first, second) if (value := self.view.value(operand)) is not None]
        if len(values) == 2:
            width = max(value.size for value in values)
            rows = [np.broadcast_to(value.reshape(1, -1), (n, width)) for value, n in zip(values, self.pair.counts, strict=True)]
            return b.constant(np.concatenate(rows).reshape(*self.lead, width))
        each = [b.reshape(new(operand), [*ones, operand.shape[-1]]) for operand in (first, second)]
        result: Operand = b.concat([row for row, n in zip(each, self.pair.counts, strict=True) for _ in range(n)], self.pair.axis)
        return result
