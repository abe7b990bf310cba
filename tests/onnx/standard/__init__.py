"""Rows for operators of the standard domain whose configurations go beyond what ONNX's own suite tests."""

from __future__ import annotations

from tests.onnx.standard import convolution, normalization, pooling, quantization, recurrent, resize, sampling, signal

CASES = [
    *convolution.CASES,
    *pooling.CASES,
    *normalization.CASES,
    *resize.CASES,
    *recurrent.CASES,
    *sampling.CASES,
    *signal.CASES,
    *quantization.CASES,
]
