"""A part of a picture, upright."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.tasks.maps import cubic_weight
from webnn_graph.tasks.pictures import MOST_PIXELS, picture_of

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

TALL = 1.5
"""A part as many times as high as wide is turned to the left: text in it is taken to run downwards."""

REACH = 2
"""Pixels that a colour takes of its neighbours."""


def cut(picture: Picture, corners: Sequence[tuple[float, float]]) -> Picture:
    """What of a picture lies between four corners, as a rectangle; as rapidocr-onnxruntime 1.4.4 cuts a line of text.

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
        raise ValidationError(f"a part of {width:,} x {height:,} pixels is cut out; at most {MOST_PIXELS:,} are", code=Code.WRONG_INPUT)
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
    """Colours uint8[..., 3] at places between pixels, bicubic; beyond the picture are those of its sides."""
    height, width = pixels.shape[:2]
    x, y = (np.nan_to_num(place).clip(-REACH, length + REACH) for place, length in ((x, width), (y, height)))
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    made = np.zeros((*x.shape, 3))
    for down in range(-1, 3):
        rows, weights = (row + down).clip(0, height - 1), cubic_weight(np.abs(y - row - down))
        for across in range(-1, 3):
            colours = pixels[rows, (column + across).clip(0, width - 1)]
            made += colours * (weights * cubic_weight(np.abs(x - column - across)))[..., None]
    return np.asarray(np.floor(made + 0.5).clip(0, 255).astype(np.uint8))
