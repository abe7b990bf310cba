"""What every converting command does: convert, save, verify, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Protocol

from converters.checking.verify import Runner, Verification, verify, verify_nodes
from converters.commands.console import DONE, Result, progress
from converters.commands.destination import Destination
from converters.commands.report import Verified
from converters.commands.saving import Saved, save, save_parts
from converters.source import Source
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.formats import load
from webnn_graph.formats.table import readable
from webnn_graph.graph import Graph, Operand
from webnn_graph.targets import load_target
from webnn_graph.targets.violations import of_tensor


@dataclass(frozen=True)
class Check:
    """How a conversion is verified.

    Attributes:
        runtime: What computes the graph, see `webnn_graph.runtimes`.
        browser: The browser's executable; None searches for one.
        tolerance: Largest relative difference; None for the runtime's own.
        inputs: Values by input name; the others are made up.
        seed: For made-up values.
        each_node: Whether every node is compared on the source's own values, instead of the outputs.

    Raises:
        WebNNError: There is no such runtime, or it does not compare nodes.
    """

    runtime: str = "reference"
    browser: str | None = None
    tolerance: float | None = None
    inputs: Mapping[str, Array] = field(default_factory=dict)
    seed: int = 0
    each_node: bool = False

    def __post_init__(self) -> None:
        runtimes.find_runtime(self.runtime)
        if self.each_node and self.runtime != "reference":
            raise WebNNError(f"each node is compared in the reference runtime, not in {self.runtime}", "leave out --runtime")

    def run(self, graph: Graph, source: Source, run: Runner | None = None, *, search: bool = True) -> Verification:
        """Verifies ``graph`` against ``source``; see `converters.checking.verify.verify`.

        Args:
            graph: The graph.
            source: What says what is right.
            run: Computes in the runtime's place.
            search: Whether the first wrong node is looked for where outputs differ.
        """
        runtime = runtimes.find_runtime(self.runtime)
        target = load_target(runtime.target)

        def returns(operand: Operand) -> bool:
            return search and not any(of_tensor(target, "output", operand))

        run = run or partial(runtimes.run, runtime=self.runtime, browser=self.browser)
        tolerance = runtime.tolerance if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            if self.each_node:
                return verify_nodes(graph, source, tolerance=tolerance, inputs=self.inputs, seed=self.seed)
            return verify(graph, source, run, tolerance=tolerance, inputs=self.inputs, seed=self.seed, returns=returns)


@dataclass(frozen=True)
class Part:
    """A graph that was written, and how it is verified.

    Attributes:
        saved: The graph and its files.
        verify: Compares it with its source model; None when nobody asked.
    """

    saved: Saved
    verify: Callable[[], Verified] | None = None

    @cached_property
    def verified(self) -> Verified | None:
        """How near it is to its source model; computed when it is first asked for, which takes time."""
        return self.verify() if self.verify else None


@dataclass(frozen=True)
class Conversion(Result):
    """The graphs that a command wrote of a model."""

    parts: Sequence[Part]

    @property
    def status(self) -> int:  # type: ignore[override]
        """The worst exit status."""
        return max(part.verified.status if part.verified else DONE for part in self.parts)

    def show(self) -> None:
        """Says what was written before it is verified."""
        for part in self.parts:
            part.saved.show()
        for part in self.parts:
            if part.verified:
                part.verified.show()

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {
            "graphs": [part.saved.document() | {"verification": part.verified.document() if part.verified else None} for part in self.parts]
        }


def converted(
    convert: Callable[[], Graph], destination: Destination, source: Callable[[], Source] | None = None, check: Check | None = None
) -> Conversion:
    """Converts a model and saves it; what was saved is verified when it is shown.

    Args:
        convert: Makes the graph.
        destination: Where it goes.
        source: Makes the source model to verify against.
        check: How to verify; None does not.
    """
    destination.check()
    with progress("converting ..."):
        graph = convert()
    with progress("writing ..."):
        saved = save(graph, destination)
    if check is None or source is None:
        return Conversion([Part(saved)])
    return Conversion([Part(saved, lambda: verified(read_again(saved), source(), check))])


class Parts(Protocol):
    """A model that is converted to several graphs, which have their weights in common."""

    @property
    def names(self) -> Sequence[str]:
        """What the graphs are called."""
        ...

    def convert(self) -> Mapping[str, Graph]:
        """The graphs by name."""
        ...

    def source(self, name: str) -> Source:
        """The model as the source of right numbers for a graph."""
        ...

    def inputs(self, name: str) -> Mapping[str, Array]:
        """Values for a graph's inputs that cannot be made up."""
        ...


def converted_parts(model: Parts, destination: Destination, check: Check | None = None) -> Conversion:
    """The same as `converted` for a model of several graphs: ``<stem>_<name>`` each, with one file of weights."""
    places = {name: destination.part(name) for name in model.names}
    for place in places.values():
        place.check()
    with progress("converting ..."):
        graphs = model.convert()
    with progress("writing ..."):
        saved = dict(zip(places, save_parts([(graphs[name], place) for name, place in places.items()]), strict=True))

    def part(name: str) -> Part:
        if check is None:
            return Part(saved[name])
        own = replace(check, inputs={**model.inputs(name), **check.inputs})
        return Part(saved[name], lambda: verified(read_again(saved[name]), model.source(name), own))

    return Conversion([part(name) for name in places])


def verified(graph: Graph, source: Source, check: Check) -> Verified:
    """How near a graph is to its source model."""
    source = source.of(graph)
    verification = check.run(graph, source)
    return Verified(graph, verification, check.runtime, source.runner, check.each_node)


def read_again(saved: Saved) -> Graph:
    """The graph as its files say it, so that verification covers writing and reading, too."""
    suffixes = [format.suffix for format in readable()]
    written = [path for path in saved.files if path.suffix in suffixes]
    return load(written[0]) if written else saved.graph
