"""Points and masks of objects and lowered scores by the plain modules: as `webnn_graph.tasks` has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.javascript.test_runtime import plain  # noqa: F401
from tests.javascript.test_tasks import place, run
from tests.javascript.written import needs_node
from tests.tasks.test_centers import drawn
from webnn_graph.data_types import Array
from webnn_graph.metadata import Centers, Detections, Geometry, Labels, Level, Meaning, Points, Prototypes, Sides, whole
from webnn_graph.tasks.answers import OVERLAP, Found, objects
from webnn_graph.tasks.pictures import Fit

pytestmark = needs_node
NAMES = ("cat", "dog", "", "tree")
FITS = (Fit(300, 200, 1 / 3, 1 / 2, 3, -2), Fit(57, 130, 0.7, 0.7, 40, 4))
ANSWER = """
const fs = await import("node:fs");
const asked = JSON.parse(fs.readFileSync(given, "utf8")).map(async ([fragment, numbers, meanings, options, place]) => {
  const { answered } = await import(`./tasks/${fragment}.js`);
  const found = answered(numbers.map((values) => Float32Array.from(values)), meanings, options, place);
  return found.map(({ mask, ...one }) => ({ ...one, ...(mask && { mask: { ...mask, pixels: [...mask.pixels] } }) }));
});
return Promise.all(asked);
"""


def rows_of(form: str, rest: Array, random: np.random.Generator) -> Array:
    """Random detections of four labels in a form, with more numbers behind their scores."""
    count = len(rest)
    boxes = random.uniform(0, 100, (count, 4))
    scores = random.uniform(0, 1, (count, 4)) ** 3
    head = [boxes, scores]
    if form == "objects":
        head = [boxes, random.uniform(0.5, 1, (count, 1)), scores]
    elif form in ("best", "final"):
        head = [boxes, scores[:, :1], random.uniform(-1, 4, (count, 1))]
    rows = np.concatenate([*head, rest], 1).astype(np.float32)[None]
    return np.ascontiguousarray(rows.transpose(0, 2, 1)) if form == "columns" else rows


def check(cases: Sequence[tuple[str, Sequence[Array], Sequence[Meaning], Mapping[str, Any], Fit]], folder: Path) -> list[list[Found]]:
    """JavaScript finds what Python finds, which is given."""
    given: list[Any] = []
    expected = []
    for fragment, tensors, meanings, options, fit in cases:
        said = [{**whole(meaning), "shape": list(tensor.shape)} for meaning, tensor in zip(meanings, tensors, strict=True)]
        given.append([fragment, [tensor.ravel().tolist() for tensor in tensors], said, options, place(fit)])
        outputs, read = dict(zip("abcd", tensors, strict=False)), dict(zip("abcd", meanings, strict=False))
        expected.append(objects(outputs, read, (100, 120), fit, options["threshold"], options.get("soft", False)))
    (folder / "given").write_text(json.dumps(given))
    for found, right in zip(run(folder, ANSWER, str(folder / "given")), expected, strict=True):
        assert [one["label"] for one in found] == [one.label for one in right]
        for one, other in zip(found, right, strict=True):
            np.testing.assert_allclose([one["score"], *one["box"].values()], [other.score, *other.box], rtol=1e-12, atol=1e-12)
            document = other.document()
            assert set(one) == set(document)
            if other.points is not None:
                for point, python in zip(one["points"], document["points"], strict=True):
                    assert point == {name: value if name == "name" else pytest.approx(value, rel=1e-12) for name, value in python.items()}
            if other.mask is not None:
                pixels = one["mask"].pop("pixels")
                assert one["mask"] == {name: value for name, value in document["mask"].items() if name != "runs"}
                assert pixels == other.mask.pixels.astype(int).ravel().tolist()
    return expected


def test_points(plain: Path) -> None:  # noqa: F811
    random = np.random.default_rng(0)
    cases = []
    forms = product(("columns", "rows", "objects", "best", "final"), (False, True), ("pixels", "relative"), FITS)
    for form, scored, unit, fit in forms:
        points = Points(count=3, scored=scored, names=("a", "b", "c") if scored else ())
        tensor = rows_of(form, random.uniform(-20, 140, (40, points.numbers)), random)
        options = {"threshold": 0.3, **({} if form == "final" else {"overlap": OVERLAP})}
        cases.append(("points", [tensor], [Detections(names=NAMES, form=form, unit=unit, points=points)], options, fit))  # type: ignore[arg-type]
    assert sum(map(len, check(cases, plain))) > 300


def test_centers(plain: Path) -> None:  # noqa: F811
    random = np.random.default_rng(3)
    cases = []
    of_points = (None, Points(count=3, names=("a", "b", "c")))
    ways = product(("xy", "yx"), (False, True), (False, True), ("logits", "probabilities"), of_points, FITS)
    for order, log, middle, scores, points, fit in ways:
        how: Mapping[str, Any] = {"order": order, "log": log, "middle": middle, "scores": scores, "points": points}
        meaning = Centers(names=NAMES, stride=10, overlap=0.02, **how)
        maps = drawn(meaning, random, 10, 12)
        maps["sizes"] += np.float32(0.7)
        held = [Geometry(holds=name) for name in maps if name != "heat"]  # type: ignore[arg-type]
        options = [{"threshold": 0.8}, {"threshold": 0.8, "soft": True}]
        cases += [("centers", [*maps.values()], [meaning, *held], one, fit) for one in options]
    counts = list(map(len, check(cases, plain)))
    assert min(counts) > 10 and sum(counts[::2]) < sum(counts[1::2])


def test_levels(plain: Path) -> None:  # noqa: F811
    random = np.random.default_rng(4)
    cases = []
    for scores, fit, soft in product(("logits", "probabilities"), FITS, (False, True)):
        tensors: list[Array] = []
        for count in (2 * 3, 1):  # of cells of 50 and 128 pixels
            chances = random.uniform(0.1, 0.99, (1, count, len(NAMES)))
            tensors.append((np.log(chances / (1 - chances)) if scores == "logits" else chances).astype(np.float32))
            tensors.append(random.normal(size=(1, count, 4 * 5)).astype(np.float32) * 3)
        levels = [Level(names=NAMES, stride=side, scores=scores, overlap=0.1) for side in (50, 128)]  # type: ignore[arg-type]
        options = {"threshold": 0.3, "soft": soft}
        cases.append(("levels", tensors, [levels[0], Sides(), levels[1], Sides()], options, fit))
    counts = list(map(len, check(cases, plain)))
    assert min(counts) > 2 and sum(counts[::2]) < sum(counts[1::2])


def test_masks(plain: Path) -> None:  # noqa: F811
    random = np.random.default_rng(1)
    cases = []
    for form, fit in product(("columns", "objects", "final"), FITS):
        maps = random.normal(size=(1, 6, 25, 31)).astype(np.float32)
        tensor = rows_of(form, random.normal(size=(12, 6)), random)
        options = {"threshold": 0.3, **({} if form == "final" else {"overlap": OVERLAP})}
        meaning = Detections(names=NAMES, form=form, coefficients=6)  # type: ignore[arg-type]
        cases.append(("instances", [tensor, maps], [meaning, Prototypes()], options, fit))
    found = [one for expected in check(cases, plain) for one in expected]
    shares = [float(one.mask.pixels.mean()) for one in found if one.mask and one.mask.pixels.size]
    assert len(shares) > 10 and 0.2 < np.mean(shares) < 0.8


def test_lowered_scores(plain: Path) -> None:  # noqa: F811
    random = np.random.default_rng(2)
    cases = []
    for form, exclusive, threshold in product(("columns", "best"), (False, True), (0.01, 0.1)):
        tensor = rows_of(form, np.zeros((150, 0)), random)
        meaning = Detections(names=NAMES, form=form, exclusive=exclusive)  # type: ignore[arg-type]
        for soft in (False, True):
            cases.append(("detections", [tensor], [meaning], {"threshold": threshold, "overlap": OVERLAP, "soft": soft}, FITS[0]))
    counts = list(map(len, check(cases, plain)))
    assert all(hard <= soft for hard, soft in zip(counts[::2], counts[1::2], strict=True)) and sum(counts[::2]) < sum(counts[1::2])


def test_masks_that_are_too_large(plain: Path) -> None:  # noqa: F811
    script = """
    const { answered } = await import("./tasks/instances.js");
    const tensor = { names: ["a"], form: "final", unit: "pixels", exclusive: false, shape: [1, 300, 7] };
    const numbers = Float32Array.from({ length: 2100 }, (_, i) => [0, 0, 99, 99, 1, 0, 1][i % 7]);
    const place = { fit: { width: 17000, height: 17000, xScale: 1 / 170, yScale: 1 / 170, left: 0, top: 0 }, size: [100, 100] };
    try {
      return answered([numbers, new Float32Array(4)], [tensor, { shape: [1, 1, 2, 2] }], { threshold: 0.5 }, place);
    } catch (error) {
      return [error.code, error.message];
    }
    """
    said = f"masks of objects have {(99 * 170) ** 2} pixels; at most 268435456 are made: a higher threshold asks for fewer"
    assert run(plain, script) == ["bad-input", said]


def test_boxes_and_labels_take_the_same(plain: Path) -> None:  # noqa: F811
    script = """
    const { answered } = await import("./tasks/boxes.js");
    const [boxes, labels] = [{ format: "xyxy", unit: "pixels" }, { names: ["a", "b"], scores: "probabilities", several: false }];
    const numbers = [Float32Array.of(0, 0, 10, 10, 0, 0, 10, 8), Float32Array.of(0.9, 0, 0.8, 0)];
    const place = { fit: { width: 50, height: 50, xScale: 1, yScale: 1, left: 0, top: 0 }, size: [50, 50] };
    const scores = (options) => answered(numbers, [boxes, labels], { threshold: 0.1, ...options }, place).map(({ score }) => score);
    return [scores({}), scores({ soft: true }), scores({ overlap: 0.5 }), scores({ overlap: 0.5, soft: true }), scores({ overlap: 0.8 })];
    """
    assert whole(Labels(names=("a", "b")))["several"] is False
    found = [[round(score, 5) for score in scores] for scores in run(plain, script)]
    assert found == [[0.9, 0.8], [0.9, 0.8], [0.9], [0.9, 0.16], [0.9, 0.8]]
