"""Discrete Fourier transforms as matrix products. The last axis holds the real part or the real and the imaginary part."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand


def fourier_matrix(b: GraphBuilder, size: int, length: int, *, parts: int, inverse: bool = False, onesided: bool = False) -> Array:
    """The transform of each unit signal: float64 [size, parts, bins, parts of the result].

    Args:
        size: How many samples the signal has; those beyond ``length`` are ignored, missing ones are 0.
        parts: 1 for real signals, 2 for complex ones.
        onesided: Forward, only the first length // 2 + 1 bins; inverse, the signal has only those and the result is real.
    """
    b.reserve(size, parts, max(size, length), 2)
    units = np.eye(size)[:, None, :] * np.array([1, 1j][:parts])[:, None]
    if inverse and onesided:
        return np.asarray(np.fft.irfft(units, length, axis=-1))[..., None]
    transform: Callable[..., Array] = np.fft.ifft if inverse else np.fft.fft
    spectrum = transform(units, length, axis=-1)
    spectrum = spectrum[..., : length // 2 + 1] if onesided else spectrum
    return np.stack([spectrum.real, spectrum.imag], axis=-1)


def dft(b: GraphBuilder, x: Operand, axis: int, length: int, *, inverse: bool = False, onesided: bool = False) -> Operand:
    """The transform of x [..., size, ..., parts] along ``axis`` -> [..., bins, ..., 2], or [..., length, ..., 1] if real."""
    size, parts = x.shape[axis], x.shape[-1]
    matrix = fourier_matrix(b, size, length, parts=parts, inverse=inverse, onesided=onesided)
    bins, results = matrix.shape[2:]
    before, after = list(x.shape[:axis]), list(x.shape[axis + 1 : -1])
    signals = b.transpose(b.reshape(x, [math.prod(before), size, math.prod(after), parts]), permutation=[0, 2, 1, 3])
    rows = b.reshape(signals, [math.prod(before) * math.prod(after), size * parts])
    spectra = b.matmul(rows, b.constant(matrix.reshape(size * parts, bins * results).astype(x.data_type.numpy)))
    split = b.reshape(spectra, [math.prod(before), math.prod(after), bins, results])
    return b.reshape(b.transpose(split, permutation=[0, 2, 1, 3]), [*before, bins, *after, results])


def stft(b: GraphBuilder, x: Operand, window: Operand | None, *, length: int, taps: int, step: int, onesided: bool) -> Operand:
    """The transforms of frames of x [batch, samples, parts] as one convolution -> [batch, frames, bins, 2].

    Args:
        window: [taps], multiplied with each frame; None for none.
        length: The transform's length, to which frames are filled up with zeros.
    """
    batch, samples, parts = x.shape
    matrix = fourier_matrix(b, taps, length, parts=parts, onesided=onesided)
    bins = matrix.shape[2]
    filters = b.constant(np.ascontiguousarray(matrix.transpose(2, 3, 1, 0)).reshape(2 * bins, parts, 1, taps).astype(x.data_type.numpy))
    if window is not None:
        filters = b.mul(filters, window)
    signal = b.reshape(b.transpose(x, permutation=[0, 2, 1]), [batch, parts, 1, samples])
    spectra = b.conv2d(signal, filters, strides=[1, step])
    frames = spectra.shape[3]
    by_frame = b.transpose(b.reshape(spectra, [batch, 2 * bins, frames]), permutation=[0, 2, 1])
    return b.reshape(by_frame, [batch, frames, bins, 2])
