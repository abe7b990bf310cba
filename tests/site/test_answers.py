"""The page of answers has what ``python -m benchmarks.answers`` would write of each model that it compares."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("PIL", reason="pillow is not installed")

from benchmarks.answers import theirs
from benchmarks.answers.comparing import compared
from benchmarks.answers.inputs import KINDS
from benchmarks.answers.models import ENVIRONMENTS, MODELS, TASKS
from benchmarks.answers.page import PAGE, page

FACE = ["face", 0.9, [10.0, 10.0, 20.0, 30.0]]


def test_each_model_is_there() -> None:
    """With its version, what it was asked about, and why answers differ; figures are only those of a run."""
    without = re.compile(r"^(\| `.*?\|.*?\|.*?\|).*", re.MULTILINE)
    assert without.sub(r"\1", PAGE.read_text("utf-8")) == without.sub(r"\1", page({}))
    assert "not measured" not in PAGE.read_text("utf-8")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.name))
def test_each_model_can_be_asked(model: Any) -> None:
    assert model.row.metadata and model.row.kind == "pypi"
    assert model.task in TASKS and model.of in KINDS and model.environment in ENVIRONMENTS
    assert callable(getattr(theirs, model.function.split()[0]))


@pytest.mark.parametrize(
    ("one", "other", "same", "differences"),
    [
        ({"best": "a", "labels": {"a": 0.75}}, {"best": "a", "labels": {"a": 0.5, "b": 0.5}}, 1, (0.25, None, None)),
        ({"best": "a", "labels": {"a": 0.75}}, {"best": "b", "labels": {"a": 0.75, "b": 0.8}}, 0, (0, None, None)),
        ({"labels": {"a": 0.75}}, {"best": "b", "labels": {"a": 0.25, "b": 0.5}}, 0, (0.5, None, None)),
        ({"best": "", "labels": {}}, {"best": "", "labels": {}}, 1, (None, None, None)),
        ({"best": "", "labels": {}}, {"best": "a", "labels": {"a": 0.5}}, 0, (None, None, None)),
        ({"values": {"a": 3.5, "b": 1}}, {"values": {"a": 3.505, "b": 1}}, 1, (0.005, None, None)),
        ({"values": {"a": 3.5, "b": 1}}, {"values": {"a": 3.5, "b": 1.5}}, 0, (0.5, None, None)),
        ({"text": "ab", "score": 0.5}, {"text": "ab", "score": 0.25}, 1, (0.25, None, None)),
        ({"text": "ab", "score": 0.5}, {"text": "ad", "score": 0.25}, 0, (None, None, None)),
        ({"objects": [FACE]}, {"objects": [["face", 0.4, [10.0, 10.0, 20.0, 31.5]]]}, 1, (0.5, 1.5, None)),
        ({"objects": [FACE]}, {"objects": [["hand", 0.9, FACE[2]]]}, 0, (None, None, None)),
        ({"objects": [FACE]}, {"objects": [["face", 0.9, [50.0, 10.0, 60.0, 30.0]]]}, 0, (None, None, None)),
        ({"objects": [FACE]}, {"objects": [FACE, FACE]}, 0, (0, 0, None)),
        ({"objects": []}, {"objects": []}, 1, (None, None, None)),
        ({"speech": [[1, 2]], "scores": [0.5]}, {"speech": [[1, 2.25]], "scores": [0.25, 1]}, 1, (0.25, 0.25, None)),
        ({"speech": [[1, 2]], "scores": [0.5]}, {"speech": [], "scores": [0.5]}, 0, (0, None, None)),
        ({"vector": [3, 4]}, {"vector": [3, 6]}, 1, (None, None, 0.4)),
    ],
)
def test_answers_are_compared(one: Any, other: Any, same: int, differences: tuple[float | None, ...]) -> None:
    found = compared(["/folder/file"], [one], [other])
    assert (found.cases, found.same, len(found.others)) == (1, same, 1 - same)
    assert (found.score, found.place, found.vector) == pytest.approx(differences)
