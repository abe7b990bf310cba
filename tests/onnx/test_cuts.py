"""Hints that say where to cut: the command that they give converts."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import NodeProto, TensorProto, helper, numpy_helper

import cli

Node = helper.make_node
BOXES = Node("NonMaxSuppression", ["boxes", "scores", "most"], ["chosen"])


@dataclass(frozen=True)
class Row:
    """Nodes of a model with inputs x and s and output y, and the options that convert the rest."""

    name: str
    nodes: tuple[NodeProto, ...]
    options: str
    outputs: tuple[str, ...] = ("y",)


ROWS = [
    Row(
        "boxes and scores",
        (Node("Relu", ["x"], ["boxes"]), Node("Sigmoid", ["s"], ["scores"]), BOXES, Node("Cast", ["chosen"], ["y"], to=1)),
        "--output boxes --output scores",
    ),
    Row(
        "what does not depend on it stays",
        (Node("Relu", ["x"], ["boxes"]), Node("Sigmoid", ["s"], ["scores"]), Node("Neg", ["x"], ["n"]), BOXES),
        "--output n --output boxes --output scores",
        ("n", "chosen"),
    ),
    Row(
        "one behind the other",
        (
            Node("Relu", ["x"], ["/head/the boxes"]),
            Node("Sigmoid", ["s"], ["scores"]),
            Node("NonMaxSuppression", ["/head/the boxes", "scores"], ["chosen"]),
            Node("Unique", ["chosen"], ["y"]),
        ),
        "--output '/head/the boxes' --output scores",
    ),
    Row(
        "random numbers",
        (Node("RandomNormalLike", ["x"], ["noise"]), Node("Add", ["noise", "x"], ["e"]), Node("MatMul", ["s", "e"], ["y"])),
        "--input x --input s --input noise",
    ),
    Row(
        "an input that only they read",
        (Node("RandomUniformLike", ["x"], ["noise"]), Node("MatMul", ["s", "noise"], ["y"])),
        "--input s --input noise",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_hint_is_a_command(row: Row, tmp_path: Path) -> None:
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [1, 10, 4]), ("s", [1, 2, 10]))]
    kinds = {"chosen": TensorProto.INT64, "y": TensorProto.INT64 if row.name == "one behind the other" else TensorProto.FLOAT}
    results = [helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None) for name in row.outputs]
    graph = helper.make_graph(list(row.nodes), "g", infos, results, [numpy_helper.from_array(np.array([5]), "most")])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    refused = CliRunner().invoke(cli.onnx2webnn, [str(path), "-o", str(tmp_path)])
    assert refused.exit_code == 1
    (given,) = re.findall(r"hint: .*?: (--.*)", refused.stderr)
    assert given == row.options
    converted = CliRunner().invoke(cli.onnx2webnn, [str(path), "-o", str(tmp_path), *shlex.split(given), "--verify"])
    assert converted.exit_code == 0, converted.output
