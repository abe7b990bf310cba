"""What computes a graph: ``reference`` in NumPy, ``onnxruntime`` fast, ``rustnn`` through pywebnn, ``browser`` in a real Chromium."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from webnn_graph.codes import Code
from webnn_graph.errors import RuntimeUnavailable, WebNNError
from webnn_graph.names import nearest

if TYPE_CHECKING:  # the table costs a command that only shows it nothing
    from webnn_graph.data_types import Array
    from webnn_graph.graph import Graph


@dataclass(frozen=True)
class Runtime:
    """What computes graphs: the ``run`` of the module here that has its name, imported when it is used.

    Attributes:
        name: How it is asked for.
        tolerance: Largest relative difference from a source model that is still right, for float32.
        target: What it takes; graphs are legalized for this first.
        profiles: Whether `webnn_graph.runtimes.profiling` can tell what its calls cost.
        has_browser: Whether it drives a browser, whose executable can be given.
        needs: What must be installed besides; empty for nothing.
        extra: The extra of this package that installs it.
        condition: What else that takes.
        package: The package that computes; empty for this one, or a browser.
    """

    name: str
    tolerance: float
    target: str
    profiles: bool = False
    has_browser: bool = False
    needs: str = ""
    extra: str = ""
    condition: str = ""
    package: str = ""

    def run(self, graph: Graph, inputs: Mapping[str, Array], *, browser: str | None = None) -> dict[str, Array]:
        """The graph's outputs by name; see `run`."""
        module = import_module(f"{__name__}.{self.name}")
        outputs: dict[str, Array] = module.run(graph, inputs, **({"browser": browser} if self.has_browser else {}))
        return outputs

    @contextmanager
    def prepared(
        self, graphs: Mapping[str, Graph], *, browser: str | None = None
    ) -> Iterator[dict[str, Callable[[Mapping[str, Array]], dict[str, Array]]]]:
        """What computes each of some graphs, by name, as often as it is called while the context lasts; see `run`.

        A browser is started once, and each graph built once.
        """
        with ExitStack() as stack:
            if self.has_browser:
                session = stack.enter_context(import_module(f"{__name__}.{self.name}").BrowserSession(browser))
                yield {name: stack.enter_context(session.loaded(graph)).compute for name, graph in graphs.items()}
            else:
                yield {name: partial(self.run, graph) for name, graph in graphs.items()}

    def version(self, browser: str | None = None) -> str:
        """What computes with this runtime here, with its version; empty for what is part of this package.

        Raises:
            RuntimeUnavailable: It is not there.
        """
        if self.has_browser:
            version: str = import_module(f"{__name__}.chromium").version_of(browser)
            return version
        if not self.package:
            return ""
        try:
            return f"{self.package} {metadata.version(self.package)}"
        except metadata.PackageNotFoundError:
            raise self.unavailable() from None

    @property
    def package_version(self) -> str:
        """The package that computes, with its version, where it is another one than this: ``pywebnn 0.5.12``; else empty.

        Raises:
            RuntimeUnavailable: It is not there.
        """
        return self.version() if self.package else ""

    def unavailable(self) -> RuntimeUnavailable:
        """What to raise when what it needs is not installed."""
        hint = f"{Path(sys.executable).name} -m pip install 'webnn-convert[{self.extra}]'{self.condition}"
        return RuntimeUnavailable(f"the {self.name} runtime needs {self.needs}, which is not installed", hint)


LARGE = 2**26
"""Bytes of weights and intermediate results from which on a graph is large."""


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime("reference", 1e-4, "standard", profiles=True),
        Runtime("onnxruntime", 1e-4, "standard", needs="onnxruntime", extra="verify", package="onnxruntime"),
        Runtime("rustnn", 1e-3, "rustnn", needs="pywebnn", extra="rustnn", condition=", on Python 3.12 or newer", package="pywebnn"),
        Runtime("browser", 1e-3, "chromium", profiles=True, has_browser=True, needs="Playwright", extra="browser"),
    )
}
"""The runtimes by name, in the order in which to try them."""


def find_runtime(name: str) -> Runtime:
    """The runtime of this name. Raises `WebNNError` when there is none."""
    if name not in RUNTIMES:
        raise WebNNError(
            f"there is no runtime {name!r}", nearest(name, RUNTIMES) or f"the runtimes are {', '.join(RUNTIMES)}", code=Code.UNKNOWN_RUNTIME
        )
    return RUNTIMES[name]


def chosen(graph: Graph) -> str:
    """What computes a graph where nobody says it: ``onnxruntime`` for a large one where it is installed, else ``reference``."""
    results = sum(operand.nbytes for node in graph.nodes for operand in node.outputs)
    is_installed = find_spec(RUNTIMES["onnxruntime"].package) is not None
    return "onnxruntime" if is_installed and graph.weight_bytes + results >= LARGE else "reference"


def run(
    graph: Graph, inputs: Mapping[str, Array], *, runtime: str = "reference", browser: str | None = None, seed: int | None = None
) -> dict[str, Array]:
    """The graph's outputs by name.

    Args:
        graph: What to compute.
        inputs: One array per graph input, see `webnn_graph.given.checked`. Random inputs that are missing are drawn.
        runtime: One of `RUNTIMES`.
        browser: The browser's executable, for that runtime; by default it is searched for.
        seed: With the same one, the same numbers are drawn.

    Raises:
        WebNNError: There is no such runtime.
        ExecutionError: The inputs do not fit the graph, or the runtime failed.
        RuntimeUnavailable: The runtime is not installed or did not start.
    """
    from webnn_graph.given import by_name
    from webnn_graph.random_inputs import drawn

    given = by_name(graph, inputs)
    return find_runtime(runtime).run(graph, {**given, **drawn(graph, given, seed)}, browser=browser)
