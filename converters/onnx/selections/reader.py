"""What reads selections: the table of the readers.

A reader is called like the operator's handler, with a `Reading` for the builder; it returns None where the ordinary way is right,
and raises `Unread` where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from converters.onnx.registry import Handler, SourceNode, Value
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import (
    Size,
    Sizes,
)
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


@dataclass(frozen=True)
class Reading:
    """The node that is read.

    Attributes:
        b: The builder.
        handler: What converts the node where all sizes are known.
        attributes: Of the node.
        node: The node.
    """

    b: GraphBuilder
    handler: Handler
    attributes: Mapping[str, Any]
    node: SourceNode

    def known(self, value: Value) -> list[int]:
        """The integers of an input. Raises `Unread` when they are not known."""
        values = self.b.value(value) if isinstance(value, Operand) else None
        if values is None:
            raise Unread
        return [int(item) for item in values.ravel()]

    def sizes(self, value: Value) -> list[Size]:
        """The same, and counts."""
        return value.flat if isinstance(value, Sizes) else list(self.known(value))

    def plainly(self, *inputs: Value) -> list[Value]:
        """What the handler makes of inputs of known sizes."""
        return self.handler.call(self.b, list(inputs), self.attributes, self.node)


Parts: TypeAlias = dict[int, tuple[int, Size, int]]
"""Start, end and step of slices by axis."""
Reader: TypeAlias = Callable[..., Value]
READERS: dict[str, Reader] = {}
"""Readers by operator of the standard domain."""


def reads(*names: str) -> Callable[[Reader], Reader]:
    """Registers the reader of operators."""

    def register(function: Reader) -> Reader:
        READERS.update(dict.fromkeys(names, function))
        return function

    return register
