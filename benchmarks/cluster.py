"""What a run of many models costs besides the models: jobs that sleep, on a Dask cluster of two workers on this machine.

    python -m benchmarks.cluster [JOBS ...]

For each number of jobs: jobs a second, with the scheduler given all of them at once and as many as workers can begin; the most
memory of the scheduler and of this process; then what the report takes to be written, and how large its files are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil

import cli
from benchmarks.watching import Watch
from models.zoo import cluster
from models.zoo.cluster import Cluster, connected
from models.zoo.job import Job
from models.zoo.manifest import Model
from models.zoo.process import Limits
from models.zoo.report import Conversion, Report, Row, Verdict
from models.zoo.runs import reported

ROOT = Path(cli.__file__).parent
SLEEP = 0.01
"""Seconds that a job takes; two workers do at most 200 of these in a second."""
JOBS = (1_000, 10_000)
LIMITS = Limits(60)
AHEAD = cluster.AHEAD


def sleep(job: bytes, limits: bytes) -> bytes:
    """What a worker does instead of a job."""
    time.sleep(SLEEP)
    model = msgspec.json.decode(job, type=Job).model
    return msgspec.json.encode(Row(model.name, Verdict.OK, True, model.source, Conversion(Verdict.OK, seconds=SLEEP, digest="0" * 64)))


class Sleeping(Cluster):
    """A cluster whose workers sleep."""

    def _submit(self, job: Job, limits: Limits) -> object:
        given = msgspec.json.encode(job)
        return self._client.submit(sleep, given, msgspec.json.encode(limits), key=f"zoo-{job.model.name}", pure=False)


@contextmanager
def started(command: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program of Dask, and the line by which it says that it is ready."""
    whole = [sys.executable, "-m", f"distributed.cli.dask_{command}", *arguments]
    process = subprocess.Popen(whole, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert process.stderr
    try:
        line = next(line for line in process.stderr if "Scheduler at:" in line or "Registered to" in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process, line
    finally:
        process.kill()
        process.wait()


class Peak(Watch):
    """The most memory of processes while the context lasts, in megabytes."""

    def __init__(self, *pids: int) -> None:
        super().__init__(0.1)
        self._processes = [psutil.Process(pid) for pid in pids]
        self.megabytes = [0.0] * len(pids)

    def look(self) -> None:
        self.megabytes = [max(most, p.memory_info().rss / 1e6) for most, p in zip(self.megabytes, self._processes, strict=True)]


def measure(count: int, ahead: int) -> list[Row]:
    """Prints a line about so many jobs, of which the scheduler has ``ahead`` for each thread; gives the rows."""
    cluster.AHEAD = ahead
    jobs = [Job(model=Model(name=f"model_{i}", source="file:m.onnx", task="sleeping"), runtimes={}) for i in range(count)]
    with started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as (scheduler, line):
        address = line.split()[-1]
        worker = ("worker", address, "--host", "127.0.0.1", "--no-dashboard", "--no-nanny", "--nthreads", "1")
        with started(*worker), started(*worker), connected(address, 1) as remote:
            sleeping = Sleeping(remote._client)
            with Peak(scheduler.pid, os.getpid()) as peak:
                begun = time.monotonic()
                rows = list(sleeping.rows(jobs, LIMITS, lambda name, stage: None))
                seconds = time.monotonic() - begun
    assert len({row.name for row in rows}) == count
    held = "all" if ahead >= count else f"{2 * ahead}"
    own = (peak.megabytes[0], peak.megabytes[1])
    print(f"{count:>8,}{held:>10}{seconds:>10.1f}{count / seconds:>10.0f}{own[0]:>14.0f}{own[1]:>14.0f}", flush=True)
    return rows


def write(rows: Sequence[Row]) -> None:
    """Prints what the report of so many rows takes."""
    begun = time.monotonic()
    report = Report("0.1.0", "0", {}, {}, "2026-01-01T00:00:00Z", 1.0, [replace(row, options="--dim batch=1") for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        reported(report, Path(folder))
        sizes = "  ".join(f"{path.name} {path.stat().st_size / 1e6:.2f} MB" for path in sorted(Path(folder).iterdir()))
    print(f"{len(rows):>8,} rows: {time.monotonic() - begun:.1f} s  {sizes}", flush=True)


def main(counts: Sequence[int]) -> None:
    """Measures each number of jobs."""
    print(f"jobs that sleep for {SLEEP * 1000:.0f} ms, two workers")
    print(f"{'jobs':>8}{'held':>10}{'seconds':>10}{'jobs/s':>10}{'scheduler MB':>14}{'this MB':>14}")
    for count in counts or JOBS:
        for ahead in (count, AHEAD):
            rows = measure(count, ahead)
        write(rows)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
