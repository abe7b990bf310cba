"""``webnn verify`` of graphs whose weights were rounded: against the source model with these weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

import cli
from webnn_graph import load, save
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph


def write_onnx(path: Path) -> None:
    """Rows of a table of words, times a matrix, plus a bias."""
    random = np.random.default_rng(0)
    arrays = {"words": (100, 64), "w": (64, 48), "bias": (48,)}
    tensors = [numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name) for name, shape in arrays.items()]
    nodes = [
        helper.make_node("Gather", ["words", "ids"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w"], ["product"], name="/fc/MatMul"),
        helper.make_node("Add", ["product", "bias"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", 5])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 5, 48])]
    graph = helper.make_graph(nodes, "words", inputs, outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def write_torch(path: Path) -> None:
    torch.manual_seed(0)
    torch.export.save(torch.export.export(torch.nn.Linear(64, 48), (torch.randn(2, 64),)), path)


def run(*arguments: object) -> tuple[int, str]:
    command, *others = map(str, arguments)
    result = CliRunner().invoke(getattr(cli, command), others)
    return result.exit_code, result.output


@pytest.mark.parametrize("options", ["int8", "int8 --embeddings", "int4 --embeddings", "int4 --target portable", "float16 --embeddings"])
def test_what_rounding_changes_is_beside_the_verdict(options: str, tmp_path: Path) -> None:
    model, graph = tmp_path / "m.onnx", tmp_path / "m.webnn"
    write_onnx(model)
    rounding = ["--weights", *options.split(), "--no-measure"]
    assert run("onnx2webnn", model, "--dim", "batch=3", "-o", tmp_path, *rounding)[0] == 0
    status, text = run("webnn", "verify", graph, "--against", model, "--json")
    assert status == 0, text
    document = json.loads(text)
    assert document["against"] == "the same graph in NumPy" and document["differences"][0]["relative"] < 1e-6
    assert document["conversion"]["against"].startswith("ONNX Runtime")
    assert 1e-5 < document["original"][0]["relative"] < 0.5


def test_weights_of_a_pytorch_model(tmp_path: Path) -> None:
    model = tmp_path / "m.pt2"
    write_torch(model)
    assert run("torch2webnn", model, "-o", tmp_path, "--weights", "int8", "--no-measure")[0] == 0
    status, text = run("webnn", "verify", tmp_path / "m.webnn", "--against", model)
    assert status == 0 and "original" in text, text


CHANGES: dict[str, tuple[str, Callable[[Array], Array], str]] = {
    "another scale": ("w_scale", lambda scale: scale * 3, "against ONNX Runtime"),
    "another weight": ("w", lambda values: values[::-1], "against ONNX Runtime"),
    "another bias": ("bias", lambda bias: bias + 1, "against the same graph"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_rounding_differs(change: str, tmp_path: Path) -> None:
    model, path = tmp_path / "m.onnx", tmp_path / "m.webnn"
    write_onnx(model)
    run("onnx2webnn", model, "--dim", "batch=3", "-o", tmp_path, "--weights", "int8", "--no-measure")
    graph, (name, changed, against) = load(path), CHANGES[change]
    constants = {o: changed(array) if o.name == name else array for o, array in graph.constants.items()}
    assert sum(o.name == name for o in constants) == 1
    save(Graph(graph.name, graph.inputs, constants, graph.nodes, graph.outputs), path)
    status, text = run("webnn", "verify", path, "--against", model)
    assert (status, against in text) == (3, True), text
