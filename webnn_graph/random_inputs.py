"""Values for the inputs that are random numbers, the same for the same seed here and in a generated module.

The generator is mulberry32: the state grows by a constant, and each number is a hash of it. ``templates/random`` has the
same in JavaScript.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Distribution, Graph

STEP = 0x6D2B79F5
"""By which the state grows."""
BITS = {DataType.FLOAT32: 24, DataType.FLOAT16: 11}
"""Bits of a uniform number: so many that it is exact, and less than 1, in its type."""


class Generator:
    """Draws numbers, one after another.

    Args:
        seed: The state to begin with, of which 32 bits count.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFF

    def draw(self, distribution: Distribution, descriptor: Descriptor) -> Array:
        """Numbers of the standard normal distribution, or of the uniform one in [0, 1)."""
        bits = BITS[descriptor.data_type]
        if distribution is Distribution.UNIFORM:
            values = self._integers(descriptor.size, bits) / 2.0**bits
        else:  # Box and Muller
            pairs = self._integers(2 * descriptor.size, 24).reshape(-1, 2) / 2.0**24
            values = np.sqrt(-2 * np.log(1 - pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])
        return values.astype(descriptor.data_type.numpy).reshape(descriptor.shape)

    def _integers(self, count: int, bits: int) -> Array:
        with np.errstate(over="ignore"):
            a = np.uint32(self._state) + np.uint32(STEP) * np.arange(1, count + 1, dtype=np.uint32)
            t = (a ^ (a >> 15)) * (a | 1)
            t ^= t + (t ^ (t >> 7)) * (t | 61)
            numbers = t ^ (t >> 14)
        self._state = (self._state + STEP * count) & 0xFFFFFFFF
        return np.asarray(numbers >> (32 - bits))


def drawn(graph: Graph, given: Mapping[str, object], seed: int | None = None) -> dict[str, Array]:
    """Values for the random inputs that are not given, by name.

    Args:
        graph: The graph.
        given: The other inputs, by name.
        seed: With the same one, the same inputs get the same values; by default they are others each time.
    """
    generator = Generator(secrets.randbits(32) if seed is None else seed)
    missing = [operand for operand in graph.inputs if operand.distribution and operand.name not in given]
    return {operand.name: generator.draw(operand.distribution, operand) for operand in missing if operand.distribution}
