"""com.microsoft operators against ONNX Runtime's CPU kernels."""

from __future__ import annotations

import pytest

from converters.onnx.convert import convert
from tests.onnx.microsoft import CASES
from tests.onnx.microsoft.attention import PACKED_CASES
from tests.onnx.one_node import OneNode, check, onnxruntime_results
from webnn_graph import run


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.op}-{i}") for i, case in enumerate(CASES)])
def test_equals_onnxruntime(case: OneNode) -> None:
    compare(case, case)


@pytest.mark.parametrize(("case", "equivalent"), PACKED_CASES)
def test_packed_projections_equal_separate_ones(case: OneNode, equivalent: OneNode) -> None:
    compare(case, equivalent)


def compare(case: OneNode, equivalent: OneNode) -> None:
    """Converts one row and compares it with what ONNX Runtime makes of an equivalent one."""
    expected = onnxruntime_results(equivalent.model(), equivalent.feeds)
    graph = convert(case.model())
    actual = run(graph, case.feeds)
    for operand, wanted in zip(graph.outputs, expected, strict=True):
        check(actual[operand.name], wanted, case, operand.name)
