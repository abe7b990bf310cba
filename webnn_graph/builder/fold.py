"""Folding of constant expressions, never at the price of larger weights.

A browser computes constant expressions again on every dispatch, so whatever can be computed once is. But a mask that is
broadcast from a row, or an int8 weight behind dequantizeLinear, is small because it is an expression: it stays one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from webnn_graph.graph import Node, Operand
from webnn_graph.ops import evaluate
from webnn_graph.weight import Values, Weight, hash_together

ALWAYS_FOLDED_BYTES = 1024
"""Results up to this many bytes are folded whatever they replace."""
MAX_ROUNDS = 50
"""How often the nodes are gone through at most; one or two times are the rule."""
MAX_TRIES = 20
"""How often the readers of one operand are looked at together before they are left as they are."""
KEPT = {"dequantizeLinear"}
"""Operators that are never folded for being small: what they read is meant to stay quantized."""


def fold(
    nodes: Sequence[Node], constants: Mapping[Operand, Weight], keep: set[Operand], most_bytes: float = math.inf
) -> tuple[dict[Operand, Weight], list[Node]]:
    """Evaluates the nodes that read only constants, where the weights do not grow by it.

    A node is folded when its results are tiny, or together with all other readers of a constant when the results take no
    more bytes than the constants that nothing reads afterwards.

    Args:
        nodes: In topological order; all of them needed.
        constants: Needed or not.
        keep: Results that must stay nodes: the graph's outputs.
        most_bytes: Of a result that becomes a constant.

    Returns:
        The constants that are still read, equal ones merged, in the order of their first use; and the remaining nodes.
    """
    if not any(all(operand in constants for operand in node.operands) for node in nodes):
        return _merged(list(nodes), constants)
    folding = _Folding(nodes, constants, keep, most_bytes)
    for _ in range(MAX_ROUNDS):
        before = len(folding.folded)
        folding.run()
        # A group is complete only once its last member is ready, which may come after its first was looked at.
        if len(folding.folded) == before:
            break
    return _merged([node for node in nodes if node not in folding.folded], folding.values)


class _Folding:
    """What is known while folding, kept up to date so that no question about an operand's readers goes through all of them."""

    def __init__(self, nodes: Sequence[Node], constants: Mapping[Operand, Weight], keep: set[Operand], most_bytes: float) -> None:
        self.values = dict(constants)
        self.arrays = Values(self.values)
        self.folded: set[Node] = set()
        self.nodes = nodes
        self.keep = keep
        self.most_bytes = most_bytes
        self.reads = {node: tuple(dict.fromkeys(node.operands)) for node in nodes}
        self.readers: dict[Operand, list[Node]] = defaultdict(list)
        self.missing: dict[Node, int] = {}  # operands of a node without a value
        self.live: Counter[Operand] = Counter()  # readers that are not folded
        self.ready: Counter[Operand] = Counter()  # those of them that could be
        self.tried: dict[Operand, tuple[int, int]] = {}  # how often an operand's readers were too large, and how much was folded then
        for node in nodes:
            for operand in self.reads[node]:
                self.readers[operand].append(node)
            self.live.update(self.reads[node])
            self.missing[node] = sum(operand not in self.values for operand in self.reads[node])
            self._note_ready(node)

    def run(self) -> None:
        """Looks at each node once."""
        for node in self.nodes:
            if node in self.folded or not self._is_ready(node):
                continue
            if _bytes(node) <= ALWAYS_FOLDED_BYTES and node.op not in KEPT:
                self._replace([node])
                continue
            for operand in sorted(self.reads[node], key=lambda o: -o.nbytes):
                if self._fold_readers(operand):
                    break

    def _fold_readers(self, operand: Operand) -> bool:
        """Folds all readers of an operand together, if the weights do not grow by it."""
        times, then = self.tried.get(operand, (0, -1))
        if self.ready[operand] < self.live[operand] or then == len(self.folded) or times == MAX_TRIES:
            return False
        group = [reader for reader in self.readers[operand] if reader not in self.folded]
        if self._gain(group) < 0:
            self.tried[operand] = times + 1, len(self.folded)
            return False
        self._replace(group)
        return True

    def _is_ready(self, node: Node) -> bool:
        return self.missing[node] == 0 and self.keep.isdisjoint(node.outputs) and all(o.nbytes <= self.most_bytes for o in node.outputs)

    def _note_ready(self, node: Node) -> None:
        if self._is_ready(node):
            self.ready.update(self.reads[node])

    def _gain(self, group: list[Node]) -> int:
        """Bytes of the constants that die with the group, less those of its results."""
        reads = Counter(operand for node in group for operand in self.reads[node])
        dead = sum(operand.nbytes for operand, count in reads.items() if count == self.live[operand])
        return dead - sum(_bytes(node) for node in group)

    def _replace(self, group: list[Node]) -> None:
        """Evaluates the nodes, and forgets what nothing reads any more."""
        for node in group:
            made = evaluate(node, self.arrays.__getitem__)
            self.values.update((operand, Weight(operand.data_type, array)) for operand, array in made.items())
            self.folded.add(node)
            for operand in self.reads[node]:
                self.live[operand] -= 1
                self.ready[operand] -= 1
                if not self.live[operand]:
                    del self.values[operand]
            for reader in (reader for output in node.outputs for reader in self.readers[output]):
                self.missing[reader] -= 1
                self._note_ready(reader)


def _bytes(node: Node) -> int:
    return sum(output.nbytes for output in node.outputs)


def _merged(nodes: list[Node], values: Mapping[Operand, Weight]) -> tuple[dict[Operand, Weight], list[Node]]:
    """The constants that ``nodes`` read, one for all that are equal bit by bit, and the nodes reading those."""
    used = dict.fromkeys(operand for node in nodes for operand in node.operands if operand in values)
    alike = Counter((operand.data_type, operand.shape) for operand in used)
    hash_together(values[operand] for operand in used if alike[operand.data_type, operand.shape] > 1)
    first: dict[object, Operand] = {}
    same: dict[Operand, Operand] = {}
    for operand in used:
        kind = operand.data_type, operand.shape
        content = (kind, values[operand].digest) if alike[kind] > 1 else operand
        same[operand] = first.setdefault(content, operand)
    if all(operand is twin for operand, twin in same.items()):
        return {operand: values[operand] for operand in used}, nodes
    replaced = [node.with_operands(lambda operand: same.get(operand, operand)) for node in nodes]
    return {operand: values[operand] for operand in used if same[operand] is operand}, replaced
