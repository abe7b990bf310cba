"""Digests, by which a graph and its weights show that they belong together.

The digest of a weight covers its name, data type, shape and values; the metadata of a weights file hold those of its tensors.
A graph's file holds one for all weights that it reads: the exclusive or of theirs. So whether the two fit is known without
reading a weight, and a file with further tensors, which other graphs read, fits as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from hashlib import sha256
from operator import xor

from webnn_graph.graph import Operand
from webnn_graph.weight import DIGEST_BYTES, Weight, hash_together

PATTERN = re.compile(f"[0-9a-f]{{{2 * DIGEST_BYTES}}}")


def digests_of(weights: Mapping[Operand, Weight]) -> dict[str, str]:
    """The digest of each weight by its name."""
    hash_together(weights.values())
    return {operand.name: _digest(operand, weight.digest) for operand, weight in weights.items()}


def _digest(operand: Operand, content: bytes) -> str:
    return sha256(f"{operand}\n".encode() + content).hexdigest()[: 2 * DIGEST_BYTES]


def combined(digests: Iterable[str]) -> str:
    """The digest of several weights, in any order; empty for none."""
    numbers = [int(digest, 16) if PATTERN.fullmatch(digest) else 0 for digest in digests]
    return f"{reduce(xor, numbers):0{2 * DIGEST_BYTES}x}" if numbers else ""
