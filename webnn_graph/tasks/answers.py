"""What a model's numbers say: labels with their scores, boxes, text, distances, likeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import (
    Boxes,
    Centers,
    Characters,
    Detections,
    Labels,
    Level,
    Points,
    geometry_of,
    levels_of,
    prototypes_of,
    strides_of,
)
from webnn_graph.tasks import centers, levels
from webnn_graph.tasks.instances import Silhouette, silhouettes
from webnn_graph.tasks.overlaps import MOST_BOXES, softened, without_overlaps
from webnn_graph.tasks.pictures import Fit

OVERLAP = 0.45
"""Of boxes of one label: the share of both that they may have in common."""
OF_OBJECTS = Boxes, Detections, Centers, Level
"""What outputs are that say what is where in a picture."""
ONE = "convert it for one: --dim batch=1"


@dataclass(frozen=True)
class Scored:
    """A label, and how probable it is, from 0 to 1."""

    label: str
    score: float


@dataclass(frozen=True)
class Point:
    """A point of something in a picture.

    Attributes:
        x, y: Where it is, in pixels of the picture, no farther than its sides.
        score: How probable it is that it can be seen, from 0 to 1; None where the model does not say it.
        name: What it is called; None where nobody says it.
    """

    x: float
    y: float
    score: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class Found(Scored):
    """Something in a picture.

    Attributes:
        box: Left, top, right and bottom in pixels of the picture.
        points: Its points; None where the model has none.
        mask: Its pixels; None where the model has none.
    """

    box: tuple[float, float, float, float]
    points: tuple[Point, ...] | None = None
    mask: Silhouette | None = None

    def document(self) -> dict[str, Any]:
        """What files hold: without what there is not."""
        made: dict[str, Any] = {"label": self.label, "score": self.score, "box": self.box}
        if self.points is not None:
            made["points"] = [{name: value for name, value in asdict(one).items() if value is not None} for one in self.points]
        if self.mask:
            made["mask"] = self.mask.document()
        return made


def probabilities(numbers: Array, labels: Labels | Characters | Centers | Level) -> Array:
    """The numbers along the labels' axis as probabilities, float64."""
    axis = labels.axis if isinstance(labels, Labels) else -1
    values = numbers.astype(np.float64)
    if labels.scores == "probabilities":
        return values
    if isinstance(labels, Centers | Level) or (isinstance(labels, Labels) and labels.several):
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
    boxes: Array,
    scores: Array,
    names: Sequence[str],
    fit: Fit,
    threshold: float,
    overlap: float | None = None,
    *,
    exclusive: bool = False,
    soft: bool = False,
    more: Callable[[Sequence[int], Array], Iterable[Mapping[str, Any]]] | None = None,
) -> list[Found]:
    """What is in a picture, the most probable first, with boxes no farther than its sides; those beyond a side are left out.

    Args:
        boxes: Corners, [n, 4], also beyond the picture.
        scores: Of each label, [n, labels].
        names: What they are called; an empty name stands for nothing.
        fit: How the picture lies in the model's input.
        threshold: Scores below are left out.
        overlap: The share of both that two boxes of one label may have in common; None keeps all.
        exclusive: Whether those of different labels count as of one.
        soft: Whether the scores of those that have more in common are lowered, and they are not left out at once, see `overlaps`.
        more: Members of `Found` that are made of rows, by their numbers, and their boxes in the picture.
    """
    kept = [i for i, name in enumerate(names) if name]
    if not kept:
        return []
    labels = np.asarray(kept)[scores[:, kept].argmax(1)] if len(scores) else np.zeros(0, int)
    best = scores[np.arange(len(scores)), labels]
    order = [i for i in np.argsort(-best, kind="stable") if best[i] >= threshold]
    alike = np.zeros_like(labels) if exclusive else labels
    if overlap is not None and soft:
        order, best = softened(boxes, alike, best, order, overlap, threshold)
    elif overlap is not None:
        order = without_overlaps(boxes, alike, order, overlap)
    order = order[:MOST_BOXES]
    first, last = boxes[order, :2], boxes[order, 2:]
    beyond = np.any((np.maximum(first, last) < 0) | (np.minimum(first, last) > [fit.width, fit.height]), axis=1)
    order = [order[i] for i in np.flatnonzero(~beyond)]
    inside = fit.inside(boxes[order].reshape(-1, 2)).reshape(-1, 4)
    members = more(order, inside) if more else [{}] * len(order)
    return [Found(names[labels[i]], float(best[i]), tuple(box), **one) for i, box, one in zip(order, inside.tolist(), members, strict=True)]


def corners(boxes: Array, form: str) -> Array:
    """Boxes [n, 4] of another form as corners."""
    if form == "xyxy":
        return boxes
    first, size = boxes[:, :2], boxes[:, 2:]
    first = first - size / 2 if form == "cxcywh" else first
    return np.concatenate([first, first + size], 1)


def in_picture(boxes: Array, meaning: Boxes | Detections, form: str, size: tuple[int, int], fit: Fit) -> Array:
    """Boxes of a model as corners of the picture, also beyond its sides.

    Args:
        boxes: As the model gives them, [n, 4].
        meaning: Says their unit.
        form: `Boxes.format`.
        size: Height and width of the model's input.
        fit: How the picture lies in it.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        made = corners(boxes.astype(np.float64), form)
        made = made * np.array([size[1], size[0]] * 2) if meaning.unit == "relative" else made
        return fit.points(made.reshape(-1, 2)).reshape(-1, 4)


def in_cells(rows: Array, size: tuple[int, int]) -> Array:
    """Boxes of YOLOX as centres and sizes, in pixels of the model's input.

    Args:
        rows: A box for each cell, the centre from the cell's corner on and the logarithms of the sides, in sides of the cell: [n, 4].
        size: Height and width of the model's input.

    Raises:
        ValidationError: There is another number of cells.
    """
    strides = strides_of(size, len(rows))
    if strides is None:
        raise ValidationError(f"{len(rows):,} boxes are not of the cells of an input that is {size[0]} high and {size[1]} wide")
    places = grids(size, strides)
    with np.errstate(over="ignore", invalid="ignore"):  # a model may say infinities
        return np.concatenate([rows[:, :2] + places[:, :2], np.exp(rows[:, 2:])], 1) * places[:, 2:]


def grids(size: tuple[int, int], strides: Iterable[int]) -> Array:
    """Column, row and side of each cell of grids over a picture of a height and width, row by row, the finest grid first: [n, 3]."""
    height, width = size
    sides = ((side, *np.divmod(np.arange((height // side) * (width // side)), max(1, width // side))) for side in strides)
    return np.concatenate([np.stack([columns, rows, np.full_like(rows, side)], 1) for side, rows, columns in sides])


def objects(
    outputs: Mapping[str, Array], meanings: Mapping[str, object], size: tuple[int, int], fit: Fit, threshold: float, soft: bool = False
) -> list[Found]:
    """What is in a picture, of outputs with boxes and labels or with both in one.

    Args:
        outputs: By name.
        meanings: Of these.
        size: Height and width of the model's input.
        fit: How the picture lies in it.
        threshold: Scores below are left out.
        soft: Whether the scores of boxes that overlap are lowered, where one of them would stay, see `webnn_graph.tasks.overlaps.softened`.

    Raises:
        ValidationError: They are of several pictures, there are not as many boxes as scores of labels, centers have no sizes, or masks
            are too large.
    """
    for name, meaning in meanings.items():
        if isinstance(meaning, Centers):
            rows = _of_centers(name, meaning, outputs, meanings)
            same = Detections(names=meaning.names, form="rows", points=meaning.points)
            return _of_one(rows, None, same, size, fit, threshold, soft, meaning.overlap)
        if isinstance(meaning, Level):
            rows, finest = _of_levels(outputs, meanings, size)
            return _of_one(rows, None, Detections(names=finest.names, form="rows"), size, fit, threshold, soft, finest.overlap)
        if isinstance(meaning, Detections):
            prototypes = prototypes_of(meaning, meanings, {name: array.shape for name, array in outputs.items()})
            return _of_one(outputs[name], outputs[prototypes] if prototypes else None, meaning, size, fit, threshold, soft)
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
        chosen, scores = _pairs(scores, names, min(most, MOST_BOXES))
        places = places[chosen]
    return detected(places, scores, names, fit, threshold)


def _pairs(scores: Array, names: Sequence[str], most: int) -> tuple[Array, Array]:
    """The most probable pairs of a box and a label that stands for something: which boxes, and the scores of their labels, 0 of others.

    Args:
        scores: Of each box, [boxes, labels].
        names: What the labels are called.
        most: How many pairs.
    """
    known = np.where([bool(name) for name in names], scores, 0)
    boxes, labels = np.divmod(np.argsort(-known.reshape(-1), kind="stable")[:most], len(names))
    best = np.zeros((len(boxes), len(names)))
    best[np.arange(len(best)), labels] = known[boxes, labels]
    return boxes, best


def _of_centers(name: str, meaning: Centers, outputs: Mapping[str, Array], meanings: Mapping[str, object]) -> Array:
    """Rows of detections of a heat map and the maps of the same cells."""
    heat = outputs[name]
    others = geometry_of(meaning, heat.shape, meanings, {name: array.shape for name, array in outputs.items()})
    lacking = [holds for holds in meaning.geometry if holds not in others]
    if lacking:
        raise ValidationError(f"centers of shape {list(heat.shape)} have no {' and no '.join(lacking)} of the same cells")
    maps = [outputs[one] for one in others.values()]
    if any(one.size != prod(one.shape[-3:]) for one in (heat, *maps)):
        raise ValidationError(f"the model says what is in several pictures: {list(heat.shape)}", ONE)
    return centers.rows_of(probabilities(heat, meaning), maps, meaning)


def _of_levels(outputs: Mapping[str, Array], meanings: Mapping[str, object], size: tuple[int, int]) -> tuple[Array, Level]:
    """Rows of detections of all levels, for each label of a cell, of which as many as there are cells; and the finest level."""
    told = {name: meaning for name, meaning in meanings.items() if isinstance(meaning, Level)}
    pairs = levels_of(meanings, {name: array.shape for name, array in outputs.items()})
    parts: list[Array] = []
    for name in sorted(told, key=lambda name: told[name].stride):
        meaning, scores = told[name], outputs[name]
        if name not in pairs or scores.shape[-2] != prod(meaning.cells(size)):
            raise ValidationError(f"the cells of {name} {list(scores.shape)} have no boxes, or are not those of the picture")
        if scores.size != prod(scores.shape[-2:]):
            raise ValidationError(f"the model says what is in several pictures: {list(scores.shape)}", ONE)
        parts.append(levels.rows_of(probabilities(scores, meaning), outputs[pairs[name]], meaning.stride, size[1]))
    finest, rows = told[next(iter(pairs))], np.concatenate(parts)
    cells, best = _pairs(rows[:, 4:], finest.names, len(rows))
    return np.concatenate([rows[cells, :4], best], 1), finest


def _of_one(
    numbers: Array,
    prototypes: Array | None,
    meaning: Detections,
    size: tuple[int, int],
    fit: Fit,
    threshold: float,
    soft: bool,
    most: float = OVERLAP,
) -> list[Found]:
    """What is in a picture, of YOLO's output; two boxes of one label may have `most` of both in common."""
    if numbers.size != numbers.shape[-1] * numbers.shape[-2] or (prototypes is not None and prototypes.size != prod(prototypes.shape[-3:])):
        raise ValidationError(f"the model says what is in several pictures: {list(numbers.shape)}", ONE)
    rows = numbers.reshape(numbers.shape[-2:]).astype(np.float64)
    rows = rows.T if meaning.form == "columns" else rows
    rest, is_chosen, names = rows[:, meaning.first :], meaning.form in ("best", "final"), meaning.names
    boxes = in_cells(rows[:, :4], size) if meaning.form == "cells" else rows[:, :4]
    places = in_picture(boxes, meaning, "xyxy" if is_chosen else "cxcywh", size, fit)
    if is_chosen:
        scores = np.zeros((len(rows), len(names)))
        known = np.nan_to_num(rows[:, 5]).round().clip(0, len(names) - 1).astype(int)
        scores[np.arange(len(rows)), known] = rows[:, 4]
    elif meaning.form in ("objects", "cells"):
        scores = rows[:, 5 : meaning.first] * rows[:, 4:5]
    else:
        scores = rows[:, 4 : meaning.first]

    def more(order: Sequence[int], boxes: Array) -> Iterable[Mapping[str, Any]]:
        if meaning.points:
            return [{"points": points_of(rest[i], meaning.points, meaning.unit, size, fit)} for i in order]
        if prototypes is not None:
            return [{"mask": mask} for mask in silhouettes(boxes, rest[order], prototypes, size, fit)]
        return [{}] * len(order)

    overlap = most if meaning.form != "final" else None
    return detected(places, scores, names, fit, threshold, overlap, exclusive=meaning.exclusive, soft=soft, more=more)


def points_of(numbers: Array, points: Points, unit: str, size: tuple[int, int], fit: Fit) -> tuple[Point, ...]:
    """The points of an object in the picture, of its numbers behind its scores, in the unit of its box."""
    rows = numbers.reshape(points.count, -1)
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        places = fit.inside(fit.points(rows[:, :2] * np.array(size[::-1]) if unit == "relative" else rows[:, :2]))
    scores = rows[:, 2].tolist() if points.scored else [None] * points.count
    names = points.names or [None] * points.count
    return tuple(Point(x, y, score, name) for (x, y), score, name in zip(places.tolist(), scores, names, strict=True))


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
