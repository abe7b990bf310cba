"""Operators of the standard domain against ONNX Runtime's CPU kernels."""

from __future__ import annotations

import pytest

from tests.onnx.one_node import OneNode, equals_onnxruntime
from tests.onnx.standard import CASES


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.op}-{i}") for i, case in enumerate(CASES)])
def test_equals_onnxruntime(case: OneNode) -> None:
    equals_onnxruntime(case)
