"""What the configurations beside a model say of its generation: members of ``generation.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converters.onnx.generation.files import CONFIG, GENAI, GENERATION, Files

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")


def settings_of(files: Files, *, kind: str, cache: int, padding: bool) -> dict[str, Any]:
    """The settings; what nobody says is not in them.

    Args:
        files: Beside which the configurations are.
        kind: ``decoder`` or ``encoder-decoder``.
        cache: Tokens that the cache has room for.
        padding: Whether a shorter prompt may be filled up.
    """
    genai = files.configuration(GENAI)
    inner, search = _object(genai.get("model")), _object(genai.get("search"))
    config, generation = files.configuration(CONFIG), files.configuration(GENERATION)
    text = _object(config.get("text_config"))
    said: dict[str, Any] = {**search, **inner, **text, **config, **generation}
    begin = said.get("decoder_start_token_id") if kind == "encoder-decoder" else None
    start = begin if begin is not None else said.get("bos_token_id")
    settings = {
        "kind": kind,
        "cache": cache,
        "padding": padding,
        "model_type": config.get("model_type") or inner.get("type"),
        "start": _ids(start)[:1],
        "eos": _ids(said.get("eos_token_id")),
        "pad": next(iter(_ids(said.get("pad_token_id"))), None),
        "max_length": generation.get("max_length") or search.get("max_length"),
        "suppress": _ids(said.get("suppress_tokens")),
        "begin_suppress": _ids(said.get("begin_suppress_tokens")),
        "forced_bos": next(iter(_ids(said.get("forced_bos_token_id"))), None),
        "forced_eos": next(iter(_ids(said.get("forced_eos_token_id"))), None),
    }
    drawn = {name: said[name] for name in SAMPLING if _is_number(said.get(name))}
    if drawn and said.get("do_sample"):
        settings["sampling"] = drawn
    return {name: value for name, value in settings.items() if value not in (None, [], "")}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _ids(value: Any) -> list[int]:
    given = value if isinstance(value, list) else [value]
    return [item for item in given if type(item) is int and item >= 0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
