"""What can be done with models of the zoo: fetched, converted, verified; one table for all of them."""

from __future__ import annotations

import filecmp
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from converters.checking.verify import Verification
from converters.commands.console import DIFFERS, DONE, REFUSED, Result, note, progress, report_error, verbosity
from converters.commands.destination import Destination
from converters.commands.listing import Cell, Listing, number
from converters.commands.saving import save
from converters.commands.workflow import Check
from models.zoo import pictures
from models.zoo.fetch import fetch
from models.zoo.loading import converted, loaded, tokenizer_of
from models.zoo.made import made_file
from models.zoo.manifest import Model
from webnn_graph.errors import WebNNError
from webnn_graph.formats.files import pieces, write_all
from webnn_graph.formats.table import folders_of
from webnn_graph.graph import Graph
from webnn_graph.runtimes import find_runtime
from webnn_graph.targets import Target, legalize
from webnn_graph.wording import size

AS_IT_MUST = "refused, as it must be"
Row: TypeAlias = tuple[int, Mapping[str, Any]]
"""What came of a model: the exit status, and values by column."""


def fetch_all(models: Sequence[Model], folder: Path, output: Path | None) -> Result:
    """Fetches each model, or makes it, and, with ``output``, copies it there under its name; ``folder`` is the manifest's."""

    def row(model: Model) -> Row:
        if model.kind == "python" and model.is_torch:
            return DONE, {"verdict": "a module in memory, no file"}
        path = made_file(model, folder) if model.kind == "python" else fetch(model, folder)
        if output:
            path = _copied(path, output)
        return DONE, {"size": path.stat().st_size, "file": str(path)}

    return _for_each(models, "fetching", "fetched", {">size": size, "file": str, "verdict": str}, row)


def _copied(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name
    if not (copy.exists() and copy.samefile(path)):
        write_all({copy: partial(pieces, path)})
    return copy


def convert_all(models: Sequence[Model], folder: Path, output: Path, formats: Sequence[str]) -> Result:
    """Converts each model into ``output``, replacing what is there; ``folder`` is the manifest's."""

    def row(model: Model) -> Row:
        destination = _destination(model, folder, output, formats)
        destination.check()
        graph = converted(model, loaded(model, folder).convert)
        if isinstance(graph, str):
            return DONE, {"verdict": AS_IT_MUST}
        files = save(graph, destination).files
        written = sum(path.stat().st_size for path in files)
        return DONE, {
            "operators": len(graph.nodes),
            "weights": graph.weight_bytes,
            "files": written,
            "paths": [str(path) for path in files],
        }

    return _for_each(models, "converting", "converted", {">operators": number, ">weights": size, ">files": size, "verdict": str}, row)


def check_all(models: Sequence[Model], folder: Path, output: Path, formats: Sequence[str]) -> Result:
    """Converts each model, and compares what would be written with the files in ``output``; writes nothing there."""

    def row(model: Model) -> Row:
        with tempfile.TemporaryDirectory() as elsewhere:
            graph = converted(model, loaded(model, folder).convert)
            if isinstance(graph, str):
                return DONE, {"verdict": AS_IT_MUST}
            files = save(graph, _destination(model, folder, Path(elsewhere), formats)).files
            stale = [path.name for path in files if not _is_alike(path, output / path.relative_to(elsewhere))]
        if stale:
            return DIFFERS, {"verdict": f"OUT OF DATE: {', '.join(stale)}"}
        return DONE, {"verdict": "up to date"}

    return _for_each(models, "checking", "up to date", {"verdict": str}, row)


def _destination(model: Model, folder: Path, output: Path, formats: Sequence[str]) -> Destination:
    def sources() -> Iterable[Path]:
        files = loaded(model, folder).files
        return files if model.kind == "file" else {beside for file in files for beside in file.parent.iterdir()}  # the cache is not ours

    folders = folders_of(formats)  # in which files have names of their own, so that each model has one to itself
    where = output / model.name if folders else output
    more = {"folders": folders} if folders else {}
    tokenizer = tokenizer_of(model, folder)
    return Destination(where, model.name, formats, overwrite=True, sources=sources, more=more, tokenizer=tokenizer)


def _is_alike(path: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(path, other, shallow=False)


def verify_all(
    models: Sequence[Model], folder: Path, *, runtime: str | None, browser: str | None, seed: int, target: Target | None = None
) -> Result:
    """Converts each model, for a target if there is one, and compares it with its source model; nothing is written.

    Raises:
        WebNNError: There is no such runtime.
    """
    if runtime is not None:
        find_runtime(runtime)

    def row(model: Model) -> Row:
        measured = measure(model, folder, runtime=runtime, browser=browser, seed=seed, target=target)
        if isinstance(measured, str):
            return DONE, {"verdict": measured}
        result, worst = measured.result, measured.result.worst
        verdict = worst.verdict if result.ok else "DIFFERS"
        if model.each_node:
            verdict += f" ({len(result.differences)} nodes, each by itself in the reference runtime)"
        if result.first:
            node, difference = result.first
            verdict += f" from {node.op} {node.label} on ({difference.relative:.2g})"
        numbers = {"operators": len(measured.graph.nodes), "seconds": measured.seconds}
        numbers |= {"relative": worst.relative, "tolerance": worst.tolerance}
        return DONE if result.ok else DIFFERS, {**numbers, "verdict": verdict}

    columns: dict[str, Cell] = {
        ">operators": number,
        ">seconds": "{:.1f}".format,
        ">relative": "{:.2g}".format,
        ">tolerance": "{:g}".format,
        "verdict": str,
    }
    return _for_each(models, "verifying", "verified", columns, row)


@dataclass(frozen=True)
class Measured:
    """A model that was converted, and compared with its source.

    Attributes:
        graph: What it became.
        seconds: How long the conversion took.
        result: How near the graph is to its source.
    """

    graph: Graph
    seconds: float
    result: Verification


def measure(
    model: Model, folder: Path, *, runtime: str | None, browser: str | None = None, seed: int = 0, target: Target | None = None
) -> Measured | str:
    """Converts a model and compares it with its source; for a model that must be refused, words that say it was.

    Raises:
        WebNNError: There is no such runtime; or the model cannot be converted, or is not refused although it must be.
    """
    if runtime is not None:
        find_runtime(runtime)
    started = time.monotonic()
    own = loaded(model, folder)
    graph = converted(model, own.convert)
    if isinstance(graph, str):
        return AS_IT_MUST
    if target:
        graph = legalize(graph, target)
    seconds = time.monotonic() - started
    inputs = pictures.values(model.pictures, graph)
    check = Check("reference" if model.each_node else runtime, browser, None, inputs, seed, model.each_node)
    source = own.source().of(graph)
    tolerance_of = model.tolerance_of
    _, result = check.decided(graph, lambda own: replace(own, tolerance=tolerance_of(own.runtime or "")).run(graph, source))
    if not result.differences:
        raise WebNNError(result.stopped or "there is nothing to compare", "leave out each_node")
    return Measured(graph, seconds, result)


def _for_each(models: Sequence[Model], doing: str, done: str, columns: Mapping[str, Cell], row: Callable[[Model], Row]) -> Result:
    """A row for each model; one that fails is reported and does not stop the others.

    The exit status is the worst: refused before differing before done.
    """
    rows, statuses = [], []
    for i, model in enumerate(models, start=1):
        values: Mapping[str, Any]
        try:
            with progress(f"{doing} {model.name} ({i} of {len(models)}) ..."):
                status, values = row(model)
        except (WebNNError, OSError) as error:
            note(f"{model.name}:")
            status, values = report_error(error, debug=verbosity().debug), {"verdict": "FAILED", "error": str(error)}
        rows.append({"model": model.name, "ok": status == DONE, **values})
        statuses.append(status)
    failed = sum(status != DONE for status in statuses)
    worst = next((status for status in (REFUSED, DIFFERS) if status in statuses), DONE)
    after = [f"{len(models) - failed} of {len(models)} models {done}"]
    return Listing("models", {"model": str, **columns, "verdict": str}, rows, after=after, status=worst)
