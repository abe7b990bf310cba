"""``webnn run --audio``: the same as transformers' pipelines say of sounds of any length, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from tests.cli.conftest import invoke as invoke
from tests.tasks.recordings import RATE, recording, spectrogram_model, speech_model, voice
from webnn_graph import GraphBuilder, load
from webnn_graph.formats import save
from webnn_graph.metadata import Audio, Labels, Metadata, Speech, State
from webnn_graph.tasks.listening import Listening

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

Invoke = Callable[..., Result]
WINDOW = 8000


def answer(graph: Path, samples: Any, folder: Path, invoke: Invoke, *options: object, rate: int = RATE) -> dict[str, Any]:
    result = invoke("webnn", "run", graph, "--audio", recording(folder / "sound.wav", samples, rate), "--json", *options)
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("letters"), letters=True)


def made(folder: Path, letters: bool) -> Path:
    from tests.everywhere.test_tasks import run

    speech_model(folder / "model", letters=letters)
    run("torch2webnn", folder / "model", "-o", folder, "--dim", f"samples={WINDOW}")
    return folder / "model.webnn"


@pytest.mark.parametrize("windows", [0, 1, 7])
def test_speech_is_what_the_pipeline_hears(windows: int, letters: Path, tmp_path: Path, invoke: Invoke) -> None:
    """Where the last window is a whole one; of others the pipeline hears more of what was before."""
    margin = round(WINDOW / 6 / 80) * 80
    samples = voice(WINDOW + windows * (WINDOW - 2 * margin))
    found = answer(letters, samples, tmp_path, invoke)["texts"]["logits"]
    pipeline = transformers.pipeline("automatic-speech-recognition", model=str(letters.parent / "model"), device="cpu")
    cut = {"chunk_length_s": WINDOW / RATE} if windows else {}
    right = pipeline({"raw": samples, "sampling_rate": RATE}, return_timestamps="word", **cut)
    assert len(right["text"]) > 20 * (windows + 1) and found["text"] == right["text"]
    times = [(word["text"], pytest.approx(word["timestamp"], abs=1e-6)) for word in right["chunks"]]
    assert [(word["text"], (word["start"], word["end"])) for word in found["chunks"]] == times


def test_the_end_of_speech_is_heard(letters: Path) -> None:
    """What is said in the last window, which begins where a step does, is what is said there alone."""
    samples = voice(WINDOW + 4321)
    graph = load(letters)
    sound = Listening(graph, "input_values", Audio(sampling_rate=RATE, normalized=True), samples)
    starts = [piece.start for piece in sound.windows]
    assert starts[-1] % 80 == 0 and 0 <= starts[-1] + WINDOW - len(samples) < 80 and starts[-1] < starts[-2] + WINDOW


def test_names_of_a_long_sound_are_those_of_its_windows(tmp_path: Path, invoke: Invoke) -> None:
    graph = made(tmp_path, letters=False)
    samples = voice(2 * WINDOW + 1234)
    starts = [0, (len(samples) - WINDOW) // 2, len(samples) - WINDOW]
    pipeline = transformers.pipeline("audio-classification", model=str(tmp_path / "model"), device="cpu")
    rows = [pipeline({"raw": samples[start:][:WINDOW], "sampling_rate": RATE}, top_k=4) for start in starts]
    mean = {one["label"]: np.mean([row["score"] for part in rows for row in part if row["label"] == one["label"]]) for one in rows[0]}
    (found,) = answer(graph, samples, tmp_path, invoke)["labels"].values()
    assert [one["label"] for one in found] == sorted(mean, key=lambda name: -mean[name])
    np.testing.assert_allclose([one["score"] for one in found], sorted(mean.values(), reverse=True), atol=1e-4)


@pytest.mark.parametrize("joined", [False, True], ids=["a spectrogram", "samples"])
@pytest.mark.parametrize("samples", [8000, 16_240])
def test_names_by_a_spectrogram(samples: int, joined: bool, tmp_path: Path, invoke: Invoke) -> None:
    spectrogram_model(tmp_path / "model")
    options = ["--with-preprocessing", "--with-postprocessing", "--verify"] if joined else []
    result = invoke("torch2webnn", tmp_path / "model", "-o", tmp_path, "--format", "webnn,js", *options)
    assert result.exit_code == 0, result.output
    assert ("input_values is a spectrogram of a sound; --with-preprocessing" in result.output) != joined
    assert (tmp_path / "model.task.js").exists() == joined
    meaning = Metadata.of(load(tmp_path / "model.webnn")).tensors["input_values"]
    assert isinstance(meaning, Audio) and (meaning.spectrogram is None) == joined == meaning.ends
    sound = voice(samples)
    sound[-300:] = 0  # what is silent at the end is part of it
    (found,) = answer(tmp_path / "model.webnn", sound, tmp_path, invoke)["labels"].values()
    pipeline = transformers.pipeline("audio-classification", model=str(tmp_path / "model"), device="cpu")
    right = pipeline({"raw": sound, "sampling_rate": RATE}, top_k=4)
    assert [one["label"] for one in found] == [one["label"] for one in right]
    np.testing.assert_allclose([one["score"] for one in found], [one["score"] for one in right], atol=1e-4)


# ------------------------------------------------------------------------------------------------------------------ voices
def voices(folder: Path) -> Path:
    """Somebody speaks where a window is loud, or the one before was: a state. A fifth of each window is of the one before."""
    b = GraphBuilder("voices")
    sound, before = b.input("sound", "float32", [1, 200]), b.input("before", "float32", [1, 1])
    loud = b.reduceMax(sound, axes=[1], keepDimensions=True)
    graph = b.build({"speaks": b.max(loud, before), "next": loud})
    meanings = {"sound": Audio(sampling_rate=1000, context=40), "speaks": Speech(), "next": State(input="before")}
    save(replace(graph, metadata=Metadata(tensors=meanings).document()), folder / "voices.webnn")
    return folder / "voices.webnn"


def test_states_and_context_go_on(tmp_path: Path, invoke: Invoke) -> None:
    samples = np.zeros(3000, np.float32)
    samples[780:800] = 0.9  # the end of window 4, the context of window 5, and the state of 6
    found = answer(voices(tmp_path), samples, tmp_path, invoke, rate=1000)["speech"]["speaks"]
    assert found == [{"start": (640 - 30) / 1000, "end": (1120 + 30) / 1000}]
    told = invoke("webnn", "run", tmp_path / "voices.webnn", "--audio", tmp_path / "sound.wav")
    assert told.exit_code == 0 and "0.61 s" in told.stdout and "1.15 s" in told.stdout
    louder = invoke("webnn", "run", tmp_path / "voices.webnn", "--audio", tmp_path / "sound.wav", "--threshold", 0.95)
    assert louder.exit_code == 0 and "nobody speaks" in louder.stdout


# ----------------------------------------------------------------------------------------------------------------- refused
def names(folder: Path, meaning: Any, shape: tuple[int, ...] = (1, 100)) -> Path:
    b = GraphBuilder("names")
    graph = b.build({"y": b.add(b.reduceSum(b.input("x", "float32", shape)), np.zeros(2, np.float32))})
    tensors = {"x": meaning, "y": Labels(names=("a", "b"))} if meaning else {"x": Audio(sampling_rate=1000)}
    save(replace(graph, metadata=Metadata(tensors=tensors).document()), folder / "names.webnn")
    return folder / "names.webnn"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"no sound", [], "is not a .wav file, or is damaged"),
        (None, [], "sound.wav: there is no such file"),
        (voice(0), [], "sound.wav: the sound has no samples"),
        (voice(300), ["-o", "out.npz"], "the sound is heard in 3 windows of 0.1 seconds; -o and --times take one"),
        (voice(300), ["--input", "x=1"], "input x is given twice, by --audio and by its values"),
    ],
)
def test_what_is_refused(content: Any, options: list[str], said: str, tmp_path: Path, invoke: Invoke, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    graph, file = names(tmp_path, Audio(sampling_rate=1000)), tmp_path / "sound.wav"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        recording(file, content, 1000)
    result = invoke("webnn", "run", graph, "--audio", file, *options)
    assert result.exit_code == 1 and result.stdout == "" and said in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "out.npz").exists()


def test_a_graph_that_does_not_say_what_it_gives(tmp_path: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "run", names(tmp_path, None), "--audio", recording(tmp_path / "sound.wav", voice(10), 1000))
    assert result.exit_code == 1 and "names does not say what its outputs are" in result.stderr
