"""Decoders whose cache grows."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from converters.onnx.generation import GeneratingModel
from tests.onnx.generation import models
from tests.onnx.generation.source import Player, Source, conversation
from webnn_graph.generation import interface_of

PROMPT, CACHE = 4, 32
EXPORTS = [
    ("llama", 18, {}),
    ("llama", 23, {"position_ids": True}),
    ("qwen2", 20, {"position_ids": True}),
    pytest.param("qwen3", 18, {}, marks=pytest.mark.every),
    ("gpt2", 18, {}),
    pytest.param("opt", 18, {}, marks=pytest.mark.every),
    pytest.param("gpt_neox", 18, {}, marks=pytest.mark.every),
    pytest.param("bloom", 18, {}, marks=pytest.mark.every),
    pytest.param("mistral", 18, {"sliding_window": 7}, marks=pytest.mark.every),
    pytest.param("phi", 18, {}, marks=pytest.mark.every),
    pytest.param("gemma", 18, {}, marks=pytest.mark.every),
    ("gemma3_text", 18, {"sliding_window": 6, "position_ids": True}),
]
OLD = [
    ("tril", "given"),
    ("tril", "past"),
    ("zeros", "given"),
    ("zeros", "mask"),
    ("zeros", "past"),
    ("tril", "keys"),
    ("zeros", "relative"),
]


def check(path: Path, tmp_path: Path) -> GeneratingModel:
    """Converts a model and converses with it."""
    model = GeneratingModel(path, prompt_length=PROMPT, cache_length=CACHE, top=5)
    conversation(Source(path), Player(model.convert(), CACHE, model.settings.padding), models.VOCABULARY, cache=CACHE)
    interface_of(model.convert(), model.settings)
    return model


@pytest.mark.parametrize(("family", "opset", "changed"), EXPORTS, ids=lambda value: value if isinstance(value, str) else None)
def test_exports_of_transformers(family: str, opset: int, changed: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(models.exported(family, opset, **changed), path)
    check(path, tmp_path)


@pytest.mark.parametrize(("mask", "places"), OLD)
def test_exports_of_old(mask: str, places: str, tmp_path: Path) -> None:
    check(models.old(tmp_path / "model.onnx", mask, places), tmp_path)
