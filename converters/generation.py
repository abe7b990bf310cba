"""What generating takes, whatever the model's format: what configurations of Hugging Face say about it, and graphs for every browser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.generation import Beams, SamplingDefaults, Settings, Speech
from webnn_graph.generation.text import Text
from webnn_graph.graph import Graph
from webnn_graph.targets import PORTABLE, legalize, load_target

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
CAPTIONING = ("blip", "blip_text_model")
"""Models whose text begins with ``bos_token_id`` and ends with ``sep_token_id``, whatever is said of a decoder."""
CODES = re.compile(r"__([a-z]{2,3})__|<\|([a-z]{2,3})\|>|([a-z]{2}_[A-Z]{2})|([a-z]{3}_[A-Z][a-z]{3})")
"""How tokens spell languages: M2M100, Whisper, mBART, NLLB."""
NEUTRAL = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Values by which nothing is changed."""


def generating(graph: Graph, *, exact: bool = True) -> Graph:
    """The graph with integers of 32 bits, which every browser computes, and which hold all tokens and positions.

    Args:
        graph: The graph.
        exact: Whether nothing else is taken on trust; else the result must be compared with what is right.
    """
    return replace(legalize(graph, load_target(PORTABLE), exact=exact), notes=graph.notes)


def settings_of(
    config: Mapping[str, Any],
    generation: Mapping[str, Any],
    *,
    kind: str,
    cache: int,
    vocabulary: int,
    padding: bool = True,
    tokenizer: Text | None = None,
    sampling_rate: int | None = None,
) -> Settings:
    """The settings of a package.

    Args:
        config: What config.json says.
        generation: What generation_config.json says, which is heard first.
        kind: ``decoder`` or ``encoder-decoder``.
        cache: Tokens that the states hold.
        vocabulary: How many tokens there are; those beyond are none.
        padding: Whether a shorter prompt may be filled up.
        tokenizer: The tokenizer, whose tokens may be names of languages.
        sampling_rate: Samples a second of the sound that the model takes.

    Raises:
        ConversionError: A value is none that it can be.
    """
    parts = (config, config.get("text_config") or {}, config.get("decoder") or {})
    text = {name: value for part in parts for name, value in part.items() if value is not None}

    def said(name: str) -> Any:
        value = generation.get(name)
        return text.get(name) if value is None else value

    def tokens(value: Any) -> tuple[int, ...]:
        values = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
        return tuple(token for token in values if isinstance(token, int) and 0 <= token < vocabulary)

    def token(value: Any) -> int | None:
        return next(iter(tokens(value)), None)

    is_encoding = kind == "encoder-decoder"
    reader = {**config, **(config.get("text_config") or {}), **(config.get("encoder") or {})}
    source = reader.get("src_vocab_size", reader.get("vocab_size")) if is_encoding else None
    begin = said("decoder_start_token_id") if is_encoding else said("bos_token_id")
    begin = said("bos_token_id") if begin is None else begin
    if is_encoding and config.get("model_type") in CAPTIONING:
        begin = said("bos_token_id")
    end = said("sep_token_id") if config.get("model_type") in CAPTIONING else said("eos_token_id")
    pairs = [pair for pair in said("forced_decoder_ids") or [] if isinstance(pair, (list, tuple)) and len(pair) == 2]
    forced = dict(map(tuple, pairs))
    prompt = [forced[place] for place in range(1, len(forced) + 1) if forced.get(place) is not None]
    languages = {_language(name): id for name, id in (generation.get("lang_to_id") or {}).items() if token(id) is not None}
    language = speech = None
    if "no_timestamps_token_id" in generation:
        ids = generation.get("task_to_id") or {}
        tasks = {str(name): id for name, id in ids.items() if token(id) is not None}
        language = _told(generation, "language", languages, prompt)
        speech = Speech(
            tasks=tasks,
            task=_told(generation, "task", tasks, prompt),
            no_timestamps=token(generation["no_timestamps_token_id"]),
            max_initial_timestamp=generation.get("max_initial_timestamp_index"),
        )
        prompt = [id for id in prompt if id not in (*languages.values(), *tasks.values(), speech.no_timestamps)]
    elif tokenizer and is_encoding:
        languages = {name: id for name, id in _languages(tokenizer.data).items() if token(id) is not None}
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
            eos=tokens(end),
            pad=token(said("pad_token_id")),
            max_length=said("max_length") if is_encoding and said("max_length") != 20 else None,  # 20: transformers' own default
            min_length=said("min_length") or None,
            sampling=SamplingDefaults(**sampling),
            beams=Beams(
                num_beams=said("num_beams") or 1,
                length_penalty=1.0 if said("length_penalty") is None else float(said("length_penalty")),
                early_stopping=said("early_stopping") or False,
                renormalize=bool(said("renormalize_logits")),
            ),
            suppress=(*tokens(said("suppress_tokens")), *tokens([word[0] for word in said("bad_words_ids") or [] if len(word) == 1])),
            begin_suppress=tokens(said("begin_suppress_tokens")),
            forced_bos=token(said("forced_bos_token_id")),
            forced_eos=token(said("forced_eos_token_id")),
            no_repeat_ngram_size=said("no_repeat_ngram_size") or None,
            source_vocabulary=None if source == vocabulary else source,
            sampling_rate=sampling_rate,
            languages=languages,
            language=language,
            speech=speech,
        )
        settings.text()
    except (TypeError, ValueError, IndexError, FormatError) as error:
        why = error.what if isinstance(error, FormatError) else str(error)
        raise ConversionError(f"the model's generation_config.json cannot be followed: {why}") from error
    return settings


def _told(generation: Mapping[str, Any], what: str, ids: Mapping[str, int], prompt: Sequence[int]) -> str | None:
    """The language or task that is said by its name, or by its token in a prompt."""
    if generation.get(what) is not None:
        return _language(str(generation[what]))
    return next((name for name, id in ids.items() if id in prompt), None)


def _language(token: str) -> str:
    """The code that a token of a language spells; the token, if it spells it in another way."""
    match = CODES.fullmatch(token)
    return next(filter(None, match.groups())) if match else token


def _languages(tokenizer: bytes) -> dict[str, int]:
    """The tokens of languages in a ``tokenizer.json``, by code: those of which there are several, all spelled alike."""
    document = json.loads(tokenizer)
    found: dict[int, dict[str, int]] = {}
    for entry in document.get("added_tokens") or ():
        content, id = entry.get("content"), entry.get("id")
        if isinstance(content, str) and isinstance(id, int) and (match := CODES.fullmatch(content)):
            found.setdefault(match.lastindex or 0, {})[_language(content)] = id
    return max(found.values(), key=len, default={}) if max(map(len, found.values()), default=0) > 1 else {}
