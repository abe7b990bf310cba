"""Runs: whatever becomes of one model, the others are done, once; and what is known is not done again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import onnx
import psutil
import pytest

from models.zoo import keys
from models.zoo.attempt import attempt
from models.zoo.job import Job
from models.zoo.local import locally
from models.zoo.manifest import Model
from models.zoo.manifest import read as read_zoo
from models.zoo.process import Limits
from models.zoo.report import Report, Row, Verdict, merged, read
from models.zoo.run import ROWS, Request, Run, shard
from models.zoo.runs import done, together
from tests.zoo.conftest import MADE, product_model, row
from webnn_graph.errors import WebNNError

RequestFor = Callable[..., Request]


def rows_of(report: Report) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


def made(own: Path) -> list[str]:
    """The marks of the models that were made, each time that they were."""
    file = own / "made.txt"
    return file.read_text().split() if file.exists() else []


BAD = {
    "refused": (Verdict.REFUSED, "1 operator of refused"),
    "crash": (Verdict.CRASHED, "fetching it: it was ended by SIGSEGV"),
    "leave": (Verdict.CRASHED, "fetching it: it ended with status 3"),
    "allocate": (Verdict.MEMORY, "it needs more memory than there is"),
    "share": (Verdict.MEMORY, "fetching it: it needs more than 800.0 MB of memory"),
    "nothing": (Verdict.FAILED, "nothing: python:makers:nothing returned NoneType"),
    "broken": (Verdict.FAILED, "broken: python:makers:broken failed: ValueError: a reason"),
}


def test_what_becomes_of_one_model_is_its_own_verdict(request_for: RequestFor) -> None:
    assert {*BAD, "hang"} == {"refused", *MADE}
    ran = done(request_for("linear", *BAD, "made_3", memory=800_000_000), 3)
    rows = rows_of(ran.report)
    assert rows["linear"].verdict is rows["made_3"].verdict is Verdict.OK
    assert rows["linear"].runtimes["reference"].relative < 1e-5
    for name, (verdict, message) in BAD.items():
        assert (rows[name].verdict, rows[name].expected) == (verdict, False), rows[name]
        assert rows[name].conversion.message.startswith(message), rows[name]
    assert ran.status == 1
    assert rows["refused"].conversion.blocking == ["own.Guess"]
    assert ran.report.blocking() == {"own.Guess": ["refused"]}


def test_a_model_that_hangs_is_ended(request_for: RequestFor) -> None:
    (row,) = done(request_for("hang", timeout=2), 1).report.rows
    assert (row.verdict, row.expected) == (Verdict.TIMEOUT, False)
    assert row.conversion.message in [f"{stage}: it took longer than 2 seconds" for stage in ("starting", "fetching it")]


def test_what_is_known_is_not_done_again(own: Path, request_for: RequestFor) -> None:
    first = done(request_for("good"), 2)
    assert first.status == 0
    assert sorted(made(own)) == ["0", "1", "2", "3"]
    assert all(not row.reused and row.expected for row in first.report.rows)
    lines = (own.parent / "report" / ROWS).read_bytes()
    again = done(request_for("good"), 2)
    assert all(row.reused for row in again.report.rows)
    assert (own.parent / "report" / ROWS).read_bytes() == lines
    assert rows_of(again.report) == {name: replace(row, reused=True) for name, row in rows_of(first.report).items()}


def test_what_a_result_depends_on_is_done_again(own: Path, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch) -> None:
    def reused(**more: object) -> bool:
        (row,) = done(request_for("linear", **more), 1).report.rows
        return row.reused

    assert [reused(), reused()] == [False, True]
    assert [reused(seed=1), reused(seed=1)] == [False, True]
    assert [reused(target="chromium"), reused()] == [False, True]
    model = onnx.load(own / "linear.onnx")
    model.graph.node[2].op_type = "Sigmoid"
    onnx.save(model, own / "linear.onnx")
    assert [reused(), reused()] == [False, True]
    manifest = own / "zoo.toml"
    manifest.write_text(manifest.read_text().replace("batch = 2", "batch = 3"))
    assert [reused(), reused()] == [False, True]
    monkeypatch.setattr(keys, "versions", lambda: {"numpy": "another"})
    assert not reused()


def test_all_that_a_model_of_ones_own_consists_of_is_looked_at(own: Path, request_for: RequestFor) -> None:
    def keys_of() -> dict[str, str]:
        models = read_zoo(own / "zoo.toml", trusted=True).models
        return {name: keys.row_digest(model, own) for name, model in models.items() if name in ("external", "named", "imports", "beside")}

    model = onnx.load(own / "linear.onnx")
    onnx.save(model, own / "external.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    named = hashlib.sha256((own / "external.onnx").read_bytes()).hexdigest()
    (own / "inside").mkdir()
    for name in ("inside/__init__.py", "inside/helper.py", "companion.py"):
        (own / name).write_text("one = 1\n")
    (own / "importing.py").write_text("def make():\n    from inside import helper\n")
    rows = [row("external", "file:external.onnx"), row("named", "file:external.onnx", sha256=f'"{named}"')]
    rows += [row("imports", "python:importing:make", frontend='"onnx"')]
    rows += [row("beside", "file:linear.onnx", companions=f'{{ "companion.py" = "{"0" * 64}" }}')]
    (own / "zoo.toml").write_text("\n".join(rows))
    changes = {
        "weights": {"external", "named"},
        "inside/helper.py": {"imports"},
        "inside/__init__.py": {"imports"},
        "companion.py": {"beside"},
    }
    for file, wanted in changes.items():
        before = keys_of()
        (own / file).write_bytes((own / file).read_bytes() + b"#")
        after = keys_of()
        assert {name for name in before if before[name] != after[name]} == wanted, file


def test_a_file_that_cannot_be_read_stops_one_model(own: Path, request_for: RequestFor) -> None:
    (own / "loop").symlink_to("loop")
    os.mkfifo(own / "pipe")
    places = ["x" * 999, "loop", "pipe", "none"]
    rows = [row(f"wrong_{i}", f"file:{place}", frontend='"onnx"', tags='["wrong"]') for i, place in enumerate(places)]
    (own / "zoo.toml").write_text("\n".join([*rows, (own / "zoo.toml").read_text()]))
    found = rows_of(done(request_for("wrong", "linear"), 2).report)
    assert [found[name].verdict for name in found] == [Verdict.FAILED] * 4 + [Verdict.OK]


def test_a_line_that_is_damaged_is_not_a_row_and_the_next_ones_are(own: Path, request_for: RequestFor) -> None:
    kept = own.parent / "report" / ROWS
    request = request_for("linear", runtimes=[])
    made = attempt(Run(request, {}).jobs[0], Limits(60))
    kept.parent.mkdir()
    for damage in (b'{"name": "linear', b"\xff\xfe\x00", b'{"name": "linear", "tags": ' + b"[" * 100_000, b"[]\n{}\n\n", b""):
        kept.write_bytes(damage)
        for wanted in (["linear"], []):
            assert [row.name for row in Run(request, {}).rows(lambda jobs: iter([made]))] == wanted, damage[:20]


def test_reports_that_contradict_each_other_do_not_become_one() -> None:
    first = Report("1", "code", {}, {"reference": "1"}, "", 0, [])
    assert merged([first, replace(first, runtimes={"browser": "2"})]).runtimes == {"reference": "1", "browser": "2"}
    for other, what in (({"target": "chromium"}, "target"), ({"seed": 1}, "seed"), ({"runtimes": {"reference": "2"}}, "reference runtime")):
        with pytest.raises(WebNNError, match=f"cannot be one: their {what} is not the same"):
            merged([first, replace(first, **other)])


def test_a_picture_is_of_the_graph_that_it_stands_by(own: Path, request_for: RequestFor) -> None:
    def picture(**more: object) -> str:
        (found,) = done(request_for("linear", pictures=True, **more), 1).report.rows
        return found.picture

    manifest = (own / "zoo.toml").read_text()
    assert [picture(), picture()] == ["pictures/linear.html"] * 2
    (own / "zoo.toml").write_text(manifest.replace("batch = 2", "batch = 3"))
    assert picture() == "pictures/linear.html"
    (own / "zoo.toml").write_text(manifest)
    assert picture() == "", "the file shows another graph by now"


def test_a_graph_that_stays_the_same_is_not_computed_again(own: Path, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows_of(done(request_for("linear"), 1).report)["linear"]
    monkeypatch.setattr(keys, "code", lambda: "a frontend that was changed")
    after = rows_of(done(request_for("linear"), 1).report)["linear"]
    assert not after.reused
    assert after.key != before.key
    assert after.runtimes["reference"] == before.runtimes["reference"], "the times, too"


def test_a_crash_is_tried_again(own: Path, request_for: RequestFor) -> None:
    assert [row.reused for _ in range(2) for row in done(request_for("crash"), 1).report.rows] == [False, False]


def test_an_earlier_report_says_what_is_known_and_what_became_worse(own: Path, request_for: RequestFor, tmp_path: Path) -> None:
    old = done(request_for("linear", "refused"), 1)
    assert (old.status, old.found) == (1, None)
    same = done(request_for("linear", "refused", since=old.report, output=tmp_path / "elsewhere"), 1)
    assert all(row.reused for row in same.report.rows)
    assert (same.status, same.found) == (0, []), "what is not as expected was so before"
    onnx.save(onnx.load(own / "refused.onnx"), own / "linear.onnx")
    worse = done(request_for("linear", "refused", since=old.report, output=tmp_path / "elsewhere"), 1)
    assert [(change.model, change.what, change.before, change.after) for change in worse.found or ()] == [
        ("linear", "conversion", "ok", "refused")
    ]
    assert worse.status == 1


def test_only_the_models_of_a_run_are_compared_with_an_earlier_report(request_for: RequestFor, tmp_path: Path) -> None:
    old = done(request_for("linear", "as_it_must"), 1).report
    assert done(request_for("linear", since=old, output=tmp_path / "elsewhere"), 1).found == [], "nothing is gone"


def test_reports_of_shards_become_one_with_their_pictures(request_for: RequestFor, tmp_path: Path) -> None:
    models = request_for("linear", "as_it_must").models
    parts = [tmp_path / "one", tmp_path / "two"]
    for i, part in enumerate(parts, start=1):
        text = f"{i}/2"
        done(replace(request_for(), models=shard(models, text), shard=text, output=part, pictures=True), 1)
    ran = together(parts, tmp_path / "whole")
    assert [row.name for row in ran.report.rows] == ["linear", "as_it_must"]
    assert ran.report.shards == ["1/2", "2/2"]
    assert [path.name for path in (tmp_path / "whole" / "pictures").iterdir()] == ["linear.html"]
    assert read(tmp_path / "whole") == ran.report


def test_the_first_that_is_not_as_expected_can_end_a_run(own: Path, request_for: RequestFor) -> None:
    models = [request_for(name).models[0] for name in ("refused", "made_0", "made_1", "made_2", "made_3")]
    ran = done(replace(request_for(), models=models, keep_going=False), 1)
    assert "refused" in rows_of(ran.report)
    assert len(ran.report.rows) < len(models)


def test_shards_are_all_models(request_for: RequestFor) -> None:
    models = request_for().models
    parts = [shard(models, f"{i}/3") for i in (1, 2, 3)]
    assert sorted(model.name for part in parts for model in part) == sorted(model.name for model in models)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    for wrong in ("0/3", "4/3", "1", "a/b", "1/0", ""):
        with pytest.raises(WebNNError, match="is no part of the zoo"):
            shard(models, wrong)


# ------------------------------------------------------------------------------------------------------------------- as a program
def program(own: Path, *arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "webnn_graph", "zoo", "run", "--zoo", own / "zoo.toml", "--trust-python", "-o", own.parent / "report"]
    return subprocess.Popen([*map(str, command), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def processes(parent: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return psutil.Process(parent).children(recursive=True)
    return []


@pytest.mark.parametrize(
    "number",
    [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.every)],
    ids=lambda number: number.name,
)
def test_a_run_that_is_ended_goes_on_where_it_was(own: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = own.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    kept = own.parent / "report" / ROWS
    run = program(own, "good", "hang")
    deadline = time.monotonic() + 60
    while not (kept.exists() and len(kept.read_bytes().splitlines()) >= 3) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = processes(run.pid)
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode not in (0, 1, 3)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, "what it has started does not outlive it"
    assert number is signal.SIGKILL or not list(temporary.iterdir())
    before = [line for line in kept.read_bytes().splitlines() if line.endswith(b"}")]
    again = program(own, "good")
    _, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    report = read(own.parent / "report")
    assert sum(row.reused for row in report.rows) == len(before) >= 3
    assert sorted(made(own)) == ["0", "1", "2", "3"] or len(made(own)) <= 5, "only the one that was at work is made twice"


def test_two_runs_at_once_share_one_cache(own: Path, tmp_path: Path) -> None:
    runs = [program(own, "good", "-o", tmp_path / name) for name in ("one", "two")]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    assert sorted(made(own)) == ["0", "1", "2", "3"], "each model is made once, by whoever comes first"
    one, two = (rows_of(read(tmp_path / name)) for name in ("one", "two"))
    assert {name: row.conversion.digest for name, row in one.items()} == {name: row.conversion.digest for name, row in two.items()}


# -------------------------------------------------------------------------------------------------------------------- the browser
def browsers() -> list[psutil.Process]:
    """The browsers that this process has started."""
    found = []
    for child in processes(os.getpid()):
        with suppress(psutil.Error):
            command = " ".join(child.cmdline())
            if "--remote-debugging-port=0" in command and "--type" not in command:
                found.append(child)
    return found


@pytest.mark.browser
def test_a_browser_that_is_killed_is_the_verdict_of_the_model_that_it_computes(own: Path) -> None:
    onnx.save(product_model(150, 900), own / "products.onnx")
    small = Model(name="small", source="file:linear.onnx", dims={"batch": 2})
    names = ["before", "victim", "after"]
    models = [replace(small, name=name) if name != "victim" else Model(name=name, source="file:products.onnx") for name in names]
    jobs = [Job(model=model, folder=str(own), runtimes={"browser": "some"}) for model in models]
    seen: list[int] = []

    def watch(name: str, stage: str) -> None:
        if stage == "browser":
            (browser,) = browsers()
            seen.append(browser.pid)
            if name == "victim":
                _kill_when_it_computes(browser)

    rows = {row.name: row for row in locally(jobs, Limits(120), 1, watch)}
    assert [rows[name].verdict for name in names] == [Verdict.OK, Verdict.CRASHED, Verdict.OK], rows
    assert rows["victim"].conversion.verdict is Verdict.OK
    assert "the browser failed to" in rows["victim"].runtimes["browser"].message
    first, second, *_, last = seen
    assert first == second != last, "used again until it was killed, then started anew"
    assert not browsers()


def _kill_when_it_computes(browser: psutil.Process) -> None:
    """Kills a browser as soon as its processes have worked for a while since now."""
    import threading

    def busy() -> float:
        total = 0.0
        for process in [browser, *browser.children(recursive=True)]:
            with suppress(psutil.Error):
                total += sum(process.cpu_times()[:2])
        return total

    def kill() -> None:
        begun = busy()
        while browser.is_running() and busy() < begun + 1.0:
            time.sleep(0.02)
        browser.kill()

    threading.Thread(target=kill, daemon=True).start()
