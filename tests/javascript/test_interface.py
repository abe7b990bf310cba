"""What load() and a model promise: errors with codes, devices in order, tensors in and out, the end of a model; with the mock of WebNN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.javascript.written import doubling, needs_node, node, saved
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import save, save_sizes
from webnn_graph.graph import Graph
from webnn_graph.sizes import convert_sizes

HEAD = """
const { Model, ModelError, isSupported, load } = module;
const fs = await import("node:fs");
const serve = (answer) => { globalThis.fetch = async (url, options) => answer(url, options); };
const weights = () => new Response(fs.readFileSync(FILE));
const failing = (promise) => promise.then(() => "fine", (error) => [error instanceof ModelError && error.code, error.message, error.cause]);
const code = async (promise) => [await failing(promise)].flat()[0];
const f = (...values) => Float32Array.from(values);
const given = { x: f(1, 2), unused: f(0) };
const made = [];
/** A browser whose contexts are, by device, what `members` says; an error is what making one fails with. */
const devices = (members) => {
  made.length = 0;
  mock.browser(({ deviceType = "none" }) => {
    const member = members[deviceType];
    if (member instanceof Error) throw member;
    made.push(mock.context(member));
    return made.at(-1);
  });
};
const limits = { relu: { output: { dataTypes: ["float16"] } }, input: { dataTypes: ["float32"] }, output: { dataTypes: ["float32"] } };
const halves = { opSupportLimits: () => limits };
const broken = { createTensor: async () => { throw new TypeError("no memory"); } };
"""

OPTIONS = "ml, context, contextOptions, devices, signal, url, cache, onProgress"
ROWS: dict[str, tuple[str, Any]] = {
    # ------------------------------------------------------------------------------------------------------------- options
    "an unknown option": (
        "return (await failing(load({ context: mock.context(), cahce: true }))).slice(0, 2);",
        ["bad-input", "there is no option cahce; there are " + OPTIONS],
    ),
    "a fallback that is not there": (
        "return (await failing(load({ ort: {} }))).slice(0, 2);",
        ["bad-input", "there is no option ort; there are " + OPTIONS],
    ),
    "an unknown option of isSupported": ("return code(isSupported({ device: 'npu' }));", "bad-input"),
    "an inherited name is no option": ("return code(load({ constructor: 1 }));", "bad-input"),
    # ------------------------------------------------------------------------------------------------------------- devices
    "no WebNN": ("mock.browser(); return [await code(load()), await isSupported()];", ["unsupported", False]),
    "no device said": (
        """
        devices({}); const model = await load();
        return [model.device ?? null, model.context === made[0], await isSupported()];
        """,
        [None, True, True],
    ),
    "a WebNN of the caller": (
        """
        const others = []; const ml = { createContext: async (options) => { others.push(options); return mock.context(); } };
        devices({}); const model = await load({ ml, devices: ["gpu"] }); mock.browser();
        return [model.device, made.length, await isSupported({ ml }), await isSupported(), await code(load({ ml: {} })), others];
        """,
        ["gpu", 0, True, False, "unsupported", [{"deviceType": "gpu", "accelerated": True}, {}]],
    ),
    "options of the context": (
        """
        const seen = []; mock.browser((options) => { seen.push(options); return mock.context(); });
        await load({ contextOptions: { powerPreference: 'low-power' } });
        await load({ contextOptions: { powerPreference: 'low-power' }, devices: ['cpu'] });
        await load({ devices: ['npu'] });
        return seen;
        """,
        [
            {"powerPreference": "low-power"},
            {"powerPreference": "low-power", "deviceType": "cpu", "accelerated": False},
            {"deviceType": "npu", "accelerated": True},
        ],
    ),
    "the first device that there is": (
        """
        devices({ npu: new Error('no driver'), gpu: { accelerated: false } });
        const model = await load({ devices: ['npu', 'gpu', 'cpu'] });
        return [model.device, made.map(({ destroyed }) => destroyed)];
        """,
        ["cpu", [True, False]],
    ),
    "the first device that takes the graph": (
        """
        devices({ npu: halves, gpu: broken, cpu: {} }); const model = await load({ devices: ['npu', 'gpu', 'cpu'] });
        return [model.device, made.map(({ destroyed }) => destroyed), (await model.compute(given)).y[1]];
        """,
        ["cpu", [True, True, False], 2],
    ),
    "a device that is lost with the graph": (
        """
        const crashing = { createTensor: async () => { made.at(-1).destroy(); throw new Error('gone'); } };
        devices({ gpu: crashing }); const model = await load({ devices: ['gpu', 'cpu'] });
        return [model.device, await code(load({ devices: ['gpu'] }))];
        """,
        ["cpu", "lost"],
    ),
    "no device takes the graph": (
        """
        devices({ npu: new Error('no driver'), gpu: halves });
        const refused = await failing(load({ devices: ['npu', 'gpu'] }));
        return [refused.slice(0, 2), made[0].destroyed, await isSupported({ devices: ['npu', 'gpu'] })];
        """,
        [["unsupported", "the context has no relu of float32"], True, False],
    ),
    "a device is supported": (
        """
        devices({ npu: halves });
        return [await isSupported({ devices: ['npu', 'cpu'] }), made.map(({ destroyed }) => destroyed)];
        """,
        [True, [True, True]],
    ),
    "no devices": ("devices({}); return code(load({ devices: [] }));", "bad-input"),
    "a context of one's own is asked": (
        """
        const context = mock.context(halves);
        return [await code(load({ context })), await isSupported({ context }), context.destroyed];
        """,
        ["unsupported", False, False],
    ),
    "what WebNN refuses": (
        """
        const context = mock.context(broken); const [code, message, cause] = await failing(load({ context }));
        return [code, message, cause.name, context.destroyed];
        """,
        ["unsupported", "no memory", "TypeError", False],
    ),
    "a context that is lost while the model is made": (
        """
        const context = mock.context({ createTensor: async () => { context.destroy(); throw new Error('gone'); } });
        return code(load({ context }));
        """,
        "lost",
    ),
    # -------------------------------------------------------------------------------------------------------------- aborted
    "aborted before": (
        """
        const reason = { my: 'own' }; const context = mock.context();
        const [code, , cause] = await failing(load({ context, signal: AbortSignal.abort(reason) }));
        return [code, cause === reason, context.tensors];
        """,
        ["aborted", True, 0],
    ),
    "aborted with a text": (
        "return failing(load({ context: mock.context(), signal: AbortSignal.abort('closed') }));",
        ["aborted", "aborted: closed", "closed"],
    ),
    "aborted while it is built": (
        """
        const stop = new AbortController(); devices({}); const loading = load({ signal: stop.signal }); stop.abort();
        const [code, , cause] = await failing(loading);
        return [code, cause.name, made[0].destroyed];
        """,
        ["aborted", "AbortError", True],
    ),
    "aborted at last": (
        """
        const stop = new AbortController(); const context = mock.context(); const create = context.createTensor;
        context.createTensor = (descriptor) => { stop.abort(); return create(descriptor); };
        return [await code(load({ context, signal: stop.signal })), context.tensors, context.alive, context.destroyed];
        """,
        ["aborted", 2, 0, False],
    ),
    # ------------------------------------------------------------------------------------------------------ compute() and run()
    "inputs that do not fit": (
        """
        const model = await load({ context: mock.context() });
        return code(model.compute({ x: f(1) }));
        """,
        "bad-input",
    ),
    "WebNN fails": (
        """
        const model = await load({ context: mock.context({ fail: true }) });
        return (await failing(model.compute(given))).slice(0, 2);
        """,
        ["failed", "dispatch failed"],
    ),
    "nothing is read back": (
        """
        const context = mock.context(); const model = await load({ context });
        const [a, b] = [await model.tensor('x'), await model.tensor('y')]; const outputs = { y: b };
        const same = (await model.run(given, outputs)) === outputs; const first = [...b.value]; a.value = f(5, 6);
        await model.run({ x: a, unused: a }, { y: b });
        return [same, first, [...b.value], context.reads, model.context === context];
        """,
        [True, [1, 2], [5, 6], 0, True],
    ),
    "calls are dispatched at once": (
        """
        const context = mock.context(); const model = await load({ context });
        const [a, b] = [await model.tensor('y'), await model.tensor('y')]; model.run(given, { y: a });
        model.run({ ...given, x: a }, { y: b });
        return [...b.value];
        """,
        [1, 2],
    ),
    "an output that is not asked for": (
        """
        const context = mock.context(); const model = await load({ context }); await model.run(given, {});
        return context.tensors;
        """,
        2,
    ),
    "a tensor": (
        """
        const model = await load({ context: mock.context() });
        const { dataType, shape, readable, writable } = await model.tensor('unused');
        return [dataType, shape, readable, writable, await code(model.tensor('z'))];
        """,
        ["float32", [1], True, True, "bad-input"],
    ),
    "a tensor is the caller's": (
        """
        const context = mock.context(); const model = await load({ context }); await model.tensor('x');
        model.destroy();
        return context.alive;
        """,
        1,
    ),
    "run() with what does not fit": (
        """
        const model = await load({ context: mock.context() }); const y = await model.tensor('y');
        return Promise.all([
          model.run({ x: [1, 2], unused: y }, { y }), model.run({ x: f(1), unused: y }, { y }), model.run({ x: y }, { y }),
          model.run(given, { z: y }), model.run(given), model.run(given, { toString: y }),
        ].map(code));
        """,
        ["bad-input", "bad-input", "bad-input", "bad-input", "bad-input", "bad-input"],
    ),
    "what WebNN says of tensors": (
        """
        const context = mock.context({ dispatch() { throw new TypeError('of another context'); } });
        const model = await load({ context });
        return (await failing(model.run(given, {}))).slice(0, 2);
        """,
        ["bad-input", "of another context"],
    ),
    # -------------------------------------------------------------------------------------------------------------- the end
    "destroyed during calls": (
        """
        const context = mock.context(); const model = await load({ context });
        const calls = [model.compute(given), model.compute(given)]; model.destroy();
        return [await Promise.all(calls.map(code)), context.alive, context.destroyed, (await model.lost).code];
        """,
        [["destroyed", "destroyed"], 0, False, "destroyed"],
    ),
    "calls of a destroyed model": (
        """
        const model = await load({ context: mock.context() }); model.destroy(); model.destroy();
        return Promise.all([model.compute(given), model.run(given, {}), model.tensor('x')].map(code));
        """,
        ["destroyed", "destroyed", "destroyed"],
    ),
    "a context of the model's ends with it": (
        """
        devices({}); const model = await load(); model.destroy();
        return [made[0].destroyed, (await model.lost).code];
        """,
        [True, "destroyed"],
    ),
    "a lost context": (
        """
        devices({}); const model = await load(); const call = code(model.compute(given)); model.context.destroy();
        const after = code(model.compute(given)); const lost = await model.lost;
        return [await call, await after, lost instanceof ModelError, lost.code, lost.message, made[0].alive];
        """,
        ["lost", "lost", True, "lost", "the context is lost: destroy() was called", 0],
    ),
    "loaded again": (
        """
        devices({}); const options = { devices: ['gpu'] };
        const lost = load(options).then((model) => { model.context.destroy(); return model.lost; });
        const model = (await lost).code === 'lost' && (await load(options));
        return [[...(await model.compute(given)).y], made.length];
        """,
        [[1, 2], 2],
    ),
}
"""Of a model that gives its input back."""

SIZED: dict[str, tuple[str, Any]] = {
    "an unknown option": ("return code(load({ context: mock.context(), cahce: true }));", "bad-input"),
    "what is supported": (
        """
        devices({ npu: halves });
        return [await isSupported({ devices: ['npu'] }), await isSupported({ devices: ['npu', 'cpu'], ahead: true })];
        """,
        [False, True],
    ),
    "the first device that takes the graph": (
        "devices({ npu: halves }); const model = await load({ devices: ['npu', 'gpu'] }); return [model.device, made[0].destroyed];",
        ["gpu", True],
    ),
    "no device takes all graphs": (
        "devices({ gpu: broken }); return [await code(load({ devices: ['gpu'], ahead: true })), made[0].destroyed];",
        ["unsupported", True],
    ),
    "inputs that do not fit": (
        """
        const model = await load({ context: mock.context() });
        return Promise.all([f(), f(1, 2, 3, 4, 5)].map((x) => code(model.compute({ x }))));
        """,
        ["bad-input", "bad-input"],
    ),
    "errors of a size are errors of the model": (
        """
        const model = await load({ context: mock.context({ fail: true }) });
        return failing(model.compute({ x: f(1) })).then(([code]) => code);
        """,
        "failed",
    ),
    "tensors of a size": (
        """
        const context = mock.context(); const model = await load({ context });
        const [x, y] = [await model.tensor('x', { n: 2 }), await model.tensor('y', { n: 2 })]; x.value = f(5, 6);
        const outputs = await model.run({ x }, { y }); const first = [...outputs.y.value];
        await model.run({ x: f(7, 8) }, { y });
        return [first, [...y.value], context.reads, await code(model.tensor('x', { n: 3 })), await code(model.tensor('z', { n: 2 }))];
        """,
        [[5, 6], [7, 8], 0, "bad-input", "bad-input"],
    ),
    "run() takes no other size": (
        """
        const model = await load({ context: mock.context() });
        return Promise.all([model.run({ x: f(1) }, {}), model.run({}, {}), model.run(null, {}), model.tensor('x')].map(code));
        """,
        ["bad-input"] * 4,
    ),
    "destroyed during calls": (
        """
        const context = mock.context(); const model = await load({ context }); await model.compute({ x: f(1) });
        const calls = [model.compute({ x: f(1) }), model.compute({ x: f(1, 2, 3) })]; model.destroy();
        const late = [model.compute({ x: f(1) }), model.run({ x: f(1, 2) }, {}), model.tensor('x', { n: 2 })];
        const codes = await Promise.all([...calls, ...late].map(code));
        return [codes, context.alive, (await model.lost).code];
        """,
        [["destroyed"] * 5, 0, "destroyed"],
    ),
    "a lost context": (
        """
        devices({}); const model = await load(); const call = code(model.compute({ x: f(1) })); model.context.destroy();
        return [await call, (await model.lost).code, await code(model.compute({ x: f(1) }))];
        """,
        ["lost", "lost", "lost"],
    ),
}
"""Of a model in the sizes n=2 and n=4 that gives its input back."""

WEIGHTED: dict[str, tuple[str, Any]] = {
    "the address is wrong": (
        """
        serve(() => new Response('', { status: 404 }));
        return (await failing(load({ context, url: '/w' }))).slice(0, 2);
        """,
        ["download", "/w: HTTP status 404"],
    ),
    "no connection": (
        """
        serve(async () => { throw new TypeError('no route'); });
        return (await failing(load({ context, url: '/w' }))).slice(0, 2);
        """,
        ["download", "/w: no route"],
    ),
    "the connection ends": (
        """
        serve(() => new Response(new ReadableStream({ pull(stream) { stream.error(new TypeError('reset')); } })));
        return (await failing(load({ context, url: '/w' }))).slice(0, 2);
        """,
        ["download", "/w: reset"],
    ),
    "aborted during the download": (
        """
        const stop = new AbortController(); const reason = new RangeError('another page'); devices({});
        serve((url, { signal }) => new Promise((_, reject) => {
          signal.onabort = () => reject(signal.reason);
          stop.abort(reason);
        }));
        const [code, message, cause] = await failing(load({ signal: stop.signal }));
        return [code, message, cause === reason, made[0].destroyed];
        """,
        ["aborted", "aborted: another page", True, True],
    ),
    "no weights": ("serve(() => new Response('{}')); return code(load({ context }));", "weights-mismatch"),
    "others": (
        """
        serve(() => new Response(fs.readFileSync(OTHER))); devices({});
        return [await code(load()), made[0].destroyed];
        """,
        ["weights-mismatch", True],
    ),
    "build() without weights": ("return code(Model.create(context, new Map()));", "weights-mismatch"),
    "a refused device costs no download": (
        """
        let count = 0; serve(() => { count += 1; return weights(); });
        const lacking = { opSupportLimits: () => ({ ...limits, constant: { dataTypes: [] } }) };
        devices({ npu: lacking }); const model = await load({ devices: ['npu', 'cpu'] });
        return [model.device, count];
        """,
        ["cpu", 1],
    ),
}
"""Of a model with weights."""


def answers(module: Path, rows: dict[str, tuple[str, Any]], head: str = "") -> Any:
    """What each row's script gives, by the row's name."""
    scripts = "".join(f"answers[{json.dumps(name)}] = await (async () => {{ {script} }})();" for name, (script, _) in rows.items())
    weights = json.dumps(str(module.with_suffix(".safetensors")))
    return node(module, f"{HEAD.replace('FILE', weights)} {head} const answers = {{}}; {scripts} console.log(JSON.stringify(answers));")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "package.json").write_text('{"type": "module"}')
    save(doubling(), folder / "model.js")
    return answers(folder / "model.js", ROWS)


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    module = saved(tmp_path_factory.mktemp("weighted"))
    other = saved(tmp_path_factory.mktemp("other"), 2).with_suffix(".safetensors")
    rows = {name: (script.replace("OTHER", json.dumps(str(other))), found) for name, (script, found) in WEIGHTED.items()}
    return answers(module, rows, "const context = mock.context();")


@needs_node
@pytest.mark.parametrize("name", ROWS)
def test_promises(name: str, plain: Any) -> None:
    assert plain[name] == ROWS[name][1]


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("sized")
    (folder / "package.json").write_text('{"type": "module"}')
    save_sizes(convert_sizes(rectified, {"n": [2, 4]}), folder / "model.js")
    return answers(folder / "model.js", SIZED)


def rectified(dims: Mapping[str, int]) -> Graph:
    b = GraphBuilder("rectified")
    return b.build({"y": b.relu(b.input("x", "float32", [dims["n"]]))})


@needs_node
@pytest.mark.parametrize("name", SIZED)
def test_promises_in_several_sizes(name: str, sized: Any) -> None:
    assert sized[name] == SIZED[name][1]


@needs_node
@pytest.mark.parametrize("name", WEIGHTED)
def test_promises_about_weights(name: str, weighted: Any) -> None:
    assert weighted[name] == WEIGHTED[name][1]
