"""The loop, compared with one that computes everything anew for each token, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import pytest
from msgspec.structs import replace

from tests.generation import toys
from tests.generation.toys import BEST, CACHE, PROMPT, VOCABULARY, Toy
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.generation import Generator
from webnn_graph.generation.settings import SamplingDefaults

TOY = Toy()


def greedy(logits: Callable[[Sequence[int]], Array], tokens: Sequence[int], count: int, eos: Sequence[int] = ()) -> list[int]:
    """The tokens that follow, one by one; a margin makes sure that rounding does not decide."""
    made: list[int] = []
    while len(made) < count and not (made and made[-1] in eos):
        scores = logits([*tokens, *made])
        first, second = np.sort(scores)[::-1][:2]
        assert first - second > 1e-4
        made.append(int(scores.argmax()))
    return made


@pytest.fixture
def model() -> Iterator[Generator]:
    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=())) as model:
        yield model


@pytest.mark.parametrize("length", [1, 2, PROMPT - 1, PROMPT, PROMPT + 1, PROMPT + 2, 2 * PROMPT, 2 * PROMPT + 3])
def test_prompts_of_all_lengths(model: Generator, length: int) -> None:
    prompt = list(range(3, 3 + length))
    assert list(model.generate(prompt, max_tokens=5)) == greedy(TOY.logits, prompt, 5)


@pytest.mark.parametrize("length", [1, PROMPT - 1, PROMPT, PROMPT + 2, 2 * PROMPT + 3])
def test_recurrent_states_are_not_padded(length: int) -> None:
    prompt = list(range(3, 3 + length))
    with Generator(TOY.recurrent_graphs(), replace(toys.RECURRENT, eos=())) as model:
        assert list(model.generate(prompt, max_tokens=4)) == greedy(TOY.recurrent_logits, prompt, 4)
        assert list(model.generate([9], max_tokens=1)) == greedy(TOY.recurrent_logits, model.ids[:-1], 1)


def test_a_second_turn_goes_on_behind_the_first(model: Generator) -> None:
    first = list(model.generate([5, 9], max_tokens=3))
    second = list(model.generate([7, 7, 4], max_tokens=3))
    whole = [5, 9, *first, 7, 7, 4]
    assert second == greedy(TOY.logits, whole, 3)
    assert model.ids == [*whole, *second]
    assert list(model.generate(max_tokens=2)) == greedy(TOY.logits, model.ids[:-2], 2)
    model.reset()
    assert list(model.generate([5, 9], max_tokens=3)) == first


def test_the_end_of_the_cache_takes_a_prompt_that_cannot_be_padded(model: Generator) -> None:
    prompt = [(7 * i) % VOCABULARY for i in range(CACHE - 1)]
    made = list(model.generate(prompt, max_tokens=2))
    assert made == greedy(TOY.logits, prompt, 2)


def test_a_full_cache_says_so(model: Generator) -> None:
    tokens = []
    with pytest.raises(ExecutionError, match="the cache is full: it holds 16 tokens"):
        tokens += model.generate([1, 2, 3])
    assert len(model.ids) == CACHE + 1
    with pytest.raises(ExecutionError, match="the cache is full"):
        list(model.generate([1], max_tokens=1))
    model.reset()
    with pytest.raises(ExecutionError, match="holds 16 tokens, of which 16 are free, and 17 were given"):
        list(model.generate([1] * 17))
    assert model.ids == []
    assert list(model.generate([5, 9], max_tokens=3)) == greedy(TOY.logits, [5, 9], 3)


def test_it_stops(model: Generator) -> None:
    expected = greedy(TOY.logits, [5, 9], 8)
    at = next(i for i, token in enumerate(expected) if token not in expected[:i] and i)
    assert list(model.generate([5, 9], stop=[expected[at]], max_tokens=8)) == expected[: at + 1]
    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=(expected[at],))) as other:
        assert list(other.generate([5, 9])) == expected[: at + 1]
    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=(), max_length=5)) as other:
        assert list(other.generate([5, 9])) == expected[:3]
        with pytest.raises(ExecutionError, match="5 tokens leave no room: max_length is 5"):
            other.generate()


def test_it_begins_with_what_the_settings_say(model: Generator) -> None:
    assert list(model.generate(max_tokens=2)) == greedy(TOY.logits, [1], 2)
    with Generator(TOY.graphs(), replace(toys.SETTINGS, start=())) as other, pytest.raises(ExecutionError, match="begins with a token"):
        other.generate()


def test_one_at_a_time(model: Generator) -> None:
    first = model.generate([5, 9], max_tokens=4)
    expected = greedy(TOY.logits, [5, 9], 4)
    assert next(first) == expected[0]
    with pytest.raises(ExecutionError, match="generates already"):
        model.generate([1])
    first.close()  # type: ignore[attr-defined]
    assert list(model.generate(max_tokens=3)) == expected[1:]


def test_what_was_left_goes_on(model: Generator) -> None:
    expected = greedy(TOY.logits, [5, 9], 6)
    assert list(islice(model.generate([5, 9]), 2)) == expected[:2]
    assert list(model.generate(max_tokens=4)) == expected[2:]


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([VOCABULARY], "the tokens have 23, which is none of the 23 tokens"),
        ([-1], "have -1"),
        ([2**40], "have 1099511627776"),
        ([0.5], "must be a list of whole numbers"),
        ("text", "must be a list of whole numbers"),
        ([[1]], "must be a list of whole numbers"),
    ],
)
def test_tokens_that_are_none(model: Generator, tokens: object, said: str) -> None:
    with pytest.raises(ExecutionError, match=said):
        model.generate(tokens)  # type: ignore[arg-type]
    assert list(model.generate([5, 9], max_tokens=2)) == greedy(TOY.logits, [5, 9], 2)


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1}, {"top_k": 0}, {"top_p": 1.5}, {"min_p": -0.1}, {"repetition_penalty": 0}, {"max_tokens": 0}, {"start": [1]}],
)
def test_options_out_of_their_range(model: Generator, wrong: dict[str, float]) -> None:
    with pytest.raises(ExecutionError):
        model.generate([1], **wrong)  # type: ignore[arg-type]


def test_what_may_not_come() -> None:
    expected = greedy(TOY.logits, [5, 9], 2)

    def without(*tokens: int) -> Callable[[Sequence[int]], Array]:
        def logits(ids: Sequence[int]) -> Array:
            scores = TOY.logits(ids)
            scores[list(tokens)] = -np.inf
            return scores

        return logits

    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=(), suppress=(expected[0],))) as model:
        assert list(model.generate([5, 9], max_tokens=4)) == greedy(without(expected[0]), [5, 9], 4)
    best = [int(token) for token in np.argsort(-TOY.logits([5, 9]))[: BEST + 2]]
    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=(), begin_suppress=tuple(best))) as model:  # more than the graph gives
        first, second = model.generate([5, 9], max_tokens=2)
    assert [first] == greedy(without(*best), [5, 9], 1)
    assert [second] == greedy(TOY.logits, [5, 9, first], 1)


def test_forced_tokens() -> None:
    with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=(), forced_bos=7, forced_eos=3, max_length=5)) as model:
        made = list(model.generate([5]))
    assert (made[0], made[-1], len(made)) == (7, 3, 4)
    assert made[1:3] == greedy(TOY.logits, [5, 7], 2)


@pytest.mark.parametrize("penalty", [0.8, 1.3, 4.0])
@pytest.mark.parametrize("best", [1, BEST, VOCABULARY])
def test_a_penalty_is_exact_whatever_the_graph_gives(penalty: float, best: int) -> None:
    def logits(ids: Sequence[int]) -> Array:
        scores = TOY.logits(ids)
        seen = list(set(ids))
        scores[seen] = np.where(scores[seen] < 0, scores[seen] * penalty, scores[seen] / penalty)
        return scores

    settings = replace(toys.SETTINGS, eos=(), sampling=SamplingDefaults(repetition_penalty=penalty))
    with Generator(TOY.graphs(best), settings) as model:
        assert list(model.generate([5, 9, 2], max_tokens=8)) == greedy(logits, [5, 9, 2], 8)


def test_an_encoder_is_told_and_tells() -> None:
    source, other = [3, 8, 11], [4, 4, 9, 20, 21, 6]
    with Generator(TOY.told_graphs(), replace(toys.TRANSLATING, eos=())) as model:
        for tokens in (source, other):
            made = list(model.generate(tokens))
            assert made == greedy(lambda ids, tokens=tokens: TOY.told_logits(tokens, ids), [1], 11)  # type: ignore[misc]
        begun = list(model.generate(source, start=[1, 9, 9, 9, 9], max_tokens=2))
        assert begun == greedy(lambda ids: TOY.told_logits(source, ids), [1, 9, 9, 9, 9], 2)
        with pytest.raises(ExecutionError, match="takes 1 to 6 tokens, and 7 were given"):
            list(model.generate([1] * 7))
        with pytest.raises(ExecutionError, match="is given what is encoded"):
            model.generate()


@pytest.mark.parametrize("runtime", ["onnxruntime", "rustnn", pytest.param("browser", marks=pytest.mark.browser)])
def test_every_runtime(runtime: str) -> None:
    from webnn_graph.errors import RuntimeUnavailable

    try:
        with Generator(TOY.graphs(), replace(toys.SETTINGS, eos=()), runtime=runtime) as model:
            assert list(model.generate([5, 9, 2, 3, 3], max_tokens=3)) == greedy(TOY.logits, [5, 9, 2, 3, 3], 3)
    except RuntimeUnavailable as error:
        pytest.skip(error.message)
