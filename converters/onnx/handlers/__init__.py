"""The handlers: one small function per ONNX operator. Importing a file registers what it declares."""

from __future__ import annotations

from converters.onnx.handlers import (  # noqa: F401
    activations,
    attention,
    control_flow,
    convolution,
    machine_learning,
    normalization,
    pooling,
    quantization,
    resize,
    sequences,
    training,
)

__all__: list[str] = []
