"""A graph that resizes a picture itself, in the way in which the helpers do it.

`webnn_graph.tasks.pictures` says what is right. What is computed of more than the four next pixels has no operator in WebNN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Operand
from webnn_graph.metadata import Image, Placed
from webnn_graph.tasks.pictures import MOST_PIXELS, frame_of, overlap, place_of

HALF = 0.5 + 2**-10
"""What makes rounding down rounding to the nearest byte, so that sums in float32 round halves up, whatever their last bits are."""
ROWS, COLUMNS = 1, 2
"""Axes of [1, height, width, channels]."""


@dataclass(frozen=True)
class Resizing:
    """How pictures of one size become an input.

    Attributes:
        size: Height and width of what is resized: of the picture, or of the square that it is filled up to.
        before: Rows and columns of that before the picture.
        made: Height and width that it gets.
        offset: Where its first row and column are in the input then.
        placed: Where the picture is in the input.
        resample: `webnn_graph.metadata.Image.resample`.
    """

    size: tuple[int, int]
    before: tuple[int, int]
    made: tuple[int, int]
    offset: tuple[int, int]
    placed: Placed
    resample: str

    def framed(self, b: GraphBuilder, x: Operand, fill: int) -> Operand:
        """The picture, [1, height, width, channels], with a value around it where that is resized, too."""
        after = [size - before - x.shape[axis] for axis, before, size in zip((ROWS, COLUMNS), self.before, self.size, strict=True)]
        return b.pad(x, [0, *self.before, 0], [0, *after, 0], value=float(fill)) if x.shape[ROWS : COLUMNS + 1] != self.size else x

    def resized(self, b: GraphBuilder, x: Operand) -> Operand:
        """Whole values from 0 to 255, float32[1, height, width, channels], in the new size.

        Halves are rounded up. Pillow rounds after each axis, and its weights to 22 bits, which turns some halves around; OpenCV adds up
        2,048ths of pixels in whole numbers. So some bytes are next to theirs.
        """
        if self.size == self.made:
            return x
        if self.resample == "nearest":
            for axis, old, new in zip((ROWS, COLUMNS), self.size, self.made, strict=True):
                x = b.gather(x, nearest(old, new).astype(np.int32), axis=axis) if old != new else x
            return x
        return _linear(b, x if self.resample == "linear" else _linear(b, x, (self.size[0], self.made[1])), self.made)

    def cut(self, b: GraphBuilder, x: Operand) -> Operand:
        """What of it is in the input, without what is around it, and of its channels the first three; browsers do that faster at last."""
        (_, rows), (_, columns) = self._spans()
        sizes = rows.stop - rows.start, columns.stop - columns.start
        return b.slice(x, [0, rows.start, columns.start, 0], [1, *sizes, 3])

    def filled(self, b: GraphBuilder, x: Operand, fill: int) -> Operand:
        """The input: with a value around what is cut."""
        before, after = [0] * x.rank, [0] * x.rank
        for axis, (there, _), size in zip((ROWS, COLUMNS), self._spans(), (self.placed.height, self.placed.width), strict=True):
            before[axis], after[axis] = there.start, size - there.stop
        return b.pad(x, before, after, value=float(fill)) if any((*before, *after)) else x

    def _spans(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Of rows and of columns those of the input, and those of the resized picture."""
        (rows, columns), (top, left) = self.made, self.offset
        return overlap(top, rows, self.placed.height), overlap(left, columns, self.placed.width)


def resizing_of(name: str, image: Image, model: tuple[int, int], picture: tuple[int, int]) -> Resizing | None:
    """How pictures of a height and a width become an input of others; None where they are the same and stay so.

    Raises:
        ValidationError: The way in which the model's pictures are resized is none of WebNN's, or they would become too large.
    """
    (width, height), (before, above) = frame_of(picture[::-1], image)
    made_width, made_height, first, upper = place_of((width, height), image, *model)
    if {picture, (height, width), (made_height, made_width)} == {model}:
        return None
    if made_width * made_height > MOST_PIXELS or width * height > MOST_PIXELS:
        what = f"{picture[1]:,} x {picture[0]:,} pixels that are to become {made_width:,} x {made_height:,}"
        raise ValidationError(f"{name} takes no pictures of {what}; at most {MOST_PIXELS:,} are made", "--picture-size says a smaller one")
    is_smaller = made_height < height or made_width < width
    is_known = image.resample in ("linear", "nearest") or (image.resample == "bilinear" and not is_smaller)
    if (made_height, made_width) != (height, width) and not is_known:
        whose = "OpenCV" if image.resample == "lanczos4" else "Pillow"
        raise ValidationError(
            f"pictures of {picture[1]} x {picture[0]} pixels become {made_width} x {made_height} for {name}, "
            f"{image.resample} as {whose} does it, which WebNN has no operator for",
            "without --picture-size pictures are resized before the graph; --image x:...,linear says that they are those of OpenCV",
        )
    left, right = (_at(place, width, made_width) + first for place in (before, before + picture[1]))
    top, bottom = (_at(place, height, made_height) + upper for place in (above, above + picture[0]))
    placed = Placed(height=model[0], width=model[1], left=left, top=top, right=right, bottom=bottom)
    return Resizing((height, width), (above, before), (made_height, made_width), (upper, first), placed, image.resample)


def _at(place: int, size: int, made: int) -> int | float:
    """Where a place on an axis is when that gets another length."""
    whole, rest = divmod(place * made, size)
    return whole + rest / size if rest else whole


def nearest(old: int, new: int) -> Array:
    """Which of ``old`` pixels each of ``new`` is, int64: that its centre lies in, as Pillow adds up the steps between them."""
    steps = np.full(new, old / new)
    steps[0] /= 2
    return np.minimum(np.cumsum(steps).astype(np.int64), old - 1)


def _linear(b: GraphBuilder, x: Operand, size: tuple[int, int]) -> Operand:
    if x.shape[ROWS : COLUMNS + 1] == size:
        return x
    return b.floor(b.add(b.resample2d(x, mode="linear", sizes=list(size), axes=[ROWS, COLUMNS]), float(np.float32(HALF))))
