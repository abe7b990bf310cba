"""What of a graph is beyond a target's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.graph import Descriptor, Graph, Node, Operand, operands_in
from webnn_graph.targets.target import Target


@dataclass(frozen=True)
class Violation:
    """One thing that a target does not take.

    Attributes:
        operand: The operand's name in the standard's signature, ``output`` for a result, empty for the operator itself or the whole call.
        what: What it is: ``int64``, ``rank 6``, ``268,435,456 bytes``.
        limit: What the target takes instead.
    """

    operand: str
    what: str
    limit: str

    def of(self, subject: str) -> str:
        """The violation as a sentence about its operand, called ``subject``."""
        verb = "is" if self.what in set(DataType) else "has"
        return f"{subject} {verb} {self.what}, the target takes {self.limit or 'none'}"

    def __str__(self) -> str:
        return self.of(self.operand) if self.operand else "the target has no such operator"


def of_call(target: Target, op: str, arguments: Mapping[str, Any], results: Sequence[Descriptor]) -> Iterator[Violation]:
    """What the target does not take of a call, operand by operand, then of its results."""
    if not target.has(op):
        yield Violation("", "no operator", "")
        return
    for name, value in arguments.items():
        for operand in operands_in(value):
            yield from _of_operand(target, op, name, operand)
    for name, result in zip(result_names(target, op, len(results)), results, strict=True):
        yield from _of_operand(target, op, name, result)


def of_graph(target: Target, graph: Graph) -> Iterator[tuple[str, Node | Operand, Violation]]:
    """What the target does not take of a graph: of inputs, constants and nodes in order, then of outputs.

    Yields:
        ``input``, ``constant``, ``output`` or the operator; the tensor or the node; the violation.
    """
    yield from (
        (kind, x, v)
        for kind, tensors in (("input", graph.inputs), ("constant", graph.constants))
        for x in tensors
        for v in of_tensor(target, kind, x)
    )
    yield from ((node.op, node, v) for node in graph.nodes for v in of_call(target, node.op, node.arguments, node.outputs))
    yield from (("output", output, v) for output in graph.outputs for v in of_tensor(target, "output", output))


def of_tensor(target: Target, kind: str, operand: Descriptor) -> Iterator[Violation]:
    """What the target does not take of a tensor that is a graph's ``input``, ``constant`` or ``output``."""
    limit = target.limits.get(kind)
    if limit is not None:
        yield from _beyond(kind, operand, limit)
    yield from of_size(target, kind, operand)


def of_size(target: Target, kind: str, operand: Descriptor, name: str = "") -> Iterator[Violation]:
    """Whether the target takes as many bytes of a tensor that is of a ``kind``, or of any kind; it is called ``name``."""
    most = target.most_bytes(kind)
    if operand.nbytes > most:
        yield Violation(name or kind, f"{operand.nbytes:,} bytes", f"up to {most:,.0f} bytes")


def result_names(target: Target, op: str, count: int) -> list[str]:
    """What the target's limits call the results of an operator."""
    several = "outputs" if "outputs" in target.limits[op] else "output"
    return [several] * count if several in target.limits[op] or count == 1 else [f"output{i}" for i in range(count)]


def _of_operand(target: Target, op: str, name: str, operand: Descriptor) -> Iterator[Violation]:
    limit = target.limits[op].get(name)
    if limit is not None:
        yield from _beyond(name, operand, limit)
    yield from of_size(target, "", operand, name)


def _beyond(name: str, operand: Descriptor, limit: Mapping[str, Any]) -> Iterator[Violation]:
    if operand.data_type not in limit["dataTypes"]:
        yield Violation(name, operand.data_type, " ".join(limit["dataTypes"]))
    least, most = limit["rankRange"].get("min", 0), limit["rankRange"]["max"]
    if not least <= operand.rank <= most:
        yield Violation(name, f"rank {operand.rank}", f"rank {least}" if least == most else f"ranks {least} to {most}")
