"""What every converting command does: convert, save, verify, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from converters.checking.verify import Verification, verify, verify_nodes
from converters.commands.console import DONE, progress, say
from converters.commands.destination import Destination
from converters.commands.report import report_nodes, report_outputs_compared, report_sizes
from converters.commands.saving import Saved, save, save_parts, save_sized
from converters.source import Source
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.formats import load
from webnn_graph.formats.table import readable
from webnn_graph.graph import Graph, Operand
from webnn_graph.sizes.conversion import convert_sizes, separated, whole_masks
from webnn_graph.sizes.extents import Sizes
from webnn_graph.sizes.sized import Padding, Sized, described, label_of
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

    def run(self, graph: Graph, source: Source) -> Verification:
        """Verifies ``graph`` against ``source``; see `converters.checking.verify.verify`."""
        runtime = runtimes.find_runtime(self.runtime)
        target = load_target(runtime.target)

        def returns(operand: Operand) -> bool:
            return not any(of_tensor(target, "output", operand))

        run = partial(runtimes.run, runtime=self.runtime, browser=self.browser)
        tolerance = runtime.tolerance if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            if self.each_node:
                return verify_nodes(graph, source, tolerance=tolerance, inputs=self.inputs, seed=self.seed)
            return verify(graph, source, run, tolerance=tolerance, inputs=self.inputs, seed=self.seed, returns=returns)

    def of_size(self, sized: Sized, graph: Graph) -> Check:
        """The check of one of several sizes: values for inputs that are those of another size are left out."""
        own, *others = ({operand.name: operand.size for operand in g.inputs} for g in (graph, *sized.graphs))

        def is_of_another(name: str, array: Array) -> bool:
            return array.size not in (1, own.get(name)) and any(array.size == other.get(name) for other in others)

        return replace(self, inputs={name: array for name, array in self.inputs.items() if not is_of_another(name, array)})

    def run_padded(self, sized: Sized, source: Source) -> Verification:
        """Verifies what the largest graph makes of smaller inputs, which are filled up, against ``source`` on these as they are."""
        assert sized.probe is not None
        sizes, graph = sized.probe
        runtime = runtimes.find_runtime(self.runtime)
        compute = partial(runtimes.run, runtime=self.runtime, browser=self.browser)

        def run(_: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
            return sized.run_padded(sized.fitting(sizes)[-1], sizes, inputs, compute)

        tolerance = runtime.tolerance if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            masks = whole_masks(sized)
            return verify(graph, source, run, tolerance=tolerance, inputs=masks, seed=self.seed, returns=lambda _: False)


def convert_and_report(
    convert: Callable[[], Graph], destination: Destination, source: Callable[[], Source] | None = None, check: Check | None = None
) -> int:
    """Converts a model, saves it, verifies what was saved if asked to, and says what came of it.

    Args:
        convert: Makes the graph.
        destination: Where it goes.
        source: Makes the source model to verify against.
        check: How to verify; None does not.

    Returns:
        The exit status.
    """
    destination.check()
    with progress("converting ..."):
        graph = convert()
    with progress("writing ..."):
        saved = save(graph, destination)
    saved.report()
    if check is None or source is None:
        return DONE
    return verify_and_report(_read_again(saved), source(), check)


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


def convert_parts_and_report(model: Parts, destination: Destination, check: Check | None = None) -> int:
    """The same as `convert_and_report` for a model of several graphs: ``<stem>_<name>`` each, with one file of weights.

    Returns:
        The worst exit status.
    """
    places = {name: destination.part(name) for name in model.names}
    for place in places.values():
        place.check()
    with progress("converting ..."):
        graphs = model.convert()
    with progress("writing ..."):
        saved = dict(zip(places, save_parts([(graphs[name], place) for name, place in places.items()]), strict=True))
    for part in saved.values():
        part.report()
    if check is None:
        return DONE
    checks = {name: replace(check, inputs={**model.inputs(name), **check.inputs}) for name in places}
    return max(verify_and_report(_read_again(saved[name]), model.source(name), checks[name]) for name in places)


@dataclass(frozen=True)
class SeveralSizes:
    """A model that is converted for several sizes.

    Attributes:
        convert: Makes the graph for sizes.
        source: Makes the source model of sizes to verify against.
        each: The sizes of all dimensions in each graph.
        padding: What becomes of inputs of other sizes; None finds it out.
        budget: How many times the normal work that may take.
    """

    convert: Callable[[Sizes], Graph]
    source: Callable[[Sizes], Source]
    each: Sequence[Sizes]
    padding: str | None = None
    budget: float = 1.0

    @property
    def fixed(self) -> Sizes:
        """The dimensions that have one size only."""
        return separated(self.each)[0]

    @property
    def sizes(self) -> Sequence[Sizes]:
        """The sizes of the others."""
        return separated(self.each)[1]


def convert_sizes_and_report(model: SeveralSizes, destination: Destination, check: Check | None = None) -> int:
    """The same as `convert_and_report` for several sizes: ``<stem>_<size>`` each, one file of weights, and what is for all sizes.

    Returns:
        The worst exit status.
    """
    for place in (*(destination.part(label_of(sizes)) for sizes in model.sizes), destination.together()):
        place.check()
    with progress("converting ..."):
        sized = convert_sizes(model.convert, model.each, name=destination.stem, padding=model.padding, budget=model.budget)
    with progress("writing ..."):
        saved = save_sized(sized, destination)
    for part in saved:
        part.report()
    report_sizes(sized)
    return DONE if check is None else _verify_sizes(model, sized.of([_read_again(part) for part in saved]), check)


def _verify_sizes(model: SeveralSizes, sized: Sized, check: Check) -> int:
    """Verifies each size, and one that is padded; shows the differences and returns the worst exit status."""
    statuses = []
    for sizes, graph in zip(sized.sizes, sized.graphs, strict=True):
        say(f"{described(sizes)}:")
        statuses.append(verify_and_report(graph, model.source({**model.fixed, **sizes}), check.of_size(sized, graph)))
    if sized.padding is not Padding.EXACT and sized.probe and not check.each_node:
        sizes = sized.probe[0]
        source = model.source({**model.fixed, **sizes})
        say(f"{described(sizes)}, filled up to {described(sized.sizes[sized.fitting(sizes)[-1]])}:")
        statuses.append(report_outputs_compared(check.run_padded(sized, source), f"{check.runtime} runtime against {source.runner}"))
    return max(statuses)


def verify_and_report(graph: Graph, source: Source, check: Check) -> int:
    """Verifies a graph against its source model and shows the differences.

    Returns:
        The exit status.
    """
    verification = check.run(graph, source)
    if check.each_node:
        return report_nodes(verification, f"every node on the values of {source.runner}; the largest differences")
    return report_outputs_compared(verification, f"{check.runtime} runtime against {source.runner}")


def _read_again(saved: Saved) -> Graph:
    """The graph as its files say it, so that verification covers writing and reading, too."""
    suffixes = [format.suffix for format in readable()]
    written = [path for path in saved.files if path.suffix in suffixes]
    return load(written[0]) if written else saved.graph
