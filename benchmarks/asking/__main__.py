"""Measures pages that answer: ``python -m benchmarks.asking [MODEL...] [--browser PATH...]``.

Each model of the zoo of which it is known what it takes and gives becomes a page, as ``--format page`` writes it, that is asked about the
same picture or sound in new browsers. Without names, those that have not been measured yet. Half a minute a model.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.asking import report
from benchmarks.asking.questions import FILES
from benchmarks.results import ROOT, Results
from converters.commands.destination import Destination
from converters.commands.saving import save
from models.zoo.loading import converted
from models.zoo.manifest import Model, zoo
from webnn_graph.gallery import pages_of
from webnn_graph.graph import Graph
from webnn_graph.runtimes.chromium import FLAGS, find_browser, version_of
from webnn_graph.serving import address_of, serving

ASK = (Path(__file__).parent / "ask.js").read_text("utf-8")
AXE = ROOT / ".venv" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
AGAIN = 7
"""How often a page is asked after the first time."""
WIDTHS = {"desktop": 1280, "phone": 360}
READY = "#main[aria-busy=false]"


def written(model: Model, folder: Path) -> Path | None:
    """A folder with the model's page; None where the page can be asked nothing."""
    graph = converted(model)
    assert isinstance(graph, Graph), graph
    save(graph, Destination(folder, model.name, ["page"], more={"folders": ["page"]}))
    if not (folder / f"{model.name}.task.js").is_file():
        return None
    return folder


def sizes(folder: Path, name: str) -> dict[str, int]:
    """Bytes of the page's parts as a server compresses them, and of the weights as they are."""
    parts = {"page": "index.html", "task": f"{name}.task.js", "module": f"{name}.js"}
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return {**{part: len(gzip.compress((folder / file).read_bytes())) for part, file in parts.items()}, "weights": weights}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder, as ``webnn serve`` has it."""
    with serving(folder, pages_of(folder), 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield address_of(server)
        server.shutdown()
        thread.join()


def visited(executable: Path, address: str) -> dict[str, Any]:
    """What a new browser finds on a page: times in milliseconds, how the task is called, and how many rules of axe-core it breaks."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=list(FLAGS))
        try:
            page = browser.new_page(viewport={"width": WIDTHS["desktop"], "height": 800})
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_selector(READY, state="attached")
            loaded = page.evaluate("performance.now()")
            task = page.evaluate("import(JSON.parse(document.getElementById('about').textContent).task).then(({ task }) => task)")
            times = [page.evaluate(ASK, _question(task["takes"])) for _ in range(1 + AGAIN)]
            broken = sum(_broken(page, width, colours) for width in WIDTHS.values() for colours in ("light", "dark"))
            return {"method": task["name"], "loaded": loaded, "first": times[0], "again": median(times[1:]), "broken": broken}
        finally:
            browser.close()


def _question(takes: str) -> dict[str, str]:
    name, content = FILES[takes]()
    return {"name": name, "base64": base64.b64encode(content).decode()}


def _broken(page: Page, width: int, colours: Any) -> int:
    """How many rules of axe-core the page breaks in a width and in light or dark."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert found["passes"]
    return len(found["violations"])


def main(names: Sequence[str], browsers: Sequence[Path]) -> None:
    """Measures models, keeps what was found of each at once, and writes the page about all."""
    results = Results("asking")
    versions = {version_of(executable): executable for executable in browsers}
    for model in zoo().select(names):
        left = [version for version in versions if names or (model.metadata and model.name not in results.of(version))]
        if not left:
            continue
        with tempfile.TemporaryDirectory(prefix="webnn-") as made:
            folder = written(model, Path(made))
            if folder is None:
                print(f"{model.name:<24}can be asked nothing", flush=True)
                continue
            with served(folder) as address:
                for version in left:
                    figures = {**sizes(folder, model.name), **visited(versions[version], address)}
                    results.keep(version, model.name, figures)
                    print(f"{model.name:<24}{json.dumps(figures)}", flush=True)
    report.main()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--browser", type=Path, action="append", help="of Chromium; that of WEBNN_CHROMIUM unless given")
    given = parser.parse_args()
    main(given.models, given.browser or [find_browser(None)])
