"""Reductions of data types that WebNN's do not take."""

from __future__ import annotations

import math

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops import OPS


def reduced(b: GraphBuilder, name: str, x: Operand, axes: list[int] | None, keep: bool) -> Operand:
    """A WebNN reduction by name over some axes, over none, or for None over all; the result has the operand's data type.

    Integers that the operator does not take are computed in int32 where that is exact, otherwise in float32; the mean of
    integers is truncated.
    """
    if x.data_type in OPS[name].parameters["input"].domain.types:
        return b.call(name, x, axes=axes, keepDimensions=keep)
    if name == "reduceMean":
        total = reduced(b, "reduceSum", b.cast(x, DataType.INT32) if x.data_type.bits < 32 else x, axes, keep)
        return b.cast(b.div(total, math.prod(x.shape[axis] for axis in (range(x.rank) if axes is None else axes))), x.data_type)
    wide = DataType.INT32 if DataType.INT32 in OPS[name].parameters["input"].domain.types else DataType.FLOAT32
    return b.cast(b.call(name, b.cast(x, wide), axes=axes, keepDimensions=keep), x.data_type)
