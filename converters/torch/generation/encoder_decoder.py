"""Models that generate what an encoder tells them of, as graphs with states of fixed shapes.

    graphs = convert_encoder_decoder(model, prompt_length=4, cache_length=128)

``encode`` takes what the model's encoder does: ``input_ids`` int32[1, length] with ``attention_mask`` int32[1, length], 1 where a token
is; sound or pictures as ``input_features``, ``input_values``, ``pixel_values``. It gives the keys and values that each layer of the
decoder attends to:

* ``cross_key_0``: float32[1, heads, size, length], ``cross_value_0``: float32[1, heads, length, size], ...;
* ``cross_mask``: int32[1, length], which of them count, where the encoder makes a mask of its own.

``decode`` and ``prefill`` are those of `converters.torch.generation.decoder`, and take these, too, besides ``attention_mask`` where
the model's decoder needs it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from transformers.cache_utils import Cache, DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from converters.generation import generating
from converters.torch.capture import captured
from converters.torch.configured import configured_inputs
from converters.torch.conversion import Conversion
from converters.torch.generation.buckets import tabulated
from converters.torch.generation.check import check_told
from converters.torch.generation.decoder import (
    DECODE,
    PREFILL,
    TOP,
    Lengths,
    check_lengths,
    eager,
    example_inputs,
    with_largest,
)
from converters.torch.generation.spectrogram import extractor_of
from converters.torch.generation.states import argument_of, cache_of, caching, states_in
from webnn_graph.errors import ConversionError, WebNNError, reason
from webnn_graph.generation.interface import SPECTROGRAM
from webnn_graph.graph import Graph

ENCODE = "encode"
MASK, CROSS_MASK, CROSS_KEY, CROSS_VALUE = "attention_mask", "cross_mask", "cross_key_", "cross_value_"
SOUND = {"samples": 160_000, "frames": 1000}
"""Ten seconds, where a configuration does not say how long a sound is."""
BEGINS = ("past_key_values_length", "cache_length")
"""What embeddings of places call the number that they count from: the latter since transformers 5.24."""


def empty_cache() -> EncoderDecoderCache:
    """A cache that a model fills."""
    return EncoderDecoderCache(DynamicCache(), DynamicCache())


@dataclass(frozen=True)
class Encoded:
    """What a model's encoder gave.

    Attributes:
        hidden: float32[1, length, size].
        mask: Which of these count, int[1, length], where the encoder makes a mask of its own.
        kind: The class of ``encoder_outputs`` that the model's forward takes.
    """

    hidden: torch.Tensor
    mask: torch.Tensor | None = None
    kind: Callable[..., Any] = BaseModelOutput

    @property
    def output(self) -> Any:
        """The same as the model's forward takes it."""
        masked = {} if self.mask is None else {MASK: self.mask}
        return self.kind(last_hidden_state=self.hidden, **masked)


class EncoderDecoder:
    """A model of transformers with an encoder, whose forward takes the inputs of both halves.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def decoder(self) -> Any:
        """The module that generates, whose forward is told what was encoded."""
        return self.model

    def encoder_inputs(self, configured: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Those of the encoder among a model's example inputs."""
        return dict(configured)

    def whole(self, inputs: Mapping[str, torch.Tensor], tokens: torch.Tensor, cache: Cache | None = None) -> tuple[Encoded, Any]:
        """What the encoder gives for its inputs, and the decoder for tokens, int[1, tokens]; a cache is filled."""
        given: list[Any] = []
        hook = self.model.get_encoder().register_forward_hook(lambda *call: given.append(call[-1]))
        try:
            result = self.model(**inputs, decoder_input_ids=tokens, **self._caching(cache))
        finally:
            hook.remove()
        (output,) = given
        mask = getattr(output, MASK, None)
        return Encoded(output[0], mask, BaseModelOutput if mask is None else type(output)), result

    def told(
        self, encoded: Encoded, mask: torch.Tensor | None, tokens: torch.Tensor, places: torch.Tensor, cache: Cache, **more: Any
    ) -> Any:
        """What the decoder gives for tokens at these places, int[1, tokens], with the keys in the cache."""
        masked = {} if mask is None else {MASK: mask}
        placed = {"decoder_position_ids": places} if self._is_placed else {}
        return self.model(encoder_outputs=encoded.output, decoder_input_ids=tokens, **self._caching(cache), **masked, **placed, **more)

    def _caching(self, cache: Cache | None) -> dict[str, Any]:
        return caching(self.decoder, cache)

    @property
    def _is_placed(self) -> bool:
        """Whether the decoder is told the places of tokens, which others count themselves."""
        if argument_of(self.model, "decoder_position_ids"):
            return True
        part = getattr(self.model, "decoder", None)  # a model put together of two gives its decoder what has this prefix
        return part is not None and bool(argument_of(part, "position_ids"))


class Captioner(EncoderDecoder):
    """BLIP, whose text decoder is a model of its own that is told what the picture's encoder gives."""

    @property
    def decoder(self) -> Any:
        """See `EncoderDecoder`."""
        return self.model.text_decoder

    def encoder_inputs(self, configured: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """See `EncoderDecoder`."""
        return {"pixel_values": configured["pixel_values"]}

    def whole(self, inputs: Mapping[str, torch.Tensor], tokens: torch.Tensor, cache: Cache | None = None) -> tuple[Encoded, Any]:
        """See `EncoderDecoder`."""
        hidden = self.model.vision_model(**inputs)[0]
        return Encoded(hidden), self.decoder(tokens, encoder_hidden_states=hidden, **self._caching(cache))

    def told(
        self, encoded: Encoded, mask: torch.Tensor | None, tokens: torch.Tensor, places: torch.Tensor, cache: Cache, **more: Any
    ) -> Any:
        """See `EncoderDecoder`."""
        return self.decoder(tokens, encoder_hidden_states=encoded.hidden, position_ids=places, **self._caching(cache), **more)


class Florence(EncoderDecoder):
    """Florence-2, whose encoder takes a picture and a text behind it.

    Its processor puts a token into the text for each piece of the picture; here the text comes without, and the pieces before it.
    """

    def encoder_inputs(self, configured: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """See `EncoderDecoder`."""
        return {name: configured[name] for name in ("input_ids", MASK, "pixel_values")}

    def whole(self, inputs: Mapping[str, torch.Tensor], tokens: torch.Tensor, cache: Cache | None = None) -> tuple[Encoded, Any]:
        """See `EncoderDecoder`."""
        seen = self.model.get_image_features(inputs["pixel_values"]).pooler_output
        text = self.model.get_input_embeddings()(inputs["input_ids"])
        mask = torch.cat([torch.ones(seen.shape[:2], dtype=torch.int64), inputs[MASK]], dim=1)
        hidden = self.model.get_encoder()(inputs_embeds=torch.cat([seen, text], dim=1), attention_mask=mask)[0]
        encoded = Encoded(hidden, mask)
        return encoded, self.told(encoded, None, tokens, None, cache)

    def told(self, encoded: Encoded, mask: torch.Tensor | None, tokens: torch.Tensor, places: Any, cache: Cache | None, **more: Any) -> Any:
        """See `EncoderDecoder`."""
        output = BaseModelOutput(last_hidden_state=encoded.hidden)
        return self.model(encoder_outputs=output, attention_mask=encoded.mask, decoder_input_ids=tokens, **self._caching(cache), **more)


def halves_of(model: Any) -> EncoderDecoder | None:
    """The halves of a model of transformers; None when it has no encoder, or none that a decoder goes on with."""
    config = getattr(model, "config", None)
    if getattr(config, "model_type", "") == "blip" and hasattr(model, "text_decoder") and not hasattr(model, "text_encoder"):
        return Captioner(model)
    if getattr(config, "model_type", "") == "florence2":
        return Florence(model)
    return EncoderDecoder(model) if getattr(config, "is_encoder_decoder", False) else None


def convert_encoder_decoder(
    model: torch.nn.Module,
    *,
    prompt_length: int,
    cache_length: int,
    top: int = TOP,
    dims: Mapping[str, int] | None = None,
    folder: Path | None = None,
    name: str = "",
) -> dict[str, Graph]:
    """Converts a model of transformers that has an encoder and generates.

    It is compared with the model without a cache, for text also with a shorter one without a mask.

    Args:
        model: In evaluation mode. It is not changed.
        prompt_length: Tokens that ``prefill`` takes at once; with 1 there is none.
        cache_length: Tokens that the decoder's cache holds.
        top: How many of the largest logits are given in order.
        dims: Sizes of what the encoder takes, see `converters.torch.configured.configured_inputs`.
        folder: Where the configuration of the model's processor is.
        name: Beginning of the graphs' names; by default the model's class.

    Returns:
        ``encode``, ``decode``, unless prompts are taken token by token ``prefill``, and for Whisper ``spectrogram``, for every browser;
        see this module's description for their inputs and outputs, and `converters.spectrogram.spectrogram`.

    Raises:
        ConversionError: The model is of another kind, cannot be captured, has operators without an equivalent, or computes
            something else with such a cache than without one.
    """
    halves = halves_of(model)
    if halves is None:
        raise ConversionError(
            f"{type(model).__name__} has no encoder that tells a decoder what to generate", "convert_decoder is for others"
        )
    programs, notes, inputs = encoder_decoder_programs(halves, Lengths(prompt_length, cache_length, top), dims or {}, folder)
    stem = name or type(model).__name__
    graphs = {part: generating(Conversion(program, f"{stem}_{part}", notes=notes).graph()) for part, program in programs.items()}
    extractor = extractor_of(model, inputs, folder)
    return {SPECTROGRAM: extractor.graph(f"{stem}_{SPECTROGRAM}"), **graphs} if extractor else graphs


def encoder_decoder_programs(
    halves: EncoderDecoder, lengths: Lengths, dims: Mapping[str, int], folder: Path | None = None
) -> tuple[dict[str, ExportedProgram], list[str], dict[str, torch.Tensor]]:
    """The programs of the graphs, by part, what is to be said of them, and inputs that fit; see `convert_encoder_decoder`."""
    model = halves.model
    if not hasattr(halves.decoder, "generate") or not halves.decoder.get_output_embeddings():
        raise ConversionError(f"{type(model).__name__} generates nothing", "--task text2text-generation gives a language model its head")
    check_lengths(halves.decoder, lengths)
    inputs, notes = _inputs(halves, dims, folder)
    longest = max([lengths.cache, *(value.shape[1] for value in inputs.values() if value.dim() == 2)])
    with eager(model), tabulated(model, longest), _placing(model):
        encoded, vocabulary, cache = _filled(halves, inputs)
        own = states_in(cache.self_attention_cache, type(model).__name__)
        past = {f"past_{name}": state.new_zeros(1, state.shape[1], lengths.cache, state.shape[3]) for name, state in own.items()}
        programs = {ENCODE: captured(_Encoder(halves).eval(), (), inputs)}
        decoder = _Decoder(halves, encoded, lengths.top).eval()
        mask = {} if encoded.mask is None else {CROSS_MASK: encoded.mask.to(torch.int64)}
        if encoded.mask is None and MASK in inputs:
            mask = {MASK: inputs[MASK]}
        given = _cross(cache) | mask
        tokens = {PREFILL: lengths.prompt, DECODE: 1} if lengths.prompt > 1 else {DECODE: 1}
        for part, count in tokens.items():
            programs[part] = captured(decoder, (), example_inputs(count) | past | given)
        check_told(model, lambda said, tokens: halves.whole(said, tokens)[1].logits, programs, inputs, vocabulary, lengths.cache)
    return programs, notes, inputs | mask


def _inputs(halves: EncoderDecoder, dims: Mapping[str, int], folder: Path | None) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Example inputs of the encoder, with a mask for a sound of open length, and what is to be said of their sizes."""
    model = halves.model
    if dims.get("batch", 1) != 1:
        raise ConversionError(f"a model generates for one input at a time, not for a batch of {dims['batch']}", "leave out --dim batch")
    inputs, notes = configured_inputs(model, dims, {}, folder, assumed=SOUND, encoder=True)
    inputs = halves.encoder_inputs(inputs)
    if not inputs:
        raise ConversionError(f"it is not known what the encoder of {type(model).__name__} takes")
    sound = inputs.get("input_values", inputs.get("input_features"))
    if sound is not None and MASK not in inputs and argument_of(model, MASK) and not getattr(model.config, "num_mel_bins", None):
        length = sound.shape[1]
        inputs[MASK] = (torch.arange(length) < length - length // 4).to(torch.int64).reshape(1, length)
    return inputs, notes


def _filled(halves: EncoderDecoder, inputs: Mapping[str, torch.Tensor]) -> tuple[Encoded, int, EncoderDecoderCache]:
    """What the model's encoder gives, how many tokens it knows, and its cache after one."""
    cache = empty_cache()
    try:
        with torch.no_grad():
            encoded, result = halves.whole(inputs, torch.zeros(1, 1, dtype=torch.int64), cache)
    except WebNNError:
        raise
    except Exception as error:  # models have no common exception
        raise ConversionError(
            f"{type(halves.model).__name__} cannot be run on what its configuration says: {type(error).__name__}: {reason(error)}"
        ) from error
    if not len(cache.cross_attention_cache.layers):
        raise ConversionError(f"{type(halves.model).__name__} keeps no keys of what its encoder gives")
    return encoded, result.logits.shape[-1], cache


@contextmanager
def _placing(model: torch.nn.Module) -> Iterator[None]:
    """Inside, embeddings of places that count from a number themselves take a tensor for it, too."""
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    modules = [module for module in tables if argument_of(module, *BEGINS) and argument_of(module, "position_ids")]
    hooks = [module.register_forward_pre_hook(_with_places, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _with_places(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of such an embedding with places in place of the number."""
    said = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    argument = argument_of(module, *BEGINS)
    begin = said.get(argument)
    if isinstance(begin, torch.Tensor) and said.get("position_ids") is None:
        tokens = next(iter(said.values())).shape[1]
        said |= {argument: 0, "position_ids": torch.arange(tokens) + begin}
    return (), said


def _cross(cache: EncoderDecoderCache) -> dict[str, torch.Tensor]:
    """The keys and values of what was encoded, by name; keys as a row of queries is multiplied with them."""
    pairs = [(layer.keys, layer.values) for layer in cache.cross_attention_cache.layers]
    keys = {f"{CROSS_KEY}{i}": keys.transpose(2, 3) for i, (keys, _) in enumerate(pairs)}
    return keys | {f"{CROSS_VALUE}{i}": values for i, (_, values) in enumerate(pairs)}


class _Encoder(torch.nn.Module):
    """What the decoder attends to, as a function of the encoder's inputs."""

    def __init__(self, halves: EncoderDecoder) -> None:
        super().__init__()
        self.model = halves.model
        self._halves = halves

    def forward(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """See `torch.nn.Module`."""
        cache = empty_cache()
        encoded, _ = self._halves.whole(inputs, torch.zeros(1, 1, dtype=torch.int64), cache)
        mask = {} if encoded.mask is None else {CROSS_MASK: encoded.mask.to(torch.int64)}
        return _cross(cache) | mask


class _Decoder(torch.nn.Module):
    """The decoder as a function of its states and of what was encoded.

    Args:
        halves: The model.
        like: What its encoder gives, of which the shapes count.
        top: How many of the largest logits are given in order.
    """

    def __init__(self, halves: EncoderDecoder, like: Encoded, top: int) -> None:
        super().__init__()
        self.model = halves.model
        self._halves = halves
        self._like = like
        self._top = top

    def forward(
        self, input_ids: torch.Tensor, position: torch.Tensor, last: torch.Tensor | None = None, **given: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """See `torch.nn.Module`."""
        states = {name.removeprefix("past_"): state for name, state in given.items() if name.startswith("past_")}
        layers = sum(name.startswith("key_") for name in states)
        cross = DynamicCache()
        for i in range(layers):
            cross.update(given[f"{CROSS_KEY}{i}"].transpose(2, 3), given[f"{CROSS_VALUE}{i}"], i)
        own = cache_of(states, position, layers, None)
        places = (torch.arange(input_ids.shape[1]) + position).unsqueeze(0)
        wanted = torch.zeros(1, dtype=torch.int64) if last is None else last
        keeps = argument_of(self._halves.decoder, "logits_to_keep")
        more = {keeps: wanted} if keeps else {}
        hidden = self._like.hidden
        result = self._halves.told(
            replace(self._like, hidden=torch.zeros_like(hidden), mask=given.get(CROSS_MASK)),
            given.get(MASK),
            input_ids,
            places,
            EncoderDecoderCache(own, cross),  # which has keys of what was encoded, so that none are computed
            **more,
        )
        present = states_in(own, type(self.model).__name__)
        logits = result.logits if keeps else result.logits.index_select(1, wanted)
        return with_largest(logits, self._top) | {f"present_{name}": present[name] for name in states}
