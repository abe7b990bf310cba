"""Boxes, scores and points in one, of a heat map of centres and what other maps say of its cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import Centers


def rows_of(heat: Array, maps: Sequence[Array], meaning: Centers) -> Array:
    """A row for each cell, row by row: its box as centre and size, its scores and its points, in pixels of the model's input.

    Args:
        heat: The heat map as probabilities, [..., labels, height, width] of one picture.
        maps: Sizes, offsets and, if there are some, points, of the same cells: [..., numbers, height, width].
        meaning: What they are.

    Returns:
        As `webnn_graph.metadata.Detections` of the form ``rows`` have them, [height * width, 4 + labels + points].
    """
    cells = heat.shape[-2] * heat.shape[-1]
    places = np.stack(np.divmod(np.arange(cells), heat.shape[-1])[::-1])
    sizes, offsets, *points = (one.reshape(-1, 2, cells)[:, :: 1 if meaning.order == "xy" else -1].astype(np.float64) for one in maps)
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        centres = (places + offsets[0] + meaning.middle / 2) * meaning.stride
        sides = (np.exp(sizes[0]) if meaning.log else sizes[0]) * meaning.stride
        corners = centres - sides / 2
        rest = [(corners + one * sides).reshape(-1, cells) for one in points]
    return np.concatenate([centres, sides, heat.reshape(-1, cells), *rest]).T
