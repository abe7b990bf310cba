"""Pictures to feed: what a detector says of noise is zero everywhere, which compares nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from webnn_graph.data_types import Array


def page(shape: Sequence[int]) -> Array:
    """A light page with lines of dark strokes, from -2 to 2.2 as normalized photographs are.

    Args:
        shape: [batch, channels, height, width].
    """
    random = np.random.default_rng(0)
    picture = np.full(shape, 2.2, np.float32)
    for top in range(20, shape[2] - 20, 40):
        for left in range(20, shape[3] - 20, 12):
            height, width = random.integers(8, 24), random.integers(2, 8)
            picture[..., top : top + height, left : left + width] = -2
    return picture


def spectrogram(shape: Sequence[int]) -> Array:
    """A spectrogram that changes as slowly as speech does, as decimal logarithms around -3.

    Args:
        shape: [batch, frames, bands].
    """
    steps = np.random.default_rng(0).standard_normal(shape)
    return (np.cumsum(steps, axis=1) / 5 - 3).astype(np.float32)


def sky(shape: Sequence[int]) -> Array:
    """A night sky with the bright streaks that cosmic rays leave in a camera.

    Args:
        shape: [batch, channels, height, width].
    """
    random = np.random.default_rng(0)
    picture = random.standard_normal(shape).astype(np.float32)
    for _ in range(30):
        top, left = random.integers(10, shape[2] - 10), random.integers(10, shape[3] - 10)
        for i in range(random.integers(1, 8)):
            picture[..., top + i // 2, left + i] += 1000
    return picture


PICTURES: Mapping[str, Callable[[Sequence[int]], Array]] = {"page": page, "spectrogram": spectrogram, "sky": sky}
"""What a manifest's ``pictures`` may name."""
