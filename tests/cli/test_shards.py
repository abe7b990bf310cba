"""Weights in several files, and constants in several parts, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import helper

import cli
from converters.commands import saving
from converters.commands.destination import Destination
from tests.formats.graphs import as_data
from tests.targets.test_parts import SMALL, graph_of, tied
from webnn_graph import load

SHARDS = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two products with weights of 640 bytes each."""
    values = np.random.default_rng(0).standard_normal((2, 160)).astype(np.float32)
    weights = [onnx.numpy_helper.from_array(values[0].reshape(4, 40), "w"), onnx.numpy_helper.from_array(values[1].reshape(40, 4), "v")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "v"], ["y"])]
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 4]) for name in "xy")
    path = tmp_path / "source" / "m.onnx"
    path.parent.mkdir()
    onnx.save(helper.make_model(helper.make_graph(nodes, "m", [x], [y], weights), opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def invoke(*arguments: str | Path) -> Result:
    command, *rest = map(str, arguments)
    return CliRunner().invoke(getattr(cli, command), rest)


def done(*arguments: str | Path) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)["graphs"][0]
    return document


def test_a_conversion_to_shards(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    document = done("onnx2webnn", model, "-o", out, "--format", "webnn,js", "--max-shard-size", "1kB", "--verify")
    assert [Path(file["path"]).name for file in document["files"]] == ["m.webnn", "m.js", "m.d.ts", *SHARDS]
    assert document["verification"]["ok"]
    refused = invoke("onnx2webnn", model, "-o", out)
    assert refused.exit_code == 1
    assert all(name in refused.output for name in SHARDS)
    done("onnx2webnn", model, "-o", out, "--force")
    assert not any((out / name).exists() for name in SHARDS)
    assert (out / "m.safetensors").exists()


def test_a_module_is_made_of_shards(model: Path, tmp_path: Path) -> None:
    done("onnx2webnn", model, "-o", tmp_path, "--max-shard-size", "1kB")
    before = {name: (tmp_path / name).read_bytes() for name in SHARDS}
    assert [Path(file["path"]).name for file in done("webnn2js", tmp_path / "m.webnn", "-o", tmp_path)["files"]] == ["m.js", "m.d.ts"]
    assert {name: (tmp_path / name).read_bytes() for name in SHARDS} == before
    elsewhere = done("webnn2json", tmp_path / "m.webnn", "-o", tmp_path / "other")["files"]
    assert [Path(file["path"]).name for file in elsewhere] == ["m.json", "m.safetensors"]


def test_shards_of_another_model_are_in_the_way(model: Path, tmp_path: Path) -> None:
    (tmp_path / SHARDS[0]).write_bytes(b"somebody's")
    refused = invoke("onnx2webnn", model, "-o", tmp_path, "--max-shard-size", "1kB")
    assert (refused.exit_code, SHARDS[0] in refused.output) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [SHARDS[0], "source"]


@pytest.mark.parametrize("size", ["0", "large", "-1MB", "1TB"])
def test_what_is_no_size(model: Path, size: str) -> None:
    refused = invoke("onnx2webnn", model, "--max-shard-size", size)
    assert refused.exit_code == 2
    assert "is no size like 500MB" in refused.output


@pytest.mark.parametrize("command", ["onnx2webnn", "torch2webnn", "webnn2js", "webnn2json", "json2webnn"])
def test_whatever_writes_weights_writes_shards(command: str) -> None:
    assert "--max-shard-size SIZE" in invoke(command, "--help").output


def test_forms_beside_a_module_have_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "load_target", lambda name: SMALL)
    graph = graph_of(tied)
    saved = saving.save(graph, Destination(tmp_path, "m", ("webnn", "js")))
    assert sum("is stored in 5 parts" in note for note in saved.graph.notes) == 1
    loaded = load(tmp_path / "m.webnn")
    assert {constant.name for constant in loaded.constants} >= {f"table_{i}" for i in range(5)}
    assert (tmp_path / "m.safetensors").stat().st_size < 2 * graph.weight_bytes
    saving.save(graph, Destination(tmp_path, "alone"))
    assert as_data(load(tmp_path / "alone.webnn")) == as_data(graph)


def test_what_a_page_fetches_in_vain_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "load_target", lambda name: SMALL)
    monkeypatch.setattr(saving, "UNREAD_BYTES", 1000)
    saving.save(graph_of(tied), Destination(tmp_path, "m"))
    loaded = load(tmp_path / "m.webnn")
    beside = saving.save(loaded, Destination(tmp_path, "m", ("js",)), read_from=tmp_path / "m.webnn")
    assert any(note.startswith("m.js reads 1.3 kB of the ") for note in beside.notes)
    (tmp_path / "out").mkdir()
    alone = saving.save(loaded, Destination(tmp_path / "out", "m", ("js",)), read_from=tmp_path / "m.webnn")
    assert not any("are beside it" in note for note in alone.notes)
