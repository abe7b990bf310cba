"""Sounds and small models of them that tests are about."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np

from webnn_graph.data_types import Array

RATE = 16_000
VOCABULARY = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, **{letter: i + 5 for i, letter in enumerate("ETAONIHSRD")}}
NAMES = {0: "cat", 1: "dog", 2: "it's <b>", 3: "tree"}
NAMED: dict[str, Any] = {"id2label": NAMES, "label2id": {name: i for i, name in NAMES.items()}}
SMALL: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def voice(samples: int, rate: int = RATE, seed: int = 0) -> Array:
    """Something like syllables, a voice's harmonics through three formants that move, float32[samples] in steps of 16 bits."""
    rng, seconds = np.random.default_rng(seed), np.arange(samples) / rate
    pitch = 2 * np.pi * np.cumsum(130 + 25 * np.sin(2 * np.pi * 1.1 * seconds)) / rate
    moving = 500 + 250 * np.sin(2 * np.pi * 2.1 * seconds), 1500 + 500 * np.sin(2 * np.pi * 1.7 * seconds + 1)
    formants = ((1.0, moving[0], 90), (0.6, moving[1], 120), (0.3, np.float64(2600), 180))
    made = np.zeros(samples)
    for k in range(1, 28):
        made += np.sin(k * pitch) * sum(gain / (1 + ((130 * k - middle) / width) ** 2) for gain, middle, width in formants)
    made = 0.12 * made * np.clip(1.5 * np.sin(2 * np.pi * 2.2 * seconds) + 0.6, 0, 1) + rng.normal(0, 0.003, samples)
    return np.asarray(np.round(made * 2**15) / 2**15, np.float32).clip(-1, 1 - 2**-15)


def recording(file: Path, samples: Array, rate: int = RATE) -> Path:
    """A .wav file of samples [n], or of channels [n, channels]."""
    with wave.open(str(file), "wb") as sound:
        sound.setframerate(rate)
        sound.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        sound.setsampwidth(2)
        sound.writeframes((samples * 2**15).astype("<i2").tobytes())
    return file


def scattered(model: Any, seed: int = 0) -> Any:
    """A model whose matrices have random weights that keep the size of what goes through them."""
    import torch

    torch.manual_seed(seed)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data = torch.randn_like(parameter) / parameter[0].numel() ** 0.5
    return model.eval()


def speech_model(folder: Path, *, letters: bool) -> Any:
    """A model like Wav2Vec2 that spells, or names sounds, with its processor, in a folder."""
    import torch
    import transformers

    convolutions = {"conv_dim": (16, 16, 16), "conv_stride": (5, 4, 4), "conv_kernel": (10, 8, 4), "feat_extract_norm": "layer"}
    widths = {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 16, "do_stable_layer_norm": True}
    about = {"vocab_size": len(VOCABULARY), "pad_token_id": 0} if letters else NAMED
    config = transformers.Wav2Vec2Config(**SMALL, **convolutions, **widths, **about)
    kind = transformers.Wav2Vec2ForCTC if letters else transformers.Wav2Vec2ForSequenceClassification
    model = scattered(kind(config))
    folder.mkdir(parents=True, exist_ok=True)
    if letters:
        (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
        transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
        with torch.no_grad():  # that each letter is as often the most probable one, and none of the first but the blank ever is
            found = model(torch.from_numpy(voice(2 * RATE))[None]).logits[0]
        model.lm_head.weight.data /= found.std(0)[:, None]
        model.lm_head.bias.data = -found.mean(0) / found.std(0) + torch.tensor([0.5, *[-1e4] * 3, *[0.0] * (len(VOCABULARY) - 4)])
    model.save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(folder)
    return model


def spectrogram_model(folder: Path) -> Any:
    """A model like AST, which names sounds by their spectrogram, with its extractor, in a folder."""
    import transformers

    config = transformers.ASTConfig(**SMALL, max_length=100, num_mel_bins=32, patch_size=8, frequency_stride=8, time_stride=8, **NAMED)
    model = scattered(transformers.ASTForAudioClassification(config))
    model.save_pretrained(folder)
    transformers.ASTFeatureExtractor(max_length=100, num_mel_bins=32).save_pretrained(folder)
    return model
