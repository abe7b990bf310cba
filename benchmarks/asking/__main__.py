"""Measures pages that answer: ``python -m benchmarks.asking [MODEL...] [--browser PATH...]``.

Each model of the zoo of which it is known what it takes and gives becomes a page, as ``--format page`` writes it, that is asked about the
same picture, sound or text in new browsers. Without names, those that have not been measured yet. Half a minute a model.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.asking import report
from benchmarks.asking.questions import question
from benchmarks.pages import broken_rules, served
from benchmarks.results import Results
from converters.commands.destination import Destination
from converters.commands.saving import save
from models.zoo.loading import converted, tokenizer_of
from models.zoo.manifest import Model, zoo
from webnn_graph.graph import Graph
from webnn_graph.runtimes.chromium import FLAGS, find_browser, version_of

ASK = (Path(__file__).parent / "ask.js").read_text("utf-8")
AGAIN = 7
"""How often a page is asked after the first time."""
WIDTHS = {"desktop": 1280, "phone": 360}
READY = "#main[aria-busy=false]"


def written(model: Model, folder: Path) -> Path | None:
    """A folder with the model's page; None where the page can be asked nothing."""
    graph = converted(model)
    assert isinstance(graph, Graph), graph
    save(graph, Destination(folder, model.name, ["page"], more={"folders": ["page"]}, tokenizer=tokenizer_of(model)))
    if not (folder / f"{model.name}.task.js").is_file():
        return None
    return folder


def sizes(folder: Path, name: str) -> dict[str, int]:
    """Bytes of the page's parts as a server compresses them, and of the weights as they are."""
    parts = {"page": "index.html", "task": f"{name}.t*.js*", "module": f"{name}.js"}
    packed = {part: sum(len(gzip.compress(file.read_bytes())) for file in folder.glob(pattern)) for part, pattern in parts.items()}
    return {**packed, "weights": sum(file.stat().st_size for file in folder.glob("*.safetensors"))}


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
            times = [page.evaluate(ASK, question(task["takes"])) for _ in range(1 + AGAIN)]
            broken = sum(_broken(page, width, colours) for width in WIDTHS.values() for colours in ("light", "dark"))
            return {"method": task["name"], "loaded": loaded, "first": times[0], "again": median(times[1:]), "broken": broken}
        finally:
            browser.close()


def _broken(page: Page, width: int, colours: Any) -> int:
    """How many rules of axe-core the page breaks in a width and in light or dark."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)
    return len(broken_rules(page))


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
