"""Weights that a graph may read from tensors, which other graphs read, too, instead of constants of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from webnn_graph.graph import Node, Operand

LEAST = 2**14
"""Elements of a weight from which on it is worth while."""


def held(nodes: Sequence[Node], constants: Iterable[Operand]) -> list[Operand]:
    """Those of some constants that calls read on the left side of products, or row by row, and in no other way.

    Implementations arrange a constant on the right side for the product, which they cannot do with a tensor.
    """
    read = {operand for node in nodes for operand in node.operands}
    others = {operand for node in nodes for operand in node.operands if not _is_held(node, operand)}
    return [operand for operand in constants if operand.size >= LEAST and operand in read - others]


def _is_held(node: Node, operand: Operand) -> bool:
    reads = [name for name, value in node.arguments.items() if value is operand]
    return (node.op, reads) in (("matmul", ["a"]), ("gather", ["input"]))
