"""What can be done with models of the zoo: fetched, converted, verified; one table for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from converters.checking.verify import Verification
from converters.commands.console import DIFFERS, DONE, REFUSED, Result, note, progress, report_error, verbosity
from converters.commands.destination import Destination
from converters.commands.listing import Cell, Listing, number
from converters.commands.saving import save
from converters.commands.workflow import Check
from converters.onnx import convert
from converters.onnx.reading.random_weights import with_random_weights
from converters.onnx.source import OnnxSource
from converters.source import Source
from models.zoo.fetch import fetch
from models.zoo.manifest import Model
from models.zoo.pictures import PICTURES
from webnn_graph.compare import Difference
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.formats.files import pieces, write_all
from webnn_graph.graph import Graph
from webnn_graph.runtimes import find_runtime
from webnn_graph.targets import Target, legalize
from webnn_graph.wording import size

Row: TypeAlias = tuple[int, Mapping[str, Any]]
"""What came of a model: the exit status, and values by column."""


def fetch_all(models: Sequence[Model], folder: Path | None) -> Result:
    """Fetches each model and, with ``folder``, copies it there under its name."""

    def row(model: Model) -> Row:
        path = fetch(model)
        if folder:
            path = _copied(path, folder)
        return DONE, {"size": path.stat().st_size, "file": str(path)}

    return _for_each(models, "fetching", "fetched", {">size": size, "file": str}, row)


def _copied(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name
    if not (copy.exists() and copy.samefile(path)):
        write_all({copy: partial(pieces, path)})
    return copy


def convert_all(models: Sequence[Model], folder: Path, formats: Sequence[str]) -> Result:
    """Converts each model into ``folder``, replacing what is there."""

    def row(model: Model) -> Row:
        destination = Destination(folder, model.name, formats, overwrite=True, sources=lambda: prepared(model).parent.iterdir())
        destination.check()
        graph = converted(model)
        if isinstance(graph, str):
            return DONE, {"verdict": graph}
        files = save(graph, destination).files
        written = sum(path.stat().st_size for path in files)
        return DONE, {
            "operators": len(graph.nodes),
            "weights": graph.weight_bytes,
            "files": written,
            "paths": [str(path) for path in files],
        }

    return _for_each(models, "converting", "converted", {">operators": number, ">weights": size, ">files": size, "verdict": str}, row)


def verify_all(models: Sequence[Model], *, runtime: str, browser: str | None, seed: int, target: Target | None = None) -> Result:
    """Converts each model, for a target if there is one, and compares it with its source model; nothing is written.

    Raises:
        WebNNError: There is no such runtime.
    """
    find_runtime(runtime)

    def row(model: Model) -> Row:
        measured = measure(model, runtime=runtime, browser=browser, seed=seed, target=target)
        if isinstance(measured, str):
            return DONE, {"verdict": measured}
        result, worst = measured.result, measured.worst
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

    @property
    def worst(self) -> Difference:
        """The comparison that is nearest to its tolerance, or furthest beyond it."""
        return max(self.result.differences, key=lambda difference: difference.excess)


def measure(model: Model, *, runtime: str, browser: str | None = None, seed: int = 0, target: Target | None = None) -> Measured | str:
    """Converts a model and compares it with its source; for a model that must be refused, words that say it was.

    Raises:
        WebNNError: There is no such runtime; or the model cannot be converted, or is not refused although it must be.
    """
    find_runtime(runtime)
    started = time.monotonic()
    make, source = frontend(model)
    graph = _converted(model, make)
    if isinstance(graph, str):
        return graph
    if target:
        graph = legalize(graph, target)
    seconds = time.monotonic() - started
    shapes = {operand.name: operand.shape for operand in graph.inputs}
    inputs = {name: PICTURES[picture](shapes[name]) for name, picture in model.pictures.items()}
    computed_by = "reference" if model.each_node else runtime
    check = Check(computed_by, browser, model.tolerance, inputs, seed, model.each_node)
    return Measured(graph, seconds, check.run(graph, source()))


def prepared(model: Model) -> Path:
    """The model's file to convert: as it was fetched, or with random weights."""
    path = fetch(model)
    if not model.random_weights:
        return path
    filled = path.with_stem(f"{path.stem}_random")
    if not filled.is_file():
        content = with_random_weights(path).SerializeToString()
        write_all({filled: lambda: [content]})
    return filled


def converted(model: Model) -> Graph | str:
    """The model's graph; for a model that must be refused, words that say it was.

    Raises:
        WebNNError: It cannot be converted, or is not refused although it must be.
    """
    return _converted(model, frontend(model)[0])


def _converted(model: Model, convert: Callable[[], Graph]) -> Graph | str:
    try:
        graph = convert()
    except ConversionError as error:
        if model.refused and model.refused in error.message:
            return "refused, as it must be"
        raise
    if model.refused:
        raise WebNNError(f"{model.name} was converted, although it has no WebNN equivalent")
    return graph


def frontend(model: Model) -> tuple[Callable[[], Graph], Callable[[], Source]]:
    """What converts the model, and what makes the source of right numbers for its graph."""
    path = prepared(model)
    if model.is_torch:
        from models.zoo.torch import torch_model  # PyTorch is slow to import

        loaded = torch_model(model, path)
        return loaded.convert, loaded.source
    bind, outputs = model.bind, model.outputs
    made_by = partial(convert, path, name=model.name, dims=model.dims, shapes=model.shapes, bind=bind, outputs=outputs)
    return made_by, partial(OnnxSource, path, bind=bind, outputs=outputs)


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
