"""Whether the graphs of a decoder are the model: what they say of the next token, beside the model without a cache.

Models look into their cache in many ways (the place of a token, the mask, a window), and some take one of fixed size for
another one. Verification cannot see that, since it compares a graph with the program that it was made of.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from converters.checking.decoding import HALF_TOLERANCE, TOLERANCE, GraphCall, calls_of, difference
from converters.torch.interface import graph_inputs
from converters.torch.source import TorchSource
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError

MOST_WORK, LEAST_TOKENS = 1e13, 16
"""Floating-point operations, a few minutes' worth, that going beyond a window may take; so many tokens a call takes time for at least."""


def check_decoder(model: Any, programs: Mapping[str, ExportedProgram], cache_length: int) -> str:
    """Feeds the same tokens to the programs of the graphs and to the model without a cache.

    They go beyond a window that is smaller than the cache, see `converters.checking.decoding.calls_of`.

    Args:
        model: The model, see `converters.torch.generation.convert_decoder`, as for the length.
        programs: The program of a token and, before it, that of a prompt, if there is one.

    Returns:
        What is to be said about it; nothing as a rule.

    Raises:
        ConversionError: The logits differ.
    """
    config = model.config.get_text_config(decoder=True)
    window = max((size for size in _windows(config) if size < cache_length), default=0)
    widths = _widths(programs)
    calls = list(calls_of(widths, cache_length, window))
    note = ""
    if window and _work(model, calls) > MOST_WORK:
        calls = list(calls_of(widths, cache_length))
        note = f"compared with the model without a cache up to {calls[-1].last + 1} tokens, not beyond its window of {window}: too slow"
    random = np.random.default_rng(0)
    tokens = random.integers(0, config.vocab_size, (1, calls[-1].last + 1))
    right = _right(model, tokens, [call.last for call in calls])
    hint = f"a cache no longer than its window of {window} tokens may do" if window else "it is not made for a cache of fixed size"
    _compare(model, calls, _logits(programs, calls, tokens, {}), right, f"with a cache of {cache_length} tokens than without one", hint)
    return note


def check_told(
    model: Any,
    right: Callable[[Mapping[str, torch.Tensor], torch.Tensor], torch.Tensor],
    programs: Mapping[str, ExportedProgram],
    inputs: Mapping[str, torch.Tensor],
    vocabulary: int,
    cache_length: int,
) -> None:
    """The same for a decoder that is told what an encoder gives.

    Of a text part of which is masked the model is given the rest alone: what is masked must not count.

    Args:
        model: The model.
        right: The logits [1, tokens, vocabulary] of the model for an encoder's inputs and tokens.
        programs: Those of the encoder, of a prompt, if there is one, and of a token.
        inputs: Of the encoder.
        vocabulary: How many tokens there are.
        cache_length: Tokens that the cache holds.

    Raises:
        ConversionError: The logits differ.
    """
    encode, decoders = programs["encode"], {name: program for name, program in programs.items() if name != "encode"}
    source = TorchSource(encode)
    fed = {name: inputs[name].numpy() for name in graph_inputs(encode)}
    given = {**fed, **source.run(fed, source.outputs)}
    calls = list(calls_of(_widths(decoders), cache_length))
    pad = getattr(model.config.get_text_config(decoder=True), "pad_token_id", None)  # it has no place in the models that count places
    ordinary = [token for token in range(vocabulary) if token != pad]
    tokens = np.random.default_rng(0).choice(ordinary, (1, calls[-1].last + 1))
    with torch.no_grad():
        wanted = right(_short(inputs), torch.from_numpy(tokens))[0, [call.last for call in calls]].float().numpy()
    _compare(model, calls, _logits(decoders, calls, tokens, given), wanted, "in two halves than as a whole", "")


def _short(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inputs of an encoder without what is masked at the end of a text."""
    if "input_ids" not in inputs or "attention_mask" not in inputs:
        return dict(inputs)
    length = int(inputs["attention_mask"].sum())
    return {name: value[:, :length] if name in ("input_ids", "attention_mask") else value for name, value in inputs.items()}


def _widths(programs: Mapping[str, ExportedProgram]) -> dict[str, int]:
    """Tokens that each program takes."""
    return {part: graph_inputs(program)["input_ids"].meta["val"].shape[1] for part, program in programs.items()}


def _compare(model: Any, calls: Iterable[GraphCall], computed: Iterable[Array], right: Array, how: str, hint: str) -> None:
    """Raises `ConversionError` where logits are too far from the right ones."""
    most = TOLERANCE if next(model.parameters()).dtype is torch.float32 else HALF_TOLERANCE
    for call, logits, expected in zip(calls, computed, right, strict=True):
        off = difference(logits, expected)
        if not off <= most:
            raise ConversionError(
                f"{type(model).__name__} computes something else {how}: its logits after token {call.last + 1} are off by {off:.2%}",
                hint,
            )


def _right(model: Any, tokens: Array, wanted: list[int]) -> Array:
    """The logits [wanted, vocabulary] of the model without a cache after the tokens at these places."""
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    with torch.no_grad():
        kept = {"logits_to_keep": torch.tensor(wanted)} if keeps else {}
        logits = model(input_ids=torch.from_numpy(tokens), use_cache=False, **kept).logits[0].float().numpy()
    return logits if keeps else logits[wanted]


def _windows(config: Any) -> Iterator[int]:
    """The sizes in a configuration that limit how far a token sees back."""
    for name, value in config.to_dict().items():
        if ("window" in name or "chunk" in name) and isinstance(value, int) and not isinstance(value, bool) and value > 0:
            yield value


def _work(model: torch.nn.Module, calls: list[GraphCall]) -> float:
    """Floating-point operations of the calls and of the model on all of their tokens."""
    tokens = calls[-1].last + 1 + sum(max(call.width, LEAST_TOKENS) for call in calls)
    return 2.0 * tokens * sum(parameter.numel() for parameter in model.parameters())


def _logits(programs: Mapping[str, ExportedProgram], calls: list[GraphCall], tokens: Array, given: Mapping[str, Array]) -> Iterator[Array]:
    """What the programs give for each call, one after another with the same states, and what is given to all of them."""
    sources = {part: TorchSource(program) for part, program in programs.items()}
    inputs = graph_inputs(next(iter(programs.values())))
    states = {name: np.zeros(tuple(node.meta["val"].shape), np.float32) for name, node in inputs.items() if name.startswith("past_")}
    known = {name: given[name] for name in inputs if name in given and name != "input_ids"}
    for call in calls:
        source = sources[call.part]
        new = np.zeros((1, call.width), np.int64)
        new[:, : call.tokens] = tokens[:, call.position : call.position + call.tokens]
        last = {"last": np.array([call.tokens - 1])} if call.width > 1 else {}
        results = source.run({"input_ids": new, "position": np.array([call.position]), **last, **states, **known}, source.outputs)
        states = {name: results[name.replace("past", "present")] for name in states}
        yield results["logits"][0].astype(np.float32)
