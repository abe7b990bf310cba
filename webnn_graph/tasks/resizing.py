"""Pictures in another size: as Pillow makes them, which looks at all that a smaller pixel covers, or as OpenCV does, which does not.

What OpenCV makes of bytes is the same to the last bit: weights are 2,048ths, and sums are whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from webnn_graph.data_types import Array

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

PARTS = np.float32(2048)
TAPS = 8
"""Pixels on each axis that one of `lanczos4` is made of."""


def resized(picture: Picture, width: int, height: int, resample: str) -> Picture:
    """A picture in another size.

    Args:
        picture: With red, green and blue.
        width, height: Of the new one.
        resample: `webnn_graph.metadata.Image.resample`.
    """
    import PIL.Image

    if resample == "linear":
        return PIL.Image.fromarray(_linear(np.asarray(picture), width, height))
    if resample == "lanczos4":
        return PIL.Image.fromarray(_lanczos4(np.asarray(picture), width, height))
    return picture.resize((width, height), PIL.Image.Resampling[resample.upper()])


def _linear(pixels: Array, width: int, height: int) -> Array:
    """Pixels uint8[height, width, channels] in another size, each of the four next ones in whole numbers, as ``cv2.resize`` does it."""
    (left, right, rightward), (above, below, downward) = _beside(pixels.shape[1], width), _beside(pixels.shape[0], height)
    rightward = np.where(left == right, 0, rightward)
    values = pixels.astype(np.int32)
    rows = (values[:, left] * _parts(1 - rightward)[:, None] + values[:, right] * _parts(rightward)[:, None]) >> 4
    upper, lower = (rows[row] * _parts(share)[:, None, None] >> 16 for row, share in ((above, 1 - downward), (below, downward)))
    return np.asarray((upper + lower + 2) >> 2, np.uint8)


def _beside(size: int, made: int) -> tuple[Array, Array, Array]:
    """Of each of ``made`` places on an axis the pixels before and behind it, and how much the latter counts, float32."""
    before, share = _places(size, made)
    return before.clip(0, size - 1), (before + 1).clip(0, size - 1), share


def _places(size: int, made: int) -> tuple[Array, Array]:
    """Of each of ``made`` places on an axis the pixel before it, which may be none, and how far behind its middle it is, float32."""
    place = ((np.arange(made) + 0.5) * (1 / (made / size)) - 0.5).astype(np.float32)
    before = np.floor(place).astype(np.int64)
    return before, place - before.astype(np.float32)


def _parts(share: Array) -> Array:
    """A share from 0 to 1 in 2,048 parts."""
    return np.rint(share * PARTS).astype(np.int32)


def _lanczos4(pixels: Array, width: int, height: int) -> Array:
    """The same of the 64 next pixels: ``cv2.INTER_LANCZOS4``. Beyond the sides is what is at them."""
    (rows, downward), (columns, rightward) = _around(pixels.shape[0], height), _around(pixels.shape[1], width)
    needed, rows = np.unique(rows, return_inverse=True)
    values = pixels[needed].astype(np.int32)
    lines = sum(values[:, columns[:, i]] * rightward[:, i, None] for i in range(TAPS))
    made = sum(lines[row] * parts[:, None, None] for row, parts in zip(rows.reshape(-1, TAPS).T, downward.T, strict=True))
    return np.asarray(((made + 2**21) >> 22).clip(0, 255), np.uint8)


def _around(size: int, made: int) -> tuple[Array, Array]:
    """Of each of ``made`` places on an axis the eight pixels around it, and how many 2,048ths of each count, int32: both [made, 8].

    A weight at a distance d is sinc(d) sinc(d / 4); sin(pi d) is the same of all, but for its sign, and the sum is 1. Steps are rounded
    to float32 as OpenCV rounds them.
    """
    before, share = _places(size, made)
    distance = (share + np.float32(3))[:, None] - np.arange(TAPS, dtype=np.float32)
    angle = distance.astype(np.float64) * (np.pi / 4)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = (np.sin(angle) * np.tile([1, -1], TAPS // 2) / (angle * angle)).astype(np.float32)
    weights[np.abs(distance) < np.float32(1e-6)] = 1e30
    total = np.zeros(made, np.float32)
    for i in range(TAPS):
        total += weights[:, i]
    places = before[:, None] + np.arange(1 - TAPS // 2, 1 + TAPS // 2)
    return places.clip(0, size - 1), _parts(weights * (np.float32(1) / total)[:, None])
