"""Integer types that a target lacks altogether: int32 takes their place throughout the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.rules import cast_number
from webnn_graph.targets.bounds import Interval, bounds, whole_range
from webnn_graph.targets.target import Target

WIDE = (DataType.INT64, DataType.UINT64, DataType.UINT32)
NARROW = DataType.INT32
MAX_USUAL = 2**20
"""No token, position, length, count or mask in a graph's inputs is larger."""


def lacking(target: Target) -> dict[DataType, DataType]:
    """The types that the target can neither be given nor cast to, and what takes their place."""
    lacks = {
        data_type
        for data_type in WIDE
        if not target.takes_type("input", "", data_type) and not target.takes_type("cast", "output", data_type)
    }
    return dict.fromkeys(lacks, NARROW) if target.takes_type("input", "", NARROW) else {}


def arguments(node: Node, types: Mapping[DataType, DataType]) -> Mapping[str, Any]:
    """The node's arguments with other types in the place of some. Numbers are those that they are in the type of the node itself."""
    changed: dict[str, Any] = {}
    for name, value in node.arguments.items():
        if name in ("dataType", "outputDataType"):
            changed[name] = types.get(DataType(value), value)
        elif OPS[node.op].parameters[name].kind == "number":
            changed[name] = cast_number(value, node.operands[0].data_type)
    return {**node.arguments, **changed} if changed else node.arguments


@dataclass(frozen=True)
class Narrowing:
    """What narrower types change of a graph.

    Attributes:
        notes: What is to be said of its inputs and outputs.
        unproven: The nodes whose results are not known to fit, each with the first of them.
    """

    notes: Sequence[str]
    unproven: Sequence[tuple[Node, Operand]]


def narrowing(graph: Graph, types: Mapping[DataType, DataType]) -> Narrowing:
    """What ``types`` change of a graph that has them in the place of its own.

    Where it is not so for everything that an input could be fed, its values are taken to be at most `MAX_USUAL`, which the notes say.
    """
    if not types:
        return Narrowing((), ())
    within = ""
    unproven = _unproven(graph, types, 2**63)
    if unproven:
        within, unproven = f", for values of at most {MAX_USUAL:,}", _unproven(graph, types, MAX_USUAL)
    notes = [f"input {x.name} is {types[x.data_type]} instead of {x.data_type}{within}" for x in graph.inputs if x.data_type in types]
    notes += [f"output {x.name} is {types[x.data_type]} instead of {x.data_type}" for x in graph.outputs if x.data_type in types]
    return Narrowing(notes, unproven)


def _unproven(graph: Graph, types: Mapping[DataType, DataType], largest: int) -> list[tuple[Node, Operand]]:
    """The nodes whose results perhaps do not fit when no input of the wide types is fed a number of a larger size."""
    inputs = {x: _limited(x.data_type, types, largest) for x in graph.inputs if not x.data_type.is_float}
    intervals = bounds(graph, inputs)
    beyond = []
    for node in graph.nodes:
        wide = [x for x in node.outputs if x.data_type in types and not _is_inside(intervals[x], whole_range(types[x.data_type]))]
        beyond += [(node, wide[0])] if wide else []
    return beyond


def _limited(data_type: DataType, types: Mapping[DataType, DataType], largest: int) -> Interval:
    if data_type not in types:
        return whole_range(data_type)
    (low, high), (least, most) = whole_range(data_type), whole_range(types[data_type])
    return max(low, least, -largest), min(high, most, largest)


def _is_inside(interval: Interval, whole: Interval) -> bool:
    return whole[0] <= interval[0] and interval[1] <= whole[1]
