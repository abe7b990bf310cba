"""Language models that generate, as graphs with states of fixed shapes.

    graphs = convert_decoder(model, prompt_length=16, cache_length=128)

``decode`` takes one token and ``prefill`` as many as a prompt has; both take and give the same tensors:

* ``input_ids``: int32[1, tokens];
* ``position``: int32[1], how many tokens are in the cache already, which is the place of the first new one;
* ``last``: int32[1], which of the new tokens the logits are wanted after; in ``prefill`` only;
* ``past_key_0``, ``past_value_0`` ...: the states, zeros at first; see `converters.torch.generation.states`.

They give ``logits``, float32[1, vocabulary], the largest of them in falling order, ``top_logits`` float32[1, k] and ``top_ids``
int32[1, k], and the states with the new tokens, ``present_key_0``, ``present_value_0`` ..., which are fed to the next call. ``position``
plus the number of tokens must not exceed the cache's length. A token sees those at its own place and before, whatever is behind in the
cache. So a shorter prompt is filled up with any tokens: ``last`` is the index of the prompt's own last one, and the next ``position`` the
prompt's length, where generated tokens replace what was filled in. A longer prompt is fed in pieces.

Recurrent states have no places: a model that has some takes its prompt token by token, and has no ``prefill``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.generation import generating
from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.generation.check import check_decoder
from converters.torch.generation.experts import experts_in_few_calls
from converters.torch.generation.states import argument_of, cache_of, caching, empty_states, held, is_recurrent, states_in
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph

PREFILL, DECODE = "prefill", "decode"
TOP = 64
"""Logits that a call gives in falling order, unless another number is asked for."""


@dataclass(frozen=True)
class Lengths:
    """How many tokens the graphs of a decoder take.

    Attributes:
        prompt: At once; 1 for a model that takes its prompts token by token.
        cache: Altogether, prompt and generated ones.
        top: The largest logits that a call gives in order, 1 for the largest alone.
    """

    prompt: int
    cache: int
    top: int = TOP


def convert_decoder(model: torch.nn.Module, *, prompt_length: int, cache_length: int, top: int = TOP, name: str = "") -> dict[str, Graph]:
    """Converts a causal language model of transformers for generation with states of fixed shapes.

    It is compared with the model without a cache, on a few tokens more than a prompt or than its window has.

    Args:
        model: A ``...ForCausalLM`` in evaluation mode. It is not changed.
        prompt_length: Tokens that ``prefill`` takes at once.
        cache_length: Tokens that the cache holds, prompt and generated ones.
        top: How many of the largest logits are given in order.
        name: Beginning of the graphs' names; by default the model's class.

    Returns:
        ``decode`` and, unless prompts are taken token by token, ``prefill``, for every browser; see this module's description for their
        inputs and outputs. Their weights are the same: `webnn_graph.formats.save_together` stores them once.

    Raises:
        ConversionError: The model is of another kind, cannot be captured, has operators without an equivalent, or computes
            something else with such a cache than without one.
    """
    programs, notes = decoder_programs(model, Lengths(prompt_length, cache_length, top))
    stem = name or type(model).__name__
    return {part: generating(Conversion(program, f"{stem}_{part}", notes=notes).graph()) for part, program in programs.items()}


def decoder_programs(model: Any, lengths: Lengths) -> tuple[dict[str, ExportedProgram], list[str]]:
    """The programs of the graphs, by part, and what is to be said of them; see `convert_decoder`."""
    _check(model, lengths)
    states = empty_states(model, lengths.cache)
    notes = []
    tokens = {PREFILL: lengths.prompt, DECODE: 1}
    if lengths.prompt == 1 or is_recurrent(states):
        del tokens[PREFILL]
    if lengths.prompt > 1 and PREFILL not in tokens:
        notes.append(f"{type(model).__name__} has recurrent states; prompts are taken token by token")
    past = {f"past_{name}": state for name, state in states.items()}
    # A model that is not told the places of new tokens computes them from how many there were, or needs those as a number.
    for is_number in [True] if argument_of(model, "position_ids") else [False, True]:
        module = Decoder(model, lengths.top, is_number).eval()
        try:
            with eager(model), experts_in_few_calls(model):
                programs = {part: captured(module, (), example_inputs(count) | past) for part, count in tokens.items()}
            note = check_decoder(model, programs, lengths.cache)
            break
        except ConversionError:
            if is_number:
                raise
    return programs, [*notes, *filter(None, [note])]


@contextmanager
def eager(model: Any) -> Iterator[None]:
    """Inside, the model's attention is spelled out, with a mask of numbers that leaves every row something."""
    before = model.config._attn_implementation
    if before == "eager":
        yield
        return
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@contextmanager
def _holding(model: Any, states: Sequence[torch.Tensor]) -> Iterator[list[tuple[torch.nn.Module, str]]]:
    """Inside, the model's modules hold these states; gives where, which is nowhere for most models."""
    places = held(model)
    before = [getattr(*place) for place in places]
    for place, state in zip(places, states, strict=bool(places)):
        setattr(*place, state)
    try:
        yield places
    finally:
        for place, state in zip(places, before, strict=True):
            setattr(*place, state)


class Decoder(torch.nn.Module):
    """A causal language model as a function of its states, from tensors to tensors; see this module's description.

    Args:
        model: The model.
        top: How many of the largest logits are given in order.
        is_number: Whether the model is told a Python number of tokens that it has seen, see `FixedCache`.
    """

    def __init__(self, model: Any, top: int, is_number: bool) -> None:
        super().__init__()
        self.model = model
        self.top = top
        self.is_number = is_number

    def forward(
        self, input_ids: torch.Tensor, position: torch.Tensor, last: torch.Tensor | None = None, **past: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """See `torch.nn.Module`."""
        states = {name.removeprefix("past_"): state for name, state in past.items()}
        tokens = input_ids.shape[1]
        options: dict[str, Any] = {"input_ids": input_ids}
        wanted = torch.zeros(1, dtype=torch.int64) if last is None else last
        keeps = argument_of(self.model, "logits_to_keep")
        if keeps:
            options[keeps] = wanted
        if argument_of(self.model, "position_ids"):
            options["position_ids"] = (torch.arange(tokens) + position).unsqueeze(0)
        layers = max((1 + int(name.split("_")[1]) for name in states if not name.startswith("state_")), default=0)
        cache = cache_of(states, position, max(layers, _layers(self.model)), tokens if self.is_number else None)
        options |= caching(self.model, cache)
        kept = [state.clone() for name, state in states.items() if name.startswith("state_")]  # models change them in place
        with _holding(self.model, kept) as places:
            if kept and not places:
                kept[-1] = torch.where(position == 0, -1e38, kept[-1])  # RWKV's largest exponent so far
                options["state"] = kept
            result = self.model(**options)
            kept = [getattr(*place) for place in places] or getattr(result, "state", None) or []
        present = states_in(cache, type(self.model).__name__) | {f"state_{i}": state for i, state in enumerate(kept)}
        logits = result.logits if keeps else result.logits.index_select(1, wanted)
        return with_largest(logits, self.top) | {f"present_{name}": present[name] for name in states}


def with_largest(logits: torch.Tensor, top: int) -> dict[str, torch.Tensor]:
    """The outputs that say what comes next, of the logits [1, 1, vocabulary]."""
    logits = logits.reshape(1, -1).float()
    largest, ids = torch.topk(logits, min(top, logits.shape[1]))
    return {"logits": logits, "top_logits": largest, "top_ids": ids}


def _first_rotation(config: Any) -> int | None:
    """Up to how many tokens a model's rotary embedding has the first of its two tables (LongRoPE); None where there is but one."""
    rotary = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    if rotary.get("rope_type", rotary.get("type")) != "longrope":
        return None
    first: int | None = getattr(config, "original_max_position_embeddings", None) or rotary.get("original_max_position_embeddings")
    return first


def _is_causal(model: Any) -> bool:
    """Whether the logits after a token are the same whatever comes next; a model that cannot be run is another problem."""
    try:
        with torch.no_grad():
            first, second = (model(input_ids=torch.tensor([[1, next]]), use_cache=False).logits[0, 0].float() for next in (2, 3))
    except Exception:  # models have no common exception
        return True
    return torch.allclose(first, second, rtol=1e-2, atol=1e-2 * float(first.abs().max()))


def _layers(model: Any) -> int:
    config = model.config.get_text_config(decoder=True)
    return int(getattr(config, "num_hidden_layers", 0) or 0)


def example_inputs(tokens: int) -> dict[str, torch.Tensor]:
    """Example inputs for so many tokens."""
    ids, start = torch.zeros(1, tokens, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
    return {"input_ids": ids, "position": start} | ({"last": start + tokens - 1} if tokens > 1 else {})


def _check(model: Any, lengths: Lengths) -> None:
    """Raises `ConversionError` for a model or lengths that a decoder cannot be made of."""
    if not hasattr(model, "generate") or not getattr(model, "get_output_embeddings", lambda: None)():
        raise ConversionError(f"{type(model).__name__} is no causal language model of transformers", "load it as AutoModelForCausalLM")
    if not _is_causal(model):
        raise ConversionError(f"{type(model).__name__} generates nothing: what it says of a token depends on those behind it")
    check_lengths(model, lengths)


def check_lengths(model: Any, lengths: Lengths) -> None:
    """Raises `ConversionError` for lengths that a model cannot have."""
    if not 1 <= lengths.prompt < lengths.cache:
        raise ConversionError(f"a cache of {lengths.cache} tokens does not hold a prompt of {lengths.prompt} and what is generated")
    config = model.config.get_text_config(decoder=True)
    said = (getattr(config, name, None) for name in ("max_position_embeddings", "max_target_positions"))
    longest = next((positions for positions in said if positions), None)
    if longest and lengths.cache > longest:
        raise ConversionError(f"the cache holds {lengths.cache} tokens, {type(model).__name__} has {longest} positions")
    if (first := _first_rotation(config)) and lengths.cache > first:
        raise ConversionError(
            f"the cache holds {lengths.cache} tokens; {type(model).__name__} turns all by other angles when there are more than {first}",
            f"a cache of {first} tokens or less will do",
        )
