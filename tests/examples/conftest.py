"""Pages of examples in the browser that has WebNN, and in those that have none.

A test module of an example has ``NAME``, its folder's name, ``READY``, a selector of what is there once its model is loaded, and a fixture
``folder`` with the example and all that it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import AXE, broken_rules
from tests.everywhere.site import Site
from tests.examples.running import make
from webnn_graph.runtimes.browser import BrowserSession

Visit = Callable[..., Any]
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="no axe-core (set WEBNN_AXE to its axe.min.js, as make test does)")


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


@pytest.fixture
def served(request: pytest.FixtureRequest, folder: Path, browser: BrowserSession) -> str:
    """The name of the module's example, which the browser's server has."""
    name: str = request.module.NAME
    place = browser.exchange.folder / name
    if not place.exists():
        place.symlink_to(folder)
    return name


@pytest.fixture
def page_of(request: pytest.FixtureRequest, served: str, visit: Visit) -> Visit:
    """Visits the module's page, and calls a function with it once the model is loaded."""

    def run(look: Callable[[Any], Any], before: Callable[[Any], None] = lambda page: None) -> Any:
        def loaded(page: Any) -> Any:
            page.wait_for_selector(request.module.READY)
            return look(page)

        return visit(served, loaded, before)

    return run


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, folder: Path) -> Iterator[Site]:
    """The module's example for browsers without WebNN."""
    with Site() as site:
        site.link(request.module.NAME, folder)
        yield site


def require_accessible(page: Any) -> None:
    """A page, as it is now, has nothing that axe-core finds."""
    assert broken_rules(page) == []
