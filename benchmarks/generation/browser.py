"""One page in a browser of its own: how fast it generates, and how much memory all processes of the browser need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.page.server import Server
from benchmarks.watching import Watch
from webnn_graph.runtimes.chromium import FLAGS

MEGABYTE = 1e6
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
import * as made from "/generate.js";
window.failed = ""; window.onunhandledrejection = ({ reason }) => { window.failed = String(reason); };
try {
  const options = OPTIONS;
  if (options.ort) {
    options.ort = await import(options.ort);
    Object.assign(options.ort.env.wasm, { wasmPaths: "/ort/", numThreads: options.threads });
  }
  window.made = made;
  const { model, ...measured } = await made.measure(made[options.way](options));
  window.model = model; window.measured = measured;
} catch (error) { window.failed = `${error.name}: ${error.message}`; }
</script>"""
FLOOR = """async ({ matrices, tokens, rounds }) => {
  const { context, generate } = window.model;
  const beside = async () => {
    const times = [];
    const prompt = Array.from({ length: window.made.PROMPT }, (_, i) => i);
    let before = performance.now();
    for await (const _ of generate(prompt, tokens > 1 ? 1 : 8)) {
      const now = performance.now();
      times.push(now - before);
      before = now;
    }
    return tokens > 1 ? times : times.slice(1);
  };
  return window.made.floor(context, matrices, tokens, beside, rounds);
}"""


def visit(server: Server, executable: Path, page: str, *, watched: bool, timeout: float = 300, **floor: Any) -> dict[str, Any]:
    """What a new browser finds on a page: what ``measure`` in generate.js gives.

    Args:
        server: Has the page.
        executable: The browser.
        page: The page's path.
        watched: Whether memory is measured, which costs time: ``peak`` and ``steady`` in MB.
        timeout: Seconds.
        floor: What is computed by ``floor`` in generate.js afterwards, by name: its shapes, tokens and rounds.
    """
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=list(FLAGS))
        try:
            opened = browser.new_page()
            opened.set_default_timeout(timeout * 1000)
            with Memory(0.1 if watched else 1e9) as memory:
                opened.goto(f"{server.url}/{page}", wait_until="commit")
                opened.wait_for_function("window.measured || window.failed", polling=100)
                found = opened.evaluate("window.failed ? { error: window.failed } : window.measured")
                if "error" in found:
                    return dict(found)
                if watched:
                    opened.wait_for_timeout(1000)
                    found |= {"steady": memory.look()}
            if watched:
                found |= {"peak": memory.peak}
            for name, (matrices, tokens, rounds) in floor.items():
                found[name] = opened.evaluate(FLOOR, {"matrices": matrices, "tokens": tokens, "rounds": rounds})
        except Error as error:
            return {"error": error.message.splitlines()[0]}
        finally:
            browser.close()
    return found


class Memory(Watch):
    """The most memory of this process's browser while the context lasts, with shared pages counted once."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.peak = 0.0

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def look(self) -> float:
        """What it needs now, in MB."""
        now = sum(map(_proportional, _processes()))
        self.peak = max(self.peak, now)
        return now


def _processes() -> Iterator[int]:
    """Those of browsers that this process has started."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any("chrom" in word for word in process.cmdline()[:1]):
                yield process.pid
        except psutil.Error:
            continue


def _proportional(pid: int) -> float:
    """A process's part of the pages that it has, in MB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8")
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024 / MEGABYTE
