"""Modules as users get them: saved with their weights, which the browser asks for at an address of their own."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.formats.test_killed import model
from webnn_graph import save
from webnn_graph.errors import ExecutionError
from webnn_graph.runtimes.browser import BrowserSession

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


def test_the_server_of_the_runtime_serves_addresses_with_a_digest(browser: BrowserSession) -> None:
    folder = saved(browser, "third", 3)
    connection = http.client.HTTPConnection(urlsplit(browser.exchange.url).netloc)
    connection.request("GET", "/third/model.safetensors?v=0123")
    assert connection.getresponse().read() == (folder / "model.safetensors").read_bytes()
