"""The module of several sizes without a browser: what it makes of inputs, which graph it takes, what it refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.javascript.written import HOSTILE, TSC, message, needs_node, needs_tsc, node
from webnn_graph import GraphBuilder
from webnn_graph.formats import save_sizes
from webnn_graph.graph import Graph
from webnn_graph.sizes.conversion import convert_sizes
from webnn_graph.sizes.sized import Sized


def tokens(dims: Mapping[str, int]) -> Graph:
    """y = relu(x) and z = |mask|, of float32[1, sequence, 2] and int64[1, sequence]."""
    b = GraphBuilder()
    x, mask = b.input("x", "float32", [1, dims["sequence"], 2]), b.input("attention_mask", "int64", [1, dims["sequence"]])
    return b.build({"y": b.relu(x), "z": b.abs(mask)})


def picture(dims: Mapping[str, int]) -> Graph:
    """y = relu(x) of float32[2, height, width]."""
    b = GraphBuilder()
    return b.build({"y": b.relu(b.input("x", "float32", [2, dims["height"], dims["width"]]))})


def weighted(dims: Mapping[str, int]) -> Graph:
    """A weight that all sizes have."""
    b = GraphBuilder()
    return b.build({"y": b.add(b.input("x", "float32", [dims["n"], 20]), b.constant(np.ones(20, np.float32), name="w"))})


def write(sized: Sized, folder: Path) -> Path:
    """Writes the modules; the path of the one for all sizes."""
    (folder / "package.json").write_text('{"type": "module"}')
    save_sizes(sized, folder / "model.js")
    return folder / "model.js"


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(convert_sizes(tokens, {"sequence": [8, 4]}), tmp_path_factory.mktemp("masked"))


@pytest.fixture(scope="module")
def zeros(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(convert_sizes(picture, {"height": [3, 6], "width": [3, 6]}), tmp_path_factory.mktemp("zeros"))


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(convert_sizes(picture, {"height": [2, 3], "width": [3, 2]}, padding="exact"), tmp_path_factory.mktemp("exact"))


START = "const context = mock.context(); const model = await module.Model.create(context, undefined); const f = (n) => new Float32Array(n);"


@needs_node
@pytest.mark.parametrize(("length", "graph"), [(1, 4), (3, 4), (4, 4), (5, 8), (8, 8)])
def test_the_smallest_graph_that_fits_is_filled_up_and_its_outputs_are_cut(masked: Path, length: int, graph: int) -> None:
    script = f"""{START}
        const x = f({2 * length}).map((_, i) => i + 1);
        const running = model.compute({{ x }});
        x.fill(99);
        const {{ y }} = await running;
        console.log(JSON.stringify([[...y], context.bound.x.shape, [...context.bound.x.value]]));"""
    given = [float(i + 1) for i in range(2 * length)]
    y, shape, bound = node(masked, script)
    assert y == given
    assert shape == [1, graph, 2]
    assert bound == given + [0] * 2 * (graph - length)


@needs_node
def test_masks_are_made_of_ones_and_filled_up_with_zeros(masked: Path) -> None:
    script = f"""{START}
        const seen = [];
        const masks = () => seen.push([...context.bound.attention_mask.value].map(Number));
        await model.compute({{ x: f(6) }});
        masks();
        await model.compute({{ x: f(6), attention_mask: BigInt64Array.of(1n, 0n, 1n) }});
        masks();
        console.log(JSON.stringify(seen));"""
    assert node(masked, script) == [[1, 1, 1, 0], [1, 0, 1, 0]]


@needs_node
@pytest.mark.parametrize(("height", "width", "graph"), [(3, 3, 3), (2, 3, 3), (3, 1, 3), (4, 2, 6), (1, 5, 6), (6, 6, 6)])
def test_two_dimensions(zeros: Path, height: int, width: int, graph: int) -> None:
    x = np.arange(1, 2 * height * width + 1, dtype=np.float32).reshape(2, height, width)
    script = f"""{START}
        const sizes = {{ height: {height}, width: {width} }};
        const {{ y }} = await model.compute({{ x: Float32Array.from({x.ravel().tolist()}) }}, {{ sizes }});
        console.log(JSON.stringify([[...y], [...context.bound.x.value], module.outputShapes(sizes).y]));"""
    y, bound, shape = node(zeros, script)
    filled = np.pad(x, [(0, 0), (0, graph - height), (0, graph - width)])
    assert y == x.ravel().tolist()
    assert bound == filled.ravel().tolist()
    assert shape == [2, height, width]


@needs_node
@pytest.mark.parametrize(
    ("kind", "call", "said"),
    [
        ("masked", "{ x: f(18) }", "ModelError: the model does not take sequence 9; its sizes are sequence 4; sequence 8"),
        ("masked", "{ x: f(0) }", "ModelError: the inputs cannot have sequence 0"),
        ("masked", "{ x: f(5) }", "ModelError: the inputs cannot have sequence 2.5"),
        ("masked", "{ x: f(6), z: f(1) }", "ModelError: the model has no input z; it has x, attention_mask"),
        ("masked", "{ x: [1, 2] }", "ModelError: input x must be a typed array"),
        (
            "masked",
            "{ x: new Float64Array(6) }",
            "ModelError: input x, float32[1, 4, 2], must be a Float32Array of 8 elements, not Float64Array of 8",
        ),
        (
            "masked",
            "{ x: f(6), attention_mask: new BigInt64Array(2) }",
            "ModelError: input attention_mask has 2 elements, with sequence 3 it has 3",
        ),
        ("masked", "{ x: f(6) }, { sizes: { sequence: 2 } }", "ModelError: input x has 6 elements, with sequence 2 it has 4"),
        ("masked", "{ x: f(6) }, { sizes: { length: 3 } }", "ModelError: the model has no dimension length; it has sequence"),
        ("masked", "{ attention_mask: new BigInt64Array(2) }", "ModelError: input x is missing"),
        ("masked", "null", "ModelError: the inputs are given as an object, by name"),
        (
            "zeros",
            "{ x: f(8) }",
            'ModelError: the arrays do not say height and width: compute(inputs, { sizes: { "height": ..., "width": ... } })',
        ),
        ("zeros", "{ x: f(8) }, { sizes: { height: 2 } }", ""),
        ("zeros", "{ x: f(14) }, { sizes: { height: 7 } }", "ModelError: the model does not take height 7, width 1; its sizes are"),
        (
            "exact",
            "{ x: f(12) }",
            "ModelError: the arrays do not say which size they have: compute(inputs, { sizes }), one of height 2, width 3; ",
        ),
        ("exact", "{ x: f(12) }, { sizes: { height: 3 } }", ""),
        ("exact", "{ x: f(8) }", "ModelError: the model takes inputs of these sizes only: height 2, width 3; height 3, width 2"),
    ],
)
def test_inputs_are_checked(kind: str, call: str, said: str, request: pytest.FixtureRequest) -> None:
    found = message(request.getfixturevalue(kind), f"{START} await model.compute({call})")
    assert found.startswith(said)
    assert bool(found) == bool(said)


LOAD = """
    const fs = await import("node:fs");
    const asked = [];
    globalThis.fetch = async (url) => {
      asked.push(new URL(url).pathname.split("/").pop());
      return new Response(fs.readFileSync(FILE));
    };
    const context = mock.context();
    const built = () => context.calls.filter(([name]) => name === "add").length;
"""


@needs_node
def test_weights_are_loaded_once_and_graphs_built_when_they_are_needed(tmp_path: Path) -> None:
    module = write(convert_sizes(weighted, {"n": [2, 4, 8]}), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "package.json",
        "model.safetensors",
        *(f"model{size}{suffix}" for size in ("", "_2", "_4", "_8") for suffix in (".js", ".d.ts")),
    }
    script = """
        const model = await module.load({ context });
        const counts = [built()];
        const x = (n) => new Float32Array(20 * n);
        for (const n of [1, 2, 3]) {
          const [one, two] = await Promise.all([model.compute({ x: x(n) }), model.compute({ x: x(n) })]);
          counts.push(built());
        }
        model.destroy();
        const ahead = await module.load({ context, ahead: true });
        counts.push(built());
        ahead.destroy();
        const late = await ahead.compute({ x: x(1) }).catch((error) => error.message);
        console.log(JSON.stringify([asked, counts, context.alive, context.destroyed, late]));"""
    loading = LOAD.replace("FILE", json.dumps(str(tmp_path / "model.safetensors")))
    asked, counts, alive, destroyed, late = node(module, loading + script)
    assert asked == ["model.safetensors"] * 2
    assert counts == [0, 1, 1, 2, 5]
    assert (alive, destroyed, late) == (0, False, "the model is destroyed")


@needs_node
def test_a_graph_that_cannot_be_built_says_its_size_and_may_be_tried_again(tmp_path: Path) -> None:
    module = write(convert_sizes(weighted, {"n": [2, 4]}), tmp_path)
    script = """
        const model = await module.load({ context });
        const create = context.createTensor;
        context.createTensor = async () => { throw new Error("no memory"); };
        const said = await model.compute({ x: new Float32Array(60) }).catch((error) => error.message);
        context.createTensor = create;
        const { y } = await model.compute({ x: new Float32Array(60) });
        console.log(JSON.stringify([said, y.length]));"""
    loading = LOAD.replace("FILE", json.dumps(str(tmp_path / "model.safetensors")))
    assert node(module, loading + script) == ["the graph for n 4: no memory", 60]


@needs_node
@pytest.mark.parametrize("name", [*HOSTILE, "__proto__", "constructor", "a b"], ids=ascii)
def test_any_name_is_a_dimension(name: str, tmp_path: Path) -> None:
    module = write(convert_sizes(lambda dims: tokens({"sequence": dims[name]}), {name: [4, 8]}, name=name), tmp_path)
    for path in [*tmp_path.glob("*.js"), *tmp_path.glob("*.ts")]:
        assert path.read_text().isascii()
        assert "</script" not in path.read_text()
        assert "\nalert" not in path.read_text()
    script = f"""{START}
        const {{ y }} = await model.compute({{ x: f(10) }}, {{ sizes: {{ [{json.dumps(name)}]: 5 }} }});
        console.log(JSON.stringify([y.length, Object.keys(module.sizes[0])]));"""
    assert node(module, script) == [10, [name]]


USAGE = """
import { isSupported, load, ModelError, outputShapes, padding, sizes, type Inputs } from "./model.js";

const model = await load({ ahead: true, signal: new AbortController().signal });
const given: Inputs = { x: new Float32Array(6) };
const { y } = await model.compute(given, { sizes: { sequence: 3 } });
const longest: number = sizes[sizes.length - 1].sequence;
const shape: number[] = outputShapes({ sequence: 3 }).y;
if (padding === "exact") model.destroy();
console.log(y[0], longest, shape);

const tensor = await model.tensor("x", { sequence: 4 });
const results = await model.run({ x: tensor, attention_mask: new BigInt64Array(4) }, { y: await model.tensor("y", { sequence: 4 }) });
results.y.destroy();
model.lost.then(async (error: ModelError) => error.code === "lost" && (await isSupported({ ahead: true, devices: ["cpu"] })));
// @ts-expect-error
await model.tensor("x");
// @ts-expect-error
await model.run({ x: tensor }, {});
// @ts-expect-error
await load({ ahaed: true });
"""


@needs_tsc
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("", ""), ""),
        (("x: new Float32Array(6)", "attention_mask: new BigInt64Array(3)"), "Property 'x' is missing"),
        (("sizes: { sequence", "sizes: { length"), "'length' does not exist"),
    ],
)
def test_declarations(masked: Path, change: tuple[str, str], error: str) -> None:
    usage = masked.with_name("usage.ts")
    usage.write_text(USAGE.replace(*change, 1) if change[0] else USAGE)
    options: Sequence[str] = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run([str(TSC), *options, usage.name], cwd=masked.parent, capture_output=True, text=True, timeout=120)
    assert bool(done.returncode) == bool(error), done.stdout
    assert error in done.stdout
