"""What pages make of sounds, by the plain modules and the module of a task: as `webnn_graph.tasks` does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.javascript.test_runtime import plain  # noqa: F401
from tests.javascript.test_task import HEAD, rounded
from tests.javascript.test_tasks import run
from tests.javascript.written import TSC, needs_node, needs_tsc, node
from tests.tasks.recordings import recording, voice
from tests.tasks.test_sounds import SCORES
from webnn_graph import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.formats import save
from webnn_graph.generation.sound import read_sound
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Audio, Characters, Labels, Meaning, Metadata, Regression, Speech, Target, whole
from webnn_graph.tasks.resampling import resampled
from webnn_graph.tasks.sounds import fitted, hop_of, pieces, spread
from webnn_graph.tasks.speech import MARGIN, SILENCE, SPEECH, spoken, transcript


# ------------------------------------------------------------------------------------------------------------ plain modules
@needs_node
@pytest.mark.parametrize(
    ("rate", "wanted"), [(44_100, 16_000), (16_000, 44_100), (8000, 16_000), (48_000, 16_000), (11_025, 8000), (16_000, 16_000)]
)
def test_resampling_is_that_of_python(rate: int, wanted: int, plain: Path) -> None:  # noqa: F811
    samples = voice(1001)
    script = f"""
    const {{ resampledTo }} = await import("./tasks/rates.js");
    return Array.from(resampledTo(Float32Array.from(JSON.parse(given)), {rate}, {wanted}));
    """
    found = run(plain, script, json.dumps(samples.tolist()))
    np.testing.assert_allclose(found, resampled(samples, rate, wanted), atol=1e-6)


@needs_node
def test_files_are_read_as_python_reads_them(plain: Path, tmp_path: Path) -> None:  # noqa: F811
    """Those of 16-bit integers, to the last bit; others are for the browser. Of one that is cut, which Python refuses, what is there."""
    file, stereo = tmp_path / "a.wav", np.stack([voice(501), -voice(501, seed=1)], 1)
    whole = recording(file, stereo, 22_050).read_bytes()
    at = whole.index(b"data")
    noted = whole[:at] + b"LIST\x03\0\0\0abc\0" + whole[at:]
    noted = b"RIFF" + (len(noted) - 8).to_bytes(4, "little") + noted[8:]
    extreme = recording(file, np.array([-1.0, 1 - 2**-15, 0.5])).read_bytes()
    known = [recording(file, voice(99)).read_bytes(), whole, noted, extreme, whole[:-7]]
    changed = [whole[:place] + byte + whole[place + 1 :] for place, byte in ((20, b"\x03"), (22, b"\0"), (34, b"\x18"))]
    others = [b"", b"RIFF", whole[:at], *changed]
    script = """
    const { samplesOf } = await import("./tasks/recordings.js");
    const { known, others } = JSON.parse((await import("node:fs")).readFileSync(given));
    const blob = (hex) => new Blob([Buffer.from(hex, "hex")]);
    const read = async ([hex, rate]) => Array.from(await samplesOf(blob(hex), rate));
    const refused = (hex) => samplesOf(blob(hex), 8000).then(() => "read", ({ message }) => message.slice(0, 29));
    return [await Promise.all(known.map(read)), await Promise.all(others.map(refused))];
    """
    rates = [int.from_bytes(content[24:28], "little") for content in known]
    cases = {"known": [(one.hex(), rate) for one, rate in zip(known, rates, strict=True)], "others": [one.hex() for one in others]}
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    samples, said = run(plain, script, str(tmp_path / "cases.json"))
    for content, rate, found in zip(known[:-1], rates, samples, strict=False):
        file.write_bytes(content)
        np.testing.assert_array_equal(np.float32(found), read_sound(file, rate))
    assert samples[-1] == samples[1][:499]
    assert said == ["other files than .wav with 16"] * len(others)


@needs_node
def test_windows_are_those_of_python(plain: Path) -> None:  # noqa: F811
    cases = [(c, s, n, h) for c in (1, 500, 1000, 1001, 1040, 5000, 12_345) for s, n, h in ((1000, 49, 20), (1000, 26, 40), (990, 49, 20))]
    cases.append((500, 100, 1, 200))  # steps that are longer than a window
    script = """
    const { hopOf, pieces, spread } = await import("./tasks/windows.js");
    return JSON.parse(given).map((each) => [spread(each[0], each[1]), hopOf(each[1], each[2]), pieces(...each)]);
    """
    expected = [[spread(c, s), hop_of(s, n), [vars(piece) for piece in pieces(c, s, n, h)]] for c, s, n, h in cases]
    assert run(plain, script, json.dumps(cases)) == expected


@needs_node
def test_speech_is_that_of_python(plain: Path) -> None:  # noqa: F811
    rng = np.random.default_rng(0)
    cases = [(SCORES.tolist(), 0.5, 51_000), ([], 0.5, 10), ([0.9] * 20, 0.5, 10_000)]
    for _ in range(200):
        scores = np.repeat(rng.random(60), rng.integers(1, 12, 60))[: rng.integers(1, 200)]
        cases.append((scores.round(2).tolist(), float(rng.choice([0.1, 0.3, 0.5, 0.7])), len(scores) * 512 - int(rng.integers(512))))
    script = f"""
    const {{ answered }} = await import("./tasks/voices.js");
    const usual = {{ speech: {SPEECH}, silence: {SILENCE}, margin: {MARGIN} }};
    return JSON.parse(given).map(([scores, threshold, count]) => {{
      const place = {{ windows: scores, size: 512, count, rate: 16000 }};
      return answered([Float64Array.from(scores)], [], {{ threshold, ...usual }}, place);
    }});
    """
    found = run(plain, script, json.dumps(cases))
    assert found == [[vars(one) for one in spoken(scores, 512, count, 16_000, threshold)] for scores, threshold, count in cases]


@needs_node
def test_parts_of_speech_share_what_is_between_them(plain: Path) -> None:  # noqa: F811
    """0.16 seconds, where 0.1 around each are theirs."""
    script = """
    const { answered } = await import("./tasks/voices.js");
    const scores = Float64Array.from({ length: 25 }, (_, i) => (i < 10 || i > 14 ? 0.9 : 0));
    const options = { threshold: 0.5, speech: 0.25, silence: 0.1, margin: 0.1 };
    return answered([scores], [], options, { windows: scores, size: 512, count: 25 * 512, rate: 16000 });
    """
    assert run(plain, script) == [{"start": 0, "end": 0.4}, {"start": 0.4, "end": 0.8}]


# ------------------------------------------------------------------------------------------------------- the module of a task
WAYS: dict[str, tuple[list[int], Audio, Meaning]] = {
    "classifyAudio": ([1, 4], Audio(sampling_rate=1000), Labels(names=("a", "b", "c", "d"), scores="probabilities")),
    "measure": (
        [1, 4],
        Audio(sampling_rate=1000),
        Regression(targets=(Target(name="a", polynomial=(1, 0, 2)), Target(name="b", unit="MOS"), Target(name="c"), Target(name="d"))),
    ),
    "transcribe": ([1, 4, 3], Audio(sampling_rate=1000), Characters(names=("", "a", " "), scores="probabilities", hop=3)),
    "hear": ([1, 12], Audio(sampling_rate=1000), Speech()),
}
"""The shape of the output, what the input is, and what the output; the model gives the sound back."""


def written(way: str, folder: Path, audio: Audio | None = None) -> Path:
    shape, usual, answer = WAYS[way]
    b = GraphBuilder(way)
    sound = b.relu(b.input("sound", "float32", [1, 4 if way in ("classifyAudio", "measure") else 12]))
    (folder / "package.json").write_text('{"type": "module"}')
    meanings: dict[str, Meaning] = {"sound": audio or usual, "y": answer}
    save(replace(b.build({"y": b.reshape(sound, shape)}), metadata=Metadata(tensors=meanings).document()), folder / "model.js")
    return folder / "model.task.js"


SOUND = "const sound = (...values) => ({ sampleRate: 1000, samples: Float32Array.from(values) });"
START = HEAD.replace("const row = picture(2, 2, 10, 40, 20, 30);", SOUND)
SAID = "bad-input"
ROWS: dict[str, tuple[str, str, Any]] = {
    "labels": (
        "classifyAudio",
        "return [await asked.classifyAudio(sound(0.1, 0.4, 0.2), { top: 2 }), (await asked.classifyAudio(sound(1))).length];",
        [[{"label": "b", "score": 0.4}, {"label": "c", "score": 0.2}], 4],
    ),
    "labels of windows": (
        "classifyAudio",
        "return asked.classifyAudio(sound(0.1, 0.4, 0.2, 0, 0.2, 0.8), { top: 3 });",  # the second window is 0.2, 0, 0.2, 0.8
        [{"label": "d", "score": 0.4}, {"label": "b", "score": 0.2}, {"label": "c", "score": 0.2}],
    ),
    "values": (
        "measure",
        "return asked.measure(sound(0.5, 0.4, 0.2, 0.25, 1, 0.6, 0, 0));",  # the values of a are 1.5 and 3
        [
            {"name": "a", "value": 2.25},
            {"name": "b", "value": 0.5, "unit": "MOS"},
            {"name": "c", "value": 0.1},
            {"name": "d", "value": 0.125},
        ],
    ),
    "words": (
        "transcribe",
        "return asked.transcribe(sound(0, 0.5, 0, 0, 0.7, 0, 0.9, 0, 0, 0, 0.6, 0));",
        {"text": "aa", "score": 0.55, "chunks": [{"text": "aa", "start": 0, "end": 0.012}]},
    ),
    "a short sound's steps": (
        "transcribe",
        "return asked.transcribe(sound(0, 0.5, 0, 0, 0, 1, 0, 0.5, 0));",
        {
            "text": "a a",
            "score": 2 / 3,
            "chunks": [{"text": "a", "start": 0, "end": 0.003}, {"text": "a", "start": 0.006, "end": 0.009}],
        },
    ),
    "speech": (
        "hear",
        """
        const speaks = sound(...Array(20).fill(0), ...Array(15).fill(1), ...Array(25).fill(0));
        return [await asked.hear(speaks, { speech: 0.005, silence: 0.002, margin: 0.001 }), await asked.hear(speaks)];
        """,
        [[{"start": 0.019, "end": 0.036}], []],
    ),
    "options": (
        "hear",
        """
        const given = [{ treshold: 1 }, { threshold: 2 }, { speech: -1 }];
        return (await Promise.all(given.map((options) => failing(asked.hear(sound(1), options))))).map((said) => said[2]);
        """,
        [
            "there is no option treshold; there are threshold, speech, silence, margin, signal",
            "threshold is a number from 0 to 1, not 2",
            "speech is a number from 0 to Infinity, not -1",
        ],
    ),
    "a sound is read before the call returns": (
        "classifyAudio",
        "const given = sound(0, 0.5); const call = asked.classifyAudio(given, { top: 1 }); given.samples.fill(0); return call;",
        [{"label": "b", "score": 0.5}],
    ),
    "no sound": (
        "classifyAudio",
        """
        const given = [undefined, null, "a.wav", [], {}, { samples: [1] }, { sampleRate: 8000, samples: new Float64Array(3) }, sound(),
          { samples: new Float32Array(3) }, { sampleRate: 1e9, samples: new Float32Array(3) }, sound(NaN), new Blob(["sound"])];
        const said = await Promise.all(given.map((source) => failing(asked.classifyAudio(source))));
        return [[...new Set(said.map(([name, code]) => `${name} ${code}`))], ...[0, 7, 8, 9, 10, 11].map((i) => said[i][2])];
        """,
        [
            ["ModelError bad-input"],
            "a sound is one of Blob, File, AudioBuffer, { sampleRate, samples: Float32Array }, not undefined",
            "the sound has no samples",
            "sampleRate is a number from 1000 to 384000, not undefined",
            "sampleRate is a number from 1000 to 384000, not 1000000000",
            "the sound has samples that are no numbers, or infinite",
            "other files than .wav with 16 bits are decoded in windows: give { sampleRate, samples } elsewhere",
        ],
    ),
    "an AudioBuffer": (
        "classifyAudio",
        """
        const channels = [Float32Array.of(0, 1), Float32Array.of(0.5, 0)];
        const buffer = { [Symbol.toStringTag]: "AudioBuffer", sampleRate: 1000, length: 2, numberOfChannels: 2,
          getChannelData: (channel) => channels[channel] };
        return asked.classifyAudio(buffer, { top: 2 });
        """,
        [{"label": "b", "score": 0.5}, {"label": "a", "score": 0.25}],
    ),
    "aborted between windows": (
        "classifyAudio",
        """
        const stop = new AbortController();
        const call = failing(asked.classifyAudio(sound(...Array(400).fill(1)), { signal: stop.signal }));
        await null; await null; stop.abort("enough");
        return [(await call).slice(1), (await failing(asked.classifyAudio(sound(1), { signal: stop.signal })))[1]];
        """,
        [["aborted", "aborted: enough"], "aborted"],
    ),
}


@needs_node
@pytest.mark.parametrize(("way", "script", "expected"), ROWS.values(), ids=ROWS)
def test_rows(way: str, script: str, expected: Any, tmp_path: Path) -> None:
    module = written(way, tmp_path)
    made = node(module, START + f"const made = await (async () => {{ {script} }})(); console.log(JSON.stringify(made));")
    assert rounded(made) == rounded(expected)


FACTS = """
export const [ANSWERS, INPUTS, SILENT, TYPES, metadata] = globalThis.facts;
export const [LEAST_RATE, MOST_RATE] = [1, 1e6];
export class ModelError extends Error {}
"""


@needs_node
@pytest.mark.parametrize("kind", ["speech", "labels"])
def test_states_and_what_was_before_go_on(kind: str, plain: Path) -> None:  # noqa: F811
    (plain / "tasks" / "facts.js").write_text(FACTS)
    script = """
    const audio = { name: "x", shape: [1, 5], dataType: "float32", context: 2, sampling_rate: 1000 };
    const state = { name: "before", shape: [1, 2], dataType: "int64" };
    const types = { float32: [Float32Array, 32], int64: [BigInt64Array, 64] };
    globalThis.facts = [[{ kind: given, name: "y", shape: [1, 1] }], [audio, state], 0, types,
      { tensors: { y: { kind: given }, next: { kind: "state", input: "before" } } }];
    const { inputsOf } = await import("./tasks/listening.js");
    const { results, place } = inputsOf({ sampleRate: 1000, samples: Float32Array.of(1, 2, 3, 4, 5, 6, 7) });
    const windows = [];
    const { y } = await results(async ({ x, before }) => {
      windows.push([Array.from(x), Array.from(before, Number)]);
      return { y: Float32Array.of(x[2]), next: BigInt64Array.of(before[0] + 1n, 5n) };
    });
    return [windows, Array.from(y), place.size];
    """
    windows = [[[0, 0, 1, 2, 3], [0, 0]], [[2, 3, 4, 5, 6], [1, 5]], [[5, 6, 7, 0, 0], [2, 5]]]
    assert run(plain, script, kind) == [windows, [1, 4, 7], 3]


@needs_node
@pytest.mark.parametrize(
    "audio",
    [
        Audio(sampling_rate=1000, normalized=True),
        Audio(sampling_rate=1000, repeated=True),
        Audio(sampling_rate=1000, repeated=True, cut=True),
        Audio(sampling_rate=1000, ends=True),
    ],
    ids=["normalized", "repeated", "repeated and cut", "ends"],
)
def test_inputs_are_those_of_python(audio: Audio, plain: Path) -> None:  # noqa: F811
    script = """
    const { INPUT, samples } = JSON.parse(given);
    const answer = { kind: "labels", name: "y", shape: [1, 1] };
    globalThis.facts = [[answer], [INPUT], 1e-30, { float32: [Float32Array, 32] }, { tensors: {} }];
    const { inputsOf } = await import("./tasks/listening.js");
    const { results } = inputsOf({ sampleRate: 1000, samples: Float32Array.from(samples) });
    let found;
    await results(({ x }) => { found = Array.from(x); return { y: Float32Array.of(1) }; });
    return found;
    """
    (plain / "tasks" / "facts.js").write_text(FACTS)
    for samples in (np.float32([0.5, -0.25, 1, 0]), np.float32([3e-4, -1e-4, 1e-4, 0])):
        told = {"INPUT": {"name": "x", "shape": [1, 10], "dataType": "float32", **whole(audio)}, "samples": samples.tolist()}
        found = run(plain, script, json.dumps(told))
        np.testing.assert_allclose(found, fitted(samples, audio, Descriptor(DataType.FLOAT32, (1, 10)))[0], rtol=1e-6, atol=0)


# -------------------------------------------------------------------------------------------------------------- declarations
USAGE = """
import { load, task } from "./model.task.js";

const asked = await load({ devices: ["gpu"] });
const context = new OfflineAudioContext(1, 1, 16000);
for (const source of [new Blob(), new File([], "")]) await asked.METHOD(source);
await asked.METHOD(await context.decodeAudioData(new ArrayBuffer(8)), { signal: new AbortController().signal });
const found = await asked.METHOD({ sampleRate: 16000, samples: new Float32Array(16000) });
READ
const kind: "METHOD" = task.name;
const takes: "audio" = task.takes;
// @ts-expect-error
await asked.METHOD("sound.wav");
// @ts-expect-error
await asked.METHOD({ sampleRate: 16000, samples: [1, 2] });
"""
READ = {
    "classifyAudio": "const text: string = found[0].label + found[0].score.toFixed(); await asked.classifyAudio(new Blob(), { top: 3 });",
    "measure": "const text: string = found[0].name + found[0].value.toFixed(2) + (found[0].unit ?? '');",
    "transcribe": "const text: string = found.text + found.chunks[0].text + found.chunks[0].start.toFixed();",
    "hear": "const seconds: number = found[0].end - found[0].start; await asked.hear(new Blob(), { threshold: 0.4, silence: 0.5 });",
}


@needs_tsc
@pytest.mark.parametrize("way", WAYS)
def test_declarations(way: str, tmp_path: Path) -> None:
    written(way, tmp_path)
    (tmp_path / "usage.ts").write_text(USAGE.replace("METHOD", way).replace("READ", READ[way]))
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    for more in ([], ["--lib", "es2022,webworker"]):
        file = "model.task.d.ts" if more else "usage.ts"
        done = subprocess.run([str(TSC), *options, *more, file], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout


@needs_node
def test_transcripts_are_those_of_python(plain: Path) -> None:  # noqa: F811
    rng = np.random.default_rng(0)
    characters = Characters(names=("", "a", "b", " ", ""), blank=0, scores="probabilities")
    numbers = rng.random((60, 5)) / 2
    script = """
    const { answered } = await import("./tasks/words.js");
    const { numbers, characters, windows } = JSON.parse(given);
    return answered([Float64Array.from(numbers.flat())], [characters], {}, { windows, seconds: 0.02 });
    """
    windows = [{"start": 0, "first": 0, "end": 17}, {"start": 0, "first": 3, "end": 20}, {"start": 0, "first": 2, "end": 20}]
    told = {"numbers": numbers.tolist(), "characters": whole(characters), "windows": windows}
    taken = np.concatenate([numbers[20 * i + one["first"] : 20 * i + one["end"]] for i, one in enumerate(windows)])
    expected = msgspec.to_builtins(transcript(taken, characters, 0.02))
    found = run(plain, script, json.dumps(told))
    assert found["text"] == expected["text"] and len(found["chunks"]) == len(expected["chunks"]) > 2
    assert rounded(found) == rounded(json.loads(json.dumps(expected)))
