"""Digests, by which a graph and its weights show that they belong together.

The digest of a weight covers its name, data type, shape and values; the metadata of a weights file hold those of its tensors.
A graph's file holds one for all weights that it reads: the exclusive or of theirs. So whether the two fit is known without
reading a weight, and a file with further tensors, which other graphs read, fits as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from hashlib import blake2b
from operator import xor

from webnn_graph.data_types import Array
from webnn_graph.formats.weights import storage
from webnn_graph.graph import Operand

BYTES = 16
PATTERN = re.compile(f"[0-9a-f]{{{2 * BYTES}}}")


class Contents:
    """What the bits of arrays are, in a few bytes; computed once per array, whatever it is called."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[Array, bytes]] = {}

    def of(self, operand: Operand, array: Array) -> bytes:
        """Equal for arrays of one data type and shape that hold the same bits: -0 differs from 0, and NaN equals itself."""
        memory = array.__array_interface__
        key = operand.data_type, array.shape, memory["data"], memory["strides"]
        if key not in self._known:
            hashed = blake2b(digest_size=BYTES)
            for piece in storage(array, operand.data_type):
                hashed.update(piece)
            self._known[key] = array, hashed.digest()  # the array is kept, so that nothing else takes its place in memory
        return self._known[key][1]


def digests_of(weights: Mapping[Operand, Array], contents: Contents) -> dict[str, str]:
    """The digest of each weight by its name."""
    return {operand.name: _digest(operand, contents.of(operand, array)) for operand, array in weights.items()}


def _digest(operand: Operand, content: bytes) -> str:
    return blake2b(f"{operand}\n".encode() + content, digest_size=BYTES).hexdigest()


def combined(digests: Iterable[str]) -> str:
    """The digest of several weights, in any order; empty for none."""
    numbers = [int(digest, 16) if PATTERN.fullmatch(digest) else 0 for digest in digests]
    return f"{reduce(xor, numbers):0{2 * BYTES}x}" if numbers else ""
