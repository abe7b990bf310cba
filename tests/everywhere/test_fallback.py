"""Modules with a fallback in real browsers: what computes, and that it computes right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.browser.test_interface import SIZE, head, step
from tests.everywhere.browsers import BROWSERS, Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.formats import save, save_sizes
from webnn_graph.graph import Graph
from webnn_graph.runtimes.reference import run
from webnn_graph.sizes import convert_sizes
from webnn_graph.targets import legalize, load_target

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
IMAGE = np.random.default_rng(14).standard_normal((1, 3, 8, 8)).astype(np.float32)
WITHOUT_WEBNN = [name for name, browser in BROWSERS.items() if not browser.has_webnn]
HEAD = """
const ort = IMPORTING;
const code = (promise) => promise.then(() => "fine", (error) => error.code);
const fetched = () => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
"""


@cache
def network() -> Graph:
    """A filter, a quantized product and its exponents."""
    b, rng = GraphBuilder("network"), np.random.default_rng(1)
    x = b.input("image", "float32", [1, 3, 8, 8])
    b.input("unused", "int32", [2])
    y = b.relu(b.conv2d(x, rng.standard_normal((4, 3, 3, 3)).astype(np.float32), padding=[1, 1, 1, 1]))
    w = b.dequantizeLinear(rng.integers(-128, 127, (256, 10), np.int8), np.full((1, 10), 0.001, np.float32), np.zeros((1, 10), np.int8))
    return b.build({"logits": b.softmax(b.matmul(b.reshape(y, [1, 256]), w), 1)})


@cache
def packed() -> Graph:
    """A product with weights of 4 bits in blocks."""
    b, rng = GraphBuilder("packed"), np.random.default_rng(2)
    w = b.constant(rng.integers(-8, 7, (64, 32)).astype(np.int8), "int4", "w")
    scale, zero = np.full((2, 32), 0.05, np.float32), b.constant(np.zeros((2, 32), np.int8), "int4", "zero")
    return b.build({"y": b.matmul(b.input("x", "float32", [1, 64]), b.dequantizeLinear(w, scale, zero))})


def halved(dims: Mapping[str, int]) -> Graph:
    """y = x / 2, of n rows."""
    b = GraphBuilder("halved")
    half = b.constant(np.full((1, 999), 0.5, np.float32), name="half")
    return b.build({"y": b.mul(b.input("x", "float32", [dims["n"], 999]), half)})


def views() -> Iterator[Graph]:
    """Each data type there and back, and as weights; those of 4 bits are of no interface that ONNX Runtime Web takes."""
    for data_type in DataType:
        if data_type.bits == 4:
            continue
        b = GraphBuilder(str(data_type))
        w = b.constant(np.arange(120).astype(data_type.numpy).reshape(24, 5), data_type, "w")
        yield b.build({"y": b.reshape(b.input("x", data_type, [5]), [1, 5]), "w": b.reshape(w, [5, 24])})


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        browsers = load_target("portable").with_four_bits
        graphs = [*(legalize(graph, browsers) for graph in (network(), packed(), step(), head())), *views()]
        for graph in graphs:
            save(graph, site.folder / f"{graph.name}.js", fallback=FALLBACK)
        save(legalize(network(), browsers), site.folder / "sharded.js", fallback=FALLBACK, max_shard_size=1000)
        (site.folder / "sized").mkdir()
        save_sizes(convert_sizes(halved, {"n": [2, 4]}), site.folder / "sized" / "halved.js", fallback=FALLBACK)
        yield site


def visit(browser: Visitor, site: Site, script: str) -> Any:
    """The result of a script of a page, for which ``ort`` imports the ONNX Runtime Web that is best in the browser."""
    return browser.visit(site.page(HEAD.replace("IMPORTING", importing(browser.browser)) + script))


def array(values: Array) -> str:
    """The expression of a typed array."""
    return f"Float32Array.from({values.ravel().tolist()})"


# ---------------------------------------------------------------------------------------------------------------- what is computed
@pytest.mark.parametrize("name", ["network", "sharded"])
def test_a_model_computes_right_whatever_there_is(anywhere: Visitor, site: Site, name: str) -> None:
    script = f"""
        const {{ load }} = await import("/{name}.js"); const progress = [];
        const model = await load({{ ort, onProgress: ({{ loaded, total }}) => progress.push(loaded / total) }});
        const {{ logits }} = await model.compute({{ image: {array(IMAGE)}, unused: new Int32Array(2) }});
        model.destroy();
        const files = fetched().filter((name) => /onnx|fallback|ort/.test(name));
        return {{ backend: model.backend, logits: [...logits], progress: progress.at(-1), files }};
    """
    made = visit(anywhere, site, script)
    expected = run(network(), {"image": IMAGE, "unused": np.zeros(2, np.int32)})["logits"]
    np.testing.assert_allclose([made["logits"]], expected, rtol=1e-3, atol=1e-5)
    assert made["backend"] == backend(anywhere.browser)
    assert made["progress"] == 1
    assert bool(made["files"]) != anywhere.browser.has_webnn


def test_weights_of_four_bits(anywhere: Visitor, site: Site) -> None:
    x = np.random.default_rng(3).standard_normal((1, 64)).astype(np.float32)
    made = visit(
        anywhere,
        site,
        f"""
        const model = await (await import("/packed.js")).load({{ ort }});
        return [model.backend, [...(await model.compute({{ x: {array(x)} }})).y]];
    """,
    )
    assert made[0] == backend(anywhere.browser)
    np.testing.assert_allclose([made[1]], run(packed(), {"x": x})["y"], rtol=1e-3, atol=1e-4)


NUMBERS = """
const Views = {
  float32: Float32Array, float16: globalThis.Float16Array ?? Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array,
  uint64: BigUint64Array, int8: Int8Array, uint8: Uint8Array,
};
const found = {};
for (const [name, View] of Object.entries(Views)) {
  const x = View.from([1, 2, 3, 4, 100], name.endsWith("64") ? BigInt : undefined);
  const model = await (await import(`/${name}.js`)).load({ ort });
  const zeros = new View(await model.context.readTensor(await model.tensor("x")));
  const { y, w } = await model.compute({ x });
  found[name] = [y.constructor.name === View.name, ...[y, w, zeros].map((values) => Array.from(values, Number))];
}
return found;
"""


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_numbers_of_every_type(anywhere: Visitor, site: Site) -> None:
    found = visit(anywhere, site, NUMBERS)
    assert found == {graph.name: [True, [1, 2, 3, 4, 100], list(range(120)), [0] * 5] for graph in views()}


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_inputs_of_four_bits(anywhere: Visitor, site: Site) -> None:
    b = GraphBuilder("nibbles")
    scale, zero = np.full(5, 0.5, np.float32), b.constant(np.zeros(5, np.int8), "int4")
    y = b.dequantizeLinear(b.input("x", "int4", [5]), scale, zero)
    save(b.build({"y": y}), site.folder / "nibbles.js", fallback=FALLBACK)
    script = """
        const model = await (await import("/nibbles.js")).load({ ort });
        return [...(await model.compute({ x: Uint8Array.of(0x21, 0xf3, 0x08) })).y];
    """
    assert visit(anywhere, site, script) == [0.5, 1, 1.5, -0.5, -4]


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_weights_are_kept_for_the_next_visit(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const {{ load }} = await import("/network.js"); const results = [];
        for (let i = 0; i < 2; i += 1) {{
          const {{ logits }} = await (await load({{ ort, cache: true }})).compute({{ image: {array(IMAGE)}, unused: new Int32Array(2) }});
          results.push([...logits]);
        }}
        return [results, fetched().filter((name) => name.endsWith(".safetensors")).length];
    """
    (first, second), fetched = visit(anywhere, site, script)
    assert (first == second, fetched) == (True, 1)


def test_several_sizes(anywhere: Visitor, site: Site) -> None:
    script = """
        const { load } = await import("/sized/halved.js");
        const model = await load({ ort });
        const results = [];
        for (const n of [2, 3, 1]) results.push((await model.compute({ x: new Float32Array(999 * n).fill(n) })).y);
        return [model.backend, results.map((y) => [y.length, y.at(-1)])];
    """
    assert visit(anywhere, site, script) == [backend(anywhere.browser), [[1998, 1], [2997, 1.5], [999, 0.5]]]


# --------------------------------------------------------------------------------------------------------------------- tensors
STATES = f"""
const [step, head] = await Promise.all(["step", "head"].map((name) => import(`/${{name}}.js`)));
const first = await step.load({{ ort }});
const {{ context }} = first;
const second = await head.load({{ context }});
let reads = 0;
const read = context.readTensor;
context.readTensor = function (...args) {{ reads += 1; return read.apply(this, args); }};
const x = new Float32Array({SIZE}).fill(1);
const states = [await first.tensor("state"), await first.tensor("next")];
const y = await second.tensor("y");
first.run({{ state: new Float32Array(x.length), x }}, {{ next: states[0] }});
for (let i = 1; i < 20; i += 1) first.run({{ state: states[(i + 1) % 2], x }}, {{ next: states[i % 2] }});
x.fill(99);
await second.run({{ state: states[1], same: states[1] }}, {{ y }});
const before = reads;
const result = new Float32Array(await context.readTensor(y));
return {{ backend: second.backend, before, result: [...result], locations: states.map(({{ value }}) => value?.location) }};
"""


def test_states_go_from_step_to_step_and_from_model_to_model(anywhere: Visitor, site: Site) -> None:
    made = visit(anywhere, site, STATES)
    assert made["before"] == 0
    assert made["backend"] == backend(anywhere.browser)
    np.testing.assert_allclose(made["result"], [2 * sum(0.5**i for i in range(20))] * SIZE, rtol=1e-6)
    if not anywhere.browser.has_webnn:
        assert made["locations"] == ["gpu-buffer" if backend(anywhere.browser) == "ort-webgpu" else "cpu"] * 2


def test_calls_that_are_not_awaited_are_computed_in_order(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const {{ load }} = await import("/step.js");
        const models = await Promise.all([load({{ ort }}), load({{ ort }})]);
        const x = new Float32Array({SIZE}); const calls = [];
        for (let i = 0; i < 30; i += 1) {{
          x.fill(i);
          calls.push(models[i % 2].compute({{ state: x, x }}));
        }}
        x.fill(99);
        return (await Promise.all(calls)).map(({{ next }}) => [next.at(0), next.at(-1)]);
    """
    assert visit(anywhere, site, script) == [[1.5 * i] * 2 for i in range(30)]


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_the_end(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const {{ load }} = await import("/step.js");
        const [model, other, lost] = [await load({{ ort }}), await load({{ ort }}), await load({{ ort }})];
        const x = new Float32Array({SIZE}).fill(2); const values = {{ state: x, x }};
        const next = await model.tensor("next"); model.run(values, {{ next }});
        const calls = [model.compute(values), model.compute(values)].map(code);
        model.destroy(); lost.context.destroy();
        const kept = new Float32Array(await model.context.readTensor(next)); next.destroy();
        const codes = [...(await Promise.all(calls)), (await model.lost).code, (await lost.lost).code, await code(lost.compute(values))];
        return [codes, kept[0], (await other.compute(values)).next[0]];
    """
    assert visit(anywhere, site, script) == [["destroyed"] * 3 + ["lost"] * 2, 3, 3]


# ------------------------------------------------------------------------------------------------------------------------ choices
@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153"], indirect=True)
def test_what_webnn_does_not_take_is_computed_without_it(anywhere: Visitor, site: Site) -> None:
    """And what it takes on the processor is computed there."""
    script = f"""
        const {{ load, isSupported }} = await import("/step.js");
        const x = new Float32Array({SIZE}).fill(2);
        const onDevice = await load({{ devices: ["cpu"] }});
        const backends = [onDevice.backend];
        const {{ build }} = MLGraphBuilder.prototype;
        MLGraphBuilder.prototype.build = async () => {{ throw new TypeError("no such thing"); }};
        const model = await load({{ ort, devices: ["cpu"] }});
        MLGraphBuilder.prototype.build = build;
        return [[...backends, model.backend], model.device ?? null, (await model.compute({{ state: x, x }})).next[0], await isSupported()];
    """
    assert visit(anywhere, site, script) == [["webnn-cpu", "ort-wasm"], None, 3, True]


@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153"], indirect=True)
def test_what_webnn_does_not_take_in_a_larger_size(anywhere: Visitor, site: Site) -> None:
    """All sizes are computed without it where they are built ahead; else the larger one is an error when it is needed."""
    script = """
        const { load } = await import("/sized/halved.js");
        const { build } = MLGraphBuilder.prototype; let built = 0;
        MLGraphBuilder.prototype.build = function (outputs) {
          if (outputs.y.shape[0] > 2) throw new TypeError("too large");
          built += 1;
          return build.call(this, outputs);
        };
        const found = [];
        for (const ahead of [false, true]) {
          const model = await load({ ort, ahead });
          for (const n of [2, 3]) found.push(await code(model.compute({ x: new Float32Array(999 * n) })));
          found.push(model.backend);
        }
        return [found, built];
    """
    assert visit(anywhere, site, script) == [["fine", "unsupported", "webnn", "fine", "fine", "ort-wasm"], 2]


@pytest.mark.parametrize("anywhere", ["chromium-webgpu", "firefox", "webkit"], indirect=True)
def test_what_is_imported_by_itself_computes_without_webgpu(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const model = await (await import("/step.js")).load(); const x = new Float32Array({SIZE}).fill(2);
        return [model.backend, (await model.compute({{ state: x, x }})).next[0]];
    """
    assert visit(anywhere, site, script) == ["ort-wasm", 3]


@pytest.mark.parametrize("anywhere", ["chromium-147-without-webnn", "firefox", "webkit"], indirect=True)
def test_a_library_for_webgpu_where_there_is_none(anywhere: Visitor, site: Site) -> None:
    script = f"""
        const model = await (await import("/step.js")).load({{ ort: () => import("/ort/ort.webgpu.min.mjs") }});
        const x = new Float32Array({SIZE}).fill(2);
        return [model.backend, (await model.compute({{ state: x, x }})).next[0]];
    """
    assert visit(anywhere, site, script) == ["ort-wasm", 3]


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_the_library_of_an_import_map(anywhere: Visitor, site: Site) -> None:
    save(head(), site.folder / "mapped.js", fallback="ort-web")
    script = f"""
        const imports = {{ "onnxruntime-web/wasm": "/ort/ort.wasm.min.mjs" }};
        document.head.append(Object.assign(document.createElement("script"), {{ type: "importmap", text: JSON.stringify({{ imports }}) }}));
        const model = await (await import("/mapped.js")).load(); const state = new Float32Array({SIZE}).fill(2);
        return [model.backend, (await model.compute({{ state, same: state }})).y[0]];
    """
    assert visit(anywhere, site, script) == ["ort-wasm", 4]


@pytest.mark.parametrize("anywhere", WITHOUT_WEBNN, indirect=True)
def test_no_library(anywhere: Visitor, site: Site) -> None:
    script = """
        const { load } = await import("/step.js");
        return load({ ort: () => import("onnxruntime-web/wasm") }).catch(({ code, message }) => [code, message]);
    """
    code, message = visit(anywhere, site, script)
    assert code == "unsupported"
    assert message.startswith("navigator.ml is missing: ")
    assert message.endswith("): npm install onnxruntime-web, name it in an import map, or give load({ ort })")
