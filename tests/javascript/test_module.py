"""The generated module without a browser: Node checks its syntax and runs what needs no WebNN, tsc its declarations."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.javascript.written import COMPUTING, HOSTILE, TSC, doubling, linear_model, message, needs_node, needs_tsc, node, write
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.formats import javascript
from webnn_graph.formats.expressions import RESERVED
from webnn_graph.graph import Graph


def calls(graph: Graph, *, labels: bool = False) -> list[str]:
    """The builder calls of the nodes."""
    text = javascript.files(graph, "model", labels=labels)["model.js"]
    return [line.strip() for line in text.splitlines() if re.match(r"  const .*= builder\.(?!input|constant)", line)]


# ------------------------------------------------------------------------------------------------------------ builder calls
def test_arguments_stand_by_position_and_options_by_name() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 2, 8, 8])
    w, bias = b.input("w", "float32", [4, 2, 3, 3]), b.input("bias", "float32", [4])
    with b.source("/stem/Conv"):
        y = b.conv2d(x, w, bias=bias, strides=[2, 2], padding=[1, 1, 1, 1], groups=1)
    graph = b.build({"y": b.softmax(y, 1)})
    options = "padding: [1, 1, 1, 1], strides: [2, 2], bias"
    assert calls(graph) == [f"const conv2d_0 = builder.conv2d(x, w, {{ {options} }});", "const y = builder.softmax(conv2d_0, 1);"]
    assert calls(graph, labels=True)[0] == f'const conv2d_0 = builder.conv2d(x, w, {{ {options}, label: "/stem/Conv" }});'


def test_lists_and_several_results() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [4, 3])
    first, second = b.split(x, [1, 3])
    graph = b.build({"y": b.concat([second, first], 0), "z": b.cast(first, "int8")})
    assert calls(graph) == [
        "const [split_0, split_1] = builder.split(x, [1, 3]);",
        "const y = builder.concat([split_1, split_0], 0);",
        'const z = builder.cast(split_0, "int8");',
    ]


def test_rounding_has_both_of_its_names() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 1, 4, 4])
    graph = b.build({"y": b.maxPool2d(x, windowDimensions=[3, 3], strides=[2, 2], outputShapeRounding="ceil")})
    assert 'outputShapeRounding: "ceil", roundingType: "ceil" }' in calls(graph)[0]


@pytest.mark.parametrize(
    ("data_type", "options", "expected"),
    [
        ("int64", {"minValue": -(2**53) - 1, "maxValue": 2**62}, "{ minValue: -9007199254740993n, maxValue: 4611686018427387904n }"),
        ("int32", {"maxValue": 7}, "{ maxValue: 7 }"),
        ("float32", {"maxValue": float("-inf")}, "{ maxValue: -Infinity }"),
        ("float32", {"minValue": 1e-300, "maxValue": 6.0}, "{ minValue: 1e-300, maxValue: 6 }"),
    ],
)
def test_numbers(data_type: str, options: dict[str, Any], expected: str) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.clamp(b.input("x", data_type, [2]), **options)})
    assert calls(graph) == [f"const y = builder.clamp(x, {expected});"]


# ------------------------------------------------------------------------------------------------- names and hostile content
@needs_node
@pytest.mark.parametrize(
    "names", [sorted(RESERVED), ["conv2d", "build", "load", "inputs", "Model", "__proto__", "constructor", "viewOf", "TYPES"]]
)
def test_any_identifier_names_an_operand(names: list[str], tmp_path: Path) -> None:
    b = GraphBuilder("names")
    usable = [name for name in names if name not in ("true", "false", "null")]  # no identifiers of a graph
    made = {name: b.input(name, "float32", [2]) for name in usable}
    graph = b.build({name: b.add(x, float(i)) for i, (name, x) in enumerate(made.items(), start=1)})
    module = write(graph, tmp_path)
    fed = node(
        module,
        """
        const model = await module.Model.create(mock.context(), new Map());
        const given = Object.fromEntries(module.inputs.map(({ name }) => [name, new Float32Array(2)]));
        const results = await model.compute(given);
        console.log(JSON.stringify(Object.keys(results)));
        """,
    )
    assert fed == [output.name for output in graph.outputs]


@needs_node
def test_what_objects_inherit_names_outputs(tmp_path: Path) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    names = ["constructor", "toString", "__proto__"]
    module = write(b.build({name: b.add(x, float(i)) for i, name in enumerate(names)}), tmp_path)
    script = """
        const model = await module.Model.create(mock.context(), new Map());
        console.log(JSON.stringify(Object.keys(await model.compute({ x: new Float32Array(2) }))));
    """
    assert node(module, script) == names


@needs_node
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_nothing_breaks_out(hostile: str, tmp_path: Path) -> None:
    b = GraphBuilder(hostile)
    with b.source(hostile):
        graph = b.build({"y": b.relu(b.input("x", "float32", [2]))})
    module = write(graph, tmp_path, labels=True)
    for text in javascript.files(graph, "model", labels=True).values():
        assert text.isascii()
        assert "</script" not in text
        assert not re.search(r"^\s*alert", text, re.MULTILINE)
    label = node(
        module,
        """
        const context = mock.context();
        await module.Model.create(context, new Map());
        console.log(JSON.stringify(context.calls.find((call) => call[0] === "relu")[2].label));
        """,
    )
    assert label == hostile


def test_names_that_are_no_identifiers_are_refused() -> None:
    from webnn_graph.errors import ValidationError
    from webnn_graph.graph import Node, Operand

    x, y = Operand(DataType.FLOAT32, (2,), "x;alert(1)"), Operand(DataType.FLOAT32, (2,), "y")
    graph = Graph("g", (x,), {}, (Node("relu", {"input": x}, (y,)),), (y,))
    with pytest.raises(ValidationError, match="not an identifier"):
        javascript.files(graph, "model")


# ----------------------------------------------------------------------------------------------------------- what it refuses
WEIGHTS = 'const weights = new Map([["w", { dataType: "float32", shape: [3, 20], data: new Float32Array(60) }], ["bias", BIAS]]);'
BIAS = '{ dataType: "float32", shape: [20], data: new Float32Array(20) }'


@needs_node
@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        (BIAS, ""),
        ("undefined", "weight bias is missing, expected float32[20]"),
        (BIAS.replace("float32", "int32"), "weight bias is int32[20] of 80 bytes, expected float32[20]"),
        (BIAS.replace("[20]", "[4, 5]"), "weight bias is float32[4, 5] of 80 bytes, expected float32[20]"),
        (BIAS.replace("Array(20)", "Array(19)"), "weight bias is float32[20] of 76 bytes, expected float32[20]"),
        (BIAS.replace("new Float32Array(20)", "[1, 2]"), "weight bias is float32[20] of undefined bytes, expected float32[20]"),
        ("{}", "weight bias is undefined[] of undefined bytes, expected float32[20]"),
    ],
)
def test_weights_are_checked(bias: str, expected: str, tmp_path: Path) -> None:
    module = write(linear_model(), tmp_path)
    said = message(module, WEIGHTS.replace("BIAS", bias) + "await module.Model.create(mock.context(), weights)")
    assert said == (f"ModelError: {expected}" if expected else "")


@needs_node
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{ x: new Float32Array(6), unused: new BigInt64Array(2) }", ""),
        ("{ x: new Float32Array(6) }", "input unused, int64[2], must be a BigInt64Array of 2 elements, not undefined"),
        ("{ x: new Float32Array(6), unused: new BigInt64Array(2), z: 1 }", "there is no input z; there are x, unused"),
        (
            "{ x: new Float32Array(5), unused: new BigInt64Array(2) }",
            "input x, float32[2, 3], must be a Float32Array of 6 elements, not Float32Array of 5",
        ),
        (
            "{ x: new Float64Array(6), unused: new BigInt64Array(2) }",
            "input x, float32[2, 3], must be a Float32Array of 6 elements, not Float64Array of 6",
        ),
        (
            "{ x: [1, 2, 3, 4, 5, 6], unused: new BigInt64Array(2) }",
            "input x, float32[2, 3], must be a Float32Array of 6 elements, not object of 6",
        ),
        ("null", "the inputs are given as an object, by name"),
    ],
)
def test_inputs_are_checked(given: str, expected: str, tmp_path: Path) -> None:
    module = write(linear_model(), tmp_path)
    script = (
        WEIGHTS.replace("BIAS", BIAS) + f"const model = await module.Model.create(mock.context(), weights); await model.compute({given})"
    )
    assert message(module, script) == (f"ModelError: {expected}" if expected else "")


@needs_node
def test_without_webnn_load_says_what_to_do(tmp_path: Path) -> None:
    said = message(write(linear_model(), tmp_path), "await module.load()")
    assert "navigator.ml is missing" in said
    assert "chrome://flags" in said


def test_nothing_is_computed_ahead_that_no_browser_takes() -> None:
    b = GraphBuilder()
    small = b.constant(np.broadcast_to(np.int8(1), (2**25, 1)), name="w")  # 128 MiB as float32
    large = b.constant(np.broadcast_to(np.int8(1), (2**25 + 1, 1)), name="v")
    scale, zero = b.constant(np.full((1, 1), 0.5, np.float32)), b.constant(np.zeros((1, 1), np.int8))
    x = b.input("x", "float32", [1])
    graph = b.build({name: b.mul(x, b.dequantizeLinear(w, scale, zero)) for name, w in (("y", small), ("z", large))})
    text = "\n".join(calls(graph))
    assert 'dequantizeLinear(weight("v")' in text
    assert 'dequantizeLinear(weight("w")' not in text


# ------------------------------------------------------------------------------------------------------------------- Model
@needs_node
def test_calls_see_their_own_inputs(tmp_path: Path) -> None:
    script = """
        const unused = new Float32Array(1);
        const x = new Float32Array(2);
        const running = [];
        for (let i = 0; i < 5; i += 1) {
          x.fill(i);
          running.push(model.compute({ x, unused }));
        }
        x.fill(99);
        const results = await Promise.all(running);
        console.log(JSON.stringify([results.map(({ y }) => y[0]), context.tensors, Object.keys(context.bound)]));"""
    values, tensors, bound = node(write(doubling(), tmp_path), COMPUTING + script)
    assert values == [0, 1, 2, 3, 4]
    assert tensors == 2, "tensors are made once"
    assert bound == ["x"], "an input that nothing reads is not bound"


@needs_node
def test_a_failed_call_does_not_stop_the_next(tmp_path: Path) -> None:
    script = """
        context.fail = true;
        const given = { x: Float32Array.of(1, 2), unused: new Float32Array(1) };
        const outcomes = await Promise.allSettled([model.compute(given), (context.fail = false, model.compute(given))]);
        console.log(JSON.stringify(outcomes.map(({ status }) => status)));"""
    assert node(write(doubling(), tmp_path), COMPUTING + script) == ["rejected", "fulfilled"]


@needs_node
def test_destroy_frees_all_and_ends_waiting_calls(tmp_path: Path) -> None:
    script = """
        const given = { x: Float32Array.of(1, 2), unused: new Float32Array(1) };
        const running = [model.compute(given), model.compute(given)];
        model.destroy();
        model.destroy();
        const outcomes = await Promise.allSettled(running);
        console.log(JSON.stringify([outcomes.map(({ reason }) => reason?.message ?? ""), context.alive, context.destroyed]));"""
    (_, second), alive, destroyed = node(write(doubling(), tmp_path), COMPUTING + script)
    assert second == "the model is destroyed"
    assert alive == 0
    assert not destroyed, "the caller's own context stays"


# ------------------------------------------------------------------------------------------------------------- whole modules
@needs_node
def test_large_graphs(tmp_path: Path) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    for i in range(20_000):
        x = b.add(x, b.input("one", "float32", [2])) if i == 0 else b.relu(b.neg(x)) if i % 2 else b.sin(x)
    module = write(b.build({"y": x}), tmp_path)
    assert len(node(module, COMPUTING + "console.log(JSON.stringify(context.calls));")) > 20_000


USAGE = """
import { build, type ErrorCode, inputs, isSupported, load, Model, ModelError, outputs, type Weight, weightsDigest } from "./model.js";

const model: Model = await load({ onProgress: ({ loaded, total }) => console.log(loaded / total), signal: new AbortController().signal });
const { y } = await model.compute({ x: new Float32Array(6), h: new Uint16Array(2), unused: new BigInt64Array(2) });
const first: number = y[0];
const shape: readonly number[] = inputs[0].shape;
const weights = new Map<string, Weight>();
declare const context: import("./model.js").MLContext;
const graph = await build(context, weights);
graph.destroy();
model.destroy();
console.log(first, shape, outputs, weightsDigest.length);

await isSupported({ ml: { createContext: async () => context } });
if (await isSupported({ devices: ["npu", "gpu"], context })) console.log(model.device === "npu");
const shared = await load({ context: model.context, devices: ["gpu"], contextOptions: { powerPreference: "low-power" } });
const tensor = await shared.tensor("x");
const given = { x: tensor, h: new Uint16Array(2), unused: new BigInt64Array(2) };
const results = await shared.run(given, { y: await shared.tensor("y") });
results.y.destroy();
shared.lost.then((error) => {
  if (error.code === "lost") return load();
});
try {
  await (await Model.of(context, graph, { device: "cpu" })).run(given, {});
} catch (error) {
  const code: ErrorCode | undefined = error instanceof ModelError ? error.code : undefined;
  console.log(code, (error as ModelError).cause);
}
// @ts-expect-error
await load({ devices: ["tpu"] });
// @ts-expect-error
await isSupported({ device: "npu" });
// @ts-expect-error
await isSupported({ ml: {} });
// @ts-expect-error
await shared.tensor("nothing");
// @ts-expect-error
await shared.run({ ...given, x: [1, 2] }, {});
// @ts-expect-error
await shared.run({ x: tensor }, {});
// @ts-expect-error
await shared.run(given, { nothing: tensor });
// @ts-expect-error
results.z;
// @ts-expect-error
await shared.compute(given);
// @ts-expect-error
shared.lost.then((error) => error.code === "gone");
// @ts-expect-error
shared.context = context;
"""


def typed_model() -> Graph:
    b = GraphBuilder()
    x, h = b.input("x", "float32", [2, 3]), b.input("h", "float16", [2])
    b.input("unused", "int64", [2])
    return b.build({"y": b.relu(x), "z": b.relu(h)})


@needs_tsc
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("", ""), ""),
        (("x: new Float32Array(6), ", ""), "Property 'x' is missing"),
        (("new BigInt64Array(2)", "new Int32Array(2)"), "Type 'Int32Array"),
        (("const { y }", "const { y, nothing }"), "Property 'nothing' does not exist"),
        (("onProgress", "progress"), "'progress' does not exist"),
    ],
)
def test_declarations(change: tuple[str, str], error: str, tmp_path: Path) -> None:
    write(typed_model(), tmp_path)
    (tmp_path / "usage.ts").write_text(USAGE.replace(*change, 1) if change[0] else USAGE)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run([str(TSC), *options, "usage.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert bool(done.returncode) == bool(error), done.stdout
    assert error in done.stdout


def gzipped(pairs: int) -> int:
    """Bytes of the module of so many products, each with weights of its own and followed by a function."""
    b = GraphBuilder("chain")
    x = b.input("x", "float32", [1, 16])
    for i in range(pairs):
        product = b.matmul(x, b.constant(np.full((16, 16), i, np.float32), name=f"w{i}"))
        x = (b.relu, b.tanh, b.sigmoid, b.exp, b.abs)[i * i % 7 % 5](product)
    return len(gzip.compress(javascript.files(b.build({"y": x}), "model", digest="0123456789abcdef" * 2)["model.js"].encode(), 9))


def test_modules_are_small() -> None:
    small, large = gzipped(5), gzipped(105)
    assert small < 5040
    assert (large - small) / 200 < 20
