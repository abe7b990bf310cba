"""com.microsoft operators against ONNX Runtime's CPU kernels."""

from __future__ import annotations

import numpy as np
import pytest

from converters.lowering.nbits import unpacked
from converters.onnx.convert import convert
from tests.onnx.microsoft import CASES, EQUIVALENT, quantization
from tests.onnx.microsoft.fused import CONV, NHWC_CONV
from tests.onnx.microsoft.quantization import GROUPED
from tests.onnx.one_node import Known, OneNode, check, equals_onnxruntime, onnxruntime_results
from webnn_graph import run


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.op}-{i}") for i, case in enumerate(CASES)])
def test_equals_onnxruntime(case: OneNode) -> None:
    equals_onnxruntime(case)


@pytest.mark.parametrize(("case", "equivalent"), EQUIVALENT)
def test_equals_an_equivalent_form(case: OneNode, equivalent: OneNode) -> None:
    equals_onnxruntime(case, equivalent)


def test_nhwc_conv_is_conv_in_another_layout() -> None:
    (expected,) = onnxruntime_results(CONV.model(), CONV.feeds)
    check(run(convert(NHWC_CONV.model()), NHWC_CONV.feeds)["o0"], expected.transpose(0, 2, 3, 1), NHWC_CONV, "o0")


@pytest.mark.parametrize("case", GROUPED)
def test_nbits_with_groups_and_zero_points_follows_the_definition(case: OneNode) -> None:
    x, *stored = case.inputs
    packed, scales, zeros, groups = (item.value for item in stored[:4] if isinstance(item, Known))
    points = zeros if zeros.dtype == np.float32 else unpacked(zeros, 4)
    weights = (unpacked(packed, 4).reshape(8, 64) - points[:, groups].astype(np.float32)) * scales[:, groups]
    graph = convert(case.model())
    actual = run(graph, case.feeds)
    check(actual["o0"], x @ weights.T, case, "o0")


def test_the_conversion_says_that_the_state_of_a_dynamically_quantized_lstm_is_not_quantized() -> None:
    case = next(case for case in quantization.CASES if case.op == "DynamicQuantizeLSTM")
    assert any("the input and the state are not quantized" in note for note in convert(case.model()).notes)


def test_quantized_weights_stay_quantized() -> None:
    for case in quantization.CASES:
        if case.op == "MatMulNBits":
            graph = convert(case.model())
            wide = [operand for operand in graph.constants if operand.data_type.is_float and operand.size >= 64 * 8]
            assert not wide, f"{case.attributes}: {wide}"
