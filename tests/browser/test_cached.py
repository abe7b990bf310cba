"""Weights that are kept for the next visit: nothing is fetched twice, not even what an interrupted download has fetched."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webnn_graph import Graph, GraphBuilder, save
from webnn_graph.runtimes.browser import BrowserSession

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

ROWS = 1536
"""Of a square weight; the file has some 9 MB, of which two parts of 4 MB and a rest are kept."""


def model(value: float) -> Graph:
    b = GraphBuilder("m")
    w = b.constant(np.full((ROWS, ROWS), value, np.float32), name="w")
    return b.build({"y": b.matmul(b.input("x", "float32", [1, ROWS]), w)})


class Files(ThreadingHTTPServer):
    """Serves one file as `content`, of which a response may break off; notes from which byte on each was asked for."""

    daemon_threads = True
    content = b""
    ends_at: int | None = None
    has_ranges = True
    asked: list[int]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = []


class Answer(BaseHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        start = int(re.sub("[^0-9]", "", self.headers.get("Range", "0")))
        self.server.asked.append(start)
        start = start if self.server.has_ranges else 0
        content = self.server.content
        self.send_response(206 if start else 200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "ETag")
        self.send_header("ETag", f'"{len(content)}-{content[-1]}"')
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start : self.server.ends_at])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def files() -> Iterator[Files]:
    with Files() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


LOAD = """async ({ module, url }) => {
    const { load } = await import(module);
    try {
        const model = await load({ url, cache: true, contextOptions: { deviceType: "cpu" } });
        const { y } = await model.compute({ x: new Float32Array(1536).fill(1) });
        model.destroy();
        return y[7];
    } catch (error) {
        return error.code;
    }
}"""
FORGET = "async () => { for (const name of await caches.keys()) await caches.delete(name); }"
KEPT = "async () => (await (await caches.open('webnn-weights')).keys()).length"


class Visitor:
    """Loads modules whose weights are at one address."""

    def __init__(self, browser: BrowserSession, files: Files) -> None:
        self.browser = browser
        self.files = files
        self.url = f"http://127.0.0.1:{files.server_port}/model.safetensors"

        self.page = browser.chromium._do(browser.chromium._new_page)

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.browser.chromium._do(lambda: self.page.evaluate(script, argument))

    def publish(self, name: str, value: float) -> str:
        """Puts a module there and serves its weights; the module's address."""
        folder: Path = self.browser.exchange.folder / name
        folder.mkdir()
        save(model(value), folder / "model.js")
        self.files.content = (folder / "model.safetensors").read_bytes()
        return f"/{name}/model.js"

    def load(self, module: str) -> tuple[Any, list[int]]:
        """What is computed, or the error's code; and from where on the file was asked for."""
        self.files.asked.clear()
        return self.ask(LOAD, {"module": module, "url": self.url}), list(self.files.asked)


@pytest.fixture
def visitor(browser: BrowserSession, files: Files) -> Iterator[Visitor]:
    visitor = Visitor(browser, files)
    yield visitor
    visitor.ask(FORGET)
    browser.chromium._do(visitor.page.close)


PART = 2**22


def test_a_second_visit_fetches_nothing(visitor: Visitor) -> None:
    module = visitor.publish("cached", 2)
    assert visitor.load(module) == (ROWS * 2, [0])
    assert visitor.load(module) == (ROWS * 2, [])
    visitor.files.content = b""  # as good as offline
    assert visitor.load(module) == (ROWS * 2, [])


@pytest.mark.parametrize("has_ranges", [True, False])
def test_an_interrupted_download_goes_on(has_ranges: bool, visitor: Visitor) -> None:
    module = visitor.publish(f"interrupted{has_ranges}", 2)
    visitor.files.has_ranges = has_ranges
    visitor.files.ends_at = PART + PART // 2
    assert visitor.load(module) == ("download", [0])
    visitor.files.ends_at = None
    assert visitor.load(module) == (ROWS * 2, [PART])
    assert visitor.load(module) == (ROWS * 2, [])


def test_a_model_that_changed_is_fetched_anew(visitor: Visitor) -> None:
    first, second = visitor.publish("before", 2), visitor.publish("after", 3)
    assert visitor.load(first)[0] == "weights-mismatch"  # the server has the second's by now
    assert visitor.load(second) == (ROWS * 3, [0])
    kept = visitor.ask(KEPT)
    third = visitor.publish("later", 4)
    assert visitor.load(third) == (ROWS * 4, [0])
    assert visitor.ask(KEPT) == kept


def test_what_changed_in_the_middle_is_not_put_together(visitor: Visitor) -> None:
    module = visitor.publish("middle", 2)
    visitor.files.ends_at = PART + PART // 2
    assert visitor.load(module) == ("download", [0])
    visitor.files.ends_at = None
    content, visitor.files.content = visitor.files.content, visitor.files.content[:-1] + b"\7"
    assert visitor.load(module) == ("download", [PART])
    visitor.files.content = content
    assert visitor.load(module) == (ROWS * 2, [0])


@pytest.mark.parametrize("wrong", [lambda content: content[:-100], lambda content: content[: PART + 8], lambda content: content[:8]])
def test_what_is_wrong_is_not_kept(wrong: Callable[[bytes], bytes], visitor: Visitor) -> None:
    module = visitor.publish(f"wrong{len(wrong(bytes(3 * PART)))}", 2)
    content, visitor.files.content = visitor.files.content, wrong(visitor.files.content)
    assert visitor.load(module) == ("weights-mismatch", [0])
    assert visitor.ask(KEPT) == 0
    visitor.files.content = content
    assert visitor.load(module) == (ROWS * 2, [0])


def test_a_browser_that_keeps_nothing_loads(visitor: Visitor) -> None:
    module = visitor.publish("nothing", 2)
    visitor.ask("() => { caches.open = async () => { throw new DOMException('no', 'SecurityError'); }; }")
    assert visitor.load(module) == (ROWS * 2, [0])
    assert visitor.load(module) == (ROWS * 2, [0])
    visitor.ask("() => { delete caches.open; }")


def test_a_full_disk_makes_nothing_fail(visitor: Visitor) -> None:
    module = visitor.publish("full", 2)
    full = "async () => { throw new DOMException('full', 'QuotaExceededError'); }"
    visitor.ask(f"() => {{ Cache.prototype.kept = Cache.prototype.put; Cache.prototype.put = {full}; }}")
    assert visitor.load(module) == (ROWS * 2, [0])
    assert visitor.ask(KEPT) == 0
    visitor.ask("() => { Cache.prototype.put = Cache.prototype.kept; }")
    assert visitor.load(module) == (ROWS * 2, [0])
    assert visitor.load(module) == (ROWS * 2, [])


def test_two_tabs_load_at_once(visitor: Visitor) -> None:
    module = visitor.publish("tabs", 2)
    both = "async (given) => { const one = LOAD; return Promise.all([one(given), one(given)]); }".replace("LOAD", LOAD)
    assert visitor.ask(both, {"module": module, "url": visitor.url}) == [ROWS * 2] * 2
    assert visitor.load(module) == (ROWS * 2, [])
