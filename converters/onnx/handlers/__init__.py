"""The handlers: one small function per ONNX operator. Importing a file registers what it declares."""

from __future__ import annotations

from converters.onnx.handlers import (  # noqa: F401
    activations,
    control_flow,
    convolution,
    normalization,
    pooling,
    quantization,
    resize,
    sequences,
)

__all__: list[str] = []
