"""Models with an encoder generate what transformers generates; all of them by `python -m tests.generation.encoding`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import cli

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

import torch  # noqa: E402

from converters.described.sounds import whisper  # noqa: E402
from converters.spectrogram import spectrogram  # noqa: E402
from converters.torch.generation import convert_encoder_decoder, encoder_decoder  # noqa: E402
from tests.generation import encoding  # noqa: E402
from webnn_graph import load  # noqa: E402
from webnn_graph.data_types import Array  # noqa: E402
from webnn_graph.errors import ConversionError, ExecutionError  # noqa: E402
from webnn_graph.generation import Generator  # noqa: E402
from webnn_graph.runtimes import reference  # noqa: E402


@pytest.mark.parametrize("name", ["T5", "BLIP", *(pytest.param(name, marks=pytest.mark.every) for name in ("BART", "Moonshine"))])
def test_same_as_transformers(name: str) -> None:
    found = encoding.greedy(name)
    assert found.tokens == found.total
    assert encoding.searched(name).tokens


SECONDS = np.arange(480_000) / 16_000
SOUNDS = {
    "noise": np.random.default_rng(0).standard_normal(480_000) / 10,
    "chirp": np.sin(2 * np.pi * (100 + 100 * SECONDS) * SECONDS) / 2,
    "short": np.sin(2 * np.pi * 440 * SECONDS[:50_000]),
    "nearly silent": np.random.default_rng(0).standard_normal(16_000) / 10_000,
    "silent": np.zeros(480_000),
}


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("sound", SOUNDS)
def test_spectrogram(sound: str, mels: int) -> None:
    extractor = transformers.WhisperFeatureExtractor(feature_size=mels)
    graph = spectrogram(whisper(mels, 400, 160), 16_000, (1, mels, 3000))
    samples = SOUNDS[sound].astype(np.float32)
    right = extractor(samples, sampling_rate=16_000, return_tensors="np")["input_features"]
    (found,) = reference.run(graph, {"samples": np.pad(samples, (0, 480_000 - samples.size))[None]}).values()
    np.testing.assert_allclose(found, right, atol=5e-4)
    assert np.abs(found - right).mean() < 1e-5


@pytest.mark.parametrize(
    ("frames", "length", "hop"), [(50, 400, 160), (50, 512, 128), (50, 256, 256), (50, 512, 160), (50, 320, 320), (50, 400, 300)]
)
def test_frames_of_other_lengths(frames: int, length: int, hop: int) -> None:
    extractor = transformers.WhisperFeatureExtractor(feature_size=20, n_fft=length, hop_length=hop)
    graph = spectrogram(whisper(20, length, hop), 16_000, (1, 20, frames))
    samples = np.random.default_rng(0).standard_normal(frames * hop).astype(np.float32)
    right = extractor._torch_extract_fbank_features(samples[None])
    (found,) = reference.run(graph, {"samples": samples[None]}).values()
    np.testing.assert_allclose(found, right, atol=1e-4)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"language": "de"},
        {"language": "fr", "task": "translate"},
        {"task": "transcribe"},
        {"timestamps": True},
        {"language": "en", "timestamps": True},
    ],
)
def test_what_whisper_is_told(how: dict[str, object]) -> None:
    """Language, task and times as transformers has them, the language found by the model where none is said."""
    found = encoding.greedy("Whisper", **how)
    assert found.tokens == found.total > 1


def test_times_in_several_beams() -> None:
    assert encoding.searched("Whisper", timestamps=True).tokens


@pytest.mark.parametrize("sound", ["noise", "short"])
def test_other_sounds(sound: str) -> None:
    samples = SOUNDS[sound].astype(np.float32)
    right = encoding.generated("Whisper", 1, 16, {"samples": samples})
    with Generator(encoding.graphs("Whisper"), encoding.settings("Whisper"), runtime="reference") as generator:
        tokens = list(generator.generate(samples, max_tokens=16))
        assert generator.ids == right.tokens
    assert tokens


def test_unknown_language() -> None:
    with Generator(encoding.graphs("Whisper"), encoding.settings("Whisper"), runtime="reference") as generator:
        with pytest.raises(ExecutionError, match="no language 'xx'"):
            generator.generate(np.zeros(16_000, np.float32), language="xx")
        with pytest.raises(ExecutionError, match="no task 'sing'"):
            generator.generate(np.zeros(16_000, np.float32), task="sing")


def test_language_of_a_translator() -> None:
    """It comes second, as tokenizers of transformers have it forced."""
    from msgspec.structs import replace

    settings = replace(encoding.settings("M2M100"), forced_bos=None, languages={"de": 61})
    with Generator(encoding.graphs("M2M100"), settings, runtime="reference") as generator:
        assert next(generator.generate(np.array(encoding.TEXT), max_tokens=4, language="de")) == 61
        generator.reset()


def test_tokens_differ() -> None:
    """A model that says the same whatever it is told would be compared in vain."""

    def told(name: str, source: Array) -> list[int]:
        with Generator(encoding.graphs(name), encoding.settings(name), runtime="reference") as generator:
            return list(generator.generate(source, max_tokens=16))

    assert told("BART", np.array(encoding.TEXT)) != told("BART", np.array(encoding.TEXT[::-1]))
    assert len(set(told("BART", np.array(encoding.TEXT)))) > 4


class Counting(torch.nn.Embedding):
    """Places that are counted from a number, as transformers called it before 5.24."""

    def forward(self, input: Any, past_key_values_length: Any = 0, position_ids: Any = None) -> Any:
        return past_key_values_length, position_ids


class Counted(torch.nn.Embedding):
    """The same since then."""

    def forward(self, input: Any, cache_length: Any = 0, position_ids: Any = None) -> Any:
        return cache_length, position_ids


@pytest.mark.parametrize("family", [Counting, Counted])
def test_places_of_a_tensor(family: type[torch.nn.Embedding]) -> None:
    model = torch.nn.Sequential(family(8, 2))
    with encoder_decoder._placing(model):
        begin, places = model[0](torch.zeros(1, 3), torch.tensor(4))
    assert (begin, places.tolist()) == (0, [4, 5, 6])


def test_wrong_lengths() -> None:
    with pytest.raises(ConversionError, match="has 128 positions"):
        convert_encoder_decoder(encoding.model("BART"), prompt_length=4, cache_length=200)
    with pytest.raises(ConversionError, match="does not hold a prompt"):
        convert_encoder_decoder(encoding.model("BART"), prompt_length=80, cache_length=80)


def test_wrong_models() -> None:
    bart = transformers.BartModel(transformers.BartConfig(**encoding.BART)).eval()
    with pytest.raises(ConversionError, match="BartModel generates nothing"):
        convert_encoder_decoder(bart, prompt_length=4, cache_length=80)
    with pytest.raises(ConversionError, match="Linear has no encoder"):
        convert_encoder_decoder(torch.nn.Linear(2, 2), prompt_length=4, cache_length=80)


def test_command(tmp_path: Path) -> None:
    """A folder with Whisper becomes a package that generates what the model does; a recording is all that it takes."""
    encoding.model("Whisper").save_pretrained(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--generate", f"{encoding.PROMPT},{encoding.CACHE}", "-o", str(tmp_path / "made")]
    result = CliRunner().invoke(cli.torch2webnn, arguments)
    assert result.exit_code == 0, result.output
    samples = SOUNDS["chirp"].astype(np.float32)
    with Generator.open(tmp_path / "made", runtime="reference") as generator:
        assert generator.settings == encoding.settings("Whisper")
        tokens = list(generator.generate(samples, max_tokens=8, language="de"))
        assert len(tokens) == 8
        assert generator.ids == encoding.generated("Whisper", 1, 8, {"samples": samples}, language="de").tokens


def test_sines_are_no_weights(tmp_path: Path) -> None:
    """What --weights rounds is what a model has learned; the spectrogram stays as near to the library's as it is."""
    encoding.model("Whisper").save_pretrained(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--generate", f"{encoding.PROMPT},{encoding.CACHE}", "-o", str(tmp_path / "made")]
    result = CliRunner().invoke(cli.torch2webnn, [*arguments, "--weights", "int8", "--no-measure"])
    assert result.exit_code == 0, result.output
    types = {name: {str(o.data_type) for o in load(tmp_path / "made" / f"{name}.webnn").constants} for name in ("spectrogram", "encode")}
    assert "int8" in types["encode"] and "int8" not in types["spectrogram"]
    assert "whisper_spectrogram" not in result.output.lower().partition("int8:")[2]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**encoding.VIT)), "is a vit model, and transformers has"),
        (lambda: transformers.BertForMaskedLM(transformers.BertConfig(**encoding.BERT)), "generates nothing"),
        (lambda: transformers.BartModel(transformers.BartConfig(**encoding.BART)), "BartModel generates nothing"),
    ],
)
def test_what_does_not_generate(tmp_path: Path, made: Callable[[], Any], message: str) -> None:
    made().save_pretrained(tmp_path / "model")
    result = CliRunner().invoke(cli.torch2webnn, [str(tmp_path / "model"), "--generate", "4,16", "-o", str(tmp_path / "made")])
    assert result.exit_code == 1
    assert message in result.output and "Traceback" not in result.output
    assert not (tmp_path / "made").exists()


def test_sizes_of_a_decoder(tmp_path: Path) -> None:
    config = transformers.LlamaConfig(**{**encoding.BERT, "num_key_value_heads": 2})
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    arguments = [str(tmp_path / "model"), "--generate", "4,16", "--dim", "sequence=8", "-o", str(tmp_path / "made")]
    result = CliRunner().invoke(cli.torch2webnn, arguments)
    assert result.exit_code == 1 and "has no encoder whose inputs" in result.output
