"""Whatever holds a model gives a graph: which kind it is, what each kind takes, and that nothing is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from converters.commands.opening import Opening, kind_of, open_graph
from webnn_graph.errors import WebNNError
from webnn_graph.file_kinds import ModelKind


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "double.pt2"
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(2, 3),)), path)
    return path


def test_every_kind_is_opened(model: Path, graph: Path, program: Path) -> None:
    renamed = [model.with_suffix(".bin"), graph.with_suffix(".text"), program.with_suffix(".bin")]
    for path, copy in zip((model, graph, program), renamed, strict=True):
        shutil.copy(path, copy)
    kinds = {model: ModelKind.ONNX, graph: ModelKind.GRAPH, program: ModelKind.TORCH}
    there = set(model.parent.iterdir())
    for path, copy in zip(kinds, renamed, strict=True):
        assert kind_of(path) is kind_of(copy) is kinds[path]
        opening = Opening(dims={"batch": 2} if path is model else {})
        assert open_graph(copy, opening).outputs[0].shape == ((2, 3) if path is program else (2, 300))
    assert set(model.parent.iterdir()) == there


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a", b"\xef\xbb\xbf  webnn_graph", ModelKind.GRAPH),
        ("a", b"{}", ModelKind.GRAPH),
        ("a.onnx", b"unknown", ModelKind.ONNX),
        ("a", b"\x08\x08\x12\x07pytorch", ModelKind.ONNX),
        ("a", b'\x08\x02\0\0\0\0\0\0{"weight"', ModelKind.TORCH),  # safetensors, with a header of 520 bytes
        ("a.pt2", b"unknown", ModelKind.TORCH),
        ("a.json", b"unknown", ModelKind.GRAPH),
    ],
)
def test_kinds(name: str, content: bytes, kind: ModelKind, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) is kind


@pytest.mark.parametrize(
    ("opening", "what", "says"),
    [
        (Opening(shapes={"x": [1]}), "graph", "is a WebNN graph, which takes no --shape"),
        (Opening(outputs=["y"]), "program", "is a PyTorch model, which takes no --output"),
        (Opening(trust_pickle=True), "model", "is an ONNX model, which takes no --trust-pickle"),
        (Opening(inputs=["x"]), "program", "--input 'x' is not like"),
        (Opening(), "model", "WebNN needs every dimension"),
    ],
)
def test_what_a_kind_does_not_take_is_refused(opening: Opening, what: str, says: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(what)
    with pytest.raises(WebNNError, match=says):
        open_graph(path, opening)
