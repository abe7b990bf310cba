"""Graphs that resize pictures themselves: as the helpers do, and with answers that are where they are in the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image
from PIL.Image import Image as Picture

from converters.checking.joined_steps import verify_steps
from converters.joining import Joined, joined
from converters.joining.resizing import nearest
from tests.joining.test_pictures import HALF, IMAGENET, SIZE, network
from tests.tasks.pictures import mosaic
from webnn_graph import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Boxes, Depth, Image, Labels, Meaning, Metadata, Placed
from webnn_graph.runtimes import run
from webnn_graph.tasks.answers import objects
from webnn_graph.tasks.maps import distances, segmented
from webnn_graph.tasks.pictures import Fit, prepared

LARGER, SMALLER, ACROSS = (30, 41), (9, 13), (40, 5)
RULES: list[dict[str, Any]] = [
    {"resize": "stretch", "channels": "bgr"},
    {"resize": "stretch", "edge": 20},
    {"resize": "cover", "channels": "gray", "layout": "nhwc"},
    {"resize": "cover", "edge": 14},
    {"resize": "cover", "edge": 7},
    {"resize": "contain", "fill": 114},
    {"resize": "contain"},
    {"resize": "contain", "place": "corner", "layout": "nhwc", "channels": "bgr"},
    {"resize": "square", "channels": "bgr"},
    {"resize": "square", "place": "corner", "fill": 114, "channels": "gray", "layout": "nhwc"},
    {"resize": "square", "edge": 20},
]


def noise(size: tuple[int, int]) -> Picture:
    return PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))


def of_picture(made: Joined, picture: Picture) -> tuple[Array, Fit]:
    """What the helpers give the joined graph of a picture."""
    image = Metadata.of(made.graph).tensors["x"]
    assert isinstance(image, Image)
    return prepared(picture, image, made.graph.inputs[0])


@pytest.mark.parametrize("rule", [{}, {"resize": "contain", "fill": 114}, {"resize": "contain"}, {"resize": "cover"}])
def test_the_largest_value_is_255(rule: dict[str, Any]) -> None:
    dark = PIL.Image.fromarray(np.asarray(noise(LARGER)) // 3)
    graph = network(Image(resample="nearest", peak=True, **rule, **HALF))
    made = joined(graph, preprocessing=True, picture_size=LARGER)
    (actual,) = run(made.graph, {"x": of_picture(made, dark)[0]}).values()
    np.testing.assert_allclose(actual, prepared(dark, Metadata.of(graph).tensors["x"], graph.inputs[0])[0], atol=1e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [LARGER, SMALLER, ACROSS])
@pytest.mark.parametrize("resample", ["linear", "nearest", "bilinear"])
@pytest.mark.parametrize("rule", RULES)
def test_pictures_become_what_the_helpers_make(rule: dict[str, Any], resample: Any, size: tuple[int, int]) -> None:
    """But for bytes next to theirs: OpenCV adds up 2,048ths of pixels, and Pillow rounds twice, where nothing shrinks."""
    for how in (IMAGENET, HALF, {"scale": 1 / 255}):
        how = {name: value[:1] if rule.get("channels") == "gray" and isinstance(value, tuple) else value for name, value in how.items()}
        image = Image(resample=resample, **rule, **how)
        graph = network(image)
        try:
            made = joined(graph, preprocessing=True, picture_size=size)
        except ValidationError:
            assert resample == "bilinear"
            continue
        values, fit = of_picture(made, noise(size))
        np.testing.assert_array_equal(values[0, ..., :3], np.asarray(noise(size)))
        expected, own = prepared(noise(size), image, graph.inputs[0])
        assert astuple(fit) == pytest.approx(astuple(own))
        (actual,) = run(made.graph, {"x": values}).values()
        steps = np.abs(actual - expected) * min((*image.std, 1.0)) / image.scale
        assert steps.max() < 1.001
        assert (steps > 0.001).mean() < {"nearest": 1e-9, "linear": 0.2, "bilinear": 0.05}[resample]


def astuple(fit: Fit) -> tuple[float, ...]:
    return fit.width, fit.height, fit.x_scale, fit.y_scale, fit.left, fit.top


def test_pillows_bilinear_where_nothing_shrinks() -> None:
    for size in ((12, 16), (12, 8), (5, 7)):
        assert joined(network(Image(resample="bilinear")), preprocessing=True, picture_size=size).beginnings
    for size, rule in (((13, 16), {}), ((12, 8), {"resize": "cover", "edge": 7}), ((5, 17), {})):
        with pytest.raises(ValidationError, match="bilinear as Pillow does it, which WebNN has no operator for"):
            joined(network(Image(resample="bilinear", **rule)), preprocessing=True, picture_size=size)  # type: ignore[arg-type]


def test_nearest_pixels_are_pillows() -> None:
    for old in (1, 2, 7, 64, 255):
        line = PIL.Image.fromarray(np.arange(old, dtype=np.uint8)[None])
        for new in range(1, 300, 7):
            np.testing.assert_array_equal(nearest(old, new), np.asarray(line.resize((new, 1), PIL.Image.Resampling.NEAREST))[0])


def test_a_camera_picture() -> None:
    """It is what PyTorch interpolates, with halves rounded up, which a third of all sums is; OpenCV's whole numbers are next to it."""
    b = GraphBuilder("network")
    image = Image(resample="linear", scale=1.0)
    graph = b.build({"y": b.identity(b.input("x", "float32", [1, 3, 224, 224]))})
    made = joined(replace(graph, metadata=Metadata(tensors={"x": image}).document()), preprocessing=True, picture_size=(480, 640))
    values, _ = of_picture(made, noise((480, 640)))
    (actual,) = run(made.graph, {"x": values}).values()
    pixels = torch.tensor(values[..., :3]).permute(0, 3, 1, 2).double()
    right = torch.nn.functional.interpolate(pixels, (224, 224), mode="bilinear").add(0.5 + 1e-9).floor()
    np.testing.assert_array_equal(actual, right)
    steps = np.abs(actual - prepared(noise((480, 640)), image, graph.inputs[0])[0])
    assert steps.max() == 1 and steps.mean() < 0.2
    assert [node.op for node in made.graph.nodes] == ["cast", "resample2d", "add", "floor", "slice", "transpose"]


# ------------------------------------------------------------------------------------------------------------------- places
BRIGHT = 20, 30, 62, 90
"""Left, top, right and bottom of what is bright in a picture."""


def finder(image: Image) -> Graph:
    """Says of its input which pixels are bright, how bright they are, and what is around all that are."""
    b = GraphBuilder("finder")
    x = b.input("x", "float32", [1, 3, 48, 64])
    mean = b.reduceMean(x, axes=[1], keepDimensions=True)
    bright = b.greater(mean, 0.5)
    sides = []
    for axis in (3, 2):
        places = np.arange(x.shape[axis], dtype=np.float32).reshape([-1] + [1] * (3 - axis))
        sides.append(b.reduceMin(b.where(bright, places, 1e3)))
        sides.append(b.reduceMax(b.where(bright, places + 1, -1.0)))
    left, right, top, bottom = (b.reshape(side, [1, 1]) for side in sides)
    box = b.concat([left, top, right, bottom], 1)
    outputs = {
        "scores": b.concat([b.linear(mean, alpha=-1, beta=0.5), b.linear(mean, beta=-0.5)], 1),
        "depth": b.reshape(mean, [1, 48, 64]),
        "pixels": b.identity(box),
        "shares": b.div(box, np.float32([64, 48, 64, 48])),
        "labels": b.constant(np.float32([[9.0]])),
    }
    outputs["labels"] = b.add(outputs["labels"], b.mul(left, 0.0))
    return replace(b.build(outputs), metadata=Metadata(tensors={"x": image, **MEANINGS}).document())


MEANINGS: Mapping[str, Meaning] = {
    "scores": Labels(names=("dark", "bright"), axis=1),
    "depth": Depth(),
    "pixels": Boxes(unit="pixels"),
    "shares": Boxes(unit="relative"),
    "labels": Labels(names=("bright",), several=True),
}


def lamp(width: int, height: int, box: tuple[int, int, int, int]) -> Picture:
    """A dark picture with something bright in it."""
    picture = PIL.Image.new("RGB", (width, height), (10, 10, 10))
    picture.paste((240, 240, 240), box)
    return picture


@pytest.mark.parametrize("postprocessing", [False, True])
@pytest.mark.parametrize("size", [(100, 120), (60, 200), (192, 128)])
@pytest.mark.parametrize(
    "rule",
    [
        {"resize": "stretch"},
        {"resize": "stretch", "edge": 64},
        {"resize": "cover"},
        {"resize": "cover", "edge": 56},
        {"resize": "contain"},
        {"resize": "contain", "place": "corner", "fill": 0},
        {"resize": "square"},
        {"resize": "square", "place": "corner"},
    ],
)
def test_answers_are_where_they_are_in_the_picture(rule: dict[str, Any], size: tuple[int, int], postprocessing: bool) -> None:
    """In pictures of the graph's size and of another one: what is bright is found where it was painted."""
    graph = finder(Image(scale=1 / 255, resample="linear", **rule))
    made = joined(graph, preprocessing=True, postprocessing=postprocessing, picture_size=size)
    tensors = Metadata.of(made.graph).tensors
    image = tensors["x"]
    assert isinstance(image, Image) and image.placed and image.resize == rule["resize"].replace("square", "contain")
    # Far enough inside that it is in each part that is cut out of the middle.
    for height, width in (size, (144, 160)):
        box = (round(width * 0.45), round(height * 0.44), round(width * 0.53), round(height * 0.6))
        picture = lamp(width, height, box)
        values, fit = of_picture(made, picture)
        outputs = run(made.graph, {"x": values})
        place = image.model_size(made.graph.inputs[0].shape), fit
        pixel = max(1.5, 1.5 / min(fit.x_scale, fit.y_scale))  # of the model's input, in those of the picture
        for name in ("pixels", "shares"):
            meanings = {name: tensors[name], "labels": tensors["labels"]}
            (found,) = objects({key: outputs[key] for key in meanings}, meanings, *place, 0.5)
            np.testing.assert_allclose(found.box, box, atol=pixel)
        truth = np.asarray(picture)[..., 0] > 127
        scores = tensors["scores"]
        classes = segmented(outputs["scores"], scores, *place).classes > 0  # type: ignore[arg-type]
        depth = distances(outputs["depth"], False, *place).values > 0.5
        for mask in (classes, depth):
            rows, columns = np.nonzero(mask)
            sides = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            np.testing.assert_allclose(sides, box, atol=pixel)
            assert (mask != truth).mean() < 0.02


# ---------------------------------------------------------------------------------------------------------------- verifying
def test_a_half_that_is_rounded_to_the_other_side_is_right() -> None:
    made = joined(network(Image(resample="bilinear", channels="bgr", **IMAGENET), convolution={}), preprocessing=True, picture_size=(7, 11))
    feeds = {"x": made.beginnings["x"].made_up(np.random.default_rng(0))}
    expected = run(made.before, made.prepared(feeds))
    assert np.abs(run(made.graph, feeds)["y"] - expected["y"]).max() > 1e-3
    assert verify_steps(made.graph, made, run, feeds, 1e-5).ok

    step = made.beginnings["x"]
    for wrong in (
        lambda pixels: step.prepared(pixels[:, ::-1]),
        lambda pixels: step.prepared(pixels) + np.float32(0.4 * IMAGENET["scale"] / 0.229),
        lambda pixels: step.prepared(pixels) + np.float32(2 * IMAGENET["scale"] / 0.229),
    ):
        other = replace(made, beginnings={"x": replace(step, prepared=wrong)})
        assert not verify_steps(made.graph, other, run, feeds, 1e-5).ok


# ------------------------------------------------------------------------------------------------------------------ refused
def test_what_is_not_resized_in_a_graph() -> None:
    for resample in ("bicubic", "lanczos", "box", "hamming", "lanczos4"):
        whose = "OpenCV" if resample == "lanczos4" else "Pillow"
        with pytest.raises(ValidationError, match=f"pictures of 41 x 30 pixels become 16 x 12 for x, {resample} as {whose} does it"):
            joined(network(Image(resample=resample)), preprocessing=True, picture_size=LARGER)  # type: ignore[arg-type]
        same = joined(network(Image(resample=resample)), preprocessing=True, picture_size=SIZE)  # type: ignore[arg-type]
        assert Metadata.of(same.graph).tensors["x"] == Image(channels="rgba", layout="nhwc", resample=resample, joined=True)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="at most 67,108,864 are made"):
        joined(network(Image(resample="linear", resize="cover", edge=2000)), preprocessing=True, picture_size=(1, 2**16))
    with pytest.raises(ValidationError, match="no input of network is said to be a picture"):
        joined(replace(network(Image()), metadata={}), preprocessing=True, picture_size=LARGER)
    once = joined(network(Image(resample="linear")), preprocessing=True, picture_size=LARGER).graph
    assert joined(once, preprocessing=True, picture_size=LARGER).graph.notes[-1] == "network begins at what a page has already"
    with pytest.raises(ValidationError, match="x takes bytes of pictures of 41 x 30 pixels already"):
        joined(once, preprocessing=True, picture_size=SMALLER)


def test_pictures_that_are_placed_nowhere() -> None:
    for sides in ({"left": 3, "right": 3}, {"top": 5, "bottom": 4}):
        placed = Placed(**{"height": 8, "width": 8, "left": 0, "top": 0, "right": 8, "bottom": 8, **sides})
        assert list(Image(placed=placed).problems((1, 3, 4, 4))) == ["placed has its left before its right and its top above its bottom"]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"height": 0, "width": 8, "left": 0, "top": 0, "right": 8, "bottom": 8}, Placed)


def test_what_lies_around_a_picture_of_another_shape() -> None:
    """The grey that is nearest to the means."""
    made = joined(network(Image(resample="linear", resize="contain", **IMAGENET)), preprocessing=True, picture_size=LARGER)
    values, _ = of_picture(made, mosaic(30, 10))
    assert values[0, 0, 0].tolist() == [114, 114, 114, 255]
    (actual,) = run(made.graph, {"x": values}).values()
    assert np.abs(actual[0, :, :, 0]).max() < 0.2
