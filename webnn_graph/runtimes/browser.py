"""Running a graph in a real browser: the generated module, in Chromium with WebNN, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from webnn_graph.data_types import Array, pack, unpack
from webnn_graph.errors import ExecutionError, RuntimeUnavailable
from webnn_graph.formats import javascript, weights
from webnn_graph.graph import Graph
from webnn_graph.runtimes.exchange import Exchange, remove
from webnn_graph.runtimes.reference import checked
from webnn_graph.targets import CHROMIUM, legalize, load_target

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

VARIABLE = "WEBNN_CHROMIUM"
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-features=WebMachineLearningNeuralNetwork",
)
COMMANDS = ("google-chrome", "google-chrome-stable", "chrome", "chromium", "chromium-browser")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
HINT = f"pass the path of a Chromium that has WebNN with --browser or {VARIABLE}"
TIMEOUT = 300.0
"""Seconds that loading a model, or computing once, may take."""


def run(graph: Graph, inputs: Mapping[str, Array], *, browser: str | Path | None = None) -> dict[str, Array]:
    """Computes a graph's outputs in a browser started for this call; see `BrowserSession.run`."""
    with BrowserSession(browser) as session:
        return session.run(graph, inputs)


def find_browser(browser: str | Path | None = None) -> Path:
    """The executable to drive: the argument, then ``WEBNN_CHROMIUM``, then an installed Chrome or Chromium.

    Raises:
        RuntimeUnavailable: There is none, or the one asked for does not exist.
    """
    for source, path in (("the browser", browser), (VARIABLE, os.environ.get(VARIABLE))):
        if path:
            if not Path(path).is_file():
                raise RuntimeUnavailable(f"{source} {path} does not exist", HINT)
            return Path(path)
    found = next(filter(None, map(shutil.which, COMMANDS)), None) or next((p for p in PLACES if Path(p).is_file()), None)
    if found is None:
        raise RuntimeUnavailable("no Chrome or Chromium is installed", HINT)
    return Path(found)


class BrowserSession:
    """A browser that runs graphs, one after another, while its context lasts.

    Args:
        browser: The executable; found by `find_browser`.
        timeout: Seconds that loading a model, or computing once, may take.

    Raises:
        RuntimeUnavailable: On entering: Playwright or the browser is missing, does not start, or has no working WebNN.
    """

    def __init__(self, browser: str | Path | None = None, *, timeout: float = TIMEOUT) -> None:
        self._path = browser
        self._timeout = timeout
        self._browser: Browser | None = None
        self._count = 0

    def __enter__(self) -> BrowserSession:
        with ExitStack() as stack:
            self.executable = find_browser(self._path)
            self._playwright = stack.enter_context(_playwright())
            self._exchange = stack.enter_context(Exchange())
            stack.callback(self._close)
            runner = resources.files("templates").joinpath("runner.js").read_bytes()
            (self._exchange.folder / "runner.js").write_bytes(runner)
            (self._exchange.folder / "index.html").write_text("<!doctype html><title>webnn</title>")
            self._open()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def run_raw(self, graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Computes the graph's outputs from its inputs, arrays by name.

        Raises:
            ExecutionError: The inputs do not fit, the browser refuses the graph, crashes, or takes too long.
        """
        with self.load(graph) as model:
            return model.compute(inputs)

    def run(self, graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The same for any graph that the browser can express: it is legalized first.

        Raises:
            ConversionError: Calls that Chromium can neither take nor be given otherwise.
        """
        return self.run_raw(legalize(graph, load_target(CHROMIUM)), inputs)

    def load(self, graph: Graph) -> LoadedModel:
        """The graph built in a page of its own, to be computed many times; a context manager.

        Raises:
            ExecutionError: The browser refuses the graph, crashes, or takes too long.
        """
        if self._browser is None:
            self._open()
        self._count += 1
        return LoadedModel(self, graph, f"/{self._count}")

    def support_limits(self) -> dict[str, Any]:
        """What the browser's backend accepts: the dictionary of ``MLContext.opSupportLimits()``."""
        page = self._page()
        limits: dict[str, Any] = page.evaluate("import('/runner.js').then((runner) => runner.limits())")
        page.close()
        return limits

    # ------------------------------------------------------------------------------------------------------------- private
    def _open(self) -> None:
        from playwright.sync_api import Error

        try:
            self._browser = self._playwright.chromium.launch(executable_path=str(self.executable), args=list(FLAGS))
            page = self._page()
            reason = page.evaluate("import('/runner.js').then((runner) => runner.probe())")
            page.close()
        except Error as error:
            raise RuntimeUnavailable(f"{self.executable} does not start: {_first_line(error)}", HINT) from None
        if reason:
            raise RuntimeUnavailable(f"{self.executable} has no working WebNN: {reason}", HINT)

    def _page(self) -> Page:
        assert self._browser is not None
        page = self._browser.new_page()
        page.goto(f"{self._exchange.url}/index.html")
        return page

    def _close(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def _call(self, page: Page, function: str, folder: str) -> None:
        """Awaits ``function(folder)`` of the runner."""
        from playwright.sync_api import Error
        from playwright.sync_api import TimeoutError as TimedOut

        start = """([name, folder]) => {
            window.outcome = undefined;
            const finish = (error) => { window.outcome = error ? `${error.name}: ${error.message}` : ""; };
            import("/runner.js").then((runner) => runner[name](folder)).then(() => finish(), finish);
        }"""
        try:
            page.evaluate(start, [function, folder])
            page.wait_for_function("window.outcome !== undefined", timeout=self._timeout * 1000, polling=20)
            outcome = page.evaluate("window.outcome")
        except TimedOut:
            outcome = f"no answer after {self._timeout:g} s"
        except Error as error:
            outcome = _first_line(error)
        if outcome:
            self._close()  # A failed backend may be gone for every later graph of this process.
            raise ExecutionError(f"the browser failed to {function} the model: {outcome}")


class LoadedModel:
    """A graph built in a page; made by `BrowserSession.load`."""

    def __init__(self, session: BrowserSession, graph: Graph, folder: str) -> None:
        self._session = session
        self._graph = graph
        self._url = folder
        self._folder = session._exchange.folder / folder.strip("/")
        for part in ("in", "out"):
            (self._folder / part).mkdir(parents=True)
        try:
            for name, text in javascript.files(graph, "model", labels=True).items():
                (self._folder / name).write_text(text, encoding="utf-8")
            with (self._folder / "model.safetensors").open("wb") as file:
                file.writelines(weights.contents(weights.stored(graph)))
            self.page = session._page()
            session._call(self.page, "load", self._url)
        except BaseException:
            remove(self._folder)
            raise
        (self._folder / "model.safetensors").unlink(missing_ok=True)

    def __enter__(self) -> LoadedModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session._browser is not None:
            self.page.close()
        remove(self._folder)

    def compute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The graph's outputs by name, bit by bit what the browser computed.

        Raises:
            ExecutionError: The inputs do not fit, the browser crashes, or takes too long.
        """
        given = checked(self._graph, inputs)
        for i, operand in enumerate(self._graph.inputs):
            pack(given[operand], operand.data_type).tofile(self._folder / "in" / str(i))
        self._session._call(self.page, "compute", self._url)
        outputs = {}
        for i, operand in enumerate(self._graph.outputs):
            outputs[operand.name] = unpack(np.fromfile(self._folder / "out" / str(i), np.uint8), operand.data_type, operand.shape)
        return outputs


@contextmanager
def _playwright() -> Iterator[Playwright]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        hint = f"{Path(sys.executable).name} -m pip install 'webnn-convert[browser]'"
        raise RuntimeUnavailable("the browser runtime needs Playwright, which is not installed", hint) from None
    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Error as error:
            hint = "one thread runs one session at a time; in a notebook or other event loop, use a thread of its own"
            raise RuntimeUnavailable(f"Playwright does not start: {_first_line(error)}", hint) from None
        yield playwright


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
