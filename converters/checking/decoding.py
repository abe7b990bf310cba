"""How the graphs of a decoder are compared with its source model: which tokens are fed, and how far logits may be off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array

TOLERANCE, HALF_TOLERANCE = 1e-3, 0.1
"""Largest difference of logits, in proportion to their spread: of float32, and of a model with half the precision in each of its layers."""
STEPS = 2
"""Tokens that are fed one at a time at the beginning, and beyond the window."""


@dataclass(frozen=True)
class GraphCall:
    """A call of one of the graphs.

    Attributes:
        part: Which of them.
        position: Tokens in the cache.
        tokens: New tokens that are real; what the graph takes beyond them is filled up.
        width: Tokens that the graph takes.
    """

    part: str
    position: int
    tokens: int
    width: int

    @property
    def last(self) -> int:
        """The place of the token that logits are wanted after."""
        return self.position + self.tokens - 1


def calls_of(widths: Mapping[str, int], room: int, window: int = 0, *, padding: bool = True) -> Iterator[GraphCall]:
    """The calls by which graphs are compared.

    A prompt is filled up, continued token by token, then by a whole piece, and by as many as it takes to go beyond a window, then token by
    token again. Without a graph for prompts all are fed token by token.

    Args:
        widths: Tokens that ``decode`` takes, and ``prefill``, if there is one.
        room: Tokens that the cache has room for.
        window: How far a token sees back; 0 for to the first.
        padding: Whether a prompt may be filled up.
    """
    prefill = "prefill" if "prefill" in widths else "decode"
    width = widths[prefill]
    prompt = max(width - 1, 1) if padding else width
    yield GraphCall(prefill, 0, prompt, width)
    position = prompt
    for position in range(prompt + 1, min(prompt + STEPS, room) + 1):
        yield GraphCall("decode", position - 1, 1, 1)
    pieces = min(max(1, -(-(window + 1 - position) // width)), (room - position) // width)
    for _ in range(pieces):
        yield GraphCall(prefill, position, width, width)
        position += width
    for place in range(position, min(max(window + 1, position) + STEPS, room)):
        yield GraphCall("decode", place, 1, 1)


def difference(logits: Array, right: Array) -> float:
    """How far logits are off, in proportion to the spread of the right ones."""
    return float(np.linalg.norm(logits - right) / (np.linalg.norm(right - right.mean()) or 1))
