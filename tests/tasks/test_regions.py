"""Lines of text of a map, as rapidocr-onnxruntime finds them, and parts of pictures, as PyTorch samples them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

PIL = pytest.importorskip("PIL.Image", reason="pillow is not installed")

from tests.tasks.pictures import mosaic  # noqa: E402
from webnn_graph.data_types import Array  # noqa: E402
from webnn_graph.errors import ValidationError  # noqa: E402
from webnn_graph.metadata import Regions  # noqa: E402
from webnn_graph.tasks.cutting import cut  # noqa: E402
from webnn_graph.tasks.pictures import Fit  # noqa: E402
from webnn_graph.tasks.regions import MOST_REGIONS, regions  # noqa: E402

HEIGHT, WIDTH = 96, 160


def drawn() -> Array:
    """A map with lines that are level, slanted, steep, at its corner, faint, small, and of two parts that touch at a corner."""
    y, x = np.indices((HEIGHT, WIDTH))
    made = np.zeros((HEIGHT, WIDTH), np.float32)
    made[8:17, 10:61] = 0.9
    made[(abs(y - 40 - 0.3 * (x - 20)) <= 4) & (x >= 15) & (x <= 90)] = 0.8
    made[10:21, 100:141] = 0.4
    made[60:62, 130:132] = 0.9
    made[(abs(x - 125 + 0.2 * (y - 40)) <= 8) & (y >= 34) & (y <= 84)] = 0.9
    made[80:, :21] = 1
    made[24:30, 100:120] = made[30:36, 120:150] = 0.95
    made[12, 20:40] = 0.5
    return made[None, None]


RIGHT: list[tuple[Regions, tuple[int, int], Any]] = [
    (
        Regions(),
        (96, 160),
        [
            ([(4, 2), (67, 2), (67, 23), (4, 23)], 0.779038),
            ([(11, 25), (101, 53), (94, 74), (4, 46)], 0.599513),
            ([(0, 73), (28, 73), (28, 95), (0, 95)], 0.954545),
        ],
    ),
    (
        Regions(dilated=False),
        (96, 160),
        [
            ([(4, 2), (66, 2), (66, 22), (4, 22)], 0.882571),
            ([(11, 26), (99, 54), (93, 72), (5, 44)], 0.678621),
            ([(0, 73), (27, 73), (27, 95), (0, 95)], 1.000000),
        ],
    ),
    (
        Regions(unclip=2.0),
        (240, 320),
        [
            ([(4, 0), (138, 0), (138, 62), (4, 62)], 0.779038),
            ([(18, 56), (207, 129), (192, 191), (3, 118)], 0.599513),
            ([(0, 178), (60, 178), (60, 239), (0, 239)], 0.954545),
        ],
    ),
    (
        Regions(threshold=0.45, score=0.0),
        (96, 160),
        [
            ([(4, 2), (67, 2), (67, 23), (4, 23)], 0.779038),
            ([(78, 2), (159, 2), (159, 95), (78, 95)], 0.317837),
            ([(11, 25), (101, 53), (94, 74), (4, 46)], 0.599513),
            ([(0, 73), (28, 73), (28, 95), (0, 95)], 0.954545),
        ],
    ),
]
"""By rapidocr-onnxruntime 1.4.4 with opencv-python 5.0.0.93: how, height and width of the picture, corners and scores."""


@pytest.mark.parametrize(("meaning", "size", "right"), RIGHT)
def test_lines_are_those_of_rapidocr(meaning: Regions, size: tuple[int, int], right: list[Any]) -> None:
    height, width = size
    found = regions(drawn(), meaning, (HEIGHT, WIDTH), Fit(width, height, WIDTH / width, HEIGHT / height))
    assert [one.score for one in found] == pytest.approx([score for _, score in right], abs=1e-6)
    assert {one.label for one in found} == {"text"}
    for one, (corners, _) in zip(found, right, strict=True):
        np.testing.assert_allclose(one.corners, corners, atol=max(1, width / WIDTH))
        (left, top), (end, bottom) = np.min(one.corners, 0), np.max(one.corners, 0)
        assert one.box == (left, top, end, bottom)


def test_the_rest_of_an_input_that_a_picture_does_not_fill() -> None:
    """The map is half as large as the input, and the picture lies in its upper left quarter, four times smaller."""
    found = regions(drawn(), Regions(), (2 * HEIGHT, 2 * WIDTH), Fit(4 * WIDTH, 4 * HEIGHT, 0.25, 0.25))
    (one, *_) = regions(drawn(), Regions(), (HEIGHT, WIDTH), Fit(WIDTH, HEIGHT, 1, 1))
    np.testing.assert_allclose(found[0].corners, 8 * np.array(one.corners), atol=4)
    assert max(x for one in found for x, _ in one.corners) <= 4 * WIDTH


def test_what_a_score_must_be() -> None:
    fit = Fit(WIDTH, HEIGHT, 1, 1)
    everything = regions(drawn(), Regions(), (HEIGHT, WIDTH), fit, 0.0)
    assert [one.score for one in everything] != [one.score for one in regions(drawn(), Regions(), (HEIGHT, WIDTH), fit)]
    assert regions(drawn(), Regions(score=0), (HEIGHT, WIDTH), fit) == everything
    assert regions(drawn(), Regions(), (HEIGHT, WIDTH), fit, 1.0) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1, 1e30, 0.3])
def test_maps_that_are_none(value: float) -> None:
    found = regions(np.full((1, 1, 40, 60), value, np.float32), Regions(threshold=0.31), (40, 60), Fit(60, 40, 1, 1))
    assert [(one.box, one.score) for one in found] == ([((0, 0, 60, 40), 1)] if value > 1 else [])


def test_as_many_as_there_may_be_the_largest_first() -> None:
    y, x = np.indices((300, 300))
    dots = (y % 8 < 5) & (x % 8 < 5) | (y > 290)
    found = regions(dots[None].astype(np.float32), Regions(dilated=False), (300, 300), Fit(600, 600, 0.5, 0.5))
    assert len(found) == MOST_REGIONS and found[-1].box[::2] == (0, 600)
    assert regions((y + x)[None] % 2, Regions(), (300, 300), Fit(300, 300, 1, 1))[0].box == (0, 0, 300, 300)


def test_several_maps() -> None:
    with pytest.raises(ValidationError, match="several maps"):
        regions(np.zeros((2, 1, 8, 8)), Regions(), (8, 8), Fit(8, 8, 1, 1))


# ------------------------------------------------------------------------------------------------------------------- parts
QUADS = [
    ((10, 5), (60, 5), (60, 25), (10, 25)),
    ((10, 20), (60, 5), (66, 25), (16, 40)),
    ((12, 3), (70, 10), (60, 30), (5, 28)),
    ((-5, -3), (90, 0), (85, 50), (0, 45)),
    ((40, 5), (52, 6), (50, 40), (38, 39)),
    ((20, 4), (28, 4), (28, 16), (20, 16)),  # just 1.5 times as high as wide
]


def sampled(pixels: Array, corners: Any, width: int, height: int) -> Array:
    """By a projection that is solved for, and PyTorch's bicubic samples."""
    rectangle = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    rows, values = [], []
    for (u, v), (x, y) in zip(rectangle, corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    projection = np.append(np.linalg.solve(np.array(rows, float), values), 1).reshape(3, 3)
    v, u = np.indices((height, width))
    x, y, depth = np.einsum("ij,jhw->ihw", projection, np.stack([u, v, np.ones_like(u)]))
    place = np.stack([x / depth / (pixels.shape[1] - 1), y / depth / (pixels.shape[0] - 1)], -1) * 2 - 1
    given = torch.from_numpy(pixels.astype(np.float64)).permute(2, 0, 1)[None]
    made = torch.nn.functional.grid_sample(given, torch.from_numpy(place)[None], "bicubic", "border", align_corners=True)
    return made[0].permute(1, 2, 0).numpy().clip(0, 255)


@pytest.mark.parametrize("corners", QUADS)
def test_parts_are_as_pytorch_samples_them(corners: Any) -> None:
    picture = mosaic(45, 80)
    made = np.asarray(cut(picture, corners))
    across, down = (max(np.hypot(*np.subtract(corners[a], corners[b])) for a, b in pairs) for pairs in (((0, 1), (2, 3)), ((0, 3), (1, 2))))
    width, height = int(across), int(down)
    right = sampled(np.asarray(picture), corners, width, height)
    np.testing.assert_allclose(made, np.rot90(right) if height >= 1.5 * width else right, atol=0.51)


def test_parts_that_are_none() -> None:
    assert cut(mosaic(9, 9), [(3, 3)] * 4).size == (1, 1)
    assert cut(mosaic(9, 9), [(0, 0), (8, 8), (8, 0), (0, 8)]).size == (11, 8)  # its sides cross
    with pytest.raises(ValidationError, match="at most 67,108,864 are"):
        cut(mosaic(9, 9), [(0, 0), (1e5, 0), (1e5, 1e5), (0, 1e5)])
