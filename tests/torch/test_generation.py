"""Decoders with a cache: greedy tokens equal to those that PyTorch generates."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

import cli
from tests.torch.greedy import Generator
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.formats import load, save_together
from webnn_graph.graph import Graph
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession
from webnn_graph.targets import CHROMIUM, PORTABLE, legalize, load_target

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from converters.torch import decoder_check, generation  # noqa: E402
from converters.torch.generation import convert_decoder  # noqa: E402

PROMPT, CACHE, COUNT = 8, 48, 32
"""Tokens that are taken at once, kept, and generated."""
SIZES = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,  # with less, the same token wins every time
    "pad_token_id": 0,
}
MODELS: dict[str, dict[str, Any]] = {
    "Llama": SIZES,
    "GPT2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 100, "n_positions": 64, "initializer_range": 0.3},
    "Qwen3": SIZES,
    "SmolLM3": SIZES,
    "Mistral": {**SIZES, "sliding_window": 8},
    "Gemma2": {**SIZES, "sliding_window": 8, "tie_word_embeddings": False},
}
PROMPTS = {"shorter": [5, 17, 42, 3, 77], "whole": [9, 8, 7, 6, 5, 4, 3, 2], "in pieces": [1, 90, 12, 33, 33, 50, 21, 7, 60, 4, 11]}


@cache
def model(name: str) -> Any:
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**MODELS[name], bos_token_id=1, eos_token_id=None)
    family = getattr(transformers, "GPT2LMHeadModel" if name == "GPT2" else f"{name}ForCausalLM")
    return family(config).eval()


@cache
def graphs(name: str) -> tuple[Graph, Graph]:
    return convert_decoder(model(name), prompt_length=PROMPT, cache_length=CACHE)


@cache
def expected(name: str, prompt: str) -> list[int]:
    """What PyTorch generates, without a static cache."""
    ids = torch.tensor([PROMPTS[prompt]])
    made = model(name).generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=COUNT, do_sample=False)
    tokens: list[int] = made[0, ids.shape[1] :].tolist()
    assert len(tokens) == COUNT
    assert len(set(tokens)) > 8, "tokens that repeat show little"
    return tokens


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("name", MODELS)
def test_tokens_in_the_reference(name: str, prompt: str) -> None:
    prefill, decode = graphs(name)
    generator = Generator(prefill, partial(reference.run, prefill), partial(reference.run, decode))
    assert generator.generate(PROMPTS[prompt], COUNT) == expected(name, prompt)


@pytest.mark.parametrize("name", ["Llama", "Gemma2"])
def test_tokens_of_graphs_for_every_browser(name: str) -> None:
    def computed(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return reference.run(graph, {x.name: feeds[x.name].astype(x.data_type.numpy) for x in graph.inputs})

    prefill, decode = (legalize(graph, load_target(PORTABLE), exact=True) for graph in graphs(name))
    assert {x.data_type for x in (*prefill.inputs, *decode.inputs)} == {"float32", "int32"}
    generator = Generator(prefill, partial(computed, prefill), partial(computed, decode))
    assert generator.generate(PROMPTS["whole"], COUNT) == expected(name, "whole")


@pytest.mark.browser
@pytest.mark.parametrize("name", MODELS)
def test_tokens_in_the_browser(name: str, browser: BrowserSession) -> None:
    prefill, decode = (legalize(graph, load_target(CHROMIUM)) for graph in graphs(name))
    with browser.load(prefill) as first, browser.load(decode) as second:
        generator = Generator(prefill, first.compute, second.compute)
        for prompt, tokens in PROMPTS.items():
            assert generator.generate(tokens, COUNT) == expected(name, prompt)


def test_the_two_graphs_share_their_weights(tmp_path: Path) -> None:
    prefill, decode = graphs("Llama")
    save_together({tmp_path / "prefill.webnn": prefill, tmp_path / "decode.webnn": decode})
    stored = (tmp_path / "model.safetensors").stat().st_size
    assert stored < 1.1 * max(prefill.weight_bytes, decode.weight_bytes)
    saved = [load(tmp_path / f"{part}.webnn") for part in ("prefill", "decode")]
    generator = Generator(saved[0], partial(reference.run, saved[0]), partial(reference.run, saved[1]))
    assert generator.generate(PROMPTS["whole"], 8) == expected("Llama", "whole")[:8]


def test_the_interface() -> None:
    prefill, decode = graphs("Llama")
    assert [str(operand) for operand in prefill.inputs[:4]] == [
        "input_ids: int64[1, 8]",
        "position: int64[1]",
        "last: int64[1]",
        "past_key_0: float32[1, 2, 48, 8]",
    ]
    assert [operand.name for operand in decode.outputs][:3] == ["logits", "present_key_0", "present_value_0"]
    assert (prefill.name, decode.name) == ("LlamaForCausalLM_prefill", "LlamaForCausalLM_decode")


@pytest.mark.parametrize(
    ("lengths", "message"),
    [((8, 8), "does not hold a prompt of 8"), ((0, 8), "does not hold"), ((8, 65), "has 64 positions")],
)
def test_lengths_that_do_not_fit(lengths: tuple[int, int], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        convert_decoder(model("Llama"), prompt_length=lengths[0], cache_length=lengths[1])


def test_other_models_are_refused() -> None:
    with pytest.raises(ConversionError, match="no causal language model"):
        convert_decoder(torch.nn.Linear(2, 2), prompt_length=4, cache_length=8)


def gpt_neo(**options: Any) -> Any:
    """Its layers look at every other one through a window, by a mask that they slice by the length of the cache."""
    sizes = {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "vocab_size": 100, "max_position_embeddings": 64, "initializer_range": 0.3}
    torch.manual_seed(0)
    config = transformers.GPTNeoConfig(**sizes, attention_types=[[["global", "local"], 1]], window_size=8, **options)
    return transformers.GPTNeoForCausalLM(config).eval()


def test_a_model_that_is_another_one_with_a_cache_is_refused() -> None:
    with pytest.raises(ConversionError, match=r"GPTNeoForCausalLM computes something else .* are off by \d+\.\d\d%") as raised:
        convert_decoder(gpt_neo(), prompt_length=4, cache_length=32)
    assert raised.value.hint == "a cache no longer than its window of 8 tokens may do"


def test_the_same_model_within_its_window() -> None:
    prefill, decode = convert_decoder(gpt_neo(), prompt_length=3, cache_length=8)
    tokens = torch.tensor([PROMPTS["whole"][:4]])
    made = gpt_neo().generate(tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=4, do_sample=False, eos_token_id=None)
    generator = Generator(prefill, partial(reference.run, prefill), partial(reference.run, decode))
    assert generator.generate(tokens[0].tolist(), 4) == made[0, 4:].tolist()


class Fails(transformers.LlamaForCausalLM):
    """Is no model."""

    def forward(self, input_ids: Any, logits_to_keep: Any = 0, **options: Any) -> Any:
        raise KeyError("something")


def test_a_model_that_cannot_be_run_is_refused() -> None:
    with pytest.raises(ConversionError, match="Fails cannot be run on a token: KeyError"):
        convert_decoder(Fails(transformers.LlamaConfig(**SIZES)).eval(), prompt_length=4, cache_length=8)


class Forgetful(transformers.MistralForCausalLM):
    """Forgets its window when it has a cache."""

    def forward(self, input_ids: Any, past_key_values: Any = None, logits_to_keep: Any = 0, **options: Any) -> Any:
        self.config.sliding_window = None if past_key_values is not None else 8
        return super().forward(input_ids, past_key_values=past_key_values, logits_to_keep=logits_to_keep, **options)


@pytest.mark.parametrize("prompt_length", [4, 16])
def test_a_window_is_seen_beyond_it_only(prompt_length: int) -> None:
    forgetful = Forgetful(transformers.MistralConfig(**MODELS["Mistral"])).eval()
    with pytest.raises(ConversionError, match="computes something else"):
        convert_decoder(forgetful, prompt_length=prompt_length, cache_length=CACHE)
    convert_decoder(forgetful, prompt_length=4, cache_length=8)


def test_tokens_that_overwrite_the_cache_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = generation._layer
    monkeypatch.setattr(generation, "_layer", lambda keys, values, position: right(keys, values, position * 0))
    with pytest.raises(ConversionError, match=f"after token {PROMPT} are off"):
        convert_decoder(model("Llama"), prompt_length=PROMPT, cache_length=CACHE)


def test_half_precision_differs_by_its_own_noise_only() -> None:
    convert_decoder(copy.deepcopy(model("Llama")).bfloat16(), prompt_length=4, cache_length=8)


def test_a_window_that_takes_too_long_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_check, "MOST_WORK", 0)
    prefill, _ = convert_decoder(model("Mistral"), prompt_length=2, cache_length=16)
    assert "compared with the model without a cache up to 7 tokens, not beyond its window of 8: too slow" in prefill.notes


def test_layers_that_keep_something_else_are_refused() -> None:
    config = transformers.MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=100, state_size=8)
    with pytest.raises(ConversionError, match="has no cache of keys and values"):
        convert_decoder(transformers.MambaForCausalLM(config).eval(), prompt_length=4, cache_length=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Hugging Face folder of the tiny Llama."""
    model("Llama").save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_the_command(folder: Path, tmp_path: Path) -> None:
    result = torch2webnn(folder, "--decoder", f"{PROMPT},{CACHE}", "-o", tmp_path, "--format", "webnn,js", "--verify")
    assert result.exit_code == 0, result.output
    modules = [f"tiny_{part}.{suffix}" for part in ("prefill", "decode") for suffix in ("d.ts", "js", "webnn")]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted(["model.safetensors", *modules])
    saved = [load(tmp_path / f"tiny_{part}.webnn") for part in ("prefill", "decode")]
    generator = Generator(saved[0], partial(reference.run, saved[0]), partial(reference.run, saved[1]))
    assert generator.generate(PROMPTS["in pieces"], 8) == expected("Llama", "in pieces")[:8]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--decoder", "8"], "'8' is not PROMPT,CACHE"),
        (["--decoder", "8,48", "--input", "x:float32[1]"], "--decoder says what the inputs are"),
        (["--decoder", "8,48", "--dim", "a=1,2"], "--decoder says what the inputs are"),
        (["--decoder", "8,48", "--padding", "zeros"], "--decoder says what the inputs are"),
        (["--decoder", "48,8"], "does not hold a prompt of 48"),
    ],
)
def test_commands_that_cannot_be_done(folder: Path, tmp_path: Path, options: list[str], message: str) -> None:
    result = torch2webnn(folder, *options, "-o", tmp_path / "out")
    assert result.exit_code != 0
    assert message in result.output
    assert not (tmp_path / "out").exists()


def torch2webnn(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.torch2webnn, list(map(str, arguments)))
