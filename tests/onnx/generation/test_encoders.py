"""Decoders that attend what an encoder gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converters.onnx.generation import GeneratingModel
from tests.onnx.generation import models
from tests.onnx.generation.source import Player, Source, conversation
from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.generation import interface_of

PROMPT, CACHE, TEXT = 4, 20, 7
SOUND = {"num_mel_bins": 8, "max_source_positions": 10, "max_target_positions": 64}
FAMILIES = [
    pytest.param("bart", {}, marks=pytest.mark.every),
    ("t5", {}),
    pytest.param("marian", {}, marks=pytest.mark.every),
    ("whisper", SOUND),
]


def converse(path: Path, folder: Path, decoder: Path, *, tokens: int, first: Path | None = None, **sizes: Any) -> GeneratingModel:
    """Converts an encoder-decoder, and compares both parts with ONNX Runtime."""
    model = GeneratingModel(path, prompt_length=PROMPT, cache_length=CACHE, top=5, **sizes)
    random = np.random.default_rng(3)
    graphs = model.convert()
    encode = graphs["encode"]
    inputs: dict[str, Array] = {}
    for operand in encode.inputs:
        if operand.name == "input_ids":
            inputs[operand.name] = random.integers(4, models.VOCABULARY, operand.shape).astype(np.int32)
        elif operand.name == "attention_mask":
            inputs[operand.name] = (np.arange(operand.shape[1]) < 5).astype(np.int32)[None]
        else:
            inputs[operand.name] = random.standard_normal(operand.shape).astype(np.float32)
    session = onnxruntime.InferenceSession(str(folder / "encoder_model.onnx"), providers=["CPUExecutionProvider"])
    wide = {name: value.astype(np.int64) if value.dtype == np.int32 else value for name, value in inputs.items()}
    (hidden,) = session.run(["last_hidden_state"], wide)
    extra = {"encoder_hidden_states": hidden, "encoder_attention_mask": wide.get("attention_mask", np.ones((1, 1)))}
    source = Source(decoder, extra=extra, first=first, one=tokens == 1)
    player = Player(graphs, CACHE, model.settings.padding, given={**inputs, **run(encode, inputs)})
    conversation(source, player, models.VOCABULARY, cache=CACHE, start=[3])
    return model


@pytest.mark.parametrize(("family", "changed"), FAMILIES, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("tokens", [1, 3])
@pytest.mark.parametrize("merged", [False, True], ids=["pair", "merged"])
def test_families(family: str, changed: dict[str, Any], tokens: int, merged: bool, tmp_path: Path) -> None:
    made = models.encoder_decoder(tmp_path, family, tokens=tokens, **changed)
    made.config.save_pretrained(tmp_path)
    first, decoder = tmp_path / "decoder_model.onnx", tmp_path / "decoder_with_past_model.onnx"
    if merged:
        whole = models.merged(tmp_path / "decoder_model_merged.onnx", first, decoder)
        for file in (first, decoder):
            file.unlink()
        first, decoder = None, whole
    dims = {} if family == "whisper" else {"encoder_sequence_length": TEXT}
    model = converse(tmp_path, tmp_path, decoder, tokens=tokens, first=first, dims=dims)
    settings, graphs = model.settings, model.convert()
    assert (settings.kind, settings.model_type, settings.start) == ("encoder-decoder", family, (3,))
    outputs = [operand.name for operand in graphs["encode"].outputs]
    assert outputs == [f"cross_{part}_{layer}" for layer in range(models.LAYERS) for part in ("key", "value")]
    interface_of(graphs, settings)
