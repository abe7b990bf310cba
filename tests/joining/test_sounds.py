"""Graphs that take the samples of a sound: the same as what the helpers give the model's own graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converters.described.sounds import kaldi, whisper
from converters.joining import Joined, joined
from tests.cli.conftest import invoke as invoke
from tests.tasks.recordings import RATE, spectrogram_model, voice
from webnn_graph import GraphBuilder, load
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Metadata
from webnn_graph.runtimes import run
from webnn_graph.tasks.sounds import fitted


def network(audio: Audio, shape: tuple[int, ...], data_type: str = "float32") -> Graph:
    b = GraphBuilder("network")
    x = b.input("x", data_type, shape)
    return replace(b.build({"y": b.identity(x)}), metadata=Metadata(tensors={"x": audio}).document())


def given(made: Joined, samples: Any) -> list[Any]:
    """What the joined graph makes of a sound, and what the helpers give the model's own."""
    found = []
    for graph in (made.graph, made.before):
        audio = Metadata.of(graph).tensors["x"]
        assert isinstance(audio, Audio)
        (output,) = run(graph, {"x": fitted(samples, audio, graph.inputs[0])}).values()
        found.append(output)
    return found


ZEROS = kaldi(40, RATE, fill="zeros", normalize="variance", stack=2)
ROWS: dict[str, tuple[Audio, tuple[int, ...], str]] = {
    "whisper": (Audio(sampling_rate=RATE, spectrogram=whisper(80, 400, 160)), (1, 80, 100), "float32"),
    "zeros": (Audio(sampling_rate=RATE, spectrogram=ZEROS), (1, 50, 80), "float32"),
    "two axes": (Audio(sampling_rate=RATE, spectrogram=ZEROS), (50, 80), "float32"),
    "channels": (Audio(sampling_rate=RATE, repeated=True, spectrogram=kaldi(40, RATE)), (1, 4, 98, 40), "float32"),
    "normalized": (Audio(sampling_rate=RATE, normalized=True, spectrogram=whisper(20, 400, 160)), (1, 20, 100), "float32"),
    "float16": (Audio(sampling_rate=RATE, spectrogram=whisper(20, 400, 160)), (1, 20, 100), "float16"),
}


@pytest.mark.parametrize("samples", [15_000, 5000, 300])
@pytest.mark.parametrize(("audio", "shape", "data_type"), ROWS.values(), ids=ROWS)
def test_values_are_those_of_the_helpers(audio: Audio, shape: tuple[int, ...], data_type: str, samples: int) -> None:
    made = joined(network(audio, shape, data_type), preprocessing=True)
    (operand,) = made.graph.inputs
    meaning = Metadata.of(made.graph).tensors["x"]
    assert isinstance(meaning, Audio) and meaning.spectrogram is None and meaning.ends == audio.spectrogram.needs_length  # type: ignore[union-attr]
    assert (operand.name, operand.shape, str(operand.data_type)) == ("x", (1, audio.samples(shape)), "float32")
    sound = voice(samples)
    sound[-100:] = 0
    actual, expected = given(made, sound)
    assert actual.dtype == expected.dtype
    rest = np.abs(actual.astype(np.float64) - expected)
    assert np.quantile(rest, 0.999) < (1e-3 if data_type == "float16" else 1e-4) and rest.max() < 2e-3


def test_the_helpers_say_what_is_right() -> None:
    """What --verify compares with is what a graph of its own inputs is given."""
    made = joined(network(ROWS["zeros"][0], ROWS["zeros"][1]), preprocessing=True)
    samples = made.beginnings["x"].made_up(np.random.default_rng(0))
    (actual,) = run(made.graph, {"x": samples}).values()
    np.testing.assert_allclose(actual, made.prepared({"x": samples})["x"], atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "data_type", "said"),
    [((2, 50, 80), "float32", "x takes 2 sounds at once"), ((1, 50, 80), "int32", "x is int32, which no spectrogram is")],
)
def test_what_is_refused(shape: tuple[int, ...], data_type: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        joined(network(Audio(sampling_rate=RATE, spectrogram=ZEROS), shape, data_type), preprocessing=True)


@pytest.mark.parametrize("weights", ["int8", "int4", "float16"])
def test_a_transform_is_not_rounded(weights: str, tmp_path: Path, invoke: Any) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    spectrogram_model(tmp_path / "model")
    result = invoke("torch2webnn", tmp_path / "model", "-o", tmp_path, "--with-preprocessing", "--weights", weights)
    assert result.exit_code == 0, result.output
    types = {operand.name: str(operand.data_type) for operand in load(tmp_path / "model.webnn").constants}
    assert types["waves"] == types["mels"] == "float32" and set(types.values()) > {"float32"}
