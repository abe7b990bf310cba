"""What the configurations beside an ONNX model say of its generation: those of Hugging Face, and that of onnxruntime-genai."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converters.generation import settings_of
from converters.onnx.generation.files import CONFIG, GENAI, GENERATION, Files
from webnn_graph.generation import Settings


def settings_beside(files: Files, *, kind: str, cache: int, vocabulary: int, padding: bool) -> Settings:
    """The settings of a package; see `converters.generation.settings_of`.

    Args:
        files: Beside which the configurations are; that of onnxruntime-genai is heard where the others say nothing.
        kind: ``decoder`` or ``encoder-decoder``.
        cache: Tokens that the states hold.
        vocabulary: How many tokens there are.
        padding: Whether a shorter prompt may be filled up.

    Raises:
        ConversionError: A value is none that it can be.
        FormatError: A configuration is damaged.
    """
    genai = files.configuration(GENAI)
    model, search = _object(genai.get("model")), _object(genai.get("search"))
    config = {"model_type": model.get("type", ""), **model, **files.configuration(CONFIG)}
    generation = {**search, **files.configuration(GENERATION)}
    return settings_of(config, generation, kind=kind, cache=cache, vocabulary=vocabulary, padding=padding)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
