"""What a model with an encoder is told: the tokens that it begins with, and what it encodes, as inputs of its first graph.

``templates/generation/telling.js`` is the same in JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError
from webnn_graph.generation.interface import IDS, MASK
from webnn_graph.generation.settings import Settings
from webnn_graph.graph import Graph, Operand

Source: TypeAlias = Sequence[int] | Array | Mapping[str, Array]
"""What an encoder is given: tokens, the values of its only other input, or of ``spectrogram``'s, or inputs by name.

A list of tokens, and a sound, may be shorter than what the graph takes."""
LANGUAGE = -1
"""In first tokens: the language that the model finds most probable."""


def wrong(what: str, hint: str = "") -> ExecutionError:
    """The error of what a caller gave."""
    return ExecutionError(what, hint, code=Code.WRONG_INPUT)


def checked(tokens: Any, what: str, vocabulary: int) -> list[int]:
    """The tokens of a caller. Raises `ExecutionError` for what is none of the vocabulary."""
    try:
        array = np.asarray(tokens)
    except ValueError:  # lists of several lengths
        array = np.empty((0, 0))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise wrong(f"{what} must be a list of whole numbers")
    others = [int(token) for token in array if not 0 <= token < vocabulary]
    if others:
        raise wrong(f"{what} have {others[0]}, which is none of the {vocabulary} tokens that the model knows")
    return [int(token) for token in array]


# ------------------------------------------------------------------------------------------------------------ what it begins with
def spoken(settings: Settings, language: str | None, task: str | None, timestamps: bool) -> list[int]:
    """What a model of speech is told behind its first token, `LANGUAGE` for one that is to be found.

    Raises:
        ExecutionError: There is no such language or task.
    """
    speech = settings.speech
    assert speech
    found = []
    said = language if language is not None else settings.language
    if said is not None:
        found.append(named(settings.languages, said, "language"))
    elif settings.languages:
        found.append(LANGUAGE)
    task = task or speech.task or ("transcribe" if language is not None and "transcribe" in speech.tasks else None)
    if task is not None:
        found.append(named(speech.tasks, task, "task"))
    if timestamps and speech.no_timestamps is None:
        raise ExecutionError("the model knows no times")
    return found if timestamps or speech.no_timestamps is None else [*found, speech.no_timestamps]


def named(ids: Mapping[str, int], name: str, what: str) -> int:
    """The token of a language or task. Raises `ExecutionError`."""
    if name not in ids:
        known = ", ".join(ids) if len(ids) <= 12 else f"{len(ids)}, among them {', '.join(list(ids)[:12])}"
        raise ExecutionError(f"the model has no {what} {name!r}", f"it has {known}" if ids else "")
    return ids[name]


# ------------------------------------------------------------------------------------------------------------------ what it encodes
def feeds_of(source: Source, graphs: Mapping[str, Graph], settings: Settings, vocabulary: int) -> tuple[str, dict[str, Array]]:
    """Which graph is given a caller's source first, and what.

    Args:
        source: See `Source`.
        graphs: By name.
        settings: Of the same model.
        vocabulary: How many tokens the encoder knows.

    Raises:
        ExecutionError: It does not fit.
    """
    encode = {operand.name: operand for operand in graphs["encode"].inputs}
    is_named = isinstance(source, Mapping)
    is_sound = "spectrogram" in graphs and not (is_named and set(source) & set(encode))
    part = "spectrogram" if is_sound else "encode"
    inputs = {operand.name: operand for operand in graphs[part].inputs}
    if isinstance(source, Mapping):
        return part, _by_name(source, inputs, settings, vocabulary)
    if len(inputs) - (MASK in inputs) > 1:
        raise wrong(f"the encoder takes {', '.join(inputs)}: give them by name")
    if IDS in inputs:
        return part, _text(checked(source, "the tokens", vocabulary), inputs, settings)
    return part, _numbers(source, inputs, settings if is_sound else None)


def joined(tokens: list[int] | None, numbers: Array | None, graphs: Mapping[str, Graph]) -> Source | None:
    """What a model is given of tokens, of the values of another input, or of both.

    Raises:
        ExecutionError: Its encoder takes no text, or not both.
    """
    names = [operand.name for operand in graphs["encode"].inputs if operand.name != MASK] if "encode" in graphs else [IDS]
    if tokens is not None and IDS not in names:
        raise wrong(f"the encoder takes {', '.join(names)}, and no text", "--input FILE has numbers or a recording")
    if tokens is None or numbers is None:
        return numbers if tokens is None else tokens
    if len(names) != 2:
        raise wrong("the model is given a text alone, and numbers were given, too")
    return {IDS: np.array(tokens), **{name: numbers for name in names if name != IDS}}


def _by_name(source: Mapping[str, Any], inputs: Mapping[str, Operand], settings: Settings, vocabulary: int) -> dict[str, Array]:
    """Arrays by name, of which the tokens may be a shorter list."""
    if IDS not in inputs or IDS not in source:
        return dict(source)
    is_whole = np.shape(source[IDS]) == inputs[IDS].shape
    tokens = checked(np.reshape(source[IDS], -1) if is_whole else source[IDS], "the tokens", vocabulary)
    return {**source, **({} if is_whole else _text(tokens, inputs, settings))}


def _text(tokens: list[int], inputs: Mapping[str, Operand], settings: Settings) -> dict[str, Array]:
    """Tokens, filled up, and their mask."""
    length = inputs[IDS].shape[-1]
    if not 1 <= len(tokens) <= length:
        hint = "give a shorter text, or convert the model again with a larger --dim" if tokens else ""
        raise wrong(f"the encoder takes 1 to {length} tokens, and {len(tokens)} were given", hint)
    if len(tokens) < length and (MASK not in inputs or settings.pad is None):
        raise wrong(f"the encoder takes {length} tokens, and has no mask for fewer; {len(tokens)} were given")
    feeds = {IDS: np.full((1, length), settings.pad or 0, inputs[IDS].data_type.numpy)}
    feeds[IDS][0, : len(tokens)] = tokens
    return {**feeds, **_masked(inputs, len(tokens), length)}


def longer(source: Source, graphs: Mapping[str, Graph]) -> Array | None:
    """The samples of a sound that is longer than ``spectrogram`` takes, float32[samples]; None for what is none.

    Raises:
        ExecutionError: They are no numbers.
    """
    if "spectrogram" not in graphs or isinstance(source, Mapping):
        return None
    (operand,) = graphs["spectrogram"].inputs
    values = _values(source, operand)
    if values.size <= operand.size or values.size != values.shape[-1]:
        return None
    _require_finite(values, operand)
    return values.reshape(-1).astype(np.float32)


def _values(source: Any, operand: Operand) -> Array:
    """Numbers for an input, as they were given."""
    try:
        values = np.asarray(source)
    except ValueError:  # lists of several lengths
        values = np.asarray(None)
    if values.dtype.kind != "f" and np.dtype(operand.data_type.numpy).kind == "f" and values.size:
        hint = "give numbers as the model's processor makes them: samples of a sound from -1 to 1, of a picture scaled and normalized"
        raise wrong(f"the input {operand} was given {'no numbers' if values.dtype.kind not in 'iub' else values.dtype}", hint)
    return values


def _require_finite(values: Array, operand: Operand) -> None:
    if not np.isfinite(values).all():
        raise wrong(f"the input {operand} was given values that are no numbers, or infinite")


def _numbers(source: Any, inputs: Mapping[str, Operand], heard: Settings | None) -> dict[str, Array]:
    """Numbers of one input, flat or in its shape; of a sound zeros follow where they are fewer. ``heard`` are those of a recording."""
    (operand,) = (each for name, each in inputs.items() if name != MASK)
    is_sound = heard is not None or MASK in inputs
    values = _values(source, operand)
    if not values.size:
        raise wrong(f"the input {operand} was given nothing: 0 elements")
    if values.ndim > 1 and not _fits(values.shape, operand.shape, is_sound):
        raise wrong(f"the input {operand} was given shape {list(values.shape)}")
    if values.size > operand.size or (values.size < operand.size and not is_sound):
        hint = "give less of it, or convert the model again with a larger --dim" if is_sound else ""
        if heard and heard.sampling_rate:
            is_timed = heard.speech is not None and heard.speech.no_timestamps is not None
            how = "a longer recording takes timestamps" if is_timed else "give it a longer recording piece by piece"
            hint = f"the model hears {operand.size // heard.sampling_rate} seconds at a time: {how}"
        most = f"{operand.name} has {operand.size} elements{' at most' if is_sound else ''}"
        raise wrong(f"{most}, and {values.size} were given", hint)
    _require_finite(values, operand)
    padded = np.zeros(operand.size, operand.data_type.numpy)
    padded[: values.size] = values.reshape(-1)
    return {operand.name: padded.reshape(operand.shape), **_masked(inputs, values.size, operand.size)}


def _fits(given: Sequence[int], own: Sequence[int], shorter: bool) -> bool:
    """Whether values in a shape are those of an input, without a batch or with one, or the first of them."""
    shape = tuple(given) if len(given) == len(own) else (1, *given)
    if len(shape) != len(own):
        return False
    return (shape[0], *shape[2:]) == (own[0], *own[2:]) and (shape[1] == own[1] or (shorter and shape[1] <= own[1]))


def _masked(inputs: Mapping[str, Operand], length: int, whole: int) -> dict[str, Array]:
    """What counts of an input's mask, if it has one: so much of the whole."""
    mask = inputs.get(MASK)
    if mask is None:
        return {}
    return {MASK: (np.arange(mask.size) < length * mask.size // whole).astype(mask.data_type.numpy).reshape(mask.shape)}
