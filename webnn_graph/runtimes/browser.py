"""Running a graph in a real browser: the generated module, in Chromium with WebNN."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from webnn_graph.data_types import Array, DataType, pack, unpack
from webnn_graph.errors import ExecutionError
from webnn_graph.formats import javascript, weights
from webnn_graph.given import checked
from webnn_graph.graph import Graph
from webnn_graph.own import TEMPLATES
from webnn_graph.runtimes import RUNTIMES
from webnn_graph.runtimes.chromium import Chromium, find_browser, is_address
from webnn_graph.runtimes.exchange import Exchange, remove
from webnn_graph.targets import legalize, load_target

PAGE = ("pages/runner.js", "pages/timing.js", "runtime/tensors.js")
"""The files of the templates that a page needs."""
TIMEOUT_SECONDS = 300.0
"""Seconds that loading a model, or computing once, may take."""


def run(graph: Graph, inputs: Mapping[str, Array], *, browser: str | Path | None = None) -> dict[str, Array]:
    """Computes a graph's outputs in a browser started for this call; see `BrowserSession.run`."""
    with BrowserSession(browser) as session:
        return session.run(graph, inputs)


class BrowserSession:
    """A browser that runs graphs, one after another, while its context lasts.

    Args:
        browser: The executable, by default found by `find_browser`; or the address of a browser that runs, see `RunningBrowser`.
        timeout: Seconds that loading a model, or computing once, may take.

    Raises:
        RuntimeUnavailable: On entering: Playwright or the browser is missing, does not start, or has no working WebNN.
    """

    def __init__(self, browser: str | Path | None = None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._wanted = browser
        self.count = 0
        self.timeout = timeout

    def __enter__(self) -> BrowserSession:
        with ExitStack() as stack:
            executable = find_browser(self._wanted)
            address = str(self._wanted) if is_address(self._wanted) else ""
            self.exchange = stack.enter_context(Exchange())
            for name in PAGE:
                self.exchange.write(name, (TEMPLATES / name).read_bytes())
            self.exchange.write("runtime/facts.js", f"export const TYPES = {javascript.types(DataType)};".encode())
            self.exchange.write("index.html", b"<!doctype html><title>webnn</title>")
            self.chromium = stack.enter_context(Chromium(executable, self.exchange.url, address))
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
        return self.run_raw(self._legal(graph), inputs)

    def loaded(self, graph: Graph) -> LoadedModel:
        """The same as `load` for any graph that the browser can express: it is legalized first.

        Raises:
            ConversionError: Calls that Chromium can neither take nor be given otherwise.
        """
        return self.load(self._legal(graph))

    def _legal(self, graph: Graph) -> Graph:
        return legalize(graph, load_target(RUNTIMES["browser"].target))

    def load(self, graph: Graph) -> LoadedModel:
        """The graph built in a page of its own, to be computed many times; a context manager.

        Raises:
            ExecutionError: The browser refuses the graph, crashes, or takes too long.
        """
        return LoadedModel(self, graph)

    def run_each(
        self, cases: Sequence[tuple[Graph, Mapping[str, Array]]], *, expand: bool = True
    ) -> list[dict[str, Array] | ExecutionError]:
        """Computes many small graphs in one page, each from its inputs, which is much faster than a page for each.

        Args:
            cases: The graphs and their inputs.
            expand: Whether expressions of constants are computed when a graph is loaded.

        Returns:
            What `run_raw` would return or raise, until the first error: a browser that failed once may fail at what comes after.
        """
        with ExitStack() as undo:
            served = [undo.enter_context(Served(self, graph, expand)) for graph, _ in cases]
            for one, (_, inputs) in zip(served, cases, strict=True):
                one.feed(inputs)
            page = self.chromium.open_page()
            undo.callback(self.chromium.close_page, page)
            failure = ExecutionError("the browser stopped")
            try:
                self.chromium.call(page, "computeEach", json.dumps([one.url for one in served]), self.timeout)
            except ExecutionError as error:
                failure = error
            results: list[dict[str, Array] | ExecutionError] = []
            for one in served:
                if not one.is_computed:
                    return [*results, failure]
                results.append(one.outputs())
            return results

    def support_limits(self) -> dict[str, Any]:
        """What the browser's backend accepts: the dictionary of ``MLContext.opSupportLimits()``."""
        limits: dict[str, Any] = self.chromium.ask("limits")
        return limits


class LoadedModel:
    """A graph built in a page; made by `BrowserSession.load`."""

    def __init__(self, session: BrowserSession, graph: Graph) -> None:
        self._session = session
        with ExitStack() as undo:
            self._served = undo.enter_context(Served(session, graph))
            self.page = session.chromium.open_page()
            undo.callback(session.chromium.close_page, self.page)
            session.chromium.call(self.page, "load", self._served.url, session.timeout)
            self._served.drop_weights()
            self._undo = undo.pop_all()

    def __enter__(self) -> LoadedModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._undo.close()

    def compute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The graph's outputs by name, bit by bit what the browser computed.

        Raises:
            ExecutionError: The inputs do not fit, the browser crashes, or takes too long.
        """
        self._served.feed(inputs)
        self._session.chromium.call(self.page, "compute", self._served.url, self._session.timeout)
        return self._served.outputs()


class Served:
    """The files of a graph's module where a page of the session reads them, and what it reads and sends, while the context lasts."""

    def __init__(self, session: BrowserSession, graph: Graph, expand: bool = True) -> None:
        session.count += 1
        self.url = f"/{session.count}"
        self._graph = graph
        self._expand = expand
        self._folder = session.exchange.folder / str(session.count)

    def __enter__(self) -> Served:
        for part in ("in", "out"):
            (self._folder / part).mkdir(parents=True)
        for file_name, text in javascript.files(self._graph, "model", labels=True, expand=self._expand).items():
            (self._folder / file_name).write_text(text, encoding="utf-8")
        with self._weights.open("wb") as file:
            file.writelines(weights.contents(weights.stored(self._graph)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        remove(self._folder)

    def drop_weights(self) -> None:
        """Deletes the weights, which a page that has loaded the model needs no more."""
        self._weights.unlink()

    def feed(self, inputs: Mapping[str, Array]) -> None:
        """Writes what the page is to compute from. Raises `ExecutionError` when it does not fit."""
        given = checked(self._graph, inputs)
        for i, operand in enumerate(self._graph.inputs):
            pack(given[operand], operand.data_type).tofile(self._folder / "in" / str(i))

    def outputs(self) -> dict[str, Array]:
        """What the page has sent, by name."""
        return {
            operand.name: unpack(np.fromfile(self._folder / "out" / str(i), np.uint8), operand.data_type, operand.shape)
            for i, operand in enumerate(self._graph.outputs)
        }

    @property
    def is_computed(self) -> bool:
        """Whether `computeEach` has come to the end of this graph."""
        return (self._folder / "out" / "done").exists()

    @property
    def _weights(self) -> Path:
        return self._folder / "model.safetensors"
