"""Decoders of onnxruntime-genai, whose operators write into the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from converters.onnx.generation import GeneratingModel
from tests.onnx.generation import shared
from tests.onnx.generation.source import Player, Source, conversation

PROMPT, CACHE = 4, 24
FORMS: list[dict[str, Any]] = [{}, {"rotary": False}, {"window": 5}, {"packed": True}, {"lengths": True}]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_shared_buffers(form: dict[str, Any], tmp_path: Path) -> None:
    onnx.save(shared.decoder(**form), tmp_path / "decoder.onnx")
    said = {"model": {"type": "tiny", "eos_token_id": [2, 5], "bos_token_id": 1, "decoder": {"filename": "decoder.onnx"}}}
    (tmp_path / "genai_config.json").write_text(json.dumps(said))
    model = GeneratingModel(tmp_path, prompt_length=PROMPT, cache_length=CACHE, top=5)
    player = Player(model.convert(), CACHE, model.settings.padding)
    conversation(Source(tmp_path / "decoder.onnx"), player, shared.VOCABULARY, cache=CACHE)
    assert (model.settings.start, model.settings.eos, model.settings.model_type) == ((1,), (2, 5), "tiny")
