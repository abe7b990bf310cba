"""Runs cases of a format, counts what comes of them, and makes what is found smaller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from tests.fuzz.case import Case, numbered
from tests.fuzz.verdict import Verdict

ROOT = Path(__file__).parents[2]
SECONDS = 20
MEMORY = 2 << 30
"""What a file below 1 MB may take."""
QUIET = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
}


class Worker:
    """A process that runs cases of one format; see `tests.fuzz.worker`.

    Args:
        name: The format.
        seconds: How long a case may take.
        memory: Bytes of memory that it may use.
    """

    def __init__(self, name: str, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True)
        root = Path(self._folder.name).resolve()
        home, temporary = root / "home", root / "a" / "b" / "tmp"
        temporary.mkdir(parents=True)
        home.mkdir()
        places = {"HOME": home, "TMPDIR": temporary, "PYTHONPATH": ROOT, "TORCHINDUCTOR_CACHE_DIR": root / "cache"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", name, str(root), str(seconds), str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | QUIET | {name: str(place) for name, place in places.items()},
            cwd=ROOT,
        )
        self._answer()

    def run(self, case: Case) -> Verdict:
        """What comes of a case."""
        return Verdict(**json.loads(self._ask([case.base, case.changes])))

    def write(self, case: Case, folder: Path) -> list[str]:
        """Writes the case's files; returns their names, first that of the changed one."""
        names: list[str] = json.loads(self._ask({"case": [case.base, case.changes], "to": str(folder.resolve())}))
        return names

    def _ask(self, request: object) -> str:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker of {self.name} ended with status {self._process.wait()}")
        return line

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


@dataclass(frozen=True)
class Finding:
    """A case that breaks a promise."""

    number: int
    case: Case
    verdict: Verdict


@dataclass
class Outcome:
    """What came of many cases of a format.

    Attributes:
        counts: Cases by kind of verdict.
        findings: The first finding of each signature.
        slowest: Seconds of processor time of the slowest case that ended by itself.
    """

    name: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    slowest: float = 0
    seconds: float = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {kind}" for kind, count in self.counts.most_common())
        distinct = f"; {len(self.findings)} distinct" if self.findings else ""
        return f"{self.name}: {self.counts.total()} cases in {self.seconds:.0f} s: {counts}{distinct}; slowest {self.slowest:.1f} s"


def fuzz(worker: Worker, seed: int, cases: Iterable[int]) -> Outcome:
    """Runs the cases of these numbers."""
    outcome, start = Outcome(worker.name, seed), time.monotonic()
    for number in cases:
        case = numbered(worker.name, seed, number)
        verdict = worker.run(case)
        outcome.counts[verdict.kind] += 1
        outcome.slowest = max(outcome.slowest, verdict.seconds)
        if verdict.is_finding:
            outcome.findings.setdefault(f"{verdict.kind} {verdict.signature}", Finding(number, case, verdict))
        outcome.seconds = time.monotonic() - start
    return outcome


def until(seconds: float) -> Iterator[int]:
    """Numbers of cases, as many as there is time for."""
    start, number = time.monotonic(), 0
    while time.monotonic() - start < seconds:
        yield number
        number += 1


def smaller(worker: Worker, finding: Finding) -> Finding:
    """The same finding with as few changes as it takes: each is left out in turn while it stays."""
    wanted = finding.verdict.kind, finding.verdict.signature
    for change in finding.case.changes:
        fewer = tuple(other for other in finding.case.changes if other != change)
        case = replace(finding.case, changes=fewer)
        verdict = worker.run(case)
        if (verdict.kind, verdict.signature) == wanted:
            finding = replace(finding, case=case, verdict=verdict)
    return finding
