"""Modules as users get them: saved with their weights, which the browser asks for at an address of their own."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.formats.test_killed import model
from webnn_graph import GraphBuilder, save
from webnn_graph.errors import ExecutionError
from webnn_graph.formats import save_sizes
from webnn_graph.graph import Graph
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.sizes import convert_sizes

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser


def saved(browser: BrowserSession, name: str, value: float) -> Path:
    folder = browser.exchange.folder / name
    folder.mkdir()
    for part in ("in", "out"):
        (folder / part).mkdir()
    save(model(value), folder / "model.js")
    np.ones((2, 4), np.float32).tofile(folder / "in" / "0")
    return folder


def load(browser: BrowserSession, folder: Path) -> np.ndarray:
    """What the module in a folder computes."""
    page = browser.chromium.open_page()
    browser.chromium.call(page, "load", f"/{folder.name}", 60)
    browser.chromium.call(page, "compute", f"/{folder.name}", 60)
    browser.chromium.close_page(page)
    return np.fromfile(folder / "out" / "0", np.float32)


def test_weights_are_loaded_and_those_of_another_conversion_refused(browser: BrowserSession) -> None:
    first, second = saved(browser, "first", 1), saved(browser, "second", 2)
    np.testing.assert_array_equal(load(browser, first), np.full(16, 4))
    np.testing.assert_array_equal(load(browser, second), np.full(16, 8))
    (first / "model.safetensors").write_bytes((second / "model.safetensors").read_bytes())
    with pytest.raises(ExecutionError, match="the module and the weights are not of one conversion"):
        load(browser, first)


def attention(dims: Mapping[str, int]) -> Graph:
    """What each of x, float32[sequence, 3], sees of those that an int32 mask leaves."""
    b, length = GraphBuilder(), dims["sequence"]
    x, mask = b.input("x", "float32", [length, 3]), b.input("mask", "int32", [length])
    weight = b.constant(np.eye(3, 20, dtype=np.float32), name="w")
    seen = b.add(b.matmul(x, b.transpose(x)), b.mul(b.sub(b.cast(mask, "float32"), np.float32(1)), np.float32(1e4)))
    return b.build({"y": b.matmul(b.matmul(b.softmax(seen, 1), x), weight)})


def test_inputs_of_any_size(browser: BrowserSession) -> None:
    folder = browser.exchange.folder / "sizes"
    for part in ("in", "out"):
        (folder / part).mkdir(parents=True)
    sized = convert_sizes(attention, {"sequence": [4, 8]})
    assert sized.padding == "masked"
    save_sizes(sized, folder / "model.js")
    page = browser.chromium.open_page()
    browser.chromium.call(page, "load", f"/{folder.name}", 60)
    for length in (3, 4, 6, 8):
        x = np.random.default_rng(length).standard_normal((length, 3)).astype(np.float32)
        x.tofile(folder / "in" / "0")
        np.ones(length, np.int32).tofile(folder / "in" / "1")
        browser.chromium.call(page, "compute", f"/{folder.name}", 60)
        weights = np.exp(x @ x.T)
        right = weights / weights.sum(axis=1, keepdims=True) @ x
        found = np.fromfile(folder / "out" / "0", np.float32).reshape(length, 20)
        np.testing.assert_allclose(found[:, :3], right, rtol=1e-4, atol=1e-5)
    browser.chromium.close_page(page)


def test_the_server_of_the_runtime_serves_addresses_with_a_digest(browser: BrowserSession) -> None:
    folder = saved(browser, "third", 3)
    connection = http.client.HTTPConnection(urlsplit(browser.exchange.url).netloc)
    connection.request("GET", "/third/model.safetensors?v=0123")
    assert connection.getresponse().read() == (folder / "model.safetensors").read_bytes()
