"""Logarithmic mel spectrograms as a graph: what Whisper is given of a sound."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph

SAMPLES, FEATURES = "samples", "input_features"
FLOOR, RANGE = 1e-10, 8.0
"""The least power, and how far below the loudest one, in powers of ten, all others may be."""


def spectrogram(filters: Array, *, frames: int, length: int, hop: int, name: str = "spectrogram") -> Graph:
    """What transformers' ``WhisperFeatureExtractor`` computes.

    A frame is around each place, of the sound and its reflection at both ends, with a Hann window. Windows and Fourier transform are one
    matrix: a frame is cut into pieces of ``hop`` samples, which are rows of the sound, so that frames are rows side by side.

    Args:
        filters: The weights of frequencies in each mel, float[1 + length / 2, mels].
        frames: How many.
        length: Samples of a frame, an even number.
        hop: Samples from frame to frame.
        name: The graph's.

    Returns:
        A graph from ``samples`` float32[1, frames * hop] to ``input_features`` float32[1, mels, frames].
    """
    b = GraphBuilder(name)
    half, pieces = length // 2, -(-length // hop)
    samples = b.input(SAMPLES, "float32", [1, frames * hop])
    rows = frames + pieces - 1
    beyond = min(rows * hop - frames * hop - half, half)
    padded = b.pad(samples, [0, half], [0, max(beyond, 0)], mode="reflection")
    if beyond < 0:
        padded = b.slice(padded, [0, 0], [1, rows * hop])
    elif padded.shape[1] < rows * hop:
        padded = b.pad(padded, [0, 0], [0, rows * hop - padded.shape[1]])  # no frame reaches that
    pieced = b.reshape(padded, [rows, hop])
    framed = b.concat([b.slice(pieced, [i, 0], [frames, hop]) for i in range(pieces)], 1) if pieces > 1 else pieced
    waves = b.matmul(framed, b.constant(_waves(length, pieces * hop), name="waves"))
    power = b.mul(waves, waves)
    mels = b.constant(np.concatenate([filters, filters[1:-1]]).astype(np.float32), name="mels")
    logarithms = b.mul(b.log(b.max(b.matmul(power, mels), FLOOR)), 1 / math.log(10))
    loudest = b.reduceMax(logarithms, axes=[0, 1], keepDimensions=True)
    levels = b.mul(b.add(b.max(logarithms, b.sub(loudest, RANGE)), 4), 0.25)
    return b.build({FEATURES: b.reshape(b.transpose(levels, permutation=[1, 0]), [1, filters.shape[1], frames])})


def _waves(length: int, rows: int) -> Array:
    """Cosines of all frequencies, then sines of those that have any, times the window, float32[rows, length]; rows beyond are zero."""
    places, frequencies = np.arange(length)[:, None], np.arange(length // 2 + 1)
    angles = 2 * np.pi / length * (places * frequencies % length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * places / length)
    waves = window * np.concatenate([np.cos(angles), np.sin(angles[:, 1:-1])], axis=1)
    return np.pad(waves, ((0, rows - length), (0, 0))).astype(np.float32)
