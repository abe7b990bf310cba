"""Decoders with a cache: what is converted, checked, written and refused. What they generate is compared in `tests/generation`."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

import cli
from webnn_graph.errors import ConversionError
from webnn_graph.formats import load, save_together
from webnn_graph.generation import Generator, Settings
from webnn_graph.graph import Graph
from webnn_graph.targets import CHROMIUM, legalize, load_target

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from converters.torch.generation import check, convert_decoder, decoder, states  # noqa: E402
from tests.generation import texts  # noqa: E402

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
def graphs(name: str) -> dict[str, Graph]:
    return convert_decoder(model(name), prompt_length=PROMPT, cache_length=CACHE)


def settings() -> Settings:
    return Settings(kind="decoder", cache=CACHE)


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
    with Generator(graphs(name), settings(), runtime="reference") as generator:
        assert list(generator.generate(PROMPTS[prompt], max_tokens=COUNT)) == expected(name, prompt)


@pytest.mark.browser
@pytest.mark.usefixtures("browser")  # which skips without one
@pytest.mark.parametrize("name", [name if name == "Llama" else pytest.param(name, marks=pytest.mark.every) for name in MODELS])
def test_tokens_in_the_browser(name: str) -> None:
    parts = {part: legalize(graph, load_target(CHROMIUM)) for part, graph in graphs(name).items()}
    with Generator(parts, settings(), runtime="browser") as generator:
        for prompt, tokens in PROMPTS.items():
            generator.reset()
            assert list(generator.generate(tokens, max_tokens=COUNT)) == expected(name, prompt)


def test_the_two_graphs_share_their_weights(tmp_path: Path) -> None:
    parts = graphs("Llama")
    save_together({tmp_path / f"{part}.webnn": graph for part, graph in parts.items()})
    stored = (tmp_path / "model.safetensors").stat().st_size
    assert stored < 1.1 * max(graph.weight_bytes for graph in parts.values())
    saved = {part: load(tmp_path / f"{part}.webnn") for part in parts}
    with Generator(saved, settings(), runtime="reference") as generator:
        assert list(generator.generate(PROMPTS["whole"], max_tokens=8)) == expected("Llama", "whole")[:8]


def test_the_interface() -> None:
    prefill, decode = graphs("Llama")["prefill"], graphs("Llama")["decode"]
    assert [str(operand) for operand in prefill.inputs[:4]] == [
        "input_ids: int32[1, 8]",
        "position: int32[1]",
        "last: int32[1]",
        "past_key_0: float32[1, 2, 48, 8]",
    ]
    assert [str(operand) for operand in decode.inputs[:3]] == [
        "input_ids: int32[1, 1]",
        "position: int32[1]",
        "past_key_0: float32[1, 2, 48, 8]",
    ]
    assert [str(operand) for operand in decode.outputs[:4]] == [
        "logits: float32[1, 100]",
        "top_logits: float32[1, 64]",
        "top_ids: int32[1, 64]",
        "present_key_0: float32[1, 2, 48, 8]",
    ]
    assert (prefill.name, decode.name) == ("LlamaForCausalLM_prefill", "LlamaForCausalLM_decode")


def test_a_prompt_of_one_token_needs_no_graph_of_its_own() -> None:
    parts = convert_decoder(model("Llama"), prompt_length=1, cache_length=CACHE, top=1)
    assert list(parts) == ["decode"]
    assert [str(operand) for operand in parts["decode"].outputs[1:3]] == ["top_logits: float32[1, 1]", "top_ids: int32[1, 1]"]
    with Generator(parts, settings(), runtime="reference") as generator:
        assert list(generator.generate(PROMPTS["shorter"], max_tokens=8)) == expected("Llama", "shorter")[:8]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [((8, 8), "does not hold a prompt of 8"), ((0, 8), "does not hold"), ((8, 65), "has 64 positions")],
)
def test_lengths_that_do_not_fit(lengths: tuple[int, int], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        convert_decoder(model("Llama"), prompt_length=lengths[0], cache_length=lengths[1])


def test_a_cache_beyond_the_first_rotation_is_refused() -> None:
    sizes = {name: size for name, size in SIZES.items() if name != "head_dim"}
    factors = {"short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [1.5, 2.0, 3.0, 4.0], "factor": 2.0}
    rotary = {"rope_type": "longrope", "rope_theta": 10000.0, **factors}
    config = transformers.Phi3Config(**sizes, original_max_position_embeddings=32, rope_parameters=rotary)
    phi = transformers.Phi3ForCausalLM(config).eval()
    with pytest.raises(ConversionError, match="turns all by other angles when there are more than 32") as raised:
        convert_decoder(phi, prompt_length=4, cache_length=48)
    assert raised.value.hint == "a cache of 32 tokens or less will do"
    assert convert_decoder(phi, prompt_length=4, cache_length=32)


def test_other_models_are_refused() -> None:
    with pytest.raises(ConversionError, match="no causal language model"):
        convert_decoder(torch.nn.Linear(2, 2), prompt_length=4, cache_length=8)


class Keeping(torch.nn.Module):
    """Keeps a key and a value of each token."""

    config = transformers.LlamaConfig(num_hidden_layers=1)

    def filled(self, cache: Any) -> None:
        cache.update(torch.ones(1, 2, 1, 4), torch.ones(1, 2, 1, 4), 0)


class PastKeyValues(Keeping):
    def forward(self, input_ids: Any, past_key_values: Any = None, use_cache: bool = False) -> None:
        self.filled(past_key_values)


class CacheParams(Keeping):
    def forward(self, input_ids: Any, cache_params: Any = None, use_cache: bool = False) -> None:
        self.filled(cache_params)


class JustCache(Keeping):
    """As models of transformers 5.24 and newer."""

    def forward(self, input_ids: Any, cache: Any = None, use_cache: bool = False) -> None:
        self.filled(cache)


@pytest.mark.parametrize("family", [PastKeyValues, CacheParams, JustCache])
def test_names_of_a_cache(family: type[Keeping]) -> None:
    found = states.empty_states(family(), 8)
    assert {name: list(state.shape) for name, state in found.items()} == {"key_0": [1, 2, 8, 4], "value_0": [1, 2, 8, 4]}


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
    parts = convert_decoder(gpt_neo(), prompt_length=3, cache_length=8)
    tokens = torch.tensor([PROMPTS["whole"][:4]])
    made = gpt_neo().generate(tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=4, do_sample=False, eos_token_id=None)
    with Generator(parts, Settings(kind="decoder", cache=8), runtime="reference") as generator:
        assert list(generator.generate(tokens[0].tolist(), max_tokens=4)) == made[0, 4:].tolist()


class Fails(transformers.LlamaForCausalLM):
    """Is no model."""

    def forward(self, input_ids: Any, logits_to_keep: Any = 0, **options: Any) -> Any:
        raise KeyError("something")


def test_a_model_that_cannot_be_run_is_refused() -> None:
    with pytest.raises(ConversionError, match="Fails cannot be run on a token: KeyError"):
        convert_decoder(Fails(transformers.LlamaConfig(**SIZES)).eval(), prompt_length=4, cache_length=8)


class Keepless(transformers.LlamaForCausalLM):
    """Has no cache."""

    def forward(self, input_ids: Any, logits_to_keep: Any = 0, **options: Any) -> Any:
        return super().forward(input_ids, use_cache=False, logits_to_keep=logits_to_keep)


class Forgetful(transformers.MistralForCausalLM):
    """Forgets its window when it has a cache."""

    def forward(self, input_ids: Any, past_key_values: Any = None, logits_to_keep: Any = 0, **options: Any) -> Any:
        self.config.sliding_window = None if past_key_values is not None else 8
        argument = states.argument_of(super(), *states.CACHES)
        return super().forward(input_ids, **{argument: past_key_values}, logits_to_keep=logits_to_keep, **options)


@pytest.mark.parametrize("prompt_length", [4, 16])
def test_a_window_is_seen_beyond_it_only(prompt_length: int) -> None:
    forgetful = Forgetful(transformers.MistralConfig(**MODELS["Mistral"])).eval()
    with pytest.raises(ConversionError, match="computes something else"):
        convert_decoder(forgetful, prompt_length=prompt_length, cache_length=CACHE)
    convert_decoder(forgetful, prompt_length=4, cache_length=8)


def test_tokens_that_overwrite_the_cache_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = states.cache_of
    monkeypatch.setattr(decoder, "cache_of", lambda kept, position, layers, tokens: right(kept, position * 0, layers, tokens))
    with pytest.raises(ConversionError, match=f"after token {PROMPT} are off"):
        convert_decoder(model("Llama"), prompt_length=PROMPT, cache_length=CACHE)


def test_half_precision_differs_by_its_own_noise_only() -> None:
    convert_decoder(copy.deepcopy(model("Llama")).bfloat16(), prompt_length=4, cache_length=8)


def test_a_window_that_takes_too_long_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_WORK", 0)
    parts = convert_decoder(model("Mistral"), prompt_length=2, cache_length=16)
    assert "compared with the model without a cache up to 7 tokens, not beyond its window of 8: too slow" in parts["prefill"].notes


def test_a_model_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(ConversionError, match=rf"Keepless keeps nothing between two tokens, with transformers {transformers.__version__}"):
        convert_decoder(Keepless(transformers.LlamaConfig(**SIZES)).eval(), prompt_length=4, cache_length=8)


def test_a_model_that_sees_what_comes_is_refused() -> None:
    config = transformers.BertConfig(**{**SIZES, "is_decoder": False})
    with pytest.raises(ConversionError, match="BertLMHeadModel generates nothing: what it says of a token depends on those behind it"):
        convert_decoder(transformers.BertLMHeadModel(config).eval(), prompt_length=4, cache_length=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Hugging Face folder of the tiny Llama."""
    model("Llama").save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_the_command(folder: Path, tmp_path: Path) -> None:
    result = torch2webnn(folder, "--generate", f"{PROMPT},{CACHE}", "-o", tmp_path, "--verify")
    assert result.exit_code == 0, result.output
    modules = [f"{part}.{suffix}" for part in ("prefill", "decode") for suffix in ("d.ts", "js", "webnn")]
    beside = ["generation.json", "index.js", "index.d.ts", "model.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted([*beside, *modules])
    with Generator.open(tmp_path) as generator:
        assert list(generator.generate(PROMPTS["in pieces"], max_tokens=8)) == expected("Llama", "in pieces")[:8]


def test_weights_are_rounded_as_they_are(tmp_path: Path) -> None:
    """Not after a normalization's scale, which makes columns large and rounding coarse, was multiplied into them."""
    llama = copy.deepcopy(model("Llama"))
    with torch.no_grad():
        for name, parameter in llama.named_parameters():
            if "norm" in name:
                parameter[::3] = 20
    llama.save_pretrained(tmp_path / "tiny")
    result = torch2webnn(tmp_path / "tiny", "--generate", f"{PROMPT},{CACHE}", "-o", tmp_path, "--weights", "int8", "--format", "webnn")
    assert result.exit_code == 0, result.output
    graph = load(tmp_path / "decode.webnn")
    (dequantize,) = [node for node in graph.nodes if node.op == "dequantizeLinear" and "layers_0_self_attn_q_proj" in node.operands[0].name]
    values, scale, zero = (graph.weights[operand].array.astype(np.float32) for operand in dequantize.operands)
    right = llama.model.layers[0].self_attn.q_proj.weight.detach().numpy()
    rounded = (values - zero) * scale
    np.testing.assert_allclose(rounded if rounded.shape == right.shape else rounded.T, right, atol=float(scale.max()) / 2 * 1.01)


def test_the_old_option_does_the_same(folder: Path, tmp_path: Path) -> None:
    result = torch2webnn(folder, "--decoder", f"{PROMPT},{CACHE}", "-o", tmp_path / "out", "--format", "webnn")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "decode.webnn",
        "generation.json",
        "model.safetensors",
        "prefill.webnn",
    ]


def texts_of(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda document: None) -> None:
    """Puts a tokenizer into a model's folder."""
    texts.write("bytes", folder)
    document = json.loads((folder / "tokenizer.json").read_text())
    change(document)
    (folder / "tokenizer.json").write_text(json.dumps(document))


def test_a_tokenizer_makes_it_a_package(folder: Path, tmp_path: Path) -> None:
    texts_of(folder)
    result = torch2webnn(folder, "--generate", f"{PROMPT},{CACHE}", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "tokens, not text" not in result.output
    assert {"index.js", "text.js", "package.json", "tokenizer.json", "tokenizer_config.json"} < {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["chat_template"] == texts.CHAT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document["model"].update(type="Words"), "has model 'Words', which @huggingface/tokenizers lacks"),
        (lambda document: document.update(decoder={"type": "Other"}), "has decoder 'Other', which"),
        (lambda document: document.clear(), "has model 'None'"),
    ],
    ids=["a model", "a decoder", "nothing"],
)
def test_a_tokenizer_that_pages_lack_is_left_out(change: Any, said: str, folder: Path, tmp_path: Path) -> None:
    texts_of(folder, change)
    result = torch2webnn(folder, "--generate", f"{PROMPT},{CACHE}", "-o", tmp_path / "out", "--format", "js")
    assert result.exit_code == 0, result.output
    assert "generates tokens, not text: " in result.output and said in result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "index.js" in names and not names & {"text.js", "package.json", "tokenizer.json", "tokenizer_config.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--generate", "8"], "'8' is not PROMPT,CACHE"),
        (["--generate", "8,48", "--input", "x:float32[1]"], "--generate says what the inputs are"),
        (["--generate", "8,48", "--dim", "a=1,2"], "a model that generates has inputs of one size"),
        (["--generate", "8,48", "--dim", "a=1"], "has no encoder whose inputs --dim could be about"),
        (["--generate", "8,48", "--padding", "zeros"], "--generate says what the inputs are"),
        (["--generate", "48,8"], "does not hold a prompt of 48"),
        (["--generate", "8,48", "--top-logits", "0"], "0 is not in the range"),
    ],
)
def test_commands_that_cannot_be_done(folder: Path, tmp_path: Path, options: list[str], message: str) -> None:
    result = torch2webnn(folder, *options, "-o", tmp_path / "out")
    assert result.exit_code != 0
    assert message in result.output
    assert not (tmp_path / "out").exists()


def torch2webnn(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.torch2webnn, list(map(str, arguments)))
