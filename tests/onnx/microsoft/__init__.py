"""Rows for the operators of com.microsoft."""

from __future__ import annotations

from tests.onnx.microsoft import attention, fused, quantized

CASES = [*fused.CASES, *attention.CASES, *quantized.CASES]
