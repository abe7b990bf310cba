"""A part of a picture, upright."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.tasks.pictures import MOST_PIXELS, picture_of

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

TALL = 1.5
"""A part as many times as high as wide is turned to the left: its text runs upwards or downwards."""


def cut(picture: Picture, corners: Sequence[tuple[float, float]]) -> Picture:
    """What of a picture lies between four corners, as a rectangle; as rapidocr-onnxruntime 1.4.4 cuts a line of text, but bilinearly.

    Args:
        picture: With red, green and blue.
        corners: (x, y) each: upper left, upper right, lower right, lower left.

    Raises:
        ValidationError: It would have more than `MOST_PIXELS`.
    """
    quad = np.array(corners, np.float64)
    across, down = (np.hypot(*(quad[[a, c]] - quad[[b, d]]).T).max() for a, b, c, d in ((0, 1, 2, 3), (0, 3, 1, 2)))
    width, height = max(1, int(across)), max(1, int(down))
    if width * height > MOST_PIXELS:
        raise ValidationError(f"a part of {width:,} x {height:,} pixels is cut out; at most {MOST_PIXELS:,} are")
    x, y = _places(quad, np.arange(width) / width, (np.arange(height) / height)[:, None])
    made = _between(np.asarray(picture.convert("RGB")), x, y)
    return picture_of(np.rot90(made) if height >= TALL * width else made)


def _places(quad: Array, u: Array, v: Array) -> tuple[Array, Array]:
    """Where points of a rectangle, in shares of its sides, are in a quadrilateral: the projection of Heckbert's thesis (1989), 2.2.3."""
    one, two, three, four = quad
    a, b, c = two - three, four - three, one - two + three - four
    area = a[0] * b[1] - b[0] * a[1] or 1.0
    g, h = (c[0] * b[1] - b[0] * c[1]) / area, (a[0] * c[1] - c[0] * a[1]) / area
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        depth = g * u + h * v + 1
        x, y = (((two - one + g * two)[i] * u + (four - one + h * four)[i] * v + one[i]) / depth for i in (0, 1))
    return x, y


def _between(pixels: Array, x: Array, y: Array) -> Array:
    """Colours uint8[..., 3] at places between pixels, of the four around each; beyond the picture those of its sides."""
    height, width = pixels.shape[:2]
    left, upper = (np.nan_to_num(place).clip(0, length - 1) for place, length in ((x, width), (y, height)))
    column, row = np.floor(left).astype(int), np.floor(upper).astype(int)
    right, lower = np.minimum(column + 1, width - 1), np.minimum(row + 1, height - 1)
    across, down = (left - column)[..., None], (upper - row)[..., None]
    above = pixels[row, column] * (1 - across) + pixels[row, right] * across
    below = pixels[lower, column] * (1 - across) + pixels[lower, right] * across
    return np.asarray(np.floor(above * (1 - down) + below * down + 0.5).astype(np.uint8))
