"""Models with an encoder and a decoder, tiny and with random weights: what each generates, by transformers and by its graphs.

    python -m tests.generation.encoding [NAME ...]

compares all of them, greedy and with several beams, which takes some minutes, and prints a table; `make test` compares a few.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
import transformers

from converters.generation import settings_of
from converters.torch.generation.encoder_decoder import convert_encoder_decoder, halves_of
from tests.generation.families import CLOSE, Right, calls_per_layer, recorded
from webnn_graph.data_types import Array
from webnn_graph.generation import Generator, Settings
from webnn_graph.generation.package import in_few_calls
from webnn_graph.graph import Graph

PROMPT, CACHE, COUNT, BEAMS = 4, 80, 64, 4
"""Tokens that are taken at once, kept, and generated; and sequences that are searched."""
LENGTH, TEXT = 24, (5, 17, 42, 3, 77, 9, 31, 2)
"""Tokens that an encoder takes, and fewer that it is given."""

BART: dict[str, Any] = {
    "vocab_size": 100,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 128,
    "init_std": 0.3,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}
T5 = {"vocab_size": 100, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "initializer_factor": 3.0} | {
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
}
BERT = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64} | {
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
}
VIT = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32, "image_size": 32, "patch_size": 8}
SWIN = {"image_size": 32, "patch_size": 4, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4}
TROCR = {"vocab_size": 100, "d_model": 32, "decoder_layers": 2, "decoder_attention_heads": 4, "decoder_ffn_dim": 64} | {
    "max_position_embeddings": 128,
    "init_std": 0.3,
}
GPT2 = {"vocab_size": 100, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128, "initializer_range": 0.3}
MOONSHINE = {"vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 128, "initializer_range": 0.3} | {
    "encoder_num_hidden_layers": 2,
    "decoder_num_hidden_layers": 2,
    "encoder_num_attention_heads": 4,
    "decoder_num_attention_heads": 4,
}
WHISPER = BART | {"num_mel_bins": 80, "max_target_positions": 128, "max_source_positions": 1500, "suppress_tokens": None}
DAVIT = {"depths": [1, 1], "embed_dim": [16, 32], "num_heads": [2, 2], "num_groups": [2, 2], "window_size": 4} | {
    "patch_size": [7, 3],
    "patch_stride": [4, 2],
    "patch_padding": [3, 1],
    "patch_prenorm": [False, True],
    "projection_dim": 32,
}
LANGUAGES, TASKS, NO_TIMESTAMPS = {"<|en|>": 53, "<|de|>": 54, "<|fr|>": 55}, {"translate": 56, "transcribe": 57}, 58
SPOKEN = {
    "lang_to_id": LANGUAGES,
    "task_to_id": TASKS,
    "no_timestamps_token_id": NO_TIMESTAMPS,
    "is_multilingual": True,
    "suppress_tokens": [3, 7, 50, 51, 52, 53, 54, 55, 56, 57],
    "begin_suppress_tokens": [9, 2],
    "max_initial_timestamp_index": 10,
}

VARIED = {"no_repeat_ngram_size": 2}
"""Random models say the same token again and again, if they may."""


@dataclass(frozen=True)
class Family:
    """A tiny model.

    Attributes:
        made: Makes it.
        given: What the encoder is given, by the names of its inputs.
        generation: What ``generation_config.json`` says.
        dims: Sizes of the encoder's inputs.
    """

    made: Callable[[], Any]
    given: Mapping[str, Array]
    generation: Mapping[str, Any] = field(default_factory=dict)
    dims: Mapping[str, int] = field(default_factory=dict)


def _alone(family: str, config: Mapping[str, Any], head: str = "ForConditionalGeneration") -> Callable[[], Any]:
    return lambda: getattr(transformers, family + head)(getattr(transformers, f"{family}Config")(**config))


def _joined(kind: str, encoder: Any, decoder: Any) -> Callable[[], Any]:
    """A model that is put together of two."""

    def made() -> Any:
        config = getattr(transformers, f"{kind}Config").from_encoder_decoder_configs(encoder(), decoder())
        config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
        return getattr(transformers, f"{kind}Model")(config)

    return made


def _random(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def _chirp(count: int) -> Array:
    times = np.arange(count) / 16_000
    return (0.5 * np.sin(2 * np.pi * (200 + 300 * times) * times)).astype(np.float32)


def _text(*, dims: Mapping[str, int] | None = None) -> dict[str, Any]:
    return {"given": {"input_ids": np.array(TEXT)}, "dims": {"sequence": LENGTH, **(dims or {})}}


PICTURE = {"given": {"pixel_values": _random(1, 3, 32, 32)}}
FAMILIES: dict[str, Family] = {
    "BART": Family(_alone("Bart", BART), generation={"forced_bos_token_id": 0, "no_repeat_ngram_size": 3}, **_text()),
    "mBART": Family(_alone("MBart", BART), generation={"forced_bos_token_id": 60}, **_text()),
    "M2M100": Family(_alone("M2M100", BART), generation={"forced_bos_token_id": 60}, **_text()),
    "Marian": Family(
        _alone("Marian", BART | {"pad_token_id": 0, "decoder_start_token_id": 0}, "MTModel"),
        generation={"bad_words_ids": [[0]], "renormalize_logits": True},
        **_text(),
    ),
    "Pegasus": Family(_alone("Pegasus", BART), generation={"length_penalty": 0.6, "min_length": 8}, **_text()),
    "Blenderbot": Family(_alone("Blenderbot", BART), **_text()),
    "T5": Family(_alone("T5", T5), **_text()),
    "T5 gated": Family(_alone("T5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}), **_text()),
    "mT5": Family(_alone("MT5", T5), **_text()),
    "UMT5": Family(_alone("UMT5", T5), **_text()),
    "bert2bert": Family(
        _joined("EncoderDecoder", lambda: transformers.BertConfig(**BERT), lambda: transformers.BertConfig(**BERT)), **_text()
    ),
    "Whisper": Family(_alone("Whisper", WHISPER), given={"samples": _chirp(400_000)}, generation=SPOKEN),
    "Moonshine": Family(
        _alone("Moonshine", MOONSHINE | {"pad_token_id": 0}), given={"input_values": _chirp(12_000)}, dims={"samples": 16_000}
    ),
    "Speech2Text": Family(
        _alone("Speech2Text", BART | {"max_source_positions": 400, "max_target_positions": 128, "conv_channels": 32}),
        given={"input_features": _random(1, 120, 80), "attention_mask": (np.arange(120) < 90).astype(np.int32)[None]},
        dims={"frames": 120},
    ),
    "TrOCR": Family(
        _joined("VisionEncoderDecoder", lambda: transformers.ViTConfig(**VIT), lambda: transformers.TrOCRConfig(**TROCR)), **PICTURE
    ),
    "TrOCR with sinusoids": Family(
        _joined(
            "VisionEncoderDecoder",
            lambda: transformers.DeiTConfig(**VIT),
            lambda: transformers.TrOCRConfig(**TROCR, use_learned_position_embeddings=False),
        ),
        **PICTURE,
    ),
    "ViT and GPT-2": Family(
        _joined("VisionEncoderDecoder", lambda: transformers.ViTConfig(**VIT), lambda: transformers.GPT2Config(**GPT2)), **PICTURE
    ),
    "Donut": Family(
        _joined("VisionEncoderDecoder", lambda: transformers.DonutSwinConfig(**SWIN), lambda: transformers.MBartConfig(**BART)), **PICTURE
    ),
    "BLIP": Family(
        lambda: transformers.BlipForConditionalGeneration(
            transformers.BlipConfig(
                text_config=BERT | {"encoder_hidden_size": 24, "bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 3},
                vision_config=VIT,
                projection_dim=16,
            )
        ),
        **PICTURE,
    ),
    "Florence-2": Family(
        lambda: transformers.Florence2ForConditionalGeneration(
            transformers.Florence2Config(text_config=BART | {"model_type": "bart"}, vision_config=DAVIT, image_token_id=99)
        ),
        given={**PICTURE["given"], "input_ids": np.array(TEXT)},
        dims={"sequence": LENGTH, "height": 32, "width": 32},
    ),
}


@cache
def model(name: str) -> Any:
    """The model of a family, whose weights differ from those that do nothing."""
    return varied(FAMILIES[name].made, FAMILIES[name].generation)


def varied(make: Callable[[], Any], generation: Mapping[str, Any]) -> Any:
    """A model whose random weights differ from those that do nothing; ``generation`` is what ``generation_config.json`` says."""
    torch.manual_seed(0)
    made = make().eval()
    for parameter in made.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
        else:
            parameter.data = torch.where(parameter.std() < 0.1, 0.3 * torch.randn_like(parameter), parameter)
    config = _decoder(made).generation_config
    config._from_model_config = False  # or what is said here would not be read again
    for key, value in {**VARIED, **generation}.items():
        setattr(config, key, value)
    return made


def _decoder(made: Any) -> Any:
    halves = halves_of(made)
    assert halves
    return halves.decoder


@cache
def graphs(name: str) -> dict[str, Graph]:
    """Its graphs, as they are written."""
    made = convert_encoder_decoder(model(name), prompt_length=PROMPT, cache_length=CACHE, dims=FAMILIES[name].dims)
    return {part: in_few_calls(graph) for part, graph in made.items()}


def settings(name: str) -> Settings:
    """What generating with them takes."""
    decoder = _decoder(model(name))
    configs = decoder.config.to_dict(), decoder.generation_config.to_dict()
    rate = 16_000 if name == "Whisper" else None
    return settings_of(*configs, kind="encoder-decoder", cache=CACHE, vocabulary=100, sampling_rate=rate)


def generated(name: str, beams: int, count: int = COUNT, given: Mapping[str, Array] | None = None, **how: Any) -> Right:
    """What transformers generates."""
    made = model(name)
    inputs = {key: torch.from_numpy(value) for key, value in (given or FAMILIES[name].given).items()}
    if "input_ids" in inputs:
        inputs["input_ids"] = inputs["input_ids"][None]
        if name == "Florence-2":  # its own processor puts a token for each piece of the picture before the text
            pieces = made.get_image_features(inputs["pixel_values"]).pooler_output.shape[1]
            inputs["input_ids"] = torch.cat([torch.full((1, pieces), made.config.image_token_id), inputs["input_ids"]], 1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if "samples" in inputs:
        extracted = transformers.WhisperFeatureExtractor(feature_size=80)(inputs["samples"].numpy(), sampling_rate=16_000)
        inputs = {"input_features": torch.tensor(np.array(extracted["input_features"]))}
        how["force_unique_generate_call"] = True
    if "input_values" in inputs:
        length, samples = FAMILIES[name].dims["samples"], inputs["input_values"]
        padded = torch.nn.functional.pad(samples, (0, length - len(samples)))[None]
        inputs = {"input_values": padded, "attention_mask": (torch.arange(length) < len(samples)).long()[None]}
    options = {"max_new_tokens": count, "do_sample": False, "return_dict_in_generate": True, "output_logits": True, "num_beams": beams}
    result = made.generate(**inputs, **options, **how)
    logits = torch.cat(result.logits).float().numpy() if beams == 1 else np.zeros((0, 100))
    return Right(result.sequences[0].tolist(), logits)


@dataclass(frozen=True)
class Compared:
    """What was found.

    Attributes:
        tokens: How many were the same.
        total: How many there were.
        worst: The largest difference of logits, in proportion to their spread.
    """

    tokens: int
    total: int
    worst: float = 0.0


def compare(name: str, right: Right, ids: Sequence[int], count: int, logits: Sequence[Array] = ()) -> Compared:
    """What was found of a generation.

    Args:
        name: The family.
        right: What transformers generates.
        ids: All tokens.
        count: How many of them were generated.
        logits: What each was chosen by, if that is known.

    Raises:
        AssertionError: A token is another one though the margin is larger than what is close, or logits differ by more.
    """
    begin, worst = len(ids) - count, 0.0
    assert list(ids[:begin]) == right.tokens[:begin], f"{name}: begins with {ids[:begin]}, not {right.tokens[:begin]}"
    wanted = right.tokens[begin:]
    for place, (token, expected) in enumerate(zip(ids[begin:], wanted, strict=False)):
        if logits:
            off = np.abs(logits[place] - right.logits[place]).max() / right.logits[place].std()
            worst = max(worst, float(off))
            assert worst < CLOSE, f"{name}: the logits of token {place} are off by {worst:.1e}"
        if token != expected:
            is_open = place < len(right.logits) and right.margin(place) < 2 * CLOSE
            assert is_open, f"{name}: token {place} is {token}, not {expected}"
            return Compared(place, len(wanted), worst)
    assert count == len(wanted), f"{name}: {count} tokens, not {len(wanted)}"
    return Compared(count, len(wanted), worst)


def greedy(name: str, **how: Any) -> Compared:
    """What the graphs generate, see `compare`."""
    return _generating(name, 1, how)


def searched(name: str, **how: Any) -> Compared:
    """The same of several beams, of which only what is found at last is known."""
    return _generating(name, BEAMS, how)


def _generating(name: str, beams: int, how: Mapping[str, Any]) -> Compared:
    stamps = {"return_timestamps": True} if how.get("timestamps") else {}
    right = generated(name, beams, **{key: value for key, value in how.items() if key != "timestamps"}, **stamps)
    with Generator(graphs(name), settings(name), runtime="reference") as generator:
        logits = recorded(generator)
        count = len(list(generator.generate(source(name), max_tokens=COUNT, beams=beams, **how)))
        ids = generator.ids
    begin = len(ids) - count
    return compare(name, right, ids, count, [logits[begin + place] for place in range(count)] if beams == 1 else ())


def source(name: str) -> Any:
    """What the encoder of a family is given."""
    given = FAMILIES[name].given
    return next(iter(given.values())) if len(given) == 1 else given


def main(names: Sequence[str]) -> None:
    """Prints a row for each family."""
    print(f"{'family':22}{'calls/layer':>12}{'tokens':>8}{'of':>5}{'logits off by':>15}{f'{BEAMS} beams':>9}")
    for name in names or FAMILIES:
        try:
            found, best = greedy(name), searched(name)
        except AssertionError as error:
            print(error, flush=True)
            continue
        calls = calls_per_layer(graphs(name)["decode"])
        print(f"{name:22}{calls:12}{found.tokens:8}{found.total:5}{found.worst:15.1e}{best.tokens:9}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
