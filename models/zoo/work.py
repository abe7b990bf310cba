"""One model, converted and computed: the work of a process of its own, which says on the way how far it is.

It may crash, hang or be ended; what it has said until then counts, see `models.zoo.attempt`.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import psutil

from converters.checking.verify import Runner, Verification
from converters.commands.workflow import Check
from converters.problems import Report
from models.zoo import pictures
from models.zoo.job import CONVERT, DRAW, FETCH, Event, Job
from models.zoo.keys import computation_key, graph_digest, row_digest, tolerance_of
from models.zoo.loaded import Loaded
from models.zoo.loading import loaded
from models.zoo.report import Computation, Conversion, Verdict
from webnn_graph import runtimes
from webnn_graph.data_types import Array
from webnn_graph.errors import RuntimeLost, RuntimeUnavailable, WebNNError, reason
from webnn_graph.graph import Graph
from webnn_graph.runtimes import Runtime, find_runtime
from webnn_graph.targets import legalize, load_target

Tell = Callable[[Event], None]
MESSAGE, NAME = 10_000, 400
"""Characters of a message, and of a name, that are told."""
PR_SET_CHILD_SUBREAPER = 36
"""Linux's number of the request to adopt orphans."""
BLOCKING = 1000
"""Operators that block a model which are told."""


def work(job: Job, tell: Tell) -> None:
    """Does the job, and tells how far it is."""
    tell(Event(FETCH))
    try:
        model = loaded(job.model, job.place)
    except Exception as error:
        tell(Event(FETCH, Conversion(*_said(error, Verdict.FAILED))))
        return
    tell(Event(CONVERT))
    started = time.monotonic()
    try:
        graph = model.convert()
        if job.target:
            graph = legalize(graph, load_target(job.target))
    except Exception as error:
        blocking = tuple(dict.fromkeys(problem.operator for problem in error.problems)) if isinstance(error, Report) else ()
        seconds = time.monotonic() - started
        tell(Event(CONVERT, Conversion(*_said(error, Verdict.REFUSED), seconds, source_bytes=model.bytes, blocking=blocking)))
        return
    conversion = _converted(model, graph, time.monotonic() - started)
    tell(Event(CONVERT, conversion))
    if job.picture:
        tell(Event(DRAW))
        tell(Event(DRAW, picture=_drawn(graph, Path(job.picture))))
    row = row_digest(job.model, job.place)
    for name, version in job.runtimes.items():
        _compute(job, row, graph, conversion.digest, find_runtime(name), version, model, tell)


def _converted(model: Loaded, graph: Graph, seconds: float) -> Conversion:
    return Conversion(
        Verdict.OK,
        seconds=seconds,
        source_nodes=model.nodes(),
        source_bytes=model.bytes,
        operators=len(graph.nodes),
        weight_bytes=graph.weight_bytes,
        digest=graph_digest(graph),
    )


def _compute(job: Job, row: str, graph: Graph, digest: str, runtime: Runtime, version: str, model: Loaded, tell: Tell) -> None:
    """Has a runtime compute the graph, unless it is known what comes of that."""
    tolerance = tolerance_of(job.model, runtime.name)
    key = computation_key(row, digest, runtime.name, version, job.seed, tolerance)
    if key in job.known:
        tell(Event(runtime.name, computation=job.known[key]))
        return
    tell(Event(runtime.name))
    try:
        computation = verified(job, graph, runtime, tolerance, model)
    except Exception as error:
        verdict, message, code = _said(error, Verdict.REFUSED)
        computation = Computation(verdict, message=message, code=code, tolerance=tolerance)
    tell(Event(runtime.name, computation=replace(computation, key=key)))


def verified(job: Job, graph: Graph, runtime: Runtime, tolerance: float, model: Loaded) -> Computation:
    """How near a runtime's results for a graph are to those of its source model."""
    inputs = pictures.values(job.model.pictures, graph)
    is_reference = runtime.name == "reference"
    check = Check(runtime.name, None, tolerance, inputs, job.seed, job.model.each_node and is_reference)
    if check.each_node:
        return _computation(check.run(graph, model.source().of(graph)))
    with timed(graph, runtime, job.browser) as clock:
        # Others may take minutes to find the first wrong node: `webnn zoo verify` does that.
        result = check.run(graph, model.source().of(graph), clock.run, search=is_reference)
    return _computation(result, clock, was_searched=is_reference)


def _computation(result: Verification, clock: Clock | None = None, *, was_searched: bool = True) -> Computation:
    if not result.differences:
        return Computation(Verdict.FAILED, message=result.stopped or "there is nothing to compare")
    worst = result.worst
    verdict = Verdict.DIFFERS if not result.ok else Verdict.OK if all(d.is_within for d in result.differences) else Verdict.NOISE
    message = worst.reason or result.stopped
    if result.first and was_searched and not result.ok:
        node, difference = result.first
        message = f"from {node.op} {node.label} on ({difference.relative:.2g})" + (f": {message}" if message else "")
    return Computation(
        verdict,
        message=message,
        output=worst.name,
        relative=worst.relative,
        tolerance=worst.tolerance,
        load_seconds=clock.load_seconds if clock else None,
        seconds=clock.seconds if clock else None,
    )


class Clock:
    """A runtime that is timed while it computes a graph.

    Attributes:
        seconds: The shortest time for the graph itself.
        load_seconds: How long it took to be built, where that is told apart.
    """

    load_seconds: float | None = None

    def __init__(self, graph: Graph, run: Runner) -> None:
        self._graph = graph
        self._run = run
        self.seconds: float | None = None

    def run(self, graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Computes a graph: the one that is timed, or a part of it."""
        started = time.monotonic()
        outputs = self._run(graph, inputs)
        if graph is self._graph:
            self.seconds = min(time.monotonic() - started, self.seconds or float("inf"))
        return outputs


@contextmanager
def timed(graph: Graph, runtime: Runtime, browser: str) -> Iterator[Clock]:
    """A runtime, timed; a browser builds the graph once, and computes it at least twice, since the first time is not like the others."""
    if not runtime.has_browser:
        yield Clock(graph, partial(runtimes.run, runtime=runtime.name))
        return
    from webnn_graph.runtimes.browser import BrowserSession

    with BrowserSession(browser or None) as session:
        started = time.monotonic()
        with session.load(legalize(graph, load_target(runtime.target))) as model:
            fed: list[Mapping[str, Array]] = []

            def compute(wanted: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
                fed.append(inputs)
                return model.compute(inputs) if wanted is graph else session.run(wanted, inputs)

            clock = Clock(graph, compute)
            clock.load_seconds = time.monotonic() - started
            yield clock
            clock.run(graph, fed[0])


def _drawn(graph: Graph, file: Path) -> str:
    """Writes the graph's picture; nothing where it cannot be drawn."""
    from webnn_graph.formats.files import write_all
    from webnn_graph.view.page import page

    try:
        content = page(graph).encode()
    except WebNNError:
        return ""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_all({file: lambda: [content]})
    return str(file)


def _said(error: Exception, verdict: Verdict) -> tuple[Verdict, str, str]:
    """How something ended, in words, and its code: by an error about the model, which is ``verdict``, or by another."""
    if isinstance(error, WebNNError):
        of_runtimes = {RuntimeLost: Verdict.CRASHED, RuntimeUnavailable: Verdict.FAILED}
        return of_runtimes.get(type(error), verdict), error.message, error.code
    if isinstance(error, MemoryError):
        return Verdict.MEMORY, "it needs more memory than there is", ""
    if isinstance(error, OSError):
        return Verdict.FAILED, str(error), ""
    traceback.print_exception(error)
    return Verdict.FAILED, f"unexpected {type(error).__name__}: {reason(error)}", ""


def _writable(event: Event) -> Event:
    """The event with texts that JSON can have and people can read, whatever names a model has; see `_text`."""
    if event.conversion:
        blocking = tuple(_text(name, NAME) for name in event.conversion.blocking[:BLOCKING])
        return replace(event, conversion=replace(event.conversion, message=_text(event.conversion.message), blocking=blocking))
    if event.computation:
        computation = event.computation
        return replace(event, computation=replace(computation, message=_text(computation.message), output=_text(computation.output, NAME)))
    return event


def _text(text: str, most: int = MESSAGE) -> str:
    """A text without halves of surrogate pairs, and without what is in the middle of a very long one."""
    half = most // 2
    shortened = text if len(text) <= most else f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}"
    return shortened.encode("utf-8", "replace").decode()


# ------------------------------------------------------------------------------------------------------------ in the new process
def main() -> None:
    """Does the job that stands on stdin, and writes an event per line to stdout."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    answer = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)  # what libraries print
    _adopt()
    _restrict(job.memory)
    warnings.simplefilter("ignore")

    def tell(event: Event) -> None:
        answer.write(msgspec.json.encode(_writable(event)) + b"\n")

    work(job, tell)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(0)  # destructors may crash, too; everything is said


def _adopt() -> None:
    """Makes processes that this one's children leave behind its own children, where the system can."""
    with suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _restrict(memory: int | None) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


if __name__ == "__main__":
    main()
