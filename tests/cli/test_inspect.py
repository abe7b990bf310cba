"""`webnn inspect` of every kind of model: what it says, that text and JSON say the same, and that nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from click.testing import Result
from onnx import TensorProto, helper
from torch.export import Dim

from tests.cli.conftest import linear_model
from webnn_graph import GraphBuilder, save
from webnn_graph.metadata import Audio, Image, Labels, Metadata, Regression, Target

Invoke = Callable[..., Result]
MEMBERS = {
    *("path", "kind", "name", "metadata", "inputs", "outputs", "dimensions", "converts", "missing", "operators", "problems", "cuts"),
    "weights",
}


def detector() -> onnx.ModelProto:
    """A model with a node that no WebNN graph can have behind one that can, and one whose operator nobody knows."""
    nodes = [
        helper.make_node("Relu", ["x"], ["features"], "backbone/Relu"),
        helper.make_node("NonZero", ["features"], ["where"], "head/NonZero"),
        helper.make_node("Frobnicate", ["features"], ["y"], "head/Frobnicate", domain="com.example"),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])]
    outputs = [helper.make_tensor_value_info(*row) for row in (("where", TensorProto.INT64, [2, None]), ("y", TensorProto.FLOAT, None))]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return helper.make_model(helper.make_graph(nodes, "detector", inputs, outputs), opset_imports=opsets, producer_name="a\x1b[2Jb")


def said(invoke: Invoke, *arguments: Any) -> dict[str, Any]:
    """The document of a model, after its table was shown and nothing was written."""
    before = set(Path().iterdir())
    text = invoke("webnn", "inspect", *arguments)
    assert text.exit_code == 0, text.output
    document = json.loads(invoke("webnn", "inspect", *arguments, "--json").stdout)
    assert document.keys() == MEMBERS
    for tensor in (*document["inputs"], *document["outputs"]):
        assert tensor["name"] in text.stdout
    assert all(operator["name"] in text.stdout for operator in document["operators"])
    assert "\x1b" not in text.stdout
    assert set(Path().iterdir()) == before
    return document


def test_an_onnx_model_that_needs_a_size(model: Path, invoke: Invoke) -> None:
    document = said(invoke, model)
    assert document["inputs"] == [{"name": "x", "type": "float32", "shape": ["batch", 4]}]
    assert (document["missing"], document["converts"]) == ("--dim batch=N", None)
    assert document["dimensions"] == [{"name": "batch", "places": ["dimension 0 of x"], "size": None, "least": None, "most": None}]
    assert document["metadata"] == {"IR version": 8, "opset": 17}
    assert document["weights"] == [{"type": "float32", "tensors": 2, "elements": 1500, "bytes": 6000}]
    assert [(cut["name"], cut["shape"], cut["node"]) for cut in document["cuts"]] == [
        ("/fc/product", ["batch", 300], "/fc/MatMul"),
        ("/fc/sum", ["batch", 300], "/fc/Add"),
    ]
    sized = said(invoke, model, "--dim", "batch=2")
    assert (sized["missing"], sized["converts"], sized["dimensions"][0]["size"]) == ("", True, 2)


@pytest.mark.parametrize("options", [[], ["--dim", "batch=2"]], ids=str)
def test_what_does_not_convert_is_said_with_the_reason(options: list[str], invoke: Invoke) -> None:
    onnx.save(detector(), "detector.onnx")
    document = said(invoke, "detector.onnx", *options)
    found = {problem["node"]: (problem["operator"], problem["why"]) for problem in document["problems"]}
    assert found.keys() == {"head/Frobnicate", *(["head/NonZero"] if options else [])}  # which could be constant, for all that is known
    assert found["head/Frobnicate"] == ("com.example.Frobnicate", "operator is not known")
    assert document["converts"] is False
    relu = next(operator for operator in document["operators"] if operator["name"] == "Relu")
    assert relu["converts"] is (True if options else None)
    assert "\\x1b[2J" in invoke("webnn", "inspect", "detector.onnx").stdout


def test_a_program_with_symbols(invoke: Invoke) -> None:
    batch = Dim("batch", min=2, max=64)
    program = torch.export.export(torch.nn.Linear(4, 3), (torch.zeros(5, 4),), dynamic_shapes=({0: batch},))
    torch.export.save(program, "program.pt2")
    document = said(invoke, "program.pt2")
    (dimension,) = document["dimensions"]
    assert (dimension["size"], dimension["least"], dimension["most"]) == (None, 2, 64)
    assert (document["missing"], document["converts"]) == (f"--dim {dimension['name']}=5", None)
    assert document["inputs"] == [{"name": "input", "type": "float32", "shape": [dimension["name"], 4]}]
    assert document["outputs"] == [{"name": "output", "type": "float32", "shape": [dimension["name"], 3]}]
    assert document["weights"] == [{"type": "float32", "tensors": 2, "elements": 15, "bytes": 60}]
    other = said(invoke, "program.pt2", "--dim", "batch=7")
    assert (other["dimensions"][0]["size"], other["missing"], other["converts"]) == (7, "", True)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_state_dict_and_a_script(invoke: Invoke) -> None:
    torch.save(torch.nn.Linear(4, 3).state_dict(), "state.pt")
    document = said(invoke, "state.pt")
    assert (document["kind"], document["converts"]) == ("a pickled object", False)
    assert "--model" in document["problems"][0]["hint"]
    assert document["weights"][0]["elements"] == 15
    torch.jit.save(torch.jit.script(torch.nn.Linear(4, 3)), "script.pt")
    result = invoke("webnn", "inspect", "script.pt", "--input", "x:float32[2,4]", "--json")
    given = json.loads(result.stdout)
    assert (given["kind"], given["converts"], given["outputs"][0]["shape"]) == ("a TorchScript archive", True, [2, 3])


def test_a_graph(graph: Path, invoke: Invoke) -> None:
    document = said(invoke, graph)
    assert document["inputs"] == [{"name": "x", "type": "float32", "shape": [2, 4]}]
    assert {operator["name"]: operator["nodes"] for operator in document["operators"]} == {"gemm": 1, "relu": 1}


def test_what_is_no_model_is_one_error(invoke: Invoke) -> None:
    onnx.save(linear_model(), "cut.onnx")
    Path("cut.onnx").write_bytes(Path("cut.onnx").read_bytes()[:100])
    for name in ("cut.onnx", "missing.onnx", "missing.pt2"):
        result = invoke("webnn", "inspect", name, "--json")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: ")


def test_what_is_said_of_tensors_is_in_words(tmp_path: Path, invoke: Invoke) -> None:
    b = GraphBuilder("rating")
    graph = b.build({"y": b.relu(b.input("x", "float32", [1, 2]))})
    values = Regression(targets=(Target(name="SIG", unit="MOS", polynomial=(1.0, 2.0)), Target(name="BAK")))
    metadata = Metadata(tensors={"x": Audio(sampling_rate=16_000, repeated=True), "y": values})
    save(replace(graph, metadata=metadata.document()), tmp_path / "m.webnn")
    lines = invoke("webnn", "inspect", tmp_path / "m.webnn").stdout.splitlines()
    assert "  x: audio, sampling_rate 16000, repeated" in lines
    assert "  y: regression, targets name SIG, unit MOS, polynomial 1, 2, name BAK" in lines


def test_what_is_said_of_tensors_is_whole_but_for_names_on_a_terminal(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = GraphBuilder("animals")
    graph = b.build({"y": b.relu(b.input("x", "float32", [1, 3, 4, 48]))})
    names = tuple(f"animal {number}" for number in range(48))
    picture = Image(resize="cover", edge=256, scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    metadata = Metadata(tensors={"x": picture, "y": Labels(names=names)})
    save(replace(graph, metadata=metadata.document()), tmp_path / "m.webnn")
    of_picture = "resize cover, edge 256, scale 0.00392157, mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225"
    piped = invoke("webnn", "inspect", tmp_path / "m.webnn").stdout
    assert of_picture in piped and f"  y: labels, names {', '.join(names)}\n" in piped
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    shown = invoke("webnn", "inspect", tmp_path / "m.webnn").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert of_picture in " ".join(shown.split())
    assert "names animal 0, animal 1, animal 2, animal 3, and 44 more\n" in " ".join(shown.split(" "))


def test_without_sizes_it_is_said_why_it_is_not_known_what_converts(model: Path, invoke: Invoke) -> None:
    unknown = "?: known with the sizes: --dim batch=N"
    assert unknown in invoke("webnn", "inspect", model).stdout
    assert "?:" not in invoke("webnn", "inspect", model, "--dim", "batch=2").stdout
