"""Jobs on a Dask cluster: models travel as rows of the manifest, results as rows of the report; files only where they are asked for.

A worker fetches models into its own cache, and does each job as one machine does it, in processes of its own. The scheduler never
has more jobs than its workers can begin soon, so that it holds little whatever the number of models. A worker that is lost has its
jobs done by others; a job that is lost with several is that model's verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import msgspec

from converters.fetching.files import cache_folder
from models.zoo import keys
from models.zoo.attempt import attempt, row_of
from models.zoo.job import Job
from models.zoo.made import version
from models.zoo.process import Limits
from models.zoo.report import Conversion, Row, Verdict
from webnn_graph.errors import RuntimeUnavailable, WebNNError
from webnn_graph.formats.files import write_all
from webnn_graph.own import call
from webnn_graph.runtimes import find_runtime
from webnn_graph.runtimes.running import RunningBrowser
from webnn_graph.wording import size

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
"""Instead of a scheduler's address: a cluster on this machine, while the run lasts."""
BROWSER, MEMORY = "browser", "memory"
"""Resources that workers say they have: ``dask worker ADDRESS --resources "browser=1,memory=16e9"``; memory in bytes."""
AHEAD = 2
"""Jobs that the scheduler has for each thread of its workers: what is worked on, and what comes next."""
CONNECT_SECONDS = 20
TOPIC = "webnn-zoo"
"""Under which workers say at which stage a job is."""
HERE = "models.zoo.cluster"


@contextmanager
def connected(address: str, places: int, browser: str = "") -> Iterator[Cluster]:
    """A cluster, to be used while the context lasts.

    Args:
        address: Of the scheduler; or *local*.
        places: How many workers a local cluster has.
        browser: The browser's executable for a local cluster's workers; empty to search for one.

    Raises:
        RuntimeUnavailable: Dask is not installed, or there is no scheduler.
        WebNNError: A worker has other versions than this process.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise RuntimeUnavailable("--cluster needs Dask, which is not installed", "pip install 'webnn-convert[cluster]'") from None
    made = None
    if address == LOCAL:
        resources = {BROWSER: 1}
        made = LocalCluster(
            n_workers=places, threads_per_worker=1, resources=resources, dashboard_address=None, memory_limit=0, silence_logs=40
        )
    try:
        client = Client(made or address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise RuntimeUnavailable(f"there is no Dask scheduler at {address}: {error}", "dask scheduler starts one") from None
    try:
        cluster = Cluster(client, browser)
        cluster.check()
        yield cluster
    finally:
        client.close()
        if made is not None:
            made.close()


class Cluster:
    """A cluster that does jobs.

    Args:
        client: Connected to its scheduler.
        browser: The browser's executable on the workers; empty to have each search for one.
    """

    def __init__(self, client: Client, browser: str = "") -> None:
        self._client = client
        self._browser = browser

    @property
    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """What the scheduler knows of its workers, by their addresses."""
        workers: Mapping[str, Mapping[str, Any]] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def check(self) -> None:
        """Raises `WebNNError` when there are no workers, or some have other versions than this process."""
        if not self.workers:
            raise WebNNError("the cluster has no workers", "dask worker ADDRESS starts one")
        mine = _versions()
        wrong = []
        for worker, theirs in sorted(self._client.run(call, f"{HERE}:_versions").items()):
            other = [f"{name} {theirs.get(name) or 'none'}" for name in {**mine, **theirs} if theirs.get(name) != mine.get(name)]
            if other:
                wrong.append(f"{worker}: {', '.join(sorted(other))}")
        if wrong:
            here = ", ".join(f"{name} {version}" for name, version in mine.items())
            raise WebNNError("\n  ".join(["workers have other versions than this machine:", *wrong, f"here: {here}"]), "install the same")

    def versions(self, runtimes: Sequence[str]) -> dict[str, str]:
        """The version of each runtime on the workers that are to use it.

        Raises:
            RuntimeUnavailable: No worker has one, or the workers' versions differ.
        """
        found = {}
        for name in runtimes:
            workers = [worker for worker, info in self.workers.items() if name != BROWSER or info["resources"].get(BROWSER)]
            if not workers:
                hint = 'dask worker ADDRESS --resources "browser=1" says that a worker has one'
                raise RuntimeUnavailable("no worker of the cluster has a browser", hint)
            versions = set(self._client.run(call, f"{HERE}:_runtime_version", name, self._browser, workers=workers).values())
            if len(versions) > 1 or any(version.startswith("!") for version in versions):
                raise RuntimeUnavailable(
                    f"the workers do not have the {name} runtime alike: {', '.join(sorted(versions)).replace('!', '')}", "install the same"
                )
            found[name] = versions.pop()
        return found

    def rows(self, jobs: Sequence[Job], limits: Limits, watch: Callable[[str, str], None]) -> Iterator[Row]:
        """The rows of jobs, as they are done; see `models.zoo.local.locally`."""
        from distributed import as_completed

        most = max(info["resources"].get(MEMORY, 0) for info in self.workers.values())
        if limits.memory and 0 < most < limits.memory:
            what = f"a model may have {size(limits.memory)} of memory, and no worker says that it has more than {size(int(most))}"
            raise WebNNError(what, "--memory says how much a model may have")
        left = iter(jobs)
        self._client.subscribe_topic(TOPIC, lambda event: watch(*event[1]))
        running: dict[str, Job] = {}
        done = as_completed(loop=self._client.loop, with_results=True, raise_errors=False)
        try:
            self._fill(left, running, done, limits)
            for future, result in done:
                job = running.pop(str(future.key))
                if future.status == "finished":
                    yield self._with_picture(msgspec.json.decode(result, type=Row), job)
                else:
                    yield row_of(job.model, Conversion(Verdict.CRASHED, _why(result)), {})
                future.release()
                self._fill(left, running, done, limits)
        finally:
            self._client.unsubscribe_topic(TOPIC)
            with suppress(Exception):
                self._client.cancel(list(done.futures))

    def _fill(self, left: Iterator[Job], running: dict[str, Job], done: Any, limits: Limits) -> None:
        """Hands out jobs until the scheduler has as many as it should."""
        threads = sum(info["nthreads"] for info in self.workers.values())
        for job in islice(left, max(0, max(1, AHEAD * threads) - len(running))):
            future = self._submit(job, limits)
            running[str(future.key)] = job
            done.add(future)

    def _submit(self, job: Job, limits: Limits) -> Future:
        resources: dict[str, float] = {BROWSER: 1} if BROWSER in job.runtimes else {}
        if limits.memory and any(MEMORY in info["resources"] for info in self.workers.values()):
            resources[MEMORY] = limits.memory
        given = msgspec.json.encode(replace(job, browser=self._browser))
        return self._client.submit(
            call, f"{HERE}:do", given, msgspec.json.encode(limits), key=f"zoo-{job.model.name}", resources=resources or None, pure=False
        )

    def _with_picture(self, row: Row, job: Job) -> Row:
        """The row with its picture in the place that the job names, brought here from the worker that has it."""
        worker, _, path = row.picture.partition(" ")
        if not path:
            return replace(row, picture="")
        future = self._client.submit(call, f"{HERE}:_content", path, workers=[worker], pure=False)
        try:
            content = self._client.gather(future, direct=True)
        except Exception:  # the worker is gone by now, and its files with it
            return replace(row, picture="")
        file = Path(job.picture)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_all({file: lambda: [content]})
        return replace(row, picture=str(file))


def _why(error: Any) -> str:
    """Why a job has no result."""
    from distributed import KilledWorker

    exception = error[1] if isinstance(error, tuple) else error
    if isinstance(exception, KilledWorker):
        return "the workers that did it were lost, one after another"
    return f"its worker failed: {type(exception).__name__}: {exception}"


def _versions() -> dict[str, str]:
    """Of the tool, its code and the libraries."""
    return {"webnn-convert": f"{version('webnn-convert')} ({keys.code()[:12]})", **keys.versions()}


# ---------------------------------------------------------------------------------------------------------------------- on a worker
_browsers: SimpleQueue[RunningBrowser] = SimpleQueue()
"""Those of this worker that nobody uses."""


def do(job: bytes, limits: bytes) -> bytes:
    """Does a job on a worker; both are JSON, and the row is."""
    from distributed import get_worker

    given, worker = msgspec.json.decode(job, type=Job), get_worker()
    key = worker.get_current_task()
    picture = str(cache_folder() / "pictures" / Path(given.picture).name) if given.picture else ""

    def watch(stage: str) -> None:
        worker.log_event(TOPIC, (given.model.name, stage))

    def is_cancelled() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    browser = _browser(given.browser) if BROWSER in given.runtimes else None
    try:
        row = attempt(replace(given, picture=picture), msgspec.json.decode(limits, type=Limits), browser, watch, is_cancelled)
    finally:
        if browser:
            _browsers.put(browser)
    return msgspec.json.encode(replace(row, picture=f"{worker.address} {row.picture}" if row.picture else ""))


def _browser(executable: str) -> RunningBrowser:
    with suppress(Empty):
        return _browsers.get_nowait()
    return RunningBrowser(executable or None)


def _content(path: str) -> bytes:
    file = Path(path)
    if file.parent != cache_folder() / "pictures":
        raise WebNNError(f"{path} is no picture")
    return file.read_bytes()


def _runtime_version(name: str, browser: str) -> str:
    """The version of a runtime on this worker; what stops it behind an exclamation mark."""
    try:
        return find_runtime(name).version(browser or None)
    except WebNNError as error:
        return f"!{error.message}"
