"""Graphs that give what is wanted: as PyTorch, transformers' own processing, and the helpers make it of the model's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from converters.joining import Joined, joined
from webnn_graph import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.metadata import (
    Boxes,
    Characters,
    Detections,
    Embedding,
    Image,
    Labels,
    Mask,
    Meaning,
    Metadata,
    Points,
    Prototypes,
    Tokens,
)
from webnn_graph.runtimes import run
from webnn_graph.targets import legalize, load_target
from webnn_graph.tasks import answers
from webnn_graph.tasks.pictures import Fit

NAMES = ("cat", "dog", "bird", "tree", "")
FIT = Fit(200, 100, 0.5, 0.5, 3, 4)


def passing(numbers: Mapping[str, Array], meanings: Mapping[str, Meaning]) -> Joined:
    """A graph whose outputs are its inputs."""
    b = GraphBuilder("network")
    inputs = {name: b.input(name, str(array.dtype), array.shape) for name, array in numbers.items()}
    outputs = {f"{name}_out": b.identity(x) for name, x in inputs.items() if name in meanings and not meanings[name].is_input}
    tensors = {name if meaning.is_input else f"{name}_out": meaning for name, meaning in meanings.items()}
    graph = replace(b.build(outputs), metadata=Metadata(task="x", license="MIT", tensors=tensors).document())
    return joined(graph, postprocessing=True)


def answered(numbers: Mapping[str, Array], **meanings: Meaning) -> tuple[dict[str, Array], dict[str, Any]]:
    """What the joined graph gives, and what its metadata say; it is what the helpers in Python expect."""
    made = passing(numbers, meanings)
    actual = run(made.graph, numbers)
    before = run(made.before, numbers)
    for name, right in made.expected(before, numbers, actual).items():
        np.testing.assert_allclose(actual[name], right, rtol=1e-5, atol=1e-6)
    metadata = Metadata.of(made.graph)
    assert (metadata.task, metadata.license) == ("x", "MIT")
    rename = {f"{name}_out": name for name in numbers}
    return {rename[name]: a for name, a in actual.items()}, {rename.get(n, n): meaning for n, meaning in metadata.tensors.items()}


def random(*shape: int, scale: float = 3.0) -> Array:
    return (np.random.default_rng(len(shape)).standard_normal(shape) * scale).astype(np.float32)


@pytest.mark.parametrize(
    ("labels", "shape", "right"),
    [
        (Labels(names=NAMES[:4]), (1, 4), lambda x: x.softmax(-1)),
        (Labels(names=NAMES[:4], several=True), (1, 4), torch.sigmoid),
        (Labels(names=NAMES[:4]), (2, 7, 4), lambda x: x.softmax(-1)),
        (Labels(names=NAMES[:4], axis=1), (2, 4, 7), lambda x: x.softmax(1)),
        (Labels(names=NAMES[:4], axis=1, several=True), (1, 4, 5, 7), torch.sigmoid),
        (Labels(names=NAMES[:4], axis=-3), (1, 4, 1, 1), lambda x: x.softmax(1)),
        (Labels(names=NAMES), (1, 7, 5), lambda x: x.softmax(-1)[..., :4]),
    ],
)
def test_probabilities(labels: Labels, shape: tuple[int, ...], right: Any) -> None:
    x = random(*shape)
    actual, meanings = answered({"x": x}, x=labels)
    np.testing.assert_allclose(actual["x"], right(torch.tensor(x)).numpy(), rtol=1e-5, atol=1e-7)
    assert meanings["x"] == Labels(names=NAMES[:4], scores="probabilities", several=labels.several, axis=labels.axis, joined=True)


@pytest.mark.parametrize(("shape", "axis"), [((1, 4, 9, 7), -3), ((4, 9, 7), 0), ((1, 9, 7, 4), -1)])
def test_a_mask(shape: tuple[int, ...], axis: int) -> None:
    x = random(*shape)
    actual, meanings = answered({"x": x}, x=Labels(names=NAMES[:4], axis=axis))
    np.testing.assert_array_equal(actual["x"], torch.tensor(x).argmax(axis).numpy())
    assert actual["x"].dtype == np.uint8 and meanings["x"] == Mask(names=NAMES[:4], joined=True)


@pytest.mark.parametrize(("scores", "half"), [("logits", 0), ("probabilities", 0.5)])
def test_a_mask_of_scores(scores: Any, half: float) -> None:
    x = random(1, 1, 9, 7, scale=0.5)
    actual, meanings = answered({"x": x}, x=Mask(names=NAMES[:2], scores=scores))
    np.testing.assert_array_equal(actual["x"], x > half)
    assert actual["x"].dtype == np.uint8 and meanings["x"] == Mask(names=NAMES[:2], joined=True)
    (ending,) = passing({"x": x}, {"x": Mask(names=NAMES[:2], scores=scores)}).endings.values()
    assert ending.expected(np.float32([[half, half + 1]]), {}, np.array([[1, 0]], np.uint8)).tolist() == [[1, 1]]


def test_a_mask_of_many_labels() -> None:
    x = random(1, 300, 3, 5)
    actual, _ = answered({"x": x}, x=Labels(names=tuple(map(str, range(300))), axis=1))
    np.testing.assert_array_equal(actual["x"], x.argmax(1))
    assert actual["x"].dtype == np.int32 and x.argmax(1).max() > 255


def test_masks_are_those_of_transformers() -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    x = random(1, 4, 9, 7)
    processor = transformers.SegformerImageProcessorPil()
    (right,) = processor.post_process_semantic_segmentation(SimpleNamespace(logits=torch.tensor(x)))
    np.testing.assert_array_equal(answered({"x": x}, x=Labels(names=NAMES[:4], axis=-3))[0]["x"][0], right.numpy())


def test_what_rounding_decides_is_right_either_way() -> None:
    """Two labels of a pixel that score alike: the one that the graph chose is expected, unless it scores less."""
    x = np.zeros((1, 4, 1, 3), np.float32)
    x[0, 1], x[0, 2], x[0, 2, 0, 0], x[0, 2, 0, 1] = 1, 1 + 1e-6, 1, 0.9
    (ending,) = passing({"x": x}, {"x": Labels(names=NAMES[:4], axis=1)}).endings.values()
    assert ending.expected(x, {}, np.array([[[2, 2, 1]]], np.uint8)).tolist() == [[[2, 1, 1]]]


def test_boxes_and_labels_are_those_of_transformers() -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    logits, boxes = random(1, 30, 5), np.random.default_rng(0).random((1, 30, 4), np.float32)
    actual, meanings = answered({"logits": logits, "boxes": boxes}, logits=Labels(names=NAMES), boxes=Boxes(format="cxcywh"))
    outputs = SimpleNamespace(logits=torch.tensor(logits), pred_boxes=torch.tensor(boxes))
    processor = transformers.DetrImageProcessorPil()
    (right,) = processor.post_process_object_detection(outputs, threshold=0.5, target_sizes=[(64, 96)])
    order = right["scores"].argsort(descending=True, stable=True)
    found = answers.objects(actual, meanings, (64, 96), Fit(96, 64, 1, 1), 0.5)
    assert [one.label for one in found] == [NAMES[i] for i in right["labels"][order]]
    np.testing.assert_allclose([one.score for one in found], right["scores"][order].numpy(), rtol=1e-5)
    clipped = right["boxes"][order].numpy().clip(0, [96, 64, 96, 64])
    np.testing.assert_allclose([one.box for one in found], clipped, rtol=1e-4, atol=1e-3)
    assert len(found) > 5


@pytest.mark.parametrize("form", ["xywh", "xyxy"])
def test_other_boxes(form: Any) -> None:
    boxes = np.random.default_rng(0).random((1, 30, 4), np.float32)
    meanings: dict[str, Meaning] = {"boxes": Boxes(format=form), "scores": Labels(names=NAMES[:4])}
    actual, meanings = answered({"boxes": boxes, "scores": random(1, 30, 4)}, **meanings)
    right = boxes if form == "xyxy" else np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], -1)
    np.testing.assert_allclose(actual["boxes"], right, rtol=1e-6)
    assert meanings["boxes"] == Boxes(joined=None if form == "xyxy" else True)


@pytest.mark.parametrize("names", [NAMES[:4], ("cat", "", "bird", "")])
@pytest.mark.parametrize("form", ["columns", "rows", "objects"])
def test_detections(form: Any, names: tuple[str, ...]) -> None:
    """Half as many numbers, and the same objects in the picture."""
    random = np.random.default_rng(5)
    boxes, scores = random.random((1, 200, 4)) * [96, 64, 40, 40], random.random((1, 200, 4 + (form == "objects")))
    numbers = np.concatenate([boxes, scores], -1).astype(np.float32)
    numbers = numbers.swapaxes(1, 2).copy() if form == "columns" else numbers
    before = Detections(names=names, form=form)
    actual, meanings = answered({"x": numbers}, x=before)
    assert actual["x"].shape == (1, 200, 6) and meanings["x"] == Detections(names=names, form="best", joined=True)
    found = answers.objects(actual, meanings, (64, 96), FIT, 0.6)
    right = answers.objects({"x": numbers}, {"x": before}, (64, 96), FIT, 0.6)
    assert len(found) > 20 and [one.label for one in found] == [one.label for one in right]
    np.testing.assert_allclose([(one.score, *one.box) for one in found], [(one.score, *one.box) for one in right], rtol=1e-5, atol=1e-4)


def test_detections_in_cells() -> None:
    numbers = np.random.default_rng(6).normal(size=(1, 126, 9)).astype(np.float32)
    numbers[..., 4:] = 1 / (1 + np.exp(-numbers[..., 4:]))
    before = Detections(names=NAMES[:4], form="cells")
    actual, meanings = answered({"x": numbers, "picture": np.zeros((1, 3, 64, 96), np.float32)}, x=before, picture=Image())
    assert actual["x"].shape == (1, 126, 6) and meanings["x"] == Detections(names=NAMES[:4], form="best", joined=True)
    found = answers.objects(actual, meanings, (64, 96), FIT, 0.3)
    right = answers.objects({"x": numbers}, {"x": before}, (64, 96), FIT, 0.3)
    assert len(found) > 20 and [one.label for one in found] == [one.label for one in right]
    np.testing.assert_allclose([(one.score, *one.box) for one in found], [(one.score, *one.box) for one in right], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("form", ["columns", "rows", "objects"])
@pytest.mark.parametrize("points", [None, Points(count=2, scored=True)])
def test_points_and_coefficients_stay(points: Points | None, form: Any) -> None:
    """The same objects with the same points, or masks of the same prototypes."""
    random = np.random.default_rng(5)
    before = Detections(names=NAMES, form=form, points=points, coefficients=0 if points else 6)
    boxes, numbers = random.random((1, 50, 4)) * [96, 64, 40, 40], random.normal(size=(1, 50, 6)) * 20
    rows = np.concatenate([boxes, random.random((1, 50, 5 + (form == "objects"))), numbers], -1).astype(np.float32)
    given = {"x": rows.swapaxes(1, 2).copy() if form == "columns" else rows}
    meanings: dict[str, Meaning] = {"x": before}
    if not points:
        given["maps"], meanings["maps"] = random.normal(size=(1, 6, 16, 24)).astype(np.float32), Prototypes()
    actual, after = answered(given, **meanings)
    assert actual["x"].shape == (1, 50, 12) and after["x"] == msgspec.structs.replace(before, form="best", joined=True)
    found, right = (answers.objects(numbers, said, (64, 96), FIT, 0.6) for numbers, said in ((actual, after), (given, meanings)))
    assert len(found) > 5 and [one.label for one in found] == [one.label for one in right]
    for one, other in zip(found, right, strict=True):
        if points:
            assert one.points == other.points
        else:
            assert one.mask and other.mask and (one.mask.left, one.mask.top) == (other.mask.left, other.mask.top)
            assert (one.mask.pixels == other.mask.pixels).all()


@pytest.mark.parametrize("scores", ["logits", "probabilities"])
def test_the_best_path_is_spelled_as_transformers_do(scores: Any, tmp_path: Any) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    letters = ["<pad>", "|", *"ABCDEFGH"]
    (tmp_path / "vocab.json").write_text(str({letter: i for i, letter in enumerate(letters)}).replace("'", '"'))
    tokenizer = transformers.Wav2Vec2CTCTokenizer(tmp_path / "vocab.json", pad_token="<pad>", unk_token="<pad>")
    x = torch.tensor(random(1, 60, len(letters), scale=1.0)).repeat_interleave(2, 1)
    numbers = x if scores == "logits" else x.softmax(-1)
    characters = Characters(names=("", " ", *letters[2:]), scores=scores)
    actual, meanings = answered({"x": numbers.numpy()}, x=characters)
    assert actual["x"].shape == (1, 120, 2)
    text, score = answers.spelled(actual["x"], meanings["x"])
    assert text.strip() == tokenizer.batch_decode(x.argmax(-1))[0] and len(text) > 20
    assert (text, pytest.approx(score, rel=1e-5)) == answers.spelled(numbers.numpy(), characters)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("pooling", ["mean", "first", "last"])
def test_one_vector_of_a_text(pooling: Any, normalized: bool) -> None:
    states, mask = random(3, 7, 6), np.array([[1] * 7, [1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1, 1]], np.int32)
    meanings: dict[str, Meaning] = {"states": Embedding(pooling=pooling, normalized=normalized), "mask": Tokens(holds="mask")}
    actual, said = answered({"states": states, "mask": mask}, **meanings)
    hidden, there = torch.tensor(states), torch.tensor(mask)
    right = {
        "mean": (hidden * there[..., None]).sum(1) / there.sum(1, keepdim=True),
        "first": hidden[:, 0],
        "last": hidden[[0, 1, 2], [6, 2, 6]],
    }[pooling]
    right = torch.nn.functional.normalize(right) if normalized else right
    np.testing.assert_allclose(actual["states"], right.numpy(), rtol=1e-5, atol=1e-6)
    assert said["states"] == Embedding(normalized=normalized, joined=True)


@pytest.mark.parametrize("pooling", ["mean", "first", "last"])
def test_one_vector_where_all_tokens_are_there(pooling: Any) -> None:
    states = random(2, 7, 6)
    right = {"mean": states.mean(1), "first": states[:, 0], "last": states[:, -1]}[pooling]
    np.testing.assert_allclose(answered({"states": states}, states=Embedding(pooling=pooling))[0]["states"], right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("meaning", "shape"),
    [
        (Labels(names=NAMES[:4], scores="probabilities"), (1, 4)),
        (Labels(names=NAMES[:1], axis=1), (1, 1, 9, 7)),
        (Boxes(), (1, 5, 4)),
        (Detections(names=NAMES[:4], form="final"), (1, 300, 6)),
        (Embedding(normalized=True), (1, 6)),
        (Characters(names=NAMES, scores="path"), (1, 9, 2)),
    ],
)
def test_nothing_is_left_to_do(meaning: Meaning, shape: tuple[int, ...]) -> None:
    made = passing({"x": np.zeros(shape, np.float32)}, {"x": meaning})
    assert made.graph.notes == ("nothing is left to do for the outputs of network",) and not made.endings
    assert made.graph.metadata == made.before.metadata and len(made.graph.nodes) == len(made.before.nodes)


@pytest.mark.parametrize("target", ["portable", "rustnn"])
@pytest.mark.parametrize("data_type", ["float32", "float16"])
def test_targets_take_them(data_type: str, target: str) -> None:
    shapes = {"a": (1, 4), "b": (1, 4, 9, 7), "c": (1, 30, 4), "d": (1, 8, 60), "e": (1, 9, 5), "f": (2, 7, 6)}
    numbers: dict[str, Array] = {name: np.abs(random(*shape)).astype(data_type) for name, shape in shapes.items()}
    numbers["mask"] = np.array([[1] * 7, [1, 1, 1, 0, 0, 0, 0]], np.int64)
    meanings: dict[str, Meaning] = {
        "a": Labels(names=NAMES[:4], several=True),
        "b": Labels(names=NAMES[:4], axis=1),
        "c": Boxes(format="cxcywh"),
        "d": Detections(names=("cat", "", "bird", "tree")),
        "e": Characters(names=NAMES),
        "f": Embedding(pooling="last", normalized=True),
        "mask": Tokens(holds="mask"),
    }
    graph = passing(numbers, meanings).graph
    expected, legal = run(graph, numbers), legalize(graph, load_target(target))
    given = {operand.name: numbers[operand.name].astype(operand.data_type.numpy) for operand in legal.inputs}
    for name, array in run(legal, given).items():
        np.testing.assert_allclose(array, expected[name], rtol=2e-3 if data_type == "float16" else 1e-5, atol=1e-5)


def test_nothing_is_known() -> None:
    b = GraphBuilder("network")
    with pytest.raises(ValidationError, match="it is not said what any output of network is"):
        joined(b.build({"y": b.relu(b.input("x", "float32", [3]))}), postprocessing=True)
