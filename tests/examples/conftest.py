"""Pages of examples in the browser that has WebNN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.examples.running import make
from webnn_graph.runtimes.browser import BrowserSession

Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: BrowserSession) -> Iterator[Visit]:
    """Runs an example's page and calls a function with it once it has loaded, on the browser's thread."""
    pages = []

    def run(name: str, look: Callable[[Any], Any], before: Callable[[Any], None] = lambda page: None) -> Any:
        folder = browser.exchange.folder / name
        if not folder.exists():
            make(name, folder)
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
