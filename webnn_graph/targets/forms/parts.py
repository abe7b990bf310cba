"""Calls on a tensor of constants that stands in several parts: equal forms that read the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand
from webnn_graph.targets.call import Call


@dataclass(frozen=True)
class Parts:
    """A tensor that is cut along an axis.

    Attributes:
        axis: Of the tensor.
        bounds: Where the parts begin, and the axis's size.
        operands: The parts.
    """

    axis: int
    bounds: tuple[int, ...]
    operands: tuple[Operand, ...]

    @property
    def size(self) -> int:
        """Of the axis."""
        return self.bounds[-1]

    @property
    def ranges(self) -> Iterator[tuple[int, int]]:
        """Where each begins and ends."""
        return zip(self.bounds[:-1], self.bounds[1:], strict=True)

    def __iter__(self) -> Iterator[tuple[Operand, tuple[int, int]]]:
        return zip(self.operands, self.ranges, strict=True)


def within(b: GraphBuilder, operand: Operand, axis: int, size: int, span: tuple[int, int]) -> Operand:
    """What of an operand belongs to a part of a tensor that it is broadcast to, by blocks perhaps.

    Args:
        b: The builder.
        operand: What is broadcast.
        axis: That the tensor is cut along, counted from its end: negative.
        size: The tensor's, there.
        span: Where the part begins and ends.
    """
    if operand.rank + axis < 0 or operand.shape[axis] == 1:
        return operand
    axis %= operand.rank
    block = size // operand.shape[axis]
    start, stop = span[0] // block, span[1] // block
    values = b.value(operand)
    if values is not None:
        return b.constant(values[(slice(None),) * axis + (slice(start, stop),)], operand.data_type)
    return b.slice(operand, [start if i == axis else 0 for i in range(operand.rank)], list(operand.resized(axis, stop - start).shape))


@dataclass(frozen=True)
class Reader:
    """How an operator reads a tensor in parts.

    Attributes:
        axes: The axes of the call's operand of this name that it may be cut along, each with what that costs.
        read: The call's result from the parts that stand for the operand of this name.
    """

    axes: Callable[[Call, str], Mapping[int, int]]
    read: Callable[[GraphBuilder, Call, str, Parts], Operand]


FREE, CHOSEN, JOINED = 0, 1, 100
"""What it costs: results that are joined; to choose among the results; to join the parts themselves at each dispatch."""


def gather_axes(call: Call, name: str) -> Mapping[int, int]:
    return {axis: CHOSEN if axis == call.axis else FREE for axis in range(call.input.rank)} if name == "input" else {}


def gather(b: GraphBuilder, call: Call, name: str, parts: Parts) -> Operand:
    """From each part what the indices say, joined; where the indices are cut, from the part that has it."""
    if parts.axis == call.axis:
        return _gather_across(b, call, parts)
    axis = parts.axis if parts.axis < call.axis else parts.axis + call.indices.rank - 1
    return b.concat([b.gather(part, call.indices, axis=call.axis) for part in parts.operands], axis)


def _gather_across(b: GraphBuilder, call: Call, parts: Parts) -> Operand:
    # Where a type is narrowed, each step must keep the values within those that the indices can have.
    indices: Operand = call.indices
    if not indices.data_type.is_unsigned:
        from_start = b.add(b.min(indices, -1), parts.size)
        indices = b.where(b.lesser(indices, 0), from_start, indices)
    behind = [1] * (call.input.rank - call.axis - 1)
    result: Operand | None = None
    for part, (start, stop) in parts:
        place = b.sub(b.clamp(indices, minValue=start, maxValue=stop - 1), start)
        found = b.gather(part, place, axis=call.axis)
        is_before = b.reshape(b.lesser(indices, start), [*indices.shape, *behind])
        result = found if result is None else b.where(is_before, result, found)
    assert result is not None
    return result


def gemm_axes(call: Call, name: str) -> Mapping[int, int]:
    return {"a": {int(call.aTranspose): FREE}, "b": {int(not call.bTranspose): FREE}}.get(name, {})


def gemm(b: GraphBuilder, call: Call, name: str, parts: Parts) -> Operand:
    """The columns, or the rows, of the product that come of each part."""
    axis = 0 if name == "a" else 1
    products = []
    for part, span in parts:
        c = None if call.c is None else within(b, call.c, axis - 2, parts.size, span)
        products.append(b.call("gemm", **call.but(**{name: part}, c=c)))
    return b.concat(products, axis)


def matmul_axes(call: Call, name: str) -> Mapping[int, int]:
    return {call.a.rank - 2: FREE} if name == "a" else {call.b.rank - 1: FREE}


def matmul(b: GraphBuilder, call: Call, name: str, parts: Parts) -> Operand:
    """As `gemm`."""
    axis = call.result.rank - (2 if name == "a" else 1)
    return b.concat([b.call("matmul", **call.but(**{name: part})) for part in parts.operands], axis)


def conv_axes(call: Call, name: str) -> Mapping[int, int]:
    return {call.filterLayout.index("o"): FREE} if name == "filter" and call.groups == 1 else {}


def conv(b: GraphBuilder, call: Call, name: str, parts: Parts) -> Operand:
    """The output channels that come of each part."""
    results = []
    for part, span in parts:
        bias = None if call.bias is None else within(b, call.bias, -1, parts.size, span)
        results.append(b.call(call.op, **call.but(filter=part, bias=bias)))
    return b.concat(results, call.inputLayout.index("c"))


READERS = {
    "conv2d": Reader(conv_axes, conv),
    "convTranspose2d": Reader(conv_axes, conv),
    "gather": Reader(gather_axes, gather),
    "gemm": Reader(gemm_axes, gemm),
    "matmul": Reader(matmul_axes, matmul),
}
"""By operator; any other reads the parts joined."""
