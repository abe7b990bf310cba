"""Files that only rustnn's tools write: dynamic dimensions, objects, aliases, old operators, BF16 and packed weights."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.test_bad_input import safetensors
from webnn_graph import Graph, GraphBuilder, load, run, save, validate
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats.weights import PACKED, Safetensors

OF_RUSTNN = Path(__file__).with_name("of_rustnn.webnn").read_text()
MATRIX = np.linspace(-3, 3, 20, dtype=np.float32).reshape(4, 5)
MARKED = {PACKED: "1"}
NIBBLES = np.arange(15, dtype=np.uint8).reshape(5, 3)

AS_JSON: dict[str, Any] = {
    "format": "webnn-graph-json",
    "version": 2,
    "inputs": {"x": {"dataType": "float32", "shape": [{"name": "n", "maxSize": 8}, 1]}},
    "nodes": [
        {"id": "a", "op": "relu", "inputs": ["x"], "options": {"metadata": {"kind": "first"}}},
        {"id": "b", "op": "", "inputs": ["a"], "options": {}},
        {"id": "c", "op": "squeeze", "inputs": ["b"], "options": {"axes": [1]}},
        {"id": "d", "op": "expand", "inputs": ["c"], "options": {"newShape": [2, {"name": "n", "maxSize": 8}]}},
    ],
    "outputs": {"d": "d", "b": "b"},
}


def bfloat16(array: np.ndarray) -> bytes:
    """The upper halves of float32."""
    return (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def weights(metadata: Any = MARKED, matrix: str = "BF16") -> bytes:
    """The weights of `OF_RUSTNN`."""
    first = bfloat16(MATRIX) if matrix == "BF16" else MATRIX.astype("<f4").tobytes()
    packed = bytes([low | high << 4 for low, high in zip(NIBBLES.ravel()[::2], [*NIBBLES.ravel()[1::2], 0], strict=True)])
    header = {
        "encoder.matrix": {"dtype": matrix, "shape": [4, 5], "data_offsets": [0, len(first)]},
        "nibbles": {"dtype": "U8", "shape": [8], "data_offsets": [len(first), len(first) + 8]},
    }
    return safetensors(header | ({} if metadata is None else {"__metadata__": metadata}), first + packed)


def files(folder: Path, content: str = OF_RUSTNN, stored: bytes = b"") -> Path:
    (folder / "model.safetensors").write_bytes(stored or weights())
    path = folder / "model.webnn"
    path.write_text(content)
    return path


def test_the_whole(tmp_path: Path) -> None:
    graph = load(files(tmp_path), dims={"n": 3})
    validate(graph)
    assert [str(operand) for operand in (*graph.inputs, *graph.outputs)] == [
        "x: float32[3, 1, 4]",
        "result: float32[3, 3]",
        "same: float32[3, 1, 4]",
    ]
    assert [node.op for node in graph.nodes] == ["add", "reshape", "reshape", "reshape", "matmul", "dequantizeLinear", "matmul"]
    assert "add: metadata is not part of WebNN and left out" in graph.notes
    x = np.random.default_rng(1).standard_normal((3, 1, 4)).astype(np.float32)
    rounded = (MATRIX.view(np.uint32) & 0xFFFF0000).view(np.float32)
    computed = run(graph, {"x": x})
    np.testing.assert_array_equal(computed["same"], x + 0.5)
    np.testing.assert_allclose(computed["result"], (x[:, 0] + 0.5) @ rounded @ ((NIBBLES - 8.0) * 0.25), rtol=1e-5, atol=1e-5)


def test_it_is_written_as_anyone_reads_it(tmp_path: Path) -> None:
    graph = load(files(tmp_path), dims={"n": 8})
    for suffix in (".webnn", ".json"):
        save(graph, tmp_path / f"again{suffix}")
        again = load(tmp_path / f"again{suffix}")
        for name, array in run(graph, {"x": np.ones((8, 1, 4), np.float32)}).items():
            np.testing.assert_array_equal(run(again, {"x": np.ones((8, 1, 4), np.float32)})[name], array)


# ------------------------------------------------------------------------------------------------------- dynamic dimensions
@pytest.mark.parametrize(
    ("dims", "message", "hint"),
    [
        ({}, ":4:12: dimension 'n' is dynamic; WebNN graphs have static shapes", "give it a size: --dim n=8"),
        ({"n": 9}, ":4:12: dimension 'n' is at least 1 and at most 8, not 9", ""),
        ({"n": 0}, ":4:12: dimension 'n' is at least 1 and at most 8, not 0", ""),
        ({"n": 2, "m": 3}, ": the graph has no dynamic dimension 'm'", "it has n"),
    ],
)
def test_sizes_of_dimensions(tmp_path: Path, dims: dict[str, int], message: str, hint: str) -> None:
    with pytest.raises(FormatError) as raised:
        load(files(tmp_path), dims=dims)
    assert message in raised.value.message
    assert raised.value.hint == hint


def test_a_static_graph_takes_no_sizes(tmp_path: Path) -> None:
    b = GraphBuilder()
    (path,) = save(b.build({"y": b.relu(b.input("x", "float32", [2]))}), tmp_path / "static.webnn")
    with pytest.raises(FormatError, match="the graph has no dynamic dimension 'n'") as raised:
        load(path, dims={"n": 2})
    assert raised.value.hint == "all of its shapes are static"


def test_the_same_as_json(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(AS_JSON))
    graph = load(path, dims={"n": 5})
    assert [(node.op, str(node.output)) for node in graph.nodes] == [
        ("relu", "b: float32[5, 1]"),
        ("reshape", "c: float32[5]"),
        ("expand", "d: float32[2, 5]"),
    ]
    with pytest.raises(FormatError, match=r"inputs.x.shape: dimension 'n' is dynamic"):
        load(path)


# -------------------------------------------------------------------------------------------------------------------- calls
CALLS = [
    (
        'conv2d(x, w, bias=null, dilations=[], filterLayout="", groups=1, inputLayout="", label="", padding=[], strides=[])',
        lambda b, x: b.conv2d(x, np.full((2, 3, 1, 1), 2, np.float32)),
    ),
    (
        'convTranspose2d(x, w, dilations=[], groups=1, inputLayout="", filterLayout="", outputPadding=[], outputSizes=null, padding=[])',
        lambda b, x: b.convTranspose2d(x, np.full((2, 3, 1, 1), 2, np.float32)),
    ),
    (
        'maxPool2d(x, dilations=[], layout="", outputShapeRounding="", outputSizes=null, padding=[], strides=[], windowDimensions=[2, 2])',
        lambda b, x: b.maxPool2d(x, windowDimensions=[2, 2]),
    ),
    ('transpose(x, label="", permutation=[])', lambda b, x: b.transpose(x)),
    ("slice(x, sizes=[1, 1, 1, 1], starts=[0, 1, 0, 2], strides=[])", lambda b, x: b.slice(x, [0, 1, 0, 2], [1, 1, 1, 1])),
    ('resample2d(x, axes=[], mode="", scales=[], sizes=[2, 8])', lambda b, x: b.resample2d(x, sizes=[2, 8])),
    ("reduceSum(x, axes=null, keepDimensions=true)", lambda b, x: b.reduceSum(x, keepDimensions=True)),
    ("reduceLogSum(x, axes=[])", lambda b, x: b.reduceLogSum(x, axes=[])),
    ("reverse(x, axes=[1])", lambda b, x: b.reverse(x, axes=[1])),
    ("layerNormalization(x, hasBias=false, hasScale=false)", lambda b, x: b.layerNormalization(x)),
    ("instanceNormalization(x, has_scale=false, has_bias=false)", lambda b, x: b.instanceNormalization(x)),
    ("expand(x, axes=[0], new_shape=[3, 2, 4, 4])", lambda b, x: b.expand(x, [3, 2, 4, 4])),
    ("reshape(x, new_shape=[2, 16])", lambda b, x: b.reshape(x, [2, 16])),
    (
        "pad(x, beginning_padding=[0, 1, 0, 0], ending_padding=[0, 0, 2, 0], value=1)",
        lambda b, x: b.pad(x, [0, 1, 0, 0], [0, 0, 2, 0], value=1),
    ),
    ("gather(x, zero, axis=1, batchDimensions=0)", lambda b, x: b.gather(x, np.zeros(3, np.int32), axis=1)),
]
"""Calls as rustnn writes them, with all members, and as its reader takes them, in other words; and the same by the builder."""


def of_call(folder: Path, call: str, channels: int = 2) -> Path:
    """The file of a graph that is one call."""
    inputs, consts = f"x: f32[1, {channels}, 4, 4];", "w: f32[2, 3, 1, 1] @scalar(2.0); zero: i32[3] @scalar(0);"
    blocks = f"inputs {{ {inputs} }} consts {{ {consts} }} nodes {{ [y] = {call}; }} outputs {{ y; }}"
    path = folder / "model.webnn"
    path.write_text(f'webnn_graph "g" v2 {{ {blocks} }}')
    return path


@pytest.mark.parametrize(("call", "same"), CALLS, ids=[call.partition("(")[0] for call, _ in CALLS])
def test_calls_that_say_all_that_is_not_given(tmp_path: Path, call: str, same: Callable[[GraphBuilder, Any], Any]) -> None:
    channels = 3 if call.startswith("conv2d") else 2
    b = GraphBuilder()
    expected = b.build({"y": same(b, b.input("x", "float32", [1, channels, 4, 4]))})
    x = {"x": np.random.default_rng(3).random((1, channels, 4, 4), np.float32)}
    np.testing.assert_array_equal(run(load(of_call(tmp_path, call, channels)), x)["y"], run(expected, x)["y"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("gather(x, zero, batchDimensions=1)", "batchDimensions"),
        ("relu(x, has_scale=false)", "has_scale"),
        ("tile(x, repetitions=[])", "repetitions"),
        ("reshape(x, newShape=[2, 16], new_shape=[2, 16])", "newShape twice"),
    ],
)
def test_what_changes_a_call_is_not_left_out(tmp_path: Path, call: str, message: str) -> None:
    with pytest.raises(WebNNError, match=message):
        load(of_call(tmp_path, call))


def test_the_largest_size_of_a_dimension_in_both_spellings(tmp_path: Path) -> None:
    reshape = {"id": "d", "op": "reshape", "inputs": ["x"], "options": {"newShape": [1, {"name": "n", "max_size": 8}]}}
    (tmp_path / "model.json").write_text(json.dumps({**AS_JSON, "nodes": [reshape], "outputs": {"d": "d"}}))
    assert str(load(tmp_path / "model.json", dims={"n": 5}).outputs[0]) == "d: float32[1, 5]"


# ------------------------------------------------------------------------------------------------------------------ weights
@pytest.mark.parametrize("metadata", [None, {}, {PACKED: "1"}, {"format": "pt"}])
@pytest.mark.parametrize("matrix", ["BF16", "F32"])
def test_weights_are_read_with_and_without_the_mark_of_packed_ones(tmp_path: Path, metadata: Any, matrix: str) -> None:
    graph = load(files(tmp_path, stored=weights(metadata, matrix)), dims={"n": 1})
    constants = {operand.name: array for operand, array in graph.constants.items()}
    np.testing.assert_array_equal(constants["nibbles"], NIBBLES)
    np.testing.assert_allclose(constants["matrix"], MATRIX, rtol=2**-7 if matrix == "BF16" else 0)


@pytest.mark.parametrize("matrix", ["BF16", "F32"])
@pytest.mark.parametrize("used", [False, True])
def test_a_loaded_graph_can_be_pickled_and_has_its_weights_once(tmp_path: Path, matrix: str, used: bool) -> None:
    rows = 5000
    header = {"big": {"dtype": matrix, "shape": [rows, 2], "data_offsets": [0, rows * (4 if matrix == "BF16" else 8)]}}
    values = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2) % 128
    content = bfloat16(values) if matrix == "BF16" else values.tobytes()
    b = GraphBuilder()
    save(b.build({"y": b.add(b.input("x", "float32", [1, 2]), b.constant(values, name="big"))}), tmp_path / "model.webnn")
    text = "".join(line for line in (tmp_path / "model.webnn").read_text().splitlines(True) if "digest" not in line)
    graph = load(files(tmp_path, text, safetensors(header, content)))
    if used:
        assert len(list(graph.constants.values())) == 1
    pickled = pickle.dumps(graph)
    assert len(pickled) < 1.5 * values.nbytes
    np.testing.assert_array_equal(list(pickle.loads(pickled).constants.values()), [values])


def test_packing_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=f"packs 'nibbles' in a way that is not known: {PACKED} is '2'"):
        load(files(tmp_path, stored=weights({PACKED: "2"})), dims={"n": 1})


@pytest.mark.parametrize("declared", ["f16[4, 5]", "i32[4, 5]", "f32[5, 4]", "f32[20]"])
def test_bfloat16_stands_for_float32_of_its_shape_only(tmp_path: Path, declared: str) -> None:
    with pytest.raises(FormatError, match=r"'encoder.matrix' in .* is BF16\[4, 5\]; the graph declares"):
        load(files(tmp_path, OF_RUSTNN.replace("f32[4, 5]", declared)), dims={"n": 1})


@pytest.mark.parametrize(
    ("constant", "marked"),
    [
        (lambda b: b.constant(NIBBLES, "uint4", "w"), True),
        (lambda b: b.constant(NIBBLES.astype(np.int8) - 8, "int4", "w"), True),
        (lambda b: b.constant(NIBBLES, "uint8", "w"), False),
        (lambda b: b.constant(NIBBLES.astype(np.float32), name="w"), False),
    ],
    ids=["uint4", "int4", "uint8", "float32"],
)
def test_packed_weights_are_marked(tmp_path: Path, constant: Callable[[GraphBuilder], Any], marked: bool) -> None:
    def graph() -> Graph:
        b = GraphBuilder()
        return b.build({"y": b.cast(b.reshape(constant(b), [3, 5]), "int32"), "z": b.relu(b.input("x", "float32", [1]))})

    *_, written = save(graph(), tmp_path / "m.webnn")
    assert (Safetensors(written).metadata.get(PACKED) == "1") == marked
    assert [array.tolist() for array in load(tmp_path / "m.webnn").constants.values()] == [a.tolist() for a in graph().constants.values()]
