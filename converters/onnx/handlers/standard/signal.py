"""Fourier transforms, windows and mel weights."""

from __future__ import annotations

import numpy as np
import onnx

from converters.lowering import fourier as lowering
from converters.onnx.axes import axis_of
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import Number, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

FLOAT = onnx.TensorProto.FLOAT


@onnx_op("DFT", since=17, how="matmul with the transforms of unit signals")
def dft_17(
    b: GraphBuilder, input: Operand, dft_length: Number | None = None, *, axis: int = 1, inverse: int = 0, onesided: int = 0
) -> Operand:
    return dft(b, input, dft_length, axis, inverse=inverse, onesided=onesided)


@onnx_op("DFT", since=20, how="matmul with the transforms of unit signals")
def dft(
    b: GraphBuilder,
    input: Operand,
    dft_length: Number | None = None,
    axis: Number | None = None,
    *,
    inverse: int = 0,
    onesided: int = 0,
) -> Operand:
    along = axis_of(-2 if axis is None else int(axis), input.rank)
    if along == input.rank - 1:
        raise ConversionError(f"axis {axis} is the one of the real and imaginary parts")
    size = input.shape[along]
    length = int(dft_length) if dft_length is not None else 2 * (size - 1) if inverse and onesided else size
    return lowering.dft(b, input, along, length, inverse=bool(inverse), onesided=bool(onesided))


@onnx_op("STFT", since=17, how="conv2d with the transforms of unit signals, times the window, as filters")
def stft(
    b: GraphBuilder,
    signal: Operand,
    frame_step: Number,
    window: Operand | None = None,
    frame_length: Number | None = None,
    *,
    onesided: int = 1,
) -> Operand:
    x = b.reshape(signal, [*signal.shape, 1]) if signal.rank == 2 else signal
    if frame_length is None and window is None:
        raise ConversionError("needs frame_length or window")
    taps = window.shape[0] if window is not None else int(frame_length or 0)
    length = int(frame_length) if frame_length is not None else taps
    if taps > length:
        raise ConversionError(f"the window has {taps} samples, frame_length is {length}")
    return lowering.stft(b, x, window, length=length, taps=taps, step=int(frame_step), onesided=bool(onesided))


# ------------------------------------------------------------------------------------------------------------------ windows
def _cosines(b: GraphBuilder, size: Number, periodic: int, output_datatype: int, coefficients: list[float]) -> Operand:
    """The sum of coefficient k times cos(2 pi k n / N)."""
    count = int(size)
    b.reserve(count)
    phase = 2 * np.pi * np.arange(count) / max(1, count if periodic else count - 1)
    values = sum(weight * np.cos(k * phase) for k, weight in enumerate(coefficients))
    return b.constant(np.asarray(values), Element(output_datatype).data_type)


@onnx_op("HannWindow", since=17, how="a constant")
def hann_window(b: GraphBuilder, size: Number, *, output_datatype: int = FLOAT, periodic: int = 1) -> Operand:
    return _cosines(b, size, periodic, output_datatype, [0.5, -0.5])


@onnx_op("HammingWindow", since=17, how="a constant")
def hamming_window(b: GraphBuilder, size: Number, *, output_datatype: int = FLOAT, periodic: int = 1) -> Operand:
    return _cosines(b, size, periodic, output_datatype, [25 / 46, -21 / 46])


@onnx_op("BlackmanWindow", since=17, how="a constant")
def blackman_window(b: GraphBuilder, size: Number, *, output_datatype: int = FLOAT, periodic: int = 1) -> Operand:
    return _cosines(b, size, periodic, output_datatype, [0.42, -0.5, 0.08])


@onnx_op("MelWeightMatrix", since=17, how="a constant")
def mel_weight_matrix(
    b: GraphBuilder,
    num_mel_bins: Number,
    dft_length: Number,
    sample_rate: Number,
    lower_edge_hertz: Number,
    upper_edge_hertz: Number,
    *,
    output_datatype: int = FLOAT,
) -> Operand:
    bins, spectrum = int(num_mel_bins), int(dft_length) // 2 + 1
    b.reserve(spectrum, bins)
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (lower_edge_hertz, upper_edge_hertz))
    mels = low + np.arange(bins + 2) * (high - low) / (bins + 2)
    edges = ((dft_length + 1) * 700 * (10 ** (mels / 2595) - 1) // sample_rate).astype(np.int64)
    weights = np.stack([_mel_filter(spectrum, *edges[i : i + 3]) for i in range(bins)], axis=1)
    return b.constant(weights, Element(output_datatype).data_type)


def _mel_filter(count: int, low: int, centre: int, high: int) -> Array:
    """A triangle over ``count`` spectrogram bins; a rising side without width is a single 1."""
    at = np.arange(count)
    rising = (at - low) / (centre - low) if centre > low else np.ones(count)
    falling = (high - at) / (high - centre) if high > centre else np.zeros(count)
    filter = np.where((at >= low) & (at <= centre), rising, 0)
    return np.where((at >= centre) & (at < high), falling, filter)
