"""What the feature extractors of transformers make of a sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from webnn_graph.metadata import Audio
from webnn_graph.spectrogram import Spectrogram

EPSILON = 2.0**-23
"""Of float32: Kaldi's least power."""
PCM = 2.0**15
"""What samples of 16 bits are from 1 on."""
NAMES = ("input_values", "input_features")
"""Inputs that are sounds."""


def kaldi(mels: int, rate: int, **how: Any) -> Spectrogram:
    """Kaldi's filter banks, of frames of 25 ms every 10 ms."""
    length, hop = rate * 25 // 1000, rate // 100
    usual: dict[str, Any] = {"fft": 1 << (length - 1).bit_length(), "window": "povey", "place": "inside", "lowest": 20.0}
    usual |= {"periodic": False, "remove_dc": True, "preemphasis": 0.97, "mel_scale": "kaldi", "floor": EPSILON}
    return Spectrogram(length=length, hop=hop, mels=mels, **{**usual, **how})


def whisper(mels: int, length: int, hop: int) -> Spectrogram:
    """Whisper's logarithmic spectrogram."""
    levels: dict[str, Any] = {"log": "log10", "range": 8.0, "mean": -4.0, "std": 4.0, "layout": "mels_frames"}
    return Spectrogram(length=length, hop=hop, mels=mels, mel_scale="slaney", norm="slaney", highest=8000.0, **levels)


def _whisper(said: Mapping[str, Any]) -> Audio:
    how = whisper(said.get("feature_size", 80), said.get("n_fft", 400), said.get("hop_length", 160))
    return Audio(sampling_rate=said.get("sampling_rate", 16_000), spectrogram=how)


def _ast(said: Mapping[str, Any]) -> Audio:
    rate, is_normalized = said.get("sampling_rate", 16_000), said.get("do_normalize", True)
    levels: dict[str, Any] = {"mean": said.get("mean", -4.2677393), "std": 2 * said.get("std", 4.5689974)} if is_normalized else {}
    return Audio(sampling_rate=rate, spectrogram=kaldi(said.get("num_mel_bins", 128), rate, window="hann", fill="zeros", **levels))


def _seamless(said: Mapping[str, Any]) -> Audio:
    rate = said.get("sampling_rate", 16_000)
    how = kaldi(said.get("num_mel_bins", 80), rate, scale=PCM, normalize="variance", fill="zeros", stack=said.get("stride", 2))
    return Audio(sampling_rate=rate, spectrogram=how)


def _clap(said: Mapping[str, Any]) -> Audio:
    frequencies: dict[str, Any] = {"lowest": float(said.get("frequency_min", 0)), "highest": float(said.get("frequency_max", 14_000))}
    scale: dict[str, Any] = {} if said.get("truncation", "fusion") == "fusion" else {"mel_scale": "slaney", "norm": "slaney"}
    length, hop = said.get("fft_window_size", 1024), said.get("hop_length", 480)
    how = Spectrogram(length=length, hop=hop, mels=said.get("feature_size", 64), log="db", last=True, **frequencies, **scale)
    padding, rate = said.get("padding", "repeatpad"), said.get("sampling_rate", 48_000)
    return Audio(sampling_rate=rate, repeated=padding in ("repeat", "repeatpad"), cut=padding == "repeat", spectrogram=how)


def _encodec(said: Mapping[str, Any]) -> Audio | None:
    return Audio(sampling_rate=said.get("sampling_rate", 24_000)) if said.get("feature_size", 1) == 1 else None


EXTRACTORS: Mapping[str, Callable[[Mapping[str, Any]], Audio | None]] = MappingProxyType(
    {
        "WhisperFeatureExtractor": _whisper,
        "ASTFeatureExtractor": _ast,
        "SeamlessM4TFeatureExtractor": _seamless,
        "ClapFeatureExtractor": _clap,
        "EncodecFeatureExtractor": _encodec,
    }
)
"""By the names of their classes."""


def sound(said: Mapping[str, Any], rank: int) -> Audio | None:
    """What an extractor of this configuration makes of a sound; None where it is not known.

    Args:
        said: What *preprocessor_config.json* says.
        rank: Of the input.
    """
    extractor = EXTRACTORS.get(str(said.get("feature_extractor_type")))
    if extractor:
        return None if said.get("dither") else extractor(said)
    rate = said.get("sampling_rate")
    if rank != 2 or type(rate) is not int or rate < 1:
        return None
    return Audio(sampling_rate=rate, normalized=said.get("do_normalize", True) is True)
