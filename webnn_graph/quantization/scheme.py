"""What is asked of a quantization: the type, the blocks, and what stays."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from webnn_graph.errors import ValidationError
from webnn_graph.graph import Shape

BLOCK_SIZE = 32
"""Elements that share a scale in 4 bits, unless somebody says otherwise."""
NEAR = 4
"""How many times larger or smaller than asked a block may be, where sizes have no better divisor."""


class Weights(StrEnum):
    """What weights are stored as."""

    FLOAT32 = "float32"
    """As they are."""
    FLOAT16 = "float16"
    """Half as many bytes; cast back."""
    INT8 = "int8"
    """A scale for each output channel, symmetric."""
    INT4 = "int4"
    """A scale and a zero point for each block of a channel; int8 where a weight has no such blocks."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ValidationError(f"weights cannot become {value!r}", f"they can become {', '.join(cls)}")


@dataclass(frozen=True)
class Scheme:
    """How weights are rounded.

    Attributes:
        weights: What they become.
        block_size: Elements of an output channel that share a scale, for int4.
        keep: Patterns, as in shells, of layers and of weights that stay.
        embeddings: Whether embedding tables are rounded, too.

    Raises:
        ValidationError: A block has less than 2 elements.
    """

    weights: Weights = Weights.INT8
    block_size: int = BLOCK_SIZE
    keep: tuple[str, ...] = ()
    embeddings: bool = False

    def __post_init__(self) -> None:
        if self.block_size < 2:
            raise ValidationError(f"blocks of {self.block_size} elements save nothing", "32 is usual")


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
