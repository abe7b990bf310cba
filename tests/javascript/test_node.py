"""The module in Node.js, where it reads its files: from beside it, from where it is told, and not elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.javascript.test_sized import weighted
from tests.javascript.written import linear_model, needs_node, node
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import save, save_sizes
from webnn_graph.graph import Graph
from webnn_graph.runtimes.reference import run
from webnn_graph.sizes.conversion import convert_sizes

pytestmark = needs_node
HEAD = """
const { pathToFileURL } = await import("node:url");
const ml = { createContext: async () => mock.context() };
const here = new URL(".", MODULE);
const said = (promise) => promise.then((model) => model.context.calls.filter(([name]) => name === "constant").length, String);
"""


def answer(module: Path, script: str) -> Any:
    """What a script returns, with the number of constants of a model, or its error, by ``said``."""
    head = HEAD.replace("MODULE", json.dumps(module.as_uri()))
    return node(module, f"{head} console.log(JSON.stringify(await (async () => {{ {script} }})()));")


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a folder, 100% of it #1")
    (folder / "package.json").write_text('{"type": "module"}')
    save(linear_model(), folder / "model.js")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "w.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    return folder / "model.js"


@pytest.mark.parametrize(
    "options",
    ["{ ml }", "{ ml, url: pathToFileURL(FOLDER + '/elsewhere/w.safetensors') }", "{ ml, url: new URL('elsewhere/w.safetensors', here) }"],
)
def test_files_are_read(module: Path, options: str) -> None:
    script = f"return said(module.load({options.replace('FOLDER', json.dumps(str(module.parent)))}));"
    assert answer(module, script) == 2


def test_progress_and_the_end_of_a_call(module: Path) -> None:
    script = """
        const parts = []; const stop = new AbortController();
        await module.load({ ml, onProgress: (part) => parts.push(part) });
        const aborted = said(module.load({ ml, signal: stop.signal })); stop.abort("enough");
        return [parts.at(-1), await aborted];
    """
    assert answer(module, script) == [{"loaded": 320, "total": 320}, "ModelError: aborted: enough"]


def test_several_sizes_read_one_file(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    save_sizes(convert_sizes(weighted, {"n": [1, 2]}), tmp_path / "model.js")
    assert answer(tmp_path / "model.js", "return said(module.load({ ml, ahead: true }));") == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("new URL('missing.safetensors', here)", "ModelError: FOLDER/missing.safetensors: ENOENT: no such file or directory"),
        ("new URL('elsewhere', here)", "ModelError: FOLDER/elsewhere: EISDIR: illegal operation on a directory"),
        ("new URL('http://127.0.0.1:1/w')", "ModelError: http://127.0.0.1:1/w: fetch failed"),
        ("'elsewhere/w.safetensors'", "ModelError: elsewhere/w.safetensors: Failed to parse URL"),
    ],
)
def test_what_is_no_file(module: Path, url: str, message: str) -> None:
    assert answer(module, f"return said(module.load({{ ml, url: {url} }}));").startswith(message.replace("FOLDER", module.parent.as_uri()))


def test_pages_read_no_files(module: Path) -> None:
    """Where there is no Node.js, what the page's own fetch says is what counts."""
    script = "delete globalThis.process; return said(module.load({ ml }));"
    assert answer(module, script).endswith("model.safetensors: fetch failed")


# ------------------------------------------------------------------------------------------------------- without a WebNN at all
def quantized(data_type: str) -> Graph:
    """A product with quantized weights, in blocks, which ONNX Runtime can compute in integers, too, if it may round."""
    b, rng = GraphBuilder("quantized"), np.random.default_rng(2)
    low = 0 if data_type.startswith("u") else -8
    w, zero = (b.constant(rng.integers(low, low + 15, size).astype(data_type.replace("4", "8")), data_type) for size in ((64, 32), (2, 32)))
    return b.build({"y": b.matmul(b.input("x", "float32", [1, 64]), b.dequantizeLinear(w, np.full((2, 32), 0.05, np.float32), zero))})


@pytest.mark.parametrize(("package", "backend"), [("onnxruntime-web", "ort-wasm"), ("onnxruntime-node", "ort-cpu")])
@pytest.mark.parametrize("data_type", ["int4", "uint4", "int8", "uint8"])
def test_quantized_weights(data_type: str, package: str, backend: str, tmp_path: Path) -> None:
    packages = ORT.parent
    if not (packages / package).is_dir():
        pytest.skip(f"{package} is not installed: npm install --prefix {packages.parent} --ignore-scripts {package}")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(packages)
    graph, x = quantized(data_type), np.random.default_rng(3).standard_normal((1, 64)).astype(np.float32)
    save(graph, tmp_path / "model.js", fallback=f"ort-web={package}")
    script = f"""
        const model = await module.load(); const x = Float32Array.from({x.ravel().tolist()});
        await model.compute({{ x }}); const {{ y }} = await model.compute({{ x }});
        return [model.backend, Array.from(y)];
    """
    name, y = answer(tmp_path / "model.js", script)
    assert name == backend
    np.testing.assert_allclose([y], run(graph, {"x": x})["y"], rtol=1e-4, atol=1e-4)
