"""Tensors taken apart along an axis and put together again."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def unstack(b: GraphBuilder, input: Operand, axis: int) -> list[Operand]:
    """The slices of ``input`` along a dimension, without that dimension. Nothing for a dimension of 0."""
    if not input.shape[axis]:
        return []
    shape = input.shape[:axis] + input.shape[axis + 1 :]
    return [b.reshape(piece, shape) for piece in b.split(input, input.shape[axis], axis=axis)]


def stack(b: GraphBuilder, items: Sequence[Operand], axis: int) -> Operand:
    """At least one operand, all of one shape, along a new dimension at ``axis``."""
    shape = list(items[0].shape)
    shape.insert(axis, 1)
    return b.concat([b.reshape(item, shape) for item in items], axis)
