"""Handlers in a file whose annotations are objects from the start: it has no ``from __future__ import annotations``."""

from typing import Optional

from converters.annotations import Array, Ints, Number
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def plain(b: GraphBuilder, x: Operand, axes: Ints, number: Number, values: Array) -> Operand:
    """Needs the values of all but the first."""
    return _noted(b, x, axes, number, values)


def union(b: GraphBuilder, x: Operand, axes: Ints | None, number: Number | None, values: Array | None) -> Operand:
    """The same of inputs that may be absent."""
    return _noted(b, x, axes, number, values)


def optional(b: GraphBuilder, x: Operand, axes: Optional[Ints], number: Optional[Number], values: Optional[Array]) -> Operand:  # noqa: UP045
    """The same in another spelling."""
    return _noted(b, x, axes, number, values)


def _noted(b: GraphBuilder, x: Operand, *known: object) -> Operand:
    b.note(repr(known))
    return b.relu(x)  # type: ignore[no-any-return]
