"""One page in a browser of its own: how long it takes, what it fetches, how much memory the browser needs."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.page.server import Server
from benchmarks.watching import Watch
from webnn_graph.data_types import Array
from webnn_graph.runtimes.chromium import FLAGS

MEASURE = (Path(__file__).parent / "measure.js").read_text("utf-8")
WAYS = {"module": "module", "webnn": "onnxruntime-web, WebNN", "wasm": "onnxruntime-web, WebAssembly"}
"""What computes, and what it is called."""
BUNDLES = {"webnn": "ort.jspi.min.mjs", "wasm": "ort.wasm.min.mjs"}
"""The smallest build of onnxruntime-web that has the provider."""
MODULE = """import { inputs, outputs, load } from "./model.js";
const model = await load({ contextOptions: { deviceType: "cpu" } });
const feeds = Object.fromEntries(inputs.map(({ name, dataType }, i) => [name, values(GIVEN[i], dataType)]));
const run = async () => { const made = await model.compute(feeds); return outputs.map(({ name }) => made[name]); };"""
ORT = """import * as ort from "/ort/BUNDLE";
Object.assign(ort.env.wasm, { wasmPaths: "/ort/", numThreads: 1 });
const session = await ort.InferenceSession.create("./model.onnx", { executionProviders: [PROVIDER] });
const feeds = Object.fromEntries(GIVEN.map((given) => [given.name, new ort.Tensor(given.type, values(given, given.type), given.shape)]));
const run = async () => { const made = await session.run(feeds); return session.outputNames.map((name) => made[name].data); };"""
PROVIDERS = {"webnn": '{ name: "webnn", deviceType: "cpu" }', "wasm": '"wasm"'}
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
import { measure, values } from "/measure.js";
const GIVEN = INPUTS;
window.onunhandledrejection = ({ reason }) => { window.failed = String(reason); };
try {
SCRIPT
window.measured = await measure(run, SECONDS, MOST);
} catch (error) { window.failed = `${error.name}: ${error.message}`; }
</script>"""
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Visit:
    """What one visit of a page found.

    Attributes:
        first: Milliseconds from navigation to the first result.
        times: Milliseconds of each later call.
        fetched: Bytes fetched besides the weights, compressed.
        renderer: Most resident memory of the page's process, in MiB.
        browser: The same of all processes of the browser, in one of which WebNN computes.
        results: What it computed.
    """

    first: float
    times: list[float]
    fetched: int
    renderer: float
    browser: float
    results: list[Array]


def page_of(way: str, inputs: list[dict[str, Any]], seconds: float, most: float) -> str:
    """The page that computes a model in one of the `WAYS`; see ``measure`` in measure.js."""
    script = MODULE if way == "module" else ORT.replace("BUNDLE", BUNDLES[way]).replace("PROVIDER", PROVIDERS[way])
    imports, _, rest = script.partition(";\n")
    page = PAGE.replace("SCRIPT", rest).replace("const GIVEN", f"{imports};\nconst GIVEN")
    return page.replace("INPUTS", json.dumps(inputs)).replace("SECONDS", f"{seconds}").replace("MOST", f"{most}")


def visit(server: Server, executable: Path, page: str, megabits: float | None = None, timeout: float = 120) -> Visit | str:
    """What a new browser finds on a page, or the error that stops it there.

    Args:
        server: Has the page.
        executable: The browser.
        page: The page's path.
        megabits: Per second of the network, with 20 ms to the server; None for what there is.
        timeout: Seconds.
    """
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=list(FLAGS))
        try:
            opened = browser.new_page()
            if megabits:
                rate = megabits * 1e6 / 8
                session = opened.context.new_cdp_session(opened)
                session.send("Network.enable")
                conditions = {"offline": False, "latency": 20, "downloadThroughput": rate, "uploadThroughput": rate}
                session.send("Network.emulateNetworkConditions", conditions)
            with Memory() as memory:
                opened.goto(f"{server.url}/{page}", wait_until="commit")
                opened.wait_for_function("window.measured || window.failed", timeout=timeout * 1000, polling=100)
            failed, measured = opened.evaluate("[window.failed, window.measured]")
        except Error as error:
            return error.message.splitlines()[0]
        finally:
            browser.close()
    if failed:
        return str(failed)
    results = [np.frombuffer(base64.b64decode(text), np.float32) for text in measured["outputs"]]
    code = {path for path in measured["fetched"] if path != "/measure.js"}
    fetched = sum(map(server.compressed, code))
    return Visit(measured["first"], measured["times"], fetched, memory.renderer, memory.browser, results)


class Memory(Watch):
    """The most memory of this process's browser while the context lasts."""

    def __init__(self) -> None:
        super().__init__(0.05)
        self.renderer = self.browser = 0.0
        self._kinds: dict[psutil.Process, str] = {}

    def look(self) -> None:
        sizes = []
        for process in psutil.Process().children(recursive=True):
            try:
                if process not in self._kinds:
                    self._kinds[process] = next((word for word in process.cmdline() if word.startswith("--type=")), "")
                sizes.append((self._kinds[process], process.memory_info().rss / MEBIBYTE))
            except psutil.Error:
                continue
        self.renderer = max(self.renderer, *(size for kind, size in sizes if kind == "--type=renderer"), 0.0)
        self.browser = max(self.browser, sum(size for _, size in sizes))
