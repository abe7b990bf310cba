"""Integer types that a target lacks altogether: int32 takes their place throughout the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.targets.bounds import Interval, bounds, whole_range
from webnn_graph.targets.target import Target

WIDE = (DataType.INT64, DataType.UINT64, DataType.UINT32)
NARROW = DataType.INT32


def lacking(target: Target) -> dict[DataType, DataType]:
    """The types that the target can neither be given nor cast to, and what takes their place."""
    lacks = {
        data_type
        for data_type in WIDE
        if not target.takes_type("input", "", data_type) and not target.takes_type("cast", "output", data_type)
    }
    return dict.fromkeys(lacks, NARROW) if target.takes_type("input", "", NARROW) else {}


def arguments(node: Node, types: Mapping[DataType, DataType]) -> dict[str, Any]:
    """The node's arguments with other types in the place of some."""
    options = {name: node.arguments[name] for name in ("dataType", "outputDataType") if name in node.arguments}
    return {**node.arguments, **{name: types.get(DataType(value), value) for name, value in options.items()}}


def changed_interface(graph: Graph, types: Mapping[DataType, DataType]) -> Iterator[str]:
    """What the narrower types change of the graph's inputs and outputs, in words."""
    for kind, operands in (("input", graph.inputs), ("output", graph.outputs)):
        for operand in operands:
            if operand.data_type in types:
                yield f"{kind} {operand.name} is {types[operand.data_type]} instead of {operand.data_type}"


def unproven(graph: Graph, types: Mapping[DataType, DataType]) -> Iterator[tuple[Node, Operand]]:
    """The nodes whose results are not known to fit the narrower types, each with the first of them."""
    inputs = {x: whole_range(types.get(x.data_type, x.data_type)) for x in graph.inputs if not x.data_type.is_float}
    intervals = bounds(graph, inputs) if types else {}
    for node in graph.nodes:
        for output in node.outputs:
            if output.data_type in types and not _is_inside(intervals[output], whole_range(types[output.data_type])):
                yield node, output
                break


def _is_inside(interval: Interval, whole: Interval) -> bool:
    return whole[0] <= interval[0] and interval[1] <= whole[1]
