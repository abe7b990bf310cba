"""Products with weights on their left side, for tokens that are columns.

LiteRT, with which Chromium computes on a CPU, keeps a second copy of a constant that is the right side of a product, packed. One on
the left side is read as it is, and takes as long when there are many tokens; and it need not be a constant: a graph may read it from a
tensor that others read, too. A prompt's graph is written so for pages:

    gemm(x, W, bTranspose=true)  ->  matmul(W, transpose(x)), transposed

with x [tokens, n] and W [m, n]. Steps between two products leave each token to itself, so they are computed with tokens as columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.expansion import split
from webnn_graph.formats.held import LEAST
from webnn_graph.graph import Graph, Node, Operand, Shape
from webnn_graph.ops import Trait, having
from webnn_graph.passes import movement
from webnn_graph.passes.movement import reduced_axes
from webnn_graph.passes.rewrite import Pass

ELEMENTWISE = having(Trait.ELEMENTWISE)
REDUCTIONS = having(Trait.REDUCING)
MOVING = Pass("columns", (movement.RULES,))
"""What merges transposes; others would put products and sums together again."""


def with_columns(graph: Graph) -> Graph:
    """The graph with weights on the left side of products, equal to rounding."""
    return _Columns(graph).built()


class _Columns:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.b = GraphBuilder(graph.name, Budget(math.inf))  # the graph exists
        self.b.about(graph)
        self.rows = {o: self.b.input(o.name, o.data_type, o.shape, o.distribution) for o in graph.inputs}
        self.rows |= {operand: self.b.constant(weight, name=operand.name) for operand, weight in graph.weights.items()}
        self.known = {*graph.constants, *(output for node in split(graph).ahead for output in node.outputs)}
        self.columns: dict[Operand, Operand] = {}
        """What is [tokens, n] in the graph, as [n, tokens]."""

    def built(self) -> Graph:
        for node in self.graph.nodes:
            with self.b.source(node.label):
                if not self._in_columns(node):
                    self._as_it_was(node)
        return MOVING.apply(self.b.build({operand.name: self._row(operand) for operand in self.graph.outputs}))

    def _as_it_was(self, node: Node) -> None:
        result = self.b.repeat(node, self._row)
        for old, new in zip(node.outputs, result if isinstance(result, list) else [result], strict=True):
            self.rows[old] = new
            self.b.suggest(new, old.name)

    def _row(self, operand: Operand) -> Operand:
        if operand not in self.rows:
            self.rows[operand] = self.b.transpose(self.columns[operand])
        return self.rows[operand]

    def _column(self, operand: Operand) -> Operand:
        if operand not in self.columns:
            self.columns[operand] = self.b.transpose(self.rows[operand])
        return self.columns[operand]

    def _in_columns(self, node: Node) -> bool:
        """Computes a node with tokens as columns, if it is such a step."""
        if node.op == "gemm":
            made = self._product(node.arguments)
        elif node.op in ELEMENTWISE and any(operand in self.columns for operand in node.operands):
            made = self._elementwise(node)
        elif node.op in REDUCTIONS and node.arguments["input"] in self.columns:
            made = self._reduced(node)
        elif node.op == "reshape" and node.arguments["input"] in self.columns:
            return self._reshaped(node)
        else:
            return False
        if made is None:
            return False
        self.columns[node.output] = made
        return True

    def _product(self, given: Mapping[str, Any]) -> Operand | None:
        x, weight, bias = given["a"], given["b"], given.get("c")
        plain = given.get("bTranspose") and not given.get("aTranspose") and given.get("alpha", 1) == 1 and given.get("beta", 1) == 1
        if not plain or weight not in self.known or weight.size < LEAST:
            return None
        if bias is not None and (bias not in self.known or bias.size != weight.shape[0]):
            return None
        made = self.b.matmul(self._row(weight), self._column(x))
        return made if bias is None else self.b.add(made, self.b.reshape(self._row(bias), [bias.size, 1]))

    def _elementwise(self, node: Node) -> Operand | None:
        if len(node.outputs) > 1 or node.output.rank != 2:
            return None
        if any(operand.rank > 2 or operand.shape not in _readable(node.output.shape) for operand in node.operands):
            return None

        def column(operand: Operand) -> Operand:
            if operand.rank == 2:
                return self._column(operand)
            return self.b.reshape(self._row(operand), [operand.size, 1]) if operand.rank == 1 else self._row(operand)

        made: Operand = self.b.repeat(node, column)
        return made

    def _reduced(self, node: Node) -> Operand | None:
        x = node.arguments["input"]
        if not node.arguments.get("keepDimensions", False) or reduced_axes(node) != [1]:
            return None
        others = {name: value for name, value in node.arguments.items() if name not in ("input", "axes")}
        made: Operand = self.b.call(node.op, self._column(x), axes=[0], **others)
        return made

    def _reshaped(self, node: Node) -> bool:
        """[tokens, n] to [tokens, ..., n] in pieces: the same of columns, and moved then."""
        x, shape = node.arguments["input"], list(node.output.shape)
        tokens = x.shape[0]
        large = [axis for axis, size in enumerate(shape) if size > 1]
        if tokens == 1 or not large or shape[large[0]] != tokens:
            return False
        first = large[0]
        pieces = shape[:first] + shape[first + 1 :]
        made = self.b.reshape(self.columns[x], [*pieces, tokens])
        order = [*range(first), len(pieces), *range(first, len(pieces))]
        self.rows[node.output] = self.b.transpose(made, permutation=order)
        self.b.suggest(self.rows[node.output], node.output.name)
        return True


def _readable(shape: Shape) -> set[Shape]:
    """The shapes of what a step of [tokens, n] may read."""
    tokens, n = shape
    return {shape, (tokens, 1), (1, n), (1, 1), (n,), (1,), ()}
