"""Every spelling that files of rustnn and of people use is read as the same graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.formats.graphs import random_weight
from webnn_graph import Graph, validate
from webnn_graph.formats import json, text
from webnn_graph.formats.assemble import assemble
from webnn_graph.formats.document import document_of


def read(source: str) -> Graph:
    form = json if source.lstrip().startswith("{") else text
    graph = assemble(form.read(source), random_weight)
    validate(graph)
    return graph


def calls(statements: str, outputs: str = "y") -> list[str]:
    """The canonical statements of a text with these, on some operands."""
    source = f"""webnn_graph "t" v1 {{
      inputs {{ x: f32[2, 3]; image: f32[1, 2, 4, 4]; b: f32[2]; a: f32[3]; }}
      consts {{ w: f32[2, 2, 1, 1]; k: f32[3, 2]; s: f32[3]; t: f32[3]; }}
      nodes {{ {statements} }}
      outputs {{ {outputs}; }}
    }}"""
    written = text.write(document_of(read(source)))
    return [line.strip() for line in written.split("nodes {")[1].split("  }")[0].strip().splitlines()]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        # Operand options by name, by position, and by rustnn's number: inputs (a b image x), constants (k s t w), results.
        ("y = layerNormalization(x, scale=s, bias=t);", "y = layerNormalization(x, scale=s, bias=t);"),
        ("y = layerNormalization(x, s, t);", "y = layerNormalization(x, scale=s, bias=t);"),
        ("y = layerNormalization(x, bias=t, scale=s);", "y = layerNormalization(x, scale=s, bias=t);"),
        ("y = layerNormalization(x, t, scale=s);", "y = layerNormalization(x, scale=s, bias=t);"),
        ("y = layerNormalization(x, scale=5, bias=6);", "y = layerNormalization(x, scale=s, bias=t);"),
        ('y = layerNormalization("x", scale="s", bias=null);', "y = layerNormalization(x, scale=s);"),
        ("y = conv2d(image, w, b);", "y = conv2d(image, w, b);"),
        ("y = conv2d(image, w, bias=b);", "y = conv2d(image, w, b);"),
        ("y = conv2d(image, w, bias=1);", "y = conv2d(image, w, b);"),
        ("y = gemm(x, k, c=b);", "y = gemm(x, k, c=b);"),
        ("y = gemm(x, k, b);", "y = gemm(x, k, c=b);"),
        ("y = gemm(x, k, c=1, alpha=1, label=null);", "y = gemm(x, k, c=b);"),
        # Arguments by position as in JavaScript, by name, and under other names.
        ("y = softmax(x, 1);", "y = softmax(x, axis=1);"),
        ("y = reshape(x, [3, 2]);", "y = reshape(x, newShape=[3, 2]);"),
        ("y = concat(x, x, axis=1);", "y = concat(x, x, axis=1);"),
        ("y = concat([x, x], 1);", "y = concat(x, x, axis=1);"),
        ("y = concat(inputs=[x, x], axis=1);", "y = concat(x, x, axis=1);"),
        ('y = cast(x, dataType="int32");', 'y = cast(x, dataType="int32");'),
        ('y = cast(x, to="int32");', 'y = cast(x, dataType="int32");'),
        ("y = cast(x, type=i32);", 'y = cast(x, dataType="int32");'),
        ("y = cast(x, dataType=int32);", 'y = cast(x, dataType="int32");'),
        ("y = argMax(x, axis=1);", 'y = argMax(x, axis=1, outputDataType="int32");'),
        ("y = argMax(x, axis=1, outputDataType=i64);", 'y = argMax(x, axis=1, outputDataType="int64");'),
        ("y = maxPool2d(image, roundingType=ceil);", 'y = maxPool2d(image, outputShapeRounding="ceil");'),
        ('y = clamp(x, minValue="-Infinity", maxValue=1e2);', 'y = clamp(x, minValue="-Infinity", maxValue=100.0);'),
        ("y = gather(x, i); i = relu(x);", None),
        # Defaults are left out, but for those that rustnn takes differently.
        ("y = elu(x, alpha=1.0);", "y = elu(x);"),
        ("y = elu(x, alpha=1);", "y = elu(x);"),
        ("[y] = relu(x);", "y = relu(x);"),
        ("[y] = split(x, splits=[2]);", "[y] = split(x, splits=[2], axis=0);"),
        ('y = relu(x, label="a # b // c");', 'y = relu(x, label="a # b // c");'),
        # What rustnn's tools write besides: reshapes by their old names, other names of operands, and objects.
        ("y = unsqueeze(x, axes=[0, 3]);", "y = reshape(x, newShape=[1, 2, 3, 1]);"),
        ("y = unsqueeze(x, [1]);", "y = reshape(x, newShape=[2, 1, 3]);"),
        ("y = squeeze(image);", "y = reshape(image, newShape=[2, 4, 4]);"),
        ("y = squeeze(image, axes=[]);", "y = reshape(image, newShape=[1, 2, 4, 4]);"),
        ("y = squeeze(w, axes=[3, 2]);", "y = reshape(w, newShape=[2, 2]);"),
        ("z = relu(x); y = z;", "y = relu(x);"),
        ("z = x; y = relu(z);", "y = relu(x);"),
        ("z = x; v = z; y = layerNormalization(v, s);", "y = layerNormalization(x, scale=s);"),
        ("y = x;", "y = identity(x);"),
        ('y = relu(x, metadata={kind: "first", axes: [1], more: {}});', "y = relu(x);"),
        ('y = relu(x, label="\\q\\"\\\\");', 'y = relu(x, label="\\\\q\\"\\\\");'),
    ],
)
def test_one_meaning_many_spellings(written: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(Exception, match="read before it is defined"):
            calls(written)
    else:
        assert calls(written) == [canonical]


PLAIN = (
    'webnn_graph "t" v1 { inputs { x: f32[2]; } consts { c: f32[2] @scalar(2); } nodes { y = add(x, c); z = neg(y); } outputs { y; z; } }'
)


SHUFFLED = (
    'webnn_graph "t" v1 { outputs { y; } nodes { y = add(x, c); } consts { c: f32[2] @scalar(2); } inputs { x: f32[2]; }'
    " outputs { z; } nodes { z = neg(y); } consts { } }"
)


@pytest.mark.parametrize(
    "source",
    [
        PLAIN,
        PLAIN.replace(" ", "\n"),
        PLAIN.replace("; ", ";\r\n  # a comment }\r\n"),
        PLAIN.replace("; ", "; // a comment }\n"),
        PLAIN.replace("v1 {", "v2 @quantized {"),
        PLAIN.replace("f32", "float32"),
        PLAIN.replace("@scalar(2)", "@bytes([0, 0, 0, 64, 0,0,0,64])"),
        PLAIN.replace("y; z;", "y, z;"),
        PLAIN.replace("y; z;", "y z"),
        SHUFFLED,
    ],
)
def test_layout_does_not_matter(source: str) -> None:
    assert text.write(document_of(read(source))) == text.write(document_of(read(PLAIN)))


JSON = {
    "format": "webnn-graph-json",
    "version": 2,
    "name": "t",
    "inputs": {"x": {"dataType": "float32", "shape": [2]}},
    "consts": {"c": {"dataType": "float32", "shape": [2], "init": {"kind": "scalar", "value": 2}}},
    "nodes": [
        {"id": "y", "op": "add", "inputs": ["x", "c"]},
        {"id": "op_1", "op": "neg", "inputs": ["y"], "options": {"label": ""}, "outputs": ["z"]},
    ],
    "outputs": {"y": "y", "z": "z"},
}


def as_json(**changes: Any) -> str:
    from json import dumps

    return dumps(JSON | changes)


def test_json_of_rustnn() -> None:
    assert text.write(document_of(read(as_json(quantized=False, unknown=[1])))) == text.write(document_of(read(PLAIN)))


def test_output_aliases_rename_or_become_identities() -> None:
    renamed = read(as_json(outputs={"first": "y", "second": "z"}))
    assert [output.name for output in renamed.outputs] == ["first", "second"]
    assert [node.op for node in renamed.nodes] == ["add", "neg"]
    copied = read(as_json(outputs={"first": "z", "second": "z", "third": "x"}))
    assert [output.name for output in copied.outputs] == ["first", "second", "third"]
    assert [node.op for node in copied.nodes] == ["add", "neg", "identity", "identity", "identity"]
    assert len(copied.notes) == 3
    swapped = read(as_json(outputs={"y": "z", "z": "y"}))
    assert [(node.op, str(node.output)) for node in swapped.nodes[2:]] == [
        ("identity", "y_2: float32[2]"),
        ("identity", "z_2: float32[2]"),
    ]


def test_names_that_are_no_identifiers_are_mapped_and_noted() -> None:
    nodes = [{"id": "a b", "op": "add", "inputs": ["x", "true"]}, {"id": "a_b", "op": "neg", "inputs": ["a b"]}]
    constants = {"true": {"dataType": "float32", "shape": [2], "init": {"kind": "weights", "ref": "deep.weight/0"}}}
    graph = read(as_json(consts=constants, nodes=nodes, outputs={"a_b": "a_b", "a b": "a b"}))
    assert list(graph.operands) == ["x", "_true", "a_b_2", "a_b"]
    assert graph.notes == ("true is named _true", "a b is named a_b_2")
    assert text.write(document_of(read(text.write(document_of(graph))))) == text.write(document_of(graph))


def test_operands_are_numbered_as_in_files_that_rustnn_saved() -> None:
    """rustnn saves numbers in the order of creation, and names operands after them."""
    constants = {f"operand_{i}": {"dataType": "float32", "shape": [2], "init": {"kind": "scalar", "value": i}} for i in (10, 9)}
    nodes = [{"id": "op", "op": "layerNormalization", "inputs": ["x"], "options": {"scale": 9, "bias": 10, "axes": [0]}, "outputs": ["y"]}]
    graph = read(as_json(consts=constants, nodes=nodes, outputs={"y": "y"}))
    assert {name: operand.name for name, operand in graph.nodes[0].arguments.items() if name != "axes"} == {
        "input": "x",
        "scale": "operand_9",
        "bias": "operand_10",
    }


def test_unpacked_four_bit_bytes_of_rustnn() -> None:
    graph = read(
        'webnn_graph "t" v1 { inputs { x: f32[1]; }'
        " consts { a: i4[2] @bytes([248, 255, 255, 255, 7, 0, 0, 0]); b: u4[3] @bytes([15, 0, 1]); }"
        " nodes { y = identity(x); } outputs { y; } }"
    )
    assert [array.tolist() for array in graph.constants.values()] == [[-8, 7], [15, 0, 1]]
    assert [array.dtype for array in graph.constants.values()] == [np.int8, np.uint8]
