"""A run of the zoo: what is known already is taken from earlier ones, the rest is done, and all of it becomes a report."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from models.zoo.attempt import row_of
from models.zoo.job import Job
from models.zoo.keys import code, computation_key, conversion_key, row_digest, tolerance_of, versions
from models.zoo.made import version
from models.zoo.manifest import ZOO, Model, Zoo
from models.zoo.process import Limits
from models.zoo.report import Computation, Report, Row, Verdict
from webnn_graph.errors import WebNNError
from webnn_graph.targets import load_target

ROWS = "rows.jsonl"
"""The file in the output folder that takes each row as soon as it is there."""
PICTURES = "pictures"
SHARD = re.compile(r"([1-9]\d*)/([1-9]\d*)")
Execute = Callable[[Sequence[Job]], Iterator[Row]]
"""Does jobs, and gives the rows as they are done."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a run is asked for.

    Attributes:
        zoo: The manifest.
        models: Those of it that are run.
        runtimes: Names of the runtimes that compute each graph.
        target: What graphs are made for; empty for each runtime's own.
        seed: Of made-up inputs.
        limits: Of each model's processes.
        browser: The browser's executable; empty to search for one.
        output: The folder of the report.
        pictures: Whether graphs are drawn.
        since: An earlier report.
        shard: Which part of the zoo the models are, as in ``1/4``; empty for all of it.
        keep_going: Whether models that are not as expected do not end the run.
    """

    zoo: Zoo
    models: Sequence[Model]
    runtimes: Sequence[str]
    output: Path
    limits: Limits
    target: str = ""
    seed: int = 0
    browser: str = ""
    pictures: bool = True
    since: Report | None = None
    shard: str = ""
    keep_going: bool = True

    @property
    def folder(self) -> str:
        """The manifest's folder; empty for the project's own."""
        return "" if self.zoo.path == ZOO else str(self.zoo.folder)


def shard(models: Sequence[Model], part: str) -> list[Model]:
    """One part of the models: ``2/4`` is the second of four, which takes every fourth. Raises `WebNNError` when it is no part."""
    match = SHARD.fullmatch(part)
    if not match or int(match[1]) > int(match[2]):
        raise WebNNError(f"{part!r} is no part of the zoo", "--shard 1/4 is the first of four")
    return list(models[int(match[1]) - 1 :: int(match[2])])


LASTING = (Verdict.OK, Verdict.NOISE, Verdict.DIFFERS, Verdict.REFUSED)
"""What would come out again; a crash, or a file that could not be fetched, may not."""


@dataclass
class Known:
    """What earlier runs have found out.

    Attributes:
        conversions: Rows whose conversion holds, by `Row.key`.
        computations: What runtimes made of the graphs of a model, by its name and `Computation.key`.
        seconds: How long each model took, by its name.
    """

    conversions: dict[str, Row] = field(default_factory=dict)
    computations: dict[str, dict[str, Computation]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, rows: Iterable[Row]) -> None:
        """Takes note of rows; the later of two counts."""
        for row in rows:
            self.seconds[row.name] = row.seconds or 0
            if row.key and row.conversion.verdict in LASTING:
                self.conversions[row.key] = row
            lasting = {c.key: c for c in row.runtimes.values() if c.key and c.verdict in LASTING}
            self.computations.setdefault(row.name, {}).update(lasting)


class Run:
    """A run.

    Args:
        request: What is asked for.
        runtimes: The version of each runtime, by its name.

    Raises:
        WebNNError: There is no such target.
    """

    def __init__(self, request: Request, runtimes: Mapping[str, str]) -> None:
        self.request = request
        self.runtimes = runtimes
        self._target = load_target(request.target) if request.target else None
        self._known = Known()
        self._known.add(request.since.rows if request.since else ())
        kept = list(_rows(request.output / ROWS))
        self._known.add(kept)
        self._drawn = {row.name: row.conversion.digest for row in kept if row.picture}
        self._digests = {model.name: row_digest(model, request.zoo.folder) for model in request.models}
        self._keys = {name: conversion_key(digest, self._target) for name, digest in self._digests.items()}
        self.reused = {row.name: row for row in filter(None, map(self._from_before, request.models))}
        left = [model for model in request.models if model.name not in self.reused]
        self.jobs = sorted(map(self._job, left), key=lambda job: -self._known.seconds.get(job.model.name, 0))

    def rows(self, execute: Execute) -> Iterator[Row]:
        """The rows that have to be made, as they are done; each is kept for later runs. Ends early when that is asked for."""
        self.request.output.mkdir(parents=True, exist_ok=True)
        if not self.jobs:
            return
        is_whole = _ends_with_a_line(self.request.output / ROWS)
        with (self.request.output / ROWS).open("ab", 0) as file:
            for made in execute(self.jobs):
                row = replace(made, key=self._keys[made.name], picture=f"{PICTURES}/{Path(made.picture).name}" if made.picture else "")
                file.write((b"" if is_whole else b"\n") + msgspec.json.encode(row) + b"\n")
                is_whole = True
                yield row
                if not (row.expected or self.request.keep_going):
                    return

    def report(self, made: Iterable[Row], started: float) -> Report:
        """The report on this run.

        Args:
            made: The rows that were made.
            started: When it began, in seconds since 1970.
        """
        request = self.request
        rows = self.reused | {row.name: row for row in made}
        return Report(
            version=version("webnn-convert"),
            code=code(),
            versions=versions(),
            runtimes=self.runtimes,
            started=datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            seconds=time.time() - started,
            rows=[rows[model.name] for model in request.models if model.name in rows],
            manifest=str(request.zoo.path) if request.folder else "",
            target=request.target,
            shards=(request.shard,) if request.shard else (),
            seed=request.seed,
            timeout=request.limits.timeout,
            memory=request.limits.memory,
        )

    def _from_before(self, model: Model) -> Row | None:
        """The row of a model of which everything is known."""
        before = self._known.conversions.get(self._keys[model.name])
        if before is None:
            return None
        computations: dict[str, Computation] = {}
        if before.conversion.verdict is Verdict.OK:
            computations = {name: known for name in self.runtimes if (known := self._computed(model, name, before.conversion.digest))}
            if len(computations) < len(self.runtimes):
                return None
        picture = f"{PICTURES}/{model.name}.html" if self._drawn.get(model.name) == before.conversion.digest else ""
        picture = picture if (self.request.output / picture).is_file() else ""
        row = row_of(model, before.conversion, computations)
        return replace(row, key=before.key, seconds=before.seconds, peak_bytes=before.peak_bytes, picture=picture, reused=True)

    def _computed(self, model: Model, runtime: str, graph: str) -> Computation | None:
        """What is known of a runtime's results for a graph."""
        version = self.runtimes[runtime]
        key = computation_key(self._digests[model.name], graph, runtime, version, self.request.seed, tolerance_of(model, runtime))
        return self._known.computations.get(model.name, {}).get(key)

    def _job(self, model: Model) -> Job:
        request = self.request
        return Job(
            model=model,
            folder=request.folder,
            runtimes=self.runtimes,
            target=request.target,
            seed=request.seed,
            known=self._known.computations.get(model.name, {}),
            picture=str(request.output.resolve() / PICTURES / f"{model.name}.html") if request.pictures else "",
            browser=request.browser,
        )


def _rows(file: Path) -> Iterator[Row]:
    """The rows that an earlier run has kept; a line that it did not come to finish is none."""
    if file.is_file():
        for line in file.read_bytes().splitlines():
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                yield msgspec.json.decode(line, type=Row)


def _ends_with_a_line(file: Path) -> bool:
    """Whether what is appended to a file begins a line of its own."""
    if not file.exists():
        return True
    with file.open("rb") as content:
        content.seek(-min(1, file.stat().st_size), os.SEEK_END)
        return content.read() in (b"", b"\n")
