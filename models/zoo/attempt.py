"""A model in a process of its own: its row of the report, whatever becomes of the process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import msgspec

from models.zoo.job import CONVERT, DRAW, FETCH, Event, Job
from models.zoo.manifest import OK, Model
from models.zoo.process import Ended, Limits, run
from models.zoo.report import Computation, Conversion, Row, Verdict
from webnn_graph.own import HOME
from webnn_graph.runtimes.running import RunningBrowser

PROGRAM = """
import sys
from webnn_graph.own import come_first
come_first()
from converters.supervised import end_with
end_with(int(sys.argv[1]))
from models.zoo.work import main
main()
"""
"""Takes the number of the process that starts it, and ends with that one from the beginning on."""
STAGES = {FETCH: "fetching it", CONVERT: "converting it"}


class Progress:
    """What the processes of a job have said so far.

    Args:
        job: What they do.
        watch: Is told each stage.
    """

    def __init__(self, job: Job, watch: Callable[[str], None]) -> None:
        self._job = job
        self._watch = watch
        self.stage = ""
        self.conversion: Conversion | None = None
        self.computations: dict[str, Computation] = {}
        self.picture = ""
        self.wants_picture = bool(job.picture)

    @property
    def left(self) -> dict[str, str]:
        """The runtimes that have not computed the graph, with their versions."""
        return {name: version for name, version in self._job.runtimes.items() if name not in self.computations}

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""
        return self.conversion is not None and (self.conversion.verdict is not Verdict.OK or not self.left)

    def told(self, line: bytes) -> None:
        """Takes note of an event."""
        with suppress(msgspec.MsgspecError):
            event = msgspec.json.decode(line, type=Event)
            if event.stage != self.stage:
                self._watch(event.stage)
            self.stage = event.stage
            self.conversion = event.conversion or self.conversion
            if event.picture:
                self.picture, self.wants_picture = event.picture, False
            if event.computation:
                self.computations[event.stage] = event.computation

    def stopped(self, ended: Ended) -> None:
        """Takes note of how a process ended before everything was done: that is the verdict on what it was at."""
        verdict, message = ended.verdict or Verdict.CRASHED, ended.message or "it ended without a result"
        if self.conversion is None:
            self.conversion = Conversion(verdict, f"{STAGES.get(self.stage, 'starting')}: {message}")
        elif self.stage == DRAW and self.wants_picture:
            self.wants_picture = False
        else:
            runtime = self.stage if self.stage in self.left else next(iter(self.left))
            self.computations[runtime] = Computation(verdict, message=message)


def attempt(
    job: Job,
    limits: Limits,
    browser: RunningBrowser | None = None,
    watch: Callable[[str], None] = lambda stage: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Row:
    """Does a job in a process of its own, and what is left in another when a runtime has stopped that one.

    Args:
        job: What to do.
        limits: Of each process.
        browser: The browser that they use; None has each start its own.
        watch: Is told each stage.
        is_cancelled: Whether nobody wants the result any more.

    Raises:
        Cancelled: Nobody does.
    """
    started, peak = time.monotonic(), 0
    progress = Progress(job, watch)
    while not progress.is_done:
        address = browser.address if browser and "browser" in progress.left else job.browser
        picture = job.picture if progress.wants_picture else ""
        now = replace(job, runtimes=progress.left, picture=picture, browser=address, memory=limits.memory)
        ended = run(
            [sys.executable, "-P", "-c", PROGRAM, str(os.getpid())],
            msgspec.json.encode(now),
            limits,
            progress.told,
            _environment(),
            is_cancelled,
        )
        peak = max(peak, ended.peak_bytes)
        if not progress.is_done:
            progress.stopped(ended)
    assert progress.conversion
    row = row_of(job.model, progress.conversion, progress.computations)
    return replace(row, peak_bytes=peak, seconds=time.monotonic() - started, picture=progress.picture)


def _environment() -> dict[str, str]:
    """The process's own, in which the project is found."""
    paths = [str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def row_of(model: Model, conversion: Conversion, computations: Mapping[str, Computation]) -> Row:
    """The row of a model, judged by what the manifest expects."""
    judged = {name: replace(computation, expected=_is_expected(model, name, computation)) for name, computation in computations.items()}
    verdict = conversion.verdict
    if verdict is Verdict.OK:
        verdict = max((computation.verdict for computation in judged.values()), key=lambda one: one.rank, default=Verdict.OK)
    if model.refusal:
        expected = conversion.verdict is Verdict.REFUSED and conversion.message.startswith(model.refusal)
    else:
        expected = conversion.verdict is Verdict.OK and all(computation.expected for computation in judged.values())
    return Row(
        model.name,
        verdict,
        expected,
        model.source,
        conversion,
        judged,
        file=model.file,
        sha256=model.sha256,
        task=model.task,
        license=model.license,
        tags=tuple(model.tags),
        frontend="torch" if model.is_torch else "onnx",
        options=model.options,
    )


def _is_expected(model: Model, runtime: str, computation: Computation) -> bool:
    expected = model.expectation(runtime)
    if expected == OK:
        return computation.verdict.is_right
    return computation.verdict is Verdict.REFUSED and computation.message.startswith(expected)
