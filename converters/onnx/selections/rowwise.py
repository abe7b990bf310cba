"""Whether calls compute each row by itself: along which axis the rows lie in a result, as the calls that make it say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.traits import Trait

PRODUCTS = ("matmul", "gemm")
"""Operators whose result has a row for each row of the first operand."""
INSIDE: Mapping[str, Callable[[Node], Iterable[int]]] = {
    "softmax": lambda node: [node.arguments["axis"]],
    "layerNormalization": lambda node: node.arguments.get("axes", range(1, node.operands[0].rank)),
}
"""Operators that compute along some axes only, and which these are."""


class Unread(Exception):
    """A selection cannot be read in this way."""


def row_axis(b: GraphBuilder, result: Operand, rows: Mapping[Operand, int | None], count: int) -> int:
    """The axis, counted from the end, along which ``result`` has the rows.

    Args:
        b: Knows the calls.
        result: What was made of the rows and of tensors that are the same for all of them.
        rows: The axis of each tensor of rows, counted from the end; None for tensors that are no rows.
        count: How many rows there are.

    Raises:
        Unread: A call mixes rows, or nothing says that it does not.
    """
    found: dict[Operand, int | None] = dict(rows)
    stack = [result]
    while stack:
        operand = stack[-1]
        node = b.producer(operand)
        if operand in found or node is None:
            found.setdefault(operand, None)
            stack.pop()
            continue
        waiting = [read for read in node.operands if read not in found]
        stack += waiting
        if not waiting:
            found[operand] = _axis_behind(node, operand, found, count)
            stack.pop()
    axis = found[result]
    if axis is None:
        raise Unread
    return axis


def _axis_behind(node: Node, result: Operand, axes: Mapping[Operand, int | None], count: int) -> int | None:
    """The axis of the rows in the result of a call; None when it does not depend on them."""
    given = {axes[operand] for operand in node.operands} - {None}
    if not given:
        return None
    axis = given.pop()
    if given or axis is None:
        raise Unread
    alike = all(axes[operand] is not None or _is_same_for_all(operand, axis) for operand in node.operands)
    if Trait.ELEMENTWISE in OPS[node.op].traits and alike:
        return _still(result, axis, count)
    first, others = node.operands[0], node.operands[1:]
    if node.op in PRODUCTS and axis == -2 and axes[first] and others[0].rank == 2 and not any(axes[other] for other in others):
        if not node.arguments.get("aTranspose") and all(_is_same_for_all(other, axis) for other in others[1:]):
            return _still(result, axis, count)
    elif node.op in INSIDE and axes[first] and axis + first.rank not in INSIDE[node.op](node):
        return _still(result, axis, count)
    elif Trait.REDUCING in OPS[node.op].traits:
        reduced = node.arguments.get("axes", range(first.rank))
        if axis + first.rank not in reduced:
            behind = 0 if node.arguments.get("keepDimensions") else sum(other > axis + first.rank for other in reduced)
            return _still(result, axis + behind, count)
    raise Unread


def _still(result: Operand, axis: int, count: int) -> int:
    if result.rank < -axis or result.shape[axis] != count:
        raise Unread
    return axis


def _is_same_for_all(operand: Operand, axis: int) -> bool:
    """Whether it broadcasts along the axis."""
    return operand.rank < -axis or operand.shape[axis] == 1
