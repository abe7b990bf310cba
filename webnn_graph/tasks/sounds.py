"""Sounds as a model takes them: at its sampling rate, cut into windows that are as long as its input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Audio
from webnn_graph.tasks.spectrograms import spectrogram

SHARE = 6
"""What part of a window of speech is heard before and behind what is taken of it."""
SILENT = 1e-30
"""What a sound that ends with 0 ends with, where a model finds its end by that; it is rounded away in all else."""


def fitted(samples: Array, audio: Audio, operand: Descriptor) -> Array:
    """Samples as an input takes them: filled up with silence or repeated, or their spectrogram.

    Args:
        samples: float32[n], of the model's sampling rate, with those of `Audio.context`.
        audio: What the input is.
        operand: Its type and shape.

    Raises:
        ValidationError: There are more than it takes, or none.
    """
    most = audio.samples(operand.shape)
    if len(samples) > most:
        seconds = most / audio.sampling_rate
        what = f"the sound has {len(samples):,} samples; the model takes {most:,}, {seconds:.3g} seconds"
        raise ValidationError(what, code=Code.WRONG_INPUT)
    if not len(samples):
        raise ValidationError("the sound has no samples", code=Code.WRONG_INPUT)
    if audio.normalized:
        samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)  # as Wav2Vec2FeatureExtractor does, before it fills up
    if audio.repeated:
        samples = np.resize(samples, most if audio.cut else most // len(samples) * len(samples))
    if audio.spectrogram:
        return spectrogram(samples, audio.spectrogram, audio.sampling_rate, operand.shape).astype(operand.data_type.numpy)
    filled = np.zeros(most, np.float32)
    filled[: len(samples)] = samples
    if audio.ends and not samples[-1]:
        filled[len(samples) - 1] = SILENT
    return np.broadcast_to(filled, operand.shape).astype(operand.data_type.numpy)


def spread(count: int, size: int) -> list[int]:
    """Where windows begin that cover a sound of so many samples: as few as can be, which overlap evenly."""
    windows = max(1, -(-count // size))
    return [i * (count - size) // (windows - 1) for i in range(windows)] if windows > 1 else [0]


@dataclass(frozen=True)
class Piece:
    """A window of speech, and what is taken of it.

    Attributes:
        start: Its first sample.
        first, end: The first step that is taken, and the one behind the last.
    """

    start: int
    first: int
    end: int


def hop_of(size: int, steps: int) -> int:
    """Samples from step to step, where nobody says it: as many as there are to each of so many steps of a window, or to one step fewer
    where only that is a whole number, as of frames that are centred, of which the first and the last are half outside.
    """
    is_centred = steps > 1 and size % steps > 0 and size % (steps - 1) == 0
    return max(1, size // (steps - 1 if is_centred else steps))


def pieces(count: int, size: int, steps: int, hop: int) -> Iterator[Piece]:
    """The windows of a sound of speech: a sixth of each is heard before and behind what is taken, as transformers' pipeline has it.

    Args:
        count: Samples of the sound.
        size: Samples of a window.
        steps: That a model gives of one.
        hop: Samples from step to step.
    """
    whole = size // hop * hop
    margin = round(size / SHARE / hop) * hop
    if count <= size or whole <= 2 * margin:
        starts = spread(count, size)
    else:
        starts = [*range(0, count - whole, whole - 2 * margin), -(-(count - whole) // hop) * hop]
    done = 0
    for i, start in enumerate(starts):
        is_last = i == len(starts) - 1
        there = min(steps, steps - (start + size - count) // hop)
        end = start // hop + there if is_last else (start + whole - margin) // hop
        yield Piece(start, max(0, done - start // hop), max(1, end - start // hop))
        done = end
