"""What a graph implies of its integer inputs: indices lie inside of their table, lengths inside of the sequence, masks are 0 or 1.

What is known of a result is followed backwards to the inputs it is made of, element by element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph, Node, Operand, map_arguments, operands_in, operands_of
from webnn_graph.ops import OPS, Trait, evaluate, having

MAX_ELEMENTS = 1 << 22
"""Elements of a tensor up to which it is followed."""
MAX_FLOAT_ELEMENTS = 1 << 16
"""The same for floating point that depends on constants only."""
UNBOUNDED = np.iinfo(np.int64)


class Distinct(Enum):
    """Which elements of a tensor of indices must differ from each other, so that no two updates meet."""

    NONE = auto()
    LINES = auto()
    """Those of each line along `Bounds.axis`."""
    ROWS = auto()
    """The rows along the last dimension, as a whole."""
    ALL = auto()


@dataclass(frozen=True)
class Bounds:
    """What an integer tensor may hold.

    Attributes:
        low: Smallest value of each element.
        high: Largest value of each element.
        distinct: Which elements differ from each other.
        axis: For `Distinct.LINES`.
    """

    low: Array
    high: Array
    distinct: Distinct = Distinct.NONE
    axis: int = 0

    def moved(self, low: Array, high: Array) -> Bounds:
        """Other limits; where elements are laid out in another way, all must differ if some had to."""
        if low.shape == self.low.shape or self.distinct is Distinct.NONE:
            return replace(self, low=low, high=high)
        return Bounds(low, high, Distinct.ALL)

    def meeting(self, other: Bounds) -> Bounds:
        """Both at once; where they contradict each other, as the branches of a choice do, the larger values."""
        low, high = np.maximum(self.low, other.low), np.minimum(self.high, other.high)
        larger = self.high >= other.high
        apart = low > high
        low = np.where(apart, np.where(larger, self.low, other.low), low)
        high = np.where(apart, np.where(larger, self.high, other.high), high)
        stricter = self if self.distinct is not Distinct.NONE else other
        return Bounds(low, high, stricter.distinct, stricter.axis)


Use: TypeAlias = Iterator[tuple[Operand, Bounds]]
"""Operands of a node, and what it implies of them."""


def implied(graph: Graph) -> dict[str, Bounds]:
    """The bounds of the integer inputs that the graph implies any of, by name."""
    followed = _followed(graph)
    if not followed:
        return {}
    known = _known(graph)
    found: dict[Operand, Bounds] = {}
    for node in reversed(graph.nodes):
        for operand, bounds in _implied_by(node, known, [found.get(output) for output in node.outputs]):
            if operand in followed:
                found[operand] = found[operand].meeting(bounds) if operand in found else bounds
    return {operand.name: found[operand] for operand in graph.inputs if operand in found}


def _followed(graph: Graph) -> set[Operand]:
    """The integer inputs, and what is made of their elements."""
    followed = {operand for operand in graph.inputs if not operand.data_type.is_float and operand.size <= MAX_ELEMENTS}
    for node in graph.nodes:
        if node.op in MOVES or node.op in ARITHMETIC:
            read = operands_of({name: value for name, value in node.arguments.items() if name not in ("indices", "condition")})
            if not followed.isdisjoint(read):
                followed.update(output for output in node.outputs if output.size <= MAX_ELEMENTS)
    return followed


def _known(graph: Graph) -> dict[Operand, Array]:
    """The integers that depend on constants only."""
    known = {operand: array for operand, array in graph.constants.items() if operand.size <= MAX_ELEMENTS}
    for node in graph.nodes:
        if node.operands and all(o in known for o in node.operands) and all(o.size <= MAX_ELEMENTS and _counts(o) for o in node.outputs):
            known |= evaluate(node, known.__getitem__)
    return known


def _counts(operand: Operand) -> bool:
    """Whether it may be part of index arithmetic; floating point weights are not."""
    return not operand.data_type.is_float or operand.size <= MAX_FLOAT_ELEMENTS


def _implied_by(node: Node, known: Mapping[Operand, Array], results: list[Bounds | None]) -> Use:
    if node.op in USES:
        yield from USES[node.op](node, known)
    if all(result is None for result in results):
        return
    if node.op in MOVES:
        yield from _moved(node, known, results)
    elif node.op in ARITHMETIC and results[0] is not None:
        yield from ARITHMETIC[node.op](node, known, results[0])


# --------------------------------------------------------------------------------------------------------------------- uses
def _between(operand: Operand, low: Any, high: Any, distinct: Distinct = Distinct.NONE, axis: int = 0) -> tuple[Operand, Bounds]:
    limits = [np.broadcast_to(np.asarray(limit, np.int64), operand.shape) for limit in (low, high)]
    return operand, Bounds(limits[0], limits[1], distinct, axis)


def _gather(node: Node, known: Mapping[Operand, Array]) -> Use:
    table, axis = node.arguments["input"], node.arguments.get("axis", 0)
    yield _between(node.arguments["indices"], 0, table.shape[axis] - 1)


def _scatter_elements(node: Node, known: Mapping[Operand, Array]) -> Use:
    table, axis = node.arguments["input"], node.arguments.get("axis", 0)
    yield _between(node.arguments["indices"], 0, table.shape[axis] - 1, Distinct.LINES, axis)


def _gather_nd(node: Node, known: Mapping[Operand, Array]) -> Use:
    indices = node.arguments["indices"]
    last = np.array(node.arguments["input"].shape[: indices.shape[-1]]) - 1
    yield _between(indices, 0, last, Distinct.ROWS if node.op == "scatterND" else Distinct.NONE)


def _compared(node: Node, known: Mapping[Operand, Array]) -> Use:
    """Against 0, 1, 2, ...: a class of a one-hot vector, or a length, which is not 0."""
    a, b = node.arguments["a"], node.arguments["b"]
    for operand, other in ((a, b), (b, a)):
        values = np.unique(known[other]) if other in known and not other.data_type.is_float else np.zeros(0)
        if values.size > 1 and values[0] >= 0 and values[-1] - values[0] == values.size - 1:
            yield _between(operand, values[0] + (node.op != "equal"), values[-1])


def _truth(node: Node, known: Mapping[Operand, Array]) -> Use:
    operands = [node.arguments["condition"]] if node.op == "where" else node.operands
    yield from (_between(operand, 0, 1) for operand in operands if operand.data_type is DataType.UINT8)


def _one_minus(node: Node, known: Mapping[Operand, Array]) -> Use:
    """1 - x turns a mask round."""
    one = known.get(node.arguments["a"])
    if one is not None and (one == 1).all():
        yield _between(node.arguments["b"], 0, 1)


USES: Mapping[str, Callable[[Node, Mapping[Operand, Array]], Use]] = {
    **dict.fromkeys(("gather", "gatherElements"), _gather),
    **dict.fromkeys(("gatherND", "scatterND"), _gather_nd),
    "scatterElements": _scatter_elements,
    **dict.fromkeys(("equal", "lesser", "lesserOrEqual", "greater", "greaterOrEqual"), _compared),
    **dict.fromkeys(("where", "logicalAnd", "logicalOr", "logicalXor", "logicalNot"), _truth),
    "sub": _one_minus,
}
"""Operators that imply something of what they read."""


# ------------------------------------------------------------------------------------------------------------------ results
MOVES = {*having(Trait.MOVING), "concat", "cast"}
"""Operators whose results are elements of what they read."""


def _moved(node: Node, known: Mapping[Operand, Array], results: list[Bounds | None]) -> Use:
    """The operator itself says which element goes where: it moves the places of the elements instead of them."""
    moved = list(operands_in(node.arguments["inputs" if node.op == "concat" else "input"]))
    starts = np.cumsum([0, *(operand.size for operand in moved)])
    places = {o: np.arange(start, start + o.size).reshape(o.shape) for o, start in zip(moved, starts, strict=False)}
    if any(operand not in places and operand not in known for operand in node.operands):
        return
    arguments = map_arguments(node.arguments, lambda operand: places[operand] if operand in places else known[operand])
    if node.op in ("cast", "identity"):
        went = [places[moved[0]]]
    else:
        went = OPS[node.op].execute(arguments, [output.with_type(DataType.INT64) for output in node.outputs])
    there = [(places_of, bounds) for places_of, bounds in zip(went, results, strict=True) if bounds is not None]
    low, high = _by_place(int(starts[-1]), there)
    for operand, start in zip(moved, starts, strict=False):
        part = slice(start, start + operand.size)
        yield operand, there[0][1].moved(low[part].reshape(operand.shape), high[part].reshape(operand.shape))


def _by_place(size: int, moved: list[tuple[Array, Bounds]]) -> tuple[Array, Array]:
    low, high = np.full(size, UNBOUNDED.min), np.full(size, UNBOUNDED.max)
    for places, bounds in moved:
        np.maximum.at(low, places.ravel(), bounds.low.ravel())
        np.minimum.at(high, places.ravel(), bounds.high.ravel())
    return low, high


def _before(operand: Operand, bounds: Bounds) -> tuple[Operand, Bounds]:
    """The bounds of an operand before it was broadcast to the shape of ``bounds``."""
    places = np.broadcast_to(np.arange(operand.size).reshape(operand.shape), bounds.low.shape)
    low, high = _by_place(operand.size, [(places, bounds)])
    return operand, bounds.moved(low.reshape(operand.shape), high.reshape(operand.shape))


def _chosen(node: Node, known: Mapping[Operand, Array], result: Bounds) -> Use:
    yield from (_before(node.arguments[name], result) for name in ("trueValue", "falseValue"))


def _limited(node: Node, known: Mapping[Operand, Array], result: Bounds) -> Use:
    """What would be cut off had better not be there."""
    yield from (_before(operand, result) for operand in node.operands if operand not in known)


def _shifted(node: Node, known: Mapping[Operand, Array], result: Bounds) -> Use:
    a, b = node.arguments["a"], node.arguments["b"]
    for operand, other in ((a, b), (b, a)):
        if other in known and not other.data_type.is_float:
            offset, low, high = known[other].astype(np.int64), *_open(result)
            if node.op == "add":
                low, high = low - offset, high - offset
            elif operand is a:
                low, high = low + offset, high + offset
            else:
                low, high = offset - high, offset - low
            yield _before(operand, _closed(result, low, high))


def _open(bounds: Bounds) -> tuple[Array, Array]:
    """The limits as numbers to compute with, infinite where there is none."""
    low = np.where(bounds.low == UNBOUNDED.min, -np.inf, bounds.low)
    return low, np.where(bounds.high == UNBOUNDED.max, np.inf, bounds.high)


def _closed(bounds: Bounds, low: Array, high: Array) -> Bounds:
    """The same with other limits, which `_open` began."""
    with np.errstate(invalid="ignore"):
        low = np.where(np.isneginf(low), UNBOUNDED.min, low.astype(np.int64))
        return replace(bounds, low=low, high=np.where(np.isposinf(high), UNBOUNDED.max, high.astype(np.int64)))


def _scaled(node: Node, known: Mapping[Operand, Array], result: Bounds) -> Use:
    a, b = node.arguments["a"], node.arguments["b"]
    for operand, other in ((a, b), (b, a)):
        if other in known and not other.data_type.is_float and (known[other] > 0).all():
            low, high = (limit / known[other] for limit in _open(result))
            yield _before(operand, _closed(result, np.ceil(low), np.floor(high)))


ARITHMETIC: Mapping[str, Callable[[Node, Mapping[Operand, Array], Bounds], Use]] = {
    "where": _chosen,
    **dict.fromkeys(("clamp", "max", "min"), _limited),
    **dict.fromkeys(("add", "sub"), _shifted),
    "mul": _scaled,
}
"""Operators that compute integers of others, of which something follows when it is known of the result."""
