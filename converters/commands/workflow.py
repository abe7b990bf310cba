"""What every converting command does: convert, save, verify, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Protocol

from converters.checking.verify import Verification, verify, verify_nodes
from converters.commands.console import DONE, progress
from converters.commands.report import report_graph, report_nodes, report_outputs_compared
from converters.source import Source
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.formats import READ, SHARED, save_together
from webnn_graph.formats.weights import INDEX
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import find_runtime
from webnn_graph.targets import CHROMIUM, PORTABLE, Target, legalize, load_target
from webnn_graph.targets.violations import of_tensor

FOR_BROWSERS = {PORTABLE: "not every browser takes the graph", CHROMIUM: "Chromium does not take the graph"}
"""The targets of a module for browsers, the best first, and what is to be said when it is refused."""
ELSEWHERE = "-o writes to another folder, --name gives the files another name"


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
        weights: Name of the file of weights; by default the stem's.
        sources: The files that the graph is made from; asked only when one of them could be in the way.
    """

    folder: Path
    stem: str
    formats: Sequence[str] = ("webnn",)
    labels: bool | None = None
    overwrite: bool = False
    target: Target | None = None
    weights: str = ""
    sources: Callable[[], Iterable[Path]] = tuple

    @property
    def weights_file(self) -> Path:
        """The file of weights."""
        return self.folder / (self.weights or f"{self.stem}.safetensors")

    def owns(self, file: Path) -> bool:
        """Whether a file is one of the graph's own, not the weights."""
        return file != self.weights_file and any(file in (path, path.with_suffix(".d.ts")) for path in self.graphs)

    def part(self, name: str) -> Destination:
        """Where a graph of several goes that have their weights in common."""
        return replace(self, stem=f"{self.stem}_{name}", weights=SHARED)

    @property
    def graphs(self) -> list[Path]:
        """The graph files, one per form."""
        return [self.folder / f"{self.stem}.{form}" for form in dict.fromkeys(self.formats)]

    def check(self, own: Iterable[Path] = ()) -> None:
        """Raises `WebNNError` when a file is in the way, before any work is done; ``own`` files are not.

        What the graph is made from is in the way even of a destination that replaces files.
        """
        if not self.folder.is_dir() and self.folder.exists():
            raise WebNNError(f"{self.folder} is a file, not a folder to write to", "-o takes a folder")
        declarations = [path.with_suffix(".d.ts") for path in self.graphs if path.suffix == ".js"]
        mine = {path.resolve() for path in own}
        written = [path for path in (*self.graphs, *declarations, self.weights_file) if path.resolve() not in mine]
        refuse_sources(written, self.sources)
        if not self.overwrite:
            refuse_existing(written)

    def save(self, graph: Graph, *, read_from: Path | None = None) -> Saved:
        """Writes the graph in every form, and once its weights.

        Args:
            graph: The graph.
            read_from: The graph's own file, whose weights stay readable when they are in the file that is written.

        Raises:
            ConversionError: The target does not take some calls; they are named.
        """
        own = read_from is not None and read_from.with_suffix(".safetensors").resolve() == self.weights_file.resolve()
        (saved,) = _save([(self, graph)], beside=[graph] if own else [])
        return saved

    def _legalized(self, graph: Graph) -> tuple[Graph, list[str]]:
        """The graph for the target, or for as many browsers as there can be; and what is to be said of it."""
        if self.target:
            return legalize(graph, self.target), []
        if "js" not in self.formats:
            return graph, []
        warnings: list[str] = []
        for name, refused in FOR_BROWSERS.items():
            try:
                return legalize(graph, load_target(name), exact=name == PORTABLE), warnings
            except ConversionError as error:
                warnings.append(f"{refused}: {error.message}")
        return graph, warnings


def _save(graphs: Sequence[tuple[Destination, Graph]], *, beside: Sequence[Graph] = ()) -> list[Saved]:
    """Writes each graph in every form of its destination, and once the weights of all; they are among the files of the last."""
    first, last = graphs[0][0], graphs[-1][0]
    legalized = [to._legalized(graph) for to, graph in graphs]
    first.folder.mkdir(parents=True, exist_ok=True)
    written: list[dict[str | PathLike[str], Graph]] = [
        {path: legal if to.target or path.suffix == ".js" else graph for path in to.graphs}
        for (to, graph), (legal, _) in zip(graphs, legalized, strict=True)
    ]
    together = {path: graph for forms in written for path, graph in forms.items()}
    files = save_together(together, labels=first.labels, weights=first.weights_file.name, beside=beside)
    mixed = _mixed_weights(first.weights_file) if first.weights_file in files else []
    return [
        Saved(
            next(iter(forms.values())),
            [file for file in files if to.owns(file) or (to is last and file == to.weights_file)],
            [*warnings, *(mixed if to is last else [])],
            _changed(next(iter(forms.values())), legal, to.stem),
        )
        for (to, _), forms, (legal, warnings) in zip(graphs, written, legalized, strict=True)
    ]


def _changed(first: Graph, legal: Graph, stem: str) -> list[str]:
    """What is noted of the module's graph and not of that of the first file."""
    return [f"{stem}.js: {text}" for text in legal.notes if text not in first.notes]


def _has_graph(weights: Path) -> bool:
    """Whether a graph that rustnn could read stands beside its weights."""
    return weights.name == SHARED or any(weights.with_suffix(suffix).is_file() for suffix in READ)


def _mixed_weights(weights: Path) -> list[str]:
    """What is to be said when graphs of one folder have weights of their own and one file of weights is read for all of them."""
    shared = weights.with_name(SHARED)
    own = [path for path in sorted(weights.parent.glob("*.safetensors")) if path != shared and _has_graph(path)]
    if not own or not shared.is_file() or not _has_graph(weights):
        return []
    one = weights.name if weights != shared else own[0].name
    return [f"some versions of rustnn read {SHARED} in the place of {one}; for them, each graph needs a folder of its own"]


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        graph: That of the first file.
        files: All files.
        warnings: What the user must know of them.
        notes: What the user should know of them, besides the graph's own notes.
    """

    graph: Graph
    files: Sequence[Path]
    warnings: Sequence[str]
    notes: Sequence[str]

    def report(self) -> None:
        """Says all that."""
        report_graph(replace(self.graph, notes=(*self.graph.notes, *self.notes)), self.files, self.warnings)


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
        WebNNError: There is no such runtime.
    """

    runtime: str = "reference"
    browser: str | None = None
    tolerance: float | None = None
    inputs: Mapping[str, Array] = field(default_factory=dict)
    seed: int = 0
    each_node: bool = False

    def __post_init__(self) -> None:
        find_runtime(self.runtime)

    def run(self, graph: Graph, source: Source) -> Verification:
        """Verifies ``graph`` against ``source``; see `converters.checking.verify.verify`."""
        runtime = find_runtime(self.runtime)
        target = load_target(runtime.target)

        def returns(operand: Operand) -> bool:
            return not any(of_tensor(target, "output", operand))

        tolerance = runtime.tolerance if self.tolerance is None else self.tolerance
        with progress(f"verifying against {source.runner} ..."):
            if self.each_node:
                return verify_nodes(graph, source, tolerance=tolerance, inputs=self.inputs, seed=self.seed)
            return verify(
                graph,
                source,
                partial(runtime.run, browser=self.browser),
                tolerance=tolerance,
                inputs=self.inputs,
                seed=self.seed,
                returns=returns,
            )


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
        saved = dict(zip(places, _save([(place, graphs[name]) for name, place in places.items()]), strict=True))
    for part in saved.values():
        part.report()
    if check is None:
        return DONE
    checks = {name: replace(check, inputs={**model.inputs(name), **check.inputs}) for name in places}
    return max(verify_and_report(_read_again(saved[name]), model.source(name), checks[name]) for name in places)


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


def refuse_sources(paths: Iterable[Path], sources: Callable[[], Iterable[Path]], hint: str = ELSEWHERE) -> None:
    """Raises `WebNNError` when a file that is going to be written is one that is read, under whatever name."""
    there = [path for path in paths if path.exists() or _index(path).exists()]
    read = list(sources()) if there else []
    for path in there:
        if any(_is_same(path, source) for source in read):
            raise WebNNError(f"{path} is the model itself, or is read with it; it is never written over", hint)
        if any(_is_same(_index(path), source) for source in read):
            raise WebNNError(f"{path} would stand in the place of the model's own weights, which {_index(path).name} lists", hint)


def _index(weights: Path) -> Path:
    return weights.with_name(f"{weights.stem}{INDEX}")


def _is_same(path: Path, other: Path) -> bool:
    """Whether both are one file: by links, by another spelling, or on a file system that does not tell case."""
    try:
        return path.samefile(other)
    except OSError:  # one of them does not exist
        return path.resolve() == other.resolve()


def _read_again(saved: Saved) -> Graph:
    """The graph as its files say it, so that verification covers writing and reading, too."""
    from webnn_graph.formats import load

    readable = [path for path in saved.files if path.suffix in READ]
    return load(readable[0]) if readable else saved.graph
