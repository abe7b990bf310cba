"""Points and pixels of objects, and scores that are lowered where objects overlap: as PyTorch and the papers' own words compute them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Detections, Meaning, Points, Prototypes
from webnn_graph.tasks import instances
from webnn_graph.tasks.answers import Found, Point, objects
from webnn_graph.tasks.instances import Silhouette, silhouettes
from webnn_graph.tasks.overlaps import shared
from webnn_graph.tasks.pictures import Fit

FIT = Fit(width=300, height=200, x_scale=1 / 3, y_scale=1 / 2, left=3, top=4)
NAMES = ("cat", "dog")


def asked(rows: Any, meaning: Detections, fit: Fit = FIT, threshold: float = 0.5, *, soft: bool = False, **more: Array) -> list[Found]:
    """What is in a picture of rows in whatever form, in a model's input of 112 x 120."""
    numbers = np.asarray(rows, np.float32)
    numbers = numbers.T[None] if meaning.form == "columns" else numbers[None]
    meanings: dict[str, Meaning] = {"y": meaning, **{name: Prototypes() for name in more}}
    assert not any(meaning.problems(numbers.shape))
    return objects({"y": numbers, **more}, meanings, (112, 120), fit, threshold, soft)


@pytest.mark.parametrize("form", ["columns", "rows", "objects", "best", "final"])
def test_points(form: Any) -> None:
    """A point (x, y) of the input is ((x - 3) * 3, (y - 4) * 2) of the picture."""
    scores = {"objects": [1.0, 0.1, 0.9], "best": [0.9, 1], "final": [0.9, 1]}.get(form, [0.1, 0.9])
    box = [40, 40, 60, 80] if form in ("best", "final") else [50, 60, 20, 40]
    row = [*box, *scores, 43, 44, 0.75, 1000, -5, 0.25]
    meaning = Detections(names=NAMES, form=form, points=Points(count=2, scored=True, names=("nose", "tail")))
    (one,) = asked([row, [*box, *np.multiply(scores, 0.1), *row[-6:]]], meaning)
    assert (one.label, one.box) == ("dog", (111, 72, 171, 152))
    assert one.points == (Point(120, 80, 0.75, "nose"), Point(300, 0, 0.25, "tail"))
    document = one.document()
    assert document["points"][0] == {"x": 120, "y": 80, "score": 0.75, "name": "nose"} and "mask" not in document


def test_points_without_scores_or_names_in_shares() -> None:
    meaning = Detections(names=NAMES, form="rows", unit="relative", points=Points(count=2))
    (one,) = asked([[0.5, 0.5, 0.2, 0.2, 0.9, 0, 0.5, 0.25, np.nan, 0.75]], meaning, Fit(120, 112, 1, 1))
    assert one.points is not None and one.points[0] == Point(60, 28) and np.isnan(one.points[1].x) and one.points[1].y == 84
    assert [set(point) for point in one.document()["points"]] == [{"x", "y"}] * 2


def test_other_objects_have_neither() -> None:
    (one,) = asked([[50, 60, 20, 40, 0.9, 0]], Detections(names=NAMES))
    assert one.document() == {"label": "cat", "score": pytest.approx(0.9), "box": (111, 72, 171, 152)}


# ------------------------------------------------------------------------------------------------------------------- masks
@pytest.mark.parametrize(
    "fit", [Fit(240, 160, 0.5, 0.5, 0, 16), Fit(480, 448, 0.25, 0.25), Fit(120, 96, 1, 1, 0, 8), Fit(64, 224, 0.5, 0.5, 44, 0)]
)
@pytest.mark.parametrize("form", ["columns", "final"])
def test_masks_are_those_that_pytorch_makes(form: Any, fit: Fit) -> None:
    """Prototypes of the whole input are resized by torch.nn.functional.interpolate; the part that is the picture's is cut out."""
    random = np.random.default_rng(3)
    prototypes, coefficients = random.normal(size=(1, 5, 28, 30)).astype(np.float32), random.normal(size=(6, 5))
    centres, sides = random.uniform(20, 90, (6, 2)), random.uniform(10, 70, (6, 2))
    corners = np.concatenate([centres - sides / 2, centres + sides / 2], 1)
    scores = np.linspace(0.9, 0.6, 6)[:, None]
    head = [corners, scores, np.zeros((6, 1))] if form == "final" else [centres, sides, scores * [[1, 0]]]
    meaning = Detections(names=NAMES, form=form, coefficients=5)
    rows = np.concatenate([*head, coefficients], 1)
    found = asked(rows, meaning, fit, prototypes=prototypes)
    logits = torch.tensor(rows[:, -5:].astype(np.float32)) @ torch.tensor(prototypes).reshape(5, -1)
    whole = (round(112 / fit.y_scale), round(120 / fit.x_scale))
    resized = torch.nn.functional.interpolate(logits.reshape(1, 6, 28, 30), whole, mode="bilinear")[0]
    top, left = round(fit.top / fit.y_scale), round(fit.left / fit.x_scale)
    inside = (resized[:, top : top + fit.height, left : left + fit.width] > 0).numpy()
    assert len(found) > 3
    for one in found:
        number = int(np.abs(scores[:, 0] - one.score).argmin())
        first_x, first_y, last_x, last_y = one.box
        down, across = np.arange(fit.height)[:, None], np.arange(fit.width)
        right = inside[number] & (down >= first_y) & (down < last_y) & (across >= first_x) & (across < last_x)
        assert one.mask is not None
        actual = np.zeros_like(right)
        height, width = one.mask.pixels.shape
        actual[one.mask.top : one.mask.top + height, one.mask.left : one.mask.left + width] = one.mask.pixels
        assert (actual != right).sum() <= 1, "but for a value that rounding decides"


def test_pixels_as_runs() -> None:
    pixels = np.array([[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1]], bool)
    assert Silhouette(5, 6, pixels).document() == {"left": 5, "top": 6, "width": 4, "height": 3, "runs": [2, 3, 6, 1]}
    assert Silhouette(0, 0, ~pixels).document()["runs"] == [0, 2, 3, 6, 1]
    assert Silhouette(0, 0, np.zeros((0, 3), bool)).document()["runs"] == [0]


@pytest.mark.parametrize("box", [(10, 10, 10, 30), (30, 10, 10, 30), (np.nan, 0, 5, 5), (10.2, 10.2, 10.7, 10.7)])
@pytest.mark.filterwarnings("error")
def test_boxes_without_pixels(box: tuple[float, ...]) -> None:
    made = silhouettes(np.array([box]), np.full((1, 2), np.inf), np.full((1, 2, 5, 5), np.nan, np.float32), (40, 40), Fit(40, 40, 1, 1))
    assert made[0].pixels.size == (25 if np.isnan(box[0]) else 0) and not made[0].pixels.any()


def test_masks_of_a_picture_that_is_cut() -> None:
    """The input is the middle of the picture: what lies beside it is as its first and last pixels; a sum of 0 is nothing."""
    given = np.array([[0.0, 0, 12, 4]]), np.ones((1, 1)), np.float32([[[[0, 1, -1, 1]] * 4]]), (4, 4), Fit(12, 4, 1, 1, left=-4)
    assert silhouettes(*given)[0].pixels.tolist() == [[False] * 5 + [True, False] + [True] * 5] * 4


def test_pixels_are_computed_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    given = np.array([[3, 2, 90, 95.5]]), random.normal(size=(1, 4)), random.normal(size=(1, 4, 9, 8)), (100, 100), Fit(100, 100, 1, 1)
    (whole,) = silhouettes(*given)
    monkeypatch.setattr(instances, "AT_ONCE", 300)
    assert (silhouettes(*given)[0].pixels == whole.pixels).all() and whole.pixels.shape == (94, 87)


def test_masks_that_are_too_large() -> None:
    fit, maps = Fit(2**13, 2**13, 1 / 64, 1 / 64), np.zeros((1, 1, 8, 8), np.float32)
    with pytest.raises(ValidationError, match="the masks of 5 objects have 335,544,320 pixels; at most 268,435,456 are made") as error:
        silhouettes(np.array([[0, 0, 2**13, 2**13]] * 5), np.zeros((5, 1)), maps, (128, 128), fit)
    assert error.value.hint == "a higher threshold asks for fewer objects"


@pytest.mark.parametrize("shape", [(2, 3, 9, 9), (1, 2, 3, 9, 9)])
def test_masks_of_several_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="several pictures"):
        asked([[50, 60, 20, 40, 0.9, 0, 1, 1, 1]], Detections(names=NAMES, coefficients=3), z=np.zeros(shape, np.float32))


# --------------------------------------------------------------------------------------------------------------- Soft-NMS
def by_the_paper(boxes: Array, scores: Array, most: float, least: float) -> list[tuple[int, float]]:
    """The pseudocode of figure 3 of Bodla et al. 2017 with the linear rule, in plain numbers."""
    left, found = dict(enumerate(scores.tolist())), []
    while left:
        best = max(left, key=lambda i: left[i])
        found.append((best, left.pop(best)))
        for i in left:
            share = float(shared(boxes[best], boxes[i]))
            left[i] *= 1 - share if share > most else 1
        left = {i: score for i, score in left.items() if score >= least}
    return found


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_lowered_scores_are_those_of_the_paper(seed: int, exclusive: bool) -> None:
    random = np.random.default_rng(seed)
    boxes = np.concatenate([random.uniform(20, 90, (60, 2)), random.uniform(10, 40, (60, 2))], 1).astype(np.float32)
    scores, labels = random.uniform(0.3, 1, 60).astype(np.float32), random.integers(0, 2, 60)
    rows = np.concatenate([boxes, np.where(np.arange(2) == labels[:, None], scores[:, None], 0)], 1)
    found = asked(rows, Detections(names=NAMES, exclusive=exclusive), Fit(120, 112, 1, 1), 0.2, soft=True)
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1).astype(np.float64)
    kept = scores >= 0.2
    right: list[tuple[float, str]] = []
    for label in [None] if exclusive else [0, 1]:
        (of,) = np.nonzero(kept if label is None else kept & (labels == label))
        right += [(score, NAMES[labels[of[i]]]) for i, score in by_the_paper(corners[of], scores[of].astype(np.float64), 0.45, 0.2)]
    right.sort(reverse=True)
    hard = asked(rows, Detections(names=NAMES, exclusive=exclusive), Fit(120, 112, 1, 1), 0.2)
    assert [one.label for one in found] == [label for _, label in right] and len(hard) < len(found) <= kept.sum()
    np.testing.assert_allclose([one.score for one in found], [score for score, _ in right], rtol=1e-4)
    assert all(one.score >= other.score >= 0.2 for one, other in pairwise(found))


def test_boxes_beyond_the_picture_are_compared_whole() -> None:
    """Cut at the picture's side both would be the same, of which one would be left out."""
    rows = [[-50, 50, 120, 20, 0.9, 0], [5, 50, 10, 20, 0.8, 0]]
    assert len(asked(rows, Detections(names=NAMES), Fit(120, 112, 1, 1))) == 2
