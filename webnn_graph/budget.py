"""How much one conversion may do: a small file must not be able to ask for more time or memory than there is.

A `Budget` counts over the whole conversion, whatever asks: loops, functions, constants, archives. What is normal for real
models is far below it; a factor raises all of its limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from webnn_graph.errors import BudgetExceeded

STEPS = 100_000
"""Calls of the builder and of functions, and nodes of the source that make none, each as often as a loop or a function repeats it."""
MADE_BYTES = 1 << 30
"""Bytes of tensors that are made at conversion: not read from the model's files."""
INFLATED_BYTES = 256 << 20
"""Bytes that compressed members of an archive may grow to."""
ELEMENTS = 2**28
"""Most elements of one tensor that is made while converting: 1 GiB of float32."""


@dataclass
class Budget:
    """What one conversion has done, and may do.

    Attributes:
        factor: How many times the normal limits are allowed: ``--budget``.
        steps: Nodes and calls so far.
        made_bytes: Bytes of the tensors made so far.
        inflated_bytes: Bytes decompressed so far.
    """

    factor: float = 1.0
    steps: int = 0
    made_bytes: int = 0
    inflated_bytes: int = 0

    def step(self, what: str, count: int = 1) -> None:
        """Nodes are converted or calls made. Raises `BudgetExceeded` when there were too many; ``what`` names the last one."""
        self.steps += count
        if self.steps > STEPS * self.factor:
            raise self._exceeded(f"{what} is one of more than {STEPS * self.factor:,.0f} steps of the conversion, counting repetitions")

    def make(self, shape: tuple[int, ...], element_bytes: int, what: str) -> None:
        """A tensor is about to be made. Raises `BudgetExceeded` when it, or all of them together, is too large."""
        elements = math.prod(max(0, size) for size in shape)
        if elements > ELEMENTS * self.factor:
            raise self._exceeded(
                f"{what} needs a constant of shape {list(shape)}; at most {ELEMENTS * self.factor:,.0f} elements are made at conversion"
            )
        self.made_bytes += elements * element_bytes
        if self.made_bytes > MADE_BYTES * self.factor:
            raise self._exceeded(
                f"{what} brings what is made at conversion to {self.made_bytes:,} bytes; the limit is {MADE_BYTES * self.factor:,.0f}"
            )

    def hold(self, shape: tuple[int, ...], element_bytes: int, what: str) -> None:
        """Tensors are about to be made that are not kept. Raises `BudgetExceeded` when they are too large, whatever else was made."""
        before = self.made_bytes
        self.made_bytes = 0
        self.make(shape, element_bytes, what)
        self.made_bytes = before

    def inflate(self, size: int, what: str) -> None:
        """So many bytes are about to be decompressed. Raises `BudgetExceeded` when there are too many."""
        self.inflated_bytes += size
        if self.inflated_bytes > INFLATED_BYTES * self.factor:
            raise self._exceeded(
                f"{what} brings what is decompressed to {self.inflated_bytes:,} bytes; the limit is {INFLATED_BYTES * self.factor:,.0f}"
            )

    def _exceeded(self, message: str) -> BudgetExceeded:
        return BudgetExceeded(message, f"--budget {2 * self.factor:g} allows twice as much, if you trust the model")
