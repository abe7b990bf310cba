"""How much one conversion may do: a small file must not be able to ask for more time or memory than there is.

A `Budget` counts over the whole conversion, whatever asks: loops, functions, constants, archives. What is normal for real
models is far below it; a factor raises all of its limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from webnn_graph.errors import ConversionError, ValidationError

NODES = 200_000
"""Nodes that are converted, each as often as a loop or a function repeats it."""
MADE_BYTES = 4 << 30
"""Bytes of tensors that are made at conversion: not read from the model's files."""
INFLATED_BYTES = 256 << 20
"""Bytes that compressed members of an archive may grow to."""
ELEMENTS = 2**28
"""Most elements of one tensor that is made while converting: 1 GiB of float32."""


@dataclass
class Budget:
    """What is left for one conversion.

    Attributes:
        factor: How many times the normal limits are allowed: ``--budget``.
    """

    factor: float = 1.0
    nodes: int = 0
    made_bytes: int = 0
    inflated_bytes: int = 0

    def count_node(self, what: str) -> None:
        """Another node is converted. Raises `ConversionError` when there were too many; ``what`` names it."""
        self.nodes += 1
        if self.nodes > NODES * self.factor:
            raise self._exceeded(f"{what} is one of more than {NODES * self.factor:,.0f} nodes to convert, counting repetitions")

    def make(self, shape: tuple[int, ...], element_bytes: int, what: str) -> None:
        """A tensor is about to be made. Raises `ConversionError` when it, or all of them together, is too large."""
        elements = math.prod(shape)
        if elements > ELEMENTS * self.factor:
            raise self._exceeded(
                f"{what} needs a constant of shape {list(shape)}; at most {ELEMENTS * self.factor:,.0f} elements are made at conversion"
            )
        self.made_bytes += elements * element_bytes
        if self.made_bytes > MADE_BYTES * self.factor:
            raise self._exceeded(
                f"{what} brings what is made at conversion to {self.made_bytes:,} bytes; the limit is {MADE_BYTES * self.factor:,.0f}"
            )

    def inflate(self, size: int, what: str) -> None:
        """So many bytes are about to be decompressed. Raises `ConversionError` when there are too many."""
        self.inflated_bytes += size
        if self.inflated_bytes > INFLATED_BYTES * self.factor:
            raise self._exceeded(
                f"{what} brings what is decompressed to {self.inflated_bytes:,} bytes; the limit is {INFLATED_BYTES * self.factor:,.0f}"
            )

    def _exceeded(self, message: str) -> ConversionError:
        return ConversionError(message, f"--budget {2 * self.factor:g} allows twice as much, if you trust the model")


def check_made(*shape: int) -> None:
    """Raises `ValidationError` when a tensor of this shape is too large to be made while converting."""
    if math.prod(shape) > ELEMENTS:
        raise ValidationError(f"needs a constant of shape {list(shape)}; at most {ELEMENTS:,} elements are made at conversion")
