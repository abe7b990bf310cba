"""``python -m tests.fuzz``: looks for files that break a promise, and writes those that do.

python -m tests.fuzz --format json --seconds 60
python -m tests.fuzz --format json --seed 123 --case 45     # shows what comes of one case
"""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.case import MODULES, numbered
from tests.fuzz.driver import Outcome, Worker, fuzz, smaller, until


def main() -> int:
    """Runs the command; returns its exit status: 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--format", action="append", choices=MODULES, help="what to make files of; repeat it for several; all by default")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other cases")
    parser.add_argument("--case", type=int, help="number of the only case to run")
    parser.add_argument("--cases", type=int, help="how many cases to run of each format")
    parser.add_argument("--seconds", type=float, default=60, help="how long to run cases of each format, if not --cases")
    parser.add_argument("--output", type=Path, default=Path("build/fuzz"), help="folder for what is found")
    options = parser.parse_args()
    names = list(dict.fromkeys(options.format or MODULES))
    if options.case is not None:
        return max(_show(name, options.seed, options.case, options.output) for name in names)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda name: _fuzz(name, options), names))
    return int(any(outcome.findings for outcome in outcomes))


def _fuzz(name: str, options: argparse.Namespace) -> Outcome:
    with Worker(name) as worker:
        outcome = fuzz(worker, options.seed, range(options.cases) if options.cases is not None else until(options.seconds))
        print(outcome, flush=True)
        _keep(worker, outcome, options.output / name)
    return outcome


def _keep(worker: Worker, outcome: Outcome, folder: Path) -> None:
    """Writes the findings, made smaller, each into a folder of its own, and an index with the reasons."""
    lines = []
    for finding in outcome.findings.values():
        finding = smaller(worker, finding)
        words = re.sub(r"\W+", "-", f"{finding.verdict.kind} {finding.verdict.signature}").strip("-")[:80]
        where = folder / f"{outcome.seed}-{finding.number}-{words}"
        files = worker.write(finding.case, where)
        first = finding.verdict.text.splitlines()[0] if finding.verdict.text else ""
        lines.append(f"{where.name}/{files[0]}: {finding.verdict.kind}: {first[:200]}")
        reason = f"{_command(outcome, finding.number)}\n{finding.verdict.text}\n\n{finding.verdict.trace}"
        (where / "reason.txt").write_text(reason, errors="replace")
    if lines:
        with (folder / "index.txt").open("a", errors="replace") as index:
            index.write("".join(f"{line}\n" for line in lines))
        print(f"{outcome.name}: {len(lines)} findings in {folder}", flush=True)


def _command(outcome: Outcome, number: int) -> str:
    return f"python -m tests.fuzz --format {outcome.name} --seed {outcome.seed} --case {number}"


def _show(name: str, seed: int, number: int, folder: Path) -> int:
    """Runs one case; prints what comes of it, with what is left when it is made smaller."""
    with Worker(name) as worker:
        outcome = fuzz(worker, seed, [number])
        case, verdict = numbered(name, seed, number), worker.run(numbered(name, seed, number))
        print(f"{verdict.kind} ({len(case.changes)} changes, {verdict.seconds:.2f} s)\n{verdict.text}\n{verdict.trace}".rstrip())
        _keep(worker, outcome, folder / name)
        if not outcome.findings:
            worker.write(case, folder / name / f"{seed}-{number}")
    return int(bool(outcome.findings))


if __name__ == "__main__":
    raise SystemExit(main())
