"""Measures modules beside onnxruntime-web: ``python -m benchmarks.page [MODEL...]``.

Without names, those that have not been measured yet in this browser. About half a minute a model and, for each of the three ways, the
time that its weights take at 20 Mbit/s; a quarter of an hour for all. The browser is the one of ``WEBNN_CHROMIUM``, onnxruntime-web
the one that ``make bench`` installs, or in the folder ``WEBNN_ORT``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.page import ORT
from benchmarks.page.browser import BUNDLES, WAYS, Visit, page_of, visit
from benchmarks.page.models import MODELS, Prepared, prepare
from benchmarks.page.server import Server
from benchmarks.results import Results
from webnn_graph.data_types import Array
from webnn_graph.runtimes.chromium import find_browser, version_of

MEGABITS = 20
ROUNDS = 3
"""Visits of each page without a limit of the network, in turns."""
ENOUGH = 8.0
"""Seconds of a way's first visit from which on one is enough."""


def measure(server: Server, executable: Path, name: str, megabits: float) -> dict[str, Any]:
    """All figures of a model by way; the error of a way that failed."""
    folder = server.folder / name
    prepared = prepare(name, folder)
    for way in WAYS:
        (folder / f"{way}.html").write_text(page_of(way, prepared.inputs, 1, 5))
        (folder / f"{way}_first.html").write_text(page_of(way, prepared.inputs, 0, 0))
    visits: dict[str, list[Visit | str]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, made in visits.items():
            if not made or (isinstance(made[0], Visit) and made[0].first < ENOUGH * 1000):
                made.append(visit(server, executable, f"{name}/{way}.html"))
    slow = {way: visit(server, executable, f"{name}/{way}_first.html", megabits) for way in WAYS}
    weights = {"module": (folder / "model.safetensors"), "webnn": folder / "model.onnx", "wasm": folder / "model.onnx"}
    sizes = {way: path.stat().st_size if path.is_file() else 0 for way, path in weights.items()}
    shutil.rmtree(folder)
    return {way: {"weights": sizes[way], **_figures(prepared, made, slow[way])} for way, made in visits.items()}


def _figures(prepared: Prepared, visits: Sequence[Visit | str], slow: Visit | str) -> dict[str, Any]:
    found = [each for each in visits if isinstance(each, Visit)]
    if not found:
        return {"error": str(visits[0])}
    best = min(found, key=lambda each: median(each.times))
    return {
        "bytes": found[0].fetched,
        "first": median(each.first for each in found),
        "first_slow": slow.first if isinstance(slow, Visit) else None,
        "warm": median(best.times),
        "p95": float(np.percentile(best.times, 95)),
        "renderer": median(each.renderer for each in found),
        "browser": median(each.browser for each in found),
        "difference": max(map(_difference, found[0].results, prepared.results)),
    }


def _difference(made: Array, right: Array) -> float:
    """The largest difference of two results, relative to the largest number."""
    right = np.asarray(right, np.float32).ravel()
    if made.size != right.size:
        return float("inf")
    return float(np.abs(made - right).max() / max(float(np.abs(right).max()), 1e-30))


def main(names: Sequence[str], megabits: float = MEGABITS, results: Results | None = None) -> Mapping[str, Any]:
    """Measures models, and keeps what was found of each at once."""
    executable = find_browser()
    version = version_of(executable)
    results = results or Results("page")
    for name in names or [name for name in MODELS if name not in results.of(version)]:
        with tempfile.TemporaryDirectory(prefix="webnn-") as folder, Server(Path(folder)) as server:
            shutil.copy(Path(__file__).parent / "measure.js", server.folder)
            dist = ORT / "dist"
            (server.folder / "ort").mkdir()
            for file in (*BUNDLES.values(), *(path.name for path in dist.glob("ort-wasm*") if ".map" not in path.name)):
                shutil.copy(dist / file, server.folder / "ort")
            made = measure(server, executable, name, megabits)
        results.keep(version, name, {**made, "ort": json.loads((ORT / "package.json").read_text())["version"]})
        for way, figures in made.items():
            print(f"{name:<24}{way:<8}", *(f"{key} {_shown(value)}" for key, value in figures.items()), flush=True)
    return results.of(version)


def _shown(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 100
        else f"{value:,.0f}"
        if isinstance(value, float | int)
        else str(value)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--megabits", type=float, default=MEGABITS, help="of the slow network, per second")
    given = parser.parse_args()
    main(given.models, given.megabits)
