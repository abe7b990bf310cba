"""What generating takes, whatever the model's format: what configurations of Hugging Face say about it, and graphs for every browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.generation import Beams, SamplingDefaults, Settings
from webnn_graph.graph import Graph
from webnn_graph.passes.products import PRODUCTS
from webnn_graph.passes.rows import Rows
from webnn_graph.targets import PORTABLE, legalize, load_target

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
NEUTRAL = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Values by which nothing is changed."""


def generating(graph: Graph, *, exact: bool = True) -> Graph:
    """The graph in few calls, with integers of 32 bits, which every browser computes, and which hold all tokens and positions.

    Args:
        graph: The graph.
        exact: Whether nothing else is taken on trust; else the result must be compared with what is right.
    """
    lean = Rows().apply(PRODUCTS.apply(graph))
    return replace(legalize(lean, load_target(PORTABLE), exact=exact), notes=graph.notes)


def settings_of(
    config: Mapping[str, Any], generation: Mapping[str, Any], *, kind: str, cache: int, vocabulary: int, padding: bool = True
) -> Settings:
    """The settings of a package.

    Args:
        config: What config.json says.
        generation: What generation_config.json says, which is heard first.
        kind: ``decoder`` or ``encoder-decoder``.
        cache: Tokens that the states hold.
        vocabulary: How many tokens there are; those beyond are none.
        padding: Whether a shorter prompt may be filled up.

    Raises:
        ConversionError: A value is none that it can be.
    """
    text = {**config, **(config.get("text_config") or {}), **(config.get("decoder") or {})}

    def said(name: str) -> Any:
        value = generation.get(name)
        return text.get(name) if value is None else value

    def tokens(value: Any) -> tuple[int, ...]:
        values = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
        return tuple(token for token in values if isinstance(token, int) and 0 <= token < vocabulary)

    def token(value: Any) -> int | None:
        return next(iter(tokens(value)), None)

    is_encoding = kind == "encoder-decoder"
    begin = said("decoder_start_token_id") if is_encoding else said("bos_token_id")
    begin = said("bos_token_id") if begin is None else begin
    pairs = [pair for pair in said("forced_decoder_ids") or [] if isinstance(pair, (list, tuple)) and len(pair) == 2]
    forced = dict(map(tuple, pairs))
    prompt = [forced[place] for place in range(1, len(forced) + 1) if forced.get(place) is not None]
    # A greedy generation is penalized, too.
    wanted = SAMPLING if said("do_sample") else ("repetition_penalty",)
    sampling = {name: said(name) for name in wanted if said(name) not in (None, NEUTRAL[name])}
    try:
        settings = Settings(
            kind=kind,  # type: ignore[arg-type]  # checked by text
            cache=cache,
            model_type=str(config.get("model_type", "")),
            padding=padding,
            start=(*tokens(begin), *tokens(prompt)),
            eos=tokens(said("eos_token_id")),
            pad=token(said("pad_token_id")),
            max_length=said("max_length") if is_encoding and said("max_length") != 20 else None,  # 20: transformers' own default
            min_length=said("min_length") or None,
            sampling=SamplingDefaults(**sampling),
            beams=Beams(
                num_beams=said("num_beams") or 1,
                length_penalty=1.0 if said("length_penalty") is None else float(said("length_penalty")),
                early_stopping=said("early_stopping") or False,
            ),
            suppress=tokens(said("suppress_tokens")),
            begin_suppress=tokens(said("begin_suppress_tokens")),
            forced_bos=token(said("forced_bos_token_id")),
            forced_eos=token(said("forced_eos_token_id")),
            no_repeat_ngram_size=said("no_repeat_ngram_size") or None,
        )
        settings.text()
    except (TypeError, ValueError, FormatError) as error:
        why = error.what if isinstance(error, FormatError) else str(error)
        raise ConversionError(f"the model's generation_config.json cannot be followed: {why}") from error
    return settings
