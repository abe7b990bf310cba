"""Graphs that take the bytes of a canvas: the same as what the helpers give the model's own graph, and in how many calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", reason="pillow is not installed")

import PIL.Image

from converters.joining import Joined, joined
from tests.tasks.pictures import mosaic
from webnn_graph import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Image, Metadata
from webnn_graph.runtimes import run
from webnn_graph.tasks.pictures import prepared

IMAGENET: dict[str, Any] = {"scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
HALF: dict[str, Any] = {"scale": 1 / 255, "mean": (0.5,), "std": (0.5,)}
START = ["cast", "slice", "transpose"]
SIZE = 12, 16


def network(image: Image, data_type: str = "float32", convolution: dict[str, Any] | None = None, filters: int = 4, rank: int = 4) -> Graph:
    """A convolution of a picture, or the picture itself."""
    b = GraphBuilder("network")
    shape = [1, image.count, *SIZE] if image.layout == "nchw" else [1, *SIZE, image.count]
    x = b.input("x", data_type, shape[4 - rank :])
    values = np.random.default_rng(1).standard_normal((filters, image.count, 3, 3)).astype(np.float32)
    y: Operand = b.identity(x)
    if convolution is not None:
        layouts = {} if image.layout == "nchw" else {"inputLayout": "nhwc", "filterLayout": "ohwi"}
        y = b.conv2d(x, values if image.layout == "nchw" else values.transpose(0, 2, 3, 1).copy(), **layouts, **convolution)
    return replace(b.build({"y": y}), metadata=Metadata(tensors={"x": image}).document())


def given(made: Joined, picture: Any) -> tuple[Array, Array]:
    """What the helpers give the joined graph, and the model's own."""
    image, before = (Metadata.of(graph).tensors["x"] for graph in (made.graph, made.before))
    assert isinstance(image, Image) and isinstance(before, Image)
    (values, fit), (own, own_fit) = prepared(picture, image, made.graph.inputs[0]), prepared(picture, before, made.before.inputs[0])
    assert fit == own_fit
    assert values.shape == (1, *SIZE, 4) and values.dtype == np.uint8
    return values, own


def check(graph: Graph, calls: Sequence[str], picture: Any = None) -> Joined:
    made = joined(graph, preprocessing=True)
    values, own = given(made, picture or mosaic(30, 21))
    (actual,), (expected,) = run(made.graph, {"x": values}).values(), run(graph, {"x": own}).values()
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5 * max(1.0, float(np.abs(expected).max())))
    assert [node.op for node in made.graph.nodes] == list(calls)
    return made


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(
    ("image", "convolution", "calls"),
    [
        (Image(**IMAGENET), {}, ["conv2d"]),
        (Image(**IMAGENET), {"strides": [3, 2], "dilations": [2, 1]}, ["conv2d"]),
        (Image(**IMAGENET), {"bias": np.arange(4, dtype=np.float32)}, ["conv2d"]),
        (Image(**IMAGENET), {"padding": [1, 1, 1, 1]}, ["sub", "conv2d"]),
        (Image(**HALF), {"padding": [0, 1, 0, 0]}, ["sub", "conv2d"]),
        (Image(scale=1 / 255, std=(0.1, 0.2, 0.3)), {"padding": [1, 1, 1, 1]}, ["conv2d"]),
        (Image(scale=1 / 255, channels="bgr"), {"padding": [1, 1, 1, 1]}, ["conv2d"]),
        (Image(channels="bgr", **IMAGENET), {}, ["conv2d"]),
        (Image(channels="bgr", **IMAGENET), {"padding": [1, 1, 1, 1]}, ["sub", "conv2d"]),
        (Image(), {}, ["conv2d"]),
        (Image(**IMAGENET), None, ["sub", "mul"]),
        (Image(channels="bgr", **IMAGENET), None, ["sub", "reverse", "mul"]),
        (Image(**HALF), None, ["linear"]),
        (Image(scale=1 / 255, mean=(0.5,) * 3, std=(0.5,) * 3), None, ["linear"]),
    ],
)
def test_steps_go_into_the_convolution(image: Image, convolution: dict[str, Any] | None, calls: list[str], layout: Any) -> None:
    import msgspec

    graph = network(msgspec.structs.replace(image, layout=layout), convolution=convolution)
    made = check(graph, [*(START if layout == "nchw" else START[:2]), *calls])
    assert sum(o.nbytes for o in made.graph.constants if o.rank == 4 and o.size > 4) <= graph.weight_bytes


def test_means_stay_out_of_biases_where_filters_are_rounded() -> None:
    made = joined(network(Image(**IMAGENET), convolution={}), preprocessing=True, rounding=True)
    assert [node.op for node in made.graph.nodes] == [*START, "sub", "conv2d"]


def test_padding_would_be_another_colour() -> None:
    """What a summand in the bias would make of the border is far from right."""
    graph = network(Image(**IMAGENET), convolution={"padding": [1, 1, 1, 1]})
    values, own = given(joined(graph, preprocessing=True), mosaic(*SIZE))
    (expected,) = run(graph, {"x": own}).values()
    (plain,) = run(network(Image(**IMAGENET), convolution={}), {"x": own}).values()
    np.testing.assert_allclose(expected[:, :, 1:-1, 1:-1], plain, rtol=1e-5)
    black = np.pad(values, [(0, 0), (1, 1), (1, 1), (0, 0)])[:, : SIZE[0], : SIZE[1]]
    (framed,) = run(joined(network(Image(**IMAGENET), convolution={}), preprocessing=True).graph, {"x": black}).values()
    difference = np.abs(framed - expected[:, :, : SIZE[0] - 2, : SIZE[1] - 2])
    assert difference[:, :, 0].max() > 0.1 and difference[:, :, 1:, 1:].max() < 1e-4


def test_what_else_reads_the_picture_keeps_the_steps_out_of_the_filter() -> None:
    b = GraphBuilder("network")
    x = b.input("x", "float32", [1, 3, *SIZE])
    y = b.conv2d(x, np.ones((4, 3, 3, 3), np.float32))
    graph = b.build({"y": y, "mean": b.reduceMean(x, axes=[2, 3])})
    made = joined(replace(graph, metadata=Metadata(tensors={"x": Image(**IMAGENET)}).document()), preprocessing=True)
    assert {"sub", "mul"} <= {node.op for node in made.graph.nodes}
    values, own = given(made, mosaic(30, 21))
    for actual, expected in zip(run(made.graph, {"x": values}).values(), run(graph, {"x": own}).values(), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_a_filter_that_others_read_stays() -> None:
    b = GraphBuilder("network")
    x, other = b.input("x", "float32", [1, 3, *SIZE]), b.input("other", "float32", [1, 3, *SIZE])
    w = b.constant(np.ones((4, 3, 3, 3), np.float32))
    graph = replace(b.build({"y": b.conv2d(x, w), "z": b.conv2d(other, w)}), metadata=Metadata(tensors={"x": Image(**IMAGENET)}).document())
    assert {"sub", "mul"} <= {node.op for node in joined(graph, preprocessing=True).graph.nodes}


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("channels", ["rgb", "bgr", "gray"])
@pytest.mark.parametrize(("data_type", "rank"), [("float32", 3), ("float16", 4), ("uint8", 4), ("int32", 4), ("int8", 3)])
def test_channels_and_types(channels: Any, layout: Any, data_type: str, rank: int) -> None:
    for how in ({"scale": 1.0}, {"scale": 0.5, "mean": (10.0,)}):
        image = Image(channels=channels, layout=layout, resize="cover", **how)
        made = joined(network(image, data_type, rank=rank), preprocessing=True)
        values, own = given(made, mosaic(30, 21))
        (actual,) = run(made.graph, {"x": values}).values()
        if np.issubdtype(actual.dtype, np.integer) or channels == "gray":
            np.testing.assert_array_equal(actual, own)
        else:
            np.testing.assert_allclose(actual, own, rtol=1e-3 if data_type == "float16" else 1e-6)


def test_gray_is_exactly_pillows() -> None:
    """Of 65536 colours at once, with those of extreme brightness."""
    b = GraphBuilder("network")
    x = b.input("x", "float32", [1, 1, 256, 256])
    graph = replace(b.build({"y": b.identity(x)}), metadata=Metadata(tensors={"x": Image(channels="gray")}).document())
    pixels = np.random.default_rng(3).integers(0, 256, (256, 256, 4), np.uint8)
    pixels[0, :8, :3] = np.indices((2, 2, 2)).reshape(3, -1).T * 255
    (actual,) = run(joined(graph, preprocessing=True).graph, {"x": pixels[None]}).values()
    np.testing.assert_array_equal(actual[0, 0], np.asarray(PIL.Image.fromarray(pixels[..., :3]).convert("L")))


@pytest.mark.parametrize("size", [(30, 21), (10, 60), SIZE, (1, 1)])
@pytest.mark.parametrize(
    "rule",
    [
        {"resize": "stretch", "resample": "bicubic"},
        {"resize": "stretch", "edge": 20},
        {"resize": "cover", "edge": 24},
        {"resize": "contain", "fill": 114},
        {"resize": "contain"},
        {"resize": "contain", "place": "corner", "resample": "linear", "channels": "bgr"},
        {"resize": "line", "resample": "linear"},
        {"resize": "square", "place": "corner", "resample": "lanczos4"},
        {"resize": "square", "fill": 114},
    ],
)
def test_the_rest_is_what_it_was(rule: dict[str, Any], size: tuple[int, int]) -> None:
    """Alpha says where the picture is where what lies around it becomes 0, which is no colour."""
    for how, convolution in ((IMAGENET, {}), (HALF, {"padding": [1, 1, 1, 1]}), ({"scale": 1 / 255}, {"padding": [1, 1, 1, 1]})):
        made = joined(network(Image(**how, **rule), convolution=convolution), preprocessing=True)
        values, own = given(made, mosaic(*size))
        (actual,), (expected,) = run(made.graph, {"x": values}).values(), run(made.before, {"x": own}).values()
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(made.prepared({"x": values})["x"], own, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rule", [{}, {"resize": "contain", "fill": 114}, {"resize": "contain"}, {"resize": "cover"}, {"channels": "gray"}])
def test_the_largest_value_is_255(rule: dict[str, Any]) -> None:
    dark = PIL.Image.fromarray(np.asarray(mosaic(30, 21)) // 3)
    for how in (HALF, {"scale": 1 / 255}):
        made = joined(network(Image(peak=True, **how, **rule), convolution={"padding": [1, 1, 1, 1]}), preprocessing=True)
        for picture in (dark, PIL.Image.new("RGB", (5, 5))):
            values, own = given(made, picture)
            (actual,), (expected,) = run(made.graph, {"x": values}).values(), run(made.before, {"x": own}).values()
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(made.prepared({"x": values})["x"], own, rtol=1e-6, atol=1e-6)


def test_what_cannot_begin_with_a_picture() -> None:
    nothing = replace(network(Image()), metadata={})
    with pytest.raises(ValidationError, match="no input of network is said to be a picture"):
        joined(nothing, preprocessing=True)
    once = joined(network(Image()), preprocessing=True).graph
    again = joined(once, preprocessing=True).graph
    assert again.notes[-1] == "network begins at what a page has already"
    assert (again.metadata, [node.op for node in again.nodes]) == (once.metadata, [node.op for node in once.nodes])
    for image in (Image(scale=1e-300, mean=(1.0,)), Image(std=(1e-300,))):
        with pytest.raises(ValidationError, match="x has a scale, mean or std that makes numbers beyond float32"):
            joined(network(image), preprocessing=True)
    b = GraphBuilder("network")
    several = b.build({"y": b.identity(b.input("x", "float32", [2, 3, *SIZE]))})
    with pytest.raises(ValidationError, match="takes 2 pictures at once"):
        joined(replace(several, metadata=Metadata(tensors={"x": Image()}).document()), preprocessing=True)
