"""Jobs on this machine: several at once, each in processes of its own, with one browser for each place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from queue import SimpleQueue

from models.zoo.attempt import attempt
from models.zoo.job import Job
from models.zoo.process import Limits
from models.zoo.report import Row
from webnn_graph.runtimes.running import RunningBrowser

Watch = Callable[[str, str], None]
"""Is told the name of a model and its stage."""


def locally(jobs: Sequence[Job], limits: Limits, places: int, watch: Watch) -> Iterator[Row]:
    """The rows of jobs, as they are done.

    Args:
        jobs: What to do, in the order in which it is begun.
        limits: Of each process.
        places: How many models are worked on at once.
        watch: Is told each stage, from several threads.
    """
    cancelled = threading.Event()
    free: SimpleQueue[RunningBrowser | None] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(places):
            free.put(
                stack.enter_context(RunningBrowser(jobs[0].browser or None)) if any("browser" in job.runtimes for job in jobs) else None
            )

        def do(job: Job) -> Row:
            browser = free.get()
            try:
                return attempt(job, limits, browser, lambda stage: watch(job.model.name, stage), cancelled.is_set)
            finally:
                free.put(browser)

        pool = stack.enter_context(ThreadPoolExecutor(places, thread_name_prefix="zoo"))
        stack.callback(cancelled.set)
        try:
            futures: list[Future[Row]] = [pool.submit(do, job) for job in jobs]
            for future in as_completed(futures):
                yield future.result()
        finally:
            cancelled.set()
            pool.shutdown(cancel_futures=True)
