"""The pixels of each object in a picture, of coefficients and prototypes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.tasks.pictures import Fit, places

MOST_MASKED = 2**28
"""Pixels of all masks of a picture together: more than most pictures have, and a quarter of a GB."""
AT_ONCE = 2**20
"""Pixels that are computed at once."""


@dataclass(frozen=True)
class Silhouette:
    """The pixels of an object in the part of a picture that its box covers.

    Attributes:
        left, top: Where this begins, in pixels of the picture.
        pixels: Where the object is, bool[height, width] of it.
    """

    left: int
    top: int
    pixels: Array

    def document(self) -> dict[str, Any]:
        """What files hold: of its pixels, row by row, how many are not the object's, how many are then, and so on."""
        height, width = self.pixels.shape
        flat = np.concatenate([[False], self.pixels.ravel()])
        ends = np.flatnonzero(flat[1:] != flat[:-1])
        runs = np.diff(np.concatenate([[0], ends, [self.pixels.size]])).tolist()
        return {"left": self.left, "top": self.top, "width": width, "height": height, "runs": runs}


def silhouettes(boxes: Array, coefficients: Array, prototypes: Array, size: tuple[int, int], fit: Fit) -> list[Silhouette]:
    """Where each object is, as ``process_mask_native`` of Ultralytics finds it.

    The sum of prototypes, each times its coefficient, is resized to the picture bilinearly; a pixel in the box where it is above 0 is
    the object's.

    Args:
        boxes: Corners in the picture, [n, 4].
        coefficients: [n, count].
        prototypes: Maps over the model's input, [..., count, height, width] of one picture.
        size: Height and width of the input.
        fit: How the picture lies in it.

    Raises:
        ValidationError: All together have more pixels than `MOST_MASKED`.
    """
    corners = np.ceil(np.nan_to_num(boxes)).astype(int).reshape(-1, 4)
    sides = np.maximum(0, corners[:, 2:] - corners[:, :2])
    total = int(sides.prod(1).sum())
    if total > MOST_MASKED:
        raise ValidationError(
            f"the masks of {len(boxes)} objects have {total:,} pixels; at most {MOST_MASKED:,} are made",
            "a higher threshold asks for fewer objects",
        )
    count, rows, columns = prototypes.shape[-3:]
    maps = prototypes.reshape(count, rows, columns)
    down, across = places(fit, size, (rows, columns))
    down, across = down.clip(0, rows - 1), across.clip(0, columns - 1)
    return [
        Silhouette(left, top, _is_above(one, maps, down[top : top + height], across[left : left + width]))
        for one, (left, top, *_), (width, height) in zip(coefficients, corners.tolist(), sides.tolist(), strict=True)
    ]


def _is_above(coefficients: Array, maps: Array, down: Array, across: Array) -> Array:
    """Whether the sum of maps is above 0 at places on both axes."""
    found = np.zeros((len(down), len(across)), bool)
    if not found.size:
        return found
    top, left = int(down[0]), int(across[0])
    part = maps[:, top : int(down[-1]) + 2, left : int(across[-1]) + 2].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        values = np.tensordot(coefficients.astype(np.float64), part, 1)
        columns = _beside(across - left, part.shape[2])
        for rows in _parts(len(down), len(across)):
            above, below, share = _beside(down[rows] - top, part.shape[1])
            lines = values[above] * (1 - share[:, None]) + values[below] * share[:, None]
            before, behind, share = columns
            found[rows] = lines[:, before] * (1 - share) + lines[:, behind] * share > 0
    return found


def _parts(rows: int, columns: int) -> Iterator[slice]:
    """Rows, so many at once that they have no more than `AT_ONCE` pixels."""
    step = max(1, AT_ONCE // columns)
    return (slice(first, first + step) for first in range(0, rows, step))


def _beside(place: Array, length: int) -> tuple[Array, Array, Array]:
    """Of places on an axis the one before, the one behind and how much the latter counts."""
    before = np.floor(place).astype(int)
    return before, np.minimum(before + 1, length - 1), place - before
