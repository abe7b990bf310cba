"""Rows for operators of the standard domain, by theme: types, opsets and corner cases that ONNX's own suite leaves out."""

from __future__ import annotations

from tests.onnx.one_node import OneNode
from tests.onnx.operators import (
    activation,
    arithmetic,
    convolution,
    indexing,
    normalization,
    pieces,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    signal,
    text,
    trees,
)

CASES: list[OneNode] = [
    *activation.CASES,
    *arithmetic.CASES,
    *convolution.CASES,
    *indexing.CASES,
    *normalization.CASES,
    *pieces.CASES,
    *pooling.CASES,
    *quantization.CASES,
    *recurrent.CASES,
    *reduction.CASES,
    *resize.CASES,
    *sampling.CASES,
    *signal.CASES,
    *text.CASES,
    *trees.CASES,
]
