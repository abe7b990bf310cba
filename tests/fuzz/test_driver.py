"""The fuzzing itself: what a case does is seen, whatever it is, and a finding is made small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import misbehaving
from tests.fuzz.case import Case
from tests.fuzz.driver import Finding, Worker, fuzz, smaller


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("misbehaving", seconds=3, memory=500 << 20) as worker:
        yield worker


@pytest.mark.parametrize("what", misbehaving.BEHAVIOURS)
def test_every_behaviour_is_seen(worker: Worker, what: str) -> None:
    number = list(misbehaving.BEHAVIOURS).index(what)
    assert worker.run(Case(number, ())).kind == misbehaving.BEHAVIOURS[what][0]
    assert worker.run(Case(0, ())).kind == "ok"  # one case leaves nothing behind that the next would suffer from


def test_a_finding_keeps_the_changes_that_it_takes(worker: Worker) -> None:
    harmful = [seed for seed in range(100) if misbehaving.mutate(b"", Random(seed))]
    harmless = [seed for seed in range(100) if seed not in harmful]
    case = Case(0, (harmless[0], harmful[0], harmless[1]))
    finding = smaller(worker, Finding(7, case, worker.run(case)))
    assert finding.case == Case(0, (harmful[0],))
    assert finding.verdict.text == "KeyError: 'x'"


def test_cases_are_the_same_for_the_same_seed(worker: Worker) -> None:
    first, second, other = (fuzz(worker, seed, range(8)) for seed in (1, 1, 2))
    assert first.counts == second.counts
    assert first.counts.total() == 8
    assert {f.case for f in first.findings.values()} == {f.case for f in second.findings.values()}
    assert {f.case for f in first.findings.values()} != {f.case for f in other.findings.values()}


def test_the_files_of_a_case_can_be_written(worker: Worker, tmp_path: Path) -> None:
    assert worker.write(Case(2, ()), tmp_path / "new") == ["input.txt"]
    assert (tmp_path / "new" / "input.txt").read_text() == "is refused"
