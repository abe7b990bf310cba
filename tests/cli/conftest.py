"""A small ONNX model and a way to run commands as a user does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

import cli


def linear_model(*, batch: int | str = "batch") -> onnx.ModelProto:
    """relu(x @ weight + bias) for x of shape [batch, 4], with named nodes and a tensor name that is no identifier."""
    random = np.random.default_rng(7)
    weight, bias = (random.standard_normal(shape).astype(np.float32) for shape in ((4, 300), (300,)))
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["/fc/product"], "/fc/MatMul"),
        helper.make_node("Add", ["/fc/product", "bias"], ["/fc/sum"], "/fc/Add"),
        helper.make_node("Relu", ["/fc/sum"], ["y"], "/act/Relu"),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 300])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """`linear_model` in a folder of its own."""
    folder = tmp_path / "source"
    folder.mkdir()
    path = folder / "linear.onnx"
    onnx.save(linear_model(), path)
    return path


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command by name with its arguments, in an empty current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(command: str, *arguments: Any) -> Result:
        return CliRunner().invoke(getattr(cli, command), list(map(str, arguments)))

    return run


@pytest.fixture
def graph(model: Path, invoke: Callable[..., Result]) -> Path:
    """The model as text, beside it."""
    result = invoke("onnx2webnn", model, "--dim", "batch=2", "-o", model.parent)
    assert result.exit_code == 0, result.output
    return model.with_suffix(".webnn")
