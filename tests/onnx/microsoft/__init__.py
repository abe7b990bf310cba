"""Rows for the operators of com.microsoft."""

from __future__ import annotations

from tests.onnx.microsoft import attention, fused

CASES = [*fused.CASES, *attention.CASES]
