"""Models that are none: what is wrong with a whole file or with one of its tensors is one error, through the Python API, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.onnx import convert
from converters.onnx.reading import order
from webnn_graph import run
from webnn_graph.errors import ConversionError, FormatError

HEAD = '<ir_version: 10, opset_import: ["" : 18, "f" : 1]>\n'
RELU = "g (float[2] x) => (float[2] y) { y = Relu(x) }"
BODY = '\n<domain: "f", opset_import: ["" : 18, "f" : 1]>'
Change = Callable[[onnx.ModelProto], object]


def parsed(text: str, change: Change = lambda model: None) -> onnx.ModelProto:
    """A model in text form, with something changed that the text form does not allow."""
    model = onnx.parser.parse_model(HEAD + text)
    change(model)
    return model


def opsets(*versions: int) -> Change:
    def change(model: onnx.ModelProto) -> None:
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid("", version) for version in versions)

    return change


def nested(depth: int) -> Change:
    """If in If, and so on."""

    def change(model: onnx.ModelProto) -> None:
        inner = other = onnx.parser.parse_graph("g () => (float[2] a) { a = Neg(x) }")
        for level in range(depth):
            node = helper.make_node("If", ["c"], [f"a{level}"], then_branch=inner, else_branch=other)
            inner = helper.make_graph([node], "g", [], [helper.make_tensor_value_info(f"a{level}", 1, [2])])
        model.graph.node[0].CopyFrom(inner.node[0])
        model.graph.node[0].output[0] = "y"
        model.graph.initializer.append(numpy_helper.from_array(np.array(True), "c"))

    return change


def chained(count: int) -> str:
    """Functions that call each other, one after the other."""
    calls = [f"{BODY} f{i} (a) => (b) {{ b = f.f{i + 1}(a) }}" for i in range(count)]
    return f"g (float[2] x) => (float[2] y) {{ y = f.f0(x) }} {''.join(calls)} {BODY} f{count} (a) => (b) {{ b = Neg(a) }}"


INVALID = {
    "no graph": (parsed(RELU, lambda m: m.ClearField("graph")), "has no graph"),
    "an output without a name": (parsed(RELU, lambda m: setattr(m.graph.output[0], "name", "")), "an output of graph 'g' has no name"),
    "an opset beyond all integers": (parsed(RELU, opsets(2**62)), "opset 4611686018427387904; known are 1 to"),
    "an opset of tomorrow": (parsed(RELU, opsets(1000)), "opset 1000; known are 1 to"),
    "opset 0": (parsed(RELU, opsets(0)), "opset 0; known are 1 to"),
    "a negative opset": (parsed(RELU, opsets(-1)), "opset -1; known are 1 to"),
    "two opsets": (parsed(RELU, opsets(17, 18)), "of two versions of operator set ai.onnx"),
    "no opset of its operators": (parsed(RELU, lambda m: m.opset_import.pop(0)), "does not say in which opset it is"),
    "two inputs of one name": (parsed(RELU, lambda m: m.graph.input.append(m.graph.input[0])), "2 inputs are called 'x'"),
    "two outputs of one name": (parsed(RELU, lambda m: m.graph.output.append(m.graph.output[0])), "output 'y' is listed twice"),
    "a value that is given and made": (
        parsed(RELU, lambda m: m.graph.node[0].output.__setitem__(0, "x")),
        "value 'x' is given, and a node makes",
    ),
    "a value that is made twice": (parsed(RELU, lambda m: m.graph.node.append(m.graph.node[0])), "value 'y' is made by two nodes"),
    "a value that depends on itself": (parsed(RELU, lambda m: m.graph.node[0].input.__setitem__(0, "y")), "depends on its own result"),
    "an output of another type": (parsed(RELU.replace("(float[2] y)", "(int64[2] y)")), "declared as int64, and is float"),
    "functions 60 deep": (parsed(chained(60)), "nested more than 40 deep"),
    "a function that calls itself": (
        parsed(f"g (float[2] x) => (float[2] y) {{ y = f.a(x) }} {BODY} a (p) => (q) {{ q = f.a(p) }}"),
        "function a calls itself",
    ),
    "functions that call each other": (
        parsed(
            f"g (float[2] x) => (float[2] y) {{ y = f.a(x) }} {BODY} a (p) => (q) {{ q = f.b(p) }} {BODY} b (p) => (q) {{ q = f.a(p) }}"
        ),
        "function a calls itself",
    ),
    "two functions of one name": (
        parsed(
            f"g (float[2] x) => (float[2] y) {{ y = f.a(x) }} {BODY} a (p) => (q) {{ q = Neg(p) }} {BODY} a (p) => (q) {{ q = Abs(p) }}"
        ),
        "2 functions are called 'a'",
    ),
    "an input that the function ignores": (
        parsed(f"g (float[2] x) => (float[2] y) {{ y = f.a(x, x) }} {BODY} a (p) => (q) {{ q = Neg(p) }}"),
        "has 2 inputs and 1 outputs, the function 1 inputs and 1 outputs",
    ),
    "a reference to an attribute outside of a function": (
        parsed(RELU.replace("Relu(x)", "LeakyRelu<alpha: float = @slope>(x)")),
        "attribute alpha refers to 'slope'",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_models_are_one_error(name: str) -> None:
    model, message = INVALID[name]
    with pytest.raises((ConversionError, FormatError)) as caught:
        convert(model)
    assert message in str(caught.value)
    assert "unexpected" not in str(caught.value)


def test_what_is_nested_less_deep_is_converted() -> None:
    for model in (parsed(RELU, nested(20)), parsed(chained(30))):
        assert [node.op for node in convert(model).nodes] == ["neg"]


def test_a_value_of_a_subgraph_hides_one_of_its_name_around_it() -> None:
    body = "g (bool c, float[2] x) => (float[2] y) { h = Neg(x) y = If (c) <then_branch = t () => (float[2] h) { h = Abs(x) }, "
    model = parsed(body + "else_branch = e () => (float[2] k) { k = Identity(h) }> }")
    graph, x = convert(model), np.array([-1, 2], np.float32)
    for condition, expected in ((1, [1, 2]), (0, [1, -2])):
        np.testing.assert_array_equal(run(graph, {"c": np.array(condition, np.uint8), "x": x})["y"], expected)


def test_each_node_is_read_once_to_find_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many nodes read what it makes."""
    looked_at = []
    reads = order.reads
    monkeypatch.setattr(order, "reads", lambda node: looked_at.append(node.output[0]) or reads(node))
    names = [f"s{i}" for i in range(50)]
    nodes = [helper.make_node("Sum", ["x", *names[:i]], [name]) for i, name in enumerate(names)]
    for given in (nodes, nodes[::-1]):
        looked_at.clear()
        assert [node.output[0] for node in order.needed_nodes(given, ["s49"], {"x"})] == names
        assert sorted(looked_at) == sorted(names)


# ------------------------------------------------------------------------------------------------------------------ tensors
def with_tensor(tensor: TensorProto, *, is_output: bool = True) -> onnx.ModelProto:
    """y = Relu(x), and the tensor as an output or read by a node."""
    model = parsed(RELU)
    model.graph.initializer.append(tensor)
    if is_output:
        model.graph.output.append(onnx.ValueInfoProto(name=tensor.name))
    else:
        model.graph.node[0].CopyFrom(helper.make_node("Add", ["x", tensor.name], ["y"]))
    return model


def raw(data: bytes, *dims: int, data_type: int = TensorProto.FLOAT) -> TensorProto:
    return TensorProto(name="w", data_type=data_type, dims=dims, raw_data=data)


DAMAGED = {
    "7 bytes for two numbers": (raw(b"1234567", 2), "has 7 bytes of data for shape [2]"),
    "no data": (TensorProto(name="w", data_type=1, dims=[2]), "tensor 'w'"),
    "a negative size": (raw(b"12345678", -1), "has the shape [-1], which no tensor can have"),
    "sizes that overflow": (raw(b"", 2**32, 2**32), "which no tensor can have"),
    "sizes whose product wraps to what is there": (raw(b"12345678", 2**63 - 1, 2**63 - 1, 2), "which no tensor can have"),
    "100 dimensions": (raw(b"1234", *[1] * 100), "which no tensor can have"),
    "7 bytes of bfloat16": (raw(b"1234567", 2, data_type=TensorProto.BFLOAT16), "tensor 'w' is damaged"),
    "too few numbers": (TensorProto(name="w", data_type=7, dims=[3], int64_data=[1, 2]), "tensor 'w' is damaged"),
}


@pytest.mark.parametrize("is_output", [True, False])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_tensors_are_one_error(name: str, is_output: bool) -> None:
    tensor, message = DAMAGED[name]
    with pytest.raises(ConversionError) as caught:
        convert(with_tensor(tensor, is_output=is_output))
    assert message in str(caught.value)
    assert "unexpected" not in str(caught.value)


@pytest.mark.parametrize("location", ["a\0b", "n" * 300, "/".join(["n"] * 3000), "..", "", "missing"])
def test_names_that_no_file_can_have_are_one_error(tmp_path: Path, location: str) -> None:
    tensor = TensorProto(name="w", data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    path = tmp_path / "model.onnx"
    path.write_bytes(with_tensor(tensor, is_output=False).SerializeToString())
    with pytest.raises(ConversionError, match="external data of tensor 'w'") as caught:
        convert(path)
    assert "unexpected" not in str(caught.value)


def sparse(values: list[float], indices: object, *dims: int) -> onnx.ModelProto:
    """y = x + w, with w in coordinate form."""
    model = parsed(RELU.replace("Relu(x)", "Add(x, w)"))
    places = np.array(indices, np.int64)
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            helper.make_tensor("w", 1, [len(values)], values), numpy_helper.from_array(places, "w_indices"), list(dims)
        )
    )
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (sparse([5], [0, 1], 2), "1 values of shape [1] at indices of shape [2]"),
        (sparse([5, 6], [2, 0], 2), "outside of it"),
        (sparse([5, 6], [-1, 0], 2), "outside of it"),
        (sparse([5, 6], [1, 1], 2), "two values at one index"),
        (sparse([5, 6], [[0, 1], [0, 1]], 2), "indices of shape [2, 2]"),
        (sparse([5, 6], [[0, 1], [0, 1]], 1, 2), "two values at one index"),
        (sparse([5, 6], [[0, 1], [1, 0]], 1, 2), "outside of it"),
        (sparse([5], [0], 2**40), "constant of shape [1099511627776]"),
        (sparse([5], [0], 2**32, 2**32), "which no tensor can have"),
    ],
)
def test_damaged_sparse_tensors_are_one_error(model: onnx.ModelProto, message: str) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(model)
    assert message in str(caught.value)


@pytest.mark.parametrize(("indices", "dims"), [([0, 1], (2,)), ([1, 0], (2,)), ([[0, 0], [0, 1]], (1, 2))])
def test_sparse_tensors_are_made_dense(indices: object, dims: tuple[int, ...]) -> None:
    graph = convert(sparse([5, 6], indices, *dims))
    expected = np.zeros(dims, np.float32)
    expected[tuple(np.array(indices).reshape(2, -1).T)] = [5, 6]
    np.testing.assert_array_equal(run(graph, {"x": np.zeros(2, np.float32)})["y"], expected)
