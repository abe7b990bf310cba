"""The call of an ``MLGraphBuilder`` method as JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webnn_graph.formats.literals import literal, object_of
from webnn_graph.graph import Node, map_operands
from webnn_graph.ops import OPS, Parameter

ALIASES = {"outputShapeRounding": "roundingType"}
"""Option members that Chromium reads under an older name of the standard; both are written, an unknown one is ignored."""


def call(node: Node, operands: Sequence[str], label: str = "") -> str:
    """The call of a node's method: arguments by position, options that differ from their default.

    Args:
        node: The node.
        operands: The expression of each operand that it reads.
        label: The expression of its label, if it is to carry one.
    """
    expressions = iter(operands)
    written = map_operands(node.arguments, lambda _: next(expressions))
    arguments, options = [], {}
    wide = any(operand.data_type.bits == 64 for operand in node.operands[:1])
    for name, parameter in OPS[node.op].parameters.items():
        if name not in written:
            continue
        value = _argument(parameter, written[name], wide)
        if not parameter.is_option:
            arguments.append(value)
            continue
        options[name] = value
        if name in ALIASES:
            options[ALIASES[name]] = value
    if label:
        options["label"] = label
    if options:
        arguments.append(object_of(options))
    return f"builder.{node.op}({', '.join(arguments)})"


def _argument(parameter: Parameter, value: Any, wide: bool) -> str:
    """An argument's expression, operands being expressions already; ``wide`` when numbers are of a 64-bit integer type."""
    if parameter.kind == "operand":
        return str(value)
    if parameter.kind == "operands":
        return f"[{', '.join(value)}]"
    if parameter.kind == "number" and wide and isinstance(value, int):
        return f"{value}n"
    return literal(value)
