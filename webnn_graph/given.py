"""Values that somebody gives for inputs, as the arrays that the graph asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ExecutionError, reason
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import named, nearest
from webnn_graph.summary import described


def by_name(graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the graph's names of its inputs; they may be given by the source model's, like ``input.1`` for ``input_1``.

    Raises:
        ExecutionError: There is no such input, or one is given by both names.
    """
    known = {operand.name for operand in graph.inputs}
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        own = named(name, known)
        if own not in known:
            raise unknown_input(graph, name)
        if own in found:
            raise ExecutionError(f"the input {own} is given twice", code=Code.WRONG_INPUT)
        found[own] = value
    return found


def checked(graph: Graph, inputs: Mapping[str, Any]) -> dict[Operand, Array]:
    """The arrays by operand.

    A value is converted where nothing is lost whatever its numbers are (booleans, a wider type), where all of its integers are in the
    range of the input's, and where it has no type of its own (numbers and lists). What would round is refused.

    Args:
        graph: The graph.
        inputs: A value for each input, of exactly its shape (int4 and uint4: one element per int8 or uint8).

    Raises:
        ExecutionError: An input is missing, unknown, or of another shape or type.
    """
    given = by_name(graph, inputs)
    return {operand: _checked_array(operand, given) for operand in graph.inputs}


def unknown_input(graph: Graph, name: str) -> ExecutionError:
    """What to raise when a value is given for an input that there is not."""
    inputs = f"its inputs are {described(graph.inputs)}" if graph.inputs else "it has none"
    close = nearest(name, [operand.name for operand in graph.inputs])
    return ExecutionError(f"the graph has no input {name!r}", " ".join(filter(None, (close, inputs))), code=Code.UNKNOWN_INPUT)


def _checked_array(operand: Operand, inputs: Mapping[str, Any]) -> Array:
    if operand.name not in inputs:
        raise ExecutionError(f"the input {operand} is missing", code=Code.MISSING_INPUT)
    value = inputs[operand.name]
    try:
        array = np.asarray(value)
    except Exception as error:  # other libraries' tensors raise what they like
        raise ExecutionError(f"the value for the input {operand} is no array: {reason(error)}") from error
    if array.shape != operand.shape:
        raise ExecutionError(f"the input {operand} was given shape {list(array.shape)}", code=Code.WRONG_INPUT)
    typed = _converted(array, operand.data_type, typed=hasattr(value, "dtype"))
    if typed is None:
        raise ExecutionError(
            f"the input {operand} was given {array.dtype}",
            f"convert it: array.astype({str(operand.data_type.numpy)!r})",
            code=Code.WRONG_INPUT,
        )
    smallest, largest = operand.data_type.range
    if operand.data_type.bits == 4 and not ((typed >= smallest) & (typed <= largest)).all():
        raise ExecutionError(f"the input {operand} was given values outside {smallest} to {largest}", code=Code.WRONG_INPUT)
    return typed


def _converted(array: Array, data_type: DataType, *, typed: bool) -> Array | None:
    """The array in another type; None where that loses something. What is not ``typed``, Python's numbers, is rounded to floats."""
    wanted = data_type.numpy
    if array.dtype == wanted:
        return array
    if np.can_cast(array.dtype, wanted, "safe"):
        return array.astype(wanted)
    if array.dtype.kind not in ("biu" if typed else "biuf") or (data_type.is_float and typed):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # numbers beyond a type of floats become infinite, as in its own arithmetic
        result = array.astype(wanted)
    return result if data_type.is_float or np.array_equal(result, array) else None
