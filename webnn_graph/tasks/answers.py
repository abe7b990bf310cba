"""What a model's numbers say: labels with their scores, boxes, text, distances, likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Boxes, Characters, Detections, Labels
from webnn_graph.tasks.pictures import Fit

OVERLAP = 0.45
"""Of boxes of one label: the share of both that they may have in common."""
MOST_BOXES = 300
STRIDES = (8, 16, 32, 64)
"""Sides of YOLOX's cells in pixels, of which smaller models have all but the last."""


@dataclass(frozen=True)
class Scored:
    """A label, and how probable it is, from 0 to 1."""

    label: str
    score: float


@dataclass(frozen=True)
class Found(Scored):
    """Something in a picture.

    Attributes:
        box: Left, top, right and bottom in pixels of the picture.
    """

    box: tuple[float, float, float, float]


def probabilities(numbers: Array, labels: Labels | Characters) -> Array:
    """The numbers along the labels' axis as probabilities, float64."""
    axis = labels.axis if isinstance(labels, Labels) else -1
    values = numbers.astype(np.float64)
    if labels.scores == "probabilities":
        return values
    if isinstance(labels, Labels) and labels.several:
        return sigmoid(values)
    with np.errstate(invalid="ignore"):  # a model may say infinities
        powers = np.exp(values - values.max(axis, keepdims=True))
        return np.asarray(powers / powers.sum(axis, keepdims=True))


def sigmoid(values: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(np.where(values >= 0, 1, np.exp(-np.abs(values))) / (1 + np.exp(-np.abs(values))))


def best(numbers: Array, labels: Labels, top: int) -> list[Scored]:
    """The most probable labels of one picture, sound or text; of equal ones the first.

    Args:
        numbers: Of one thing: [1, ..., labels], all sizes but the last 1.
        labels: What they are.
        top: How many.
    """
    scores = probabilities(numbers, labels).reshape(-1)
    return [Scored(labels.names[i], float(scores[i])) for i in np.argsort(-scores, kind="stable")[:top]]


def detected(
    boxes: Array, scores: Array, names: Sequence[str], threshold: float, overlap: float | None = None, exclusive: bool = False
) -> list[Found]:
    """What is in a picture, the most probable first.

    Args:
        boxes: Corners in the picture, [n, 4].
        scores: Of each label, [n, labels].
        names: What they are called; an empty name stands for nothing.
        threshold: Scores below are left out.
        overlap: The share of both that two boxes of one label may have in common; None keeps all.
        exclusive: Whether those of different labels count as of one.
    """
    kept = [i for i, name in enumerate(names) if name]
    if not kept:
        return []
    labels = np.asarray(kept)[scores[:, kept].argmax(1)] if len(scores) else np.zeros(0, int)
    best = scores[np.arange(len(scores)), labels]
    order = [i for i in np.argsort(-best, kind="stable") if best[i] >= threshold]
    if overlap is not None:
        order = without_overlaps(boxes, np.zeros_like(labels) if exclusive else labels, order, overlap)
    return [Found(names[labels[i]], float(best[i]), tuple(map(float, boxes[i]))) for i in order[:MOST_BOXES]]  # type: ignore[arg-type]


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


def shared(one: Array, other: Array) -> Array:
    """The intersections of boxes [..., 4] as shares of their unions."""
    sides = np.maximum(0, np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2]))
    common, (area, other_area) = sides.prod(-1), ((box[..., 2:] - box[..., :2]).prod(-1) for box in (one, other))
    return np.asarray(np.divide(common, area + other_area - common, out=np.zeros(common.shape), where=common > 0))


def corners(boxes: Array, form: str) -> Array:
    """Boxes [n, 4] of another form as corners."""
    if form == "xyxy":
        return boxes
    first, size = boxes[:, :2], boxes[:, 2:]
    first = first - size / 2 if form == "cxcywh" else first
    return np.concatenate([first, first + size], 1)


def in_picture(boxes: Array, meaning: Boxes | Detections, form: str, size: tuple[int, int], fit: Fit) -> Array:
    """Boxes of a model as corners in the picture.

    Args:
        boxes: As the model gives them, [n, 4].
        meaning: Says their unit.
        form: `Boxes.format`.
        size: Height and width of the model's input.
        fit: How the picture lies in it.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        made = corners(boxes.astype(np.float64), form)
        return fit.boxes(made * np.array([size[1], size[0]] * 2) if meaning.unit == "relative" else made)


def objects(outputs: Mapping[str, Array], meanings: Mapping[str, object], size: tuple[int, int], fit: Fit, threshold: float) -> list[Found]:
    """What is in a picture, of outputs with boxes and labels or with both in one.

    Args:
        outputs: By name.
        meanings: Of these.
        size: Height and width of the model's input.
        fit: How the picture lies in it.
        threshold: Scores below are left out.

    Raises:
        ValidationError: They are of several pictures, or there are not as many boxes as scores of labels.
    """
    for name, meaning in meanings.items():
        if isinstance(meaning, Detections):
            return _of_one(outputs[name], meaning, size, fit, threshold)
    boxes = next(((outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Boxes)), None)
    labels = next(((outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Labels)), None)
    if not boxes or not labels:
        return []
    places = in_picture(boxes[0].reshape(-1, 4), boxes[1], boxes[1].format, size, fit)
    names, most = labels[1].names, len(places)
    if labels[0].shape[-1] != len(names) or labels[0].size != most * len(names):
        raise ValidationError(f"{most:,} boxes have labels of shape {list(labels[0].shape)}, not [..., {most}, {len(names)}]")
    scores = probabilities(labels[0], labels[1]).reshape(most, len(names))
    if labels[1].several:  # each box may be of several labels: the best pairs of both
        scores = np.where([bool(name) for name in names], scores, 0)
        boxes_of, labels_of = np.divmod(np.argsort(-scores.reshape(-1), kind="stable")[: min(most, MOST_BOXES)], len(names))
        best = np.zeros((len(boxes_of), len(names)))
        best[np.arange(len(best)), labels_of] = scores[boxes_of, labels_of]
        places, scores = places[boxes_of], best
    return detected(places, scores, names, threshold)[:most]


def cells_of(size: tuple[int, int], count: int) -> Array | None:
    """Column, row and side of each of YOLOX's cells, [count, 3], the smallest first; None where an input has others than so many.

    Args:
        size: Height and width of the input.
        count: How many there are: larger models have cells of 64 pixels, too.
    """
    sides = next((sides for sides in (STRIDES[:-1], STRIDES) if _cell_count(size, sides) == count), ())
    if not sides:
        return None
    parts = []
    for side in sides:
        rows, columns = np.indices((size[0] // side, size[1] // side))
        parts.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, side)], 1))
    return np.concatenate(parts)


def _cell_count(size: tuple[int, int], sides: Sequence[int]) -> int:
    return sum((size[0] // side) * (size[1] // side) for side in sides)


def in_cells(rows: Array, size: tuple[int, int]) -> Array:
    """Boxes of YOLOX as centre and size in pixels of the model's input.

    Args:
        rows: [boxes, 5 + labels], the first four as `Detections` says of ``cells``.
        size: Height and width of the input.

    Raises:
        ValidationError: There are not as many boxes as cells.
    """
    cells = cells_of(size, len(rows))
    if cells is None:
        raise ValidationError(f"{len(rows):,} boxes are not of the cells of an input that is {size[0]} high and {size[1]} wide")
    made = rows.copy()
    with np.errstate(over="ignore", invalid="ignore"):  # a model may say infinities
        made[:, :2], made[:, 2:4] = (rows[:, :2] + cells[:, :2]) * cells[:, 2:], np.exp(rows[:, 2:4]) * cells[:, 2:]
    return made


def _of_one(numbers: Array, meaning: Detections, size: tuple[int, int], fit: Fit, threshold: float) -> list[Found]:
    """What is in a picture, of YOLO's output."""
    if numbers.size != numbers.shape[-1] * numbers.shape[-2]:
        raise ValidationError(f"the model says what is in several pictures: {list(numbers.shape)}", "convert it for one: --dim batch=1")
    rows = numbers.reshape(numbers.shape[-2:]).astype(np.float64)
    rows = rows.T if meaning.form == "columns" else in_cells(rows, size) if meaning.form == "cells" else rows
    if meaning.form in ("best", "final"):
        places = in_picture(rows[:, :4], meaning, "xyxy", size, fit)
        scores = np.zeros((len(rows), len(meaning.names)))
        known = np.nan_to_num(rows[:, 5]).round().clip(0, len(meaning.names) - 1).astype(int)
        scores[np.arange(len(rows)), known] = rows[:, 4]
        return detected(places, scores, meaning.names, threshold, OVERLAP if meaning.form == "best" else None, meaning.exclusive)
    scores = rows[:, 5:] * rows[:, 4:5] if meaning.form in ("objects", "cells") else rows[:, 4:]
    return detected(in_picture(rows[:, :4], meaning, "cxcywh", size, fit), scores, meaning.names, threshold, OVERLAP, meaning.exclusive)


def spelled(numbers: Array, characters: Characters) -> tuple[str, float]:
    """The text that is most probable at each step, repeated characters once and without blanks (CTC); and the mean score of what is left.

    Args:
        numbers: [1, steps, characters], or of a path [1, steps, 2].
        characters: What they are.
    """
    chosen, scores = best_path(numbers, characters)
    is_new = np.concatenate([[True], chosen[1:] != chosen[:-1]]) & (chosen != characters.blank)
    text = "".join(characters.names[i] for i in chosen[is_new])
    return text, float(scores[is_new].mean()) if is_new.any() else 0.0


def best_path(numbers: Array, characters: Characters) -> tuple[Array, Array]:
    """The number of the most probable character of each step, no larger than there are characters, and its probability."""
    if characters.scores == "path":
        path = numbers.reshape(-1, 2).astype(np.float64)
        return np.nan_to_num(path[:, 0]).round().clip(0, len(characters.names) - 1).astype(int), path[:, 1]
    scores = probabilities(numbers, characters).reshape(-1, len(characters.names))
    return scores.argmax(1), scores.max(1)
