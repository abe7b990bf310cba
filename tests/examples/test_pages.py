"""The pages of the examples in a browser: what they compute, and what they say when something is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tests.examples.running import FOLDER, example
from tests.site.running import rewritten
from webnn_graph.runtimes.browser import BrowserSession

pytestmark = pytest.mark.browser

PIXELS = """(id) => {
  const { width, height } = document.getElementById(id);
  const { data } = document.getElementById(id).getContext("2d").getImageData(0, 0, width, height);
  return Array.from(data, (value) => String.fromCharCode(value)).join("");
}"""
WITHOUT = "delete Navigator.prototype.ml"
Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: BrowserSession) -> Iterator[Visit]:
    """Runs an example's page and calls a function with it once it has loaded, on the browser's thread."""
    pages = []

    def run(name: str, look: Callable[[Any], Any], before: Callable[[Any], None] = lambda page: None) -> Any:
        folder = browser.exchange.folder / name
        if not folder.exists():
            with example(FOLDER / name / "README.md", folder):
                rewritten(FOLDER / name / "README.md", folder)
        page = browser.chromium.open_page()
        pages.append(page)

        def opened() -> Any:
            before(page)
            page.goto(f"{browser.exchange.url}/{name}/index.html")
            return look(page)

        return browser.chromium._do(opened)

    yield run
    for page in pages:
        browser.chromium.close_page(page)


def edges_of(picture: np.ndarray) -> np.ndarray:
    """What the model is to show of the red, green and blue values of a picture."""
    gray = picture[..., :3] / 255 @ [0.299, 0.587, 0.114]
    across = gray[:, 2:] - gray[:, :-2]
    down = gray[2:] - gray[:-2]
    slopes = across[:-2] + 2 * across[1:-1] + across[2:], down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return 255 * (1 - np.hypot(*slopes).clip(0, 1))


def pixels_of(page: Any, canvas: str, side: int) -> np.ndarray:
    """Red, green, blue and alpha, 0 to 255; as a text they travel quickly."""
    return np.frombuffer(page.evaluate(PIXELS, canvas).encode("latin-1"), np.uint8).reshape(side, side, 4)


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
        (lambda page: page.add_init_script(WITHOUT), "This browser has no WebNN."),
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
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    def look(page: Any) -> list[float]:
        page.wait_for_function("document.querySelector('#result').textContent !== 'computing ...'")
        call = "async (pixels) => [...await (await (await import('./chain.js')).load())(new Float32Array(pixels))]"
        return list(page.evaluate(call, pixels.flatten().tolist()))

    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten()
    head = torch.nn.Linear(256, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    with torch.no_grad():
        expected = torch.nn.Sequential(*layers, *head)(pixels)[0]
    np.testing.assert_allclose(visit("05_two_models", look), expected, rtol=1e-3, atol=1e-5)
