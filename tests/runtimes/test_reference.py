"""The reference runtime: what it asks of inputs, what it gives, and how long it keeps what it computed."""

from __future__ import annotations

import math
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from onnx import TensorProto, helper

from converters.onnx import convert
from webnn_graph import GraphBuilder, run, runtimes
from webnn_graph.errors import ExecutionError, ValidationError
from webnn_graph.feeds import complete
from webnn_graph.names import identifier
from webnn_graph.runtimes import reference


def test_outputs_come_by_name_in_order() -> None:
    b = GraphBuilder()
    x, y = b.input("x", "float32", [2]), b.input("y", "float32", [1])
    graph = b.build({"sum": b.add(x, y), "negative": b.neg(x)})
    results = run(graph, {"y": np.float32([10]), "x": np.float32([1, 2])})
    assert {name: array.tolist() for name, array in results.items()} == {"sum": [11, 12], "negative": [-1, -2]}
    assert list(results) == ["sum", "negative"]


def test_values_yields_every_result() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [2])
    first, second = b.split(b.exp(x), 2)
    graph = b.build({"y": b.add(first, second)})
    seen = {operand.name: array.tolist() for operand, array in reference.values(graph, {"x": np.zeros(2, np.float32)})}
    assert seen == {"exp_0": [1, 1], "split_0": [1], "split_1": [1], "y": [2]}


@pytest.mark.parametrize(
    ("inputs", "message", "hint"),
    [
        ({}, "the input x: float32[2] is missing", ""),
        ({"x": np.zeros(2, np.float32)}, "the input packed: int4[1] is missing", ""),
        ({"X": 1}, "the graph has no input 'X'", "its inputs are x float32[2], packed int4[1]"),
        ({"xx": 1}, "the graph has no input 'xx'", "did you mean x? its inputs are x float32[2], packed int4[1]"),
        ({"x": np.zeros(3, np.float32)}, "the input x: float32[2] was given shape [3]", ""),
        ({"x": 1.0}, "the input x: float32[2] was given shape []", ""),
        ({"x": np.array([1.0, 2.0])}, "the input x: float32[2] was given float64", "convert it: array.astype('float32')"),
        ({"x": np.array([1, 2])}, "the input x: float32[2] was given int64", "convert it: array.astype('float32')"),
        ({"x": ["1", "2"]}, "the input x: float32[2] was given <U1", "convert it: array.astype('float32')"),
        ({"x": np.zeros(2, np.float32), "packed": np.int8([8])}, "the input packed: int4[1] was given values outside -8 to 7", ""),
    ],
)
def test_wrong_inputs(inputs: dict[str, object], message: str, hint: str) -> None:
    b = GraphBuilder()
    x, packed = b.input("x", "float32", [2]), b.input("packed", "int4", [1])
    graph = b.build({"y": b.relu(x), "z": b.cast(packed, "int8")})
    with pytest.raises(ExecutionError) as raised:
        run(graph, inputs)
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        ("uint8", np.array([True, False]), [1, 0]),
        ("uint8", [True, False], [1, 0]),
        ("float32", np.array([True, False]), [1, 0]),
        ("int64", np.array([1, -2], np.int32), [1, -2]),
        ("int32", np.array([1, -2]), [1, -2]),
        ("int32", np.array([1, 2**31]), None),
        ("uint8", np.array([1, -1], np.int8), None),
        ("int32", [1.0, -2.0], [1, -2]),
        ("int32", [1.5, 0.0], None),
        ("int32", np.array([1.0, 2.0], np.float32), None),
        ("float32", [0.1, 2], np.float32([0.1, 2])),
        ("float32", np.array([1, 0.5], np.float16), [1, 0.5]),
        ("float16", np.array([1, 0.5], np.float32), None),
        ("float32", np.array([1, 2], np.uint8), [1, 2]),
        ("float32", np.array([1, 2], np.int32), None),
    ],
)
def test_values_are_converted_where_nothing_is_lost(data_type: str, value: object, expected: object) -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.identity(b.input("x", data_type, [2]))})
    if expected is None:
        with pytest.raises(ExecutionError, match=rf"the input x: {data_type}\[2\] was given"):
            run(graph, {"x": value})
        return
    result = run(graph, {"x": value})["y"]
    assert result.dtype == data_type
    assert np.array_equal(result, np.asarray(expected))


def test_inputs_may_be_called_as_in_the_source_model() -> None:
    x = helper.make_tensor_value_info("input.1", TensorProto.BOOL, [2])
    y = helper.make_tensor_value_info("output.1", TensorProto.BOOL, [2])
    net = helper.make_graph([helper.make_node("Not", ["input.1"], ["output.1"])], "net", [x], [y])
    graph = convert(helper.make_model(net, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    value = np.array([True, False])
    for name in ("input.1", graph.inputs[0].name):
        for result in (
            run(graph, {name: value}),
            graph({name: value}),
            runtimes.run(graph, {name: value}),
            run(graph, complete(graph, {name: value})),
        ):
            (computed,) = result.values()
            assert computed.tolist() == [0, 1]
    with pytest.raises(ExecutionError, match="is given twice"):
        run(graph, {"input.1": value, identifier("input.1"): value})
    with pytest.raises(ExecutionError, match="the graph has no input 'input.2'"):
        run(graph, {"input.2": value})


def test_results_are_let_go_after_their_last_use() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1_000_000])
    y = x
    for _ in range(20):
        y = b.exp(b.neg(y))
    graph = b.build({"y": y})
    feeds = {"x": np.ones(1_000_000, np.float32)}
    tracemalloc.start()
    run(graph, feeds)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 4_000_000, "40 results of 4 MB are computed one after the other"


def test_what_it_is_given_is_not_changed() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [4])
    graph = b.build({"y": b.scatterND(b.identity(x), b.constant(np.int32([[0]])), b.constant(np.float32([9])))})
    given = np.arange(4, dtype=np.float32)
    assert run(graph, {"x": given})["y"].tolist() == [9, 1, 2, 3]
    assert given.tolist() == [0, 1, 2, 3]


def test_results_are_the_callers_own() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.reshape(b.input("x", "float32", [4]), [2, 2])})
    given = np.zeros(4, np.float32)
    run(graph, {"x": given})["y"][:] = 1
    assert given.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import webnn_graph", ["numpy", "onnx", "torch", "click", "jinja2"]),
        ("from webnn_graph import Graph, GraphBuilder, load, run, save, validate", ["onnx", "torch", "click", "jinja2", "rich"]),
    ],
)
def test_the_public_face_is_cheap(statement: str, absent: list[str]) -> None:
    code = f"{statement}\nimport sys\nprint([name for name in {absent} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_public_face_gives_functions_whatever_was_imported_before() -> None:
    code = "import webnn_graph.validation, webnn_graph.formats\nfrom webnn_graph import validate, save\nvalidate.__call__, save.__call__"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("data_type", "value", "fill"),
    [
        ("int8", math.inf, 127),
        ("int8", -1000, -128),
        ("int8", 3.7, 4),
        ("int8", 2.5, 2),
        ("uint8", math.nan, 0),
        ("uint64", 2**64 - 1, 2**64 - 1),
        ("uint64", 2**80, 2**64 - 1),
        ("float16", 1e30, math.inf),
    ],
)
def test_padding_with_a_number_that_the_data_type_has_not(data_type: str, value: float, fill: float) -> None:
    b = GraphBuilder()
    x = b.input("x", data_type, [1])
    graph = b.build({"y": b.pad(x, [0], [1], value=value)})
    assert run(graph, {"x": np.ones(1, data_type)})["y"].tolist() == [1, fill]


def test_scales_do_not_matter_where_sizes_are_given() -> None:
    b = GraphBuilder()
    graph = b.build({"y": b.resample2d(b.input("x", "float32", [1, 1, 2, 2]), sizes=[4, 4], scales=[2.0])})
    assert run(graph, {"x": np.ones((1, 1, 2, 2), np.float32)})["y"].tolist() == np.ones((1, 1, 4, 4)).tolist()


def test_a_number_that_no_data_type_has_is_refused() -> None:
    b = GraphBuilder()
    with pytest.raises(ValidationError, match="minValue must be a number"):
        b.clamp(b.input("x", "float32", [1]), minValue=10**400)
