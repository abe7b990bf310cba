"""Pictures to feed: what a detector says of noise is zero everywhere, which compares nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph
from webnn_graph.names import nearest


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


PICTURES: Mapping[str, tuple[int, Callable[[Sequence[int]], Array]]] = {"page": (4, page), "spectrogram": (3, spectrogram), "sky": (4, sky)}
"""What a manifest's ``pictures`` may name: the rank of the inputs that it is for, and what makes it."""


def values(pictures: Mapping[str, str], graph: Graph) -> dict[str, Array]:
    """The values of a graph's inputs that are fed pictures.

    Args:
        pictures: Which picture, by the input's name.
        graph: The graph.

    Raises:
        WebNNError: There is no such picture or input, or the picture does not fit the input.
    """
    return {name: _made(picture, name, graph) for name, picture in pictures.items()}


def _made(picture: str, name: str, graph: Graph) -> Array:
    if picture not in PICTURES:
        raise WebNNError(f"there is no picture {picture!r}", nearest(picture, PICTURES) or f"there are {', '.join(PICTURES)}")
    shapes = {operand.name: operand.shape for operand in graph.inputs}
    if name not in shapes:
        raise WebNNError(f"the graph has no input {name!r} for a picture", nearest(name, shapes))
    rank, make = PICTURES[picture]
    if len(shapes[name]) != rank:
        raise WebNNError(f"input {name!r} has shape {list(shapes[name])}; the picture {picture!r} is for {rank} dimensions")
    return make(shapes[name])
