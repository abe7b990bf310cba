"""Pages of models as `webnn serve` has them, in a browser with WebNN that has a camera and a microphone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import served
from tests.browser.pages import without
from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.formats.page import page_of
from webnn_graph.runtimes.chromium import FLAGS, find_browser

DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A camera that shows a clock, a microphone that beeps, and a user who allows both."""
READY = "#main[aria-busy=false]"
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    """A browser of Playwright's."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    try:
        executable = find_browser(None)
    except RuntimeUnavailable as unavailable:
        without(unavailable)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=[*FLAGS, *DEVICES])
        yield browser
        browser.close()


@pytest.fixture
def open_folder(chrome: Any) -> Iterator[Open]:
    """Serves a folder, and opens its page; nothing may go wrong that the page does not say."""
    said: list[str] = []

    def run(folder: Path, width: int = 1280, theme: str = "light", before: str = "", path: str = "", ready: str = READY) -> Any:
        address = open.enter_context(served(folder))
        context = chrome.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
        open.callback(context.close)
        context.set_default_timeout(10000)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("console", lambda message: None if "getImageData" in message.text else said.append(f"console: {message.text}"))
        page.on("request", lambda request: None if request.url.startswith(("data:", "blob:", address)) else said.append(request.url))
        if before:
            page.add_init_script(before)
        page.goto(address + path)
        page.wait_for_selector(ready, state="attached")
        return page

    with ExitStack() as open:
        yield run
    assert said == []


STUB = """
export const inputs = [], outputs = [];
export async function load(options) {
  const model = { lost: new Promise(() => {}), compute: async (given) => given, destroy() {} };
  return model;
}
"""
ASKED = """
import { load as loadModel } from "./model.js";
export const task = { name: "METHOD", takes: "TAKES", gives: "GIVES" };
export async function load(options) {
  const model = await loadModel(options);
  return {
    model,
    async METHOD(source, options) {
      (globalThis.asked ??= []).push([source, options]);
      await model.compute({});
      return RESULT;
    },
  };
}
"""


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """Writes a page whose model says what it is told to: what it takes and gives, and a result as JavaScript."""

    def write(takes: str, gives: str, result: str) -> Path:
        (tmp_path / "model.js").write_text(STUB)
        parts = {"METHOD": "ask", "TAKES": takes, "GIVES": gives, "RESULT": result}
        text = ASKED
        for name, part in parts.items():
            text = text.replace(name, part)
        (tmp_path / "model.task.js").write_text(text)
        (tmp_path / "index.html").write_text(page_of("model", "A model", is_asked=True))
        return tmp_path

    return write
