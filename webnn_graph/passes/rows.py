"""Reshapes that only arrange rows anew: steps that leave each row to itself are computed in the arrangement that needs the fewest.

A row is what stands along the last axis. Linear layers are products of matrices, and what stands between them (a normalization, an
activation, a residual sum) asks for no other shape; the heads of an attention are one number or two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph, Node, Operand, map_arguments
from webnn_graph.ops import Trait, having
from webnn_graph.passes.movement import reduced_axes
from webnn_graph.passes.rewrite import Build, Mapped, replay

Shape: TypeAlias = tuple[int, ...]
"""How rows are arranged: a shape without its last axis."""
ELEMENTWISE = having(Trait.ELEMENTWISE)
REDUCTIONS = having(Trait.REDUCING)
MOST_ROUNDS = 100


@dataclass
class Chain:
    """Steps that leave rows to themselves, joined by what they make and read.

    Attributes:
        rows: The arrangement that they have now.
        nodes: The steps.
        operands: What they make, and read row by row.
    """

    rows: Shape
    nodes: list[Node] = field(default_factory=list)
    operands: dict[Operand, None] = field(default_factory=dict)


class Rows:
    """The pass, see this module's description; like `webnn_graph.passes.rewrite.Pass`."""

    name = "rows"

    def apply(self, graph: Graph) -> Graph:
        """The graph with fewer reshapes."""
        for _ in range(MOST_ROUNDS):
            changes = _changes(graph)
            if not changes:
                break
            graph = replay(graph, changes)
        return graph


def _changes(graph: Graph) -> dict[Node, Build]:
    """The steps that are computed in another arrangement, of chains that do not touch each other."""
    use = _Use(graph)
    changes: dict[Node, Build] = {}
    taken: set[Operand] = set()
    for chain in _chains(graph):
        beside = use.beside(chain)
        if taken & beside:
            continue
        rows = min(use.arrangements(chain), key=lambda rows: (use.cost(chain, rows), rows != chain.rows))
        if rows != chain.rows:
            taken |= beside | set(chain.operands)
            changes |= {node: _arranged(node, rows) for node in chain.nodes}
    return changes


# -------------------------------------------------------------------------------------------------------------------- what is a step
def _rowwise(node: Node) -> list[Operand] | None:
    """The operands that a step reads row by row, all arranged as its results are; None for a step that is no such one."""
    output = node.outputs[0]
    if output.rank < 2:
        return None
    last, rows = output.rank - 1, output.shape[:-1]
    operands: list[Operand]
    if node.op in ELEMENTWISE:
        operands = [o for o in node.operands if o.rank == output.rank and o.shape[:-1] == rows]
        others = [o for o in node.operands if o not in operands]
        return operands if operands and all(_is_one_row(o) for o in others) else None
    if node.op in REDUCTIONS:
        fits = node.arguments.get("keepDimensions", False) and reduced_axes(node) == [last]
    elif node.op in ("softmax", "split", "concat"):
        fits = node.arguments.get("axis", 0) == last
    elif node.op == "slice":
        fits = not any(node.arguments["starts"][:-1]) and node.arguments["input"].shape[:-1] == rows
        fits = fits and all(step == 1 for step in node.arguments.get("strides", [1])[:-1])
    elif node.op == "layerNormalization":
        fits = node.arguments.get("axes", list(range(1, output.rank))) == [last]
    else:
        return None
    operands = list(node.arguments["inputs"]) if node.op == "concat" else [node.arguments["input"]]
    return operands if fits else None


def _is_one_row(operand: Operand) -> bool:
    """Whether an operand is one row, or a number, that broadcasts to all rows."""
    return all(n == 1 for n in operand.shape[:-1])


def _chains(graph: Graph) -> Iterator[Chain]:
    """The chains of a graph, in its order."""
    parents: dict[Operand, Operand] = {}

    def root(operand: Operand) -> Operand:
        while parents.setdefault(operand, operand) is not operand:
            operand = parents[operand]
        return operand

    steps = [(node, operands) for node in graph.nodes if (operands := _rowwise(node))]
    for node, operands in steps:
        first = root(operands[0])  # the older, so that no path grows with a chain
        for operand in (*operands, *node.outputs):
            parents[root(operand)] = first
    chains: dict[Operand, Chain] = {}
    for node, operands in steps:
        chain = chains.setdefault(root(node.outputs[0]), Chain(node.outputs[0].shape[:-1]))
        chain.nodes.append(node)
        chain.operands |= dict.fromkeys((*operands, *node.outputs))
    yield from chains.values()


# ----------------------------------------------------------------------------------------------------------------- what it costs
class _Use:
    """Who makes and who reads the operands of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.producers = {output: node for node in graph.nodes for output in node.outputs}
        self.readers: Mapping[Operand, list[Node]] = defaultdict(list)
        for node in graph.nodes:
            for operand in dict.fromkeys(node.operands):
                self.readers[operand].append(node)
        self.outputs = set(graph.outputs)

    def _reshaped(self, operand: Operand) -> Operand | None:
        """What an operand is a reshape of, if it is."""
        node = self.producers.get(operand)
        return node.arguments["input"] if node is not None and node.op == "reshape" else None

    def _borders(self, chain: Chain) -> tuple[list[Operand], list[tuple[Operand, Node]]]:
        """What a chain reads that it does not make, and who reads what belongs to it."""
        inside = set(chain.nodes)
        read = [o for o in chain.operands if self.producers.get(o) not in inside and o not in self.graph.weights]
        return read, [(o, node) for o in chain.operands for node in self.readers[o] if node not in inside]

    def beside(self, chain: Chain) -> set[Operand]:
        """All that a chain and its neighbours have in common."""
        read, readers = self._borders(chain)
        before = {made for o in read if (made := self._reshaped(o))}
        return {*chain.operands, *before, *(output for _, node in readers if node.op == "reshape" for output in node.outputs)}

    def arrangements(self, chain: Chain) -> list[Shape]:
        """The one that a chain has, and those that its neighbours have."""
        read, readers = self._borders(chain)
        others = [(o, before) for o in read if (before := self._reshaped(o))]
        others += [(o, node.output) for o, node in readers if node.op == "reshape"]
        found = [other.shape[:-1] for o, other in others if other.rank > 1 and other.shape[-1] == o.shape[-1]]
        return list(dict.fromkeys((chain.rows, *found)))

    def cost(self, chain: Chain, rows: Shape) -> int:
        """How many reshapes stand around a chain when it is arranged so."""
        read, readers = self._borders(chain)
        inside = set(chain.nodes)
        total = 0
        for operand in read:
            before = self._reshaped(operand)
            if before is None:
                total += rows != chain.rows
            elif rows == chain.rows:
                total += all(node in inside for node in self.readers[operand])  # else it is there anyway
            else:
                total += before.shape != (*rows, operand.shape[-1])
        shapes = {(o, self._needed(o, node)) for o, node in readers} | {(o, o.shape) for o in chain.operands if o in self.outputs}
        total += sum(shape is not None and shape != (*rows, o.shape[-1]) for o, shape in shapes)
        one_row = {o for node in chain.nodes for o in node.operands if o not in chain.operands and o not in self.graph.weights}
        return total + sum(o.rank > len(rows) + 1 for o in one_row)

    def _needed(self, operand: Operand, reader: Node) -> Shape | None:
        """The shape in which a reader outside of a chain takes an operand; None for any, of one row."""
        if reader.op == "reshape":
            shape: Shape = reader.output.shape
            return shape
        steps = _rowwise(reader)
        return None if steps and operand not in steps else operand.shape


# ------------------------------------------------------------------------------------------------------------------ how it is made
def _arranged(node: Node, rows: Shape) -> Build:
    """How a step is computed in another arrangement; its results get their own again, which the next step takes back."""
    read = _rowwise(node) or []
    last = len(rows)
    changes: dict[str, Any] = {}
    if node.op in ("softmax", "split", "concat"):
        changes["axis"] = last
    elif node.op == "slice":
        changes = {"starts": [0] * last + [node.arguments["starts"][-1]], "sizes": [*rows, node.arguments["sizes"][-1]]}
        if "strides" in node.arguments:
            changes["strides"] = [1] * last + [node.arguments["strides"][-1]]
    elif node.op not in ELEMENTWISE:
        changes["axes"] = [last]

    def build(b: GraphBuilder, new: Mapped) -> Operand | list[Operand]:
        def operand(old: Operand) -> Operand:
            if old in read:
                return b.reshape(new(old), [*rows, old.shape[-1]])
            made = new(old)
            return b.reshape(made, list(made.shape[-1:])) if made.rank > last + 1 else made

        made = b.call(node.op, **{**map_arguments(node.arguments, operand), **changes})
        results = made if isinstance(made, list) else [made]
        shaped = [b.reshape(result, list(old.shape)) for result, old in zip(results, node.outputs, strict=True)]
        return shaped if isinstance(made, list) else shaped[0]

    return build
