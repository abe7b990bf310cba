"""bfloat16 and float64 models: float32 by default, float16 when asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

import cli
from converters.onnx import convert
from converters.onnx.reading.retype import retyped
from webnn_graph import load, run

Node = helper.make_node
WEIGHTS = np.random.default_rng(0).normal(size=(4, 4))
FLOAT16 = ("--unsupported-floats", "float16")
X = np.random.default_rng(1).normal(size=(2, 4))


def double_model() -> onnx.ModelProto:
    """A model in float64, one step of it in float32."""
    graph = helper.make_graph(
        [
            Node("MatMul", ["x", "w"], ["h"]),
            Node("Cast", ["h"], ["s"], to=TensorProto.FLOAT),
            Node("Relu", ["s"], ["r"]),
            Node("Cast", ["r"], ["d"], to=TensorProto.DOUBLE),
            Node("Constant", [], ["c"], value=numpy_helper.from_array(np.array([0.5, 1.5, 2.5, 3.5]))),
            Node("Add", ["d", "c"], ["y"]),
        ],
        "double",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [2, 4])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [2, 4])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-6), ("float16", 5e-3)])
def test_float64_is_replaced_and_right(kind: str, tolerance: float) -> None:
    model = double_model()
    graph = convert(model, unsupported_floats=kind)
    assert {operand.data_type for operand in (*graph.inputs, *graph.outputs)} == {kind}
    assert any(kind in note for note in graph.notes)
    assert any(operand.data_type == kind and operand.name == "w" for operand in graph.constants)
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": X})
    np.testing.assert_allclose(run(graph, {"x": X.astype(kind)})["y"], expected, rtol=tolerance, atol=tolerance)
    assert model.SerializeToString() == double_model().SerializeToString()


def test_bfloat16_weights_become_float16() -> None:
    model = double_model()
    bfloat16 = helper.make_tensor("w", TensorProto.BFLOAT16, [4, 4], WEIGHTS.ravel())
    model.graph.initializer[0].CopyFrom(bfloat16)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    graph = convert(model, unsupported_floats="float16")
    (weights,) = (array for operand, array in graph.constants.items() if operand.name == "w")
    np.testing.assert_array_equal(weights, numpy_helper.to_array(bfloat16).astype(np.float16))


def test_the_command_takes_it(tmp_path: Path) -> None:
    onnx.save(double_model(), tmp_path / "double.onnx")
    result = CliRunner().invoke(cli.onnx2webnn, [str(tmp_path / "double.onnx"), "-o", str(tmp_path), *FLOAT16, "--verify"])
    assert result.exit_code == 0, result.output
    assert load(tmp_path / "double.webnn").inputs[0].data_type == "float16"


def test_the_note_is_only_there_when_something_changed(tmp_path: Path) -> None:
    model = retyped(double_model(), {TensorProto.DOUBLE: TensorProto.FLOAT})
    assert model is not None
    assert convert(double_model(), unsupported_floats="float16").notes == ("bfloat16 and float64 became float16",)
    assert convert(model, unsupported_floats="float16").notes == ()
    assert convert(model, unsupported_floats="float16").inputs[0].data_type == "float32"
