"""What configurations of Hugging Face become: settings by which the loop gives what transformers does with the same ones."""

from __future__ import annotations

from typing import Any

import pytest

from converters.generation import settings_of
from tests.generation.toys import CACHE, VOCABULARY, Toy
from webnn_graph.errors import ConversionError
from webnn_graph.generation import Generator, SamplingDefaults, Settings

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def settings(generation: dict[str, Any], config: dict[str, Any] | None = None, kind: str = "decoder") -> Settings:
    return settings_of(config or {}, generation, kind=kind, cache=CACHE, vocabulary=VOCABULARY)


@pytest.mark.parametrize(
    ("generation", "sampling"),
    [
        ({}, SamplingDefaults()),
        ({"temperature": 0.7, "top_k": 20, "top_p": 0.9}, SamplingDefaults()),
        ({"do_sample": True, "temperature": 0.7, "top_k": 20}, SamplingDefaults(temperature=0.7, top_k=20)),
        ({"do_sample": True, "temperature": 1.0, "top_p": 1.0, "min_p": 0.1}, SamplingDefaults(min_p=0.1)),
        ({"repetition_penalty": 1.2, "top_k": 20}, SamplingDefaults(repetition_penalty=1.2)),
        ({"do_sample": False, "repetition_penalty": 1.0}, SamplingDefaults()),
    ],
)
def test_sampling_is_the_authors_own(generation: dict[str, Any], sampling: SamplingDefaults) -> None:
    assert settings(generation).sampling == sampling


class InTransformers(transformers.PreTrainedModel, transformers.GenerationMixin):
    """The toy as a model that transformers generates with."""

    config_class = transformers.LlamaConfig

    def __init__(self) -> None:
        super().__init__(transformers.LlamaConfig(vocab_size=VOCABULARY, hidden_size=8, num_attention_heads=1, num_hidden_layers=1))
        self.anything = torch.nn.Parameter(torch.zeros(1))
        self.post_init()

    def forward(self, input_ids: Any, attention_mask: Any = None, **_: Any) -> Any:
        logits = torch.tensor(Toy().logits(input_ids[0].tolist()))[None, None].float()
        return transformers.modeling_outputs.CausalLMOutput(logits=logits)

    def prepare_inputs_for_generation(self, input_ids: Any, attention_mask: Any = None, **_: Any) -> dict[str, Any]:
        return {"input_ids": input_ids}


@pytest.mark.parametrize(
    "generation",
    [
        {},
        {"repetition_penalty": 1.4},
        {"repetition_penalty": 0.7},
        {"no_repeat_ngram_size": 2},
        {"suppress_tokens": [5, 9, 13]},
        {"begin_suppress_tokens": [5, 9, 13, 14, 15, 16, 17]},
        {"eos_token_id": [9, 14]},
    ],
    ids=str,
)
def test_greedy_tokens_are_those_of_transformers(generation: dict[str, Any]) -> None:
    for prompt in ([5, 9], [3], [7, 7, 4, 21]):
        ids = torch.tensor([prompt])
        said = transformers.GenerationConfig(**{"eos_token_id": None, **generation})
        made = InTransformers().generate(
            ids, generation_config=said, max_new_tokens=10, do_sample=False, pad_token_id=0, use_cache=False, attention_mask=ids**0
        )
        with Generator(Toy().graphs(), settings(said.to_dict())) as model:
            assert list(model.generate(prompt, max_tokens=10)) == made[0, len(prompt) :].tolist()


def test_what_is_no_token_is_left_out() -> None:
    found = settings({"eos_token_id": [2, 99, -1, "x"], "suppress_tokens": [22, 23], "bos_token_id": 3, "pad_token_id": 40})
    assert (found.eos, found.suppress, found.start, found.pad) == ((2,), (22,), (3,), None)


def test_generation_config_is_heard_first() -> None:
    assert settings({"eos_token_id": 2}, {"eos_token_id": 3, "bos_token_id": 4}).eos == (2,)
    assert settings({}, {"text_config": {"eos_token_id": 3}, "eos_token_id": 5}).eos == (3,)


@pytest.mark.parametrize(
    "generation",
    [
        {"repetition_penalty": "much"},
        {"repetition_penalty": -1.0},
        {"do_sample": True, "temperature": [1]},
        {"num_beams": 0.5},
        {"length_penalty": "x"},
        {"no_repeat_ngram_size": -2},
    ],
    ids=str,
)
def test_values_that_are_none(generation: dict[str, Any]) -> None:
    with pytest.raises(ConversionError, match=r"generation_config\.json cannot be followed"):
        settings(generation)


@pytest.mark.parametrize(
    ("config", "known"),
    [
        ({"vocab_size": VOCABULARY}, None),
        ({"vocab_size": 60, "decoder_vocab_size": VOCABULARY}, 60),
        ({"src_vocab_size": 60, "tgt_vocab_size": VOCABULARY, "vocab_size": VOCABULARY}, 60),
        ({"encoder": {"vocab_size": 60}, "decoder": {"vocab_size": VOCABULARY}}, 60),
        ({"encoder": {"image_size": 32}, "decoder": {"vocab_size": VOCABULARY}}, None),
        ({"text_config": {"vocab_size": VOCABULARY}, "vision_config": {}}, None),
    ],
)
def test_an_encoder_may_know_other_tokens(config: dict[str, Any], known: int | None) -> None:
    assert settings({}, config, "encoder-decoder").source_vocabulary == known
    assert settings({}, config).source_vocabulary is None
