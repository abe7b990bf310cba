"""What of a graph can be computed once, before it runs: constants that are smaller as expressions.

Folding leaves an expression of constants in a graph where its result would be larger (a quantized weight and dequantizeLinear,
a mask that is expanded), and an implementation computes it again in every run. A graph is split here into what reads inputs, and
the expressions, which somebody can compute ahead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Node, Operand

TOGETHER_BYTES = 2**23
"""Bytes of the results of expressions that are computed together at most, but for one result that is larger by itself."""


@dataclass(frozen=True)
class Expansion:
    """Calls that read only constants.

    Attributes:
        reads: The graph's constants, in the order in which they are first read.
        nodes: The calls.
        makes: Those of their results that the rest of the graph reads.
    """

    reads: Sequence[Operand]
    nodes: Sequence[Node]
    makes: Sequence[Operand]

    @property
    def nbytes(self) -> int:
        """Bytes of what it makes."""
        return sum(operand.nbytes for operand in self.makes)


@dataclass(frozen=True)
class Split:
    """A graph in three parts.

    Attributes:
        nodes: The calls that read inputs, or have a result that is the graph's.
        dequantized: Calls of dequantizeLinear that read constants of at most 8 bits and make float32.
        expansions: All others, which may read what the dequantized make; no two share a call.
    """

    nodes: Sequence[Node]
    dequantized: Sequence[Node]
    expansions: Sequence[Expansion]

    @property
    def ahead(self) -> list[Node]:
        """All calls that can be computed ahead."""
        return [*self.dequantized, *(node for expansion in self.expansions for node in expansion.nodes)]


def split(graph: Graph, most_bytes: float = math.inf) -> Split:
    """The calls of a graph, without those whose results can be computed ahead.

    A float16 constant that is cast stays one: implementations take it as it is, in half the memory. What the graph returns is no
    constant, and stays, too; and what is dequantized to meet an activation that is: implementations have products of both.

    Args:
        graph: The graph.
        most_bytes: Of a result: no constant may have more.
    """
    known, staying = set(graph.constants), {*graph.outputs, *_met_by_quantized(graph)}
    ahead: list[Node] = []
    dequantized: list[Node] = []
    rest: list[Node] = []
    for node in graph.nodes:
        may_be = all(output.nbytes <= most_bytes and output not in staying for output in node.outputs)
        if may_be and known.issuperset(node.operands) and not _is_free(node, graph):
            (dequantized if _is_dequantized(node, graph) else ahead).append(node)
            known.update(node.outputs)
        else:
            rest.append(node)
    needed = {operand for node in rest for operand in node.operands}
    return Split(rest, dequantized, [_expansion(nodes, needed) for nodes in _connected(ahead)])


def batches(expansions: Sequence[Expansion], order: Mapping[Operand, int]) -> list[list[Expansion]]:
    """Expansions that are computed together, since each graph takes its time to be built.

    Args:
        expansions: All of them.
        order: Of the constants as they arrive; those that are there from the beginning are not in it.

    Returns:
        Groups, in the order in which all that they read is there.
    """
    ready = sorted(expansions, key=lambda expansion: max((order[operand] for operand in expansion.reads if operand in order), default=-1))
    groups: list[list[Expansion]] = []
    size = 0
    for expansion in ready:
        if not groups or size + expansion.nbytes > TOGETHER_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(expansion)
        size += expansion.nbytes
    return groups


def _met_by_quantized(graph: Graph) -> Iterator[Operand]:
    """Dequantized constants that are read beside what was quantized by scales that are known."""
    made = {node.output: node for node in graph.nodes if node.op == "dequantizeLinear"}

    def is_constant(operand: Operand) -> bool:
        return operand in graph.constants

    for node in graph.nodes:
        read = [made[operand] for operand in node.operands if operand in made]
        if any(not is_constant(one.arguments["input"]) and all(map(is_constant, one.operands[1:])) for one in read):
            yield from (one.output for one in read if is_constant(one.arguments["input"]))


def _is_dequantized(node: Node, graph: Graph) -> bool:
    """Whether a page computes a node's result with numbers of its own, bit by bit the same."""
    return (
        node.op == "dequantizeLinear"
        and all(operand in graph.constants for operand in node.operands)
        and node.arguments["input"].data_type.bits <= 8
        and node.output.data_type is DataType.FLOAT32
    )


def _is_free(node: Node, graph: Graph) -> bool:
    return node.op == "cast" and node.operands[0] in graph.constants and node.operands[0].data_type is DataType.FLOAT16


def _connected(nodes: Sequence[Node]) -> Iterable[list[Node]]:
    """The nodes in groups, each in their order: those of a group read each other's results."""
    group_of: dict[Operand, list[Node]] = {}
    groups: dict[int, list[Node]] = {}
    position = {node: i for i, node in enumerate(nodes)}
    for node in nodes:
        group = [node]
        for other in {id(group_of[operand]): group_of[operand] for operand in node.operands if operand in group_of}.values():
            group += other
            del groups[id(other)]
        groups[id(group)] = group
        group_of.update((output, group) for member in group for output in member.outputs)
    return [sorted(group, key=position.__getitem__) for group in groups.values()]


def _expansion(nodes: Sequence[Node], needed: set[Operand]) -> Expansion:
    made = {output for node in nodes for output in node.outputs}
    reads = dict.fromkeys(operand for node in nodes for operand in node.operands if operand not in made)
    return Expansion(list(reads), nodes, [output for node in nodes for output in node.outputs if output in needed])


def axes_of(node: Node) -> list[tuple[int, int]]:
    """How long each axis of a dequantizeLinear's input is, and in how many blocks it has scales; neighbours that are alike are one."""
    axes = [(1, 1)]
    for size, blocks in zip(node.output.shape, node.arguments["scale"].shape, strict=True):
        length, before = axes[-1]
        is_whole, is_single = before == blocks == 1, before == length and blocks == size
        if is_whole or is_single:
            axes[-1] = length * size, before * blocks
        else:
            axes.append((size, blocks))
    return [axis for axis in axes if axis != (1, 1)] or axes
