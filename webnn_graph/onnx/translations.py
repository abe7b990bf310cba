"""Which function writes which WebNN operator in ONNX.

A translation is a function whose signature is the operator's, as in `webnn_graph.ops`, with a `ModelBuilder` before it and values in
the place of operands. It may ask for the keyword ``result``, the descriptor of the call's first result, or ``results``.

    @translates("softmax")
    def softmax(m: ModelBuilder, input: Value, axis: int, /) -> Value:
        return m.node("Softmax", input, axis=axis)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from webnn_graph.graph import Node, Operand, map_arguments
from webnn_graph.onnx.values import Value
from webnn_graph.ops import OPS, Trait

if TYPE_CHECKING:
    from webnn_graph.onnx.nodes import ModelBuilder

TRANSLATIONS: dict[str, Callable[..., Any]] = {}
"""The translations by WebNN operator."""
OF_TRUTH: set[str] = set()
"""Those that take ONNX's bool as it is, where a comparison has made it; others are given uint8."""


def translates(*names: str, of_truth: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers the translation of operators of one signature; one of several is told its own name by the keyword ``op``."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            if name in TRANSLATIONS or name not in OPS:
                raise TypeError(f"{name} has a translation already, or is no operator")
            TRANSLATIONS[name] = function
            if of_truth or Trait.MOVING in OPS[name].traits:
                OF_TRUTH.add(name)
        return function

    return register


def one_to_one(names: Mapping[str, str]) -> None:
    """Registers operators that are one of ONNX: all operands to its inputs in order, all options to attributes of the same names."""
    for webnn_name, onnx_name in names.items():
        translates(webnn_name)(_row(onnx_name))


def _row(onnx_name: str) -> Callable[..., Any]:
    def convert(m: ModelBuilder, *operands: Value, **options: Any) -> Value:
        return m.node(onnx_name, *operands, **options)

    return convert


def translated(m: ModelBuilder, node: Node, value: Callable[[Operand], Value]) -> list[Value]:
    """Writes a call; ``value`` gives what its operands are in the model."""
    op = OPS[node.op]
    function = TRANSLATIONS[node.op]
    of_truth = node.op in OF_TRUTH
    arguments = map_arguments(node.arguments, lambda operand: value(operand) if of_truth else m.number(value(operand)))
    wanted = inspect.signature(function).parameters
    more = {"op": node.op, "result": node.outputs[0], "results": node.outputs}
    made = function(
        m,
        *(arguments[name] for name in op.positional),
        **{name: arguments.get(name, default) for name, default in op.defaults.items()},
        **{name: given for name, given in more.items() if name in wanted},
    )
    return list(made) if isinstance(made, list) else [made]
