"""What a model says of each pixel of a picture: its label, its distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Labels, Mask
from webnn_graph.tasks.answers import Scored
from webnn_graph.tasks.pictures import Fit, places

CUBIC = -0.75
"""The parameter of bicubic weights, as PyTorch and OpenCV have it."""


@dataclass(frozen=True)
class Segmented:
    """The label of each pixel.

    Attributes:
        labels: What numbers mean.
        classes: Those of pixels, uint8 or uint16[height, width] of the picture.
    """

    labels: Sequence[str]
    classes: Array

    @property
    def shares(self) -> list[Scored]:
        """How much of the picture each label has, those that have most first, as a score from 0 to 1."""
        counts = np.bincount(self.classes.ravel(), minlength=len(self.labels))
        order = [i for i in np.argsort(-counts, kind="stable") if counts[i]]
        return [Scored(self.labels[i], float(counts[i] / self.classes.size)) for i in order]


@dataclass(frozen=True)
class Distances:
    """How far away each pixel is.

    Attributes:
        values: float32[height, width] of the picture.
        inverse: Whether what is near has the larger number.
    """

    values: Array
    inverse: bool


def is_map(shape: tuple[int, ...], labels: Labels) -> bool:
    """Whether an output has labels for each pixel of one picture: [1, labels, height, width], without the 1, or with the labels last."""
    axis = labels.axis % len(shape) if shape else 0
    sizes = [size for i, size in enumerate(shape) if i != axis]
    is_one = len(sizes) > 1 and prod(sizes) == sizes[-1] * sizes[-2] > 1
    return is_one and (len(sizes) > 2 or axis == 0)


def segmented(numbers: Array, meaning: Labels | Mask, size: tuple[int, int], fit: Fit) -> Segmented:
    """The label of each pixel of a picture; of equal ones the first.

    Scores of labels are resized before the largest is taken, bilinearly, as ``post_process_semantic_segmentation`` of transformers does
    it, and so are those of a mask; of its numbers of labels the next pixel counts. What the model did not see, beyond the part that it
    takes, is as the nearest that it did.

    Args:
        numbers: Of labels a number each along their axis, see `is_map`; of a mask [1, height, width].
        meaning: What they are.
        size: Height and width of the model's input.
        fit: How the picture lies in it.

    Raises:
        ValidationError: A mask is of several pictures.
    """
    data_type = np.uint8 if len(meaning.names) <= 256 else np.uint16
    if isinstance(meaning, Mask) and meaning.scores == "none":
        known = np.nan_to_num(only_map(numbers)).round().clip(0, len(meaning.names) - 1).astype(data_type)
        rows, columns = (
            np.floor(place + 0.5).clip(0, length - 1).astype(int)
            for place, length in zip(places(fit, size, known.shape), known.shape, strict=True)
        )
        return Segmented(meaning.names, known[rows[:, None], columns])
    values = both(only_map(numbers), meaning) if isinstance(meaning, Mask) else _maps(numbers, meaning.axis)
    rows, columns = places(fit, size, values.shape[1:])
    return Segmented(meaning.names, _largest(values, rows, columns).astype(data_type))


def only_map(numbers: Array) -> Array:
    """The only map of so many numbers."""
    if numbers.ndim < 2 or numbers.size != numbers.shape[-1] * numbers.shape[-2]:
        raise ValidationError(f"the model gives several maps: {list(numbers.shape)}", "convert it for one picture: --dim batch=1")
    return numbers.reshape(numbers.shape[-2:])


def both(scores: Array, mask: Mask) -> Array:
    """Scores of the two labels of a mask, float32[2, height, width], of which the larger one decides."""
    return np.stack([np.full(scores.shape, mask.half, np.float32), np.nan_to_num(scores.astype(np.float32))])


def _maps(numbers: Array, axis: int) -> Array:
    """A map of each label, float32[labels, height, width]."""
    values = np.moveaxis(numbers, axis, 0)
    return values.reshape(values.shape[0], *values.shape[-2:]).astype(np.float32)


def _beside(place: Array, length: int) -> tuple[Array, Array, Array]:
    """Of places on an axis the one before, the one behind and how much the latter counts."""
    inside = place.clip(0, length - 1)
    before = np.floor(inside).astype(int)
    return before, np.minimum(before + 1, length - 1), (inside - before).astype(np.float32)


def _largest(values: Array, rows: Array, columns: Array) -> Array:
    """The number of the map that is the largest at each place: where it is at all four places around, it is between them."""
    best = values.argmax(0)
    (above, below, downward), (left, right, rightward) = (
        _beside(place, length) for place, length in zip((rows, columns), values.shape[1:], strict=True)
    )
    found = np.empty((len(rows), len(columns)), best.dtype)
    for row, (upper, lower, share) in enumerate(zip(above, below, downward, strict=True)):
        corners = best[upper, left], best[upper, right], best[lower, left], best[lower, right]
        found[row] = corners[0]
        (mixed,) = np.nonzero(np.any([corner != corners[0] for corner in corners[1:]], 0))
        line = values[:, upper] * (1 - share) + values[:, lower] * share
        between = line[:, left[mixed]] * (1 - rightward[mixed]) + line[:, right[mixed]] * rightward[mixed]
        found[row, mixed] = between.argmax(0)
    return found


def distances(numbers: Array, inverse: bool, size: tuple[int, int], fit: Fit) -> Distances:
    """How far away each pixel of a picture is, resized as ``post_process_depth_estimation`` of transformers does it, bicubically.

    Args:
        numbers: [1, height, width], or with more axes of size 1.
        inverse: `webnn_graph.metadata.Depth.inverse`.
        size: Height and width of the model's input.
        fit: How the picture lies in it.

    Raises:
        ValidationError: They are of several pictures.
    """
    values = only_map(numbers).astype(np.float32)
    rows, columns = places(fit, size, values.shape)
    with np.errstate(invalid="ignore"):  # a model may say infinities
        return Distances(_cubic(_cubic(values, 1, columns), 0, rows), inverse)


def _cubic(values: Array, axis: int, place: Array) -> Array:
    """Values along an axis at other places, each of the four next ones."""
    first = np.floor(place)
    shape = [1, 1]
    shape[axis] = len(place)
    made = np.zeros([len(place) if i == axis else length for i, length in enumerate(values.shape)], np.float32)
    for tap in range(-1, 3):
        index = (first + tap).clip(0, values.shape[axis] - 1).astype(int)
        made += values.take(index, axis) * cubic_weight(np.abs(place - first - tap)).astype(np.float32).reshape(shape)
    return made


def cubic_weight(x: Array) -> Array:
    """How much a pixel at a distance counts between others, from 0 to 2."""
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    return np.where(x <= 1, near, (((x - 5) * x + 8) * x - 4) * CUBIC)
