"""Sampling and beam search, compared with transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tests.generation import toys
from tests.generation.toys import VOCABULARY, Toy
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.generation import Beams, Generator, Sampling, Settings
from webnn_graph.generation.beams import Search, Step
from webnn_graph.generation.sampling import Rules, Sampler, warped

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")

WAYS: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 0.7},
    "hot": {"temperature": 3.0},
    "top_k": {"temperature": 1.0, "top_k": 5},
    "top_p": {"temperature": 1.0, "top_p": 0.8},
    "little top_p": {"temperature": 1.0, "top_p": 0.0},
    "min_p": {"temperature": 1.0, "min_p": 0.1},
    "all": {"temperature": 1.4, "top_k": 20, "top_p": 0.9, "min_p": 0.05, "repetition_penalty": 1.3},
    "a reward": {"temperature": 0.9, "top_p": 0.9, "repetition_penalty": 0.7},
}


def theirs(logits: Array, history: Sequence[int], temperature: float, **options: float) -> Array:
    """The probabilities that transformers draws from."""
    made = transformers.generation.logits_process
    steps = [
        made.RepetitionPenaltyLogitsProcessor(options.get("repetition_penalty", 1.0)),
        made.TemperatureLogitsWarper(temperature),
        *([made.TopKLogitsWarper(options["top_k"])] if "top_k" in options else []),
        *([made.TopPLogitsWarper(options["top_p"])] if "top_p" in options else []),
        *([made.MinPLogitsWarper(options["min_p"])] if "min_p" in options else []),
    ]
    scores = torch.from_numpy(logits[None].copy()).double()
    for step in steps:
        scores = step(torch.tensor([list(history)]), scores)
    return np.asarray(scores.softmax(-1)[0])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(4))
def test_probabilities(way: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (3 * random.standard_normal(60)).astype(np.float32)
    history = [int(token) for token in random.integers(0, 60, 9)]
    sampling = Sampling(**WAYS[way])
    sampler = Sampler(sampling, Rules(Settings(kind="decoder", cache=8), 0, None))
    ids, scores = sampler._processed(np.arange(60), logits, history)
    kept = warped(scores[: sampling.top_k], sampling)
    ours = np.zeros(60)
    ours[ids[: len(kept)]] = np.exp(kept) / np.exp(kept).sum()
    expected = theirs(logits, history, **WAYS[way])
    assert np.array_equal(ours > 0, expected > 0)
    assert np.allclose(ours, expected, atol=1e-9)


@pytest.mark.parametrize("way", ["all", "top_k"])
def test_tokens_are_drawn_as_often_as_they_are_probable(way: str) -> None:
    logits = Toy().logits([5, 9]).astype(np.float32)
    expected = theirs(logits, [5, 9], **WAYS[way])
    order = np.argsort(-logits, kind="stable")
    sampler = Sampler(Sampling(**WAYS[way], seed=1), Rules(Settings(kind="decoder", cache=8), 0, None))
    drawn = [sampler.choose(order, logits[order], lambda: logits, [5, 9]) for _ in range(4000)]
    found = np.bincount(drawn, minlength=VOCABULARY) / len(drawn)
    assert np.abs(found - expected).max() < 0.04


def test_a_seed_says_what_is_drawn() -> None:
    def made(seed: int | None) -> list[int]:
        with Generator(Toy().graphs(), replace(toys.SETTINGS, eos=())) as model:
            return list(model.generate([5, 9], max_tokens=10, temperature=2.0, seed=seed))

    assert made(3) == made(3) == made(3 + 2**32)
    assert len({tuple(made(seed)) for seed in range(5)}) > 1


def test_a_graph_that_gives_the_best_alone_is_asked_for_all_where_one_is_drawn() -> None:
    made = set()
    with Generator(Toy().graphs(1), replace(toys.SETTINGS, eos=())) as model:
        for seed in range(20):
            model.reset()
            made.update(model.generate([5, 9], max_tokens=1, temperature=5.0, seed=seed))
    assert len(made) > 3


# ------------------------------------------------------------------------------------------------------------------------- beams
SIZES: dict[str, Any] = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
SEARCHES: dict[str, dict[str, Any]] = {
    "two": {"num_beams": 2},
    "four, early": {"num_beams": 4, "early_stopping": True},
    "never": {"num_beams": 3, "early_stopping": "never", "length_penalty": 2.0},
    "short": {"num_beams": 3, "length_penalty": -1.0},
    "long": {"num_beams": 4, "length_penalty": 2.0, "early_stopping": True},
    "no repeats": {"num_beams": 3, "no_repeat_ngram_size": 2},
    "a penalty": {"num_beams": 3, "repetition_penalty": 1.5},
    "at least": {"num_beams": 3, "min_length": 8},
    "suppressed": {"num_beams": 3, "suppress_tokens": [3, 4, 5], "begin_suppress_tokens": [6, 7]},
    "forced": {"num_beams": 3, "forced_bos_token_id": 9, "forced_eos_token_id": 2},
}


def settings_of(options: dict[str, Any], eos: Sequence[int], kind: Any) -> Settings:
    return Settings(
        kind=kind,
        cache=64,
        eos=tuple(eos),
        min_length=options.get("min_length"),
        suppress=tuple(options.get("suppress_tokens", ())),
        begin_suppress=tuple(options.get("begin_suppress_tokens", ())),
        forced_bos=options.get("forced_bos_token_id"),
        forced_eos=options.get("forced_eos_token_id"),
        no_repeat_ngram_size=options.get("no_repeat_ngram_size"),
    )


def searched(logits: Any, prompt: list[int], options: dict[str, Any], eos: Sequence[int], kind: str, end: int) -> list[int]:
    """What our search finds, with the logits of all tokens until then."""

    def advance(tokens: tuple[int, ...], token: int) -> Step[tuple[int, ...]]:
        return Step((*tokens, token), logits((*tokens, token)))

    beams = Beams(**{name: options[name] for name in ("num_beams", "length_penalty", "early_stopping") if name in options})
    rules = Rules(settings_of(options, eos, kind), len(prompt), end)
    search: Search[tuple[int, ...]] = Search(beams, rules, options.get("repetition_penalty", 1.0), eos, len(prompt), end)
    return search.run(prompt, Step(tuple(prompt), logits(tuple(prompt))), advance)


@pytest.mark.parametrize("way", [way for way in SEARCHES if way != "forced"])
@pytest.mark.parametrize("seed", range(3))
def test_a_decoder_searches_as_transformers_does(way: str, seed: int) -> None:
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(**SIZES, initializer_range=0.6)
    model = transformers.LlamaForCausalLM(config).eval()
    prompt, eos = [1, 5, 9], [2, 11]
    with torch.no_grad():
        expected = model.generate(
            torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=eos, pad_token_id=0, bos_token_id=1, **SEARCHES[way]
        )[0].tolist()
        found = searched(
            lambda tokens: model(torch.tensor([tokens])).logits[0, -1].numpy(), prompt, SEARCHES[way], eos, "decoder", len(prompt) + 12
        )
    assert prompt + found == expected


@pytest.mark.parametrize("way", SEARCHES)
@pytest.mark.parametrize("seed", range(2))
def test_an_encoder_decoder_searches_as_transformers_does(way: str, seed: int) -> None:
    torch.manual_seed(seed)
    config = transformers.BartConfig(
        vocab_size=40,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_position_embeddings=32,
        init_std=0.6,
        forced_eos_token_id=None,
    )
    model = transformers.BartForConditionalGeneration(config).eval()
    source, eos = torch.tensor([[5, 6, 7, 2]]), [2]
    with torch.no_grad():
        expected = model.generate(source, max_length=14, do_sample=False, eos_token_id=2, pad_token_id=1, **SEARCHES[way])[0].tolist()
        start = [config.decoder_start_token_id]

        def logits(tokens: tuple[int, ...]) -> Array:
            return np.asarray(model(input_ids=source, decoder_input_ids=torch.tensor([tokens])).logits[0, -1])

        found = searched(logits, start, SEARCHES[way], eos, "encoder-decoder", 14)
    assert start + found == expected


def test_states_are_not_mixed_up() -> None:
    """What the graphs' states lead to is what comes of all tokens."""
    toy, source = Toy(), [3, 8, 11]
    options = {"num_beams": 3, "length_penalty": 0.5}
    expected = searched(
        lambda tokens: toy.told_logits(source, tokens).astype(np.float32), [1, 4, 6], options, toys.TRANSLATING.eos, "encoder-decoder", 12
    )
    with Generator(toy.told_graphs(), replace(toys.TRANSLATING, beams=Beams(**options))) as model:
        assert list(model.generate(source, start=[1, 4, 6])) == expected


def test_a_decoder_goes_on_behind_what_was_found() -> None:
    toy = Toy()
    with Generator(toy.graphs(), replace(toys.SETTINGS, eos=())) as model:
        found = list(model.generate([5, 9], beams=3, max_tokens=4))
        expected = searched(lambda tokens: toy.logits(tokens).astype(np.float32), [5, 9], {"num_beams": 3}, (), "decoder", 6)
        assert found == expected
        assert list(model.generate([4], max_tokens=1)) == [int(toy.logits([5, 9, *found, 4]).argmax())]


def test_beams_have_no_temperature() -> None:
    with Generator(Toy().graphs(), toys.SETTINGS) as model, pytest.raises(ExecutionError, match="several beams have no temperature"):
        model.generate([1], beams=2, temperature=1.0)
