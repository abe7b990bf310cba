"""Doing runs of the zoo from beginning to end: here or on a cluster, shown while they go on, with all files of the report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from converters.commands.console import note
from converters.commands.live import Live
from models.zoo import report as reports
from models.zoo.changes import changes
from models.zoo.junit import xml
from models.zoo.local import locally
from models.zoo.page import BELOW, page
from models.zoo.report import Report, Row
from models.zoo.run import Request, Run
from models.zoo.showing import Ran, line
from models.zoo.summary import markdown
from webnn_graph.formats.files import write_all
from webnn_graph.runtimes import find_runtime
from webnn_graph.signals import Terminated, terminating
from webnn_graph.wording import count


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
    made: list[Row] = []
    with terminating(), _executor(request, places, cluster) as (versions, execute):
        run = Run(request, versions)
        try:
            with Live(len(request.models), len(run.reused)) as live:
                for row in run.rows(partial(execute, limits=request.limits, watch=live.stage)):
                    made.append(row)
                    live.finished(row.name, line(row, request.runtimes), not row.expected)
        except (KeyboardInterrupt, Terminated):
            note(f"{count(len(made), 'model')} done and kept in {request.output}; the same command goes on from there")
            raise
    return reported(run.report(made, started), request.output, _comparable(request))


def _comparable(request: Request) -> Report | None:
    """What the earlier report says of the models that are run; of all its models, where all are."""
    since = request.since
    if since is None or len(request.models) == len(request.zoo.models):
        return since
    names = {model.name for model in request.models}
    return replace(since, rows=[row for row in since.rows if row.name in names])


def together(folders: Sequence[Path], output: Path, since: Report | None = None) -> Ran:
    """One report of several, with their pictures.

    Args:
        folders: Of the reports, or their files.
        output: Where everything goes.
        since: An earlier report, to show what changed.

    Raises:
        FormatError: One of them is no report.
    """
    report = reports.merged(map(reports.read, folders))
    homes = [folder if folder.is_dir() else folder.parent for folder in folders]
    for picture in filter(None, (row.picture for row in report.rows)):
        found = next((home / picture for home in reversed(homes) if BELOW.fullmatch(picture) and (home / picture).is_file()), None)
        if found and not (output / picture).exists():
            (output / picture).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, output / picture)
    return reported(report, output, since)


@contextmanager
def _executor(request: Request, places: int, cluster: str) -> Iterator[tuple[Mapping[str, str], Callable[..., Iterator[Row]]]]:
    """The versions of the runtimes where the work is done, and what does it."""
    if not cluster:
        versions = {name: find_runtime(name).version(request.browser or None) for name in request.runtimes}
        yield versions, partial(locally, places=places)
        return
    from models.zoo.cluster import connected

    with connected(cluster, places, request.browser) as remote:
        yield remote.versions(request.runtimes), remote.rows


def reported(report: Report, folder: Path, since: Report | None = None) -> Ran:
    """Writes all files of a report.

    Args:
        report: What was found.
        folder: Where they go.
        since: An earlier report, to show what changed.
    """
    found = changes(since, report) if since else None
    shown = found or ()
    contents = {
        "report.html": page(report, shown).encode(),
        "summary.md": markdown(report, shown).encode(),
        "junit.xml": xml(report),
        reports.FILE: reports.encoded(report),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_all({folder / name: partial(_once, content) for name, content in contents.items()})
    return Ran(report, [folder / name for name in contents], found)


def _once(content: bytes) -> list[bytes]:
    return [content]
