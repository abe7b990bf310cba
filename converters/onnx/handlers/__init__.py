"""The handlers: one small function per ONNX operator. Importing a file registers what it declares."""

from __future__ import annotations

from converters.onnx.handlers import activations  # noqa: F401

__all__: list[str] = []
