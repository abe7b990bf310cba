"""Pictures as models take them: as transformers' own processors make them, by what their files say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pillow = pytest.importorskip("PIL.Image", reason="pillow is not installed")

from converters.described import described  # noqa: E402
from tests.described.graphs import graph_of  # noqa: E402
from tests.tasks.pictures import mosaic  # noqa: E402
from webnn_graph.data_types import Array, DataType  # noqa: E402
from webnn_graph.errors import FormatError, ValidationError  # noqa: E402
from webnn_graph.graph import Descriptor  # noqa: E402
from webnn_graph.metadata import Image, Metadata  # noqa: E402
from webnn_graph.tasks.pictures import prepared, read_picture  # noqa: E402

PROCESSORS: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
    ("ViT", {"size": {"height": 32, "width": 48}}, (32, 48)),
    ("CLIP", {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}}, (32, 32)),
    ("CLIP", {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 28}}, (32, 28)),
    ("ConvNext", {"size": {"shortest_edge": 64}}, (64, 64)),
    ("ConvNext", {"size": {"shortest_edge": 384}}, (384, 384)),
    ("DeiT", {"size": {"height": 40, "width": 40}, "crop_size": {"height": 32, "width": 32}}, (32, 32)),
    ("Segformer", {"size": {"height": 64, "width": 32}}, (64, 32)),
    ("MobileViT", {"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}}, (32, 32)),
    ("Siglip", {"size": {"height": 32, "width": 32}}, (32, 32)),
]


@pytest.mark.parametrize("size", [(50, 70), (33, 20), (200, 301), (64, 64), (7, 300), (1, 1)])
@pytest.mark.parametrize(("name", "options", "wanted"), PROCESSORS)
def test_processors_of_transformers(
    name: str, options: dict[str, Any], wanted: tuple[int, int], size: tuple[int, int], tmp_path: Path
) -> None:
    processor = getattr(transformers, f"{name}ImageProcessorPil")(**options)
    processor.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": name.lower()}))
    graph = described(graph_of({"pixel_values": (1, 3, *wanted)}, {"y": (1,)}), tmp_path)
    meaning = Metadata.of(graph).tensors["pixel_values"]
    assert isinstance(meaning, Image)
    picture = mosaic(*size)
    made, _ = prepared(picture, meaning, graph.inputs[0])
    expected = processor(picture, return_tensors="np")["pixel_values"]
    assert expected.std() > 0 or size == (1, 1)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("brightest", [1, 100, 255])
def test_the_largest_value_is_255(brightest: int) -> None:
    """As ToTensorLab of U-2-Net has it: the picture by its largest value, then mean and deviation."""
    picture = pillow.fromarray((np.asarray(mosaic(40, 30)) * (brightest / 255)).round().astype(np.uint8))
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    resized = np.asarray(picture.resize((20, 24), pillow.Resampling.LANCZOS)).astype(np.float64)
    right = ((resized / resized.max() - mean) / std).transpose(2, 0, 1)
    how = Image(peak=True, resample="lanczos", scale=1 / 255, mean=mean, std=std)
    np.testing.assert_allclose(prepared(picture, how, Descriptor(DataType.FLOAT32, (1, 3, 24, 20)))[0][0], right, atol=2e-6)
    black = pillow.new("RGB", (9, 7))
    assert not prepared(black, Image(peak=True), Descriptor(DataType.FLOAT32, (1, 3, 7, 9)))[0].any()


def test_layouts_and_types() -> None:
    picture = mosaic(9, 7)
    rows = np.asarray(picture)
    plain = Image(layout="nhwc")
    np.testing.assert_array_equal(prepared(picture, plain, Descriptor(DataType.UINT8, (1, 9, 7, 3)))[0][0], rows)
    np.testing.assert_array_equal(prepared(picture, plain, Descriptor(DataType.FLOAT32, (9, 7, 3)))[0], rows)
    turned = prepared(picture, Image(channels="bgr"), Descriptor(DataType.FLOAT32, (1, 3, 9, 7)))[0][0]
    np.testing.assert_array_equal(turned, rows[..., ::-1].transpose(2, 0, 1))
    grey = prepared(picture, Image(channels="gray"), Descriptor(DataType.FLOAT32, (1, 1, 9, 7)))[0][0, 0]
    np.testing.assert_allclose(grey, rows @ [0.299, 0.587, 0.114], atol=1)


@pytest.mark.parametrize(
    ("place", "fill", "size", "corner"),
    [
        ("center", 114, (20, 40), (0, 8)),
        ("center", None, (40, 20), (8, 0)),
        ("corner", 0, (20, 40), (0, 0)),
        ("center", 7, (32, 32), (0, 0)),
    ],
)
def test_what_is_filled_up(place: Any, fill: int | None, size: tuple[int, int], corner: tuple[int, int]) -> None:
    image = Image(resize="contain", place=place, fill=fill, mean=(100.0,), resample="nearest")
    made, fit = prepared(mosaic(*size), image, Descriptor(DataType.FLOAT32, (1, 3, 32, 32)))
    assert (fit.left, fit.top) == corner
    height, width = (round(side * 32 / max(size)) for side in size)
    rest = np.ones((32, 32), bool)
    rest[corner[1] : corner[1] + height, corner[0] : corner[0] + width] = False
    expected = 0 if fill is None else fill - 100
    assert (made[0][:, rest] == expected).all()
    # Corners of the picture, there and back.
    boxes = np.array([[fit.left, fit.top, fit.left + width, fit.top + height], [-99, -99, 999, 999]], float)
    np.testing.assert_allclose(fit.inside(fit.points(boxes.reshape(-1, 2))), [[0, 0], size[::-1]] * 2)


def test_a_line_of_pixels_stays_one() -> None:
    """It would be a third of a pixel wide."""
    made, fit = prepared(pillow.new("RGB", (1, 100), "white"), Image(resize="contain"), Descriptor(DataType.FLOAT32, (1, 3, 32, 32)))
    assert (made[0, 0] == 255).all(0).tolist() == [x == 15 for x in range(32)] and (fit.left, fit.x_scale) == (15, 1)


def test_linear_takes_the_next_pixels_alone() -> None:
    picture = pillow.fromarray(np.array([[[0], [100], [40], [240]]], np.uint8).repeat(3, 2))
    shape = Descriptor(DataType.FLOAT32, (1, 3, 1, 2))
    assert prepared(picture, Image(resample="linear"), shape)[0][0, 0].tolist() == [[50, 140]]
    wide = prepared(picture, Image(resample="linear"), Descriptor(DataType.FLOAT32, (1, 3, 1, 8)))[0][0, 0, 0]
    assert wide.tolist() == [0, 25, 75, 85, 55, 90, 190, 240]


RESIZED = {
    (3, 4): "2970565893c66cbacbd576409631494fe263bda972906476468d5343598186449a2e4fc3",
    (7, 3): "137c78a296c8bb8f4d476f6889b7c7b18279995b4f61ebc6a16dc1805b4a78df84a56d725a614b8fc042a36c29487c606460",
    (4, 9): "00803e137c783475d96883dca296c867c2ce4ed8bcbb8f4dfc640aee1070a3594c27d21031ee5a5cf2c6a182bdce33b99f6b",
    (1, 1): "78df84",
    (9, 11): "00803e0a7e5e2578ac4377e97386d8a296c872bacc41dfd17fb789d87c2efc640a286d462a725d2f7e973c8ac56998c796a5",
}
"""The first 50 numbers at most, by height and width, that ``cv2.resize`` of OpenCV 5.0.0 makes of the picture of this test."""


@pytest.mark.parametrize(("height", "width"), RESIZED)
def test_linear_is_that_of_opencv(height: int, width: int) -> None:
    i = np.arange(4 * 5 * 3)
    picture = pillow.fromarray(((97 * i + 31 * i**2) % 256).astype(np.uint8).reshape(4, 5, 3))
    made, _ = prepared(picture, Image(resample="linear", layout="nhwc"), Descriptor(DataType.UINT8, (1, height, width, 3)))
    assert made.tobytes().hex()[:100] == RESIZED[height, width]


LANCZOS = {
    ((4, 5), (3, 4)): "a04f65294d6ac19c",
    ((4, 5), (9, 11)): "f6f5dab3f32e304e",
    ((1, 1), (4, 3)): "d7a222e17db6f206",
    ((1, 300), (7, 40)): "d95d92f6ccc2b213",
    ((61, 47), (61, 90)): "47d6714d7837dc92",
    ((61, 47), (20, 47)): "96bbbd23f28e2c51",
    ((200, 301), (32, 48)): "17e8bacca228f040",
    ((33, 20), (97, 211)): "7e305fee7f51acd0",
    ((480, 640), (256, 341)): "5b7328c9187e3ee2",
    ((7, 500), (224, 224)): "ee7d4d678aeadde0",
}
"""Of what ``cv2.resize`` of OpenCV 4.10 and 5.0 makes of `formula` with INTER_LANCZOS4: by height and width, before and behind."""


def formula(height: int, width: int) -> Array:
    i = np.arange(height * width * 3, dtype=np.int64)
    return ((97 * i + 31 * i**2 + (i // 7) ** 3) % 256).astype(np.uint8).reshape(height, width, 3)


def digest(made: Array) -> str:
    return hashlib.sha256(made.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(("size", "wanted"), LANCZOS)
def test_lanczos4_is_that_of_opencv(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    image = Image(resample="lanczos4", layout="nhwc")
    made, _ = prepared(pillow.fromarray(formula(*size)), image, Descriptor(DataType.UINT8, (1, *wanted, 3)))
    assert digest(made) == LANCZOS[size, wanted]


SQUARES = [
    ((20, 33), "corner", 0, "linear", (16, 16), "4d910a483537cffa"),
    ((33, 20), "center", 114, "linear", (24, 24), "088ea8fa1a495b90"),
    ((64, 50), "corner", 7, "lanczos4", (40, 20), "5fc630362104a626"),
    ((31, 40), "center", 255, "lanczos4", (64, 64), "eb0659b7061c571f"),
    ((9, 9), "center", 1, "linear", (9, 5), "7e9b1fd1f5adabfe"),
    ((1, 12), "corner", 200, "linear", (12, 12), "562559c596217caf"),
]
"""The same of pictures that ``cv2.copyMakeBorder`` has filled up, ``linear`` as ``cv2.dnn.blobFromImage`` resizes them."""


@pytest.mark.parametrize(("size", "place", "fill", "resample", "wanted", "expected"), SQUARES)
def test_squares_are_those_of_opencv(
    size: tuple[int, int], place: Any, fill: int, resample: Any, wanted: tuple[int, int], expected: str
) -> None:
    image = Image(resize="square", place=place, fill=fill, resample=resample, layout="nhwc")
    made, fit = prepared(pillow.fromarray(formula(*size)), image, Descriptor(DataType.UINT8, (1, *wanted, 3)))
    assert digest(made) == expected
    # The picture's corners, by the very factors.
    side = max(size)
    top, left = ((side - own) // 2 if place == "center" else 0 for own in size)
    corners = np.array([[left, top], [left + size[1], top + size[0]]]) * [wanted[1] / side, wanted[0] / side]
    np.testing.assert_allclose(fit.points(corners), [[0, 0], size[::-1]], atol=1e-9)


def test_around_a_square_is_black_unless_it_is_filled() -> None:
    image = Image(resize="square", resample="nearest", mean=(100.0,), channels="bgr")
    made, _ = prepared(mosaic(4, 8), image, Descriptor(DataType.FLOAT32, (1, 3, 8, 8)))
    assert (made[0][:, [0, 1, 6, 7]] == -100).all() and (made[0][:, 2:6] > -100).any()


def test_a_square_that_is_too_large() -> None:
    with pytest.raises(ValidationError, match="9,000 x 1 pixels is to become 9,000 x 9,000; at most 67,108,864 are made"):
        prepared(pillow.new("RGB", (9000, 1)), Image(resize="square"), Descriptor(DataType.FLOAT32, (1, 3, 8, 8)))


@pytest.mark.parametrize("size", [(300, 451), (191, 384), (640, 427), (512, 511), (100, 150), (33, 3)])
def test_a_longer_side_is_rounded_as_paddleclas_has_it(size: tuple[int, int]) -> None:
    """``int(round(side * (256 / shorter)))`` of its ResizeImage, of which 224 pixels in the middle are taken."""
    shape = Descriptor(DataType.FLOAT32, (1, 3, 224, 224))
    height, width = (round(side * (256.0 / min(size))) for side in size)
    _, fit = prepared(mosaic(*size), Image(resize="cover", edge=256, rounded=True), shape)
    assert (fit.y_scale, fit.x_scale) == (height / size[0], width / size[1])
    assert (-fit.top, -fit.left) == ((height - 224) // 2, (width - 224) // 2)
    _, cut = prepared(mosaic(*size), Image(resize="cover", edge=256), shape)
    assert (cut.x_scale, cut.y_scale) == tuple(int(256 * side / min(size)) / side for side in size[::-1])


@pytest.mark.parametrize(("size", "width"), [((20, 50), 25), ((20, 53), 27), ((30, 100), 32), ((10, 1), 1), ((10, 32), 32)])
def test_a_line_is_as_high_as_the_model(size: tuple[int, int], width: int) -> None:
    """As PaddleOCR's resize_norm_img has it: ``min(32, ceil(10 * width / height))`` columns, and the rest behind them 0."""
    made, fit = prepared(mosaic(*size), Image(resize="line", resample="linear", mean=(-1.0,)), Descriptor(DataType.FLOAT32, (1, 3, 10, 32)))
    assert (made[0, 0].all(0)).tolist() == [True] * width + [False] * (32 - width)
    assert (fit.left, fit.top, fit.y_scale) == (0, 0, 10 / size[0])


def test_files(tmp_path: Path) -> None:
    picture = mosaic(8, 12)
    exif = pillow.Exif()
    exif[0x0112] = 6  # turned to the right
    picture.save(tmp_path / "turned.png", exif=exif)
    assert read_picture(tmp_path / "turned.png").size == (8, 12)
    picture.convert("RGBA").save(tmp_path / "alpha.png")
    assert read_picture(tmp_path / "alpha.png").mode == "RGB"
    pillow.new("1", (9000, 9000)).save(tmp_path / "large.png")
    (tmp_path / "damaged.png").write_bytes((tmp_path / "alpha.png").read_bytes()[:60])
    (tmp_path / "none.png").write_text("no picture")
    for name, said in (
        ("large", "has 9,000 x 9,000 pixels; at most 67,108,864 are read"),
        ("damaged", "no picture"),
        ("none", "no picture"),
        ("absent", "there is no such file"),
    ):
        with pytest.raises(FormatError) as error:
            read_picture(tmp_path / f"{name}.png")
        assert said in str(error.value) and "\n" not in error.value.what


def test_several_pictures_at_once() -> None:
    with pytest.raises(ValidationError, match="the model takes 4 pictures at once"):
        prepared(mosaic(8, 8), Image(), Descriptor(DataType.FLOAT32, (4, 3, 8, 8)))
