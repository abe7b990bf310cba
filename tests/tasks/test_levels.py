"""What levels of grids and the sides of their boxes say: as rapid-layout's code for PicoDet reads them, and by the formula."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Image, Level, Meaning, Sides
from webnn_graph.tasks.answers import Found, objects
from webnn_graph.tasks.pictures import Fit

CELLS = {8: 13 * 15, 16: 7 * 8, 32: 4 * 4, 64: 2 * 2}
"""Of an input that is 100 high and 120 wide, by their sides."""
FIT = Fit(240, 50, 120 / 240, 100 / 50)
FOUND = [
    ("b", 0.99799, [38.842, 21.793, 41.158, 30.207]),
    ("c", 0.99599, [55.336, 49.921, 88.664, 50.0]),
    ("c", 0.99498, [55.143, 13.834, 88.857, 22.166]),
    ("a", 0.99298, [118.842, 37.793, 121.158, 46.207]),
    ("a", 0.99198, [103.976, 9.71, 136.024, 10.29]),
    ("b", 0.98997, [135.143, 29.834, 168.857, 38.166]),
    ("b", 0.98897, [135.88, 0.0, 168.664, 6.214]),
    ("c", 0.98696, [167.336, 25.71, 200.664, 26.29]),
    ("a", 0.98495, [215.143, 45.834, 240.0, 50.0]),
    ("a", 0.98395, [215.88, 13.786, 240.0, 22.214]),
]
"""What ``PPPostProcess`` of rapid-layout 1.2.1 finds in a picture of 240 x 50 pixels, of the numbers below that score 0.982 or more."""
SHARED = {0.1: 173, 0.3: 195, 0.5: 234}
"""How many it finds from 0.7 on, by the share that two may have in common."""
BEYOND = 5
"""How many of these lie beyond a side of the picture, so that nothing of them is left in it."""


def numbers(count: int, step: int) -> Array:
    return (np.arange(count, dtype=np.int64) * step**2 % 997 / 997).astype(np.float32)


def outputs() -> dict[str, Array]:
    fall = np.tile(np.arange(8, dtype=np.float32), 4) * np.float32(1.5)
    scores = {f"s{side}": numbers(3 * count, 31 + i).reshape(1, count, 3) for i, (side, count) in enumerate(CELLS.items())}
    return scores | {
        f"d{side}": 8 * numbers(32 * count, 41 + i).reshape(1, count, 32) - fall for i, (side, count) in enumerate(CELLS.items())
    }


def meanings(**how: Any) -> dict[str, Meaning]:
    levels: dict[str, Meaning] = {f"s{side}": Level(names=("a", "b", "c"), stride=side, **how) for side in CELLS}
    return {"x": Image(), **levels, **{f"d{side}": Sides() for side in CELLS}}


def found(threshold: float, **how: Any) -> list[Found]:
    return objects(outputs(), meanings(**how), (100, 120), FIT, threshold)


def test_levels_say_what_rapid_layout_finds() -> None:
    best = found(0.982)
    assert [one.label for one in best] == [label for label, *_ in FOUND]
    np.testing.assert_allclose([one.score for one in best], [score for _, score, _ in FOUND], atol=1e-5)
    np.testing.assert_allclose([one.box for one in best], [box for *_, box in FOUND], atol=1e-3)
    assert {overlap: len(found(0.7, overlap=overlap)) + BEYOND for overlap in SHARED} == SHARED


def test_a_side_is_the_mean_of_its_distances() -> None:
    """Cell by cell, and label by label: a cell may be of several."""
    numbers = {name: array[0].astype(float) for name, array in outputs().items()}
    expected = []
    for side, count in CELLS.items():
        columns = -(-120 // side)
        for cell, label in product(range(count), range(3)):
            score = numbers[f"s{side}"][cell, label]
            shares = np.exp(numbers[f"d{side}"][cell].reshape(4, 8))
            left, top, right, bottom = (shares * np.arange(8)).sum(1) / shares.sum(1)
            x, y = cell % columns + 0.5, cell // columns + 0.5
            box = np.array([x - left, y - top, x + right, y + bottom]) * side / [0.5, 2, 0.5, 2]
            if (box[:2] < [240, 50]).all() and (box[2:] > 0).all():
                expected.append((score, "abc"[label], box.clip(0, [240, 50, 240, 50])))
    expected.sort(key=lambda one: -one[0])
    all_found = found(0.75, overlap=1.0)
    assert len(all_found) == sum(score >= 0.75 for score, *_ in expected) > 190
    for one, (score, label, box) in zip(all_found, expected, strict=False):
        assert (one.label, one.score) == (label, score)
        np.testing.assert_allclose(one.box, box, atol=1e-9)


def test_logits_and_labels_without_a_name() -> None:
    given = outputs()
    for side in CELLS:
        given[f"s{side}"] = np.log(given[f"s{side}"].clip(1e-6, 1 - 1e-6) / (1 - given[f"s{side}"].clip(1e-6, 1 - 1e-6)))
    said = {
        name: Level(names=("a", "", "c"), stride=one.stride, scores="logits") if isinstance(one, Level) else one
        for name, one in meanings().items()
    }
    of_logits = objects(given, said, (100, 120), FIT, 0.982)
    assert [one.label for one in of_logits] == [label for label, *_ in FOUND if label != "b"]
    np.testing.assert_allclose([one.score for one in of_logits], [score for label, score, _ in FOUND if label != "b"], atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_numbers_that_are_none(value: float) -> None:
    objects({name: np.full_like(array, value) for name, array in outputs().items()}, meanings(scores="logits"), (100, 120), FIT, 0.5)


def test_cells_of_another_picture() -> None:
    with pytest.raises(ValidationError, match=r"the cells of s8 \[1, 195, 3\] have no boxes, or are not those of the picture"):
        objects(outputs(), meanings(), (64, 64), FIT, 0.5)
    given = {name: np.concatenate([array] * 2) for name, array in outputs().items()}
    with pytest.raises(ValidationError, match=r"the model says what is in several pictures: \[2, 195, 3\]"):
        objects(given, meanings(), (100, 120), FIT, 0.5)
