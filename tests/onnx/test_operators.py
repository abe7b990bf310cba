"""Operators of the standard domain against ONNX Runtime, or onnx's own evaluator for what ONNX Runtime has no kernel for."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from converters.onnx.convert import convert
from tests.onnx.one_node import OneNode, check, equals_onnxruntime, onnxruntime_results
from tests.onnx.operators import CASES, EQUIVALENT
from webnn_graph import run
from webnn_graph.data_types import Array

STANDS_FOR = {"bool": "uint8", "int16": "int32", "uint16": "int32"}
"""The data types in a WebNN graph of those that WebNN lacks."""


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.op}-{i}") for i, case in enumerate(CASES)])
def test_equals_source(case: OneNode) -> None:
    model = case.model()
    expected = _expected(model, case.feeds)
    graph = convert(model)
    feeds = {name: value.astype(STANDS_FOR.get(value.dtype.name, value.dtype)) for name, value in case.feeds.items()}
    actual = run(graph, feeds)
    for operand, wanted in zip(graph.outputs, expected, strict=True):
        assert operand.data_type == STANDS_FOR.get(wanted.dtype.name, wanted.dtype.name)
        check(actual[operand.name], wanted, case, operand.name)


def _expected(model: onnx.ModelProto, feeds: dict[str, Array]) -> list[Array]:
    try:
        return onnxruntime_results(model, feeds)
    except Exception as error:  # its exceptions have no common base
        if "NOT_IMPLEMENTED" not in str(error) and "INVALID_GRAPH" not in str(error) and "opset" not in str(error):
            raise
    with np.errstate(all="ignore"):
        return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, feeds)]


@pytest.mark.parametrize(("case", "equivalent"), [pytest.param(*pair, id=f"{pair[0].op}-{i}") for i, pair in enumerate(EQUIVALENT)])
def test_equals_an_equivalent_form(case: OneNode, equivalent: OneNode) -> None:
    equals_onnxruntime(case, equivalent)
