"""Language models that generate, as two graphs with a cache of fixed size.

    prefill, decode = convert_decoder(model, prompt_length=16, cache_length=128)

Both take and give the same tensors, for ``prompt_length`` tokens at once and for one:

* ``input_ids``: int64[1, tokens];
* ``position``: int64[1], how many tokens are in the cache already, which is the place of the first new one;
* ``last``: int64[1], which of the new tokens ``logits`` is wanted after;
* ``past_key_0``, ``past_value_0`` ...: the cache of every layer, float32[1, heads, cache_length, head size], zeros at first.

Modules for every browser, and ``--target portable``, have int32 in the place of int64.

They give ``logits``, float32[1, 1, vocabulary], and the cache with the new tokens, ``present_key_0``, ``present_value_0`` ...,
which is fed to the next call. ``position`` plus the number of tokens must not exceed ``cache_length``. A token sees those at
its own place and before, whatever is behind in the cache. So a shorter prompt is filled up with any tokens: ``last`` is the
index of the prompt's own last one, and the next ``position`` the prompt's length, where generated tokens replace what was
filled in. A longer prompt is fed in pieces.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from converters.supervised import limited
from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.decoder_check import check_decoder
from converters.torch.load import load
from converters.torch.source import TorchSource
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, reason
from webnn_graph.graph import Graph

PARTS = ("prefill", "decode")
"""The two graphs of a decoder: for a whole prompt, and for one token."""


def convert_decoder(model: torch.nn.Module, *, prompt_length: int, cache_length: int, name: str = "") -> tuple[Graph, Graph]:
    """Converts a causal language model of transformers for generation with a cache of fixed size.

    It is compared with the model without a cache, on a few tokens more than a prompt or than its window has.

    Args:
        model: A ``...ForCausalLM`` in evaluation mode, in which each layer keeps keys and values. It is not changed.
        prompt_length: Tokens that the prefill graph takes at once.
        cache_length: Tokens that the cache holds, prompt and generated ones.
        name: Beginning of the graphs' names; by default the model's class.

    Returns:
        The prefill graph and the decode graph; see this module's description for their inputs and outputs. Their weights are
        the same: `webnn_graph.formats.save_together` stores them once.

    Raises:
        ConversionError: The model is of another kind, cannot be captured, has operators without an equivalent, or computes
            something else with such a cache than without one.
    """
    lengths = {"prompt_length": prompt_length, "cache_length": cache_length}
    programs = decoder_programs(model, **lengths)
    note = check_decoder(model, programs, **lengths)
    stem = name or type(model).__name__
    prefill, decode = (Conversion(program, f"{stem}_{part}", notes=filter(None, [note])).graph() for part, program in programs.items())
    return prefill, decode


def decoder_programs(model: torch.nn.Module, *, prompt_length: int, cache_length: int) -> dict[str, ExportedProgram]:
    """The programs of the two graphs, by part; see `convert_decoder`."""
    _check(model, prompt_length, cache_length)
    caches = _empty_caches(model, cache_length)
    module = Decoder(model).eval()
    return {part: captured(module, (), _inputs(tokens, caches)) for part, tokens in zip(PARTS, (prompt_length, 1), strict=True)}


class DecoderModel:
    """A language model in a Hugging Face folder, as `converters.commands.workflow.Parts`.

    Args:
        path: The folder; or a file, see `converters.torch.load.load`, also for ``loading``.
        prompt_length: See `convert_decoder`, as for the others.
    """

    names = PARTS

    def __init__(self, path: Path, *, prompt_length: int, cache_length: int, name: str = "", **loading: Any) -> None:
        self.path = path
        self.name = name or path.stem
        self.lengths = {"prompt_length": prompt_length, "cache_length": cache_length}
        self._factor = (loading.get("budget") or Budget()).factor
        self._notes: Sequence[str] = ()  # of the model, said once
        self._loading = {**loading, "task": loading.get("task") or "text-generation"}

    @cached_property
    def programs(self) -> dict[str, ExportedProgram]:
        """The programs of the two graphs."""
        loaded = load(self.path, **self._loading)
        if isinstance(loaded.module, ExportedProgram):
            raise ConversionError(f"{self.path} is an exported program; a decoder is made of the model itself")
        programs = decoder_programs(loaded.module, **self.lengths)
        for program in programs.values():
            loaded.check(program)
        note = check_decoder(loaded.module, programs, **self.lengths)
        self._notes = [*loaded.notes, *filter(None, [note])]
        return programs

    def convert(self) -> dict[str, Graph]:
        """The two graphs, by part."""
        with limited(self.path, self._factor):
            return {
                part: Conversion(program, f"{self.name}_{part}", Budget(self._factor), self._notes if part == PARTS[0] else ()).graph()
                for part, program in self.programs.items()
            }

    def source(self, name: str) -> TorchSource:
        """The model as the source of right numbers for a part."""
        return TorchSource(self.programs[name])

    def inputs(self, name: str) -> dict[str, Array]:
        """Places in the cache that exist: the prompt's for the first part, the one after it for the second."""
        prompt = self.lengths["prompt_length"]
        position, last = (0, prompt - 1) if name == "prefill" else (prompt, 0)
        return {"position": np.array([position]), "last": np.array([last])}


class Decoder(torch.nn.Module):
    """A causal language model as a function of its cache, from tensors to tensors; see this module's description."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, position: torch.Tensor, last: torch.Tensor, **past: torch.Tensor) -> dict[str, torch.Tensor]:
        """See `torch.nn.Module`."""
        from transformers.cache_utils import Cache

        layers = [_layer(past[f"past_key_{i}"], past[f"past_value_{i}"], position) for i in range(len(past) // 2)]
        result = self.model(input_ids=input_ids, past_key_values=Cache(layers=layers), use_cache=True, logits_to_keep=last)
        present = {f"present_{part}_{i}": getattr(layer, f"{part}s") for i, layer in enumerate(layers) for part in ("key", "value")}
        return {"logits": result.logits, **present}


def _layer(keys: torch.Tensor, values: torch.Tensor, position: torch.Tensor) -> Any:
    """A layer's cache that holds ``position`` tokens. Layers with a window keep all tokens, too; the mask makes the window."""
    from transformers.cache_utils import StaticLayer

    layer = StaticLayer(keys.shape[2])
    layer.keys, layer.values = keys.clone(), values.clone()
    layer.dtype, layer.device = keys.dtype, keys.device
    layer.cumulative_length = position.reshape(()).clone()
    layer.is_initialized = True
    return layer


def _empty_caches(model: torch.nn.Module, length: int) -> dict[str, torch.Tensor]:
    """The cache's tensors by name, with the heads and sizes that the model itself makes of a token."""
    try:
        with torch.no_grad():
            result = model(input_ids=torch.zeros(1, 1, dtype=torch.int64), use_cache=True)
    except Exception as error:  # models have no common exception
        raise ConversionError(f"{type(model).__name__} cannot be run on a token: {type(error).__name__}: {reason(error)}") from error
    tensors = {}
    for i, layer in enumerate(getattr(getattr(result, "past_key_values", None), "layers", ())):
        for part in ("key", "value"):
            made = getattr(layer, f"{part}s", None)
            if not isinstance(made, torch.Tensor) or made.dim() != 4 or hasattr(layer, "conv_states"):
                raise ConversionError(f"layer {i} of {type(model).__name__} keeps {type(layer).__name__}, not keys and values")
            tensors[f"past_{part}_{i}"] = made.new_zeros(1, made.shape[1], length, made.shape[3])
    if not tensors:
        raise ConversionError(f"{type(model).__name__} has no cache of keys and values", "convert it without a cache")
    return tensors


def _inputs(tokens: int, caches: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Example inputs for so many tokens."""
    ids, start = torch.zeros(1, tokens, dtype=torch.int64), torch.zeros(1, dtype=torch.int64)
    return {"input_ids": ids, "position": start, "last": start + tokens - 1, **caches}


def _check(model: torch.nn.Module, prompt_length: int, cache_length: int) -> None:
    """Raises `ConversionError` for a model or lengths that a decoder cannot be made of."""
    if not hasattr(model, "generate") or "logits_to_keep" not in inspect.signature(model.forward).parameters:
        raise ConversionError(f"{type(model).__name__} is no causal language model of transformers", "load it as AutoModelForCausalLM")
    if not 1 <= prompt_length < cache_length:
        raise ConversionError(f"a cache of {cache_length} tokens does not hold a prompt of {prompt_length} and what is generated")
    config: Any = model.config
    longest = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    if longest and cache_length > longest:
        raise ConversionError(f"the cache holds {cache_length} tokens, {type(model).__name__} has {longest} positions")
