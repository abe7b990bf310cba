"""Pages of this project in a browser: opened from a file, they say nothing, ask for nothing, and load nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.runtimes.chromium import VARIABLE, find_browser


def without(unavailable: RuntimeUnavailable, variable: str = VARIABLE) -> NoReturn:
    """Skips a test for want of a browser; one that the variable names and that does not start is no reason to."""
    if os.environ.get(variable):
        raise unavailable
    pytest.skip(str(unavailable))


@contextmanager
def launched() -> Iterator[Any]:
    """A browser of Playwright's, without WebNN; the test is skipped if there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    try:
        executable = find_browser(None)
    except RuntimeUnavailable as unavailable:
        without(unavailable)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Tabs:
    """Opens pages, and knows what they said.

    Args:
        browser: Of Playwright's.
        folder: Where the page's file goes.
        ready: What is there when a page is ready.
    """

    def __init__(self, browser: Any, folder: Path, ready: str) -> None:
        self.browser = browser
        self.file = folder / "page.html"
        self.ready = ready
        self.said: list[str] = []
        self.allowed = {self.file.as_uri()}
        self.contexts: list[Any] = []

    def open(self, text: str, width: int = 1280, height: int = 800, asks: str = "", theme: str = "light") -> Any:
        """A tab with a page; ``asks`` is the part of the address that begins with ``#``."""
        self.file.write_text(text, encoding="utf-8")
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        self.contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        tab.on("console", lambda message: self.said.append(f"console: {message.text}"))
        tab.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("request", lambda request: None if request.url.partition("#")[0] in self.allowed else self.said.append(request.url))
        tab.goto(self.file.as_uri() + asks)
        tab.wait_for_selector(self.ready, state="attached")
        return tab

    def close(self) -> None:
        """Closes all, and fails if any said something."""
        for context in self.contexts:
            context.close()
        assert self.said == []
