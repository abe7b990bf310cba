"""Sounds as a model takes them."""

from __future__ import annotations

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Audio


def fitted(samples: Array, audio: Audio, operand: Descriptor) -> Array:
    """Samples as an input takes them: filled up with silence, or an error where they are too many.

    Args:
        samples: float32[n], of the model's sampling rate.
        audio: What the input is.
        operand: Its type and shape.

    Raises:
        ValidationError: There are more than it takes, or none.
    """
    most = operand.shape[-1]
    if len(samples) > most:
        seconds = most / audio.sampling_rate
        raise ValidationError(f"the sound has {len(samples):,} samples; the model takes {most:,}, {seconds:.3g} seconds")
    if not len(samples):
        raise ValidationError("the sound has no samples")
    if audio.normalized:
        samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)  # as Wav2Vec2FeatureExtractor does, before it fills up
    filled = np.zeros(operand.size // most * most, np.float32).reshape(operand.shape)
    filled[..., : len(samples)] = samples
    return filled.astype(operand.data_type.numpy)
