"""Takes the pictures of the documentation anew: ``python -m tests.view.pictures GRAPH.webnn FILE.png``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from webnn_graph import load
from webnn_graph.runtimes.chromium import find_browser
from webnn_graph.view import page

WIDTH, HEIGHT = 1200, 680


def take(graph: Path, picture: Path) -> None:
    """A picture of a graph's page, with a weight's statistics in the panel."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(page(load(graph)), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=str(find_browser(None)), args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(file.as_uri())
        tab.keyboard.press("/")
        tab.keyboard.type("gemm")
        tab.keyboard.press("Enter")
        for _ in range(2):
            tab.keyboard.press("-")
        tab.wait_for_timeout(300)
        tab.screenshot(path=str(picture))
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
