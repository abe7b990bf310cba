"""What every converting command does: convert, save, verify, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from converters.console import DONE, progress
from converters.report import report_graph, report_nodes, report_outputs_compared
from converters.source import Source
from converters.verify import Verification, verify, verify_nodes
from webnn_graph.compare import TOLERANCES
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.graph import Graph
from webnn_graph.targets import CHROMIUM, Target, legalize, load_target


@dataclass(frozen=True)
class Destination:
    """Where a graph is saved.

    Attributes:
        folder: Made when it does not exist.
        stem: Common name of the files.
        formats: Suffixes of the forms to write, without the dot: webnn, json, js.
        labels: Whether nodes keep their labels; None for what each form does by itself.
        overwrite: Whether files that exist are replaced.
        target: What the files are for; None for what each form is for: .js for browsers, the others for any implementation.
    """

    folder: Path
    stem: str
    formats: Sequence[str] = ("webnn",)
    labels: bool | None = None
    overwrite: bool = False
    target: Target | None = None

    @property
    def graphs(self) -> list[Path]:
        """The graph files, one per form."""
        return [self.folder / f"{self.stem}.{form}" for form in dict.fromkeys(self.formats)]

    def check(self, own: Iterable[Path] = ()) -> None:
        """Raises `WebNNError` when a file is in the way, before any work is done; ``own`` files are not."""
        weights = self.folder / f"{self.stem}.safetensors"
        declarations = [path.with_suffix(".d.ts") for path in self.graphs if path.suffix == ".js"]
        mine = {path.resolve() for path in own}
        if not self.overwrite:
            refuse_existing(path for path in (*self.graphs, *declarations, weights) if path.resolve() not in mine)

    def save(self, graph: Graph, *, read_from: Path | None = None) -> Saved:
        """Writes the graph in every form, and once its weights.

        Args:
            graph: The graph.
            read_from: The graph's own file, whose weights stay readable when they are in the file that is written.

        Raises:
            ConversionError: The target does not take some calls; they are named.
        """
        from webnn_graph.formats import save_together

        self.folder.mkdir(parents=True, exist_ok=True)
        weights = f"{self.stem}.safetensors"
        own = read_from is not None and read_from.with_suffix(".safetensors").resolve() == (self.folder / weights).resolve()
        legal, notes = self._legalized(graph)
        graphs: dict[str | PathLike[str], Graph] = {path: legal if self.target or path.suffix == ".js" else graph for path in self.graphs}
        files = save_together(graphs, labels=self.labels, weights=weights, beside=[graph] if own else [])
        return Saved(next(iter(graphs.values())), files, notes)

    def _legalized(self, graph: Graph) -> tuple[Graph, list[str]]:
        """The graph for the target, or for browsers as far as they can be pleased; and what is to be said of it."""
        if self.target:
            return legalize(graph, self.target), []
        if "js" not in self.formats:
            return graph, []
        try:
            return legalize(graph, load_target(CHROMIUM)), []
        except ConversionError as error:
            return graph, [f"Chromium does not take the graph: {error.message}"]


@dataclass(frozen=True)
class Saved:
    """What was written: the graph of the first file, all files, and what the user should know of them."""

    graph: Graph
    files: Sequence[Path]
    notes: Sequence[str]


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
    """

    runtime: str = "reference"
    browser: str | None = None
    tolerance: float | None = None
    inputs: Mapping[str, Array] = field(default_factory=dict)
    seed: int = 0
    each_node: bool = False

    def run(self, graph: Graph, source: Source) -> Verification:
        """Verifies ``graph`` against ``source``; see `converters.verify.verify`."""
        from webnn_graph.runtimes import run

        def runner(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
            return run(graph, inputs, runtime=self.runtime, browser=self.browser)

        tolerance = TOLERANCES[self.runtime] if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            if self.each_node:
                return verify_nodes(graph, source, tolerance=tolerance, inputs=self.inputs, seed=self.seed)
            return verify(graph, source, runner, tolerance=tolerance, inputs=self.inputs, seed=self.seed)


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
        saved = destination.save(graph)
    report_graph(saved.graph, saved.files, saved.notes)
    if check is None or source is None:
        return DONE
    return verify_and_report(_read_again(saved), source(), check)


def verify_and_report(graph: Graph, source: Source, check: Check) -> int:
    """Verifies a graph against its source model and shows the differences.

    Returns:
        The exit status.
    """
    verification = check.run(graph, source)
    if check.each_node:
        return report_nodes(verification, f"every node on the values of {source.runner}; the largest differences")
    return report_outputs_compared(verification, f"{check.runtime} runtime against {source.runner}")


def refuse_existing(paths: Iterable[Path]) -> None:
    """Raises `WebNNError` when a file that is going to be written is already there."""
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise WebNNError(f"{', '.join(there)} already exist{'s' if len(there) == 1 else ''}", "--force replaces files")


def _read_again(saved: Saved) -> Graph:
    """The graph as its files say it, so that verification covers writing and reading, too."""
    from webnn_graph.formats import READ, load

    readable = [path for path in saved.files if path.suffix in READ]
    return load(readable[0]) if readable else saved.graph
