"""Handlers that an installed package brings by an entry point: they convert, are listed, fail clearly, and replace nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner

import cli
from converters import plugins
from converters.onnx import convert
from converters.onnx import registry as of_onnx
from converters.torch import convert as convert_torch
from converters.torch import registry as of_torch
from converters.torch.model import TorchModel
from webnn_graph import run
from webnn_graph.errors import WebNNError

SCALE = """
from converters.onnx import onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

@onnx_op("Scale", domain="com.acme", how="mul")
def scale(b: GraphBuilder, X: Operand, *, factor: float = 2.0) -> Operand:
    return b.mul(X, factor)
"""
TWICE = """
import torch
from converters.torch import aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

@torch.library.custom_op("acme_test::twice", mutates_args=())
def twice(x: torch.Tensor) -> torch.Tensor:
    return x * 2

twice.register_fake(torch.empty_like)

@aten_op(torch.ops.acme_test.twice.default, how="mul")
def convert_twice(b: GraphBuilder, x: Operand) -> Operand:
    return b.mul(x, 2)
"""
MODEL = """<ir_version: 10, opset_import: ["" : 18, "com.acme" : 1]> model (float[2] x) => (float[2] y)
{ y = com.acme.Scale <factor = 3.0> (x) }"""
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution with a module of handlers for a frontend on the path, as an installer would."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(plugins, "_loaded", {})
    tables = of_onnx.HANDLERS, of_torch.HANDLERS
    before = [dict(table) for table in tables]

    def put(frontend: str, code: str) -> None:
        (tmp_path / "acme_handlers.py").write_text(code)
        info = tmp_path / "acme_webnn-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-webnn\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[{plugins.GROUPS[frontend]}]\nacme = acme_handlers\n")

    yield put
    sys.modules.pop("acme_handlers", None)
    for table, rows in zip(tables, before, strict=True):
        table.clear()  # type: ignore[attr-defined]
        table.update(rows)  # type: ignore[attr-defined]


def test_an_operator_of_a_private_domain_is_converted(install: Install) -> None:
    install("onnx", SCALE)
    for _ in range(2):  # it is registered once
        graph = convert(onnx.parser.parse_model(MODEL))
    assert run(graph, {"x": np.array([1, -2], np.float32)})["y"].tolist() == [3, -6]
    listed = CliRunner().invoke(cli.webnn, ["ops", "--frontend", "onnx", "--json"])
    rows = {row["operator"]: row["from"] for row in json.loads(listed.stdout)["operators"]}
    assert (rows["com.acme.Scale"], rows["Relu"]) == ("acme-webnn 1.2", "")


def test_a_custom_operator_of_pytorch_is_converted(install: Install, tmp_path: Path) -> None:
    install("torch", TWICE)
    plugins.load_plugins("torch")

    class Net(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = torch.ops.acme_test.twice(x)
            return result

    program = torch.export.export(Net(), (torch.zeros(2),))
    torch.export.save(program, tmp_path / "net.pt2")
    for graph in (convert_torch(program), TorchModel(tmp_path / "net.pt2").convert()):
        assert run(graph, {"x": np.array([1, -2], np.float32)})["output"].tolist() == [2, -4]
    del of_torch.HANDLERS[torch.ops.acme_test.twice.default]
    with pytest.raises(WebNNError, match="acme_test"):
        TorchModel(tmp_path / "net.pt2").convert()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("raise SystemError('broken')", "SystemError: broken"),
        (SCALE.replace('"Scale", domain="com.acme"', '"Relu"'), "two handlers for ai.onnx.Relu"),
        (SCALE.replace('"Scale", domain="com.acme"', '"Relu", since=20'), "ai.onnx.Relu has a handler of webnn-convert itself"),
        (SCALE.replace("X: Operand", "X"), "the annotation of X"),
    ],
)
def test_a_broken_package_is_one_error_that_names_it(code: str, says: str, install: Install) -> None:
    install("onnx", code)
    for _ in range(2):  # each conversion says the same
        with pytest.raises(WebNNError) as raised:
            convert(onnx.parser.parse_model(MODEL))
        assert raised.value.what.startswith("the handlers of the package acme-webnn 1.2 cannot be loaded (acme_handlers): ")
        assert says in raised.value.what
        assert raised.value.hint == "update or uninstall acme-webnn"
    assert all(handler.origin == "" for handler in of_onnx.HANDLERS["", "Relu"])
