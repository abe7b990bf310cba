"""Nearly equal bins over an axis, as adaptive pooling cuts it: bin i goes from floor(i n / count) to ceil((i + 1) n / count)."""

from __future__ import annotations

import numpy as np

from converters.lowering.resampling import multiply
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def bin_bounds(size: int, count: int) -> list[tuple[int, int]]:
    """Start and end of each bin; neighbours can overlap."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def bin_averages(b: GraphBuilder, x: Operand, axis: int, count: int) -> Operand:
    """The averages of x over bins of an axis, as a matrix product."""
    b.reserve(count, x.shape[axis])
    matrix = np.zeros((count, x.shape[axis]))
    for row, (start, end) in zip(matrix, bin_bounds(x.shape[axis], count), strict=True):
        row[start:end] = 1 / (end - start)
    return multiply(b, x, axis, matrix)
