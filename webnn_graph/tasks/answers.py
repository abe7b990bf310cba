"""What a model's numbers say: labels with their scores, boxes, text, distances, likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import Boxes, Characters, Detections, Labels
from webnn_graph.tasks.pictures import Fit

THRESHOLD = 0.5
"""What a box must score to be shown unless somebody says otherwise."""
OVERLAP = 0.45
"""Of boxes of one label: the share of both that they may have in common."""
MOST_BOXES = 300


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


def detected(boxes: Array, scores: Array, names: Sequence[str], threshold: float, overlap: float | None = None) -> list[Found]:
    """What is in a picture, the most probable first.

    Args:
        boxes: Corners in the picture, [n, 4].
        scores: Of each label, [n, labels].
        names: What they are called; an empty name stands for nothing.
        threshold: Scores below are left out.
        overlap: The share of both that two boxes of one label may have in common; None keeps all.
    """
    kept = [i for i, name in enumerate(names) if name]
    labels = np.asarray(kept)[scores[:, kept].argmax(1)] if len(scores) else np.zeros(0, int)
    best = scores[np.arange(len(scores)), labels]
    order = [i for i in np.argsort(-best, kind="stable") if best[i] >= threshold]
    if overlap is not None:
        order = without_overlaps(boxes, labels, order, overlap)
    return [Found(names[labels[i]], float(best[i]), tuple(map(float, boxes[i]))) for i in order[:MOST_BOXES]]  # type: ignore[arg-type]


def without_overlaps(boxes: Array, labels: Array, order: Sequence[int], most: float) -> list[int]:
    """Of boxes in their order those that have no more than a share of their union in common with an earlier one of their label."""
    kept: list[int] = []
    for i in order:
        if all(labels[i] != labels[j] or shared(boxes[i], boxes[j]) <= most for j in kept):
            kept.append(i)
    return kept


def shared(one: Array, other: Array) -> float:
    """The intersection of two boxes as a share of their union."""
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = max(0.0, float(width)) * max(0.0, float(height))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return common / (sum(areas) - common) if common else 0.0


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
    """
    for name, meaning in meanings.items():
        if isinstance(meaning, Detections):
            return _of_one(outputs[name], meaning, size, fit, threshold)
    boxes = next(((outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Boxes)), None)
    labels = next(((outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Labels)), None)
    if not boxes or not labels:
        return []
    places = in_picture(boxes[0].reshape(-1, 4), boxes[1], boxes[1].format, size, fit)
    scores = probabilities(labels[0], labels[1]).reshape(len(places), -1)
    most = len(places)
    if labels[1].several:  # each box may be of several labels
        places, scores = np.repeat(places, scores.shape[1], 0), np.concatenate([np.diag(row) for row in scores])
    return detected(places, scores, labels[1].names, threshold)[:most]


def _of_one(numbers: Array, meaning: Detections, size: tuple[int, int], fit: Fit, threshold: float) -> list[Found]:
    """What is in a picture, of YOLO's output."""
    rows = numbers.reshape(numbers.shape[-2:]).astype(np.float64)
    rows = rows.T if meaning.form == "columns" else rows
    if meaning.form == "final":
        places = in_picture(rows[:, :4], meaning, "xyxy", size, fit)
        scores = np.zeros((len(rows), len(meaning.names)))
        known = rows[:, 5].round().astype(int).clip(0, len(meaning.names) - 1)
        scores[np.arange(len(rows)), known] = rows[:, 4]
        return detected(places, scores, meaning.names, threshold)
    scores = rows[:, 5:] * rows[:, 4:5] if meaning.form == "objects" else rows[:, 4:]
    return detected(in_picture(rows[:, :4], meaning, "cxcywh", size, fit), scores, meaning.names, threshold, OVERLAP)


def spelled(numbers: Array, characters: Characters) -> tuple[str, float]:
    """The text that is most probable at each step, repeated characters once and without blanks (CTC); and the mean score of what is left.

    Args:
        numbers: [1, steps, characters].
        characters: What they are.
    """
    scores = probabilities(numbers, characters).reshape(-1, len(characters.names))
    chosen = scores.argmax(1)
    is_new = np.concatenate([[True], chosen[1:] != chosen[:-1]]) & (chosen != characters.blank)
    text = "".join(characters.names[i] for i in chosen[is_new])
    return text, float(scores.max(1)[is_new].mean()) if is_new.any() else 0.0
