"""Sounds in Python: resampling as SciPy has it, windows, when somebody speaks as silero-vad has it, words as transformers has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.described.graphs import graph_of
from tests.tasks.recordings import recording, voice
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.generation.sound import read_sound
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Audio, Characters, Labels, Metadata, Speech, State
from webnn_graph.tasks.listening import Listening
from webnn_graph.tasks.resampling import LEAST_RATE, MOST_RATE, resampled
from webnn_graph.tasks.sounds import Piece, fitted, hop_of, pieces, spread
from webnn_graph.tasks.speech import Spoken, spoken, transcript

# -------------------------------------------------------------------------------------------------------------- resampling
SCIPY = {
    (441, 160): [0.0337876, 0.0410901, -0.0070508, -0.1667126, 0.0808693, -0.0500875, 0.034431],
    (1, 2): [0.0345763, 0.0028437, 0.0008146, 0.2118935, -0.1227987],
    (160, 441): [0.0345818, -0.0060859, 0.0094468, 0.1157701, -0.0161598, 0.0908995],
    (3, 1): [0.0305985, 0.0410265, -0.0607622, -0.0358304, -0.0062792, -0.0240164],
}
"""Some of what `scipy.signal.resample_poly` makes of 50 samples, as many as one in five of these."""


@pytest.mark.parametrize(("rates", "expected"), SCIPY.items())
def test_resampling_is_that_of_scipy(rates: tuple[int, int], expected: list[float]) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 50).astype(np.float32)
    for factor in (1, 7):  # of rates only their ratio matters
        found = resampled(samples, rates[0] * factor, rates[1] * factor)
        assert len(found) == -(-50 * rates[1] // rates[0])
        np.testing.assert_allclose(found[:: max(1, len(found) // 5)], expected, atol=2e-7)


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 16_000), (48_000, 16_000), (8000, 16_000), (22_050, 16_000), (16_000, 44_100)])
def test_waves_stay_waves(rate: int, wanted: int) -> None:
    frequencies = np.array([110.0, 440.0, 1500.0, 0.35 * min(rate, wanted)])

    def waves(count: int, per_second: int) -> Array:
        return np.sin(2 * np.pi * frequencies * (np.arange(count)[:, None] / per_second)).sum(1).astype(np.float32) / 4

    found = resampled(waves(rate, rate), rate, wanted)
    right = waves(len(found), wanted)
    edge = 20 * max(rate, wanted) // min(rate, wanted) + 20
    assert np.abs(found - right)[edge:-edge].max() < 2e-3


def test_what_is_too_high_goes() -> None:
    samples = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(resampled(samples, 48_000, 16_000)[200:-200]).max() < 2e-3


@pytest.mark.parametrize("rate", [44_100, 48_000, 8000, 1000, 44_099])
def test_files_of_any_rate_and_channels(rate: int, tmp_path: Path) -> None:
    samples = voice(1000, rate=max(rate, 8000))
    file = recording(tmp_path / "sound.wav", np.stack([samples, np.zeros_like(samples)], 1), rate)
    np.testing.assert_allclose(read_sound(file, 16_000), resampled(samples / 2, rate, 16_000), atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "said"), [(MOST_RATE + 1, "384,001 samples a second; sounds have 1,000 to 384,000"), (LEAST_RATE - 1, "has 999")]
)
def test_rates_that_no_sound_has(rate: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=said):
        read_sound(recording(tmp_path / "sound.wav", voice(100), rate), 16_000)


# ----------------------------------------------------------------------------------------------------------------- windows
@pytest.mark.parametrize("count", [1, 99, 100, 101, 200, 201, 555])
def test_windows_cover_a_sound(count: int) -> None:
    starts = spread(count, 100)
    assert len(starts) == -(-count // 100) and starts[0] == 0
    assert max(starts) + 100 == max(count, 100) and np.diff(starts).max(initial=0) <= 100
    assert np.ptp(np.diff(starts)) <= 1 if len(starts) > 1 else True


@pytest.mark.parametrize(("size", "hop", "reach"), [(80_000, 320, 320), (16_000, 160, 400), (1000, 10, 10), (1000, 100, 30)])
def test_steps_of_frames_that_are_centred(size: int, hop: int, reach: int) -> None:
    """As PyTorch's Fourier transform has them."""
    steps = torch.stft(torch.zeros(size), reach, hop, window=torch.ones(reach), center=True, return_complex=True).shape[-1]
    assert hop_of(size, steps) == hop
    assert hop_of(size, size // hop) == hop and hop_of(size, 1) == size and hop_of(3, 100) == 1


@pytest.mark.parametrize("count", [1, 500, 999, 1000, 1001, 1040, 1680, 1681, 5000, 12_345])
@pytest.mark.parametrize(("size", "steps", "hop"), [(1000, 49, 20), (1000, 24, 40), (990, 49, 20), (30, 1, 30), (100, 10, 10)])
def test_each_step_of_speech_is_taken_once(size: int, steps: int, hop: int, count: int) -> None:
    found = list(pieces(count, size, steps, hop))
    taken = [step for piece in found for step in range(piece.start // hop + piece.first, piece.start // hop + min(piece.end, steps))]
    assert taken == list(range(len(taken)))
    assert abs(len(taken) - count / hop) <= size / hop - steps + 1 or count < size
    assert all(piece.first < piece.end <= steps + 1 for piece in found)


def test_a_sound_without_samples() -> None:
    with pytest.raises(ValidationError, match="the sound has no samples"):
        fitted(np.zeros(0, np.float32), Audio(sampling_rate=8000, repeated=True), Descriptor(DataType.FLOAT32, (1, 5)))


def test_a_short_sound_has_fewer_steps() -> None:
    """1,000 samples have 49 steps, so 500 have 24: what fills up is not heard."""
    assert list(pieces(500, 1000, 49, 20)) == [Piece(0, 0, 24)]


def test_steps_that_are_longer_than_a_window() -> None:
    assert [piece.start for piece in pieces(500, 100, 1, 200)] == [0, 100, 200, 300, 400]


@pytest.mark.parametrize(
    ("about", "samples", "expected"),
    [
        ({}, [1, 2], [1, 2, 0, 0, 0]),
        ({"repeated": True}, [1, 2], [1, 2, 1, 2, 0]),
        ({"repeated": True, "cut": True}, [1, 2], [1, 2, 1, 2, 1]),
        ({"repeated": True, "cut": True}, [1, 2, 3, 4], [1, 2, 3, 4, 1]),
        ({"normalized": True}, [1, 3], [-1, 1, 0, 0, 0]),
        ({"normalized": True}, [1e-4, 3e-4], [-0.30151134, 0.30151134, 0, 0, 0]),  # 1e-4 / sqrt(1e-8 + 1e-7)
        ({"ends": True}, [1, 0], [1, 1e-30, 0, 0, 0]),
        ({"ends": True}, [1, 2], [1, 2, 0, 0, 0]),
    ],
)
def test_how_a_sound_is_filled_up(about: dict[str, Any], samples: list[float], expected: list[float]) -> None:
    found = fitted(np.float32(samples), Audio(sampling_rate=8000, **about), Descriptor(DataType.FLOAT32, (1, 5)))
    np.testing.assert_allclose(found, [expected], rtol=1e-6, atol=0)


def test_states_and_what_was_before_go_on() -> None:
    graph = graph_of({"x": (1, 5), "before": (1, 2)}, {"y": (1, 1), "next": (1, 2)})
    audio = Audio(sampling_rate=1000, context=2)
    metadata = Metadata(tensors={"x": audio, "y": Speech(), "next": State(input="before")})
    sound = Listening(replace(graph, metadata=metadata.document()), "x", audio, np.arange(1, 8, dtype=np.float32))
    given: list[tuple[list[float], list[float]]] = []

    def compute(feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        given.append((feeds["x"][0].tolist(), feeds["before"][0].tolist()))
        return {"y": feeds["x"][:, 2:3], "next": feeds["before"] + 1}

    assert sound.computed(compute, {})["y"].ravel().tolist() == [1, 4, 7]
    assert given == [([0, 0, 1, 2, 3], [0, 0]), ([2, 3, 4, 5, 6], [1, 1]), ([5, 6, 7, 0, 0], [2, 2])]


@pytest.mark.parametrize(("context", "has_state", "starts"), [(2, False, [0, 3, 6]), (0, True, [0, 5]), (0, False, [0, 2])])
def test_windows_of_labels(context: int, has_state: bool, starts: list[int]) -> None:
    """They are spread evenly, unless the model knows what was before."""
    graph = graph_of({"x": (1, 5), "before": (1, 2)}, {"y": (1, 1), "next": (1, 2)})
    audio, states = Audio(sampling_rate=1000, context=context), {"next": State(input="before")} if has_state else {}
    metadata = Metadata(tensors={"x": audio, "y": Labels(names=("a",)), **states})
    sound = Listening(replace(graph, metadata=metadata.document()), "x", audio, np.ones(7, np.float32))
    assert [window.start for window in sound.windows] == starts


# ------------------------------------------------------------------------------------------------------------------ speech
SCORES = np.repeat(
    [0.51, 0.95, 0.14, 0.95, 0.31, 0.42, 0.83, 0.41, 0.55, 0.03, 0.75, 0.54, 0.33, 0.79, 0.3, 0.45, 0.13],
    [5, 6, 4, 2, 5, 7, 6, 9, 4, 7, 9, 11, 5, 1, 8, 6, 5],
)
SILERO = {0.5: [(0, 9184), (14_368, 25_056), (27_680, 38_880)], 0.3: [(0, 25_056), (27_680, 49_120)]}
"""What `get_speech_timestamps_from_probs` of silero-vad 6.2.3 says of these, by threshold."""


@pytest.mark.parametrize(("threshold", "expected"), SILERO.items())
def test_speech_is_where_silero_says(threshold: float, expected: list[tuple[int, int]]) -> None:
    found = spoken(SCORES.tolist(), 512, 51_000, 16_000, threshold)
    assert [(one.start * 16_000, one.end * 16_000) for one in found] == expected


def test_speech_of_a_low_threshold_ends() -> None:
    """What scores less than 0.01 is silence at any threshold: silero-vad's ``neg_threshold``."""
    (found,) = spoken([0.9] * 20 + [0.005] * 20, 512, 40 * 512, 16_000, 0.1)
    assert (found.start, found.end * 16_000) == (0, 20 * 512 + 480)


def test_the_least_silence_and_speech() -> None:
    """Speech ends with 0.1 seconds of silence, and must last longer than 0.25."""
    found = spoken([0.9] * 20 + [0] * 5 + [0.9] * 20, 400, 18_000, 16_000, 0.5)
    assert [(one.start * 16_000, one.end * 16_000) for one in found] == [(0, 8480), (9520, 18_000)]
    assert spoken([0.9] * 10 + [0] * 6, 400, 6400, 16_000, 0.5) == []


def test_a_window_may_have_several_scores() -> None:
    metadata = Metadata(tensors={"x": Audio(sampling_rate=1000), "y": Speech()})
    graph = replace(graph_of({"x": (1, 400)}, {"y": (1, 2)}), metadata=metadata.document())
    sound = Listening(graph, "x", Audio(sampling_rate=1000), np.zeros(800, np.float32))
    assert sound.speech("y", {"y": np.array([[[0.9, 0.9]], [[0, 0]]])}, 0.5) == [Spoken(0, 0.43)]


def test_silence() -> None:
    assert spoken([], 512, 0, 16_000, 0.5) == [] == spoken([0.1] * 100, 512, 51_200, 16_000, 0.5)
    assert [one.end for one in spoken([0.9] * 100, 512, 51_100, 16_000, 0.5)] == [51_100 / 16_000]


def test_words_have_their_seconds() -> None:
    characters = Characters(names=("", "a", "b", " "), scores="probabilities")
    path = [3, 0, 1, 1, 0, 1, 2, 0, 3, 3, 0, 2, 0, 3]
    numbers = np.full((len(path), 4), 0.1)
    numbers[np.arange(len(path)), path] = 0.7
    said = transcript(numbers, characters, 0.5)
    assert (said.text, round(said.score, 6)) == ("aab b", 0.7)
    assert [(word.text, word.start, word.end) for word in said.chunks] == [("aab", 1.0, 3.5), ("b", 5.5, 6.0)]
    as_path = transcript(np.stack([path, np.full(len(path), 0.7)], 1), Characters(names=characters.names, scores="path"), 0.5)
    assert as_path == said
    assert transcript(np.zeros((3, 4)), characters, 0.5).text == ""


def test_a_character_without_text_ends_no_word() -> None:
    path = np.array([[1, 1.0], [3, 1.0], [2, 1.0]])
    said = transcript(path, Characters(names=("", "a", "b", ""), scores="path"), 0.5)
    assert (said.text, [(word.text, word.start, word.end) for word in said.chunks]) == ("ab", [("ab", 0, 1.5)])
