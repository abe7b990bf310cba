"""The handlers: one small function per ONNX operator. Importing a file registers what it declares."""

from __future__ import annotations

from converters.onnx.handlers import (  # noqa: F401
    activations,
    arithmetic,
    attention,
    casts,
    control_flow,
    convolution,
    creation,
    indexing,
    legacy,
    logic,
    machine_learning,
    matrix,
    microsoft_attention,
    microsoft_fused,
    microsoft_nbits,
    microsoft_quantized,
    normalization,
    pieces,
    pooling,
    quantization,
    recurrent,
    reduction,
    refused,
    regions,
    resize,
    sampling,
    selection,
    sequences,
    shapes,
    signal,
    text,
    training,
    tree_ensemble,
)

__all__: list[str] = []
