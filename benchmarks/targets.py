"""What a target costs: zoo models legalized for two targets, in one browser, in turns; ``python -m benchmarks.targets``.

A row tells the warm time of a call of ``compute()``, inputs and outputs as arrays; the ratio is the median over the rounds. What
both targets make the same module of is not timed. The browser is the one of ``WEBNN_CHROMIUM``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from models import select
from models.zoo.loading import converted
from webnn_graph import save
from webnn_graph.formats import javascript
from webnn_graph.graph import Graph
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, PORTABLE, legalize, load_target

MODELS = (
    "ppocr_cls_v2 light_squeezenet light_shufflenet light_inception_v2 ddddocr_det basic_pitch_nmp paraphrase_minilm_l3 minilm_l6_int8wo "
    "silero_vad_v6 silero_vad_op18_ifless plcmos_v2 style_predict_qdq ddddocr_common_old_int8"
).split()
TARGETS = (CHROMIUM, PORTABLE)
ROUNDS = 21
ROUND_SECONDS = 0.15

LOAD = """async (folder) => {
    const module = await import(`/${folder}/model.js`);
    const views = { float32: Float32Array, float16: globalThis.Float16Array ?? Uint16Array, int32: Int32Array, uint32: Uint32Array,
                    int64: BigInt64Array, uint64: BigUint64Array, int8: Int8Array, uint8: Uint8Array };
    window.model = await module.load();
    window.feeds = Object.fromEntries(module.inputs.map(({ name, dataType, shape }) => {
        const array = new views[dataType](shape.reduce((size, n) => size * n, 1));
        return [name, dataType.startsWith("float") ? array.map(Math.random) : array.fill(array instanceof BigInt64Array ? 1n : 1)];
    }));
}"""
TIME = """async (count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) await model.compute(feeds);
    return (performance.now() - start) / count;
}"""


class Page:
    """A module in a page of its own."""

    def __init__(self, session: BrowserSession, graph: Graph, name: str) -> None:
        self._session = session
        folder = session.exchange.folder / name
        folder.mkdir()
        save(graph, folder / "model.js")
        self._page = session.chromium.open_page()
        self._evaluate(LOAD, name)
        (folder / "model.safetensors").unlink()

    def time(self, count: int) -> float:
        """Milliseconds of a call."""
        return float(self._evaluate(TIME, count))

    def close(self) -> None:
        """Frees the page."""
        self._session.chromium.close_page(self._page)

    def _evaluate(self, script: str, argument: Any) -> Any:
        return self._session.chromium._do(lambda: self._page.evaluate(script, argument))


def compare(session: BrowserSession, name: str) -> str:
    """A row of the table."""
    (model,) = select([name])
    graph = converted(model)
    assert isinstance(graph, Graph)
    legal = [legalize(graph, load_target(target)) for target in TARGETS]
    nodes = "/".join(str(len(graph.nodes)) for graph in legal)
    modules = [javascript.files(graph, "model", labels=False)["model.js"] for graph in legal]  # with the digest of their weights
    head = f"{name:<26}{nodes:>10}{'/'.join(f'{len(module):,}' for module in modules):>18}"
    if modules[0] == modules[1]:
        return f"{head}  the same"
    pages = [Page(session, graph, f"{name}_{target}") for graph, target in zip(legal, TARGETS, strict=True)]
    count = max(1, int(ROUND_SECONDS * 1000 / max(page.time(5) for page in pages)))
    rounds = []
    for i in range(ROUNDS):
        order = pages if i % 2 else pages[::-1]
        times = {page: page.time(count) for page in order}
        rounds.append([times[page] for page in pages])
    for page in pages:
        page.close()
    first, second = (median(row[i] for row in rounds) for i in range(2))
    ratio = median(row[1] / row[0] for row in rounds)
    return f"{head}{first:>10.2f}{second:>10.2f}{ratio:>8.3f}"


def main(names: Sequence[str]) -> None:
    """Prints the table for some models of the zoo."""
    with BrowserSession() as session:
        print(f"Chromium {session.chromium.version}; {' / '.join(TARGETS)}, milliseconds")
        print(f"{'model':<26}{'calls':>10}{'bytes of .js':>18}{TARGETS[0]:>10}{TARGETS[1]:>10}{'ratio':>8}")
        for name in names or MODELS:
            print(compare(session, name), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
