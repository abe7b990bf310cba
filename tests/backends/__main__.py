"""``python -m tests.backends``: looks for graphs that a back end refuses, crashes on or computes wrong.

python -m tests.backends --browser /path/of/chromium --seconds 600
python -m tests.backends --rustnn --seconds 600
python -m tests.backends --onnxruntime --seconds 600
python -m tests.backends --patterns build/zoo --seconds 600       # neighbourhoods of graphs in a folder besides
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.backends.backends import Backend, Browser, Onnxruntime, Rustnn
from tests.backends.drawing import drawn
from tests.backends.fuzzing import Finding, fuzz, words
from tests.backends.judging import Case
from tests.backends.patterns import neighbourhoods
from webnn_graph import save


def main() -> int:
    """Runs the command; returns its exit status: 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.backends", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browser", type=Path, help="the Chromium to try; by default the one that WEBNN_CHROMIUM names")
    parser.add_argument("--rustnn", action="store_true", help="try rustnn instead of a browser")
    parser.add_argument("--onnxruntime", action="store_true", help="try ONNX Runtime instead")
    parser.add_argument("--target", help="what the graphs are legalized for; by default chromium or rustnn")
    parser.add_argument("--patterns", type=Path, help="folder with graphs, whose neighbourhoods are every second case")
    parser.add_argument("--seed", type=int, default=0, help="the first case; other seeds make other cases")
    parser.add_argument("--cases", type=int, help="how many cases to draw")
    parser.add_argument("--seconds", type=float, default=60, help="how long to draw, if not --cases")
    parser.add_argument("--output", type=Path, default=Path("build/backends"), help="folder for what is found")
    options = parser.parse_args()
    until = float("inf") if options.cases else time.monotonic() + options.seconds
    with Rustnn() if options.rustnn else Onnxruntime() if options.onnxruntime else Browser(options.browser) as backend:
        backend.target = options.target or backend.target
        return _run(backend, _cases(options), until, options.output)


def _run(backend: Backend, cases: Iterator[tuple[str, Case]], until: float, output: Path) -> int:
    for outcome, finding in fuzz(backend, cases, until):
        if finding is not None:
            print(f"{outcome.graphs}: {finding.seed}: {finding.signature}\n    {finding.text[:200]}", flush=True)
            _keep(finding, output)
    print(outcome, flush=True)
    return int(bool(outcome.findings))


def _cases(options: argparse.Namespace) -> Iterator[tuple[str, Case]]:
    patterns = neighbourhoods(options.patterns, options.seed) if options.patterns else None
    for seed in count(options.seed) if options.cases is None else range(options.seed, options.seed + options.cases):
        if patterns and seed % 2:
            yield next(patterns)
            continue
        made = drawn(seed)
        if made is not None:
            yield str(seed), Case(*made)


def _keep(finding: Finding, folder: Path) -> None:
    """Writes a finding: its graph, and what was computed."""
    where = folder / words(finding)
    where.mkdir(parents=True, exist_ok=True)
    save(finding.case.graph, where / "graph.webnn")
    (where / "reason.txt").write_text(f"{finding.seed}\n{finding.signature}\n{finding.text}\n", errors="replace")


if __name__ == "__main__":
    raise SystemExit(main())
