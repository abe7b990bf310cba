"""Hugging Face folders without any option: inputs of the sizes that their configuration says, or that are assumed and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from converters.checking.verify import verify  # noqa: E402
from converters.torch import convert  # noqa: E402
from converters.torch.configured import configured_inputs  # noqa: E402
from converters.torch.model import TorchModel  # noqa: E402
from tests.torch.test_pretrained import BERT, LLAMA, saved  # noqa: E402
from webnn_graph import run  # noqa: E402
from webnn_graph.errors import WebNNError  # noqa: E402

T5 = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 10, "decoder_start_token_id": 0}
VISION = {**BERT, "image_size": 16, "patch_size": 8, "projection_dim": 8}
TEXT = {**BERT, "max_position_embeddings": 12, "projection_dim": 8, "eos_token_id": 9}
WAV = {**BERT, "conv_dim": [4, 4], "conv_kernel": [10, 3], "conv_stride": [5, 2], "num_feat_extract_layers": 2}
WAV |= {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
WHISPER = {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
WHISPER |= {"encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "vocab_size": 10, "num_mel_bins": 4, "max_source_positions": 10}
WHISPER |= {"max_target_positions": 6, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}

FOLDERS: dict[str, tuple[str, dict[str, Any], dict[str, list[int]], str]] = {
    "text": ("BertModel", BERT, {"input_ids": [1, 128], "attention_mask": [1, 128]}, "batch=1, sequence=128 (assumed)"),
    "positions behind padding": (
        "RobertaModel",
        {**BERT, "max_position_embeddings": 20},
        {"input_ids": [1, 18], "attention_mask": [1, 18]},
        "batch=1 (assumed); sequence=18 (as config.json says)",
    ),
    "language": (
        "LlamaForCausalLM",
        LLAMA,
        {"input_ids": [1, 32], "attention_mask": [1, 32]},
        "batch=1 (assumed); sequence=32 (as config.json says)",
    ),
    "picture": (
        "ViTForImageClassification",
        {**VISION, "num_channels": 2},
        {"pixel_values": [1, 2, 16, 16]},
        "batch=1 (assumed); height=16, width=16 (as config.json says)",
    ),
    "sound": ("Wav2Vec2ForCTC", WAV, {"input_values": [1, 16000]}, "batch=1, samples=16000 (assumed)"),
    "features of a sound": (
        "WhisperForConditionalGeneration",
        WHISPER,
        {"input_features": [1, 4, 20], "decoder_input_ids": [1, 6]},
        "batch=1 (assumed); frames=20, decoder_sequence=6 (as config.json says)",
    ),
    "two texts": (
        "T5ForConditionalGeneration",
        T5,
        {"input_ids": [1, 128], "attention_mask": [1, 128], "decoder_input_ids": [1, 128]},
        "batch=1, sequence=128, decoder_sequence=128 (assumed)",
    ),
    "picture and text": (
        "CLIPModel",
        {"vision_config": VISION, "text_config": TEXT, "projection_dim": 8},
        {"input_ids": [1, 12], "pixel_values": [1, 3, 16, 16], "attention_mask": [1, 12]},
        "batch=1 (assumed); height=16, width=16, sequence=12 (as config.json says)",
    ),
    "video": (
        "VideoMAEForVideoClassification",
        {**VISION, "num_frames": 4},
        {"pixel_values": [1, 4, 3, 16, 16]},
        "batch=1 (assumed); frames=4, height=16, width=16 (as config.json says)",
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_the_model_takes_what_its_configuration_says(name: str, tmp_path: Path) -> None:
    family, config, shapes, said = FOLDERS[name]
    model = saved(tmp_path / "m", family, config)
    found, notes = configured_inputs(model, {}, {}, tmp_path / "m")
    assert {name: list(tensor.shape) for name, tensor in found.items()} == shapes
    assert notes[0].startswith(f"sizes that nobody gave: {said}; --dim ")
    with torch.no_grad():
        model(**found)


@pytest.mark.parametrize("name", ["picture", "two texts"])
def test_a_folder_needs_no_option(name: str, tmp_path: Path) -> None:
    family, config, shapes, said = FOLDERS[name]
    saved(tmp_path / "m", family, config)
    model = TorchModel(tmp_path / "m")
    graph = model.convert()
    assert {operand.name: list(operand.shape) for operand in graph.inputs} == shapes
    assert graph.notes[1].startswith(f"sizes that nobody gave: {said}; --dim ")
    found = verify(graph, model.source(), run, tolerance=1e-4)
    assert found.ok
    assert found.captured is not None
    assert found.captured.difference is not None
    assert found.captured.difference.ok, found.captured


def test_in_python_too() -> None:
    model = transformers.ViTModel(transformers.ViTConfig(**VISION)).eval()
    graph = convert(model, dims={"batch": 2})
    assert graph.inputs[0].shape == (2, 3, 16, 16)
    assert graph.notes[0] == "sizes that nobody gave: height=16, width=16 (as config.json says); --dim width=N gives another"


def inputs(family: str, config: dict[str, Any], dims: dict[str, int], folder: Path | None = None) -> tuple[dict[str, Any], list[str]]:
    chosen = getattr(transformers, family)
    found, notes = configured_inputs(chosen(chosen.config_class(**config)), dims, {}, folder)
    return {name: list(tensor.shape) for name, tensor in found.items()}, notes


def test_sizes_can_be_given() -> None:
    shapes, notes = inputs("T5ForConditionalGeneration", T5, {"batch": 2, "sequence": 7})
    assert shapes == {"input_ids": [2, 7], "attention_mask": [2, 7], "decoder_input_ids": [2, 7]}
    assert notes == ["sizes that nobody gave: decoder_sequence=7 (assumed); --dim decoder_sequence=N gives another"]
    assert inputs("ViTModel", VISION, {"batch": 1, "height": 32, "width": 24}) == ({"pixel_values": [1, 3, 32, 24]}, [])


@pytest.mark.parametrize(
    ("family", "config", "dims", "message"),
    [
        ("BertModel", BERT, {"length": 5}, r"no input has a dimension length: input_ids \['batch', 'sequence'\]"),
        ("BertModel", {**BERT, "max_position_embeddings": 200}, {"sequence": 201}, "sequence is at most 200, not 201"),
        ("BertModel", BERT, {"sequence": 0}, r"shape \[1, 0\]; dimensions must be 1 to"),
    ],
)
def test_wrong_sizes_are_one_error(family: str, config: dict[str, Any], dims: dict[str, int], message: str) -> None:
    with pytest.raises(WebNNError, match=message):
        inputs(family, config, dims)


@pytest.mark.parametrize(
    ("document", "sizes"),
    [
        ({"size": {"height": 20, "width": 24}}, [20, 24]),
        ({"size": {"shortest_edge": 32}}, [32, 32]),
        ({"size": {"shortest_edge": 32}, "crop_size": {"height": 28, "width": 28}, "do_center_crop": True}, [28, 28]),
        ({"size": 32, "crop_size": 28, "do_center_crop": False}, [32, 32]),
        ({"image_processor": {"size": {"height": 20, "width": 24}}}, [20, 24]),
        ({"size": {"height": -1, "width": "a"}}, [224, 224]),
        ([], [224, 224]),
    ],
)
def test_a_processor_says_how_large_pictures_are(document: Any, sizes: list[int], tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(document))
    config = {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1], "layer_type": "basic"}
    shapes, notes = inputs("ResNetModel", config, {}, tmp_path)
    assert shapes == {"pixel_values": [1, 3, *sizes]}
    why = "assumed" if sizes == [224, 224] else "as the processor's file says"
    assert f"height={sizes[0]}, width={sizes[1]} ({why})" in notes[0]


def test_texts_end_where_their_mask_does() -> None:
    config = transformers.BertConfig(**BERT, pad_token_id=3, eos_token_id=4)
    found, _ = configured_inputs(transformers.BertModel(config), {"sequence": 8}, {})
    ids, mask = found["input_ids"], found["attention_mask"]
    assert mask.tolist() == [[1] * 6 + [0] * 2]
    assert ids[0, 5:].tolist() == [4, 3, 3]
    assert not set(ids[0, :5].tolist()) & {3, 4}


def test_inputs_that_are_given_say_their_sizes(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", "BertModel", BERT)
    ids = np.arange(10, dtype=np.int32).reshape(2, 5)
    graph = TorchModel(tmp_path / "m", values={"input_ids": ids}).convert()
    assert [operand.shape for operand in graph.inputs] == [(2, 5), (2, 5)]
    with torch.no_grad():
        right = model(torch.from_numpy(ids).long(), torch.ones(2, 5)).last_hidden_state
    computed = run(graph, {"input_ids": ids.astype(np.int64), "attention_mask": np.ones((2, 5), np.int64)})
    np.testing.assert_allclose(computed["last_hidden_state"], right.numpy(), atol=1e-5)
