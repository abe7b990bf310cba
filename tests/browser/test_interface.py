"""What a module promises about contexts, in a browser: tensors that stay there, devices, and the end of models and contexts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.formats.graphs import every_operator
from webnn_graph import Graph, GraphBuilder, save
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import legalize

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.browser

SIZE = 64


def step() -> Graph:
    """next = state / 2 + x, the half as a product with a weight."""
    b = GraphBuilder("step")
    state, x = b.input("state", "float32", [1, SIZE]), b.input("x", "float32", [1, SIZE])
    half = b.constant(np.eye(SIZE, dtype=np.float32) / 2, name="half")
    return b.build({"next": b.add(b.matmul(state, half), x)})


def head() -> Graph:
    """Twice the state."""
    b = GraphBuilder("head")
    return b.build({"y": b.add(b.input("state", "float32", [1, SIZE]), b.input("same", "float32", [1, SIZE]))})


def slow() -> Graph:
    """Takes some ten milliseconds."""
    b = GraphBuilder("slow")
    y = x = b.input("x", "float32", [500, 500])
    for _ in range(10):
        y = b.matmul(y, x)
    return b.build({"y": y})


@pytest.fixture(scope="module")
def page(browser: BrowserSession) -> Any:
    folder = browser.exchange.folder / "interface"
    folder.mkdir()
    everything = legalize(every_operator(), "chromium")
    for name, graph in {"step": step(), "head": head(), "slow": slow(), "everything": everything}.items():
        save(graph, folder / f"{name}.js")
    page = browser.chromium.open_page()
    yield lambda script: browser.chromium._do(lambda: page.evaluate(f"async () => {{ {HEAD} {script} }}"))
    browser.chromium.close_page(page)


HEAD = f"""
    const [step, head, slow] = await Promise.all(["step", "head", "slow"].map((name) => import(`/interface/${{name}}.js`)));
    const code = (promise) => promise.then(() => "fine", (error) => error.code);
    const ones = () => new Float32Array({SIZE}).fill(1);
    const large = {{ x: new Float32Array(500 * 500) }};
"""


def test_states_stay_on_the_device_from_step_to_step_and_from_model_to_model(page: Any) -> None:
    script = """
        const context = await navigator.ml.createContext();
        let reads = 0;
        const read = context.readTensor;
        context.readTensor = function (...args) { reads += 1; return read.apply(this, args); };
        const [first, second] = await Promise.all([step.load({ context }), head.load({ context })]);
        const states = [await first.tensor("state"), await first.tensor("next")];
        const y = await second.tensor("y");
        const x = ones();
        first.run({ state: new Float32Array(x.length), x }, { next: states[0] });
        for (let i = 1; i < 20; i += 1) first.run({ state: states[(i + 1) % 2], x }, { next: states[i % 2] });
        x.fill(99);
        await second.run({ state: states[1], same: states[1] }, { y });
        const before = reads;
        const result = [...new Float32Array(await context.readTensor(y))];
        return [before, result];
    """
    reads, result = page(script)
    assert reads == 0
    np.testing.assert_allclose(result, 2 * sum(0.5**i for i in range(20)), rtol=1e-6)


def test_calls_that_are_not_awaited_are_computed_in_order(page: Any) -> None:
    script = """
        const model = await step.load();
        const x = ones();
        const calls = [];
        for (let i = 0; i < 30; i += 1) {
          x.fill(i);
          calls.push(model.compute({ state: x, x }));
        }
        x.fill(99);
        const results = await Promise.all(calls);
        model.destroy();
        return results.map(({ next }) => [next.at(0), next.at(-1)]);
    """
    assert page(script) == [[1.5 * i] * 2 for i in range(30)]


def test_destroy_ends_calls(page: Any) -> None:
    script = """
        const model = await slow.load();
        const calls = [model.compute(large), model.compute(large)].map(code);
        await new Promise((resolve) => setTimeout(resolve, 2));
        model.destroy();
        return [await Promise.all(calls), await code(model.compute(large)), (await model.lost).code];
    """
    assert page(script) == [["destroyed", "destroyed"], "destroyed", "destroyed"]


def test_a_lost_context_is_said_and_its_model_loaded_again(page: Any) -> None:
    script = """
        const model = await slow.load();
        const call = code(model.compute(large));
        model.context.destroy();
        const after = code(model.compute(large));
        const codes = [await call, await after, (await model.lost).code, await code(model.tensor("x")), await code(model.run(large, {}))];
        const again = await slow.load();
        const { y } = await again.compute(large);
        again.destroy();
        return [codes, y.length];
    """
    assert page(script) == [["lost"] * 5, 250_000]


def test_what_the_context_says_of_every_operator(page: Any) -> None:
    script = """
        const everything = await import("/interface/everything.js");
        const context = await navigator.ml.createContext();
        const limits = context.opSupportLimits();
        const without = (name) => ({ opSupportLimits: () => ({ ...limits, [name]: undefined }) });
        return [await everything.isSupported({ context }), await everything.isSupported({ context: without("lstm") })];
    """
    assert page(script) == [True, False]


def test_tensors_that_do_not_fit(page: Any) -> None:
    script = """
        const model = await step.load();
        const other = await slow.load();
        const [state, next, foreign] = [await model.tensor("state"), await model.tensor("next"), await other.tensor("x")];
        const x = ones();
        const said = [
          await code(model.run({ state: foreign, x }, { next })),
          await code(model.run({ state, x }, { next: foreign })),
          await code(model.run({ state, x }, { next: state })),
          await code(model.run({ state, x }, { next })),
        ];
        model.destroy();
        other.destroy();
        return said;
    """
    assert page(script) == ["bad-input"] * 3 + ["fine"]


def test_a_device(page: Any) -> None:
    """Chromium makes a context for a device that is not there, and computes on the processor without saying so."""
    script = """
        const model = await step.load({ devices: ["npu", "gpu", "cpu"] });
        const { next } = await model.compute({ state: ones(), x: ones() });
        const said = [["npu", "gpu", "cpu"].includes(model.device), await step.isSupported({ devices: [model.device] }), next[0]];
        model.destroy();
        return [...said, await code(step.load({ devices: ["abacus"] })), await step.isSupported()];
    """
    assert page(script) == [True, True, 1.5, "unsupported", True]
