"""Control flow without control flow: both branches and a choice between their results, and loops that are unrolled."""

from __future__ import annotations

from typing import Any

from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_ITERATIONS = 1024
"""Most iterations that are unrolled; each is a copy of the body."""


def selected(b: GraphBuilder, condition: Operand, true: Any, false: Any, what: str, hint: str) -> Any:
    """``true`` where the scalar condition holds, else ``false``; sequences item by item.

    Raises:
        ConversionError: Their types or shapes differ, so that the result's would depend on the data.
    """
    if true is false:
        return true
    if isinstance(true, list) and isinstance(false, list) and len(true) == len(false):
        return [selected(b, condition, *both, what, hint) for both in zip(true, false, strict=True)]
    if not isinstance(true, Operand) or not isinstance(false, Operand) or true.descriptor != false.descriptor:
        shown = [value.descriptor if isinstance(value, Operand) else kind_of(value) for value in (true, false)]
        raise ConversionError(f"{what} {shown[0]} or {shown[1]}, depending on the data", hint)
    return b.where(condition, true, false)


def kind_of(value: Any) -> str:
    """What a value is that is no tensor, in words."""
    return f"a sequence of {len(value)}" if isinstance(value, list) else "nothing"
