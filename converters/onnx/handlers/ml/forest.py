"""Decision trees walked from their roots: as many steps as the deepest has levels, for all samples and trees at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

COMPARISONS = ("lesserOrEqual", "lesser", "greaterOrEqual", "greater", "equal", "notEqual")
"""By the number of a node's mode."""
MEMBER = 6
AVERAGE, SUM, MIN, MAX = range(4)
MAX_DEPTH = 256
"""Levels of a tree, each of which takes some ten calls."""


@dataclass(frozen=True)
class Forest:
    """Trees whose nodes and leaves are numbered together; a leaf leads to itself.

    Attributes:
        roots: The first node of each tree.
        features: Which feature a node looks at; 0 for leaves.
        splits: What it is compared with, float32.
        modes: How, see `COMPARISONS` and `MEMBER`.
        on_true: The node that follows when the comparison holds.
        on_false: The node that follows when it does not.
        missing: Whether NaN goes the way of ``on_true``; None when it is compared.
        members: For nodes of mode `MEMBER` the numbers that hold, float32 [nodes, most], filled up with NaN; None without any.
        weights: float32 [nodes, targets], what a leaf adds to each.
        reached: uint8 [nodes, targets], to which targets a leaf says something.
    """

    roots: Array
    features: Array
    splits: Array
    modes: Array
    on_true: Array
    on_false: Array
    missing: Array | None
    members: Array | None
    weights: Array
    reached: Array

    def depth(self) -> int:
        """How many steps lead to the last leaf.

        Raises:
            ConversionError: The trees are too deep, or a node leads back to one before it.
        """
        here, inner = np.unique(self.roots), self.on_true != np.arange(len(self.on_true))
        for step in range(MAX_DEPTH):
            here = here[inner[here]]
            if not here.size:
                return step
            here = np.unique(np.concatenate([self.on_true[here], self.on_false[here]]))
        raise ConversionError(f"has a tree of more than {MAX_DEPTH} levels, or one that is none")

    def leaves(self, b: GraphBuilder, x: Operand) -> Operand:
        """The leaf of each sample of x, float32 [N, features], in each tree: int32 [N, trees]."""
        depth = self.depth()
        here = b.expand(b.constant(self.roots.astype(np.int32)), [x.shape[0], len(self.roots)])
        for _ in range(depth):
            decided = self._decided(b, x, here)
            here = b.where(decided, self._at(b, self.on_true.astype(np.int32), here), self._at(b, self.on_false.astype(np.int32), here))
        return here

    def total(self, b: GraphBuilder, x: Operand, function: int = SUM) -> Operand:
        """What the trees say together: float32 [N, targets]."""
        leaves = self.leaves(b, x)
        b.reserve(*leaves.shape, self.weights.shape[1], element_bytes=4)
        said = self._at(b, self.weights, leaves)
        if function in (SUM, AVERAGE):
            total = b.reduceSum(said, axes=[1])
            return b.div(total, len(self.roots)) if function == AVERAGE else total
        reached = self._at(b, self.reached, leaves)
        neutral = b.constant(np.float32("inf" if function == MIN else "-inf"))
        found = b.call("reduceMin" if function == MIN else "reduceMax", b.where(reached, said, neutral), axes=[1])
        return b.where(b.reduceMax(reached, axes=[1]), found, 0)

    def said(self, b: GraphBuilder, x: Operand) -> Operand | None:
        """To which targets any tree says something: uint8 [N, targets]; None when that is always to all."""
        if all(any(self.reached[leaves, target].all() for leaves in self._trees()) for target in range(self.reached.shape[1])):
            return None
        return b.reduceMax(self._at(b, self.reached, self.leaves(b, x)), axes=[1])

    def _trees(self) -> list[list[int]]:
        """The leaves of each tree."""
        trees = []
        for root in self.roots.tolist():
            waiting, leaves = [root], []
            while waiting:
                node = waiting.pop()
                if self.on_true[node] == node:
                    leaves.append(node)
                else:
                    waiting += {int(self.on_true[node]), int(self.on_false[node])}
            trees.append(leaves)
        return trees

    def _at(self, b: GraphBuilder, table: Array, here: Operand) -> Operand:
        return b.gather(b.constant(table), here, axis=0)

    def _decided(self, b: GraphBuilder, x: Operand, here: Operand) -> Operand:
        """Whether the comparison of each node holds: uint8 [N, trees]."""
        value = b.gatherElements(x, self._at(b, self.features.astype(np.int32), here), axis=1)
        used = np.unique(self.modes[self.on_true != self.on_false])
        held: Operand | None = None
        for mode in used:
            result = self._holds(b, value, here, int(mode))
            applies = self._at(b, (self.modes == mode).astype(np.uint8), here) if len(used) > 1 else None
            result = result if applies is None else b.logicalAnd(result, applies)
            held = result if held is None else b.logicalOr(held, result)
        held = held if held is not None else b.equal(value, value)
        if self.missing is not None and self.missing.any():
            held = b.logicalOr(held, b.logicalAnd(b.isNaN(value), self._at(b, self.missing.astype(np.uint8), here)))
        return held

    def _holds(self, b: GraphBuilder, value: Operand, here: Operand, mode: int) -> Operand:
        if mode == MEMBER:
            assert self.members is not None
            return b.reduceMax(b.equal(b.reshape(value, [*value.shape, 1]), self._at(b, self.members, here)), axes=[2])
        if mode > MEMBER:
            raise ConversionError(f"is not a valid node: nodes_modes has the entry {mode}")
        compared: Operand = b.call(COMPARISONS[mode], value, self._at(b, self.splits, here))
        return compared


def table_of(b: GraphBuilder, count: int, targets: int, leaves: Sequence[int], ids: Sequence[int], values: Array) -> tuple[Array, Array]:
    """The weights and the reached targets of a `Forest`, of which each leaf may have several.

    Raises:
        ConversionError: A target is out of range.
    """
    if not len(leaves) == len(ids) == len(values):
        raise ConversionError(f"is not a valid node: {len(values)} weights for {len(ids)} targets of {len(leaves)} leaves")
    if ids and not 0 <= min(ids) <= max(ids) < targets:
        raise ConversionError(f"is not a valid node: target {max(ids)} of {targets}")
    b.reserve(count, targets, element_bytes=8)
    weights: Array = np.zeros((count, targets), np.float32)
    reached: Array = np.zeros((count, targets), np.uint8)
    np.add.at(weights, (list(leaves), list(ids)), values.astype(np.float32))
    reached[list(leaves), list(ids)] = 1
    return weights, reached
