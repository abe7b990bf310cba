"""Inputs and outputs without elements, as decoders with a cache have them, and what nothing reads: left out with a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import parser

from converters.commands.workflow import Check
from converters.onnx import convert
from converters.onnx.source import OnnxSource
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import WebNNError

WEIGHTS = "<float[4,4] w = {1, 2, 0, 1, 0, 1, 1, 2, 2, 0, 1, 1, 1, 1, 2, 0}>"
ATTENTION = "kt = Transpose <perm = [0, 2, 1]> (k)  s = MatMul (q, kt)  p = Softmax (s)  a = MatMul (p, k)"
DECODER = f"""(float[batch,n,4] x, float[batch,past,4] cache, int64[batch,"past + n"] mask) =>
    (float[batch,n,4] y, float[batch,all,4] present) {WEIGHTS} {{ q = MatMul (x, w)  k = Concat <axis = 1> (cache, q)  {ATTENTION}
    last = Constant <value_ints = [1]> ()  wide = Unsqueeze (mask, last)  m = Cast <to = 1> (wide)  keep = ReduceMean (m)
    y = Mul (a, keep)  present = Identity (k) }}"""
MERGED = f"""(float[batch,n,4] x, float[batch,past,4] cache, float[batch,source,4] encoded, float[batch,seen,4] encoded_cache,
    bool[1] use_cache_branch) => (float[batch,n,4] y, float[batch,all,4] present, float[batch,source,4] encoded_present) {WEIGHTS} {{
    y, present, encoded_present = If (use_cache_branch) <
        then_branch = with_past () => (float[batch,n,4] y1, float[batch,all,4] k, float[nothing,4] e1) {{
            q = MatMul (x, w)  k = Concat <axis = 1> (cache, q)  {ATTENTION}
            u = ReduceSum (encoded_cache)  y1 = Add (a, u)  e1 = Constant <value = float[0,4] {{}}> () }},
        else_branch = first () => (float[batch,n,4] y2, float[batch,n,4] k2, float[batch,source,4] e2) {{
            q = MatMul (x, w)  k = Identity (q)  {ATTENTION}  k2 = Identity (k)
            e2 = MatMul (encoded, w)  u = ReduceSum (e2)  y2 = Add (a, u) }}
    > }}"""
LEFT_OUT = "{} {} is left out: of shape {} it has no elements"
CASES: list[tuple[str, dict[str, Any], list[str], list[str], list[str]]] = [
    (DECODER, {"dims": {"batch": 1, "n": 3, "past": 0}}, ["x", "mask"], ["y", "present"], [LEFT_OUT.format("input", "cache", [1, 0, 4])]),
    (DECODER, {"dims": {"batch": 1, "n": 1, "past": 3}}, ["x", "cache", "mask"], ["y", "present"], []),
    (
        MERGED,
        {"dims": {"batch": 1, "n": 3, "past": 0, "source": 2, "seen": 0}, "bind": {"use_cache_branch": False}},
        ["x", "encoded"],
        ["y", "present", "encoded_present"],
        [LEFT_OUT.format("input", "cache", [1, 0, 4]), LEFT_OUT.format("input", "encoded_cache", [1, 0, 4])],
    ),
    (
        MERGED,
        {"dims": {"batch": 1, "n": 1, "past": 3, "source": 2, "seen": 2}, "bind": {"use_cache_branch": True}},
        ["x", "cache", "encoded", "encoded_cache"],
        ["y", "present"],
        [LEFT_OUT.format("output", "encoded_present", [0, 4])],
    ),
    (
        "(float[2] x, float[n,2] z) => (float[2] y, float[n,2] e) { y = Neg (x)  e = Add (z, x) }",
        {"shapes": {"z": [0, 2]}},
        ["x"],
        ["y"],
        [],
    ),
    ("(float[2] x, int64[n] i) => (float[2] y, float[n] e) { y = Neg (x)  e = Gather (x, i) }", {"dims": {"n": 0}}, ["x"], ["y"], []),
    (
        "(float[3] x, int64[n,1] i, float[n] u) => (float[3] y) { y = ScatterND (x, i, u) }",
        {"dims": {"n": 0}},
        ["x"],
        ["y"],
        [],
    ),
    (
        "(float[2] x, string[k] words) => (float[2] y) { y = Neg (x) }",
        {},
        ["x"],
        ["y"],
        ["input words is left out: it is of strings, which WebNN lacks, and nothing reads it"],
    ),
]


def saved(text: str, folder: Path) -> Path:
    """The file of a graph in ONNX's text form."""
    path = folder / "model.onnx"
    onnx.save(parser.parse_model(f'<ir_version: 8, opset_import: ["": 17]> g {text}'), path)
    return path


@pytest.mark.parametrize(("text", "options", "inputs", "outputs", "notes"), CASES)
def test_they_are_left_out(
    text: str, options: dict[str, Any], inputs: list[str], outputs: list[str], notes: list[str], tmp_path: Path
) -> None:
    path = saved(text, tmp_path)
    graph = convert(path, **options)
    assert [operand.name for operand in graph.inputs] == inputs
    assert [operand.name for operand in graph.outputs] == outputs
    assert set(notes) <= set(graph.notes)
    source = OnnxSource(path, bind=options.get("bind")).of(graph)
    assert Check().run(graph, source).ok
    assert source.runner.startswith("ONNX Runtime")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("(float[n] x) => (float[n] y) { y = Neg (x) }", {"dims": {"n": 0}}, "no output is left"),
        ("(float[n] x) => (float[n] y) { y = Neg (x) }", {"shapes": {"x": [-1]}}, r"shape \[-1\]; no size is negative"),
        (
            "(float[2] x, string[1] s) => (float[2] y, string[1] t) { y = Neg (x)  t = Identity (s) }",
            {},
            "input s: element type string has no WebNN data type",
        ),
    ],
)
def test_what_is_left_says_so(text: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match=message):
        convert(saved(text, tmp_path), **options)


def test_outputs_that_a_graph_lacks_must_have_no_elements(tmp_path: Path) -> None:
    path = saved("(float[n] x) => (float[n] y, float[n] z) { y = Neg (x)  z = Exp (x) }", tmp_path)
    graph = convert(path, dims={"n": 2}, outputs=["y"])
    with pytest.raises(WebNNError, match="output z of the source model has elements, and the graph does not have it"):
        Check().run(graph, OnnxSource(path).of(graph))


def test_inputs_that_a_graph_lacks_are_bound_or_empty(tmp_path: Path) -> None:
    path = saved("(float[2] x, float[2] z) => (float[2] y) { y = Add (x, z) }", tmp_path)
    graph = convert(path, bind={"z": [1, 2]})
    with pytest.raises(WebNNError, match="the inputs differ: the graph has x, the source model x, z"):
        Check().run(graph, OnnxSource(path).of(graph))


def test_a_graph_with_another_input_is_of_another_model(tmp_path: Path) -> None:
    path = saved("(float[n,2] image) => (float[n,2] y) { y = Neg (image) }", tmp_path)
    b = GraphBuilder("other")
    graph = b.build({"y": b.neg(b.input("pixel_values", "float32", [1, 2]))})
    with pytest.raises(WebNNError, match="the inputs differ: the graph has pixel_values, the source model image"):
        Check().run(graph, OnnxSource(path).of(graph))


def test_what_only_feeds_a_cut_is_not_run(tmp_path: Path) -> None:
    path = saved("(uint8[1,4] image) => (float[1,4] y) { p = Cast <to = 1> (image)  a = Relu (p)  b = Exp (a)  y = Neg (b) }", tmp_path)
    graph = convert(path, inputs=["a"])
    source = OnnxSource(path, inputs=["a"])
    assert [node.op_type for node in source.model.graph.node] == ["Exp", "Neg"]
    assert Check().run(graph, source).ok
