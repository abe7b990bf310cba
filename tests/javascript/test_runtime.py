"""The plain modules by themselves: what generated modules hold of them, and what pages import."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.test_task import ROWS as TASK_ROWS
from tests.formats.test_task import TOKENIZER
from tests.generation.toys import SETTINGS, TRANSLATING, Toy
from tests.javascript import compact
from tests.javascript.written import MOCK, TSC, linear_model, needs_node, needs_tsc, node
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.formats import javascript, task
from webnn_graph.formats.sized import files as sized_files
from webnn_graph.formats.weights import stored
from webnn_graph.generation.module import files as generating_files
from webnn_graph.graph import Graph
from webnn_graph.sizes.sized import Sized
from webnn_graph.weight import Place

TEMPLATES = Path(str(resources.files("templates")))
PLAIN = sorted(TEMPLATES.glob("*/*.js"))
RUNTIME = [path for path in PLAIN if path.parent.name == "runtime"]
EXPANDING = sorted((TEMPLATES / "expanding").glob("*.js"))
SIZED = TEMPLATES / "sized" / "sized.js"
FALLBACK = sorted((TEMPLATES / "fallback").glob("*.js"))
GENERATION = sorted((TEMPLATES / "generation").glob("*.js"))
TASKS = sorted((TEMPLATES / "tasks").glob("*.js"))
ASKED = {name: graph for name, (graph, way) in TASK_ROWS.items() if way}
"""A graph for each way to answer about a picture."""
needs_terser = pytest.mark.skipif(not compact.TERSER.exists(), reason="no terser (set WEBNN_TERSER to its folder, as make test does)")
FACTS = """
export const WEIGHTS = [{ name: "w", dataType: "float32", shape: [2, 2] }, { name: "q", dataType: "uint4", shape: [3] }];
export const weightsDigest = "";
export const inputs = [{ name: "x", dataType: "float32", shape: [2] }, { name: "unused", dataType: "int8", shape: [1] }];
export const outputs = [{ name: "y", dataType: "float32", shape: [2] }];
export const BOUND = [inputs[0]];
export const DATA_TYPES = { float32: "output relu" };
export const OPTIONS = "context contextOptions devices signal url";
export const TYPES = ALL_TYPES;
export const build = async () => ({ destroy() {} });
export const graph = () => ({});
""".replace("ALL_TYPES", javascript.types(DataType))
"""The facts of a model that the mock of WebNN computes."""
FACTS_OF_EXPANSIONS = """
export const DEQUANTIZED = [];
export const EXPANSIONS = [];
export const EXPANDED = new Set();
"""
FACTS_OF_SIZES = """
export const sizes = [{ n: 2 }];
export const inputs = [{ name: "x", dataType: "float32", shape: ["n"] }];
export const outputs = [{ name: "y", dataType: "float32", shape: ["n"] }];
export const padding = "zeros";
export const MASKS = new Set();
export const MODULES = [];
export const TYPES = {};
"""
FACTS_OF_FALLBACK = """
export const FALLBACK = () => import("./ort.js");
export const onnxUrl = () => new URL("./model.fallback.onnx", import.meta.url);
export const WEIGHT_FILES = [];
export const library = () => ({});
"""
FACTS_OF_GENERATION = """
const tensor = (name, ...shape) => ({ name, dataType: "float32", shape });
const inputs = [tensor("input_ids", 1, 1), tensor("position", 1)];
export const PARTS = { decode: { inputs, outputs: [tensor("logits", 1, 5)], building: { weights: [], bound: inputs, computed: 0 } } };
export const settings = { kind: "decoder", cache: 4 };
export const weightsUrls = () => [];
export const readAll = undefined;
export const GENERATING = "maxTokens";
export const MOST_BEAMS = 64;
export const TELL = undefined;
export const TEXT = undefined;
export const textUrls = () => [];
export const Template = class {};
export const Tokenizer = class {};
"""
FACTS_OF_TASKS = """
export { ModelError } from "../runtime/errors.js";
export { TYPES } from "../runtime/facts.js";
export const [INPUTS, ANSWERS, metadata] = [[], [], { tensors: {} }];
export const [LEAST_RATE, MOST_RATE, SILENT] = [1000, 384000, 1e-30];
export const [LIBRARY, dataUrls] = [async () => ({}), () => []];
export const MOST_PIXELS = 67108864;
export const MOST_BOXES = 300;
export const STRIDES = [8, 16, 32, 64];
export const MOST_MASKED = 268435456;
export const [MOST_REGIONS, LEAST_SIDE, LEAST_GROWN, LEAST_LINE, SAME_LINE, TALL] = [1000, 3, 5, 4, 10, 1.5];
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The folder of the plain modules beside a model's facts."""
    for path in PLAIN:
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / path.parent.name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "runtime" / "facts.js").write_text(FACTS)
    (tmp_path / "expanding" / "facts.js").write_text(FACTS_OF_EXPANSIONS)
    (tmp_path / "sized" / "facts.js").write_text(FACTS_OF_SIZES)
    (tmp_path / "fallback" / "facts.js").write_text(FACTS_OF_FALLBACK)
    (tmp_path / "generation" / "facts.js").write_text(FACTS_OF_GENERATION)
    (tmp_path / "tasks" / "facts.js").write_text(FACTS_OF_TASKS)
    return tmp_path


@needs_node
@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_each_can_be_imported(path: Path, plain: Path) -> None:
    assert node(plain / path.relative_to(TEMPLATES), "console.log(JSON.stringify(Object.keys(module)));")


def sized_module() -> str:
    graph = linear_model()
    return sized_files(Sized("linear", ({"n": 1},), (graph,), {"x": (2, 3), "unused": (2,)}, {"y": (2, 20)}), "m", weights="w", digest="")[
        "m.js"
    ]


def generating_module(is_told: bool) -> str:
    """The module of a model that generates, with or without an encoder, and what makes text for it."""
    graphs, settings = (Toy().told_graphs(), TRANSLATING) if is_told else (Toy().graphs(), SETTINGS)
    files = generating_files(graphs, settings, "toy", weights=["w"], digest="", text=True, fallback="ort-web")
    return files["index.js"] + files["text.js"]


def quantized_model() -> Graph:
    """y = x tanh(w) with a quantized w."""
    b = GraphBuilder()
    w = b.dequantizeLinear(np.ones((3, 900), np.int8), np.ones((1, 900), np.float32), np.zeros((1, 900), np.int8))
    return b.build({"y": b.matmul(b.input("x", "float32", [2, 3]), b.tanh(w))})


def with_fallback() -> dict[str, str]:
    """The module of `linear_model` with a fallback, and that one's file."""
    graph = linear_model()
    places = {operand.name: Place("model.safetensors", 0, operand.nbytes) for operand in stored(graph)}
    return javascript.files(graph, "model", fallback="ort-web", places=places)


@pytest.mark.parametrize("path", FALLBACK, ids=lambda path: path.stem)
def test_a_module_with_a_fallback_holds_what_it_needs_for_it(path: Path) -> None:
    texts = with_fallback()
    compact_form = json.loads(javascript.COMPACT.read_text())[path.stem]
    own, other = ("model.fallback.js", "model.js") if path.stem == "ort" else ("model.js", "model.fallback.js")
    assert texts[own].splitlines().count(compact_form) == 1
    assert compact_form not in texts[other]
    assert not any(re.match("import |export {", line) for text in texts.values() for line in text.splitlines())


@pytest.mark.parametrize("path", [*RUNTIME, *EXPANDING, SIZED], ids=lambda path: path.stem)
def test_a_generated_module_holds_each_and_imports_nothing(path: Path) -> None:
    graph = quantized_model() if path in EXPANDING else linear_model()
    weights = ["one.safetensors", "two.safetensors"] if path.stem == "parallel" else []
    module = sized_module() if path == SIZED else javascript.files(graph, "model", weights=weights)["model.js"]
    lines = module.splitlines()
    assert lines.count(json.loads(javascript.COMPACT.read_text())[path.stem]) == 1
    assert not any(re.match("import |export {", line) for line in lines)


@pytest.mark.parametrize("path", GENERATION, ids=lambda path: path.stem)
def test_the_module_of_a_model_that_generates_holds_each(path: Path) -> None:
    compact_form = json.loads(javascript.COMPACT.read_text())[path.stem]
    assert generating_module(is_told=True).splitlines().count(compact_form) == 1
    assert generating_module(is_told=False).splitlines().count(compact_form) == (path.stem != "telling")


@cache
def task_modules() -> dict[str, str]:
    """The module of each graph that is asked something."""
    return {name: task.files(graph, "model", TOKENIZER)["model.task.js"] for name, graph in ASKED.items()}


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_the_module_of_a_task_holds_what_it_needs(path: Path) -> None:
    compact_form = json.loads(javascript.COMPACT.read_text())[path.stem]
    tasks = {name: task.task_of(graph, TOKENIZER) for name, graph in ASKED.items()}
    assert {name: text.splitlines().count(compact_form) for name, text in task_modules().items()} == {
        name: int(asked is not None and path.stem in task.fragments(asked)) for name, asked in tasks.items()
    }
    assert all(len(re.findall("^import |^export {", text, re.MULTILINE)) == 1 for text in task_modules().values())


@needs_terser
def test_what_modules_hold_is_the_compact_form_of_the_plain_ones() -> None:
    assert javascript.COMPACT.read_text() == compact.text(), "make compact writes it anew"


@needs_node
def test_types_are_those_of_the_graph(plain: Path) -> None:
    script = """
        const row = ([name, [view, bits, stored, names = [view.name]]]) => [name, [names.at(-1), bits, stored]];
        console.log(JSON.stringify(Object.fromEntries(Object.entries(module.TYPES).map(row))));
    """
    types = node(plain / "runtime" / "facts.js", script)
    assert types == {data_type: [data_type.view, data_type.bits, data_type.safetensors] for data_type in DataType}


@needs_node
@pytest.mark.parametrize("data_type", DataType)
def test_a_view_has_the_elements_size(data_type: DataType, plain: Path) -> None:
    script = f"console.log(module.viewOf({json.dumps(data_type)}, new ArrayBuffer(16)).BYTES_PER_ELEMENT)"
    assert node(plain / "runtime" / "tensors.js", script) == max(8, data_type.bits) / 8


READ = """
const said = [];
for (const bytes of BYTES.map((bytes) => new Uint8Array(bytes))) {
  const tensors = [];
  const accept = async ({ name, dataType, shape, data }) => tensors.push([name, dataType, shape, data.constructor.name, [...data]]);
  try {
    await module.streamWeights([async function* () { yield bytes; }], accept);
    said.push(tensors);
  } catch (error) {
    said.push(error.message);
  }
}
console.log(JSON.stringify(said));
"""


@needs_node
def test_weights_are_read_as_the_facts_say(plain: Path) -> None:
    def file(**entries: tuple[str, list[int], bytes]) -> list[int]:
        header: dict[str, Any] = {}
        data = b""
        for name, (dtype, shape, content) in entries.items():
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
            data += content
        encoded = json.dumps(header).encode()
        encoded += b" " * (-len(encoded) % 8)
        return list(len(encoded).to_bytes(8, "little") + encoded + data)

    w = ("F32", [2, 2], np.arange(4, dtype=np.float32).tobytes())
    files = [file(w=w, q=("U8", [2], b"\x21\x03")), file(w=w), file(w=w, q=("U8", [3], b"\x01\x02\x03")), [1, 2, 3]]
    right, missing, unpacked, short = node(plain / "runtime" / "weights.js", READ.replace("BYTES", json.dumps(files), 1))
    assert right == [["w", "float32", [2, 2], "Float32Array", [0, 1, 2, 3]], ["q", "uint4", [3], "Uint8Array", [0x21, 0x03]]]
    assert "tensor q is missing" in missing
    assert "tensor q is U8 [3], expected uint4[3]" in unpacked
    assert "it ends 5 bytes too early" in short


@needs_node
@pytest.mark.parametrize(("kind", "most"), [("{}", 600_000), ('{ type: "bytes" }', 2**18)], ids=["others", "streams of bytes"])
def test_a_body_is_read_into_the_same_memory_where_it_can_be(kind: str, most: int, plain: Path) -> None:
    script = """
        const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);
        const start = (controller) => {
          controller.enqueue(bytes.slice());
          controller.close();
        };
        const body = new ReadableStream({ ...KIND, start });
        let read = 0, most = 0, wrong = 0;
        for await (const piece of module.pieces({ body })) {
          most = Math.max(most, piece.buffer.byteLength);
          for (const byte of piece) if (byte !== bytes[read++]) wrong += 1;
        }
        console.log(JSON.stringify([read, most, wrong]));
    """
    assert node(plain / "runtime" / "loading.js", script.replace("KIND", kind)) == [600_000, most, 0]


TWO_EXPANSIONS = """
const copy = (builder, w) => [w];
export const EXPANSIONS = [[[copy, ["w"], ["first"]]], [[copy, ["q"], ["second"]]]];
export const DEQUANTIZED = [];
export const EXPANDED = new Set(["w", "q"]);
"""


@needs_node
def test_a_graph_is_built_when_all_expansions_are_there(plain: Path) -> None:
    """Also those whose weights arrive at the same time, from several files."""
    (plain / "expanding" / "facts.js").write_text(TWO_EXPANSIONS)
    script = """
        const events = [];
        let slow = 2;
        globalThis.MLGraphBuilder = class {
          constant(descriptor) { return descriptor; }
          async build(results) { events.push(Object.keys(results).join() || "graph"); return { destroy() {} }; }
        };
        const context = {
          async createTensor() { return { destroy() {} }; },
          dispatch() {},
          async readTensor() {
            await new Promise((resolve) => setTimeout(resolve, 20 * slow--));
            events.push("read");
            return new ArrayBuffer(8);
          },
        };
        const constants = new module.ExpandedConstants(context);
        const tensor = (name) => ({ name, dataType: "float32", shape: [2], data: new Float32Array(2) });
        await Promise.all([constants.add(tensor("w")), constants.add(tensor("q"))]);
        await constants.build();
        console.log(JSON.stringify([events, [...constants.made.keys()]]));
    """
    expected = [["first", "read", "second", "read", "graph"], ["first", "second"]]
    assert node(plain / "expanding" / "expanding.js", script) == expected


@needs_node
def test_a_model_computes_with_the_facts_alone(plain: Path) -> None:
    script = """
        const context = mock.context();
        const model = await module.Model.create(context, new Map());
        const { y } = await model.compute({ x: Float32Array.of(1, 2), unused: new Int8Array(1) });
        const wrong = await model.compute({ x: Float32Array.of(1, 2, 3), unused: new Int8Array(1) }).catch((error) => error.message);
        model.destroy();
        console.log(JSON.stringify([[...y], Object.keys(context.bound), context.alive, wrong]));
    """
    assert node(plain / "runtime" / "model.js", script) == [
        [1, 2],
        ["x"],
        0,
        "input x, float32[2], must be a Float32Array of 2 elements, not Float32Array of 3",
    ]


@needs_node
def test_the_runner_says_why_there_is_no_webnn(plain: Path) -> None:
    script = "globalThis.navigator ??= {}; console.log(JSON.stringify(await module.probe()));"
    assert node(plain / "pages" / "runner.js", script) == "navigator.ml is missing"


OPTIONS = "--noEmit --allowJs --checkJs --target esnext --module esnext --moduleResolution bundler --strict false".split()


@needs_tsc
@pytest.mark.parametrize(
    ("change", "error"),
    [(("", ""), ""), (("#tensors.get(", "#tensors.gets("), "Property 'gets' does not exist")],
    ids=["as they are", "a misspelling"],
)
def test_types_are_checked(change: tuple[str, str], error: str, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    shutil.copy(MOCK.with_name("webnn.d.ts"), tmp_path)
    model = tmp_path / "templates" / "runtime" / "model.js"
    model.write_text(model.read_text().replace(*change, 1))
    files = [str(tmp_path / "templates" / path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.js")]
    done = subprocess.run([str(TSC), *OPTIONS, "webnn.d.ts", *files], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert bool(done.returncode) == bool(error), done.stdout
    assert error in done.stdout


@pytest.mark.parametrize("folder", ["runtime", "expanding", "sized", "fallback", "generation", "tasks"])
def test_facts_are_what_a_generated_module_declares(folder: str) -> None:
    declared = set(re.findall(r"^export (?:const|function|class) (\w+)", (TEMPLATES / folder / "facts.d.ts").read_text(), re.MULTILINE))
    asked = {
        name
        for path in PLAIN
        if path.parent.name == folder
        for names in re.findall(r"import \{ (.*) \} from \"./facts.js\"", path.read_text())
        for name in names.split(", ")
    }
    graph = quantized_model() if folder == "expanding" else linear_model()
    texts = with_fallback() if folder == "fallback" else javascript.files(graph, "model")
    others = {
        "sized": sized_module,
        "generation": lambda: generating_module(is_told=True),
        "tasks": lambda: "\n".join(task_modules().values()),
    }
    module = others[folder]() if folder in others else texts["model.js"] + texts.get("model.fallback.js", "")
    assert declared == asked
    for name in declared:
        pattern = rf"^(?:(?:export )?(?:const|function|async function) |import {{ (?:[\w ]+, )*){name}\b"
        assert re.search(pattern, module, re.MULTILINE), name
