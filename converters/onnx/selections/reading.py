"""Reading what a mask selects: by operators that know how, by those that compute each row by itself, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converters.annotations import Parameter
from converters.onnx.registry import Handler, SourceNode, Value
from converters.onnx.selections import readers
from converters.onnx.selections.reader import READERS, Reading
from converters.onnx.selections.rowwise import Unread, row_axis
from converters.onnx.selections.values import Selected, Sizes, as_operand, as_sizes, lazy, unknown_input
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

assert readers  # importing it fills READERS
SHAPE_OF_EXPAND = 1
"""Which of Expand's inputs may be counts that the model computes by itself."""


def plain(b: GraphBuilder, value: Value) -> Value:
    """What a node can be checked with in the place of a value that depends on a mask: the most that it can be."""
    if isinstance(value, Selected):
        return value.rows
    return as_operand(b, value) if isinstance(value, Sizes) else value


def with_counts(b: GraphBuilder, op: str, inputs: Sequence[Value]) -> list[Value]:
    """The inputs with sums of masks recognized where a shape is made of them."""
    given = list(inputs)
    shape = given[SHAPE_OF_EXPAND] if op == "Expand" and len(given) > SHAPE_OF_EXPAND else None
    if isinstance(shape, Operand) and b.assumed(shape) is None:
        given[SHAPE_OF_EXPAND] = as_sizes(b, shape, unknown_input(op, b.label, "shape")) or shape
    return given


def read(b: GraphBuilder, handler: Handler, inputs: list[Value], attributes: Mapping[str, Any], node: SourceNode) -> list[Value]:
    """The results of a node of which some inputs are selections.

    Raises:
        Unread: The operator cannot be told of rows that do not count.
    """
    inputs = [as_operand(b, value) if isinstance(value, Sizes) and not value.counts else value for value in inputs]
    if not any(lazy(inputs)):
        return handler.call(b, inputs, attributes, node)
    reader = READERS.get(handler.op) if handler.domain == "" else None
    if reader is not None:
        results = reader(Reading(b, handler, attributes, node), *inputs, **attributes)
        if results is not None:
            return results if isinstance(results, list) else [results]
    given = [as_operand(b, value) if isinstance(value, Sizes) else value for value in inputs]
    if not any(lazy(given)):
        return handler.call(b, given, attributes, node)
    return _row_by_row(b, handler, given, attributes, node)


def _row_by_row(b: GraphBuilder, handler: Handler, inputs: list[Value], attributes: Mapping[str, Any], node: SourceNode) -> list[Value]:
    """The operator on all rows, which is right when it computes each of them by itself."""
    selected = [value for value in inputs if isinstance(value, Selected)]
    first = selected[0]
    if any(other.mask is not first.mask for other in selected) or _knows(handler, inputs):
        raise Unread
    places = [(value.rows, value.axis - value.rows.rank) for value in selected]
    rows: dict[Operand, int | None] = dict.fromkeys(value for value in inputs if isinstance(value, Operand))
    if any(rows.setdefault(operand, axis) != axis for operand, axis in places):
        raise Unread
    results = handler.call(b, [plain(b, value) for value in inputs], attributes, node)
    counted = all(value.counted for value in selected)
    return [_selected(b, first, result, rows, counted) for result in results]


def _selected(b: GraphBuilder, like: Selected, result: Value, rows: Mapping[Operand, int | None], counted: bool) -> Value:
    if result is None:
        return None
    if not isinstance(result, Operand):
        raise Unread
    axis = row_axis(b, result, rows, like.mask.size)
    return Selected(like.mask, result, axis + result.rank, like.problem, counted)


def _knows(handler: Handler, inputs: Sequence[Value]) -> bool:
    """Whether the handler looks at values of which some may not be selected."""
    variadic = bool(handler.inputs) and handler.inputs[-1].kind is Parameter.VAR_POSITIONAL
    parameters = [*handler.inputs, *(handler.inputs[-1:] * len(inputs) if variadic else [])]
    return any(isinstance(value, Selected) and parameter.known for parameter, value in zip(parameters, inputs, strict=False))
