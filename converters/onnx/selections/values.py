"""What a mask selects, before anybody knows how many elements that are: the values of NonZero and of what is made of it.

A tensor whose size depends on data cannot be in a WebNN graph. Exporters write such tensors where a model assigns through a
mask, and put them back at the same mask. So `Selected` keeps all rows, those that the mask leaves out included, and what puts
them back selects by the mask: `converters.onnx.selections.readers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from converters.onnx.registry import TO_KNOW
from converters.problems import Problem
from webnn_graph.builder import GraphBuilder
from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import Where
from webnn_graph.graph import Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.traits import Trait


@dataclass(frozen=True)
class Selected:
    """A tensor of the rows at which a mask is true.

    Attributes:
        mask: uint8 [n], 0 and 1.
        rows: The same tensor with all n rows, of which those count at which the mask is 1.
        axis: Along which axis the rows lie.
        problem: What is reported when an operator reads it that does not know how.
        counted: Whether the mask is only that of a count, and may hold other numbers than 0 and 1.
    """

    mask: Operand
    rows: Operand
    axis: int
    problem: Problem = field(compare=False)
    counted: bool = False


@dataclass(frozen=True)
class Count:
    """How many elements of a mask are true."""

    mask: Operand

    @property
    def most(self) -> int:
        """How many that can be."""
        return self.mask.size


Size: TypeAlias = int | Count


@dataclass(frozen=True)
class Sizes:
    """Integers as ONNX computes shapes of them, some of which are counts.

    Attributes:
        items: An array of objects, each a `Size`.
        problem: See `Selected`.
    """

    items: Array
    problem: Problem = field(compare=False)

    @property
    def flat(self) -> list[Size]:
        """The items in order."""
        return list(self.items.ravel())

    @property
    def counts(self) -> bool:
        """Whether one of them is a count."""
        return any(isinstance(item, Count) for item in self.flat)


def sizes(items: Sequence[Size], shape: Sequence[int], problem: Problem) -> Sizes:
    """`Sizes` of this shape."""
    array: Array = np.empty(len(items), object)
    array[:] = items
    return Sizes(array.reshape(tuple(shape)), problem)


def as_operand(b: GraphBuilder, given: Sizes) -> Operand:
    """The integers as an int64 tensor; counts are computed when the graph runs."""
    if not given.counts:
        return b.constant(given.items.astype(np.int64))
    parts = [_counted(b, item.mask) if isinstance(item, Count) else b.constant(np.array([item], np.int64)) for item in given.flat]
    return b.reshape(b.concat(parts, 0), given.items.shape)


def _counted(b: GraphBuilder, mask: Operand) -> Operand:
    total = b.reduceSum(b.cast(mask, DataType.INT32), axes=[0], keepDimensions=True)
    return b.cast(total, DataType.INT64)


def as_sizes(b: GraphBuilder, operand: Operand, problem: Problem) -> Sizes | None:
    """What is known of an integer tensor: its values, or that it is made of sums of masks; None when that is not all.

    Exporters write ``ReduceSum(Cast(mask))`` where the shape of NonZero's result would say the same.
    """
    values = b.value(operand)
    if values is not None:
        return sizes([int(item) for item in values.ravel()], operand.shape, problem)
    node = b.producer(operand)
    if node is None:
        return None
    if node.op in ("reshape", "cast", "identity"):
        inner = as_sizes(b, node.arguments["input"], problem)
        return inner and sizes(inner.flat, operand.shape, problem)
    if node.op == "concat" and operand.rank == 1:
        parts = [as_sizes(b, part, problem) for part in node.operands]
        return sizes([item for part in parts if part for item in part.flat], operand.shape, problem) if all(parts) else None
    mask = _summed_mask(b, operand) if node.op == "reduceSum" and operand.size == 1 else None
    return sizes([Count(mask)], operand.shape, problem) if mask else None


def _summed_mask(b: GraphBuilder, total: Operand) -> Operand | None:
    node = b.producer(total)
    while node is not None and node.op in ("reduceSum", "reshape", "cast"):
        operand: Operand = node.arguments["input"]
        if operand.data_type is DataType.UINT8:
            return flat_mask(b, operand)
        node = b.producer(operand)
    return None


def flat_mask(b: GraphBuilder, mask: Operand) -> Operand:
    """A mask of any rank as one of rank 1, made the same way whichever way the model broadcasts it."""
    node = b.producer(mask)
    if node is not None and node.op == "reshape":
        return flat_mask(b, node.arguments["input"])
    if node is not None and node.op == "expand":
        inner: Operand = node.arguments["input"]
        before = (1,) * (mask.rank - inner.rank) + inner.shape
        kept = [axis for axis, size in enumerate(before) if size > 1]
        first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
        if before[first:last] == mask.shape[first:last]:
            return repeated(b, flat_mask(b, inner), math.prod(mask.shape[:first]), math.prod(mask.shape[last:]))
    return b.reshape(mask, [mask.size])


def repeated(b: GraphBuilder, mask: Operand, outer: int, inner: int) -> Operand:
    """A mask [n] as the mask [outer * n * inner] of tensors with axes around its own."""
    if outer == inner == 1:
        return mask
    before, after = [1] * (outer > 1), [1] * (inner > 1)
    wide = b.reshape(mask, [*before, mask.size, *after])
    target = [*[outer] * (outer > 1), mask.size, *[inner] * (inner > 1)]
    return b.reshape(b.expand(wide, target), [outer * mask.size * inner])


def is_truth(b: GraphBuilder, operand: Operand) -> bool:
    """Whether an operand is 0 and 1 by what computes it."""
    node = b.producer(operand)
    while node is not None and Trait.MOVING in OPS[node.op].traits:
        node = b.producer(node.arguments["input"])
    return node is not None and Trait.TRUTH in OPS[node.op].traits


def along(mask: Operand, rank: int, axis: int) -> list[int]:
    """The shape in which a mask broadcasts to a tensor of this rank whose rows lie along this axis."""
    return [mask.size if i == axis else 1 for i in range(rank)]


def spread(b: GraphBuilder, compact: Operand, mask: Operand, axis: int) -> Operand:
    """All rows of a tensor that has only the selected ones: row i of ``compact`` where the mask is true for the i-th time."""
    nth = b.sub(b.cumulativeSum(b.cast(mask, DataType.INT32), 0), 1)
    return b.gather(compact, b.clamp(nth, minValue=0, maxValue=compact.shape[axis] - 1), axis=axis)


def unknown_input(op: str, label: str, name: str) -> Problem:
    """The problem of a node one of whose inputs would have to be known."""
    why = f"input {name} is computed at run time; WebNN needs its value at conversion"
    return Problem(op, Where(node=label), why, TO_KNOW, code=Code.DEPENDS_ON_DATA)


def lazy(values: Sequence[object]) -> Iterator[Selected | Sizes]:
    """Those of the values that only readers of selections take."""
    yield from (value for value in values if isinstance(value, Selected | Sizes))
