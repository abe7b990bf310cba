"""Doing runs of the zoo from beginning to end: here or on a cluster, shown while they go on, with all files of the report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from converters.commands.live import Live
from models.zoo import report as reports
from models.zoo.changes import changes
from models.zoo.local import Watch, locally
from models.zoo.report import Report, Row
from models.zoo.run import Execute, Request, Run
from models.zoo.showing import Ran, line


def done(request: Request, places: int, cluster: str = "") -> Ran:
    """Does a run.

    Args:
        request: What is asked for.
        places: How many models are worked on at once on this machine.
        cluster: The address of a Dask scheduler, or *local*; empty for none.

    Raises:
        RuntimeUnavailable: A runtime is not there.
        WebNNError: Something that is asked for is not there.
    """
    started = time.time()
    run = Run(request)
    made: list[Row] = []
    with Live(len(request.models), len(run.reused)) as live, _executor(request, places, cluster, live.stage) as execute:
        try:
            for row in run.rows(execute):
                made.append(row)
                live.finished(row.name, line(row, request.runtimes), not row.expected)
        finally:
            report = run.report(made, started)
            reports.write(report, request.output)
    return reported(report, request.output, request.since)


@contextmanager
def _executor(request: Request, places: int, cluster: str, watch: Watch) -> Iterator[Execute]:
    if not cluster:
        yield partial(locally, limits=request.limits, places=places, watch=watch)
        return
    from models.zoo.cluster import connected

    with connected(cluster, places, request) as remote:
        yield partial(remote.rows, limits=request.limits, watch=watch)


def reported(report: Report, folder: Path, since: Report | None = None) -> Ran:
    """Writes all files of a report.

    Args:
        report: What was found.
        folder: Where they go.
        since: An earlier report, to show what changed.
    """
    found = changes(since, report) if since else None
    return Ran(report, _files(report, found or (), folder), found)


def _files(report: Report, found: Sequence[object], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [reports.write(report, folder)]
