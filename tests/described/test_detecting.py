"""Points and masks of objects: what Ultralytics' models say of themselves, and what options say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from converters.described import described
from converters.described.given import Given
from tests.described.graphs import graph_of
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Detections, Image, Metadata, Points, Prototypes

PICTURE = {"images": (1, 3, 64, 64)}
SAID = {"names": "{0: 'cat', 1: 'dog'}", "stride": "32"}
NAMES = ("cat", "dog")
LETTERBOX = Image(resize="contain", fill=114, scale=1 / 255)


@pytest.mark.parametrize(
    ("shape", "said", "form", "points"),
    [
        ((1, 57, 84), "[17, 3]", "columns", Points(count=17, scored=True)),
        ((1, 16, 84), "[5, 2]", "columns", Points(count=5)),
        ((1, 16, 84), "(5, 2)", "columns", Points(count=5)),
        ((1, 300, 57), "[17, 3]", "final", Points(count=17, scored=True)),
        ((1, 84, 58), "[17, 3]", "objects", Points(count=17, scored=True)),
        ((1, 57, 84), "[17, 2]", None, None),
        ((1, 57, 84), "[17, 4]", None, None),
        ((1, 57, 84), "[0, 3]", None, None),
        ((1, 57, 84), "17", None, None),
    ],
)
def test_points(shape: tuple[int, ...], said: str, form: Any, points: Points | None) -> None:
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": shape}), said={**SAID, "task": "pose", "kpt_shape": said}))
    assert metadata.task == "keypoint-detection"
    expected = {"output0": Detections(names=NAMES, form=form, points=points)} if points else {}
    assert metadata.tensors == {"images": LETTERBOX, **expected}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("{0: ['nose', 'tail']}", ("nose", "tail")),
        ("{0: ['nose', 'tail'], 1: ['nose', 'tail']}", ("nose", "tail")),
        ("{0: ['nose', 'tail'], 1: ['beak', 'tail']}", ()),
        ("{0: ['nose']}", ()),
    ],
)
def test_names_of_points(said: str, names: tuple[str, ...]) -> None:
    more = {"task": "pose", "kpt_shape": "[2, 2]", "kpt_names": said}
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": (1, 10, 84)}), said={**SAID, **more}))
    assert metadata.tensors["output0"] == Detections(names=NAMES, points=Points(count=2, names=names))


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ({"kpt_names": "{0: 3}"}, "its names are no list: a int"),
        ({"kpt_names": "['nose']"}, "its names are no list: a list"),
        ({"kpt_shape": "[9999, 3]"}, "a member is not what its place takes: Expected `int` <= 1000"),
    ],
)
def test_points_that_are_none(said: dict[str, str], note: str) -> None:
    graph = described(graph_of(PICTURE, {"output0": (1, 10, 84)}), said={**SAID, "task": "pose", "kpt_shape": "[2, 2]", **said})
    assert "output0" not in Metadata.of(graph).tensors
    assert len(graph.notes) == 1 and note in graph.notes[0]


@pytest.mark.parametrize(
    ("shape", "form"), [((1, 38, 84), "columns"), ((1, 300, 38), "final"), ((1, 84, 39), "objects"), ((1, 37, 84), None)]
)
def test_masks(shape: tuple[int, ...], form: Any) -> None:
    graph = described(graph_of(PICTURE, {"output0": shape, "output1": (1, 32, 16, 16)}), said={**SAID, "task": "segment"})
    metadata = Metadata.of(graph)
    assert metadata.task == "image-segmentation"
    expected = {"output0": Detections(names=NAMES, form=form, coefficients=32)} if form else {}
    assert metadata.tensors == {"images": LETTERBOX, **expected, "output1": Prototypes()}


def test_masks_without_prototypes() -> None:
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": (1, 38, 84)}), said={**SAID, "task": "segment"}))
    assert metadata.tensors == {"images": LETTERBOX}


@pytest.mark.parametrize(
    ("outputs", "task", "expected"),
    [
        ({"y": (1, 57, 84)}, "keypoint-detection", {"y": Detections(names=NAMES, points=Points(count=17, scored=True))}),
        ({"y": (1, 18, 84)}, "keypoint-detection", {"y": Detections(names=NAMES, points=Points(count=4, scored=True))}),
        ({"y": (1, 16, 84)}, "keypoint-detection", {"y": Detections(names=NAMES, points=Points(count=5))}),
        ({"y": (1, 300, 57)}, "keypoint-detection", {"y": Detections(names=NAMES, form="final", points=Points(count=17, scored=True))}),
        ({"y": (1, 400, 17)}, "keypoint-detection", {"y": Detections(names=NAMES, form="objects", points=Points(count=5))}),
        ({"y": (1, 38, 84), "z": (1, 32, 9, 9)}, "image-segmentation", {"y": Detections(names=NAMES, coefficients=32), "z": Prototypes()}),
    ],
)
def test_what_options_say(outputs: dict[str, tuple[int, ...]], task: str, expected: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    graph = Given(task=task, labels={"": tmp_path / "labels.txt"}).of(graph_of(PICTURE, outputs))
    assert Metadata.of(graph).tensors == expected


@pytest.mark.parametrize("shape", [(1, 7, 84), (1, 6, 84), (1, 4000, 6000)])
def test_no_room_for_points(shape: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    with pytest.raises(ValidationError, match="2 labels, and no axis of"):
        Given(task="keypoint-detection", labels={"": tmp_path / "labels.txt"}).of(graph_of(PICTURE, {"y": shape}))


def test_one_of_two_outputs_with_boxes_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    graph = graph_of(PICTURE, {"y": (1, 6, 84), "z": (1, 6, 84)})
    with pytest.raises(ValidationError, match=r"2 labels, and no axis of y \[1, 6, 84\], z \[1, 6, 84\] is as long"):
        Given(task="object-detection", labels={"": tmp_path / "labels.txt"}).of(graph)
    named = Given(task="object-detection", labels={"z": tmp_path / "labels.txt"}).of(graph)
    assert Metadata.of(named).tensors == {"z": Detections(names=NAMES)}


def test_other_labels_for_the_same_objects(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("person\nbicycle")
    said = {**SAID, "task": "pose", "kpt_shape": "[5, 2]"}
    graph = Given(labels={"": tmp_path / "labels.txt"}).of(described(graph_of(PICTURE, {"output0": (1, 16, 84)}), said=said))
    assert Metadata.of(graph).tensors["output0"] == Detections(names=("person", "bicycle"), points=Points(count=5))
