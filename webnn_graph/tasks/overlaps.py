"""Boxes that overlap: which of them are left out, or score less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from webnn_graph.data_types import Array

MOST_BOXES = 300
"""Of a picture."""


def without_overlaps(boxes: Array, labels: Array, order: Sequence[int], most: float) -> list[int]:
    """Of boxes in their order the first `MOST_BOXES` that share no more of their union with an earlier one of their label."""
    kept: list[int] = []
    for i in order:
        if len(kept) == MOST_BOXES:
            break
        same = [j for j in kept if labels[j] == labels[i]]
        if not same or shared(boxes[i], boxes[same]).max() <= most:
            kept.append(i)
    return kept


def softened(boxes: Array, labels: Array, scores: Array, order: Sequence[int], most: float, least: float) -> tuple[list[int], Array]:
    """Linear Soft-NMS (Bodla et al. 2017, https://arxiv.org/abs/1704.04503).

    The best box is taken, the score of each other one of its label that shares more of their union is multiplied by what it does not
    share, and so on with the rest.

    Args:
        boxes: Corners, [n, 4].
        labels: A number for each.
        scores: Of each.
        order: The boxes that count, the best first.
        most: The share of their union that two may have in common.
        least: Scores below are left out.

    Returns:
        The first `MOST_BOXES` in their order, and the scores of all.
    """
    kept: list[int] = []
    scores, rest = scores.copy(), np.asarray(order, int)
    while len(rest) and len(kept) < MOST_BOXES:
        best, rest = rest[0], rest[1:]
        kept.append(int(best))
        shares = np.where(labels[rest] == labels[best], shared(boxes[best], boxes[rest]), 0)
        scores[rest] *= np.where(shares > most, 1 - shares, 1)
        rest = rest[scores[rest] >= least]
        rest = rest[np.argsort(-scores[rest], kind="stable")]
    return kept, scores


def shared(one: Array, other: Array) -> Array:
    """The intersections of boxes [..., 4] as shares of their unions."""
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        sides = np.maximum(0, np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2]))
        common, (area, other_area) = sides.prod(-1), ((box[..., 2:] - box[..., :2]).prod(-1) for box in (one, other))
        return np.asarray(np.divide(common, area + other_area - common, out=np.zeros(common.shape), where=common > 0))
