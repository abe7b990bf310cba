"""What is said in a sound, and when somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import Characters
from webnn_graph.tasks.answers import best_path

BELOW, LEAST_THRESHOLD = 0.15, 0.01
"""How much less than the threshold speech may score before it ends, and what that is at least."""
SPEECH, SILENCE, MARGIN = 0.25, 0.1, 0.03
"""Seconds, as silero-vad has them: speech lasts longer, silence within it less, and what is around it belongs to it."""


@dataclass(frozen=True)
class Spoken:
    """A part of a sound, in seconds."""

    start: float
    end: float


@dataclass(frozen=True)
class Word(Spoken):
    """A word, and when it is said."""

    text: str


@dataclass(frozen=True)
class Transcript:
    """What is said.

    Attributes:
        text: All of it.
        score: The mean probability of its characters.
        chunks: Its words.
    """

    text: str
    score: float
    chunks: tuple[Word, ...]


def transcript(numbers: Array, characters: Characters, seconds: float) -> Transcript:
    """The text that is most probable at each step, repeated characters once and without blanks (CTC).

    Args:
        numbers: Of all steps, as `Characters` says.
        characters: What they are.
        seconds: From step to step.
    """
    chosen, scores = best_path(numbers, characters)
    is_new = np.concatenate([[True], chosen[1:] != chosen[:-1]]) & (chosen != characters.blank)
    firsts = np.flatnonzero(is_new)
    ends = np.flatnonzero(np.concatenate([chosen[1:] != chosen[:-1], [True]])) + 1
    words: list[Word] = []
    is_open = False
    for first in firsts:
        text, end = characters.names[chosen[first]], float(ends[np.searchsorted(ends, first, "right")] * seconds)
        if text.strip():
            word = words.pop() if is_open else Word(float(first * seconds), end, "")
            words.append(Word(word.start, end, word.text + text))
        is_open = bool(text.strip()) or (is_open and not text)
    text = "".join(characters.names[chosen[first]] for first in firsts).strip()
    return Transcript(text, float(scores[firsts].mean()) if len(firsts) else 0.0, tuple(words))


def spoken(scores: Sequence[float], step: int, count: int, rate: int, threshold: float) -> list[Spoken]:
    """When somebody speaks, of how probable that is at each step, as silero-vad decides it.

    Args:
        scores: Of each step.
        step: Samples from step to step.
        count: Samples of the sound.
        rate: Samples a second.
        threshold: From what score on somebody speaks.
    """
    below = max(threshold - BELOW, LEAST_THRESHOLD)
    found: list[list[int]] = []
    start = end = -1
    for i, score in enumerate(scores):
        place = i * step
        if score >= threshold:
            start, end = start if start >= 0 else place, -1
        elif start >= 0 and score < below:
            end = end if end >= 0 else place
            if place - end >= SILENCE * rate:
                found.append([start, end])
                start = end = -1
    if start >= 0:
        found.append([start, count])
    kept = [part for part in found if part[1] - part[0] > SPEECH * rate]
    around = int(MARGIN * rate)  # of each: less than half of the least silence between two
    return [Spoken(max(0, start - around) / rate, min(count, end + around) / rate) for start, end in kept]
