"""What a language model keeps between two calls, as tensors of fixed shapes: keys and values of each layer, or its recurrent states.

A state is an input ``past_<name>`` of a graph and its output ``present_<name>``: what a call gives, the next one takes.

========================  ================================================================================
``key_3``, ``value_3``    float32[1, heads, cache, size]: what layer 3 attends to, a place for each token
``conv_3_0``              float32[1, channels, taps]: the last columns of layer 3's first causal convolution
``recurrent_3_0``         float32[1, ...]: the state of its first recurrence
``state_0``               float32[1, ...]: what a model passes in a list, as RWKV, or keeps in its modules, as RecurrentGemma
========================  ================================================================================
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
import transformers
from transformers.cache_utils import Cache, DynamicCache, LinearAttentionAndStaticFullAttentionLayer, LinearAttentionLayer, StaticLayer

from converters.torch.generation.operators import write
from webnn_graph.errors import ConversionError, reason

CACHES = ("past_key_values", "cache_params", "cache")
"""What forward calls its cache: the last since transformers 5.24, the others before."""
RECURRENT = ("conv", "recurrent")
"""The kinds of states that every token changes as a whole."""


class Places(StaticLayer):
    """Keys and values with a place for each token; layers with a window keep all tokens, too: their mask makes the window."""

    keys: Any
    values: Any
    cumulative_length: Any

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """See `StaticLayer`, but for tensors that do not change."""
        start = self.cumulative_length
        self.keys, self.values = write(self.keys, key_states, start), write(self.values, value_states, start)
        self.cumulative_length = start + key_states.shape[-2]
        return self.keys, self.values


class Recurrence(LinearAttentionLayer):
    """Recurrent states alone."""


class PlacesAndRecurrence(Places, LinearAttentionAndStaticFullAttentionLayer):
    """Both, for layers that have two branches."""


class FixedCache(Cache):
    """A cache of fixed length that holds ``position`` tokens.

    What masks are made with is the position.

    Args:
        layers: One for each of the model's.
        position: int[1].
        tokens: How many tokens are going to be new; then what a model asks for as the length of the past is a Python number, as large as
            it can be, since all of the past is there, and masked. None for the position, from which models compute those of new tokens.
    """

    def __init__(self, layers: list[Any], position: torch.Tensor, tokens: int | None) -> None:
        super().__init__(layers=layers)
        self.position = position.reshape(())
        places = max((layer.max_cache_len for layer in layers if isinstance(layer, Places)), default=0)
        self.seen = self.position if tokens is None else max(places - tokens, 0)

    def get_seq_length(self, layer_idx: int = 0) -> Any:
        """See `Cache`."""
        return self.seen

    def get_query_offset(self, layer_idx: int = 0) -> Any:
        """See `Cache`."""
        return self.position


def argument_of(model: Any, *names: str) -> str:
    """Which of these the model's forward takes; empty for none."""
    parameters = inspect.signature(model.forward).parameters
    return next((name for name in names if name in parameters), "")


def caching(model: Any, cache: Cache | None) -> dict[str, Any]:
    """The arguments with which the model's forward fills a cache; without one, those with which it makes none."""
    argument = argument_of(model, *CACHES)
    return {"use_cache": cache is not None} | ({argument: cache} if argument and cache is not None else {})


def empty_states(model: Any, length: int) -> dict[str, torch.Tensor]:
    """The states before the first token, by name, with the sizes that the model itself makes of a token.

    Args:
        model: A causal language model.
        length: Tokens that are kept where there is a place for each.

    Raises:
        ConversionError: The model cannot be run on a token, or keeps something else.
    """
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    try:
        with torch.no_grad():
            result = model(input_ids=torch.zeros(1, 1, dtype=torch.int64), **caching(model, cache))
    except Exception as error:  # models have no common exception
        raise ConversionError(f"{type(model).__name__} cannot be run on a token: {type(error).__name__}: {reason(error)}") from error
    kept = getattr(result, "state", None) if argument_of(model, "state") else [getattr(*place) for place in held(model)]
    states = dict(_states(cache, type(model).__name__)) | {f"state_{i}": state for i, state in enumerate(kept or ())}
    if not states:
        raise ConversionError(
            f"{type(model).__name__} keeps nothing between two tokens, with transformers {transformers.__version__}",
            "convert it without a cache",
        )
    for name, state in states.items():
        shape = list(state.shape)
        if name.startswith(("key_", "value_")):
            shape[2] = length
        states[name] = state.new_zeros(shape)
    return states


def held(model: Any) -> list[tuple[torch.nn.Module, str]]:
    """Where the modules of a model keep states in attributes of their own, after a token."""
    return [
        (module, name)
        for module in model.modules()
        for name in ("conv1d_state", "recurrent_states")
        if isinstance(getattr(module, name, None), torch.Tensor)
    ]


def _states(cache: Cache, model: str) -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors of a cache that every call replaces."""
    for i, layer in enumerate(cache.layers):
        keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
        if isinstance(keys, torch.Tensor) and isinstance(values, torch.Tensor):
            if keys.dim() != 4 or values.dim() != 4:
                raise ConversionError(f"layer {i} of {model} keeps keys of {keys.dim()} dimensions; it takes [batch, heads, tokens, size]")
            yield f"key_{i}", keys
            yield f"value_{i}", values
        for kind in RECURRENT:
            for j, state in getattr(layer, f"{kind}_states", {}).items():
                if isinstance(state, torch.Tensor):
                    yield f"{kind}_{i}_{j}", state


def is_recurrent(states: Mapping[str, torch.Tensor]) -> bool:
    """Whether a call with tokens that are not meant spoils the states: recurrent ones have no place that is written over."""
    return any(name.startswith((*(f"{kind}_" for kind in RECURRENT), "state_")) for name in states)


def cache_of(states: Mapping[str, torch.Tensor], position: torch.Tensor, layers: int, tokens: int | None) -> FixedCache:
    """A cache that holds ``position`` tokens (int[1]) in these states, for so many new ones, see `FixedCache`."""
    return FixedCache([_layer(i, states, position) for i in range(layers)], position, tokens)


def _layer(i: int, states: Mapping[str, torch.Tensor], position: torch.Tensor) -> Any:
    recurrent = {kind: [states[name] for name in states if name.startswith(f"{kind}_{i}_")] for kind in RECURRENT}
    count = max(map(len, recurrent.values()))
    keys = states.get(f"key_{i}")
    if keys is None:
        layer: Any = Recurrence(number_of_states=max(count, 1))
    else:
        layer = PlacesAndRecurrence(keys.shape[2], number_of_states=count) if count else Places(keys.shape[2])
        layer.keys, layer.values = keys, states[f"value_{i}"]
        layer.cumulative_length = position.reshape(()).clone()
        layer.is_initialized = True
    first = keys if keys is not None else next((state for kind in recurrent.values() for state in kind), torch.zeros(()))
    layer.dtype, layer.device = first.dtype, first.device
    for kind, kept in recurrent.items():
        for j, state in enumerate(kept):
            getattr(layer, f"{kind}_states")[j] = state.clone()  # models change them in place
            getattr(layer, f"is_{kind}_states_initialized")[j] = True
            if kind == "conv":
                layer.conv_kernel_size[j] = state.shape[-1]
                layer.has_previous_state[j] = True
    return layer


def states_in(cache: Cache, model: str) -> dict[str, torch.Tensor]:
    """The states of a cache by name."""
    return dict(_states(cache, model))
