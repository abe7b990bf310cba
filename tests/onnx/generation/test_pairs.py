"""Decoders of two models, one without a past, and those that have both in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.onnx.generation import GeneratingModel
from tests.onnx.generation import models
from tests.onnx.generation.source import Player, Source, conversation

PROMPT, CACHE = 4, 24


@pytest.mark.parametrize(("mask", "places"), [("tril", "given"), ("zeros", "past")])
@pytest.mark.parametrize("tokens", [1, 3])
def test_merged(mask: str, places: str, tokens: int, tmp_path: Path) -> None:
    folder = tmp_path / "onnx"
    folder.mkdir()
    parts = models.first(tmp_path / "first.onnx", mask, places), models.old(tmp_path / "past.onnx", mask, places, tokens)
    path = models.merged(folder / "decoder_model_merged.onnx", *parts)
    config = {"model_type": "tiny", "eos_token_id": 2, "transformers.js_config": {"free_dimension_overrides": {"batch_size": 1}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = GeneratingModel(tmp_path, prompt_length=PROMPT, cache_length=CACHE, top=5)
    source = Source(path, one=tokens == 1)
    conversation(source, Player(model.convert(), CACHE, model.settings.padding), models.VOCABULARY, cache=CACHE)
    assert (model.settings.model_type, model.settings.eos) == ("tiny", (2,))


@pytest.mark.parametrize("tokens", [1, 3])
def test_pairs(tokens: int, tmp_path: Path) -> None:
    first = models.first(tmp_path / "decoder_model.onnx", "tril", "given")
    path = models.old(tmp_path / "decoder_with_past_model.onnx", "tril", "given", tokens)
    model = GeneratingModel(tmp_path, prompt_length=PROMPT, cache_length=CACHE, top=5)
    source = Source(path, first=first, one=tokens == 1)
    conversation(source, Player(model.convert(), CACHE), models.VOCABULARY, cache=CACHE)
