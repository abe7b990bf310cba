"""Keys and values of the tokens before: a cache of fixed size, into which new tokens are written."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def written(b: GraphBuilder, cache: Operand, new: Operand, position: Operand, axis: int) -> Operand:
    """The cache with new rows in the place of those from ``position`` on.

    It is one call whose indices are those of every row, so that neither cache nor rows are reshaped; caches of one shape share them.

    Args:
        cache: Of any shape.
        new: Of the same shape, but along ``axis``.
        position: int32[1].
        axis: Along which the tokens follow each other.
    """
    lead = new.shape[: axis + 1]
    places = np.moveaxis(np.indices(lead, np.int32), 0, -1)
    b.reserve(*places.shape, element_bytes=4)
    step = np.zeros(axis + 1, np.int32)
    step[axis] = 1
    return b.scatterND(cache, b.add(np.ascontiguousarray(places), b.mul(position, step)), new)
