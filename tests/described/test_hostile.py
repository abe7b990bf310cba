"""What strangers' files say of inputs and outputs: what is no metadata is one error, and nothing of it is more than text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converters.described import described
from converters.described.given import Given, audio, image
from converters.described.naming import read_labels
from tests.described.graphs import graph_of
from webnn_graph.errors import FormatError, ValidationError, WebNNError
from webnn_graph.formats import load, save
from webnn_graph.graph import Graph
from webnn_graph.metadata import Image, Labels, Metadata, metadata_of

PICTURE: dict[str, tuple[int, ...]] = {"pixel_values": (1, 3, 8, 8)}


def named(*names: str) -> Graph:
    """A graph whose output has these labels."""
    metadata = Metadata(tensors={"logits": Labels(names=names)})
    return replace(graph_of(PICTURE, {"logits": (1, len(names))}), metadata=metadata.document())


@pytest.mark.parametrize(
    "document",
    [
        {"task": "a\n"},
        {"tensors": {"x": {"kind": "\ud800"}}},
        {"tensors": {"x": {"kind": "image", "\ud800": 1}}},
        {"tensors": {"x": {"kind": "image", "edge": 10**5000}}},
        {"tensors": {"x": {"kind": "image", "scale": float("nan")}}},
        {"tensors": {"x": {"kind": ["image"]}}},
        {"tensors": {"y": {"kind": "labels", "names": []}}},
    ],
    ids=["line", "surrogate kind", "surrogate member", "digits", "NaN", "list", "no names"],
)
def test_what_is_no_metadata(document: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="metadata: "):
        metadata_of(document)


@pytest.mark.parametrize(
    "comment",
    [
        '{"names": ["a", "b"], "names": ["c", "d"]}',
        '{"names": ["a", "b"], "axis": NaN}',
        '{"names": ["a", "b"], "axis": 1e999}',
        f'{{"names": ["a", "b"], "axis": {"9" * 5000}}}',
        f'{{"names": {"[" * 100000}}}',
        f'{{"names": {{"a": {"[" * 900}1{"]" * 900}}}}}',
        '{"\\ud800": 1}',
    ],
    ids=lambda comment: comment[:40],
)
def test_comments_that_are_no_metadata(comment: str, tmp_path: Path) -> None:
    file = tmp_path / "graph.webnn"
    save(named("a", "b"), file)
    text = file.read_text()
    file.write_text(re.sub("# labels: .*", lambda _: f"# labels: {comment}", text))
    with pytest.raises(FormatError):
        load(file)


def test_many_comments(tmp_path: Path) -> None:
    file = tmp_path / "graph.webnn"
    save(named("a", "b"), file)
    text = file.read_text()
    file.write_text("# a\n" * 200000 + text.replace("{", "{ # labels: {" + "} " * 200000 + "x\n", 1))
    assert Metadata.of(load(file)) == Metadata.of(named("a", "b"))


def test_directions_are_seen(tmp_path: Path) -> None:
    graph = named("\u200e\u200f\u061ca", "\u202eb")
    save(graph, tmp_path / "graph.webnn")
    text = (tmp_path / "graph.webnn").read_text("utf-8")
    assert text.isascii()
    assert Metadata.of(load(tmp_path / "graph.webnn")) == Metadata.of(graph)


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        ({"architectures": ["AForObjectDetection"], "id2label": {"0": "a"}}, ()),
        ({"architectures": ["AForImageClassification"], "id2label": {"0": "x" * 5000}}, (1, 1)),
    ],
)
def test_a_folder_that_contradicts_its_graph(config: dict[str, Any], shape: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    graph = described(graph_of(PICTURE, {"logits": shape}), tmp_path)
    assert not Metadata.of(graph).tensors
    (note,) = graph.notes
    assert "is left out: a member is not what its place takes" in note


@pytest.mark.parametrize(
    ("content", "names"), [("a\u2028b\nc\x0b\n", ("a\u2028b", "c\x0b")), ("a\r\nb", ("a", "b")), ("a\n\nb\n", ("a", "", "b"))]
)
def test_a_label_is_a_line(content: str, names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(content.encode())
    assert read_labels(tmp_path / "labels.txt") == names


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "labels.txt: there is no such file"), ("", "holds no labels"), ("a\n" + "x" * 5000, "label 1 has 5,000 characters")],
)
def test_files_without_labels(content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "labels.txt").write_text(content)
    with pytest.raises(FormatError) as raised:
        read_labels(tmp_path / "labels.txt")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("x:mean=1/0", "divides by zero"), ("x:rbg", "did you mean rgb"), ("x:size=8xx", "is not like size=224"), ("x:size=²", "is not like")],
)
def test_words_of_a_picture(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        image(text)


def test_a_rate_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="it is like x:16000"):
        audio("x:²")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Given(task="Image Classification"), "it is like image-classification"),
        (Given(inputs={"rgb": Image()}), "inputs are pixel_values"),
    ],
)
def test_hints(given: Given, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        given.of(graph_of(PICTURE, {"logits": (1, 2)}))
    assert isinstance(raised.value, WebNNError) and message in str(raised.value)
