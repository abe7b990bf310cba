"""Damaged, hostile and impossible files: one clear error each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.graphs import every_operator
from tests.formats.test_spellings import as_json
from webnn_graph import Graph, load, save
from webnn_graph.errors import FormatError, ValidationError, WebNNError
from webnn_graph.formats import text

SUFFIXES = (".webnn", ".json", ".safetensors")


def write(folder: Path, content: str | bytes, name: str = "model.webnn") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def graph_text(nodes: str, *, inputs: str = "x: f32[2, 3];", consts: str = "", outputs: str = "y;") -> str:
    return (
        f'webnn_graph "t" v1 {{\n  inputs {{ {inputs} }}\n  consts {{ {consts} }}\n  nodes {{ {nodes} }}\n  outputs {{ {outputs} }}\n}}\n'
    )


# ------------------------------------------------------------------------------------------------------------------------ text
BAD_TEXT = [
    # content, line and column, message
    ("# only this", "1:12", "expected webnn_graph, but the file ends here"),
    ("hello", "1:1", "expected webnn_graph"),
    ("webnn_graph t v1 {", "1:13", "expected the graph's name in quotes"),
    ('webnn_graph "t" {', "1:17", "expected a version such as v1"),
    ('webnn_graph "t" v3 {', "1:17", "version 3 of the format is not known"),
    ('webnn_graph "t" v1 { nodse { } }', "1:22", "there is no block 'nodse'"),
    (graph_text("y = relu(x)"), "4:23", "expected ;"),
    (graph_text("y = x"), "4:17", "expected ("),
    (graph_text("y = z;"), "4:11", "there is no operand 'z'"),
    (graph_text("y = y;"), "4:11", "'y' is read before it is defined"),
    (graph_text("y = z; z = y;"), "4:11", "'z' is read before it is defined"),
    (graph_text("y = relu(x); y = x;"), "4:24", "the name 'y' is used twice"),
    (graph_text("y = x; y = relu(x);"), "4:18", "the name 'y' is used twice"),
    (graph_text("[y, z] = x;"), "4:11", "an operand is given another name by y = x;"),
    (graph_text("y = 3;"), "4:15", "expected an operator"),
    (graph_text("y = relu(neg(x));"), "4:23", "expected ,"),
    (graph_text("y = relu(x,);"), "4:22", "expected a value"),
    (graph_text("y = elu(x, alpha=.5);"), "4:28", "expected a value"),
    (graph_text("y = elu(x, alpha=1e999);"), "4:28", "1e999 is too large"),
    (graph_text(f"y = elu(x, alpha={'9' * 5000});"), "4:28", "too many digits"),
    (graph_text("y = elu(x, alpha=1, alpha=2);"), "4:31", "alpha is given twice"),
    (graph_text(f"y = reshape(x, newShape={'[' * 100000});"), "4:68", "nested too deeply"),
    (graph_text(f"y = reshape(x, newShape={'{a: ' * 100000});"), "4:167", "nested too deeply"),
    (graph_text('y = reshape(x, newShape=[{name: "n", maxSize: 5}]);'), "4:11", "dimension 'n' is dynamic"),
    (graph_text('y = reshape(x, newShape=[{name: "n", maxSize: 5.5}]);'), "4:11", "newShape must be a list of non-negative integers"),
    (graph_text("y = reshape(x, newShape={a: 1});"), "4:11", "newShape must be a list of non-negative integers"),
    (graph_text("y = softmax(x, axis={});"), "4:11", "axis must be a non-negative integer, not {}"),
    (graph_text("y = relu(x, metadata={a: 1, a: 2});"), "4:39", "a is given twice"),
    (graph_text("y = relu(x, metadata={1: 2});"), "4:33", "expected a name"),
    (graph_text("y = relu(x, metadata={a = 2});"), "4:35", "expected :"),
    (graph_text("y = squeeze(x, axes=[0]);"), "4:11", "axes [0] of [2, 3] are not all of size 1"),
    (graph_text("y = squeeze(x, axes=[2]);"), "4:11", "axes must be different axes below 2, not [2]"),
    (graph_text("y = squeeze(x, axes=[-1]);"), "4:11", "axes must be different axes below 2, not [-1]"),
    (graph_text("y = unsqueeze(x);"), "4:11", "axes must be different axes below 2, not None"),
    (graph_text("y = unsqueeze(x, axes=[1, 1]);"), "4:11", "axes must be different axes below 4, not [1, 1]"),
    (graph_text("y = unsqueeze(x, axes={a: 1});"), "4:11", "axes must be different axes below 2"),
    (graph_text("y = unsqueeze(x, axes=[0], keep=1);"), "4:11", "unsqueeze takes an operand and axes"),
    (graph_text(f"y = unsqueeze(x, axes={list(range(31))});"), "4:11", "33 dimensions; at most 32 are supported"),
    (graph_text("y = relu(x);", inputs='x: f32[dyn("n", 5)];'), "2:19", "dimension 'n' is dynamic"),
    (graph_text("y = relu(x);", inputs='x: f32[dyn("n")];'), "2:26", "expected ,"),
    (graph_text("y = relu(x);", inputs='x: f32[dyn("n", 5];'), "2:29", "expected )"),
    (graph_text("y = relu(x);", inputs="x: f64[2];"), "2:15", "there is no data type 'f64'"),
    (graph_text("y = relu(x);", inputs="x: f32[-2];"), "2:19", "expected a whole number"),
    (graph_text("y = relu(x);", inputs="x: f32[0];"), "2:12", "dimensions must be 1 to 2^31-1"),
    (graph_text("y = relu(x);", inputs="x: f32[2147483648];"), "2:12", "dimensions must be 1 to 2^31-1"),
    (graph_text("y = relu(x);", inputs="x: f32[65536, 65536];"), "2:12", "4,294,967,296 elements; a tensor has at most 2^31-1"),
    (graph_text("y = relu(x);", consts="c: i4[65536, 65536];"), "3:12", "4,294,967,296 elements; a tensor has at most 2^31-1"),
    (graph_text("y = expand(x, newShape=[65536, 16384, 2, 3]);"), "4:11", "6,442,450,944 elements; a tensor has at most 2^31-1"),
    (graph_text("y = relu(x);", inputs=f"x: f32{[1] * 33};"), "2:12", "x has 33 dimensions; at most 32 are supported"),
    (graph_text("y = relu(x);", inputs="x: f32[2]; x: f32[2];"), "2:23", "the name 'x' is used twice"),
    (graph_text("y = relu(x); y = neg(x);"), "4:24", "the name 'y' is used twice"),
    (graph_text("[y, y] = split(x, splits=[1, 1]);"), "4:11", "the name 'y' is used twice"),
    (graph_text("[y, z] = split(x, splits=2, axis=0); x = relu(y);"), "4:48", "the name 'x' is used twice"),
    (graph_text("y = relu(z);"), "4:11", "there is no operand 'z'"),
    (graph_text("y = relu(z); z = neg(y);"), "4:11", "'z' is read before it is defined"),
    (graph_text("y = relu(y);"), "4:11", "'y' is read before it is defined"),
    (graph_text("y = rleu(x);"), "4:11", "WebNN has no operator 'rleu'"),
    (graph_text("y = relu(x, x);"), "4:11", "relu takes fewer arguments"),
    (graph_text("y = relu();"), "4:11", "relu needs the argument input"),
    (graph_text("y = relu(x, alpha=1);"), "4:11", "relu has no option 'alpha'"),
    (graph_text("y = softmax(x, axis=-1);"), "4:11", "axis must be a non-negative integer, not -1"),
    (graph_text("y = softmax(x, axis=true);"), "4:11", "axis must be a non-negative integer, not True"),
    (graph_text('y = softmax(x, axis="1");'), "4:11", "axis must be a non-negative integer, not '1'"),
    (graph_text("y = reshape(x, newShape=[7]);"), "4:11", "newShape [7] has 7 elements, the input has 6"),
    (graph_text("y = gemm(x, x, c=7, bTranspose=true);"), "4:11", "there is no operand number 7; 1 are defined here"),
    (graph_text("y = relu(x, label=3);"), "4:11", "a label must be a string"),
    (graph_text("[y, z] = relu(x);"), "4:11", "relu returns 1 operands here, 2 are named"),
    (graph_text("y = split(x, splits=2);"), "4:11", "split returns 2 operands here, 1 are named"),
    (graph_text("y = relu(x);", outputs="y; z;"), "5:16", "there is no operand 'z'"),
    (graph_text("y = relu(x);", outputs="y; y;"), "5:16", "the output 'y' is listed twice"),
    (graph_text("y = relu(x);", consts="c: f32[2] @bytes([1, 2]);"), "3:12", "@bytes has 2 bytes; float32[2] takes 8"),
    (graph_text("y = relu(x);", consts="c: u8[1] @bytes([256]);"), "3:28", "a byte is at most 255"),
    (graph_text("y = relu(x);", consts="c: u8[1] @scalar(256);"), "3:12", "256 is not a value of uint8"),
    (graph_text("y = relu(x);", consts="c: i32[1] @scalar(0.5);"), "3:12", "0.5 is not a value of int32"),
    (graph_text("y = relu(x);", consts="c: f32[1] @scalar(1e39);"), "3:12", "is not a finite value of float32"),
    (graph_text("y = relu(x);", consts="c: f32[1] @scalar(1" + "0" * 39 + ");"), "3:12", "is not a finite value of float32"),
    (graph_text("y = relu(x);", consts="c: f32[2147483647, 2147483647] @scalar(1);"), "3:12", "a tensor has at most 2^31-1"),
    (
        graph_text("y = relu(x);", consts="c: f32[12000, 12000] @scalar(1); d: f32[12000, 12000] @scalar(2);"),
        "3:45",
        "take more than 1 GiB",
    ),
    (graph_text("y = relu(x);", consts="c: i4[2147483647] @scalar(1);"), "3:12", "take more than 1 GiB"),
    (graph_text("y = relu(x);", consts='c: f32[2] @file("/etc/passwd");'), "3:22", "expected @weights, @scalar, @bytes or ;"),
    (graph_text("y = relu(x);") + "}", "7:1", "the graph has ended, but the file goes on"),
]


@pytest.mark.parametrize(("content", "position", "message"), BAD_TEXT, ids=[row[2][:60] for row in BAD_TEXT])
def test_text(tmp_path: Path, content: str, position: str, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(WebNNError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}:{position}: ")
    said, _, caret = raised.value.message.split("\n")
    assert message in said
    assert set(caret) <= set(" ^")


def test_the_caret_stands_under_the_mistake() -> None:
    with pytest.raises(FormatError) as raised:
        text.read('webnn_graph "t" v1 {\n  nodes {\n    y = relu(x;\n', "model.webnn")
    assert str(raised.value) == "model.webnn:3:15: expected ,\n      y = relu(x;\n                ^"


def test_a_long_line_is_cut_around_the_mistake() -> None:
    statement = "y = concat(" + ", ".join(f"operand_{i}" for i in range(1000)) + ", !);"
    with pytest.raises(FormatError) as raised:
        text.read(f'webnn_graph "t" v1 {{ nodes {{ {statement} }} }}')
    _, shown, caret = raised.value.message.split("\n")
    assert len(shown) < 130
    assert shown[caret.index("^")] == "!"


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ('webnn_graph "t" v1 { nodse { } }', "did you mean nodes?"),
        (graph_text("y = rleu(x);"), "did you mean relu?"),
        (graph_text("y = relu(lable);", inputs="label: f32[1];"), "did you mean label?"),
        (graph_text("y = relu(x);", inputs='x: f32[dyn("n", 5)];'), "give it a size: --dim n=5"),
        (graph_text("y = relu(z); z = neg(y);"), "statements must be in order; a graph has no cycles"),
        (graph_text("y = clamp(x, maxValue=1e999);"), 'infinity is written "Infinity"'),
    ],
)
def test_hints(tmp_path: Path, content: str, hint: str) -> None:
    with pytest.raises(WebNNError) as raised:
        load(write(tmp_path, content))
    assert raised.value.hint == hint


# ------------------------------------------------------------------------------------------------------------------------ JSON
def deep(depth: int) -> list[Any]:
    """A list in a list in a list."""
    return [] if depth == 0 else [deep(depth - 1)]


BAD_JSON: list[tuple[str, str]] = [
    ("{", "1:2: expecting property name"),
    ('{"format": "other"}', 'format: it is "other", and that of a graph is "webnn-graph-json"'),
    ("{}", 'format: it is missing, and that of a graph is "webnn-graph-json"'),
    (as_json(version=3), "version: 3 is not a version that is known"),
    (
        as_json(inputs={"x": {"dataType": "float32", "shape": [65536, 65536]}}),
        "inputs.x: x has shape [65536, 65536], which is 4,294,967,296 elements; a tensor has at most 2^31-1",
    ),
    (as_json(version=None), "version: None is not a version"),
    (as_json(inputs=[]), "inputs: expected an object, not a list"),
    (as_json(nodes={}), "nodes: expected a list, not an object"),
    (as_json(nodes=[3]), "nodes[0]: expected an object, not a number"),
    (as_json(nodes=[{"op": "relu", "inputs": ["x"]}]), "nodes[0]: id is missing"),
    (as_json(nodes=[{"id": "y", "inputs": ["x"]}]), "nodes[0]: op is missing"),
    (as_json(nodes=[{"id": "y", "op": "relu", "inputs": [0]}]), "nodes[0].inputs[0]: expected a string, not a number"),
    (as_json(nodes=[{"id": "y", "op": "relu", "inputs": ["x"], "options": None}]), "nodes[0].options: expected an object, not null"),
    (as_json(nodes=[{"id": "y", "op": "relu", "inputs": ["q"]}]), "nodes[0] (y): there is no operand 'q'"),
    (
        as_json(nodes=[{"id": "y", "op": "relu", "inputs": ["z"]}, {"id": "z", "op": "relu", "inputs": ["y"]}]),
        "'z' is read before it is defined",
    ),
    (as_json(nodes=[{"id": "x", "op": "relu", "inputs": ["x"]}]), "nodes[0] (x): the name 'x' is used twice"),
    (as_json(outputs={}), "the graph has no outputs"),
    (as_json(outputs={"a": 3}), "outputs.a: expected a string, not a number"),
    (as_json(outputs={"a": "q"}), "outputs.a: there is no operand 'q'"),
    (as_json(inputs={"x": {"dataType": "float64", "shape": [2]}}), "inputs.x.dataType: there is no data type 'float64'"),
    (as_json(inputs={"x": {"dataType": "float32", "shape": [2.5]}}), "inputs.x.shape: a dimension is a whole number, not 2.5"),
    (as_json(inputs={"x": {"dataType": "float32", "shape": [True]}}), "inputs.x.shape: a dimension is a whole number, not True"),
    (as_json(inputs={"x": {"dataType": "float32", "shape": [{"name": "n", "maxSize": 5}]}}), "inputs.x.shape: dimension 'n' is dynamic"),
    (as_json(consts={"c": {"dataType": "float32", "shape": [2], "init": {"kind": "file"}}}), "consts.c.init.kind: 'file' is none of"),
    (as_json(consts={"c": {"dataType": "float32", "shape": [2], "init": {"kind": "scalar", "value": "1"}}}), "takes a number, not '1'"),
    (
        as_json(consts={"c": {"dataType": "float32", "shape": [2], "init": {"kind": "inlineBytes", "bytes": [1, True]}}}),
        "bytes are whole numbers",
    ),
    (as_json().replace('"x": {', '"x": {"dataType": "int8", "shape": [1]}, "x": {'), "the name 'x' is used twice in one object"),
    (as_json().replace('"value": 2', '"value": 1e999'), "1e999 is too large"),
    (as_json().replace('"value": 2', '"value": NaN'), "NaN is not JSON"),
    (as_json().replace('"value": 2', f'"value": {"9" * 5000}'), "a number has 5000 digits"),
    (as_json(nodes=[{"id": "y", "op": "softmax", "inputs": ["x"], "options": {"axis": deep(900)}}]), "nested too deeply"),
    ('{"a":' + "[" * 100000, "the JSON is nested too deeply"),
]


@pytest.mark.parametrize(("content", "message"), BAD_JSON, ids=[message[:60] for _, message in BAD_JSON])
def test_json(tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path, content, "model.json")
    with pytest.raises(WebNNError) as raised:
        load(path)
    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)


LONG: dict[str, str] = {
    "a value": as_json(inputs={"x": {"dataType": "float32", "shape": ["x" * 100_000]}}),
    "a list": as_json(nodes=[{"id": "y", "op": "reshape", "inputs": ["x"], "options": {"newShape": [1] * 50_000}}]),
    "a name": as_json(nodes=[{"id": "y", "op": "relu", "inputs": ["x" * 100_000]}]),
}


@pytest.mark.parametrize("what", LONG)
def test_an_error_is_short_whatever_it_is_about(what: str, tmp_path: Path) -> None:
    with pytest.raises(WebNNError) as raised:
        load(write(tmp_path, LONG[what], "model.json"))
    assert len(str(raised.value)) < 3000
    assert " ... " in str(raised.value)


def test_many_dimensions_are_refused_at_once(tmp_path: Path) -> None:
    many = {"dataType": "float32", "shape": [1] * 20_000}
    path = write(tmp_path, as_json(inputs={"x": many, "c": many}), "model.json")
    with pytest.raises(ValidationError, match="20000 dimensions"):
        load(path)


# ------------------------------------------------------------------------------------------------- damage of any kind of file
@pytest.fixture
def saved(tmp_path: Path) -> Iterator[Path]:
    """A folder with a graph in both forms and its weights."""
    save(every_operator(), tmp_path / "model.webnn", tmp_path / "model.json")
    yield tmp_path
    assert {path.name for path in tmp_path.iterdir()} == {"model.webnn", "model.json", "model.safetensors"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_anywhere(saved: Path, suffix: str) -> None:
    path = saved / f"model{suffix}"
    whole = path.read_bytes()
    length = len(whole.rstrip())
    graph = saved / ("model.webnn" if suffix == ".safetensors" else path.name)
    load(graph)
    cuts = {*range(0, 300, 7), *range(0, length, max(1, length // 200)), *range(length - 20, length)}
    for cut in cuts:
        path.write_bytes(whole[:cut])
        with pytest.raises((FormatError, ValidationError)) as raised:
            load(graph)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_random_bytes(saved: Path, suffix: str) -> None:
    path = saved / f"model{suffix}"
    graph = saved / ("model.webnn" if suffix == ".safetensors" else path.name)
    randomly = random.Random(1)
    for size in (1, 2, 8, 9, 16, 100, 1000, 10000):
        path.write_bytes(randomly.randbytes(size))
        with pytest.raises((FormatError, ValidationError), match="model"):
            load(graph)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_flipped_bytes_never_crash(saved: Path, suffix: str) -> None:
    """A change may still give a graph, but nothing else than a graph or an error that is meant for a user."""
    path = saved / f"model{suffix}"
    whole = path.read_bytes()
    graph = saved / ("model.webnn" if suffix == ".safetensors" else path.name)
    randomly = random.Random(2)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(randomly.randint(1, 3)):
            damaged[randomly.randrange(min(len(damaged), 6000))] = randomly.choice(b'{}[]",:;=()0123456789-eE\\ \n\x00\xffaz')
        path.write_bytes(damaged)
        try:
            assert isinstance(load(graph), Graph)
        except (FormatError, ValidationError):
            refused += 1
    assert refused > 100


# --------------------------------------------------------------------------------------------------------------------- weights
def safetensors(header: Any, data: bytes = b"") -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + data


WEIGHT = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
BAD_WEIGHTS: list[tuple[bytes, str]] = [
    (b"", "does not begin with the length of a header"),
    (b"\xff" * 8 + b"{}", "does not begin with the length of a header"),
    (safetensors(b"{nope"), "its header is not JSON"),
    (safetensors(b"[" * 100000), "its header is not JSON"),
    (safetensors(b"\xef\xbb\xbf{}"), "its header is not JSON"),
    (safetensors("{}".encode("utf-16")), "its header is not JSON"),
    (safetensors([1]), "its header is not an object"),
    (safetensors({"__metadata__": {"a": 1}, "w": WEIGHT}, b"x" * 8), "its metadata are not texts"),
    (safetensors({"__metadata__": ["a"], "w": WEIGHT}, b"x" * 8), "its metadata are not texts"),
    (safetensors({"w": 3}), "entry of 'w' is malformed"),
    (safetensors({"w": WEIGHT | {"data_offsets": [0, "8"]}}, b"x" * 8), "entry of 'w' is malformed"),
    (safetensors({"w": WEIGHT | {"shape": [-2]}}, b"x" * 8), "entry of 'w' is malformed"),
    (safetensors({"w": WEIGHT | {"data_offsets": [8, 0]}}, b"x" * 8), "'w' is F32[2], but takes -8 bytes"),
    (safetensors({"w": WEIGHT | {"shape": [3]}}, b"x" * 8), "'w' is F32[3], but takes 8 bytes"),
    (safetensors({"w": WEIGHT | {"shape": [2**62, 2**62]}}, b"x" * 8), "but takes 8 bytes"),
    (safetensors({"w": WEIGHT}, b"x" * 7), "it is truncated"),
    (safetensors({"w": WEIGHT}, b"x" * 9), "something was appended"),
    (safetensors({"w": WEIGHT, "v": WEIGHT}, b"x" * 8), "overlap or leave gaps"),
    (safetensors(b'{"w": %b, "w": %b}' % ((json.dumps(WEIGHT).encode(),) * 2), b"x" * 8), "a name stands twice"),
    (safetensors({"v": WEIGHT}, b"x" * 8), "has no tensor 'w'"),
    (safetensors({"w": WEIGHT | {"shape": [2, 1]}}, b"x" * 8), "'w' in {path} is F32[2, 1]; the graph declares float32[2]"),
    (safetensors({"w": WEIGHT | {"dtype": "I32"}}, b"x" * 8), "'w' in {path} is I32[2]; the graph declares float32[2]"),
    (safetensors({"w": WEIGHT | {"dtype": "BF16", "shape": [4]}}, b"x" * 8), "'w' in {path} is BF16[4]"),
]


@pytest.mark.parametrize(("content", "message"), BAD_WEIGHTS, ids=[message for _, message in BAD_WEIGHTS])
def test_weights(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"))
    weights = write(tmp_path, content, "model.safetensors")
    with pytest.raises(FormatError) as raised:
        load(path)
    assert message.format(path=weights) in str(raised.value)


def test_missing_weights(tmp_path: Path) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"), "graph.webnn")
    with pytest.raises(FormatError, match=r"the weights of .* are missing(.|\n)*graph.safetensors"):
        load(path)
    with pytest.raises(FormatError, match="cannot read .*other.safetensors: No such file"):
        load(path, weights=tmp_path / "other.safetensors")


def test_where_weights_are_found(tmp_path: Path) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"), "graph.webnn")

    def values() -> list[float]:
        return next(iter(load(path).constants.values())).tolist()

    def weights(value: float) -> bytes:
        return safetensors({"w": WEIGHT}, np.full(2, value, "<f4").tobytes())

    manifest = {"tensors": {"w": {"dataType": "float32", "shape": [2], "byteOffset": 4, "byteLength": 8}}}
    write(tmp_path, b"skip" + np.full(2, 1, "<f4").tobytes(), "model.weights")
    write(tmp_path, json.dumps(manifest), "manifest.json")
    assert values() == [1, 1]
    write(tmp_path, weights(2), "part-00001.safetensors")
    write(tmp_path, json.dumps({"weight_map": {"w": "part-00001.safetensors"}}), "graph.safetensors.index.json")
    assert values() == [2, 2]
    (tmp_path / "graph.safetensors.index.json").unlink()
    write(tmp_path, weights(3), "model.safetensors")
    assert values() == [3, 3]
    write(tmp_path, weights(4), "graph.safetensors")
    assert values() == [4, 4]
    write(tmp_path, weights(5), "other.safetensors")
    assert next(iter(load(path, weights=tmp_path / "other.safetensors").constants.values())).tolist() == [5, 5]


@pytest.mark.parametrize("file", ["../secret.safetensors", "/etc/passwd", "sub/x.safetensors", "..", "", 3])
def test_shards_stay_in_their_folder(tmp_path: Path, file: Any) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"))
    write(tmp_path, json.dumps({"weight_map": {"w": file}}), "model.safetensors.index.json")
    with pytest.raises(FormatError, match="outside its folder"):
        load(path)


@pytest.mark.parametrize("file", ["a\0b", "\ud800"])
def test_shards_have_names_that_files_can_have(tmp_path: Path, file: str) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"))
    write(tmp_path, json.dumps({"weight_map": {"w": file}}), "model.safetensors.index.json")
    with pytest.raises(FormatError, match="no file can be called that"):
        load(path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("[]", "is not JSON with an object 'tensors'"),
        ("nope", "is not JSON with an object 'tensors'"),
        ('{"tensors": {}}', "has no weight 'w'"),
        ('{"tensors": {"w": {"byteOffset": -1, "byteLength": 8}}}', "entry of 'w' is malformed"),
        ('{"tensors": {"w": {"byteOffset": 1, "byteLength": 8}}}', "'w' ends at byte 9"),
        ('{"tensors": {"w": {"byteOffset": 0, "byteLength": 4}}}', "has 4 bytes; float32[2] takes 8"),
    ],
)
def test_manifest(tmp_path: Path, manifest: str, message: str) -> None:
    path = write(tmp_path, graph_text("y = relu(w);", consts="w: f32[2];"))
    write(tmp_path, b"x" * 8, "model.weights")
    write(tmp_path, manifest, "model.manifest.json")
    with pytest.raises(FormatError) as raised:
        load(path)
    assert message in str(raised.value)


# ------------------------------------------------------------------------------------------------------------------ other files
@pytest.mark.parametrize("name", ["model.bin", "model.webnn"])
def test_other_kinds_of_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match="is neither .webnn text nor JSON: byte 1 is not UTF-8") as raised:
        load(write(tmp_path, b"x\xff\xfe\x00", name))
    assert "another kind" in raised.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        load(tmp_path / "none.webnn")
    with pytest.raises(FormatError, match="is a folder without config.json, not a WebNN graph"):
        load(tmp_path)
