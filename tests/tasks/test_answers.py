"""What models say, as transformers' own code reads it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Boxes, Characters, Detections, Image, Labels
from webnn_graph.tasks.answers import best, detected, objects, probabilities, spelled
from webnn_graph.tasks.overlaps import shared
from webnn_graph.tasks.pictures import Fit

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
RANDOM = np.random.default_rng(5)
NAMES = ("cat", "dog", "bird", "tree")


def numbers(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32) * 3


@pytest.mark.parametrize("several", [False, True])
def test_labels(several: bool) -> None:
    logits = numbers(1, 4)
    found = best(logits, Labels(names=NAMES, several=several), 3)
    expected = torch.from_numpy(logits[0]).sigmoid() if several else torch.from_numpy(logits[0]).softmax(0)
    scores, ids = expected.topk(3)
    assert [one.label for one in found] == [NAMES[i] for i in ids]
    np.testing.assert_allclose([one.score for one in found], scores, rtol=1e-6)


def test_large_logits() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert probabilities(np.float32([[1e4, -1e4, 0, 0]]), Labels(names=NAMES)).tolist() == [[1, 0, 0, 0]]
        assert probabilities(np.float32([[500, -500, 0, 0]]), Labels(names=NAMES, several=True))[0, 2] == 0.5


def test_pixels() -> None:
    logits = numbers(1, 4, 5, 6)
    made = probabilities(logits, Labels(names=NAMES, axis=-3))
    np.testing.assert_allclose(made, torch.from_numpy(logits).softmax(1), rtol=1e-5)


FIT = Fit(width=300, height=200, x_scale=1 / 3, y_scale=1 / 2)
"""A picture of 300 x 200 pixels in an input of 100 x 100."""


@pytest.mark.parametrize(("processor", "nothing"), [("DetrImageProcessorPil", True), ("RTDetrImageProcessorPil", False)])
def test_objects_of_transformers(processor: str, nothing: bool) -> None:
    logits, boxes = numbers(1, 20, 5 if nothing else 4), RANDOM.uniform(0.2, 0.8, (1, 20, 4)).astype(np.float32)
    boxes[..., 2:] *= 0.4
    given = SimpleNamespace(logits=torch.from_numpy(logits), pred_boxes=torch.from_numpy(boxes))
    made = getattr(transformers, processor)()
    (right,) = made.post_process_object_detection(given, threshold=0.6, target_sizes=torch.tensor([[200, 300]]))
    meanings = {
        "logits": Labels(names=(*NAMES, "") if nothing else NAMES, several=not nothing),
        "boxes": Boxes(format="cxcywh"),
    }
    found = objects({"logits": logits, "boxes": boxes}, meanings, (100, 100), FIT, 0.6)
    order = np.argsort(-right["scores"].numpy(), kind="stable")
    assert len(found) == len(order) > 3
    assert [one.label for one in found] == [NAMES[i] for i in right["labels"].numpy()[order]]
    np.testing.assert_allclose([one.score for one in found], right["scores"].numpy()[order], rtol=1e-5)
    inside = right["boxes"].numpy()[order].clip(0, [300, 200, 300, 200])
    np.testing.assert_allclose([one.box for one in found], inside, atol=1e-3)


BOX = (50.0, 50.0, 20.0, 40.0)
"""Centre and size."""


@pytest.mark.parametrize("form", ["columns", "rows", "objects", "final"])
def test_yolo(form: Any) -> None:
    names = NAMES[:2]
    rows = np.array([[*BOX, 0.9, 0.1], [51, 51, 20, 40, 0.8, 0.1], [51, 51, 20, 40, 0.1, 0.7], [10, 10, 8, 8, 0.2, 0.3]], np.float32)
    if form == "objects":
        rows = np.insert(rows, 4, [1, 1, 1, 0.5], axis=1)
    if form == "final":
        rows = np.array([[40, 30, 60, 70, 0.9, 0], [41, 31, 61, 71, 0.7, 1], [6, 6, 14, 14, 0.3, 1], [0, 0, 0, 0, 0, 0]], np.float32)
    given = rows.T[None] if form == "columns" else rows[None]
    meaning = Detections(names=names, form=form)
    assert list(meaning.problems(given.shape)) == []
    found = objects({"y": given}, {"x": Image(), "y": meaning}, (100, 100), FIT, 0.25)
    # The second is of the first's label and lies on it; the third is of another; the last scores 0.15 with "objects".
    last = [] if form == "objects" else [("dog", 0.3)]
    assert [(one.label, round(one.score, 3)) for one in found] == [("cat", 0.9), ("dog", 0.7), *last]
    np.testing.assert_allclose(found[0].box, [120, 60, 180, 140], rtol=1e-6)
    alone = objects({"y": given}, {"x": Image(), "y": Detections(names=names, form=form, exclusive=True)}, (100, 100), FIT, 0.25)
    assert [one.label for one in alone] == (["cat", "dog", "dog"] if form == "final" else ["cat", *(label for label, _ in last)])


def test_boxes_beside_the_picture_are_left_out() -> None:
    """Of an input of 100 x 100 in whose middle is a picture of 100 x 50."""
    fit = Fit(width=100, height=50, x_scale=1, y_scale=1, left=0, top=25)
    rows = np.float32([[30, 5, 80, 20, 0.9, 0], [30, 80, 80, 99, 0.8, 0], [30, 5, 80, 26, 0.7, 1], [10, 25, 20, 75, 0.6, 1]])
    found = objects({"y": rows[None]}, {"y": Detections(names=NAMES[:2], form="final")}, (100, 100), fit, 0.25)
    assert [one.box for one in found] == [(30, 0, 80, 1), (10, 0, 20, 50)]


def test_objects_in_cells() -> None:
    """The first cell of each grid over 64 x 32 pixels says the same box; so does the last of the finest one, of another label."""
    box = np.array([32, 16, 24, 8])
    rows = np.zeros((8 * 4 + 4 * 2 + 2, 7), np.float32)
    for first, side in ((0, 8), (32, 16), (40, 32)):
        rows[first] = [*box[:2] / side, *np.log(box[2:] / side), 0.9 - side / 100, 1, 0]
    rows[31] = [32 / 8 - 7, 16 / 8 - 3, *np.log(box[2:] / 8), 0.5, 0, 1]
    rows[31, 0] += 1
    found = objects({"y": rows[None]}, {"x": Image(), "y": Detections(names=NAMES[:2], form="cells")}, (32, 64), Fit(64, 32, 1, 1), 0.3)
    assert [(one.label, round(one.score, 3)) for one in found] == [("cat", 0.82), ("dog", 0.5)]
    np.testing.assert_allclose([one.box for one in found], [[20, 12, 44, 20], [28, 12, 52, 20]], rtol=1e-6)
    with pytest.raises(ValidationError, match="42 boxes are not of the cells of an input that is 16 high and 32 wide"):
        objects({"y": rows[None]}, {"x": Image(), "y": Detections(names=NAMES[:2], form="cells")}, (16, 32), FIT, 0.3)


@pytest.mark.parametrize(
    ("sides", "height", "width", "count"),
    [((8, 16, 32), 32, 96, 4 * 12 + 2 * 6 + 1 * 3), ((8, 16, 32, 64), 128, 64, 16 * 8 + 8 * 4 + 4 * 2 + 2 * 1)],
)
def test_yolox(sides: tuple[int, ...], height: int, width: int, count: int) -> None:
    """As demo_postprocess of YOLOX has it: ``(xy + grid) * stride`` and ``exp(wh) * stride``."""
    rng = np.random.default_rng(0)
    given = rng.normal(size=(1, count, 7)).astype(np.float32)
    given[..., 4:] = rng.uniform(0, 1, (1, count, 3)) ** 2
    grids, strides = [], []
    for side in sides:
        xv, yv = np.meshgrid(np.arange(width // side), np.arange(height // side))
        grids.append(np.stack((xv, yv), 2).reshape(-1, 2))
        strides.append(np.full((len(grids[-1]), 1), side))
    grid, stride = np.concatenate(grids), np.concatenate(strides)
    centres, sizes = (given[0, :, :2] + grid) * stride, np.exp(given[0, :, 2:4]) * stride
    meaning = Detections(names=NAMES[:2], form="cells")
    whole = Fit(width, height, 1.0, 1.0)
    found = objects({"y": given}, {"y": meaning}, (height, width), whole, 0.0)
    best = int((given[0, :, 4] * given[0, :, 5:].max(1)).argmax())
    corners = np.concatenate([centres[best] - sizes[best] / 2, centres[best] + sizes[best] / 2]).clip(0, [width, height] * 2)
    np.testing.assert_allclose(found[0].box, corners, rtol=1e-5, atol=1e-4)
    assert found[0].score == pytest.approx(given[0, best, 4] * given[0, best, 5:].max())
    with pytest.raises(
        ValidationError, match=f"{count - 1:,} boxes are not of the cells of an input that is {height} high and {width} wide"
    ):
        objects({"y": given[:, 1:]}, {"y": meaning}, (height, width), whole, 0.5)


def test_what_boxes_share() -> None:
    one = np.array([0.0, 0, 10, 10])
    assert shared(one, one) == 1
    assert shared(one, np.array([5.0, 0, 15, 10])) == pytest.approx(1 / 3)
    assert shared(one, np.array([10.0, 0, 20, 10])) == 0
    assert shared(np.zeros(4), np.zeros(4)) == 0


def test_boxes_that_share_just_as_much() -> None:
    """Half of both, which is no more than 0.5; and 0.8 becomes 0.4, which is no less than that."""
    boxes, scores = np.array([[0.0, 0, 2, 1], [0, 0, 1, 1]]), np.array([[0.9], [0.8]])
    expected = {(0.5, False): [0.9, 0.8], (0.5, True): [0.9, 0.8], (0.49, False): [0.9], (0.49, True): [0.9, 0.4]}
    for (overlap, soft), right in expected.items():
        assert [one.score for one in detected(boxes, scores, ("cat",), FIT, 0.4, overlap, soft=soft)] == right


@pytest.mark.parametrize("form", ["best", "final"])
def test_numbers_of_labels(form: Any) -> None:
    rows = [[10 * i, 0, 10 * i + 9, 9, 0.9 - i / 10, number] for i, number in enumerate((0.6, 1.4, -3, 99))]
    found = objects({"y": np.float32([rows])}, {"y": Detections(names=NAMES, form=form)}, (100, 100), FIT, 0.1)
    assert [one.label for one in found] == ["dog", "dog", "cat", "tree"]


def test_characters(tmp_path: Path) -> None:
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "A": 5, "B": 6, "É": 7}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json"))
    ids = [5, 5, 0, 5, 4, 4, 6, 0, 0, 7, 7, 7, 4, 6, 6, 0]
    logits = np.full((1, len(ids), 8), -5, np.float32)
    logits[0, np.arange(len(ids)), ids] = 5
    text, score = spelled(logits, Characters(names=("", "", "", "", " ", "A", "B", "É")))
    assert text == tokenizer.decode(ids) == "AA BÉ B"
    assert 0.99 < score < 1


def test_nothing_is_written() -> None:
    assert spelled(np.float32([[[9, 0], [9, 0]]]), Characters(names=("", "a"))) == ("", 0.0)


def test_a_path_of_characters() -> None:
    """The score is that of what is left: the first and the last step."""
    path = np.float32([[[1, 0.9], [0.7, 0.1], [0, 0.3], [1.6, 0.5]]])
    text, score = spelled(path, Characters(names=("", "a", "b"), scores="path"))
    assert text == "ab" and score == pytest.approx(0.7)
