"""Measures packages of models that generate beside onnxruntime-web: ``python -m benchmarks.generation``.

Random Llamas of 135 and of 30 million parameters, each kind of weights, in the browser of ``WEBNN_CHROMIUM`` and those of ``--browser``.
Files are kept in ``build/benchmarks/generation``; the first time takes half an hour, a later one a minute for each row.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.generation import models
from benchmarks.generation.browser import PAGE, visit
from benchmarks.page import ORT
from benchmarks.page.server import Server
from benchmarks.results import FOLDER, Results
from webnn_graph.runtimes.chromium import find_browser, version_of

BUNDLES = {"webnn": "ort.jspi.min.mjs", "wasm": "ort.wasm.min.mjs"}
"""The smallest build of onnxruntime-web that has the provider."""
PROVIDERS: Mapping[str, Any] = {"webnn": {"name": "webnn", "deviceType": "cpu"}, "wasm": "wasm"}
ROUNDS = 8
"""Turns of the floor and of what is compared with it."""


def ways(name: str, weights: Sequence[str], threads: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is measured of a model: what it is called, and the options of the page."""
    for kind in weights:
        yield kind, {"way": "packaged", "module": f"/{name}_{kind}/index.js"}
    sizes = models.MODELS[name]
    shared = {"layers": sizes.layers, "groups": sizes.groups, "head": sizes.hidden // sizes.heads, "threads": threads}
    for provider in PROVIDERS:
        how = {**shared, "ort": f"/ort/{BUNDLES[provider]}", "provider": PROVIDERS[provider]}
        yield f"ort {provider} growing", {**how, "way": "growing", "file": f"/{name}.onnx"}
        yield f"ort {provider} fixed", {**how, "way": "fixed", "file": f"/{name}_fixed.onnx", "onDevice": provider == "webnn"}


def prepare(name: str, way: str, folder: Path) -> None:
    """Makes what a way reads."""
    if way in models.WEIGHTS:
        models.package(name, way, folder)
    else:
        models.onnx_file(name, folder, fixed=way.endswith("fixed"))


def measure(server: Server, executable: Path, name: str, way: str, options: dict[str, Any]) -> dict[str, Any]:
    """All figures of one way: times of one visit, memory of another."""
    page = f"{name}_{way.replace(' ', '_')}.html"
    (server.folder / page).write_text(PAGE.replace("OPTIONS", json.dumps(options)), "utf-8")
    of_floor: dict[str, Any] = {}
    if way == "float32":
        matrices = models.MODELS[name].matrices
        of_floor = {"decode": (matrices, 1, ROUNDS), "prefill": (matrices, models.PROMPT, ROUNDS // 2)}
    found = visit(server, executable, page, watched=False, **of_floor)
    if "error" not in found:
        watched = visit(server, executable, page, watched=True)
        found |= {key: watched.get(key) for key in ("peak", "steady")}
    return found


def main(browsers: Sequence[Path], names: Sequence[str], wanted: Sequence[str], folder: Path, threads: int) -> None:
    """Measures, keeps and prints."""
    results = Results("generation")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ort").mkdir(exist_ok=True)
    shutil.copy(Path(__file__).parent / "generate.js", folder)
    dist = ORT / "dist"
    for file in (*BUNDLES.values(), *(path.name for path in dist.glob("ort-wasm*") if ".map" not in path.name)):
        shutil.copy(dist / file, folder / "ort")
    with Server(folder) as server:
        for name in names:
            for way, options in ways(name, models.WEIGHTS, threads):
                if wanted and not any(word in way for word in wanted):
                    continue
                prepare(name, way, folder)
                for executable in browsers:
                    version = version_of(executable)
                    found = measure(server, executable, name, way, options)
                    results.keep(version, f"{name} {way}", found)
                    print(row(version, name, way, found), flush=True)


def row(version: str, name: str, way: str, found: Mapping[str, Any]) -> str:
    """One line of the table, of at most 80 columns."""
    begin = f"{version.rpartition(' ')[2].partition('.')[0]} {name.removeprefix('llama_'):<5}{way:<18}"
    if "error" in found:
        return f"{begin}{found['error'][:50]}"
    floor = found.get("decode")
    ratio = f"{floor['beside'] / floor['floor']:5.2f}" if floor else "     "
    peak, steady = (f"{found[key]:6,.0f}" if found.get(key) else "     -" for key in ("peak", "steady"))
    times = f"{found['load'] / 1e3:5.1f}{found['first']:7,.0f}{found['token']:7.1f}{1e3 / found['token']:6.1f}{ratio}"
    return f"{begin}{times}{found['bytes']:9,.0f}{peak}{steady}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(models.MODELS)}")
    parser.add_argument("--browser", type=Path, action="append", help="executables of browsers, instead of WEBNN_CHROMIUM")
    parser.add_argument("--way", action="append", default=[], help="only those whose names have this in them")
    parser.add_argument("--folder", type=Path, default=FOLDER / "generation", help="where files are kept")
    parser.add_argument("--threads", type=int, default=1, help="of onnxruntime-web in WebAssembly")
    given = parser.parse_args()
    main(given.browser or [find_browser()], given.models or list(models.MODELS), given.way, given.folder, given.threads)
