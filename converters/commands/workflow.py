"""What every converting command does: convert, save, verify, report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from converters.checking.joined_steps import verify_steps
from converters.checking.reference import GraphSource
from converters.checking.verify import Runner, Verification, verify, verify_nodes
from converters.commands.console import DONE, Result, note, progress, size
from converters.commands.destination import Destination
from converters.commands.joining import HELPERS, VerifiedJoining, own_inputs, sparing
from converters.commands.quantizing import QuantizedGraphs, Quantizing, VerifiedRounding
from converters.commands.report import Verified
from converters.commands.saving import Saved, save, save_package
from converters.joining import Joined
from converters.source import Source
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.feeds import complete
from webnn_graph.formats import load
from webnn_graph.formats.table import readable
from webnn_graph.generation.interface import SPECTROGRAM
from webnn_graph.generation.package import Package, names_of_all
from webnn_graph.graph import Graph, Operand
from webnn_graph.quantization import Quantized
from webnn_graph.quantization.recognizing import may_be_rounded, rounded_like
from webnn_graph.targets import load_target
from webnn_graph.targets.violations import of_tensor


@dataclass(frozen=True)
class Check:
    """How a conversion is verified.

    Attributes:
        runtime: What computes the graph, see `webnn_graph.runtimes`; None for what `webnn_graph.runtimes.chosen` says.
        browser: The browser's executable; None searches for one.
        tolerance: Largest relative difference; None for the runtime's own.
        inputs: Values by input name; the others are made up.
        seed: For made-up values.
        each_node: Whether every node is compared on the source's own values, instead of the outputs.

    Raises:
        WebNNError: There is no such runtime, or it does not compare nodes.
    """

    runtime: str | None = None
    browser: str | None = None
    tolerance: float | None = None
    inputs: Mapping[str, Array] = field(default_factory=dict)
    seed: int = 0
    each_node: bool = False

    def __post_init__(self) -> None:
        if self.runtime is not None:
            runtimes.find_runtime(self.runtime)
        if self.each_node and self.runtime not in (None, "reference"):
            raise WebNNError(f"each node is compared in the reference runtime, not in {self.runtime}", "leave out --runtime")

    def decided(self, graph: Graph, verify: Callable[[Check], Verification]) -> tuple[str, Verification]:
        """The runtime that computes the graph, and what ``verify`` finds with it.

        What the user did not choose must not be what is wrong: then it is the reference, which says what is right.
        """
        name = self.runtime or ("reference" if self.each_node else runtimes.chosen(graph))
        verification = verify(replace(self, runtime=name))
        if not verification.ok and name not in (self.runtime, "reference"):
            name = "reference"
            verification = verify(replace(self, runtime=name))
        return name, verification

    def run(self, graph: Graph, source: Source, run: Runner | None = None, *, search: bool = True) -> Verification:
        """Verifies ``graph`` against ``source``; see `converters.checking.verify.verify`.

        Args:
            graph: The graph.
            source: What says what is right.
            run: Computes in the runtime's place.
            search: Whether the first wrong node is looked for where outputs differ.
        """
        runtime = runtimes.find_runtime(self.runtime or "reference")
        target = load_target(runtime.target)

        def returns(operand: Operand) -> bool:
            return search and not any(of_tensor(target, "output", operand))

        run = run or partial(runtimes.run, runtime=runtime.name, browser=self.browser)
        tolerance = runtime.tolerance if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            if self.each_node:
                chosen = runtimes.chosen(graph)
                fast = None if chosen == runtime.name else partial(runtimes.run, runtime=chosen)
                return verify_nodes(graph, source, tolerance=tolerance, inputs=self.inputs, seed=self.seed, fast=fast)
            return verify(graph, source, run, tolerance=tolerance, inputs=self.inputs, seed=self.seed, returns=returns)


@dataclass(frozen=True)
class Part:
    """A graph that was written, and how it is verified.

    Attributes:
        saved: The graph and its files.
        verify: Compares it with its source model; None when nobody asked.
    """

    saved: Saved
    verify: Callable[[], Verified | VerifiedRounding | VerifiedJoining] | None = None

    @cached_property
    def verified(self) -> Verified | VerifiedRounding | VerifiedJoining | None:
        """How near it is to its source model; computed when it is first asked for, which takes time."""
        return self.verify() if self.verify else None


@dataclass(frozen=True)
class Conversion(Result):
    """The graphs that a command wrote of a model.

    Attributes:
        parts: The graphs.
        quantized: What became of their weights; None where they are as they were.
    """

    parts: Sequence[Part]
    quantized: QuantizedGraphs | None = None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The worst exit status."""
        return max(part.verified.status if part.verified else DONE for part in self.parts)

    def show(self) -> None:
        """Says what was written before it is verified."""
        for part in self.parts:
            part.saved.show()
        self._show_quantized()
        for part in self.parts:
            if part.verified:
                part.verified.show()

    def _show_quantized(self) -> None:
        """Says what became of weights, and where a target made them larger again."""
        if self.quantized is None:
            return
        self.quantized.show()
        written_as = {part.saved.graph.name: part.saved.graph for part in self.parts}
        for rounded in self.quantized.graphs:
            written = written_as[rounded.name].weight_bytes
            if written > rounded.weight_bytes and any(operand.data_type.bits == 4 for operand in rounded.constants):
                note(f"note: {rounded.name}: as written {size(written)}, since the target lacks 4 bits; --target chromium keeps them")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {
            "graphs": [
                part.saved.document() | {"verification": part.verified.document() if part.verified else None} for part in self.parts
            ],
            "quantization": self.quantized.document() if self.quantized else None,
        }


def converted(
    convert: Callable[[], Graph],
    destination: Destination,
    source: Callable[[], Source] | None = None,
    check: Check | None = None,
    quantizing: Quantizing | None = None,
    joining: Callable[[Graph], Joined] | None = None,
) -> Conversion:
    """Converts a model and saves it; what was saved is verified when it is shown.

    Args:
        convert: Makes the graph.
        destination: Where it goes.
        source: Makes the source model to verify against; None where there is none.
        check: How to verify; None does not.
        quantizing: How weights are rounded; None leaves them as they are.
        joining: Puts more steps into the graph; None leaves it as it is.
    """
    destination.check()
    with progress("converting ..."):
        graph = convert()
        joined = joining(graph) if joining else None
        graph = joined.graph if joined else graph
    quantizing = sparing(quantizing, joined) if quantizing and joined else quantizing
    rounded = quantizing.of([graph]) if quantizing else None
    with progress("writing ..."):
        saved = save(rounded.graphs[0] if rounded else graph, destination)
    part = rounded.parts[0] if rounded else None
    return Conversion([Part(saved, _verify(saved, source, check, part, joined))], rounded)


def _verify(
    saved: Saved, source: Callable[[], Source] | None, check: Check | None, rounded: Quantized | None, joined: Joined | None = None
) -> Callable[[], Verified | VerifiedRounding | VerifiedJoining] | None:
    """What verifies files that were written; None where nobody asked, or there is nothing to compare them with."""
    if check is None:
        return None
    if joined:
        return (lambda: verified_joined(read_again(saved), joined, rounded, source(), check)) if source else None
    if rounded:
        return lambda: verified_rounding(read_again(saved), rounded, source() if source else None, check)
    return (lambda: verified(read_again(saved), source(), check)) if source else None


class Parts(Protocol):
    """A model that is converted to several graphs, which have their weights in common."""

    @property
    def names(self) -> Sequence[str]:
        """What the graphs may be called."""
        ...

    @property
    def package(self) -> Package:
        """What stands beside the graphs, once they are converted."""
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


def converted_package(
    model: Parts, destination: Destination, check: Check | None = None, quantizing: Quantizing | None = None
) -> Conversion:
    """The same as `converted` for a package: a file of its name for each graph, with one file of weights, and what is beside them."""
    possible = {name: destination.member(name) for name in model.names}
    besides = [destination.folder / name for name in names_of_all()] + [file for place in possible.values() for file in place.files]
    for place in possible.values():
        place.check(besides=besides)
    with progress("converting ..."):
        graphs = model.convert()
    places = {name: possible[name] for name in graphs}
    package = model.package
    destination.check_package(package)
    learned = [name for name in places if name != SPECTROGRAM]  # whose matrices are sines, and no weights
    rounded = quantizing.of([graphs[name] for name in learned], model.inputs(learned[0])) if quantizing else None
    parts = dict(zip(learned, rounded.parts, strict=True)) if rounded else {}
    with progress("writing ..."):
        written = [(parts[name].graph if name in parts else graphs[name], place) for name, place in places.items()]
        saved = dict(zip(places, save_package(written, package), strict=True))

    def part(name: str) -> Part:
        own = replace(check, inputs={**model.inputs(name), **check.inputs}) if check else None
        return Part(saved[name], _verify(saved[name], lambda: model.source(name), own, parts.get(name)))

    return Conversion([part(name) for name in places], rounded)


def verified(graph: Graph, source: Source, check: Check) -> Verified:
    """How near a graph is to its source model."""
    source = source.of(graph)
    runtime, verification = check.decided(graph, lambda decided: decided.run(graph, source))
    return Verified(graph, verification, runtime, source.runner, check.each_node)


def verified_file(graph: Graph, source: Source, check: Check, original: Callable[[], Graph]) -> Verified | VerifiedRounding:
    """How near a graph of a file is to its source model; where its weights were rounded, to that with these weights.

    Args:
        graph: The graph.
        source: The source model.
        check: How to verify.
        original: Converts the source model, to see what was rounded.
    """
    if may_be_rounded(graph):
        with suppress(WebNNError):  # then it is compared with the source model as it is
            before = original()
            if rounded := rounded_like(graph, before):
                return verified_rounding(graph, Quantized(rounded, before, {}, {}), source, check)
    return verified(graph, source, check)


def verified_rounding(graph: Graph, rounded: Quantized, source: Source | None, check: Check) -> VerifiedRounding:
    """How near what was written of a graph with rounded weights is to that graph in NumPy, and how far from the original.

    Args:
        graph: What was written.
        rounded: The graph that it was written of.
        source: The source model; None where the graph with its own weights is the original.
        check: How to verify. The graph with its own weights is compared with the source model, too, in NumPy.
    """
    source = source and source.of(graph)
    conversion = verified(rounded.before, source, replace(check, runtime="reference", browser=None)) if source else None
    expected, check = GraphSource(rounded.graph, source), replace(check, each_node=False)
    runs = {name: once(partial(runtimes.run, runtime=name, browser=check.browser)) for name in runtimes.RUNTIMES}
    runtime, verification = check.decided(graph, lambda decided: decided.run(graph, expected, runs[decided.runtime or ""]))
    run = runs[runtime]
    original = replace(check, tolerance=math.inf).run(graph, source or GraphSource(rounded.before), run, search=False)
    far = {difference.name: difference for difference in original.differences}
    return VerifiedRounding(conversion, Verified(graph, verification, runtime, expected.runner, original=far))


def verified_joined(graph: Graph, joined: Joined, rounded: Quantized | None, source: Source, check: Check) -> VerifiedJoining:
    """How right a graph with more steps than its model is: the model's against the source model, and the steps against those in Python."""
    conversion = verified(joined.before, source, check)
    if rounded is None:
        return VerifiedJoining(conversion, verified_joining(graph, joined, check))
    own = replace(check, inputs=own_inputs(joined, check.inputs, check.seed))
    joining = verified_joining(joined.graph, joined, replace(check, runtime="reference", browser=None))
    return VerifiedJoining(conversion, joining, verified_rounding(graph, rounded, None, own))


def verified_joining(graph: Graph, joined: Joined, check: Check) -> Verified:
    """How near a graph with all steps is to the model's, which the same runtime computes, with the same steps in Python.

    Args:
        graph: What was written of ``joined``.
        joined: Both graphs.
        check: How to compare.
    """
    feeds = complete(graph, own_inputs(joined, check.inputs, check.seed), check.seed)

    def compared(decided: Check) -> Verification:
        runtime = runtimes.find_runtime(decided.runtime or "reference")
        tolerance = runtime.tolerance if check.tolerance is None else check.tolerance
        run = partial(runtimes.run, runtime=runtime.name, browser=check.browser)
        with progress("comparing with the steps in Python ..."):
            return verify_steps(graph, joined, run, feeds, tolerance)

    runtime, verification = replace(check, each_node=False).decided(graph, compared)
    return Verified(graph, verification, runtime, HELPERS)


def once(run: Runner) -> Runner:
    """The same, but what was computed first is not computed again."""
    first: list[tuple[Graph, Mapping[str, Array], dict[str, Array]]] = []

    def computed(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        for known, feeds, outputs in first:
            if known is graph and all(np.array_equal(feeds[name], array) for name, array in inputs.items()):
                return outputs
        outputs = run(graph, inputs)
        if not first:
            first.append((graph, inputs, outputs))
        return outputs

    return computed


def read_again(saved: Saved) -> Graph:
    """The graph as its files say it, so that verification covers writing and reading, too."""
    suffixes = [format.suffix for format in readable()]
    written = [path for path in saved.files if path.suffix in suffixes]
    return load(written[0]) if written else saved.graph
