"""The weights of a graph: constants that layers read, and which of their axes a layer sums up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from webnn_graph.graph import Graph, Node, Operand, operands_in
from webnn_graph.ops import OPS

Axes: TypeAlias = frozenset[int]
Readers: TypeAlias = Mapping[Operand, Sequence[tuple[Node, str]]]


@dataclass(frozen=True)
class Use:
    """A layer that reads a weight.

    Attributes:
        node: The layer's call.
        summed: The axes of the constant that the layer sums up; all others are output channels. None where a reshape between the
            two makes one axis of both kinds.
    """

    node: Node
    summed: Axes | None


@dataclass(frozen=True)
class LayerWeight:
    """A constant that layers read.

    Attributes:
        operand: The constant.
        uses: The layers, of which there is at least one.
        others: Whether something else reads it, too.
    """

    operand: Operand
    uses: tuple[Use, ...]
    others: bool

    @property
    def is_table(self) -> bool:
        """Whether rows are gathered from it."""
        return any(use.node.op == "gather" for use in self.uses)

    @property
    def is_read_by_rows(self) -> bool:
        """Whether nothing else happens to it."""
        return not self.others and all(use.node.op == "gather" and self.operand in use.node.operands for use in self.uses)

    @property
    def summed(self) -> Axes | None:
        """The axes that share a scale: what its first layer sums up."""
        return next((use.summed for use in self.uses if use.summed is not None), None)

    @property
    def names(self) -> list[str]:
        """What it goes by: its layers' labels, the names of their results, and its own."""
        of_layers = [name for use in self.uses for name in (use.node.label, *(output.name for output in use.node.outputs)) if name]
        return [*dict.fromkeys([*of_layers, self.operand.name])]


def name_of(node: Node) -> str:
    """What a layer is called: by its label, or by its result where it has none."""
    return node.label or node.outputs[0].name


def layer_weights(graph: Graph) -> list[LayerWeight]:
    """The floating point constants that layers read, directly or transposed and reshaped, in the graph's order."""
    readers: dict[Operand, list[tuple[Node, str]]] = defaultdict(list)
    for node in graph.nodes:
        for name, value in node.arguments.items():
            for operand in operands_in(value):
                readers[operand].append((node, name))
    results = set(graph.outputs)
    found = []
    for operand in graph.constants:
        uses = list(_uses(operand, (), readers, results)) if operand.data_type.is_float else []
        layers = tuple(use for use in uses if use is not None)
        if layers:
            found.append(LayerWeight(operand, layers, len(layers) < len(uses)))
    return found


def _uses(operand: Operand, path: tuple[Node, ...], readers: Readers, results: Set[Operand]) -> Iterator[Use | None]:
    """What reads a constant behind the calls of ``path``; None stands for what is no layer."""
    if operand in results:
        yield None
    for node, name in readers.get(operand, ()):
        if node.op in _BACK:
            yield from _uses(node.output, (*path, node), readers, results)
            continue
        summed = _SUMMED[node.op](node, name) if node.op in _SUMMED else None
        yield Use(node, _before(summed, path)) if summed is not None else None


# ------------------------------------------------------------------------------------------------------ what is summed up
def _matmul(node: Node, name: str) -> Axes:
    rank = node.arguments[name].rank
    return frozenset([rank - 1 if name == "a" else rank - 2])


def _gemm(node: Node, name: str) -> Axes | None:
    if name == "c":
        return None
    is_transposed = node.arguments.get(f"{name}Transpose", False)
    return frozenset([int((name == "a") != is_transposed)])


def _filter(node: Node, name: str) -> Axes | None:
    """All axes of a convolution's filter but that of the output channels."""
    if name != "filter":
        return None
    layout = node.arguments.get("filterLayout", OPS[node.op].parameters["filterLayout"].default)
    return frozenset(axis for axis, kind in enumerate(layout) if kind != "o")


def _recurrent(node: Node, name: str) -> Axes | None:
    return frozenset([node.arguments[name].rank - 1]) if name in ("weight", "recurrentWeight") else None


def _table(node: Node, name: str) -> Axes | None:
    """All axes of a table but that of its rows: each row has its own scale."""
    rows = node.arguments.get("axis", 0)
    return frozenset(axis for axis in range(node.arguments["input"].rank) if axis != rows) if name == "input" else None


_SUMMED: Mapping[str, Callable[[Node, str], Axes | None]] = {
    "matmul": _matmul,
    "gemm": _gemm,
    "conv2d": _filter,
    "convTranspose2d": _filter,
    "gru": _recurrent,
    "gruCell": _recurrent,
    "lstm": _recurrent,
    "lstmCell": _recurrent,
    "gather": _table,
}
"""By operator of a layer: the axes of an operand that it sums up, from the operand's name; None for one that is no weight."""


# ------------------------------------------------------------------------------------------------- between constant and layer
def _before(axes: Axes, path: Sequence[Node]) -> Axes | None:
    """The same axes before the calls of ``path``."""
    found: Axes | None = axes
    for node in reversed(path):
        found = _BACK[node.op](found, node) if found is not None else None
    return found


def _untransposed(axes: Axes, node: Node) -> Axes:
    rank = node.output.rank
    permutation = node.arguments.get("permutation", range(rank)[::-1])
    return frozenset(permutation[axis] for axis in axes)


def _unreshaped(axes: Axes, node: Node) -> Axes | None:
    """The axes before a reshape: of each run of axes that were made of others, all or none must be among them."""
    before, after = node.arguments["input"].shape, node.output.shape
    found: set[int] = set()
    for old, new in _runs(before, after):
        wanted = {axis in axes for axis in new if after[axis] != 1}
        if wanted == {True}:
            found.update(old)
        elif len(wanted) > 1:
            return None
    return frozenset(found)


def _runs(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[range, range]]:
    """The shortest runs of axes of two shapes that have equally many elements, one after the other."""
    i = j = 0
    while i < len(before) or j < len(after):
        k, m = i + 1, j + 1
        while math.prod(before[i:k]) != math.prod(after[j:m]):
            if math.prod(before[i:k]) < math.prod(after[j:m]):
                k += 1
            else:
                m += 1
        if k >= len(before) or m >= len(after):  # what is left of the other are ones
            k, m = len(before), len(after)
        yield range(i, k), range(j, m)
        i, j = k, m


_BACK: Mapping[str, Callable[[Axes, Node], Axes | None]] = {"transpose": _untransposed, "reshape": _unreshaped}
"""By operator that may stand between a constant and a layer: the axes of its input for those of its result."""
