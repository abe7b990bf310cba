"""Models that ask for too much, or whose nodes are not what their schemas say: one clear error, at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.onnx import convert
from webnn_graph.errors import ConversionError, FormatError, WebNNError

Node = helper.make_node
HUGE = 2**40


def model(nodes: Sequence[onnx.NodeProto], **constants: object) -> onnx.ModelProto:
    """Nodes from x [2, 2] and constants to y."""
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def added(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """y = x + the node's result."""
    return [node, Node("Cast", [node.output[0]], ["f"], to=TensorProto.FLOAT), Node("Add", ["x", "f"], ["y"])]


TOO_LARGE = {
    "Range": model(added(Node("Range", ["a", "b", "c"], ["r"])), a=0, b=HUGE, c=1),
    "EyeLike": model([Node("ConstantOfShape", ["s"], ["c"]), *added(Node("EyeLike", ["c"], ["r"]))], s=[2**20, 2**20]),
    "OneHot": model(added(Node("OneHot", ["i", "d", "v"], ["r"])), i=[0, 1], d=HUGE, v=[0, 1]),
    "HannWindow": model(added(Node("HannWindow", ["n"], ["r"])), n=HUGE),
    "Resize": model([Node("Resize", ["x", "", "", "s"], ["y"], mode="linear")], s=[2**28, 2**28]),
    "Reshape": model([Node("Expand", ["c", "s"], ["e"]), Node("Reshape", ["x", "e"], ["y"])], c=[1], s=[2**30]),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_needs_too_much_memory_is_refused_before_it_is_made(name: str) -> None:
    with pytest.raises(ConversionError, match="at most 268,435,456 elements are made at conversion"):
        convert(TOO_LARGE[name])


INVALID = {
    "a string for an integer": (model([Node("Softmax", ["x"], ["y"], axis="abc")]), "is not a valid node: .*axis"),
    "an attribute that is not there": (model([Node("Relu", ["x"], ["y"], beta=1.0)]), "attribute beta is not supported"),
    "a step of 0": (model([Node("Slice", ["x", "a", "b", "c", "s"], ["y"])], a=[0], b=[2], c=[0], s=[0]), "step"),
    "a recurrent layer of a matrix": (model([Node("LSTM", ["x", "x", "x"], ["y"], hidden_size=3)]), "rank"),
    "no delta": (model(added(Node("Range", ["a", "b", "c"], ["r"])), a=0, b=5, c=0), "has a delta of 0"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_nodes_are_reported_as_such(name: str) -> None:
    source, message = INVALID[name]
    with pytest.raises(ConversionError, match=message) as caught:
        convert(source)
    assert "unexpected" not in str(caught.value)


def test_an_initializer_without_its_data_is_refused() -> None:
    source = model([Node("MatMul", ["x", "w"], ["y"])], w=np.ones((2, 2), np.float32))
    del source.graph.initializer[0].dims[:]
    source.graph.initializer[0].dims.extend([2**20, 2**20])
    with pytest.raises(ConversionError, match="tensor 'w'"):
        convert(source)


def test_an_element_type_that_does_not_exist_is_refused() -> None:
    source = model([Node("Relu", ["x"], ["y"])])
    source.graph.input[0].type.tensor_type.elem_type = 67
    with pytest.raises(ConversionError, match="element type number 67"):
        convert(source)


def test_names_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.onnx"
    path.write_bytes(model([Node("Relu", ["x"], ["y"])]).SerializeToString().replace(b"hostile", b"host\xe1le"))
    with pytest.raises(FormatError, match="not UTF-8 text"):
        convert(path)


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_never_end_in_anything_but_an_error(tmp_path: Path, seed: int) -> None:
    constants = {"w": np.ones((2, 2), np.float32), "s": [2, 2]}
    source = model(
        [Node("MatMul", ["x", "w"], ["h"]), Node("Softmax", ["h"], ["t"], axis=1), Node("Reshape", ["t", "s"], ["y"])], **constants
    )
    damaged = bytearray(source.SerializeToString())
    random = np.random.default_rng(seed)
    for at in random.integers(0, len(damaged), 3):
        damaged[at] = random.integers(256)
    path = tmp_path / "flipped.onnx"
    path.write_bytes(damaged)
    try:
        convert(path)
    except WebNNError as error:
        assert "unexpected" not in str(error)
