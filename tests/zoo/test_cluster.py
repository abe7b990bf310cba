"""Runs on a Dask cluster of real processes: a scheduler and two workers on the loopback, of which one is killed in mid-run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")

import cli
from models.zoo import cluster
from models.zoo.cluster import Cluster, connected
from models.zoo.process import Limits
from models.zoo.report import Verdict
from models.zoo.run import ROWS, Request
from models.zoo.runs import done
from tests.zoo.test_run import made, processes, rows_of
from webnn_graph.errors import RuntimeUnavailable, WebNNError

RequestFor = Callable[..., Request]
ROOT = Path(cli.__file__).parent
SECONDS = 60


@contextmanager
def started(*arguments: str, says: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program of Dask while the context lasts, and the line by which it says that it is ready."""
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr
    try:
        line = next(line for line in process.stderr if says in line)
        import threading

        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process, line
    finally:
        for child in processes(process.pid):
            child.kill()
        process.kill()
        process.wait()


@pytest.fixture
def scheduler() -> Iterator[str]:
    with started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", says="Scheduler at:") as (_, line):
        yield line.split()[-1]


@contextmanager
def workers(scheduler: str, *resources: str) -> Iterator[list[subprocess.Popen[str]]]:
    """A worker for each of these resources, which may be empty."""
    with ExitStack() as stack:
        found = []
        for text in resources:
            more = ["--resources", text] if text else []
            command = ["worker", scheduler, "--host", "127.0.0.1", "--no-dashboard", "--no-nanny", "--nthreads", "1", *more]
            found.append(stack.enter_context(started(*command, says="Registered to"))[0])
        yield found


def test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice(scheduler: str, own: Path, request_for: RequestFor) -> None:
    request = request_for("good", "refused")
    kept = request.output / ROWS

    def kill_one(victim: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + SECONDS
        while not (kept.exists() and kept.read_bytes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        while not processes(victim.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        victim.send_signal(signal.SIGKILL)

    import threading

    with workers(scheduler, "", "") as both:
        killer = threading.Thread(target=kill_one, args=(both[0],))
        killer.start()
        ran = done(request, 1, scheduler)
        killer.join()
        assert both[0].poll() == -signal.SIGKILL
        assert both[1].poll() is None
    rows = rows_of(ran.report)
    assert len(ran.report.rows) == len(rows) == len(request.models)
    assert {name: row.verdict for name, row in rows.items() if row.expected} == {
        name: Verdict.REFUSED if name == "as_it_must" else Verdict.OK for name in rows if name != "refused"
    }
    lines = kept.read_bytes().splitlines()
    assert len(lines) == len(rows), "each is counted once"
    assert set(made(own)) == {"0", "1", "2", "3"}
    assert len(made(own)) <= 5, "only what the lost worker was at is done again"


def test_a_model_that_takes_its_workers_with_it_is_a_verdict(
    scheduler: str, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker's process does not survive is not tried on all workers there are."""
    submit = Cluster._submit

    def deadly(self: Cluster, job: object, limits: object) -> object:
        from distributed import Client

        client: Client = self._client
        if job.model.name != "made_0":  # type: ignore[attr-defined]
            return submit(self, job, limits)  # type: ignore[arg-type]
        return client.submit(os._exit, 1, key="zoo-made_0", pure=False)

    monkeypatch.setattr(Cluster, "_submit", deadly)
    with workers(scheduler, *[""] * 5):
        rows = rows_of(done(request_for("made_0", "made_1"), 1, scheduler).report)
    assert rows["made_1"].verdict is Verdict.OK
    assert rows["made_0"].verdict is Verdict.CRASHED
    assert rows["made_0"].conversion.message == "the workers that did it were lost, one after another"


def test_pictures_come_when_they_are_asked_for(scheduler: str, request_for: RequestFor) -> None:
    request = request_for("linear", pictures=True)
    with workers(scheduler, ""):
        (row,) = done(request, 1, scheduler).report.rows
    assert row.picture == "pictures/linear.html"
    assert b"<!doctype html>" in (request.output / row.picture).read_bytes()


def test_other_versions_are_refused_with_the_list(scheduler: str, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = cluster._versions()
    monkeypatch.setattr(cluster, "_versions", lambda: {**mine, "numpy": "1.0", "onnx": "0.9"})
    with workers(scheduler, ""), pytest.raises(WebNNError, match="workers have other versions") as raised:
        done(request_for("linear"), 1, scheduler)
    assert f"numpy {mine['numpy']}, onnx {mine['onnx']}" in raised.value.message
    assert "numpy 1.0, onnx 0.9" in raised.value.message


def test_what_is_not_there_is_said(scheduler: str, request_for: RequestFor) -> None:
    with pytest.raises(WebNNError, match="the cluster has no workers"):
        done(request_for("linear"), 1, scheduler)
    with workers(scheduler, ""), pytest.raises(RuntimeUnavailable, match="no worker of the cluster has a browser") as raised:
        done(request_for("linear", runtimes=["browser"]), 1, scheduler)
    assert "--resources" in raised.value.hint


def test_no_scheduler_is_said(request_for: RequestFor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(RuntimeUnavailable, match="there is no Dask scheduler at tcp://127.0.0.1:1"):
        done(request_for("linear"), 1, "tcp://127.0.0.1:1")


def test_resources_are_asked_of_workers(scheduler: str, request_for: RequestFor) -> None:
    """A job that needs more memory than the small worker has goes to the large one."""
    request = request_for("made_0", "made_1", memory=2_000_000_000)
    with workers(scheduler, "memory=1e9", "memory=4e9") as (small, _), connected(scheduler, 1) as remote:
        jobs = [replace(job, runtimes=remote.versions(["reference"])) for job in _jobs(request)]
        seen = set()

        def watch(name: str, stage: str) -> None:
            seen.update(child.pid for child in processes(small.pid))

        rows = list(remote.rows(jobs, request.limits, watch))
        with pytest.raises(WebNNError, match=r"may have 8.0 GB of memory, and no worker says that it has more than 4.0 GB"):
            list(remote.rows(jobs, Limits(60, 8_000_000_000), watch))
    assert [row.verdict for row in rows] == [Verdict.OK] * 2
    assert not seen, "the small one has started nothing"


def _jobs(request: Request) -> list:
    from models.zoo.run import Run

    return Run(request, {"reference": ""}).jobs
