"""What a run of the zoo found, as data: ``report.json``. Everything else that shows a run is made of it.

Sizes are bytes, times seconds. A number that is not known, or is infinite, is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from webnn_graph.errors import FormatError, WebNNError, Where

FILE = "report.json"
FORMAT = 1
"""Number of this form of the document; a reader refuses others."""
CONVERSION = "conversion"
"""What stands for the conversion where others are named after runtimes."""


class Verdict(StrEnum):
    """What became of a model, or of its graph in a runtime; from best to worst."""

    OK = "ok"
    NOISE = "noise"
    REFUSED = "refused"
    DIFFERS = "differs"
    FAILED = "failed"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    CRASHED = "crashed"

    @property
    def is_right(self) -> bool:
        """Whether the numbers are right: within the tolerance, or within the source model's own noise."""
        return self in (Verdict.OK, Verdict.NOISE)

    @property
    def rank(self) -> int:
        """Its place from best to worst, from 0."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Conversion:
    """What the frontend made of a model.

    Attributes:
        verdict: *ok*, *refused*, or what stopped it.
        message: What stopped it, in words; empty when nothing did.
        code: Which kind of error it was.
        seconds: How long it took.
        source_nodes: Nodes of the source model.
        source_bytes: Its file, or files.
        operators: Calls of the graph.
        weight_bytes: The graph's weights.
        digest: Of the graph with its weights: the same for the same graph.
        blocking: Operators that cannot be converted.
    """

    verdict: Verdict
    message: str = ""
    code: str = ""
    seconds: float | None = None
    source_nodes: int | None = None
    source_bytes: int | None = None
    operators: int | None = None
    weight_bytes: int | None = None
    digest: str = ""
    blocking: Sequence[str] = ()


@dataclass(frozen=True)
class Computation:
    """What a runtime made of a graph.

    Attributes:
        verdict: *ok*, *noise*, *differs*, or what stopped it.
        expected: Whether that is what the manifest says.
        message: What stopped it, or what differs, in words.
        code: Which kind of error it was.
        output: The output, or the node, that is furthest from what is right, in proportion to its tolerance.
        relative: Its largest relative difference.
        tolerance: What that may be.
        load_seconds: How long the graph took to be built, where a runtime tells that apart.
        seconds: The shortest time for one inference, with building it where that is not told apart.
        key: What it depends on: the same for the same model, options, versions and inputs.
    """

    verdict: Verdict
    expected: bool = True
    message: str = ""
    code: str = ""
    output: str = ""
    relative: float | None = None
    tolerance: float | None = None
    load_seconds: float | None = None
    seconds: float | None = None
    key: str = ""


@dataclass(frozen=True)
class Row:
    """What became of a model.

    Attributes:
        name: Its name in the manifest.
        verdict: The conversion's, if that is not *ok*, else the worst of the runtimes.
        expected: Whether everything is as the manifest says.
        source: Where it is from, as in the manifest.
        file: The file in there.
        sha256: Of the file.
        task: What the model is for.
        license: SPDX expression.
        tags: As in the manifest.
        frontend: *onnx* or *torch*.
        options: The options that the command of that frontend takes for it.
        conversion: What the frontend made of it.
        runtimes: What each runtime made of the graph, by its name.
        peak_bytes: The most memory that its processes had at once, without the browser's.
        seconds: How long all of it took.
        key: What the conversion depends on.
        reused: Whether all of this is from an earlier run.
        picture: The page with the graph's picture, beside the report; empty for none.
    """

    name: str
    verdict: Verdict
    expected: bool
    source: str
    conversion: Conversion
    runtimes: Mapping[str, Computation] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    task: str = ""
    license: str = ""
    tags: Sequence[str] = ()
    frontend: str = "onnx"
    options: str = ""
    peak_bytes: int | None = None
    seconds: float | None = None
    key: str = ""
    reused: bool = False
    picture: str = ""

    @property
    def surprises(self) -> Mapping[str, Conversion | Computation]:
        """What is not as the manifest says: that of runtimes, by their names, or else *conversion*."""
        found = {name: computed for name, computed in self.runtimes.items() if not computed.expected}
        return found if found or self.expected else {CONVERSION: self.conversion}


@dataclass(frozen=True)
class Report:
    """What a run of the zoo found.

    Attributes:
        format: `FORMAT`.
        version: Of this tool.
        code: Digest of this tool's code.
        versions: Of Python, the platform and the libraries that have a part in the results, by name.
        runtimes: Version of each runtime that was asked for, by its name.
        manifest: The manifest of the models, as it was named; empty for the project's own.
        target: What the graphs were made for; empty for each runtime's own.
        shards: Parts of the zoo that this is the result of, as in ``1/4``; empty for all.
        seed: Of made-up inputs.
        timeout: Seconds that each process of a model might take.
        memory: Bytes that a model's processes might have.
        started: When the run began, in UTC, as ISO 8601 has it.
        seconds: How long it took.
        rows: One for each model, in the manifest's order.
    """

    version: str
    code: str
    versions: Mapping[str, str]
    runtimes: Mapping[str, str]
    started: str
    seconds: float
    rows: Sequence[Row]
    manifest: str = ""
    target: str = ""
    shards: Sequence[str] = ()
    seed: int = 0
    timeout: float | None = None
    memory: int | None = None
    format: int = FORMAT

    @property
    def unexpected(self) -> list[Row]:
        """The rows in which something is not as the manifest says."""
        return [row for row in self.rows if not row.expected]

    def blocking(self) -> dict[str, list[str]]:
        """The models that each operator blocks, most first."""
        blocked: dict[str, list[str]] = {}
        for row in self.rows:
            for operator in row.conversion.blocking:
                blocked.setdefault(operator, []).append(row.name)
        return dict(sorted(blocked.items(), key=lambda item: (-len(item[1]), item[0])))


def read(path: Path) -> Report:
    """The report of a file, or of a folder that holds one.

    Raises:
        FormatError: It is no report.
        OSError: It cannot be read.
    """
    file = path / FILE if path.is_dir() else path
    try:
        report = msgspec.json.decode(file.read_bytes(), type=Report)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        hint = f"a folder of webnn zoo run, or its {FILE}, is expected"
        raise FormatError(f"this is no report of a run: {error}", hint, Where(file=str(file))) from None
    if report.format != FORMAT:
        raise FormatError(f"this report has form {report.format}; form {FORMAT} can be read", "make it anew", Where(file=str(file)))
    return report


def encoded(report: Report) -> bytes:
    """The content of ``report.json``."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def merged(reports: Iterable[Report]) -> Report:
    """One report of several: those of shards, for example. Of a model that several have, the last counts.

    Raises:
        WebNNError: They are not of the same code, runtimes and options.
    """
    first, *others = reports
    for other in others:
        for what in ("code", "target", "seed"):
            if getattr(other, what) != getattr(first, what):
                raise WebNNError(f"the reports cannot be one: their {what} is not the same", "webnn zoo diff compares two")
        for name in first.runtimes.keys() & other.runtimes.keys():
            if first.runtimes[name] != other.runtimes[name]:
                raise WebNNError(f"the reports cannot be one: their {name} runtime is not the same", "webnn zoo diff compares two")
    rows = {row.name: row for report in (first, *others) for row in report.rows}
    return replace(
        first,
        rows=list(rows.values()),
        shards=[shard for report in (first, *others) for shard in report.shards],
        runtimes={name: version for report in (first, *others) for name, version in report.runtimes.items()},
        started=min(report.started for report in (first, *others)),
        seconds=max(report.seconds for report in (first, *others)),
    )
