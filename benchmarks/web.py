"""A module beside onnxruntime-web, in one browser: ``python -m tests.benchmarks.web FOLDER``.

FOLDER is that of the npm package onnxruntime-web. Both compute zoo models on WebNN with the CPU, onnxruntime-web on one thread of
WebAssembly, too. A row tells what the page fetches besides the model's weights, compressed by gzip; and milliseconds from the page's
first line to the first result, and of a call then, each the least of several new pages, in turns. Files come from this machine, so
that the time to fetch them, which depends on the network, is next to nothing. The browser is the one of ``WEBNN_CHROMIUM``.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from models import select
from models.zoo.loading import converted, prepared
from webnn_graph import save
from webnn_graph.graph import Graph
from webnn_graph.runtimes import exchange
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import PORTABLE, legalize, load_target

MODELS = "light_squeezenet light_inception_v2 light_densenet121".split()
"""Those of fixed shapes, which need no options in either."""
PAGES = 4
WAYS = ("module", "onnxruntime-web, WebNN", "onnxruntime-web, WebAssembly, one thread")
TIME = """
    const first = performance.now() - start;
    const times = [];
    for (const end = performance.now() + 300; performance.now() < end || times.length < 3;) {
        const before = performance.now();
        await run();
        times.push(performance.now() - before);
    }
    const fetched = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
    return [first, times.sort((a, b) => a - b)[times.length >> 1], fetched];
}"""
FEED = "new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(0.5)"
MODULE = f"""async ({{ folder }}) => {{
    const start = performance.now();
    const module = await import(`/${{folder}}/model.js`);
    const model = await module.load({{ contextOptions: {{ deviceType: "cpu" }} }});
    const feeds = Object.fromEntries(module.inputs.map(({{ name, shape }}) => [name, {FEED}]));
    const run = () => model.compute(feeds);
    await run();{TIME}"""
ORT = f"""async ({{ folder, inputs, provider }}) => {{
    const start = performance.now();
    const ort = await import("/ort/ort.all.min.mjs");
    Object.assign(ort.env.wasm, {{ wasmPaths: "/ort/", numThreads: 1 }});
    const provided = provider === "webnn" ? {{ name: "webnn", deviceType: "cpu" }} : provider;
    const session = await ort.InferenceSession.create(`/${{folder}}/model.onnx`, {{ executionProviders: [provided] }});
    const feeds = Object.fromEntries(inputs.map(([name, shape]) => [name, new ort.Tensor("float32", {FEED}, shape)]));
    const run = () => session.run(feeds);
    await run();{TIME}"""


@dataclass(frozen=True)
class Measured:
    """Milliseconds to the first result and of a later call, and bytes fetched besides the model."""

    first: float
    later: float
    fetched: int

    def __str__(self) -> str:
        return f"{self.fetched / 1e3:,.1f} | {self.first:,.0f} | {self.later:,.1f}"


def in_new_page(session: BrowserSession, script: str, arguments: Mapping[str, Any]) -> Measured:
    def evaluate() -> Any:
        page = session.chromium._new_page()
        answer = page.evaluate(script, arguments)
        page.close()
        return answer

    first, later, paths = session.chromium._do(evaluate)
    files = {path for path in paths if path.endswith((".js", ".mjs", ".wasm")) and "/pages/" not in path}
    return Measured(first, later, sum(len(gzip.compress((session.exchange.folder / path[1:]).read_bytes())) for path in files))


def rows(session: BrowserSession, name: str, model: Path, graph: Graph) -> str:
    """Rows of the table in docs/compare.md."""
    folder = session.exchange.folder / name
    folder.mkdir()
    save(graph, folder / "model.js")
    shutil.copy(model, folder / "model.onnx")
    arguments = {"folder": name, "inputs": [(operand.name, operand.shape) for operand in graph.inputs]}
    runs = [(MODULE, arguments), *((ORT, {**arguments, "provider": provider}) for provider in ("webnn", "wasm"))]
    rounds = [[in_new_page(session, *run) for run in runs] for _ in range(PAGES)]
    least = [Measured(*map(min, zip(*map(astuple, runs), strict=True))) for runs in zip(*rounds, strict=True)]
    return "\n".join(f"| {name} | {way} | {measured} |" for way, measured in zip(WAYS, least, strict=True))


def main(package: Path) -> None:
    """Prints the table."""
    version = json.loads((package / "package.json").read_text())["version"]
    exchange.MEDIA_TYPES.update({".mjs": "text/javascript", ".wasm": "application/wasm"})
    with BrowserSession() as session:
        shutil.copytree(package / "dist", session.exchange.folder / "ort")
        print(f"onnxruntime-web {version}, Chromium {session.chromium.version}", flush=True)
        for model in select(MODELS):
            graph = converted(model)
            assert isinstance(graph, Graph), graph
            print(rows(session, model.name, prepared(model), legalize(graph, load_target(PORTABLE))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
