"""ONNX's own backend test suite: every representable case passes in the reference runtime, but for the tables below."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest

from converters.onnx.convert import convert
from converters.onnx.source import OnnxModel
from tests.onnx import comparing
from tests.onnx.comparing import decided_by_rounding, failure
from tests.onnx.suite import SuiteCase, cases
from webnn_graph.errors import WebNNError

REFUSED: dict[str, str] = {
    r"node/test_image_decoder_.*": "WebNN computes on tensors of known shape; the size of a picture is in its compressed bytes",
    r"node/test_loop11": "the size of an output is the number of iterations, which is an input; WebNN's sizes are static",
    r"simple/test_gradient_of_.*": "WebNN graphs infer; they have no derivative of a graph",
}
"""Representable cases that are refused, by a pattern of their names, and the property of WebNN that is the reason."""


JUDGED: dict[str, str] = {
    r"node/test_resize_downsample_scales_(linear|cubic)_align_corners": "ONNX Runtime and PyTorch align the corners of the real sizes",
}
"""Cases whose expected outputs are not what ONNX Runtime computes, which is right here, and what it does instead."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes with the suite's cases."""
    if "case" in metafunc.fixturenames:
        representable = metafunc.function is test_representable_case
        metafunc.parametrize("case", [pytest.param(case, id=case.id) for case in cases() if case.representable == representable])


def _reason(case: SuiteCase) -> str:
    return next((reason for pattern, reason in REFUSED.items() if re.fullmatch(pattern, case.id)), "")


def test_representable_case(case: SuiteCase) -> None:
    """The outputs are right; or the case is in the table, and refused rather than wrong."""
    judged = any(re.fullmatch(pattern, case.id) for pattern in JUDGED)
    if judged:
        assert failure(case), "passes: take it out of the table"
    why = failure(case, OnnxModel(case.model, {}).run(case.inputs, list(case.outputs)) if judged else None)
    if _reason(case):
        assert why.startswith("refused"), why or "passes: take it out of the table"
    else:
        assert not why


def _model(last: list[onnx.NodeProto]) -> onnx.ModelProto:
    """Three rows that are alike, so far as summation keeps them so, and what ``last`` makes of them."""
    helper = onnx.helper
    weights = onnx.numpy_helper.from_array(np.full((3, 8), 1e9, np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), *last]
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in (("x", [2, 3]), ("y", None)))
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(helper.make_graph(nodes, "g", [x], [y], [weights]), opset_imports=opset, ir_version=8)


@pytest.mark.parametrize(
    ("last", "decided"),
    [
        ([("Softmax", "h", "y")], True),
        ([("Softmax", "h", "s"), ("Neg", "s", "y")], False),  # the softmax is right, so rounding is no excuse
        ([("Neg", "h", "y")], False),
        ([("Sin", "h", "y")], True),
    ],
)
def test_what_rounding_decides(last: list[tuple[str, str, str]], decided: bool) -> None:
    nodes = [onnx.helper.make_node(op, [before], [after]) for op, before, after in last]
    x = np.ones((2, 3), np.float32)
    assert decided_by_rounding(_model(nodes), {"x": x}, "y") == decided


def test_a_wrong_tensor_is_not_excused_by_what_is_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model([onnx.helper.make_node("Softmax", ["h"], ["y"])])
    right = comparing.run
    monkeypatch.setattr(comparing, "run", lambda *args: {name: array * 1.1 for name, array in right(*args).items()})
    assert not decided_by_rounding(model, {"x": np.ones((2, 3), np.float32)}, "y")


def test_other_case(case: SuiteCase) -> None:
    """What WebNN cannot represent converts to something, or is refused with a message; nothing else is raised."""
    try:
        convert(case.model)
    except WebNNError as error:
        assert error.message


def test_every_row_of_the_table_is_about_a_case() -> None:
    names = [case.id for case in cases() if case.representable]
    assert not [pattern for pattern in (*REFUSED, *JUDGED) if not any(re.fullmatch(pattern, name) for name in names)]
