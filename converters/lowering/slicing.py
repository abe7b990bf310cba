"""Parts of tensors in Python's notation: negative starts, ends and steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def sliced(b: GraphBuilder, x: Operand, parts: Mapping[int, slice]) -> Operand:
    """``x`` with a Python slice for each axis in ``parts``: slice, and reverse for negative steps.

    When nothing is left, the result is an empty constant, whose values are known whatever those of ``x``.
    """
    ranges = {axis: range(*part.indices(x.shape[axis])) for axis, part in parts.items()}
    if not all(map(len, ranges.values())):
        shape = [len(ranges.get(axis, range(size))) for axis, size in enumerate(x.shape)]
        return b.constant(np.zeros(shape, x.data_type.numpy), x.data_type)
    starts, sizes, strides = [0] * x.rank, list(x.shape), [1] * x.rank
    for axis, kept in ranges.items():
        starts[axis], strides[axis] = min(kept[0], kept[-1]), abs(kept.step)
        sizes[axis] = abs(kept[-1] - kept[0]) + 1
    part = b.slice(x, starts, sizes, strides=strides if any(stride > 1 for stride in strides) else None)
    backwards = sorted(axis for axis, kept in ranges.items() if kept.step < 0 and len(kept) > 1)
    return b.reverse(part, axes=backwards) if backwards else part


def at(b: GraphBuilder, x: Operand, axis: int, index: int) -> Operand:
    """One element along an axis, without that axis."""
    starts, sizes = [0] * x.rank, list(x.shape)
    starts[axis], sizes[axis] = index % x.shape[axis], 1
    return b.reshape(b.slice(x, starts, sizes), x.shape[:axis] + x.shape[axis + 1 :])
