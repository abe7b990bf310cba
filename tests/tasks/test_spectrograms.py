"""Spectrograms in NumPy and as graphs: those of transformers' extractors, and of Kaldi."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from converters.described.sounds import PCM, kaldi, sound
from converters.spectrogram import spectrogram as graph_of
from tests.tasks.recordings import voice
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Audio
from webnn_graph.runtimes import reference
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.tasks.sounds import fitted
from webnn_graph.tasks.spectrograms import filters, spectrogram

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

EXTRACTORS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "Whisper": (transformers.WhisperFeatureExtractor(chunk_length=2), (1, 80, 200)),
    "Whisper, 128 mels": (transformers.WhisperFeatureExtractor(feature_size=128, chunk_length=2), (1, 128, 200)),
    "AST": (transformers.ASTFeatureExtractor(max_length=198), (1, 198, 128)),
    "AST, otherwise": (transformers.ASTFeatureExtractor(max_length=198, num_mel_bins=32, do_normalize=False), (1, 198, 32)),
    "SeamlessM4T": (transformers.SeamlessM4TFeatureExtractor(), (1, 99, 160)),
    "CLAP": (transformers.ClapFeatureExtractor(sampling_rate=16_000, hop_length=500, max_length_s=2, frequency_max=8000), (1, 4, 65, 64)),
    "CLAP, unfused": (
        transformers.ClapFeatureExtractor(
            sampling_rate=16_000, hop_length=500, max_length_s=2, frequency_max=7000, truncation="rand_trunc"
        ),
        (1, 1, 65, 64),
    ),
    "CLAP, repeated": (
        transformers.ClapFeatureExtractor(
            sampling_rate=16_000, hop_length=500, max_length_s=2, frequency_max=7000, truncation="rand_trunc", padding="repeat"
        ),
        (1, 1, 65, 64),
    ),
}


def audio_of(extractor: Any) -> Audio:
    """What the library's own configuration becomes."""
    found = sound(extractor.to_dict(), 3)
    assert found is not None
    return found


def extracted(extractor: Any, samples: Array, shape: tuple[int, ...]) -> Array:
    """What an extractor makes of a sound, zeros behind its end."""
    made = np.asarray(next(iter(extractor(samples, sampling_rate=16_000, return_tensors="np").values())))
    made = made.reshape(shape[:-2] + made.shape[-2:])
    return np.pad(made, [(0, whole - there) for whole, there in zip(shape, made.shape, strict=True)])


def of_graph(how: Spectrogram, samples: Array, shape: tuple[int, ...]) -> Array:
    graph = graph_of(how, 16_000, shape)
    (found,) = reference.run(graph, {"samples": np.pad(samples, (0, how.samples(shape) - samples.size))[None]}).values()
    return found


@pytest.mark.parametrize("seconds", [2, 1.3, 0.1])
@pytest.mark.parametrize(("extractor", "shape"), EXTRACTORS.values(), ids=EXTRACTORS)
def test_spectrograms_are_those_of_extractors(extractor: Any, shape: tuple[int, ...], seconds: float) -> None:
    audio = audio_of(extractor)
    how = audio.spectrogram
    assert how is not None
    samples = voice(min(int(seconds * 16_000), how.samples(shape)))
    right = extracted(extractor, samples, shape)
    np.testing.assert_allclose(fitted(samples, audio, Descriptor(DataType.FLOAT32, shape)), right, atol=1e-4)
    if audio.repeated:
        most = how.samples(shape)
        samples = np.resize(samples, most if audio.cut else most // len(samples) * len(samples))
    rest = np.abs(of_graph(how, samples, shape) - right)
    assert np.quantile(rest, 0.999) < 1e-4 and rest.max() < 1e-3  # float32 knows little of what is 80 dB below the loudest


POVEY = [
    [-1.60833, 0.30739, 1.31697, 2.1568, 3.66629, 4.3704, 5.24632, 5.77318],
    [-2.36014, -0.1718, 1.20571, 2.57822, 3.20459, 4.24338, 5.09434, 5.78208],
    [-2.04038, -0.33434, 0.80886, 2.245, 3.08253, 4.44423, 4.89942, 5.63764],
]
HAMMING = [
    [18.96067, 21.34439, 22.2425, 22.50971, 24.07648, 24.86, 25.48836, 26.16752],
    [17.9939, 20.6422, 21.99213, 23.22624, 24.40179, 25.29527, 25.82063, 26.46703],
    [19.28378, 20.54892, 21.96721, 23.36422, 24.19435, 24.93352, 25.69521, 26.44927],
]
KALDI = {
    "povey": ({}, 23, POVEY),
    "hamming": ({"window": "hamming", "scale": PCM, "place": "between", "highest": 7600.0}, 25, HAMMING),
}
"""Frames 0, 10 and the last one of kaldi-native-fbank, of 8 mels, without and with the edges of the sound."""


@pytest.mark.parametrize(("changed", "count", "expected"), KALDI.values(), ids=KALDI)
def test_filter_banks_are_those_of_kaldi(changed: dict[str, Any], count: int, expected: list[list[float]]) -> None:
    how = kaldi(8, 16_000, **changed)
    assert how.covered(4000) == count
    samples = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)[: how.samples((1, count, 8))]
    for found in (spectrogram(samples, how, 16_000, (1, count, 8)), of_graph(how, samples, (1, count, 8))):
        np.testing.assert_allclose(found[0, [0, 10, -1]], expected, atol=1e-4)


@pytest.mark.parametrize("scale", ["htk", "slaney", "kaldi"])
@pytest.mark.parametrize("norm", ["none", "slaney"])
def test_mels_are_those_of_transformers(scale: Any, norm: Any) -> None:
    how = Spectrogram(length=400, hop=160, fft=512, mels=20, mel_scale=scale, norm=norm, lowest=20.0, highest=7000.0)
    right = transformers.audio_utils.mel_filter_bank(
        257, 20, 20.0, 7000.0, 16_000, norm=None if norm == "none" else norm, mel_scale=scale, triangularize_in_mel_space=scale == "kaldi"
    )
    if norm == "none" or scale != "kaldi":  # the library divides those of Kaldi by mels
        np.testing.assert_allclose(filters(how, 16_000), right, atol=1e-12)


@pytest.mark.parametrize("log", ["none", "ln", "log10", "db"])
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("window", ["hann", "hamming", "povey", "rectangular"])
def test_every_kind_is_that_of_transformers(window: Any, power: Any, log: Any) -> None:
    how = Spectrogram(length=320, hop=128, fft=512, window=window, periodic=False, mels=24, power=power, log=log, last=True, floor=1e-6)
    samples = voice(how.samples((40, 24)), seed=4)
    right = transformers.audio_utils.spectrogram(
        samples,
        transformers.audio_utils.window_function(320, "boxcar" if window == "rectangular" else window, periodic=False),
        frame_length=320,
        hop_length=128,
        fft_length=512,
        power=float(power),
        mel_filters=transformers.audio_utils.mel_filter_bank(257, 24, 0.0, 8000.0, 16_000, mel_scale="htk"),
        mel_floor=1e-6,
        log_mel={"none": None, "ln": "log", "db": "dB"}.get(log, log),
    ).T
    if log == "db":
        right = np.maximum(right, right.min())
    for found in (spectrogram(samples, how, 16_000, (40, 24)), of_graph(how, samples, (40, 24))):
        np.testing.assert_allclose(found, right, rtol=2e-5, atol=1e-3 if log == "db" else 1e-4)


def test_only_what_is_there_counts() -> None:
    """A range and a mean of some frames; what fills up is 0, before the mean of all is taken off."""
    how = kaldi(8, 16_000, fill="zeros", normalize="mean", range=3.0, mean=1.0, std=2.0)
    samples = voice(3000)
    shapes = (1, 40, 8), (1, how.covered(3000), 8)
    short, plain = (spectrogram(samples[: how.samples(shape)], how, 16_000, shape)[0] for shape in shapes)
    np.testing.assert_allclose(short[: len(plain)], plain, atol=1e-6)
    assert (short[len(plain) :] == -0.5).all() and len(plain) == 17
    np.testing.assert_allclose(of_graph(how, samples, (1, 40, 8))[0], short, atol=1e-4)
    np.testing.assert_allclose(plain.mean(0), -0.5, atol=1e-6)


@pytest.mark.parametrize("samples", [np.zeros(1000, np.float32), np.zeros(1, np.float32), np.full(1000, 1, np.float32)])
@pytest.mark.parametrize("extractor", ["Whisper", "AST", "SeamlessM4T"])
def test_silence_is_finite(extractor: str, samples: Array) -> None:
    made, shape = EXTRACTORS[extractor]
    how = audio_of(made).spectrogram
    assert how is not None
    assert np.isfinite(spectrogram(samples, how, 16_000, shape)).all() and np.isfinite(of_graph(how, samples, shape)).all()


@pytest.mark.parametrize(
    ("changed", "shape", "said"),
    [
        ({}, (1, 10, 9), "frames_mels of 8 mels has 8, not 9"),
        ({"stack": 2}, (1, 10, 8), "frames_mels of 8 mels, 2 in a row, has 16, not 8"),
        ({"layout": "mels_frames"}, (1, 10, 8), "mels_frames of 8 mels has 8, not 10"),
        ({"layout": "mels_frames", "stack": 2}, (1, 8, 8), "only rows of frames are stacked"),
        ({}, (8,), "a spectrogram has frames and mels, not 1 axes"),
        ({"highest": 9000.0}, (1, 10, 8), "mels are of frequencies from 20 to 9000, and the sound has those to 8000"),
        ({"lowest": 8000.0}, (1, 10, 8), "mels are of frequencies from 8000 to 8000"),
        ({"place": "centered"}, (1, 1, 8), "a frame is longer than the sound that is reflected"),
    ],
)
def test_what_contradicts_a_tensor(changed: dict[str, Any], shape: tuple[int, ...], said: str) -> None:
    audio = Audio(sampling_rate=16_000, spectrogram=kaldi(8, 16_000, **changed))
    assert any(said in problem for problem in audio.problems(shape)), list(audio.problems(shape))


def test_a_configuration_that_cannot_be() -> None:
    with pytest.raises((msgspec.ValidationError, TypeError)):
        msgspec.convert({"length": 2**20, "hop": 1, "mels": 1}, Spectrogram)
