"""A graph that takes the samples of a sound, and computes its spectrogram itself."""

from __future__ import annotations

from functools import partial

import msgspec
import numpy as np

from converters.joining.steps import Beginning
from converters.spectrogram import of_samples
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.metadata import Audio
from webnn_graph.tasks.spectrograms import spectrogram


def beginning(operand: Operand, audio: Audio) -> Beginning | None:
    """What makes an input of ``float32[1, samples]``; None where it takes samples.

    Raises:
        ValidationError: It is of several sounds, or takes integers.
    """
    how = audio.spectrogram
    if how is None:
        return None
    if operand.rank > 2 and operand.shape[0] != 1:
        raise ValidationError(f"{operand.name} takes {operand.shape[0]} sounds at once", "convert it for one: --dim batch=1")
    if not operand.data_type.is_float:
        raise ValidationError(f"{operand.name} is {operand.data_type}, which no spectrogram is")
    new = Descriptor(DataType.FLOAT32, (1, how.samples(operand.shape)))

    def build(b: GraphBuilder, samples: Operand) -> Operand:
        return b.cast(of_samples(b, samples, how, audio.sampling_rate, operand.shape), operand.data_type)

    return Beginning(
        msgspec.structs.replace(audio, spectrogram=None, ends=how.needs_length),
        new,
        build,
        partial(_made_up, samples=new.shape[-1]),
        lambda samples: spectrogram(_there(samples[0]) if how.needs_length else samples[0], how, audio.sampling_rate, operand.shape),
        f"takes {new}, samples from -1 to 1, {audio.sampling_rate:,} a second",
    )


def _made_up(random: np.random.Generator, samples: int) -> np.ndarray:
    """Noise in three quarters of a window, as loud as people speak, and silence."""
    made = np.zeros((1, samples), np.float32)
    made[:, : samples * 3 // 4] = random.normal(0, 0.1, samples * 3 // 4)
    return made


def _there(samples: np.ndarray) -> np.ndarray:
    """A sound up to its last sample that is not 0."""
    found = np.flatnonzero(samples)
    return samples[: found[-1] + 1] if len(found) else samples[:1]
