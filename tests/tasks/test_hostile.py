"""Models and files of strangers: what they say of pictures breaks nothing, and every mistake is one error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.formats import save
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Boxes, Centers, Detections, Geometry, Image, Labels, Meaning, Metadata, Points, Prototypes
from webnn_graph.tasks import overlaps
from webnn_graph.tasks.answers import Found, Point, best, objects
from webnn_graph.tasks.instances import Silhouette
from webnn_graph.tasks.overlaps import MOST_BOXES, shared
from webnn_graph.tasks.pictures import Fit, prepared, read_picture
from webnn_graph.tasks.sounds import fitted

PIL = pytest.importorskip("PIL.Image", reason="pillow is not installed")

Invoke = Callable[..., Result]
EVIL = ("</script>", "*/ x /*", "\u2028", "\u202e", "\x1b[31m", "\ud800", "\r\nerror:", "\u200e", "日本語", "", "x" * 900)
WHOLE = Fit(100, 100, 1, 1)


def saved(folder: Path, outputs: dict[str, tuple[int, ...]], **meanings: Meaning) -> Path:
    """A graph of a picture of 8 x 8 pixels in a file, and a picture beside it."""
    metadata = Metadata(tensors={"x": Image(), **meanings})
    save(replace(graph_of({"x": (1, 3, 8, 8)}, outputs), metadata=metadata.document()), folder / "graph.webnn")
    PIL.new("RGB", (9, 5)).save(folder / "picture.png")
    return folder / "graph.webnn"


@pytest.mark.parametrize("options", [["inspect"], ["run", "--top", "20"], ["run", "--json", "--top", "20"]], ids=" ".join)
def test_labels_reach_no_terminal(options: list[str], tmp_path: Path, invoke: Invoke) -> None:
    graph = saved(tmp_path, {"y": (1, len(EVIL))}, y=Labels(names=EVIL))
    pictures = ["--image", tmp_path / "picture.png"] if options[0] == "run" else []
    result = invoke("webnn", options[0], graph, *options[1:], *pictures)
    assert result.exit_code == 0, result.output
    assert not [c for c in result.output if not c.isprintable() and c != "\n"]
    if "--json" in options:
        assert {one["label"] for one in json.loads(result.stdout)["labels"]["y"]} == set(EVIL)


def test_labels_are_drawn_whatever_they_hold(tmp_path: Path, invoke: Invoke) -> None:
    graph = saved(tmp_path, {"b": (1, 20, 4), "y": (1, 20, len(EVIL))}, b=Boxes(), y=Labels(names=EVIL, several=True))
    options = ["--image", tmp_path / "picture.png", "--threshold", 0, "--save"]
    nowhere = invoke("webnn", "run", graph, *options, "folder/drawn.png")
    assert nowhere.exit_code == 1 and "create the folder first" in nowhere.output
    result = invoke("webnn", "run", graph, *options, "drawn.png")
    assert result.exit_code == 0, result.output
    assert PIL.open("drawn.png").size == (9, 5)


def test_points_and_masks_are_shown_and_drawn(tmp_path: Path, invoke: Invoke) -> None:
    """Of numbers that are all alike, whatever points are called."""
    points = Points(count=len(EVIL), names=tuple(name[:9] for name in EVIL))
    rest = points.numbers
    graph = saved(tmp_path, {"y": (1, 3, 6 + rest)}, y=Detections(names=("a",), form="final", points=points))
    command = ["run", graph, "--image", tmp_path / "picture.png", "--threshold", 0]
    shown = invoke("webnn", *command, "--save", "drawn.png")
    assert shown.exit_code == 0 and shown.stdout.split()[:6] == ["object", "score", "left", "top", "right", "bottom"]
    assert ["object", "point", "x", "y"] in [line.split() for line in shown.stdout.splitlines()]
    assert not [c for c in shown.output if not c.isprintable() and c != "\n"]
    (first, *_) = json.loads(invoke("webnn", *command, "--json").stdout)["objects"]
    assert [one["name"] for one in first["points"]] == list(points.names) and set(first["points"][0]) == {"x", "y", "name"}
    outputs = {"y": (1, 3, 8), "z": (1, 2, 4, 4)}
    graph = saved(tmp_path, outputs, y=Detections(names=("a",), form="final", coefficients=2), z=Prototypes())
    shown = invoke("webnn", *command, "--save", "drawn.png", "--force")
    assert shown.exit_code == 0 and shown.stdout.splitlines()[0].split()[-1] == "pixels"
    mask = json.loads(invoke("webnn", *command, "--json").stdout)["objects"][0]["mask"]
    assert sum(mask["runs"]) == mask["width"] * mask["height"]
    assert PIL.open("drawn.png").size == (9, 5)


@pytest.mark.parametrize(
    ("meaning", "options", "said"),
    [
        (Detections(names=("a",), form="final"), ["--image", "picture.png"], "graph has no boxes of which those that overlap are left out"),
        (Detections(names=("a",), form="best"), ["--image", "picture.png"], None),
        (Detections(names=("a",), form="best"), [], "--soft is for --image"),
    ],
)
def test_what_can_be_soft(meaning: Detections, options: list[str], said: str | None, tmp_path: Path, invoke: Invoke) -> None:
    graph = saved(tmp_path, {"y": (1, 3, 6)}, y=meaning)
    result = invoke("webnn", "run", graph, *[str(tmp_path / one) if one.endswith("png") else one for one in options], "--soft")
    assert (result.exit_code != 0) == bool(said) and (said or "nothing is found") in result.output.replace("network", "graph")


def test_centers_are_shown_and_drawn(tmp_path: Path, invoke: Invoke) -> None:
    """Of offsets that are all 0, scores that are 1, sizes that are 2 and points that are 3."""
    meaning = Centers(names=(EVIL[0],), stride=4, points=Points(count=1, names=(EVIL[4],)))
    outputs = {"o": (1, 2, 2, 2), "y": (1, 1, 2, 2), "s": (1, 2, 2, 2), "p": (1, 2, 2, 2)}
    held = {name: Geometry(holds=holds) for name, holds in (("s", "sizes"), ("o", "offsets"), ("p", "points"))}  # type: ignore[arg-type]
    graph = saved(tmp_path, outputs, y=meaning, **held)
    command = ["webnn", "run", graph, "--image", tmp_path / "picture.png", "--soft"]
    shown = invoke(*command, "--save", "drawn.png")
    assert shown.exit_code == 0 and PIL.open("drawn.png").size == (9, 5), shown.output
    assert not [c for c in shown.output if not c.isprintable() and c != "\n"]
    headers = [line.split() for line in shown.output.splitlines() if line.startswith("object")]
    assert headers[1] == ["object", "point", "x", "y"], "no scores where no point has one"
    found = json.loads(invoke(*command, "--json").stdout)["objects"]
    assert [(one["label"], one["score"], [point["name"] for point in one["points"]]) for one in found] == [(EVIL[0], 1, [EVIL[4]])] * 4


def test_points_and_masks_are_where_they_are() -> None:
    from webnn_graph.tasks.drawing import drawn

    picture = PIL.new("RGB", (50, 50))
    points = (Point(10, 10), Point(20, 20, 0.9), Point(30, 30, 0.1), Point(float("nan"), 3))
    found = Found("a", 1.0, (0, 49, 1, 50), points, Silhouette(40, 2, np.eye(4, dtype=bool)))
    made = np.asarray(drawn(picture, [found])).any(2)
    assert made[10, 10] and made[20, 20] and not made[30, 30]
    assert (made[2:6, 40:44] == np.eye(4, dtype=bool)).all()


def test_a_label_is_drawn_in_the_picture() -> None:
    """Above its box, or, where there is no room, in it."""
    from webnn_graph.tasks.drawing import drawn

    high, low = (np.asarray(drawn(PIL.new("RGB", (50, 50)), [Found("a", 1.0, (5, top, 45, 45))])).any(2) for top in (0, 25))
    assert high[5, 8] and low[20, 8] and not low[30, 8]


def test_boxes_that_are_nowhere_are_not_drawn() -> None:
    from webnn_graph.tasks.drawing import drawn

    picture = PIL.new("RGB", (50, 50))
    nowhere = Found("a", 1.0, (float("nan"), 1, 2, 3))
    assert drawn(picture, [nowhere]).tobytes() == picture.tobytes()
    assert drawn(picture, [Found("a", 1.0, (40, 40, 5, 5))]).tobytes() != picture.tobytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--save", "drawn.xyz"], "--save drawn.xyz: pictures are saved as .png"),
        (["--save", "drawn.png"], "--save: network says nothing that is drawn in a picture"),
        (["--input", "x=3"], "input x is given twice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_refused(options: list[str], said: str, tmp_path: Path, invoke: Invoke) -> None:
    graph = saved(tmp_path, {"y": (1, 2)}, y=Labels(names=("a", "b")))
    result = invoke("webnn", "run", graph, "--image", tmp_path / "picture.png", *options)
    assert result.exit_code == 1 and said in result.output
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("outputs", "meanings", "message"),
    [
        ({"b": (1, 5, 4), "y": (1, 3)}, {"b": Boxes(), "y": Labels(names=("a", "b", "c"))}, "5 boxes have labels of shape"),
        ({"b": (1, 5, 4), "y": (1, 2, 5)}, {"b": Boxes(), "y": Labels(names=("a", "b"), axis=1)}, "5 boxes have labels of shape"),
        ({"y": (2, 6, 7)}, {"y": Detections(names=("a", "b"))}, "several pictures"),
    ],
)
def test_objects_that_do_not_fit(outputs: Mapping[str, tuple[int, ...]], meanings: Mapping[str, Meaning], message: str) -> None:
    arrays = {name: np.ones(shape, np.float32) for name, shape in outputs.items()}
    with pytest.raises(ValidationError, match=message):
        objects(arrays, meanings, (8, 8), WHOLE, 0.5)


@pytest.mark.parametrize("form", ["columns", "final"])
def test_objects_without_names(form: str) -> None:
    numbers = np.ones((1, 6, 6), np.float32)
    assert objects({"y": numbers}, {"y": Detections(names=("", ""), form=form)}, (8, 8), WHOLE, 0.0) == []  # type: ignore[arg-type]


def test_no_labels_are_no_metadata() -> None:
    with pytest.raises(FormatError, match="names"):
        Metadata.of(replace(graph_of({"x": (1,)}, {"y": (1, 6)}), metadata={"tensors": {"y": {"kind": "detections", "names": []}}}))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_numbers_that_are_none(value: float) -> None:
    rows: Array = np.full((1, 5, 6), value, np.float32)
    assert len(best(rows[0, :1, :2], Labels(names=("a", "b")), 5)) == 2
    for form in ("final", "objects", "cells"):
        names = ("a", "b") if form == "final" else ("a",)
        objects({"y": rows}, {"y": Detections(names=names, form=form, unit="relative")}, (8, 40), WHOLE, 0.5)
    meanings = {"b": Boxes(format="cxcywh"), "y": Labels(names=("a", "b"))}
    objects({"b": rows[..., :4], "y": rows[..., :2]}, meanings, (8, 8), WHOLE, 0.5)


def test_no_more_boxes_are_compared_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20,000 boxes that are all apart: each with each would take hours."""
    corner = np.arange(20000, dtype=np.float64) * 10
    rows = np.stack([corner, corner, corner * 0 + 2, corner * 0 + 2, np.linspace(1, 0.5, 20000)], 1)[None]
    compared: list[int] = []

    def counted(one: Array, others: Array) -> Array:
        compared.append(len(others))
        return shared(one, others)

    monkeypatch.setattr(overlaps, "shared", counted)
    found = objects({"y": rows}, {"y": Detections(names=("a",), form="rows")}, (8, 8), Fit(10**6, 10**6, 1, 1), 0.0)
    assert len(found) == MOST_BOXES and found[0].score == 1 and len(compared) == MOST_BOXES - 1


def test_several_labels_of_many_boxes_take_no_memory() -> None:
    """A row for each pair of a box and a label would take 58 GB."""
    random = np.random.default_rng(1)
    scores = random.random((1, 300, 2000), np.float32)
    boxes = random.random((1, 300, 4), np.float32)
    names = tuple(map(str, range(2000)))
    meanings = {"b": Boxes(), "y": Labels(names=names, scores="probabilities", several=True)}
    found = objects({"b": boxes, "y": scores}, meanings, (8, 8), WHOLE, 0.0)
    pairs = sorted(((float(scores[0, i, j]), i, j) for i, j in np.argwhere(scores[0] > 0.99)), key=lambda pair: (-pair[0], *pair[1:]))
    assert [(one.score, one.label) for one in found] == [(score, names[j]) for score, _, j in pairs[:300]]


@pytest.mark.parametrize(
    ("size", "image"),
    [((1, 3_000_000), Image(resize="cover")), ((9, 5), Image(resize="cover", edge=65536)), ((9, 5), Image(edge=65536))],
    ids=["long", "cover", "stretch"],
)
def test_pictures_that_would_become_huge(size: tuple[int, int], image: Image) -> None:
    with pytest.raises(ValidationError, match="is to become"):
        prepared(PIL.new("RGB", size), image, Descriptor(DataType.FLOAT32, (1, 3, 64, 64)))


@pytest.mark.parametrize("data_type", [DataType.UINT8, DataType.INT8, DataType.INT32, DataType.INT64, DataType.FLOAT16])
@pytest.mark.parametrize("image", [Image(std=(1e-300,)), Image(mean=(1e6,), std=(1e-6,)), Image(scale=1e6)])
@pytest.mark.filterwarnings("error")
def test_values_stay_in_their_types(image: Image, data_type: DataType) -> None:
    values, _ = prepared(PIL.new("RGB", (9, 5), (0, 100, 255)), image, Descriptor(data_type, (1, 3, 8, 8)))
    assert values.dtype == data_type.numpy
    if data_type is DataType.UINT8:
        assert set(values.ravel().tolist()) <= {0, 255}


def test_pictures_have_3_or_4_axes() -> None:
    assert list(Image().problems((1, 1, 3, 8, 8))) == ["a picture has 3 or 4 axes, not 5"]


def test_a_picture_is_no_program(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    PIL.new("RGB", (5, 5)).save(file, "EPS")
    with pytest.raises(FormatError) as raised:
        read_picture(file)
    assert "kinds are AVIF, BMP" in raised.value.hint  # it was not even tried


def test_a_picture_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        read_picture(tmp_path / "picture.png")


def test_a_sound_without_samples() -> None:
    from webnn_graph.metadata import Audio

    with pytest.raises(ValidationError, match="no samples"):
        fitted(np.zeros(0, np.float32), Audio(sampling_rate=16000, normalized=True), Descriptor(DataType.FLOAT32, (1, 100)))
