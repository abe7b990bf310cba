"""Boxes and scores in one, of grids of cells, each with how far the sides of its box are."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array


def rows_of(scores: Array, distances: Array, stride: int, width: int) -> Array:
    """A row for each cell of a grid: its box as centre and size, in pixels of the model's input, and its scores.

    Args:
        scores: Probabilities, [..., cells, labels] of one picture.
        distances: [..., cells, 4 * distances], see `webnn_graph.metadata.Sides`.
        stride: The side of a cell, in pixels.
        width: Of the model's input.

    Returns:
        As `webnn_graph.metadata.Detections` of the form ``rows`` have them, [cells, 4 + labels].
    """
    cells = scores.shape[-2]
    rows, columns = np.divmod(np.arange(cells), -(-width // stride))
    logits = distances.reshape(cells, 4, -1).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        left, top, right, bottom = (powers @ np.arange(powers.shape[-1]) / powers.sum(-1)).T
        box = [columns + 0.5 + (right - left) / 2, rows + 0.5 + (bottom - top) / 2, left + right, top + bottom]
        return np.concatenate([np.stack(box, 1) * stride, scores.reshape(cells, -1)], 1)
