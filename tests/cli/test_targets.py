"""Which files are for which implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import helper
from safetensors.numpy import load_file

import cli
from webnn_graph import load, save

FLOAT = onnx.TensorProto.FLOAT


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A convolution and a padded maximum pooling, which Chromium would pad with zeros."""
    filters = np.random.default_rng(0).standard_normal((8, 3, 5, 5)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["h"]),
            helper.make_node("MaxPool", ["h"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        ],
        "pooled",
        [helper.make_tensor_value_info("x", FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [onnx.numpy_helper.from_array(filters, "w")],
    )
    path = tmp_path / "pooled.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def invoke(*arguments: str | Path) -> None:
    command, *rest = map(str, arguments)
    result = CliRunner().invoke(getattr(cli, command), rest)
    assert result.exit_code == 0, result.output


def test_javascript_is_for_chromium_and_the_other_forms_are_standard(model: Path) -> None:
    folder = model.parent / "out"
    invoke("onnx2webnn", model, "-o", folder, "--format", "webnn,js")
    assert [node.op for node in load(folder / "pooled.webnn").nodes] == ["conv2d", "maxPool2d"]
    module = (folder / "pooled.js").read_text()
    assert "builder.pad(" in module and "padding" not in module.split("builder.maxPool2d(")[1].split(";")[0]


def test_the_standard_can_be_asked_for(model: Path) -> None:
    invoke("onnx2webnn", model, "-o", model.parent, "--format", "js", "--target", "standard")
    assert "padding: [1, 0, 1, 0]" in (model.parent / "pooled.js").read_text()


def test_a_graph_beside_its_module_keeps_its_weights(model: Path) -> None:
    invoke("onnx2webnn", model, "-o", model.parent)
    before = load_file(model.with_suffix(".safetensors"))
    invoke("webnn2js", model.with_suffix(".webnn"), "-o", model.parent)
    after = load_file(model.with_suffix(".safetensors"))
    assert before.keys() <= after.keys()
    np.testing.assert_array_equal(after["w"], before["w"])


def test_what_chromium_cannot_take_is_written_as_it_is_with_a_warning(tmp_path: Path) -> None:
    from webnn_graph import GraphBuilder

    b = GraphBuilder("wide")
    graph = b.build({"y": b.add(b.input("x", "uint64", [4]), b.constant(np.array(1, np.uint64)))})
    save(graph, tmp_path / "wide.webnn")
    result = CliRunner().invoke(cli.webnn2js, [str(tmp_path / "wide.webnn"), "-o", str(tmp_path)])
    assert result.exit_code == 0
    assert "warning: Chromium does not take the graph" in result.stderr
    assert "builder.add(" in (tmp_path / "wide.js").read_text()
