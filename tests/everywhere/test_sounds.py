"""Modules that are asked about sounds in real browsers: the same answers as ``webnn run --audio``, whatever the sound comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from models.zoo.fetch import fetch
from models.zoo.manifest import select
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from tests.everywhere.test_tasks import run
from tests.tasks.recordings import RATE, recording, spectrogram_model, speech_model, voice
from webnn_graph import GraphBuilder
from webnn_graph.formats import save
from webnn_graph.metadata import Audio, Metadata, Speech, State
from webnn_graph.targets import legalize, load_target

pytest.importorskip("transformers", reason="transformers is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
EVERYWHERE = pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", "firefox", "webkit"], indirect=True)
OPTIONS = ("--format", "webnn,js", "--fallback", FALLBACK)


def letters(folder: Path) -> None:
    speech_model(folder / "letters", letters=True)
    run("torch2webnn", folder / "letters", "-o", folder, "--dim", "samples=8000", *OPTIONS)


def names(folder: Path) -> None:
    spectrogram_model(folder / "names")
    run("torch2webnn", folder / "names", "-o", folder, "--with-preprocessing", *OPTIONS)


def voices(folder: Path) -> None:
    """How loud a window of 10 ms and one before it are: a state, and a fifth of each window is of the one before."""
    b = GraphBuilder("voices")
    sound, before = b.input("sound", "float32", [1, 200]), b.input("before", "float32", [1, 1])
    loud = b.reduceMean(b.mul(sound, sound), axes=[1], keepDimensions=True)
    graph = b.build({"speaks": b.sigmoid(b.sub(b.mul(b.add(loud, before), 800), 2)), "next": loud})
    meanings = {"sound": Audio(sampling_rate=RATE, context=40), "speaks": Speech(), "next": State(input="before")}
    graph = replace(graph, metadata=Metadata(tensors=meanings).document())
    save(legalize(graph, load_target("portable")), folder / "voices.js", folder / "voices.webnn", fallback=FALLBACK)


MADE = {made.__name__: made for made in (letters, names, voices)}
SOUND = np.stack([voice(66_150, 44_100), voice(66_150, 44_100, 1) / 2], 1)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        recording(site.folder / "sound.wav", SOUND, 44_100)
        for made in MADE.values():
            made(site.folder)
        yield site


def answered(folder: Path, name: str, sound: str = "sound.wav") -> Any:
    """What ``webnn run`` says, as a module says it."""
    said = json.loads(run("webnn", "run", folder / f"{name}.webnn", "--audio", folder / sound, "--json"))
    return next(iter((said["labels"] or said["texts"] or said["speech"]).values()))


def check(found: Any, expected: Any) -> None:
    """The same words, numbers within 1e-3."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            check(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            check(one, other)
    else:
        assert found == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-3))


SCRIPT = """
const { load, task } = await import("/NAME.task.js");
const asked = await load({ ort: IMPORTING });
const blob = await (await fetch("/SOUND")).blob();
const context = new OfflineAudioContext(1, 1, 44100);
const buffer = await context.decodeAudioData(await blob.arrayBuffer());
const samples = buffer.getChannelData(0).map((value, i) => (value + buffer.getChannelData(buffer.numberOfChannels - 1)[i]) / 2);
const sources = { blob, file: new File([blob], "sound.wav"), buffer, samples: { sampleRate: buffer.sampleRate, samples } };
const answers = {};
for (const [kind, source] of Object.entries(sources)) answers[kind] = await asked[task.name](source);
asked.destroy();
return { backend: asked.model.backend, answers };
"""


def script(browser: Visitor, name: str, sound: str = "sound.wav", text: str = SCRIPT) -> str:
    return text.replace("NAME", name).replace("IMPORTING", importing(browser.browser)).replace("SOUND", sound)


@EVERYWHERE
@pytest.mark.parametrize("name", MADE)
def test_answers_are_those_of_the_command(name: str, anywhere: Visitor, site: Site) -> None:
    expected = answered(site.folder, name)
    assert expected
    made = anywhere.visit(site.page(script(anywhere, name)))
    assert made["backend"] == backend(anywhere.browser)
    for kind in ("blob", "file", "buffer", "samples"):
        check(made["answers"][kind], expected)


WRONG = """
const { load } = await import("/names.task.js");
const asked = await load({ ort: IMPORTING });
const said = async (source) => asked.classifyAudio(source).then(() => "fine", ({ name, code, message }) => [name, code, message]);
const blob = await (await fetch("/sound.wav")).blob();
const empty = new Blob([await blob.slice(0, 44).arrayBuffer()]);
const sources = { text: new Blob(["no sound"], { type: "audio/wav" }), nothing: new Blob([]), empty, string: "/sound.wav" };
const answers = {};
for (const [kind, source] of Object.entries(sources)) answers[kind] = await said(source);
return answers;
"""


@EVERYWHERE
def test_what_is_no_sound(anywhere: Visitor, site: Site) -> None:
    made = anywhere.visit(site.page(script(anywhere, "names", text=WRONG)))
    assert {kind: answer[:2] for kind, answer in made.items()} == {kind: ["ModelError", "bad-input"] for kind in made}
    assert made["text"][2] == 'the Blob, of 8 bytes and type "audio/wav", is no sound that can be read'
    assert made["nothing"][2] == 'the Blob, of 0 bytes and type "", is no sound that can be read'
    assert made["string"][2].endswith("not string")


VOICES = [{"start": 7712 / RATE, "end": 40_416 / RATE}, {"start": 47_648 / RATE, "end": 72_000 / RATE}]
"""What `get_speech_timestamps` of silero-vad 6.2.3 says of two voices."""


@pytest.mark.zoo
@EVERYWHERE
def test_voice_activity_of_a_real_model(anywhere: Visitor, site: Site) -> None:
    if not (site.folder / "silero_vad_v6.js").exists():
        (model,) = select(["silero_vad_v6"])
        shapes = [option for name, shape in model.shapes.items() for option in ("--shape", f"{name}={','.join(map(str, shape))}")]
        about = ["--bind", "sr=16000", "--audio", "input:16000,context=64", "--task", "voice-activity-detection"]
        run("onnx2webnn", fetch(model), "-o", site.folder, *shapes, *about, *OPTIONS)
    silence = np.zeros(8000, np.float32)
    recording(site.folder / "voice.wav", np.concatenate([silence, voice(32_000), silence, voice(24_000, seed=2)]))
    check(answered(site.folder, "silero_vad_v6", "voice.wav"), VOICES)
    made = anywhere.visit(site.page(script(anywhere, "silero_vad_v6", "voice.wav")))
    for found in made["answers"].values():
        check(found, VOICES)
