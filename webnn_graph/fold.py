"""Folding of constant expressions, never at the price of larger weights.

A browser computes constant expressions again on every dispatch, so whatever can be computed once is. But a mask that is
broadcast from a row, or an int8 weight behind dequantizeLinear, is small because it is an expression: it stays one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand, map_operands
from webnn_graph.ops import evaluate

ALWAYS = 1024
"""Results up to this many bytes are folded whatever they replace."""
KEPT = {"dequantizeLinear"}
"""Operators that are never folded for being small: what they read is meant to stay quantized."""


def fold(nodes: Sequence[Node], constants: Mapping[Operand, Array], keep: set[Operand]) -> tuple[dict[Operand, Array], list[Node]]:
    """Evaluates the nodes that read only constants, where the weights do not grow by it.

    A node is folded when its results are tiny, or together with all other readers of a constant when the results take no
    more bytes than the constants that nothing reads afterwards.

    Args:
        nodes: In topological order; all of them needed.
        constants: Arrays of the constants, needed or not.
        keep: Results that must stay nodes: the graph's outputs.

    Returns:
        The constants that are still read, equal ones merged, in the order of their first use; and the remaining nodes.
    """
    values = dict(constants)
    readers: dict[Operand, list[Node]] = defaultdict(list)
    for node in nodes:
        for operand in set(node.operands):
            readers[operand].append(node)
    folded: set[Node] = set()

    def ready(node: Node) -> bool:
        return node not in folded and keep.isdisjoint(node.outputs) and all(o in values for o in node.operands)

    def live(operand: Operand) -> list[Node]:
        return [reader for reader in readers[operand] if reader not in folded]

    def gain(group: list[Node]) -> int:
        """Bytes of the constants that die with the group, less those of its results."""
        reads = Counter(operand for node in group for operand in set(node.operands))
        dead = sum(operand.nbytes for operand, count in reads.items() if count == len(live(operand)))
        return dead - sum(_bytes(node) for node in group)

    def replace(group: list[Node]) -> None:
        for node in group:
            values.update(evaluate(node, values.__getitem__))
            folded.add(node)

    for node in nodes:
        if not ready(node):
            continue
        if _bytes(node) <= ALWAYS and node.op not in KEPT:
            replace([node])
            continue
        for operand in sorted(set(node.operands), key=lambda o: -o.nbytes):
            group = live(operand)
            if all(map(ready, group)) and gain(group) >= 0:
                replace(group)
                break
    # A group is complete only once its last member is ready, which may come after its first was looked at.
    kept = [node for node in nodes if node not in folded]
    if folded and any(ready(node) for node in kept):
        return fold(kept, values, keep)
    return _merged(kept, values)


def _bytes(node: Node) -> int:
    return sum(output.nbytes for output in node.outputs)


def _merged(nodes: list[Node], values: Mapping[Operand, Array]) -> tuple[dict[Operand, Array], list[Node]]:
    """The constants that ``nodes`` read, one for all that are equal bit by bit, and the nodes reading those."""
    used = dict.fromkeys(operand for node in nodes for operand in node.operands if operand in values)
    alike = Counter((operand.data_type, operand.shape) for operand in used)
    first: dict[object, Operand] = {}
    same: dict[Operand, Operand] = {}
    for operand in used:
        kind = operand.data_type, operand.shape
        content = (kind, digest(values[operand])) if alike[kind] > 1 else operand
        same[operand] = first.setdefault(content, operand)
    if all(operand is twin for operand, twin in same.items()):
        return {operand: values[operand] for operand in used}, nodes
    replaced = [Node(n.op, map_operands(n.arguments, lambda o: same.get(o, o)), n.outputs, n.label) for n in nodes]
    return {operand: values[operand] for operand in used if same[operand] is operand}, replaced


def digest(array: Array) -> bytes:
    """Equal for arrays of one shape and type that hold the same bits: -0 differs from 0, and NaN equals itself."""
    return blake2b(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()
