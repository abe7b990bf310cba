"""The graph builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.runtimes import reference


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


# ------------------------------------------------------------------------------------------------------------------- calls
def test_an_error_says_where_what_and_with_which_operands() -> None:
    b = GraphBuilder()
    x, w = b.input("x", "float32", [2, 3]), b.input("w", "float32", [4, 5])
    with b.source("/encoder/MatMul_3"), pytest.raises(ValidationError) as raised:
        b.matmul(x, w)
    assert raised.value.message == "/encoder/MatMul_3: matmul: a has 3 columns, b has 4 rows (a x: float32[2, 3], b w: float32[4, 5])"


def test_an_unnamed_operand_is_described_by_its_type() -> None:
    b = GraphBuilder()
    x = b.relu(b.input("x", "float32", [2]))
    with pytest.raises(ValidationError, match=r"^softmax: axis 1 is out of range for rank 1 \(input float32\[2\]\)$"):
        b.softmax(x, 1)


def test_the_innermost_source_labels_and_a_given_label_wins() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    with b.source("outer"):
        with b.source("inner"):
            y = b.exp(x)
        z = b.sin(y)
        w = b.cos(z, label="own")
    graph = b.build({"w": b.tan(w)})
    assert [node.label for node in graph.nodes] == ["inner", "outer", "own", ""]


def test_unknown_operators_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="WebNN has no operator 'conv3d'"):
        GraphBuilder().conv3d()


@pytest.mark.parametrize(
    ("op", "argument", "value", "message"),
    [
        ("softmax", "axis", 1.5, "axis must be a non-negative integer, not 1.5"),
        ("softmax", "axis", True, "axis must be a non-negative integer, not True"),
        ("softmax", "axis", "1", "axis must be a non-negative integer, not '1'"),
        ("softmax", "axis", 2**32, "axis must be a non-negative integer, not 4294967296"),
        ("softmax", "axis", float("nan"), "axis must be a non-negative integer, not nan"),
        ("elu", "alpha", True, "alpha must be a number, not True"),
        ("transpose", "permutation", "01", "permutation must be a list of non-negative integers, not '01'"),
        ("transpose", "permutation", [0, -1], "permutation must be a list of non-negative integers, not [0, -1]"),
        ("reduceSum", "keepDimensions", None, "keepDimensions must be true or false, not None"),
        ("cast", "dataType", "bool", "dataType must be a data type, not 'bool'"),
        ("prelu", "slope", "x", "slope must be an operand, not 'x'"),
        ("argMax", "outputDataType", 5, "outputDataType must be 'int32' or 'int64', not 5"),
    ],
)
def test_arguments_of_another_kind(op: str, argument: str, value: Any, message: str) -> None:
    b = GraphBuilder()
    given = {"axis": 0} if op == "argMax" else {}
    with pytest.raises(ValidationError) as raised:
        b.call(op, b.input("x", "float32", [2, 3]), **given, **{argument: value})
    assert raised.value.message == f"{op}: {message}"


def test_arguments_are_stored_canonically() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 3])
    graph = b.build({"y": b.reduceSum(x, axes=np.array([1]), keepDimensions=np.bool_(False)), "z": b.elu(x, alpha=np.float32(0.5))})
    (reduced, elu) = graph.nodes
    assert dict(reduced.arguments) == {"input": graph.inputs[0], "axes": [1]}, "a default is left out"
    assert repr(elu.arguments["alpha"]) == "0.5"


def test_equal_calls_are_one_node() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2, 3])
    assert b.exp(x) is b.exp(x)
    assert b.softmax(x, 0) is not b.softmax(x, 1)
    assert b.leakyRelu(x) is b.leakyRelu(x, alpha=0.01)
    assert b.clamp(x, minValue=0.0) is not b.clamp(x, minValue=-0.0)
    first, second = b.split(x, 3, axis=1), b.split(x, 3, axis=1)
    assert first == second


def test_numbers_and_arrays_stand_for_operands() -> None:
    b = GraphBuilder()
    x = b.input("x", "float16", [2])
    c = b.greater(x, 1)
    graph = b.build({"y": b.where(c, x, -1), "z": b.add(np.array([1, 2], np.float16), x)})
    assert {str(constant.data_type) for constant in graph.constants} == {"float16"}
    out = reference.run(graph, {"x": np.array([0.5, 3], np.float16)})
    assert out["y"].tolist() == [-1, 3]
    assert out["z"].tolist() == [1.5, 5]


# --------------------------------------------------------------------------------------------------------------- constants
def test_constants_keep_their_values() -> None:
    b = GraphBuilder()
    large = np.random.default_rng(0).random((10, 10)).astype(np.float32)
    assert b.value(b.constant(large)) is large, "an array is not copied"
    assert b.value(b.constant(2**53 + 1, "int64")) == 2**53 + 1
    assert b.constant(True).data_type is DataType.UINT8
    assert b.constant(3, "uint4").descriptor.nbytes == 1
    assert b.constant(1.5, "float16") is b.constant(1.5, "float16")
    assert b.constant(0.0, "float32") is not b.constant(-0.0, "float32")


@pytest.mark.parametrize(
    ("value", "data_type"),
    [(300, "int8"), (-1, "uint32"), (8, "int4"), (16, "uint4"), (float("nan"), "int32"), (2**63, "int64"), (np.int8(-9), "int4")],
)
def test_constants_outside_their_type(value: Any, data_type: str) -> None:
    with pytest.raises(ValidationError, match=f"constant w has values outside the range of {data_type}"):
        GraphBuilder().constant(value, data_type, name="w")


HUGE: dict[str, Callable[[GraphBuilder], Any]] = {
    "input": lambda b: b.input("y", "int8", [65536, 32768]),
    "constant": lambda b: b.constant(np.broadcast_to(np.float32(1), [65536, 32768]), "float16"),
    "expand": lambda b: b.expand(b.constant(1.0, "float32"), [65536, 32768]),
    "add": lambda b: b.add(b.input("x", "float32", [65536, 1]), b.input("z", "float32", [32768])),
    "matmul": lambda b: b.matmul(b.input("x", "float32", [65536, 1]), b.input("z", "float32", [1, 32768])),
    "concat": lambda b: b.concat([b.input("x", "uint8", [2**15, 2**15]), b.input("z", "uint8", [2**15, 2**15])], 0),
    "tile": lambda b: b.tile(b.input("x", "float32", [65536, 1]), [1, 32768]),
    "pad": lambda b: b.pad(b.input("x", "float32", [65536, 1]), [0, 0], [0, 32767]),
    "gather": lambda b: b.gather(b.input("x", "float32", [1, 65536]), np.zeros(32768, np.int32), axis=0),
    "resample2d": lambda b: b.resample2d(b.input("x", "float32", [1, 1, 256, 256]), scales=[128, 256]),
}


@pytest.mark.parametrize("make", HUGE.values(), ids=HUGE)
def test_a_tensor_has_fewer_than_two_to_the_31_elements(make: Callable[[GraphBuilder], Any]) -> None:
    with pytest.raises(ValidationError, match=r"which is 2,147,483,648 elements; a tensor has at most 2\^31-1"):
        make(GraphBuilder())


def test_empty_constants_may_only_vanish() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    empty = b.constant(np.zeros(0, np.int64))
    shape = b.concat([empty, b.constant(np.array([1, 2]))], 0)
    y = b.reshape(x, list(b.value(shape)))
    assert b.build({"y": y}).constants == {}
    with pytest.raises(ValidationError, match="empty"):
        b.build({"z": empty})


# ----------------------------------------------------------------------------------------------------------------- knowing
def test_values_of_constant_expressions() -> None:
    b = GraphBuilder()
    x = b.input("x", "int64", [2])
    shape = b.concat([b.constant(np.array([2, 3])), b.mul(b.constant(np.array([4])), 5)], 0)
    assert b.is_known(shape)
    assert b.value(shape).tolist() == [2, 3, 20]
    assert not b.is_known(b.add(shape, b.concat([x, b.constant(np.array([1]))], 0)))
    assert b.value(x) is None


def test_long_constant_expressions() -> None:
    b = GraphBuilder()
    x = b.constant(np.zeros(3, np.int32))
    for _ in range(5000):
        x = b.add(x, 1)
    assert b.value(x).tolist() == [5000] * 3
    graph = b.build({"y": b.add(b.input("x", "int32", [3]), x)})
    assert ops(graph) == ["add"]


def test_producer() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    y = b.exp(x)
    producer = b.producer(y)
    assert producer is not None
    assert producer.op == "exp"
    assert b.producer(x) is None


# ---------------------------------------------------------------------------------------------------------------- building
def test_what_no_output_needs_is_left_out_but_inputs_stay() -> None:
    b = GraphBuilder()
    x, unused = b.input("x", "float32", [2]), b.input("unused", "float32", [2])
    b.exp(b.add(unused, np.ones(2, np.float32)))
    graph = b.build({"y": b.sin(x)})
    assert ops(graph) == ["sin"]
    assert graph.constants == {}
    assert [operand.name for operand in graph.inputs] == ["x", "unused"]


@pytest.mark.parametrize("data_type", list(DataType))
def test_inputs_constants_and_doubles_are_outputs_through_a_node(data_type: DataType) -> None:
    b = GraphBuilder()
    x = b.input("x", data_type, [3])
    y = b.reshape(x, [3, 1])
    c = b.constant([1, 2, 3], data_type)
    graph = b.build({"same": x, "y": y, "again": y, "c": c})
    assert len({output.name for output in graph.outputs}) == 4
    results = {output for node in graph.nodes for output in node.outputs}
    assert all(output in results for output in graph.outputs)
    from webnn_graph.validation import validate

    validate(graph)
    values = np.array([3, 2, 1], data_type.numpy)
    computed = reference.run(graph, {"x": values})
    np.testing.assert_array_equal(computed["same"], values)
    np.testing.assert_array_equal(computed["again"], values[:, None])
    assert computed["c"].tolist() == [1, 2, 3]


def test_a_graph_has_outputs() -> None:
    with pytest.raises(ValidationError, match="at least one output"):
        GraphBuilder().build({})


@pytest.mark.parametrize("output", [None, np.ones(2, np.float32), 1.0, []])
def test_only_operands_are_outputs(output: Any) -> None:
    b = GraphBuilder()
    with pytest.raises(ValidationError, match="build: y must be an operand, not "):
        b.build({"y": output})


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, ">f4", np.bool_, None])
def test_arrays_that_were_put_into_a_graph_become_of_the_constant_s_type(dtype: Any) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.add(b.input("x", "float32", [2]), b.constant(np.zeros(2, np.float32)))})
    (constant,) = graph.constants
    values: Any = [0.0, 1.0] if dtype is None else np.array([0, 1], dtype)
    weight = replace(graph, constants={constant: values}).weights[constant]
    taken = b.value(b.constant(weight))
    assert taken is not None
    assert taken.dtype == np.float32
    np.testing.assert_array_equal(taken, [0, 1])


def test_inputs_are_declared_once_and_have_elements() -> None:
    b = GraphBuilder()
    b.input("x", "float32", [1])
    with pytest.raises(ValidationError, match="input 'x' is declared twice"):
        b.input("x", "float32", [1])
    for dimension in (0, -1, 2**31):
        with pytest.raises(ValidationError, match="has shape"):
            b.input("y", "float32", [dimension])


@pytest.mark.parametrize("name", ["float64", "f32", "Float32"])
def test_data_types_have_the_names_of_the_standard(name: str) -> None:
    b = GraphBuilder()
    for make in (lambda: b.input("x", name, [1]), lambda: b.constant(1, name)):
        with pytest.raises(ValidationError, match=f"there is no data type '{name}'\nhint: data types are float32, "):
            make()


def test_names() -> None:
    b = GraphBuilder()
    x = b.input("in/x", "float32", [2])
    w = b.constant(np.array([1, 2], np.float32), name="layer.weight")
    y = b.mul(x, w)
    b.suggest(y, "hidden")
    b.suggest(y, "later")
    z = b.exp(b.sin(y))
    graph = b.build({"out.0": z, "hidden": b.cos(z)})
    assert [operand.name for operand in graph.operands.values()] == ["in_x", "layer_weight", "hidden_2", "sin_0", "out_0", "hidden"]
    assert graph.notes == ("in/x is named in_x", "out.0 is named out_0")


def test_operands_of_others_are_refused() -> None:
    b, other = GraphBuilder(), GraphBuilder()
    x, foreign = b.input("x", "float32", [2]), other.input("foreign", "float32", [2])
    for made in (foreign, other.exp(foreign), other.constant([1.0, 2.0], "float32"), Operand(DataType.FLOAT32, (2,), "by_hand")):
        with pytest.raises(ValidationError, match=r"add: b .*float32\[2\] is no operand of this builder") as caught:
            b.add(x, made)
        assert "make it with the builder that reads it" in caught.value.hint
        with pytest.raises(ValidationError, match="concat: inputs .* is no operand of this builder"):
            b.concat([x, made], 0)
        with pytest.raises(ValidationError, match="build: y .* is no operand of this builder"):
            b.build({"y": made})
    assert ops(b.build({"y": b.exp(x)})) == ["exp"]


def test_a_bare_descriptor_is_no_operand() -> None:
    b = GraphBuilder()
    with pytest.raises(ValidationError, match="is no operand of this builder"):
        b.exp(b.input("x", "float32", [2]).descriptor)  # type: ignore[arg-type]


def test_nothing_is_built_from_a_stand_in() -> None:
    """What could not be made has a type and a shape, so that what reads it is checked; a graph it cannot become."""
    b = GraphBuilder()
    x, lost = b.input("x", "float32", [2]), b.stand_in(DataType.FLOAT32, [3])
    with pytest.raises(ValidationError, match="do not broadcast"):
        b.add(x, lost)
    doubled = b.add(lost, lost)
    assert doubled.shape == (3,)
    assert b.value(doubled) is None
    for output in (doubled, lost):
        with pytest.raises(ValidationError, match="reads what could not be made"):
            b.build({"y": output})
    assert ops(b.build({"y": b.exp(x)})) == ["exp"]


def test_building_leaves_the_builder_as_it_is() -> None:
    """Two builds give the same: neither notes nor identities of the first are in the second."""
    b = GraphBuilder()
    x = b.input("in/x", "float32", [2])
    y = b.exp(x)
    outputs = {"out.y": y, "same": y, "x": x, "c": b.constant([1.0, 2.0], "float32")}
    first, second = b.build(outputs), b.build(outputs)
    assert [str(output) for output in first.outputs] == [str(output) for output in second.outputs]
    assert ops(first) == ops(second) == ["exp", "identity", "identity", "identity"]
    assert first.notes == second.notes == ("in/x is named in_x", "out.y is named out_y")
    assert b.notes == []
    assert ops(b.build({"y": b.sin(y)})) == ["exp", "sin"]


def test_a_builder_builds_again() -> None:
    """A frontend may build, look, and go on: what was built does not change."""
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    y = b.exp(x)
    first = b.build({"y": y})
    second = b.build({"z": b.sin(y)})
    assert ops(first) == ["exp"]
    assert ops(second) == ["exp", "sin"]
