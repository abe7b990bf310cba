"""The pages of the examples in browsers, with WebNN and without: what they compute, and what they say when something is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.site import Site
from tests.examples.conftest import Visit
from tests.examples.running import make

pytestmark = pytest.mark.browser

PIXELS = """(id) => {
  const { width, height } = document.getElementById(id);
  const { data } = document.getElementById(id).getContext("2d").getImageData(0, 0, width, height);
  return Array.from(data, (value) => String.fromCharCode(value)).join("");
}"""
WITHOUT = "delete Navigator.prototype.ml"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Both examples, with what npm installs."""
    if not ORT.is_dir():
        pytest.skip("onnxruntime-web is not installed (make test installs it)")
    with Site() as site:
        for name in ("04_page", "05_two_models"):
            make(name, site.folder / name)
            site.link(f"{name}/node_modules", ORT.parent)
        yield site


def edges_of(picture: np.ndarray) -> np.ndarray:
    """What the model is to show of the red, green and blue values of a picture."""
    gray = picture[..., :3] / 255 @ [0.299, 0.587, 0.114]
    across = gray[:, 2:] - gray[:, :-2]
    down = gray[2:] - gray[:-2]
    slopes = across[:-2] + 2 * across[1:-1] + across[2:], down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return 255 * (1 - np.hypot(*slopes).clip(0, 1))


def pixels_of(page: Any, canvas: str, side: int) -> np.ndarray:
    """Red, green, blue and alpha, 0 to 255; as a text they travel quickly."""
    return pixels(page.evaluate(PIXELS, canvas), side)


def pixels(text: str, side: int) -> np.ndarray:
    return np.frombuffer(text.encode("latin-1"), np.uint8).reshape(side, side, 4)


without_webnn = pytest.mark.parametrize("anywhere", ENGINES, indirect=True)


@without_webnn
def test_the_page_shows_edges_without_webnn(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const [status, error] = ["status", "error"].map((id) => document.getElementById(id));
        if (!error.hidden) throw new Error(error.textContent);
        return status.textContent.startsWith("Computed") ? [status.textContent, ...["picture", "edges"].map({PIXELS})] : undefined;
    """
    status, picture, edges = anywhere.visit(f"{site.url}/04_page/index.html", script)
    assert status.endswith(" ms by ort-wasm.")
    for channel in range(3):
        np.testing.assert_allclose(pixels(edges, 256)[..., channel], edges_of(pixels(picture, 258)), atol=1)


@without_webnn
def test_two_models_compute_without_webnn(anywhere: Visitor, site: Site) -> None:
    script = """
        const text = document.querySelector("#result").textContent;
        return text === "computing ..." ? undefined : text;
    """
    shown = anywhere.visit(f"{site.url}/05_two_models/index.html", script)
    expected = logits_of(torch.full((1, 3, 64, 64), 0.5))
    np.testing.assert_allclose([float(value) for value in shown.split()], expected, atol=1e-4)


def test_the_page_shows_edges_of_its_picture_and_of_a_chosen_one(visit: Visit) -> None:
    def look(page: Any) -> None:
        for chosen in (False, True):
            if chosen:
                page.evaluate("document.getElementById('status').textContent = ''")
                page.set_input_files("#file", {"name": "red.png", "mimeType": "image/png", "buffer": red_png(page)})
            page.wait_for_function("document.getElementById('status').textContent.startsWith('Computed')")
            assert page.is_hidden("#error") and page.is_enabled("#file") and page.locator("progress").count() == 0
            picture = pixels_of(page, "picture", 258)
            shown = pixels_of(page, "edges", 256)
            for channel in range(3):
                np.testing.assert_allclose(shown[..., channel], edges_of(picture), atol=1)
            assert (shown[..., 3] == 255).all() and shown[..., 0].min() < 200
            if chosen:
                assert picture[20, 20].tolist() == [255, 0, 0, 255]

    visit("04_page", look)


def red_png(page: Any) -> bytes:
    """A picture with a red half."""
    canvas = "const c = new OffscreenCanvas(40, 20), d = c.getContext('2d'); d.fillStyle = 'red'; d.fillRect(0, 0, 20, 20)"
    return bytes(page.evaluate(f"async () => {{ {canvas}; return [...await (await c.convertToBlob()).bytes()]; }}"))


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_the_screen(width: int, visit: Visit) -> None:
    def look(page: Any) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width

    visit("04_page", look)


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (lambda page: page.add_init_script(WITHOUT), "npm install onnxruntime-web"),
        (lambda page: page.route("**/*.safetensors*", lambda route: route.fulfill(status=404)), "HTTP status 404"),
    ],
    ids=["no WebNN", "no weights"],
)
def test_the_page_says_what_is_missing(before: Callable[[Any], None], says: str, visit: Visit) -> None:
    def look(page: Any) -> str:
        page.wait_for_selector("#error:not([hidden])")
        assert page.locator("#error").bounding_box()["y"] < page.locator("#pictures").bounding_box()["y"]  # seen without scrolling
        assert page.inner_text("#status") == "" and page.locator("progress").count() == 0 and page.is_disabled("#file")
        return str(page.inner_text("#error"))

    assert says in visit("04_page", look, before)


def test_two_models_compute_what_pytorch_computes(visit: Visit) -> None:
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    def look(page: Any) -> list[float]:
        page.wait_for_function("document.querySelector('#result').textContent !== 'computing ...'")
        call = "async (pixels) => [...await (await (await import('./chain.js')).load())(new Float32Array(pixels))]"
        return list(page.evaluate(call, image.flatten().tolist()))

    np.testing.assert_allclose(visit("05_two_models", look), logits_of(image), rtol=1e-3, atol=1e-5)


def logits_of(image: torch.Tensor) -> np.ndarray:
    """What PyTorch computes with the same weights."""
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten()
    head = torch.nn.Linear(256, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    with torch.no_grad():
        logits: np.ndarray = torch.nn.Sequential(*layers, *head)(image)[0].numpy()
    return logits
