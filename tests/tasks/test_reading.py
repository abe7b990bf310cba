"""``webnn run`` of a detector of text, and of what reads its lines; both are graphs made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

PIL = pytest.importorskip("PIL.Image", reason="pillow is not installed")

from tests.cli.conftest import invoke as invoke  # noqa: E402
from tests.formats.test_task import meaning  # noqa: E402
from webnn_graph import GraphBuilder  # noqa: E402
from webnn_graph.formats import save  # noqa: E402
from webnn_graph.metadata import Characters, Image, Meaning, Regions  # noqa: E402

Invoke = Callable[..., Result]
GRAY = Image(channels="gray", scale=1 / 255)
LETTERS = Characters(names=("", "a", "b", "c"), scores="probabilities")


def detector(file: Path, **meanings: Meaning) -> Path:
    """What is bright is text."""
    b = GraphBuilder("detector")
    graph = b.build({"y": b.relu(b.input("x", "float32", (1, 1, 32, 48)))})
    save(meaning(graph, x=GRAY, **(meanings or {"y": Regions()})), file)
    return file


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A detector, a recognizer that reads a letter for the brightest of four rows, and a picture with two words, twice as large."""
    detector(tmp_path / "detector.webnn")
    b = GraphBuilder("recognizer")
    rows = b.reshape(b.input("x", "float32", (1, 1, 4, 8)), (1, 4, 8))
    save(meaning(b.build({"y": b.transpose(rows, permutation=[0, 2, 1])}), x=GRAY, y=LETTERS), tmp_path / "recognizer.webnn")
    pixels = np.zeros((64, 96), np.uint8)
    pixels[10:18, 8:40], pixels[18:22, 8:40] = 180, 255
    pixels[40:44, 20:60], pixels[44:52, 20:60] = 255, 180
    PIL.fromarray(pixels).save(tmp_path / "page.png")
    return tmp_path


def test_regions(files: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "run", files / "detector.webnn", "--image", files / "page.png", "--save", files / "drawn.png", "--json")
    assert result.exit_code == 0, result.output
    one, other = json.loads(result.stdout)["objects"]
    assert one["label"] == other["label"] == "text" and one["corners"][0][1] < other["corners"][0][1]
    assert one["box"] == [*one["corners"][0], *one["corners"][2]] and 0.5 < one["score"] < 0.9
    before, drawn = (np.asarray(PIL.open(files / name).convert("RGB")) for name in ("page.png", "drawn.png"))
    (left, top), *_ = one["corners"]
    assert (drawn[int(top) + 15, int(left)] != before[int(top) + 15, int(left)]).any()


def test_the_threshold_is_that_of_the_graph(files: Path, invoke: Invoke) -> None:
    detector(files / "sure.webnn", y=Regions(score=0.95))
    counts = []
    for options in ([], ["--threshold", "0.5"]):
        result = invoke("webnn", "run", files / "sure.webnn", "--image", files / "page.png", "--json", *options)
        counts.append(len(json.loads(result.stdout)["objects"]))
    assert counts == [0, 2]


def test_lines_are_read(files: Path, invoke: Invoke) -> None:
    command = ("webnn", "run", files / "detector.webnn", "--image", files / "page.png", "--recognizer", files / "recognizer.webnn")
    result = invoke(*command, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["objects"]
    assert [one["label"] for one in found] == ["b", "a"]
    lines = invoke(*command).stdout.splitlines()
    assert lines[0] == "b" and lines[1].startswith(f"  text score {found[0]['score']:.4f}, from ") and lines[2] == "a"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--recognizer", "recognizer.webnn"], 2, "--recognizer is for --image"),
        (["--image", "page.png", "--recognizer", "detector.webnn"], 1, "none of its outputs is said to be characters"),
        (["--image", "page.png", "--recognizer", "page.png"], 1, "page.png"),
        (["--image", "page.png", "--recognizer", "absent.webnn"], 1, "absent.webnn"),
    ],
)
def test_what_is_refused(options: list[Any], status: int, said: str, files: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "run", files / "detector.webnn", *(files / one if "." in one else one for one in options))
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr


def test_a_model_that_finds_no_lines(files: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "run", files / "recognizer.webnn", "--image", files / "page.png", "--recognizer", files / "recognizer.webnn")
    assert result.exit_code == 1 and "is to find lines of text, and none of its outputs is said to be regions" in result.stderr


def test_a_graph_is_not_written_over(files: Path, invoke: Invoke) -> None:
    options = ["--recognizer", files / "recognizer.webnn", "-o", files / "recognizer.webnn", "--force"]
    result = invoke("webnn", "run", files / "detector.webnn", "--image", files / "page.png", *options)
    assert result.exit_code == 1 and "recognizer.webnn" in result.stderr
