"""What Whisper is given of a sound, as PyTorch computes it and as a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.export import ExportedProgram

from converters.described.sounds import whisper
from converters.spectrogram import SAMPLES, spectrogram
from converters.torch.capture import captured
from converters.torch.configured import processor_of
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, reason
from webnn_graph.graph import Graph
from webnn_graph.spectrogram import Spectrogram

DEFAULTS = {"sampling_rate": 16_000, "hop_length": 160, "n_fft": 400}


@dataclass(frozen=True)
class Extractor:
    """How a sound becomes the features that a model takes.

    Attributes:
        filters: float[1 + length / 2, mels], the weights of frequencies in each mel as transformers computes them.
        how: What that is.
        frames: How many the model takes.
        sampling_rate: Samples a second.
    """

    filters: Array
    how: Spectrogram
    frames: int
    sampling_rate: int

    def graph(self, name: str) -> Graph:
        """The graph."""
        return spectrogram(self.how, self.sampling_rate, (1, self.how.mels, self.frames), name)

    def program(self) -> ExportedProgram:
        """The same, computed by PyTorch's own transform."""
        return captured(_Features(self).eval(), (), {SAMPLES: torch.zeros(1, self.frames * self.how.hop)})


class _Features(torch.nn.Module):
    window: torch.Tensor
    filters: torch.Tensor

    def __init__(self, extractor: Extractor) -> None:
        super().__init__()
        self.how = extractor.how
        self.register_buffer("window", torch.hann_window(self.how.length))
        self.register_buffer("filters", torch.from_numpy(extractor.filters).float())

    def forward(self, samples: torch.Tensor) -> dict[str, torch.Tensor]:
        """See `torch.nn.Module`."""
        waves = torch.stft(samples, self.how.length, self.how.hop, window=self.window, return_complex=True)[..., :-1]
        levels = (self.filters.T @ waves.abs().square()).clamp(min=self.how.floor).log10()
        return {"input_features": (torch.maximum(levels, levels.amax() - (self.how.range or 0.0)) - self.how.mean) / self.how.std}


def extractor_of(model: Any, inputs: Mapping[str, torch.Tensor], folder: Path | None) -> Extractor | None:
    """How a sound becomes the features of a model of Whisper's kind; None where that is not known.

    Args:
        model: The model.
        inputs: Of its encoder.
        folder: Where the configuration of its processor is, if there is one.

    Raises:
        ConversionError: The configuration says what cannot be.
    """
    if model.config.model_type != "whisper":
        return None
    said = {**DEFAULTS, **processor_of(folder)}
    _, mels, frames = inputs["input_features"].shape
    if said.get("do_normalize") or said.get("dither"):
        return None
    try:
        made = transformers.WhisperFeatureExtractor(
            feature_size=mels, sampling_rate=said["sampling_rate"], hop_length=said["hop_length"], n_fft=said["n_fft"]
        )
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ConversionError(f"{folder}/preprocessor_config.json cannot be followed: {reason(error)}") from error
    return Extractor(made.mel_filters, whisper(mels, made.n_fft, made.hop_length), frames, made.sampling_rate)
