"""What a module does where no context of WebNN takes its graph, with stand-ins for WebNN and for ONNX Runtime Web."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.javascript.test_interface import HEAD
from tests.javascript.written import HOSTILE, TSC, doubling, linear_model, needs_node, needs_tsc, node, retrained
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import WebNNError
from webnn_graph.formats import save, save_together
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph

ORT = Path(__file__).with_name("ort.mjs")
MIXED = "model.fallback.onnx, the module and its weights are not of one conversion: publish all files together"
ABSENT = "ONNX Runtime is not there: npm install onnxruntime-web, name it in an import map, or give load({ ort })"
OWN = """
const { fileURLToPath } = await import("node:url");
const ort = await import(ORT);
const { state } = ort;
const asked = [];
serve((url) => {
  asked.push(String(url).split("/").at(-1));
  const path = fileURLToPath(url);
  return fs.existsSync(path) ? new Response(fs.readFileSync(path)) : new Response("", { status: 404 });
});
mock.browser();
const gpu = (providers) => {
  Object.defineProperty(navigator, "gpu", { value: {}, configurable: true });
  state.providers = providers;
};
const [, noWebNN] = (await failing(load({ ort: null })))[1].match(/(.*); and without WebNN: /);
/** The error, if it is one, without what it says of WebNN. */
const otherwise = async (promise) => {
  const said = await failing(promise);
  return said === "fine" ? said : [said[0], said[1].replace(noWebNN, "-")];
};
""".replace("ORT", json.dumps(ORT.as_uri()))

ROWS: dict[str, tuple[str, Any]] = {
    # --------------------------------------------------------------------------------------------------------- what computes
    "WebNN, and nothing is fetched": (
        """
        devices({}); const model = await load({ ort }); await model.compute(given);
        return [model.backend, state.log, asked];
        """,
        ["webnn", [], []],
    ),
    "a device of WebNN": (
        "devices({ npu: halves }); return (await load({ ort, devices: ['npu', 'cpu'] })).backend;",
        "webnn-cpu",
    ),
    "no WebNN": (
        """
        const model = await load({ ort }); const { y } = await model.compute(given);
        return [model.backend, model.device ?? null, [...y], asked, await isSupported({ ort })];
        """,
        ["ort-wasm", None, [1, 2], ["model.fallback.onnx"], False],
    ),
    "WebNN that does not take the graph": (
        """
        devices({ none: halves, npu: broken }); const [one, other] = [await load({ ort }), await load({ ort, devices: ['npu'] })];
        return [one.backend, other.backend, made[0].destroyed];
        """,
        ["ort-wasm", "ort-wasm", True],
    ),
    "a context that is lost with the graph": (
        """
        devices({ none: { createTensor: async () => { made.at(-1).destroy(); throw new Error('gone'); } } });
        return (await load({ ort })).backend;
        """,
        "ort-wasm",
    ),
    "a context of one's own": ("return code(load({ ort, context: mock.context(halves) }));", "unsupported"),
    "wrong options": (
        "return Promise.all([load({ ort, devices: [] }), load({ ort, cahce: 1 }), load(null)].map(code));",
        ["bad-input"] * 3,
    ),
    "an aborted call": (
        """
        const [aborted] = await failing(load({ ort, signal: AbortSignal.abort('x') }));
        return [aborted, state.log];
        """,
        ["aborted", []],
    ),
    "aborted while it is imported": (
        """
        const stop = new AbortController();
        const importing = async () => { stop.abort('another page'); return ort; };
        return (await failing(load({ ort: importing, signal: stop.signal }))).slice(0, 2);
        """,
        ["aborted", "aborted: another page"],
    ),
    # ------------------------------------------------------------------------------------------------------------- providers
    "a graphics card": (
        """
        gpu(['webgpu', 'wasm']); const model = await load({ ort });
        return [model.backend, state.options.preferredOutputLocation, state.options.executionProviders[0].preferredLayout, state.log];
        """,
        ["ort-webgpu", {"y": "gpu-buffer"}, "NCHW", ["webgpu"]],
    ),
    "a library without WebGPU": (
        """
        gpu(['wasm']); const model = await load({ ort });
        return [model.backend, state.options.preferredOutputLocation, state.log];
        """,
        ["ort-wasm", {"y": "cpu"}, ["no webgpu", "wasm"]],
    ),
    "the processor is wanted": (
        """
        gpu(['webgpu', 'wasm']); const models = [await load({ ort, devices: ['cpu'] }), await load({ ort, devices: ['npu', 'cpu'] })];
        return models.map(({ backend }) => backend);
        """,
        ["ort-wasm", "ort-webgpu"],
    ),
    "a library that can do nothing": (
        "gpu([]); return otherwise(load({ ort }));",
        ["unsupported", "-; and without WebNN: no available backend found. ERR: [wasm] backend not found."],
    ),
    "a graphics card that is lost": (
        """
        gpu(['webgpu']); const model = await load({ ort }); state.loseGpu({ message: 'unplugged' });
        const lost = await model.lost; return [lost.code, lost.message, await code(model.compute(given))];
        """,
        ["lost", "the context is lost: unplugged", "lost"],
    ),
    "the processor of onnxruntime-node": (
        """
        ort.env.versions = { node: '1.30.0' }; state.providers = ['cpu']; const { backend } = await load({ ort, devices: ['npu', 'cpu'] });
        delete ort.env.versions;
        return [backend, state.log.at(-1), state.options.extra];
        """,
        ["ort-cpu", "cpu", {"session": {"disable_quant_qdq": "1"}}],
    ),
    # ------------------------------------------------------------------------------------------------------------ the library
    "a module that exports all by default": ("return (await load({ ort: { default: ort } })).backend;", "ort-wasm"),
    "a function that imports it": ("return (await load({ ort: async () => ort })).backend;", "ort-wasm"),
    "no library": (
        "return (await otherwise(load())).map((text) => text.replace(/ \\(.*\\):/, ':'));",
        [
            "unsupported",
            f"-; and without WebNN: {ABSENT}",
        ],
    ),
    "another module": (
        "return Promise.all([{}, { default: {} }, null, async () => {}].map((ort) => code(load({ ort }))));",
        ["unsupported"] * 4,
    ),
    # -------------------------------------------------------------------------------------------------- compute(), run(), tensors
    "inputs that nothing reads are zeros": (
        "const model = await load({ ort }); await model.compute(given); return state.feeds;",
        {"x": ["float32", [2], [1, 2]], "unused": ["float32", [1], [0]]},
    ),
    "arrays may be changed at once": (
        """
        const model = await load({ ort }); const x = f(1, 2); const calls = [];
        for (const value of [1, 2, 3]) { x.fill(value); calls.push(model.compute({ ...given, x })); }
        x.fill(9); const results = await Promise.all(calls);
        return results.map(({ y }) => y[1]);
        """,
        [1, 2, 3],
    ),
    "a part of a buffer": (
        "const model = await load({ ort }); return [...(await model.compute({ ...given, x: f(7, 8, 9, 10).subarray(1, 3) })).y];",
        [8, 9],
    ),
    "tensors stay where they are": (
        """
        const model = await load({ ort }); const tensors = [await model.tensor('x'), await model.tensor('y')];
        const zeros = new Float32Array(await model.context.readTensor(tensors[0]));
        model.run(given, { y: tensors[0] });
        for (let i = 0; i < 4; i += 1) model.run({ ...given, x: tensors[i % 2] }, { y: tensors[(i + 1) % 2] });
        const outputs = { y: tensors[1] }; const same = (await model.run({ ...given, x: tensors[0] }, outputs)) === outputs;
        const read = new Float32Array(await model.context.readTensor(tensors[1])); read.fill(0);
        return [[...zeros], same, [...new Float32Array(await model.context.readTensor(tensors[1]))]];
        """,
        [[0, 0], True, [1, 2]],
    ),
    "what is written is copied": (
        """
        const model = await load({ ort }); const x = await model.tensor('x'); const data = f(3, 4);
        model.context.writeTensor(x, data.buffer); data.fill(9);
        return [...new Float32Array(await model.context.readTensor(x))];
        """,
        [3, 4],
    ),
    "tensors that do not fit": (
        """
        const model = await load({ ort }); const [x, y] = [await model.tensor('x'), await model.tensor('y')];
        const foreign = await (await load({ ort })).tensor('x');
        const [small, gone] = [await model.tensor('unused'), await model.tensor('x')];
        gone.destroy();
        const runs = [[foreign, y], [small, y], [x, small], [gone, y], [x, x], [x, y]];
        return Promise.all(runs.map(([x, y]) => code(model.run({ ...given, x }, { y }))));
        """,
        ["bad-input"] * 5 + ["fine"],
    ),
    "a call that fails": (
        """
        const model = await load({ ort }); const y = await model.tensor('y'); state.failures = 1;
        const calls = [failing(model.compute(given)), code(model.compute(given))]; const [error, next] = await Promise.all(calls);
        state.failures = 1; await model.run(given, { y }); const read = await model.context.readTensor(y).catch(({ message }) => message);
        await model.run(given, { y });
        return [error.slice(0, 2), next, read, [...new Float32Array(await model.context.readTensor(y))]];
        """,
        [["failed", "out of memory"], "fine", "out of memory", [1, 2]],
    ),
    "a worker of ONNX Runtime, which takes the memory of inputs away": (
        """
        ort.env.wasm = { proxy: true }; const results = []; const model = await load({ ort });
        const [x, y] = [await model.tensor('x'), await model.tensor('y')]; model.context.writeTensor(x, f(3, 4));
        for (let i = 0; i < 2; i += 1) {
          await model.run({ ...given, x }, { y }); results.push([...new Float32Array(await model.context.readTensor(y))]);
        }
        delete ort.env.wasm;
        return results;
        """,
        [[3, 4], [3, 4]],
    ),
    "models that share a context": (
        """
        const first = await load({ ort }); const second = await load({ context: first.context });
        const state = await first.tensor('y'); await first.run(given, { y: state });
        const y = await second.tensor('y'); await second.run({ ...given, x: state }, { y }); second.destroy();
        return [second.backend, [...new Float32Array(await first.context.readTensor(y))], [...(await first.compute(given)).y]];
        """,
        ["ort-wasm", [1, 2], [1, 2]],
    ),
    "models that do not know of each other": (
        """
        const models = await Promise.all([load({ ort }), load({ ort }), load({ ort })]);
        const results = await Promise.all(models.flatMap((model) => [model.compute(given), model.compute(given)]));
        return results.map(({ y }) => y[1]);
        """,
        [2] * 6,
    ),
    # ---------------------------------------------------------------------------------------------------------------- the end
    "destroyed during calls": (
        """
        const model = await load({ ort }); const calls = [model.compute(given), model.compute(given)].map(code); state.log.length = 0;
        model.destroy(); const codes = await Promise.all(calls); await new Promise((resolve) => setTimeout(resolve, 20));
        return [codes, state.log, await code(model.compute(given)), (await model.lost).code];
        """,
        [["destroyed", "destroyed"], ["release"], "destroyed", "destroyed"],
    ),
    "nothing is left": (
        """
        state.alive = 0; const model = await load({ ort }); await model.compute(given); await model.compute(given); model.destroy();
        await new Promise((resolve) => setTimeout(resolve, 20)); return state.alive;
        """,
        0,
    ),
    "a context that is destroyed": (
        "const model = await load({ ort }); model.context.destroy(); return [(await model.lost).code, await code(model.compute(given))];",
        ["lost", "lost"],
    ),
}
"""Of a model that gives its input back."""


def answered(module: Path, rows: dict[str, tuple[str, Any]]) -> Any:
    """What each row's script gives, by the row's name."""
    scripts = "".join(
        f"asked.length = 0; state.log.length = 0; state.providers = ['wasm']; state.failures = 0; mock.browser(); made.length = 0;"
        f"answers[{json.dumps(name)}] = JSON.stringify(await (async () => {{ {script} }})());"
        for name, (script, _) in rows.items()
    )
    said = node(module, f"{HEAD.replace('FILE', '0')} {OWN} const answers = {{}}; {scripts} console.log(JSON.stringify(answers));")
    return {name: json.loads(answer) for name, answer in said.items()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return answered(written(doubling(), tmp_path_factory.mktemp("plain")), ROWS)


def written(graph: Graph, folder: Path, **options: Any) -> Path:
    """The path of a module with a fallback."""
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    save(graph, folder / "model.js", fallback="ort-web", **options)
    return folder / "model.js"


@needs_node
@pytest.mark.parametrize("name", ROWS)
def test_promises(name: str, plain: Any) -> None:
    assert plain[name] == ROWS[name][1]


# ----------------------------------------------------------------------------------------------------------------------- weights
LOAD = """
const progress = [];
const said = await otherwise(module.load({ ort, onProgress: (parts) => progress.push(parts) }));
const files = (state.options?.externalData ?? []).map(({ path, data }) => [path, data.length]);
console.log(JSON.stringify({ said, asked, progress, files }));
"""


def loaded(module: Path, script: str = LOAD) -> Any:
    return node(module, HEAD.replace("FILE", "0") + OWN + script)


@needs_node
def test_weights_are_fetched_by_the_module_and_given_as_external_data(tmp_path: Path) -> None:
    module = written(linear_model(), tmp_path)
    found = loaded(module)
    size = module.with_suffix(".safetensors").stat().st_size
    assert found["asked"] == ["model.fallback.onnx", "model.safetensors"]
    assert found["files"] == [["model.safetensors", size]]
    assert found["progress"][-1] == {"loaded": 320, "total": 320}


def quantized() -> Graph:
    """y = x tanh(w) with a quantized w, of which WebNN is given the numbers."""
    b = GraphBuilder()
    w = b.dequantizeLinear(np.ones((3, 900), np.int8), np.ones((1, 900), np.float32), np.zeros((1, 900), np.int8))
    return b.build({"y": b.matmul(b.input("x", "float32", [2, 3]), b.tanh(w))})


@needs_node
def test_progress_counts_what_is_read(tmp_path: Path) -> None:
    assert loaded(written(quantized(), tmp_path))["progress"][-1] == {"loaded": 3 * 900 + 900 * 4 + 900, "total": 3 * 900 + 900 * 4 + 900}


@needs_node
def test_random_inputs_are_drawn(tmp_path: Path) -> None:
    b = GraphBuilder("noisy")
    module = written(b.build({"y": b.relu(b.input("noise", "float32", [1000], distribution="uniform"))}), tmp_path)
    script = """
        const model = await module.load({ ort });
        const [{ y }, again, other] = [await model.compute({}, { seed: 1 }), await model.compute({}, { seed: 1 }), await model.compute({})];
        const mean = y.reduce((a, b) => a + b) / 1000;
        console.log(JSON.stringify([Math.abs(mean - 0.5) < 0.05, String(y) === String(again.y), String(y) === String(other.y)]));
    """
    assert loaded(module, script) == [True, True, False]


@needs_node
def test_a_graphics_card_without_float16(tmp_path: Path) -> None:
    b = GraphBuilder("half")
    module = written(b.build({"y": b.relu(b.input("x", "float16", [2]))}), tmp_path)
    script = """
        gpu(["webgpu", "wasm"]);
        const found = [];
        for (const features of [["shader-f16"], [], undefined]) {
          navigator.gpu.requestAdapter = async () => features && { features: new Set(features) };
          found.push((await module.load({ ort })).backend);
        }
        console.log(JSON.stringify(found));
    """
    assert loaded(module, script) == ["ort-webgpu", "ort-wasm", "ort-wasm"]


@needs_node
def test_shards_in_any_order(tmp_path: Path) -> None:
    module = written(linear_model(), tmp_path, max_shard_size=100)
    names = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert len(names) == 2
    addresses = json.dumps([(tmp_path / name).as_uri() for name in reversed(names)])
    found = loaded(module, LOAD.replace("{ ort,", f"{{ ort, url: {addresses},"))
    assert sorted(found["files"]) == [[name, (tmp_path / name).stat().st_size] for name in names]


@needs_node
def test_a_model_of_another_conversion_is_refused(tmp_path: Path) -> None:
    module = written(retrained(1), tmp_path)
    other = written(retrained(2), tmp_path / "other")
    other.with_suffix(".fallback.onnx").replace(module.with_suffix(".fallback.onnx"))
    code, message = loaded(module)["said"]
    assert code == "weights-mismatch"
    assert MIXED in message


@needs_node
def test_weights_of_another_conversion_are_refused(tmp_path: Path) -> None:
    module = written(retrained(1), tmp_path)
    written(retrained(2), tmp_path / "other").with_suffix(".safetensors").replace(module.with_suffix(".safetensors"))
    assert loaded(module)["said"][0] == "weights-mismatch"


@needs_node
def test_weights_that_have_moved_are_refused(tmp_path: Path) -> None:
    """Another graph joins the file of weights: WebNN finds them by their names, ONNX Runtime by their places."""
    graph = linear_model()
    (tmp_path / "package.json").write_text('{"type": "module"}')
    save_together({tmp_path / "model.js": graph}, fallback="ort-web")
    assert loaded(tmp_path / "model.js")["said"] == "fine"
    b = GraphBuilder("more")
    more = b.build({"y": b.matmul(b.input("x", "float32", [1, 99]), np.ones((99, 9), np.float32))})
    save_together({tmp_path / "more.js": more}, neighbours=[graph])
    code, message = loaded(tmp_path / "model.js")["said"]
    assert code == "weights-mismatch"
    assert MIXED in message


@needs_node
@pytest.mark.parametrize("suffix", [".fallback.onnx", ".safetensors"])
def test_what_is_not_there(suffix: str, tmp_path: Path) -> None:
    module = written(linear_model(), tmp_path)
    module.with_suffix(suffix).unlink()
    code, message = loaded(module)["said"]
    assert code == "download"
    assert message.endswith(f"model{suffix}: HTTP status 404")


@needs_node
def test_the_fallback_itself_is_not_there(tmp_path: Path) -> None:
    module = written(linear_model(), tmp_path)
    module.with_suffix(".fallback.js").unlink()
    code, message = loaded(module)["said"]
    assert code == "unsupported"
    assert message.startswith("-; and without WebNN: Cannot find module") and "model.fallback.js" in message


# --------------------------------------------------------------------------------------------------------------------- the files
def test_what_is_written(tmp_path: Path) -> None:
    graph = linear_model()
    files = save(graph, tmp_path / "m.webnn", tmp_path / "m.js", fallback="ort-web")
    names = ["m.webnn", "m.js", "m.d.ts", "m.fallback.js", "m.fallback.onnx", "m.safetensors"]
    assert [path.name for path in files] == names
    assert 'import("onnxruntime-web/wasm")' in (tmp_path / "m.fallback.js").read_text()
    model = onnx.load(tmp_path / "m.fallback.onnx", load_external_data=False)
    assert model.opset_import[0].version == OPSETS[0]
    (weight,) = (tensor for tensor in model.graph.initializer if tensor.name == "w")
    assert {entry.key: entry.value for entry in weight.external_data}["location"] == "m.safetensors"


@pytest.mark.parametrize("library", ["onnxruntime-web", "https://cdn.example/ort.mjs", *HOSTILE])
def test_a_library_is_a_literal(library: str, tmp_path: Path) -> None:
    save(doubling(), tmp_path / "m.js", fallback=f"ort-web={library}")
    text = (tmp_path / "m.fallback.js").read_text()
    found = [line for line in text.splitlines() if line.startswith("const library = ")]
    ignored = "/* webpackIgnore: true */ " if library.startswith("https://") else ""
    assert len(found) == 1 and found[0].startswith(f'const library = () => import({ignored}"') and found[0].endswith('");')
    assert "alert(1)</script>" not in text


@pytest.mark.parametrize("fallback", ["ort", "ort-web=", "=x"])
def test_no_such_fallback(fallback: str, tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match="is no fallback of modules") as raised:
        save(doubling(), tmp_path / "m.js", fallback=fallback)
    assert "ort-web=MODULE" in raised.value.hint
    assert not list(tmp_path.iterdir())


def test_outputs_of_four_bits_are_refused(tmp_path: Path) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.reshape(b.input("x", "int4", [6]), [2, 3])})
    with pytest.raises(WebNNError, match=r"ONNX Runtime Web gives no output of 4-bit integers, which y: int4\[2, 3\] is"):
        save(graph, tmp_path / "m.js", fallback="ort-web")
    assert not list(tmp_path.iterdir())


def gzipped(texts: Sequence[str]) -> int:
    return len(gzip.compress("".join(texts).encode(), 9))


def test_it_is_small(tmp_path: Path) -> None:
    with_it, without = tmp_path / "with", tmp_path / "without"
    for folder, options in ((with_it, {"fallback": "ort-web"}), (without, {})):
        folder.mkdir()
        save(linear_model(), folder / "m.js", **options)
    assert gzipped([(with_it / "m.fallback.js").read_text()]) < 2000
    assert gzipped([(with_it / "m.js").read_text()]) - gzipped([(without / "m.js").read_text()]) < 420


USAGE = """
import { load, type Backend } from "./m.js";
const model = await load({ ort: () => import("./ort.js"), devices: ["npu"] });
const backend: Backend = model.backend;
const isNode: boolean = backend === "ort-cpu";
const wrong: "ort-wasm" | "webnn" = backend;
await load({ ort: await import("./ort.js") });
"""


@needs_tsc
def test_declarations(tmp_path: Path) -> None:
    save(doubling(), tmp_path / "m.js", fallback="ort-web")
    (tmp_path / "ort.ts").write_text("export {};")
    (tmp_path / "usage.ts").write_text(USAGE)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run([str(TSC), *options, "usage.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert [line.partition("): ")[0] for line in done.stdout.splitlines() if line.startswith("usage")] == ["usage.ts(6,7"]
