"""What the user says of a model's inputs: dimensions, shapes, bindings, cuts; and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.checking.verify import verify
from converters.onnx import convert
from converters.onnx.source import OnnxSource
from webnn_graph import run
from webnn_graph.errors import WebNNError

FLOAT = TensorProto.FLOAT


def model(shape: list[Any], **more: Any) -> onnx.ModelProto:
    """y = relu(x) + w * scale, with x of the given shape and scale a scalar input."""
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["r", "ws"], ["y"], name="last"),
            helper.make_node("Relu", ["x"], ["r"], name="first"),
            helper.make_node("Mul", ["w", "scale"], ["ws"], name="middle"),
        ],
        "model",
        [helper.make_tensor_value_info("x", FLOAT, shape), helper.make_tensor_value_info("scale", FLOAT, [])],
        [helper.make_tensor_value_info("y", FLOAT, [9, 9, 9])],
        [numpy_helper.from_array(np.arange(3, dtype=np.float32), "w")],
        **more,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_unsorted_nodes_and_a_wrong_declared_output_convert() -> None:
    graph = convert(model([2, 3]))
    x = np.array([[-1, 2, 3], [4, -5, 6]], np.float32)
    assert [operand.name for operand in graph.inputs] == ["x", "scale"]
    np.testing.assert_array_equal(run(graph, {"x": x, "scale": np.float32(2)})["y"], np.maximum(x, 0) + [0, 2, 4])


def test_initializers_listed_as_inputs_are_constants() -> None:
    source = model([2, 3])
    source.graph.input.append(helper.make_tensor_value_info("w", FLOAT, [3]))
    assert [operand.name for operand in convert(source).inputs] == ["x", "scale"]


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        (["batch", 3], {"dims": {"batch": 4}}, (4, 3)),
        ([None, 3], {"shapes": {"x": [5, 3]}}, (5, 3)),
        (["batch", 3], {"shapes": {"x": [5, 3]}}, (5, 3)),
        (["past + 1", "n"], {"dims": {"past": 6, "n": 3}}, (7, 3)),
        (["2*n", 3], {"dims": {"2*n": 8}}, (8, 3)),
    ],
)
def test_dimensions(shape: list[Any], options: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert convert(model(shape), **options).inputs[0].shape == expected


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), [2]])
def test_bind_makes_a_constant(value: Any) -> None:
    graph = convert(model([2, 3]), bind={"scale": value if not isinstance(value, list) else value[0]})
    assert [operand.name for operand in graph.inputs] == ["x"]
    np.testing.assert_array_equal(run(graph, {"x": np.zeros((2, 3), np.float32)})["y"], [[0, 2, 4]] * 2)


def test_cut_at_tensors() -> None:
    graph = convert(model([2, 3]), inputs=["r", "scale"], outputs=["y", "ws"], shapes={"r": [4, 3]})
    assert [str(operand) for operand in graph.inputs] == ["r: float32[4, 3]", "scale: float32[]"]
    assert [operand.name for operand in graph.outputs] == ["y", "ws"]


def test_another_size_than_the_model_says(tmp_path: Path) -> None:
    """Where the graph begins at an input, also for what it is compared with; the model's own sizes are those of its file."""
    text = "m (float[3,1,4,4] x, float[1,1,3,3] w) => (float[3,1,2,2] y) { z = Conv (x, w) y = Relu (z) }"
    source = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 17]> {text}')
    source = onnx.shape_inference.infer_shapes(source)
    onnx.save(source, str(tmp_path / "m.onnx"))
    graph = convert(tmp_path / "m.onnx", inputs=["x", "w"], shapes={"x": [1, 1, 9, 5]})
    assert graph.outputs[0].shape == (1, 1, 7, 3)
    assert verify(graph, OnnxSource(tmp_path / "m.onnx", inputs=["x", "w"]), run, tolerance=1e-5).ok


ERRORS: list[tuple[list[Any], dict[str, Any], str]] = [
    (["batch", "seq"], {}, 'unknown are those of x [batch, seq]\nhint: give the sizes: dims={"batch": N, "seq": N}'),
    (["batch", None], {"dims": {"batch": 2}}, 'unknown are those of x [batch, ?]\nhint: give the sizes: shapes={"x": [2, N]}'),
    (["batch", 3], {"dims": {"bacth": 2}}, "the model has no dimension 'bacth'; there are batch\nhint: did you mean batch?"),
    (["batch", 3], {"dims": {"batch": -1}}, "dimension batch is set to -1; it must be at least 0"),
    ([2, 3], {"shapes": {"y": [2, 3]}}, "the model has no input 'y'; there are scale, x"),
    ([2, 3], {"shapes": {"x": [2, 3, 4]}}, "input x has rank 2 [2, 3], the shape given for it is [2, 3, 4]"),
    ([2, 3], {"shapes": {"x": [2, 4]}}, 'fixed dimensions stay\nhint: with inputs=["x"] the graph begins there'),
    ([0, 3], {}, "no output is left"),
    ([2, 3], {"bind": {"scal": 1}}, "did you mean scale?"),
    ([2, 3], {"bind": {"scale": [1, 2]}}, "input scale has shape [], the value bound to it has [2]"),
    ([2, 3], {"bind": {"scale": "abc"}}, "cannot be bound to 'abc'"),
    ([2, 3], {"outputs": ["nothing"]}, "the model has no tensor 'nothing'"),
    ([2, 3], {"outputs": ["scal"]}, "did you mean scale?"),
    ([2, 3], {"inputs": ["scal"]}, "did you mean scale?"),
    ([2, 3], {"inputs": ["nothing"]}, "the model has no tensor 'nothing'"),
    ([2, 4], {}, "Add x1  last: "),
]


@pytest.mark.parametrize(("shape", "options", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_name_what_is_wrong_and_what_to_do(shape: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(WebNNError) as caught:
        convert(model(shape), **options)
    assert message in str(caught.value)


def test_a_cycle_is_refused() -> None:
    source = model([2, 3])
    source.graph.node[1].input[0] = "y"
    with pytest.raises(WebNNError, match="depends on its own result"):
        convert(source)


def test_a_value_made_twice_is_refused() -> None:
    source = model([2, 3])
    source.graph.node.append(helper.make_node("Relu", ["x"], ["r"]))
    with pytest.raises(WebNNError, match="'r' is made by two nodes"):
        convert(source)


def test_all_unsupported_operators_are_reported_at_once() -> None:
    source = model([2, 3])
    source.graph.node[1].op_type = "Frobnicate"
    source.graph.node[2].op_type = "Blend"
    with pytest.raises(WebNNError) as caught:
        convert(source)
    assert "2 operators of model (opset 17) cannot be converted; 1 of 3 nodes can" in str(caught.value)
    assert "Frobnicate x1  first: operator is not known" in str(caught.value)


def test_what_an_old_opset_means_otherwise_is_refused_with_what_to_do() -> None:
    given = [helper.make_tensor_value_info(name, FLOAT, [1, 2, 3]) for name in ("x", "w", "r")]
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], hidden_size=1)
    graph = helper.make_graph([node], "g", given, [helper.make_tensor_value_info("y", FLOAT, None)])
    with pytest.raises(WebNNError, match="not supported in opset 3\nhint: update the model first: onnx.version_converter"):
        convert(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 3)]))


# ------------------------------------------------------------------------------------------------------------ files
def external(folder: Path, location: str, data: bytes) -> Path:
    source = model([2, 3])
    tensor = source.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    path = folder / "model.onnx"
    path.write_bytes(source.SerializeToString())
    (folder / "weights.bin").write_bytes(data)
    return path


def test_external_data_is_read_beside_the_model(tmp_path: Path) -> None:
    path = external(tmp_path, "weights.bin", np.arange(3, dtype="<f4").tobytes())
    (weights,) = convert(path).constants.values()
    np.testing.assert_array_equal(weights, [0, 1, 2])


@pytest.mark.parametrize(
    ("location", "data", "message"),
    [
        ("../weights.bin", b"", "lies outside of the model's folder"),
        ("/etc/passwd", b"", "lies outside of the model's folder"),
        ("missing.bin", b"", "there is no file 'missing.bin'"),
        ("weights.bin", b"1234567", "should be 12 bytes at 0 of weights.bin, which has 7"),
    ],
)
def test_bad_external_data_is_refused(tmp_path: Path, location: str, data: bytes, message: str) -> None:
    (tmp_path / "inner").mkdir()
    with pytest.raises(WebNNError) as caught:
        convert(external(tmp_path / "inner", location, data))
    assert message in str(caught.value)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret").write_bytes(bytes(12))
    path = external(tmp_path / "inner", "link.bin", b"")
    (tmp_path / "inner" / "link.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(WebNNError, match="lies outside"):
        convert(path)


@pytest.mark.parametrize("data", [b"", b"\x08", bytes(range(256)), b"PK\x03\x04", model([2, 3]).SerializeToString()[:-40]])
def test_damaged_files_are_one_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(WebNNError, match="bad.onnx"):
        convert(path)
