"""Where lines of text are in a picture, of a map of probabilities that is as DBNet has it: Liao et al., Real-time Scene Text Detection
with Differentiable Binarization, AAAI 2020.

What `regions` finds is what ``DBPostProcess`` and ``TextDetector`` of rapidocr-onnxruntime 1.4.4 make of the same map, up to a pixel;
but for what lies around a hole of the map, which is none here, and of more than `MOST_REGIONS` the larger ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import Regions
from webnn_graph.tasks.answers import Found
from webnn_graph.tasks.maps import only_map
from webnn_graph.tasks.pictures import Fit

MOST_REGIONS = 1000
LEAST_SIDE, LEAST_GROWN = 3, 5
"""In pixels of the map: what both sides of a rectangle have at least, and once it has grown."""
LEAST_LINE = 4
"""In pixels of the picture: what both sides of a region have at least."""
SAME_LINE = 10
"""Pixels of the picture that beginnings of regions beside each other are less than apart in height."""

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Region(Found):
    """A line of text in a picture, or something else that is long.

    Attributes:
        corners: Its corners, (x, y) in whole pixels of the picture: upper left, upper right, lower right, lower left.
    """

    corners: tuple[Point, ...] = field(kw_only=True)

    def document(self) -> dict[str, Any]:
        """See `Found`."""
        return {**super().document(), "corners": self.corners}


@dataclass(frozen=True)
class _Rectangle:
    """One that lies anyhow.

    Attributes:
        direction: That of its first side, (x, y), whole numbers.
        square: The square of that one's length.
        along, across: Where it begins and ends along the direction and across, times the length.
    """

    direction: tuple[int, int]
    square: int
    along: tuple[float, float]
    across: tuple[float, float]

    @property
    def sides(self) -> tuple[float, float]:
        length = self.square**0.5
        return (self.along[1] - self.along[0]) / length, (self.across[1] - self.across[0]) / length

    def corners(self) -> Array:
        """[4, 2], one after another."""
        (x, y), (left, right), (upper, lower) = self.direction, self.along, self.across
        places = (left, upper), (right, upper), (right, lower), (left, lower)
        return np.array([((a * x - b * y) / self.square, (a * y + b * x) / self.square) for a, b in places])


def regions(numbers: Array, meaning: Regions, size: tuple[int, int], fit: Fit, threshold: float | None = None) -> list[Region]:
    """Regions of a picture from top to bottom, those beside each other from left to right.

    Args:
        numbers: How probable it is for each pixel that it is of one, [1, 1, height, width]; what is no number is 0.
        meaning: Says from what probability on a pixel counts, and how much larger than these pixels a region is.
        size: Height and width of the model's input.
        fit: How the picture lies in it.
        threshold: What the mean of a region's pixels is at least; None for what the meaning says.

    Raises:
        ValidationError: There are several maps.
    """
    values = np.nan_to_num(only_map(numbers).astype(np.float64)).clip(0, 1)
    least = meaning.score if threshold is None else threshold
    sums = np.pad(values.cumsum(1), ((0, 0), (1, 0)))
    units = np.array([size[1] / values.shape[1], size[0] / values.shape[0]])
    found = []
    for points in _components(_dilated(values > meaning.threshold) if meaning.dilated else values > meaning.threshold):
        rectangle = _around(_hull(*points))
        if rectangle is None or min(rectangle.sides) < LEAST_SIDE:
            continue
        whole = np.trunc(rectangle.corners()).astype(int)
        score = _mean(sums, whole)
        width, height = rectangle.sides
        margin = width * height * meaning.unclip / (2 * (width + height))
        grown = _around(whole, margin)
        if grown is None or score < least or min(grown.sides) < LEAST_GROWN:
            continue
        corners = _clockwise(fit.inside(fit.points(grown.corners() * units)).round())
        if min(np.hypot(*(corners[0] - corners[1])), np.hypot(*(corners[0] - corners[3]))) >= LEAST_LINE:
            box = (*corners.min(0).tolist(), *corners.max(0).tolist())
            found.append(Region(meaning.label, score, box, corners=tuple(map(tuple, corners.tolist()))))
    return _as_read(found)


def _dilated(there: Array) -> Array:
    """What is there, or is left of it, above it or both."""
    wide = np.pad(there, ((1, 0), (1, 0)))
    return np.asarray(wide[1:, 1:] | wide[:-1, 1:] | wide[1:, :-1] | wide[:-1, :-1])


# --------------------------------------------------------------------------------------------------------------- components
def _components(there: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Of each component of pixels that touch, also at their corners: its rows, and where it begins and ends in each.

    Those that cannot be `LEAST_SIDE` wide are left out, and of more than `MOST_REGIONS` the smaller ones.
    """
    edges = np.diff(there.astype(np.int8), axis=1, prepend=0, append=0)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1] - 1
    if not len(rows):
        return
    roots = np.array(_joined(rows * (there.shape[1] + 2) + starts, rows * (there.shape[1] + 2) + ends, there.shape[1] + 2))
    order = np.argsort(roots, kind="stable")
    rows, starts, ends, roots = (values[order] for values in (rows, starts, ends, roots))
    firsts = np.flatnonzero(np.diff(roots, prepend=-1))
    lasts = np.append(firsts[1:], len(roots))
    widths = np.maximum.reduceat(ends, firsts) - np.minimum.reduceat(starts, firsts)
    sizes = widths * (rows[lasts - 1] - rows[firsts])  # no smaller than the smallest rectangle around
    for chosen in np.argsort(-sizes, kind="stable")[:MOST_REGIONS]:
        if sizes[chosen] >= LEAST_SIDE**2:
            runs = slice(firsts[chosen], lasts[chosen])
            own, at = np.unique(rows[runs], return_index=True)
            yield own, starts[runs][at], np.maximum.reduceat(ends[runs], at)


def _joined(firsts: Array, lasts: Array, step: int) -> list[int]:
    """The first run of each one's component.

    Args:
        firsts: Where runs of pixels begin, in their order; each row is a step behind the one above.
        lasts: Where they end.
        step: Two more than a row is long, so that runs of different rows never touch.
    """
    parents = list(range(len(firsts)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = run = parents[parents[run]]
        return run

    above = np.searchsorted(lasts, firsts - step - 1).tolist()
    behind = np.searchsorted(firsts, lasts - step + 1, side="right").tolist()
    for run in range(len(firsts)):
        for other in range(above[run], behind[run]):
            one, two = root(run), root(other)
            parents[max(one, two)] = min(one, two)
    return [root(run) for run in range(len(firsts))]


# --------------------------------------------------------------------------------------------------------------- rectangles
def _hull(rows: Array, starts: Array, ends: Array) -> Array:
    """The convex hull of a component's pixels, their middles as [n, 2]: (x, y), one after another."""
    left, right = _outermost(starts.tolist(), rows.tolist()), _outermost((-ends).tolist(), rows.tolist())
    return np.array([*left, *((-x, y) for x, y in reversed(right))])


def _outermost(columns: list[int], rows: list[int]) -> list[tuple[int, int]]:
    """Of points, one in each row, those that are corners of their hull to the left."""
    kept: list[tuple[int, int]] = []
    for x, y in zip(columns, rows, strict=True):
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if (x1 - x0) * (y - y0) < (y1 - y0) * (x - x0):
                break
            kept.pop()
        kept.append((x, y))
    return kept


def _around(hull: Array, margin: float = 0.0) -> _Rectangle | None:
    """The smallest rectangle around a hull that is larger by a margin on all sides, one of which is one of its; None around a point."""
    edges = np.roll(hull, -1, 0) - hull
    edges = edges[edges.any(1)]
    if not len(edges):
        return None
    squares = (edges**2).sum(1)
    more = margin * np.sqrt(squares)
    along, across = hull @ edges.T, hull @ np.stack([-edges[:, 1], edges[:, 0]])
    (left, right), (upper, lower) = ((values.min(0) - more, values.max(0) + more) for values in (along, across))
    best = int(((right - left) * (lower - upper) / squares).argmin())
    x, y = edges[best].tolist()
    return _Rectangle((x, y), int(squares[best]), (float(left[best]), float(right[best])), (float(upper[best]), float(lower[best])))


def _mean(sums: Array, corners: Array) -> float:
    """The mean of a map in a convex polygon, with the pixels of its sides.

    Args:
        sums: What stands left of each pixel of a row together, [height, width + 1].
        corners: Whole numbers, [n, 2].
    """
    height, width = sums.shape[0], sums.shape[1] - 1
    first, last = (int(side) for side in (corners[:, 1].min(), corners[:, 1].max()))
    left, right = np.full(last - first + 1, width), np.full(last - first + 1, -1)
    for one, other in zip(corners.tolist(), np.roll(corners, -1, 0).tolist(), strict=True):
        columns, rows = _line(*sorted((one, other), key=lambda point: point[0]))
        np.minimum.at(left, rows - first, columns)
        np.maximum.at(right, rows - first, columns)
    rows = np.arange(first, last + 1)
    left, right = left.clip(0, width), right.clip(-1, width - 1)
    known = (rows >= 0) & (rows < height) & (left <= right)
    rows, left, right = rows[known], left[known], right[known]
    return float((sums[rows, right + 1] - sums[rows, left]).sum() / max(1, (right - left + 1).sum()))


def _line(start: list[int], end: list[int]) -> tuple[Array, Array]:
    """Columns and rows of a line's pixels by Bresenham's algorithm; halves are rounded towards the start."""
    (x, y), (width, height) = start, (end[0] - start[0], abs(end[1] - start[1]))
    steps = np.arange(max(width, height) + 1)
    longer = max(width, height, 1)
    columns, rows = ((2 * steps * side + longer - 1) // (2 * longer) for side in (width, height))
    return x + columns, y + rows if end[1] > y else y - rows


# ------------------------------------------------------------------------------------------------------------------ reading
def _clockwise(corners: Array) -> Array:
    """Corners [4, 2] as upper left, upper right, lower right, lower left: of the two to the left the upper one is the first."""
    order = np.lexsort((corners[:, 1], corners[:, 0]))
    upper_left, lower_left = sorted(order[:2], key=lambda i: corners[i, 1])
    upper_right, lower_right = sorted(order[2:], key=lambda i: corners[i, 1])
    return np.asarray(corners[[upper_left, upper_right, lower_right, lower_left]])


def _as_read(found: list[Region]) -> list[Region]:
    """From top to bottom; one that begins hardly lower than the one before it, and left of it, comes before it."""
    order = sorted(found, key=lambda one: one.corners[0][::-1])
    for end in range(1, len(order)):
        for i in range(end, 0, -1):
            (x, y), (x_before, y_before) = order[i].corners[0], order[i - 1].corners[0]
            if abs(y - y_before) >= SAME_LINE or x >= x_before:
                break
            order[i - 1], order[i] = order[i], order[i - 1]
    return order
