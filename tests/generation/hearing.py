"""A Whisper with random weights that hears a second at a time, and what transformers hears with it of longer sounds."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
import transformers

from converters.generation import settings_of
from converters.torch.generation import convert_encoder_decoder
from tests.generation.encoding import CACHE, PROMPT, SPOKEN, WHISPER, varied
from webnn_graph.data_types import Array
from webnn_graph.generation.package import in_few_calls
from webnn_graph.generation.settings import Settings
from webnn_graph.graph import Graph

RATE = 16_000
COUNT = 24
"""Tokens of a window."""
_CHANCE = np.random.default_rng(0)
_PLACES = np.arange(int(3.3 * RATE)) / RATE
SOUNDS = {
    "noise": (_CHANCE.standard_normal(int(2.7 * RATE)) / 10).astype(np.float32),
    "chirp": (np.sin(2 * np.pi * (100 + 400 * _PLACES) * _PLACES) / 2).astype(np.float32),
    "louder at its end": (_CHANCE.standard_normal(RATE + 500) * np.linspace(1e-4, 0.3, RATE + 500)).astype(np.float32),
}
"""Longer than a window."""


@cache
def model() -> Any:
    """The model."""
    config = WHISPER | {"max_source_positions": 50}
    return varied(lambda: transformers.WhisperForConditionalGeneration(transformers.WhisperConfig(**config)), SPOKEN)


def extractor() -> Any:
    """What makes its features."""
    return transformers.WhisperFeatureExtractor(chunk_length=1)


@cache
def graphs() -> dict[str, Graph]:
    """Its graphs, as they are written."""
    made = convert_encoder_decoder(model(), prompt_length=PROMPT, cache_length=CACHE)
    return {part: in_few_calls(graph) for part, graph in made.items()}


def settings() -> Settings:
    """What generating with them takes."""
    said = model().config.to_dict(), model().generation_config.to_dict()
    return settings_of(*said, kind="encoder-decoder", cache=CACHE, vocabulary=100, sampling_rate=RATE)


def features(samples: Array) -> torch.Tensor:
    """What transformers makes of a sound of any length."""
    made = extractor()(samples, sampling_rate=RATE, truncation=False, padding="longest", return_tensors="pt")["input_features"]
    assert isinstance(made, torch.Tensor)
    return made


def segments(samples: Array, **how: Any) -> list[dict[str, Any]]:
    """What transformers hears: sentences, each with its tokens, its begin and its end."""
    found = model().generate(features(samples), return_timestamps=True, return_segments=True, max_new_tokens=COUNT, do_sample=False, **how)[
        "segments"
    ]
    return list(found[0])


def tokens(samples: Array, **how: Any) -> list[int]:
    """The tokens of all of them."""
    return [int(token) for segment in segments(samples, **how) for token in segment["tokens"]]
