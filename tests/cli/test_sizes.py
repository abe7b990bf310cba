"""Several sizes in one conversion, as a user asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, helper

from webnn_graph import load, run
from webnn_graph.formats.weights import Safetensors

Invoke = Callable[..., Result]


@pytest.fixture
def mean(tmp_path: Path) -> Path:
    """The mean over rows, which more rows change."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x"], ["y"], "mean", axes=[0], keepdims=0)],
        "mean",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])],
    )
    path = tmp_path / "mean.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_graph_each_one_file_of_weights_and_one_module(model: Path, invoke: Invoke) -> None:
    options = ("--dim", "batch=5,2", "--format", "webnn,json,js", "--name", "small", "-o", "out", "--verify", "--target", "portable")
    result = invoke("onnx2webnn", model, *options)
    assert result.exit_code == 0, result.output
    both = {f"small_{size}.{suffix}" for size in (2, 5) for suffix in ("webnn", "json", "js", "d.ts")}
    assert {path.name for path in Path("out").iterdir()} == {*both, "small.js", "small.d.ts", "model.safetensors"}
    assert "small: batch=2; batch=5; smaller inputs are filled up with zeros" in result.stdout
    assert "filled up to batch=5:" in result.stdout
    assert len(Safetensors(Path("out/model.safetensors")).tensors) == 2
    for path in (Path("out/small_2.webnn"), Path("out/small_5.json")):
        graph = load(path)
        ones = {"x": np.ones(graph.inputs[0].shape, np.float32)}
        weights = {operand.name: array for operand, array in graph.constants.items()}
        expected = np.maximum(ones["x"] @ weights["weight"].T + weights["bias"], 0)
        np.testing.assert_allclose(run(graph, ones)["y"], expected, rtol=1e-5)
    again = invoke("onnx2webnn", model, *options)
    assert again.exit_code == 1
    assert "small_2.webnn" in again.output
    before = {path: path.read_bytes() for path in Path("out").iterdir()}
    assert invoke("onnx2webnn", model, *options, "--force").exit_code == 0
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before


def test_the_document_says_all_of_each_size_and_of_padding(model: Path, mean: Path, invoke: Invoke) -> None:
    document = json.loads(invoke("onnx2webnn", model, "--dim", "batch=5,2", "--format", "js", "--verify", "--json").stdout)
    assert [(graph["name"], graph["verification"]["ok"]) for graph in document["graphs"]] == [("linear_2", True), ("linear_5", True)]
    assert document["graphs"][0]["notes"] == document["graphs"][1]["notes"]
    sized = document["sized"]
    assert (sized["name"], sized["sizes"], sized["padding"], sized["notes"]) == ("linear", [{"batch": 2}, {"batch": 5}], "zeros", [])
    assert (sized["padded"]["to"], sized["padded"]["verification"]["ok"]) == ({"batch": 5}, True)
    wrong = invoke("onnx2webnn", mean, "--dim", "rows=4,8", "--padding", "zeros", "--verify", "--json", "--force")
    assert wrong.exit_code == 3
    assert json.loads(wrong.stdout)["sized"]["padded"]["verification"]["ok"] is False
    quiet = invoke("onnx2webnn", mean, "--dim", "rows=4,8", "--padding", "zeros", "--verify", "--quiet", "--force")
    assert (quiet.exit_code, quiet.output) == (3, "")
    exact = json.loads(invoke("onnx2webnn", mean, "--dim", "rows=4,8", "--json", "--force").stdout)
    assert (exact["sized"]["padding"], exact["sized"]["padded"], exact["graphs"][0]["verification"]) == ("exact", None, None)


def test_padding_that_changes_results_is_refused_unless_it_is_asked_for(mean: Path, invoke: Invoke) -> None:
    found = invoke("onnx2webnn", mean, "--dim", "rows=4,8", "--format", "js", "--verify")
    assert found.exit_code == 0, found.output
    assert "--padding zeros does it nevertheless" in found.output
    assert "mean: rows=4; rows=8; no other sizes" in found.output
    assert 'padding = "exact"' in Path("mean.js").read_text()
    wanted = invoke("onnx2webnn", mean, "--dim", "rows=4,8", "--format", "js", "--verify", "--padding", "zeros", "--force")
    assert wanted.exit_code == 3, "verification shows what padding does"
    assert 'padding = "zeros"' in Path("mean.js").read_text()


def test_dimensions_without_names_get_some(model: Path, invoke: Invoke) -> None:
    cut = ("--output", "/fc/product")
    result = invoke("onnx2webnn", model, "--shape", "x=rows,columns", "--dim", "rows=2,3", "--dim", "columns=4", "--format", "js", *cut)
    assert result.exit_code == 0, result.output
    assert result.output.count("note: /fc/product is named fc_product") == 1, "what is true of all sizes is said once"
    assert json.dumps(["rows", 4]) in Path("linear.js").read_text()


def test_masks_and_other_booleans_are_verified(tmp_path: Path, invoke: Invoke) -> None:
    """What is not masked, negated where a second input, which is no mask, says so."""
    nodes = [
        helper.make_node("Neg", ["x"], ["negative"]),
        helper.make_node("Where", ["turned", "negative", "x"], ["chosen"]),
        helper.make_node("Where", ["mask", "chosen", "zero"], ["y"]),
        helper.make_node("ReduceSum", ["y"], ["sum"], keepdims=0),
    ]
    inputs = [("x", TensorProto.FLOAT), ("turned", TensorProto.BOOL), ("mask", TensorProto.BOOL)]
    graph = helper.make_graph(
        nodes,
        "booleans",
        [helper.make_tensor_value_info(name, kind, ["n"]) for name, kind in inputs],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, [])],
        [helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])],
    )
    path = tmp_path / "booleans.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    result = invoke("onnx2webnn", path, "--dim", "n=16,40", "--verify")
    assert result.exit_code == 0, result.output
    assert "smaller inputs are filled up and masked" in result.output
    assert "n=9, filled up to n=40:" in result.output


def test_values_are_for_the_size_that_they_have(mean: Path, invoke: Invoke) -> None:
    np.savez("given.npz", x=np.ones((4, 3), np.float32))
    options = ("--dim", "rows=4,8", "--verify", "--force", "--inputs", "given.npz")
    assert invoke("onnx2webnn", mean, *options).exit_code == 0
    np.savez("given.npz", x=np.ones((5, 3), np.float32))
    result = invoke("onnx2webnn", mean, *options)
    assert result.exit_code == 1
    assert "the value for it has shape [5, 3]" in result.output
