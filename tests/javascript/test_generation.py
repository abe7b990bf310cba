"""What index.js of a model that generates promises; with a WebNN whose decoders count."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks.page import ORT
from tests.generation import toys
from tests.generation.toys import Toy
from tests.javascript.written import HOSTILE, MOCK, NODE, TSC, needs_node, needs_tsc
from webnn_graph.generation import Beams, Generator, SamplingDefaults, Settings, save_package
from webnn_graph.graph import Graph
from webnn_graph.targets import PORTABLE, legalize, load_target

OPTIONS = "maxTokens temperature topK topP minP repetitionPenalty seed stop signal beams lengthPenalty earlyStopping template".split()
LIBRARY = ORT / "dist" / "ort.node.min.mjs"
HEAD = """
const { Model, ModelError, isSupported, load, settings } = module;
const { after, behind, context } = counting;
const fs = await import("node:fs");
const fetched = [];
globalThis.fetch = async (url) => {
  fetched.push(String(url).split("/").at(-1).split("?")[0]);
  return new Response(fs.readFileSync(new URL(url)));
};
const all = async (generated) => { const made = []; for await (const { id } of generated) made.push(id); return made; };
const why = (error) => (error instanceof ModelError ? [error.code, error.message] : String(error));
const failing = (promise) => promise.then(() => "fine", why);
const code = async (promise) => [await failing(promise)].flat()[0];
const device = context();
const states = () => [...device.tensors].filter(({ shape }) => shape[0] === 16);
const model = await load({ context: device });
"""
SAME = "const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);"

ROWS: dict[str, tuple[str, Any]] = {
    "two turns": (
        """
        const first = await all(model.generate([5, 9], { maxTokens: 3 }));
        const second = await all(model.generate([7, 7, 4], { maxTokens: 2 }));
        return [same(first, behind([5, 9], 3)), same(second, behind([5, 9, ...first, 7, 7, 4], 2)), model.ids.length];
        """,
        [True, True, 10],
    ),
    "pieces": (
        """
        const prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        const made = await all(model.generate(prompt, { maxTokens: 2 }));
        return [same(made, behind(prompt, 2)), device.dispatched];
        """,
        [True, [4, 4, 1, 1]],
    ),
    "typed arrays": (
        """
        const made = [];
        for (const tokens of [Int32Array.of(5, 9), BigInt64Array.of(5n, 9n)]) {
          made.push(same(await all(model.generate(tokens, { maxTokens: 3 })), behind([5, 9], 3)));
          model.reset();
        }
        return made;
        """,
        [True, True],
    ),
    "what is read of a token": (
        "await all(model.generate([5, 9], { maxTokens: 2 })); return device.read;",
        [4 * toys.BEST, 4 * toys.BEST],
    ),
    "states take turns": (
        """
        await all(model.generate([5, 9], { maxTokens: 6 }));
        return states().length;
        """,
        2,
    ),
    "states of beams are given back": (
        """
        await all(model.generate([5, 9], { maxTokens: 6, beams: 3 }));
        const before = device.tensors.size;
        await all(model.generate([], { maxTokens: 3, beams: 3 }));
        return [before === device.tensors.size, states().length];
        """,
        [True, 7],
    ),
    "a full cache": (
        """
        const made = [];
        const filling = (async () => { for await (const { id } of model.generate([1, 2, 3])) made.push(id); })();
        const said = await failing(filling);
        const more = await code(all(model.generate([1])));
        model.reset();
        return [made.length, said, more, same(await all(model.generate([5, 9], { maxTokens: 3 })), behind([5, 9], 3))];
        """,
        [14, ["cache-full", "the cache is full: it holds 16 tokens; reset() begins anew"], "cache-full", True],
    ),
    "a prompt that is too long": (
        """
        const said = await failing(all(model.generate(new Array(17).fill(1))));
        return [said, model.ids, device.dispatched];
        """,
        [
            ["cache-full", "the cache is full: it holds 16 tokens, of which 16 are free, and 17 were given; reset() begins anew"],
            [],
            [],
        ],
    ),
    "the end of the cache is not filled up": (
        """
        const [first] = await all(model.generate([5], { maxTokens: 1 }));
        const prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4];
        return [same(await all(model.generate(prompt, { maxTokens: 1 })), behind([5, first, ...prompt], 1)), device.dispatched];
        """,
        [True, [1, 4, 4, 4, 1, 1]],
    ),
    "busy": (
        """
        const first = model.generate([5, 9], { maxTokens: 4 });
        const { value } = await first.next();
        const said = await code(all(model.generate([1])));
        const rest = await all(first);
        return [said, same([value.id, ...rest], behind([5, 9], 4)), await code(all(model.generate([1], { maxTokens: 1 })))];
        """,
        ["busy", True, "fine"],
    ),
    "two at once": (
        """
        const said = await Promise.all([1, 2].map(() => code(all(model.generate([5, 9], { maxTokens: 2 })))));
        return [said, model.ids.length];
        """,
        [["fine", "busy"], 4],
    ),
    "who leaves goes on": (
        """
        for await (const _ of model.generate([5, 9])) break;
        return [same(await all(model.generate(undefined, { maxTokens: 2 })), behind([5, 9], 3).slice(1))];
        """,
        [True],
    ),
    "aborted": (
        """
        const { signal } = new AbortController();
        const controller = new AbortController();
        const made = [];
        const said = await failing((async () => {
          for await (const { id } of model.generate([5, 9], { signal: controller.signal })) {
            made.push(id);
            if (made.length === 2) controller.abort(new Error("enough"));
          }
        })());
        const rest = await all(model.generate([], { maxTokens: 2, signal }));
        return [said, same([...made, ...rest], behind([5, 9], 4))];
        """,
        [["aborted", "aborted: enough"], True],
    ),
    "aborted at once": (
        "return [await code(all(model.generate([5], { signal: AbortSignal.abort() }))), model.ids];",
        ["aborted", []],
    ),
    "aborted in a prompt": (
        """
        const controller = new AbortController();
        const { dispatch } = device;
        device.dispatch = (...given) => { dispatch(...given); controller.abort(); };
        const prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        const said = await code(all(model.generate(prompt, { signal: controller.signal })));
        return [said, device.dispatched, same(await all(model.generate([], { maxTokens: 2 })), behind(prompt, 2))];
        """,
        ["aborted", [4, 4, 1, 1], True],
    ),
    "reset while it runs": (
        """
        const first = model.generate([5, 9]);
        await first.next();
        model.reset();
        const second = await all(model.generate([3], { maxTokens: 2 }));
        return [await failing(first.next()), same(second, behind([3], 2))];
        """,
        [["aborted", "aborted: reset() was called"], True],
    ),
    "reset while it searches": (
        """
        const first = failing(all(model.generate([5, 9], { beams: 3 })));
        await new Promise((resolve) => setTimeout(resolve, 5));
        model.reset();
        const second = await all(model.generate([3], { maxTokens: 2 }));
        return [await first, same(second, behind([3], 2)), model.ids.length, states().length];
        """,
        [["aborted", "aborted: reset() was called"], True, 3, 2],
    ),
    "reset while states are made": (
        """
        const { createTensor } = device;
        device.createTensor = async (descriptor) => {
          if (descriptor.shape[0] === 16) model.reset();
          return createTensor(descriptor);
        };
        const said = await failing(all(model.generate([5, 9])));
        device.createTensor = createTensor;
        return [said, states().length, same(await all(model.generate([3], { maxTokens: 2 })), behind([3], 2))];
        """,
        [["aborted", "aborted: reset() was called"], 0, True],
    ),
    "aborted while it searches": (
        """
        const controller = new AbortController();
        const { dispatch } = device;
        device.dispatch = (...given) => {
          dispatch(...given);
          if (device.dispatched.length === 8) controller.abort(new Error("enough"));
        };
        const said = await failing(all(model.generate([5, 9], { beams: 3, signal: controller.signal })));
        device.dispatch = dispatch;
        const { ids } = model;
        return [said, ids, device.dispatched.length, same(await all(model.generate([7], { maxTokens: 2 })), behind([5, 9, 7], 2))];
        """,
        [["aborted", "aborted: enough"], [5, 9], 8, True],
    ),
    "lost while it searches": (
        """
        const { dispatch } = device;
        device.dispatch = (...given) => {
          dispatch(...given);
          if (device.dispatched.length === 8) device.destroy();
        };
        return [await code(all(model.generate([5, 9], { beams: 3 }))), await code(all(model.generate([1])))];
        """,
        ["lost", "lost"],
    ),
    "no tokens of the model": (
        """
        const wrong = [[23], [-1], [0.5], ["a"], 5, new Float32Array([1.5]), null];
        const said = [];
        for (const tokens of wrong) said.push(await code(all(model.generate(tokens ?? { length: 1 }))));
        return [said, await failing(all(model.generate([23]))), model.ids];
        """,
        [
            ["bad-input"] * 7,
            ["bad-input", "the tokens have 23, which is none of the 23 tokens that the model knows"],
            [],
        ],
    ),
    "text without a tokenizer": (
        "return [await failing(all(model.generate('hello'))), await code(all(model.chat([])))];",
        [["bad-input", "text needs a tokenizer, and the model has none: give its tokens, an array of numbers"], "bad-input"],
    ),
    "options": (
        """
        const none = [
          { temperature: -1 }, { topK: 0 }, { topP: 2 }, { minP: -1 }, { repetitionPenalty: 0 }, { maxTokens: 0 }, { maxTokens: 2.5 },
          { beams: 0 }, { beams: 2.5 }, { beams: 65 }, { lengthPenalty: NaN }, { earlyStopping: "often" }, { stop: 5 },
          { beams: 2, temperature: 1 },
        ];
        const said = [];
        for (const options of none) said.push(await code(all(model.generate([1], options))));
        return [said, await failing(all(model.generate([1], { maxToken: 1 }))), await code(all(model.generate([1], { start: [1] })))];
        """,
        [
            ["bad-input"] * 14,
            [
                "bad-input",
                "there is no option maxToken; there are " + ", ".join(OPTIONS),
            ],
            "bad-input",
        ],
    ),
    "it stops": (
        """
        const expected = behind([5, 9], 8);
        const stop = [expected[3]];
        return same(await all(model.generate([5, 9], { stop })), expected.slice(0, 1 + expected.indexOf(expected[3])));
        """,
        True,
    ),
    "a seed": (
        """
        const made = [];
        for (const seed of [1, 1, 2, 3, 4]) {
          model.reset();
          made.push(String(await all(model.generate([5, 9], { maxTokens: 8, temperature: 2, seed }))));
        }
        return [made[0] === made[1], new Set(made).size > 2];
        """,
        [True, True],
    ),
    "a lost context": (
        """
        const running = model.generate([5, 9]);
        await running.next();
        device.destroy();
        const { code: end } = await model.lost;
        return [end, await code(running.next()), await code(all(model.generate([1])))];
        """,
        ["lost", "lost", "lost"],
    ),
    "destroyed": (
        """
        await all(model.generate([5, 9], { maxTokens: 2 }));
        model.destroy();
        return [device.tensors.size, device.destroyed, await code(all(model.generate([1]))), (await model.lost).code];
        """,
        [0, False, "destroyed", "destroyed"],
    ),
    "a device that fails": (
        """
        const { dispatch } = device;
        device.dispatch = () => { throw new Error("no"); };
        const said = await failing(all(model.generate([5, 9])));
        device.dispatch = dispatch;
        return [said, same(await all(model.generate([], { maxTokens: 2 })), behind([5, 9], 2))];
        """,
        [["failed", "no"], True],
    ),
    "the weights are fetched once": ("return fetched;", ["model.safetensors"]),
    "weights are told as they arrive": (
        """
        const seen = [];
        await load({ context: context(), onProgress: (progress) => seen.push(progress) });
        const { loaded, total } = seen.at(-1);
        return [loaded === total, total > 3000];
        """,
        [True, True],
    ),
    "weights of another conversion": (
        """
        globalThis.fetch = async (url) => {
          const bytes = fs.readFileSync(new URL(url));
          return new Response(bytes.toString("latin1").replace(/("digest:head":")./, "$1x"));
        };
        return code(load({ context: context() }));
        """,
        "weights-mismatch",
    ),
    "an address": (
        "await load({ context: context(), url: new URL('other.safetensors', ADDRESS) }).catch(() => {}); return fetched.at(-1);",
        "other.safetensors",
    ),
    "no WebNN": ("mock.browser(); return [await code(load()), await isSupported()];", ["unsupported", False]),
    "an unknown option of load": ("return code(load({ context: device, cahce: true }));", "bad-input"),
}


def legal(graphs: dict[str, Graph]) -> dict[str, Graph]:
    return {name: legalize(graph, load_target(PORTABLE), exact=True) for name, graph in graphs.items()}


def package(folder: Path, settings: Settings = toys.SETTINGS, **options: Any) -> Path:
    """The module of a package of a toy."""
    save_package(folder, legal(Toy().graphs()), settings, **options)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder / "index.js"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("package"), replace(toys.SETTINGS, eos=(22,)))


def answer(module: Path, script: str, head: str = HEAD) -> Any:
    """What the body of an asynchronous function returns."""
    counting = MOCK.with_name("generating.mjs")
    imports = "".join(
        f"import * as {name} from {json.dumps(path.as_uri())};"
        for name, path in {"module": module, "mock": MOCK, "counting": counting}.items()
    )
    body = f"{imports}{SAME}console.log(JSON.stringify(await (async () => {{ {head} {script} }})()));"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", body.replace("ADDRESS", json.dumps(module.as_uri()))],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
@pytest.mark.parametrize("row", ROWS)
def test_what_it_promises(row: str, module: Path) -> None:
    script, expected = ROWS[row]
    assert answer(module, script) == expected


# ------------------------------------------------------------------------------------------------------- the same as in Python
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "a temperature": {"temperature": 1.2, "seed": 7},
    "top k": {"temperature": 2.0, "top_k": 3, "seed": 7},
    "more than the graph gives": {"temperature": 2.0, "top_k": 15, "seed": 3},
    "top p": {"temperature": 1.5, "top_p": 0.7, "seed": 7},
    "min p": {"temperature": 3.0, "min_p": 0.2, "seed": 7},
    "a penalty": {"repetition_penalty": 1.5},
    "a reward": {"repetition_penalty": 0.8, "temperature": 1.0, "seed": 2},
    "beams": {"beams": 3, "length_penalty": 2.0},
    "beams that end early": {"beams": 4, "early_stopping": True},
    "beams that never do": {"beams": 2, "early_stopping": "never", "length_penalty": 0.5},
    "penalized beams": {"beams": 3, "repetition_penalty": 1.7},
}
STRICT = replace(
    toys.SETTINGS,
    eos=(4,),
    suppress=(5, 9),
    begin_suppress=(1, 2),
    forced_eos=3,
    min_length=6,
    max_length=9,
    no_repeat_ngram_size=2,
    sampling=SamplingDefaults(repetition_penalty=1.1, top_k=20),
)
NAMES = {
    "top_k": "topK",
    "top_p": "topP",
    "min_p": "minP",
    "repetition_penalty": "repetitionPenalty",
    "length_penalty": "lengthPenalty",
    "early_stopping": "earlyStopping",
}
IN_ORT = """
const { load } = module;
const all = async (generated) => { const made = []; for await (const { id } of generated) made.push(id); return made; };
const model = await load({ ort: () => import(ORT) });
"""


@needs_node
@pytest.mark.skipif(not LIBRARY.is_file(), reason="onnxruntime-web is not installed (make test installs it)")
@pytest.mark.parametrize("settings", [replace(toys.SETTINGS, eos=(4,)), STRICT], ids=["plain", "strict"])
def test_tokens_are_those_of_the_loop_in_python(settings: Settings, tmp_path: Path) -> None:
    """With ONNX Runtime Web, which computes in Node.js what a page would."""
    made = package(tmp_path, settings, fallback="ort-web")
    expected = {}
    with Generator.open(tmp_path) as model:
        for name, way in WAYS.items():
            model.reset()
            expected[name] = [list(model.generate([6, 8], max_tokens=5, **way)), list(model.generate([7], max_tokens=3, **way))]
    ways = {name: {NAMES.get(key, key): value for key, value in way.items()} for name, way in WAYS.items()}
    script = f"""
        const made = {{}};
        for (const [name, way] of Object.entries({json.dumps(ways)})) {{
          model.reset();
          const turn = (tokens, maxTokens) => all(model.generate(tokens, {{ ...way, maxTokens }}));
          made[name] = [await turn([6, 8], 5), await turn([7], 3)];
        }}
        return made;
    """
    head = IN_ORT.replace("ORT", json.dumps(LIBRARY.as_uri()))
    assert answer(made, script, head) == expected
    assert len({str(tokens) for tokens in expected.values()}) > 4


@needs_node
@pytest.mark.skipif(not LIBRARY.is_file(), reason="onnxruntime-web is not installed (make test installs it)")
def test_an_encoder_is_told_and_tells(tmp_path: Path) -> None:
    """Its encoder knows fewer tokens than its decoder."""
    save_package(tmp_path, legal(Toy().told_graphs()), replace(toys.TRANSLATING, source_vocabulary=20), fallback="ort-web")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    with Generator.open(tmp_path) as model:
        expected = [list(model.generate([3, 8, 11], **way)) for way in ({}, {"beams": 3}, {"start": [1, 9, 9]})]
    script = """
        const made = [];
        for (const way of [{}, { beams: 3 }, { start: [1, 9, 9] }]) made.push(await all(model.generate([3, 8, 11], way)));
        const wrong = [];
        const others = { input_ids: Int32Array.of(3, 8, 20, 0, 0, 0), attention_mask: Int32Array.of(1, 1, 1, 0, 0, 0) };
        for (const source of [[], [1, 1, 1, 1, 1, 1, 1], "text", { input_ids: Int32Array.of(1) }, undefined, [20], others]) {
          wrong.push(await all(model.generate(source)).catch(({ code }) => code));
        }
        const named = { input_ids: Int32Array.of(3, 8, 11, 0, 0, 0), attention_mask: Int32Array.of(1, 1, 1, 0, 0, 0) };
        return [made, wrong, await all(model.generate(named)), await all(model.generate({ input_ids: [3, 8, 11] }))];
    """
    head = IN_ORT.replace("ORT", json.dumps(LIBRARY.as_uri()))
    assert answer(tmp_path / "index.js", script, head) == [expected, ["bad-input"] * 7, expected[0], expected[0]]


@needs_node
@pytest.mark.skipif(not LIBRARY.is_file(), reason="onnxruntime-web is not installed (make test installs it)")
def test_a_language_comes_second(tmp_path: Path) -> None:
    """Of a translator; with several beams whose probabilities add up to 1 again."""
    settings = replace(
        toys.TRANSLATING,
        forced_bos=6,
        languages={"de": 4, "constructor": 5},
        suppress=(3, 9, 12),
        beams=Beams(num_beams=3, renormalize=True),
    )
    save_package(tmp_path, legal(Toy().told_graphs()), settings, fallback="ort-web")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    ways: list[dict[str, Any]] = [{}, {"language": "de"}, {"language": "constructor", "beams": 1}]
    with Generator.open(tmp_path) as model:
        expected = [list(model.generate([3, 8, 11], **way)) for way in ways]
    assert [tokens[0] for tokens in expected] == [6, 4, 5]
    script = f"""
        const made = [];
        for (const way of {json.dumps(ways)}) made.push(await all(model.generate([3, 8, 11], way)));
        const wrong = [];
        for (const way of [{{ language: "toString" }}, {{ task: "translate" }}, {{ timestamps: true }}]) {{
          wrong.push(await all(model.generate([3], way)).catch(({{ message }}) => message));
        }}
        return [made, wrong];
    """
    said = ["the model has no language toString; it has de, constructor", *["task and timestamps are for models of speech"] * 2]
    assert answer(tmp_path / "index.js", script, IN_ORT.replace("ORT", json.dumps(LIBRARY.as_uri()))) == [expected, said]


HEARD: list[dict[str, Any]] = [
    {},
    {"language": "de"},
    {"language": "fr", "task": "translate"},
    {"task": "transcribe"},
    {"timestamps": True},
    {"timestamps": True, "language": "en", "repetition_penalty": 1.5},
    {"timestamps": True, "beams": 3},
    {"timestamps": True, "temperature": 1.5, "seed": 3},
    {"start": [1, 5, 9], "timestamps": True},
]


@needs_node
@pytest.mark.skipif(not LIBRARY.is_file(), reason="onnxruntime-web is not installed (make test installs it)")
def test_a_sound_is_heard(tmp_path: Path) -> None:
    """Languages that are found, tasks and times are those of the loop in Python; a shorter sound is filled up."""
    save_package(tmp_path, legal(Toy().heard_graphs()), toys.HEARING, fallback="ort-web")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    random = np.random.default_rng(0)
    sounds = [random.standard_normal(length).astype(np.float32).tolist() for length in (6, 6, 6, 5, 4, 3, 2, 1)]
    with Generator.open(tmp_path) as model:
        expected = []
        for way in HEARD:
            for sound in sounds:
                list(model.generate(sound, **way))
                expected.append(model.ids)
    assert {ids[1] for ids in expected} == {3, 4, 5}
    assert any(token >= 14 for ids in expected for token in ids)
    ways = [{NAMES.get(key, key): value for key, value in way.items()} for way in HEARD]
    script = f"""
        const made = [];
        for (const way of {json.dumps(ways)}) {{
          for (const sound of {json.dumps(sounds)}) {{
            await all(model.generate(Float32Array.from(sound), way));
            made.push(model.ids);
          }}
        }}
        const wrong = [];
        const given = [
          new Float32Array(7), new Float32Array(0), new Int16Array(6), new Float64Array(6), [1, 2], "text", undefined, null,
          Float32Array.of(1, NaN), {{ input_values: new Float32Array(6) }}, new Map(),
        ];
        for (const source of given) wrong.push(await all(model.generate(source)).catch(({{ code, message }}) => [code, message]));
        for (const way of [{{ language: "xx" }}, {{ language: "" }}, {{ task: "sing" }}]) {{
          wrong.push(await all(model.generate(new Float32Array(6), way)).catch(({{ message }}) => message));
        }}
        return [made, wrong];
    """
    found, wrong = answer(tmp_path / "index.js", script, IN_ORT.replace("ORT", json.dumps(LIBRARY.as_uri())))
    assert found == expected
    unknown = [f"the model has no language {language}; it has en, de, fr" for language in ("xx", "")]
    assert wrong[-3:] == [*unknown, "the model has no task sing; it has transcribe, translate"]
    assert [code for code, _ in wrong[:-3]] == ["bad-input"] * 11
    wanted = "input_values must be a Float32Array of 6 elements at most, and"
    assert [message for _, message in wrong[:3]] == [
        f"{wanted} {given}" for given in ("7 were given", "0 were given", "Int16Array was given")
    ]


# ------------------------------------------------------------------------------------------------------------------ what is written
@needs_node
@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_break_out_of_nothing(hostile: str, tmp_path: Path) -> None:
    text = hostile.encode("utf-8", "replace").decode()
    made = package(tmp_path, replace(toys.SETTINGS, model_type=text), name=hostile)
    assert answer(made, "return [settings.model_type, fetched.length];") == [text, 1]


TYPED = """
import { load, type Piece } from "./index.js";
const model = await load({ cache: true, onProgress: ({ loaded, total }) => console.log(loaded / total) });
const pieces: Piece[] = [];
for await (const piece of model.generate([1, 2], { maxTokens: 3, stop: [2], signal: new AbortController().signal })) pieces.push(piece);
const ids: number[] = pieces.map(({ id }) => id);
model.lost.then(({ code }) => code === "busy");
model.reset();
"""
WRONG = {
    "": "",
    "model.generate([1], { maxToken: 3 });": "maxToken",
    "model.generate('text');": "string",
    "model.chat([]);": "chat",
    "load({ text: true });": "text",
}


TYPED_SOUND = """
import { load, settings } from "./index.js";
const model = await load();
for await (const { id } of model.generate(new Float32Array(6), { language: "de", task: "translate", timestamps: true })) console.log(id);
const { languages = {}, speech } = settings;
console.log(Object.keys(languages), speech?.tasks, speech?.no_timestamps);
"""
TYPED_TEXT = """
import { load } from "./index.js";
const model = await load();
model.generate([1, 2], { language: "de" });
model.generate({ input_ids: "text" });
model.generate({ input_ids: Int32Array.of(1), attention_mask: Int32Array.of(1) });
"""


@needs_tsc
@pytest.mark.parametrize("wrong", ["", "model.generate([1, 2]);", "model.generate(new Float32Array(6), { language: 1 });"])
def test_declarations_of_a_listener(wrong: str, tmp_path: Path) -> None:
    save_package(tmp_path, legal(Toy().heard_graphs()), toys.HEARING)
    assert typed(tmp_path, f"{TYPED_SOUND}\n{wrong}\n").returncode == bool(wrong)


@needs_tsc
def test_declarations_of_a_translator(tmp_path: Path) -> None:
    save_package(tmp_path, legal(Toy().told_graphs()), toys.TRANSLATING)
    assert typed(tmp_path, TYPED_TEXT).stdout == ""


def typed(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """What the compiler of TypeScript says of a script beside a package."""
    (folder / "use.ts").write_text(script)
    options = "--noEmit --strict --target esnext --module esnext --moduleResolution bundler --lib esnext,dom".split()
    return subprocess.run([str(TSC), *options, "use.ts"], cwd=folder, capture_output=True, text=True, timeout=120)


@needs_tsc
@pytest.mark.parametrize("wrong", WRONG)
def test_declarations(wrong: str, tmp_path: Path) -> None:
    package(tmp_path)
    done = typed(tmp_path, f"{TYPED}\n{wrong}\n")
    assert bool(done.returncode) == bool(wrong), done.stdout
    assert WRONG[wrong] in done.stdout
