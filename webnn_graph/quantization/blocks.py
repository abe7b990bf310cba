"""Which elements of a weight share a scale."""

from __future__ import annotations

import math
from collections.abc import Set

from webnn_graph.graph import Shape

NEAR = 4
"""How many times larger or smaller than asked a block may be, where sizes have no better divisor."""


def channels(shape: Shape, summed: Set[int]) -> Shape:
    """The block of each output channel: all of the axes that are summed up."""
    return tuple(size if axis in summed else 1 for axis, size in enumerate(shape))


def blocks(shape: Shape, summed: Set[int], size: int) -> Shape | None:
    """Blocks of about ``size`` elements along the axes that are summed up, the last ones first.

    Each of a block's sizes divides the shape's, as dequantizeLinear wants. None where that leads too far from the size.
    """
    block, rest = [1] * len(shape), float(size)
    for axis in sorted(summed, reverse=True):
        block[axis] = _nearest_divisor(shape[axis], max(rest, 1))
        rest /= block[axis]
    return tuple(block) if 1 / NEAR <= rest <= NEAR else None


def _nearest_divisor(number: int, wanted: float) -> int:
    divisors = {d for i in range(1, math.isqrt(number) + 1) if number % i == 0 for d in (i, number // i)}
    return min(sorted(divisors), key=lambda divisor: abs(math.log(divisor / wanted)))
