"""What is asked of a quantization: the type, the size of blocks, and what stays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from webnn_graph.errors import ValidationError

BLOCK_SIZE = 32
"""Elements that share a scale in 4 bits, unless somebody says otherwise."""


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
