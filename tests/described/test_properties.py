"""What ONNX models say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.described import described
from converters.described.sounds import kaldi
from tests.described.graphs import graph_of
from webnn_graph.metadata import Audio, Characters, Detections, Embedding, Image, Labels, Metadata

YOLO = {"task": "detect", "names": "{0: 'person', 1: \"it's\"}", "stride": "32", "imgsz": "[64, 64]"}
PICTURE = {"images": (1, 3, 64, 64)}
LETTERBOX = Image(resize="contain", fill=114, scale=1 / 255)


@pytest.mark.parametrize(
    ("shape", "form"), [((1, 6, 84), "columns"), ((1, 84, 6), "final"), ((1, 84, 7), "objects"), ((1, 7, 84), None), ((6, 84), None)]
)
def test_yolo(shape: tuple[int, ...], form: str | None) -> None:
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": shape}), said=YOLO))
    assert metadata.task == "object-detection"
    expected = {"output0": Detections(names=("person", "it's"), form=form)} if form else {}  # type: ignore[arg-type]
    assert metadata.tensors == {"images": LETTERBOX, **expected}


def test_a_model_knows_its_task_better_than_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["NetForImageClassification"]}')
    graph = graph_of(PICTURE, {"output0": (1, 6, 84)})
    assert Metadata.of(described(graph, tmp_path)).task == "image-classification"
    assert Metadata.of(described(graph, tmp_path, YOLO)).task == "object-detection"


def test_a_version_that_does_not_say_its_task() -> None:
    said = {name: text for name, text in YOLO.items() if name != "task"}
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": (1, 84, 7)}), said=said))
    assert metadata.task == "object-detection"
    assert metadata.tensors["output0"] == Detections(names=("person", "it's"), form="objects")


def test_yolo_whose_boxes_are_chosen() -> None:
    said = {**YOLO, "names": str({number: f"name {number}" for number in range(5)})}
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": (1, 300, 6)}), said=said))
    assert metadata.tensors["output0"] == Detections(names=tuple(f"name {number}" for number in range(5)), form="final")


def test_a_classifier() -> None:
    metadata = Metadata.of(described(graph_of(PICTURE, {"output0": (1, 2)}), said={**YOLO, "task": "classify"}))
    assert metadata.task == "image-classification"
    assert metadata.tensors == {
        "images": Image(resize="cover", scale=1 / 255),
        "output0": Labels(names=("person", "it's"), scores="probabilities"),
    }


@pytest.mark.parametrize(("size", "names"), [(4, ("", "a", "#", "é")), (5, ("", "a", "#", "é", " "))])
def test_characters(size: int, names: tuple[str, ...]) -> None:
    metadata = Metadata.of(described(graph_of({"x": (1, 3, 48, 96)}, {"y": (1, 12, size)}), said={"character": "a\n#\né"}))
    assert metadata.tensors == {"y": Characters(names=names, scores="probabilities")}


def test_characters_that_are_labels() -> None:
    metadata = Metadata.of(described(graph_of({"x": (1, 3, 48, 96)}, {"y": (1, 4)}), said={"character": "0\n90\n180\n270"}))
    assert metadata.tensors == {"y": Labels(names=("0", "90", "180", "270"), scores="probabilities")}


@pytest.mark.parametrize(
    "names",
    [
        "__import__('os').system('true')",
        "{0: open('/etc/passwd')}",
        "{1000000000: 'a'}",
        "{'a': 'b'}",
        "[]",
        "3",
        "[" * 5000,
        "'" + "a" * 3000 + "'",
        "",
        "{0xF" + "f" * 10000 + ": 'a'}",
        "[0xF" + "f" * 10000 + ", 1]",
        "{0: {'a': 1}, 1: [2]}",
        "1," * 2**20,
        "[[]," * 90000,
        "-" * 10**6,
        "\0",
    ],
)
def test_names_that_are_none(names: str) -> None:
    graph = described(graph_of(PICTURE, {"output0": (1, 6, 84)}), said={**YOLO, "names": names})
    assert "output0" not in Metadata.of(graph).tensors
    (note,) = graph.notes
    assert note == "what the model says of inputs and outputs is left out: its names are no list" or "names are no list: " in note


def test_other_properties_say_nothing() -> None:
    graph = graph_of(PICTURE, {"output0": (1, 6, 84)})
    assert described(graph, said={"author": "somebody", "names": "3"}) is graph


def test_a_label_that_files_do_not_hold() -> None:
    said = {**YOLO, "names": str({0: "a", 1: "x" * 5000})}
    graph = described(graph_of(PICTURE, {"output0": (1, 6, 84)}), said=said)
    assert "output0" not in Metadata.of(graph).tensors
    (note,) = graph.notes
    assert "length <= 1000" in note


@pytest.mark.filterwarnings("error")
def test_an_unknown_escape() -> None:
    graph = described(graph_of(PICTURE, {"output0": (1, 6, 84)}), said={**YOLO, "names": "{0: 'a', 1: '\\d'}"})
    assert Metadata.of(graph).tensors["output0"] == Detections(names=("a", "\\d"))


def test_a_license() -> None:
    for said, license in {"AGPL-3.0 License (https://example.org/license)": "AGPL-3.0", "apache-2.0": "Apache-2.0", "<b>": ""}.items():
        graph = described(graph_of(PICTURE, {"output0": (1, 2)}), said={"license": said})
        assert Metadata.of(graph).license == license


SPEAKER = {"framework": "wespeaker", "sample_rate": "16000", "normalize_samples": "0", "output_dim": "8"}


def test_a_model_of_speakers() -> None:
    graph = graph_of({"feats": (1, 100, 80)}, {"embs": (1, 8), "other": (1, 9)})
    tensors = Metadata.of(described(graph, said=SPEAKER)).tensors
    banks = kaldi(80, 16_000, scale=2.0**15, place="between", highest=7600.0)
    assert tensors == {"feats": Audio(sampling_rate=16_000, spectrogram=banks), "embs": Embedding()}
    taken_off = Metadata.of(described(graph, said={**SPEAKER, "normalize_samples": "1", "feature_normalize_type": "global-mean"})).tensors
    banks = kaldi(80, 16_000, place="between", highest=7600.0, normalize="mean")
    assert taken_off["feats"] == Audio(sampling_rate=16_000, spectrogram=banks)


@pytest.mark.parametrize(
    ("said", "shape", "expected"),
    [
        ({"sample_rate": "16000"}, (1, 400), {"x": Audio(sampling_rate=16_000)}),
        ({"sample_rate": "16000"}, (1, 80, 400), {}),
        ({"sample_rate": "0"}, (1, 400), {}),
        ({"sample_rate": "many"}, (1, 400), {}),
    ],
)
def test_sounds(said: dict[str, str], shape: tuple[int, ...], expected: dict[str, Audio]) -> None:
    assert Metadata.of(described(graph_of({"x": shape}, {"y": (1, 3)}), said=said)).tensors == expected
