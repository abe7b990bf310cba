"""Integers of 4 bits where a target lacks them: a byte takes the place of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import BYTES, DataType
from webnn_graph.graph import Operand


def unified(b: GraphBuilder, op: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call in which a 4-bit operand that became 8-bit meets one that is still 4-bit."""
    if op != "dequantizeLinear" or arguments["input"].data_type == arguments["zeroPoint"].data_type:
        return dict(arguments)
    return {name: converted(b, value, BYTES.get(value.data_type, value.data_type)) for name, value in arguments.items()}


def converted(b: GraphBuilder, operand: Operand, data_type: DataType) -> Operand:
    """The operand cast; a constant is converted here and now."""
    if operand.data_type == data_type:
        return operand
    if not b.is_known(operand):
        return b.cast(operand, data_type)
    # As by cast: modulo 2^n, where the caller made sure that this is right.
    return b.constant(np.asarray(b.value(operand)).astype(data_type.numpy), data_type)


def confined(b: GraphBuilder, result: Operand, data_type: DataType) -> Operand:
    """An 8-bit result with the values that the 4-bit type it stands for can have."""
    if data_type not in BYTES or result.data_type != BYTES[data_type]:
        return result
    smallest, largest = data_type.range
    return b.clamp(result, minValue=int(smallest), maxValue=int(largest))
