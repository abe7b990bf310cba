"""Maps over pixels and vectors, as transformers and PyTorch compute them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from webnn_graph.errors import ValidationError
from webnn_graph.metadata import Embedding, Labels, Mask
from webnn_graph.tasks.maps import Distances, Segmented, distances, is_map, segmented
from webnn_graph.tasks.pictures import Fit
from webnn_graph.tasks.vectors import embedded, similar

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
RANDOM = np.random.default_rng(7)
NAMES = tuple(map(str, range(20)))
SIZES = [((200, 300), (16, 16)), ((33, 20), (32, 48)), ((1, 1), (8, 8)), ((500, 7), (30, 31)), ((64, 64), (64, 64))]


def stretched(height: int, width: int) -> Fit:
    return Fit(width, height, 64 / width, 64 / height)


@pytest.mark.parametrize(("size", "of_map"), SIZES)
def test_labels_of_pixels_are_those_of_transformers(size: tuple[int, int], of_map: tuple[int, int]) -> None:
    logits = RANDOM.normal(size=(1, 20, *of_map)).astype(np.float32)
    given = SimpleNamespace(logits=torch.from_numpy(logits))
    (right,) = transformers.SegformerImageProcessorPil().post_process_semantic_segmentation(given, target_sizes=[size])
    found = segmented(logits, Labels(names=NAMES, axis=-3), (64, 64), stretched(*size))
    assert found.classes.dtype == np.uint8 and found.classes.tolist() == right.tolist()
    last = segmented(logits.transpose(0, 2, 3, 1), Labels(names=NAMES), (64, 64), stretched(*size))
    assert last.classes.tolist() == right.tolist()
    counts = torch.bincount(right.ravel(), minlength=20) / right.numel()
    assert {one.label: one.score for one in found.shares} == {str(i): pytest.approx(float(n)) for i, n in enumerate(counts) if n}


@pytest.mark.parametrize("scores", ["logits", "probabilities"])
@pytest.mark.parametrize(("size", "of_map"), SIZES)
def test_scores_of_one_of_two_labels_are_resized_as_pytorch_does_it(size: tuple[int, int], of_map: tuple[int, int], scores: str) -> None:
    numbers = RANDOM.normal(size=(1, 1, *of_map)).astype(np.float32)
    given = torch.from_numpy(numbers if scores == "logits" else 1 / (1 + np.exp(-numbers)))
    right = torch.nn.functional.interpolate(given, size=size, mode="bilinear")[0, 0] > (0 if scores == "logits" else 0.5)
    mask = Mask(names=("background", "cat"), scores=scores)  # type: ignore[arg-type]
    found = segmented(given.numpy(), mask, (64, 64), stretched(*size))
    assert found.classes.dtype == np.uint8 and found.classes.tolist() == right.int().tolist()
    nothing = segmented(np.full((8, 8), np.nan, np.float32), mask, (64, 64), stretched(*size))
    assert [(one.label, one.score) for one in nothing.shares] == [("background", 1.0)]


@pytest.mark.parametrize(("size", "of_map"), SIZES)
def test_distances_are_those_of_transformers(size: tuple[int, int], of_map: tuple[int, int]) -> None:
    depth = RANDOM.normal(size=(1, *of_map)).astype(np.float32)
    given = SimpleNamespace(predicted_depth=torch.from_numpy(depth))
    (right,) = transformers.DPTImageProcessorPil().post_process_depth_estimation(given, [size])
    found = distances(depth, True, (64, 64), stretched(*size))
    np.testing.assert_allclose(found.values, right["predicted_depth"].numpy().reshape(size), atol=3e-5)


def test_the_part_that_a_model_sees() -> None:
    """A picture of 4 x 2 pixels of which the model takes the middle, and one of 2 x 4 that lies between fillings."""
    mask = Mask(names=("a", "b", "c", "d"))
    cut = segmented(np.array([[[0, 1], [2, 3]]]), mask, (2, 2), Fit(4, 2, 1.0, 1.0, left=-1))
    assert cut.classes.tolist() == [[0, 0, 1, 1], [2, 2, 3, 3]]
    filled = segmented(np.arange(4, dtype=np.float32).repeat(4).reshape(4, 4), mask, (4, 4), Fit(4, 2, 1.0, 1.0, top=1))
    assert filled.classes.tolist() == [[1] * 4, [2] * 4]


def test_numbers_of_many_labels() -> None:
    """The last of 257 is 256, which is no byte."""
    mask = Mask(names=tuple(map(str, range(257))))
    assert segmented(np.full((1, 1, 1), 256.0), mask, (1, 1), Fit(1, 1, 1, 1)).classes.tolist() == [[256]]


@pytest.mark.parametrize(
    ("shape", "axis", "right"),
    [
        ((1, 5, 4, 4), -3, True),
        ((5, 4, 4), -3, True),
        ((1, 4, 4, 5), -1, True),
        ((1, 4, 5), -1, False),
        ((2, 5, 4, 4), -3, False),
        ((1, 5, 1, 1), -3, False),
        ((1, 5), -1, False),
    ],
)
def test_which_labels_are_of_pixels(shape: tuple[int, ...], axis: int, right: bool) -> None:
    assert is_map(shape, Labels(names=NAMES[:5], axis=axis)) == right


def test_several_maps() -> None:
    with pytest.raises(ValidationError, match="several maps"):
        distances(np.zeros((2, 4, 4)), False, (4, 4), stretched(4, 4))


def test_maps_are_drawn_in_colours_and_grey() -> None:
    """Labels have the hues 0 and 51 (360 / 7), 80 % saturated and 32 % light, half over the picture."""
    pillow = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    from webnn_graph.tasks.drawing import coloured

    white = pillow.new("RGB", (2, 1), "white")
    made = np.asarray(coloured(white, Segmented(("a", "b"), np.uint8([[0, 1]]))))
    np.testing.assert_allclose(made, [[[201, 135.5, 135.5], [201, 191.5, 135.5]]], atol=1)
    grey = np.asarray(coloured(white, Distances(np.float32([[-5, 0, 5, np.nan]]), inverse=False)))
    assert grey.tolist() == [[[0] * 3, [127] * 3, [255] * 3, [127] * 3]], "what is no number is as 0"
    assert not np.asarray(coloured(white, Distances(np.ones((1, 2), np.float32), inverse=False))).any()


def test_vectors() -> None:
    tokens, mask = RANDOM.normal(size=(1, 5, 8)).astype(np.float32), np.array([[1, 1, 1, 0, 0]])
    there = torch.from_numpy(tokens)[:, :3]
    right = {"mean": there.mean(1)[0], "first": there[0, 0], "last": there[0, -1]}
    for pooling, vector in right.items():
        np.testing.assert_allclose(embedded(tokens, Embedding(pooling=pooling), mask), vector, atol=1e-6)  # type: ignore[arg-type]
    unit = torch.nn.functional.normalize(torch.from_numpy(tokens)[:, 0])[0]
    for scale in (1, 1000):
        np.testing.assert_allclose(embedded(tokens[:, 0] / scale, Embedding(normalized=True)), unit, atol=1e-6)
    with pytest.raises(ValidationError, match="several vectors"):
        embedded(tokens[0], Embedding())


def test_how_alike_vectors_are() -> None:
    one, other = RANDOM.normal(size=(2, 50)).astype(np.float32)
    assert similar(one, other) == pytest.approx(float(torch.cosine_similarity(torch.from_numpy(one), torch.from_numpy(other), 0)), abs=1e-6)
    assert similar(one, one * 3) == pytest.approx(1) and similar(one, one * 0) == 0
    with pytest.raises(ValidationError, match="50 and of 49 numbers"):
        similar(one, other[1:])
