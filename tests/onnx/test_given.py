"""What `convert` takes, and what it says of everything else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
from torch import nn

from converters.onnx import convert
from webnn_graph.errors import FormatError

MODEL = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 18]> net (float[2] x) => (float[2] y) { y = Relu(x) }')
BYTES = MODEL.SerializeToString()

GIVEN: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "text": str,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
    "file in memory": lambda path: io.BytesIO(path.read_bytes()),
    "model": lambda path: onnx.load(path),
    "program": lambda path: SimpleNamespace(model_proto=onnx.load(path)),  # torch.onnx.ONNXProgram
    "function": lambda path: SimpleNamespace(to_model_proto=lambda: onnx.load(path)),  # of onnxscript
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_model_in_any_form(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file.onnx"
    path.write_bytes(BYTES)
    graph = convert(GIVEN[name](path))
    assert [node.op for node in graph.nodes] == ["relu"]
    assert graph.name == ("file" if name in ("path", "text") else "net")


TAKES = "convert takes the path of a file, its bytes, a file that is open in binary mode, or an onnx.ModelProto"
PYTORCH = "converters.torch.convert converts PyTorch models"
WRONG: list[tuple[Any, str, str]] = [
    ("absent.onnx", "absent.onnx: there is no such file", ""),
    (b"", "what is given is an empty file, not an ONNX model", "copy or download it again"),
    (b"\x08\x08", "what is given is not an ONNX model: it has no graph", "an .onnx file with a ModelProto is expected"),
    (BYTES[:-3], "what is given is not an ONNX model, or is damaged or truncated", "check the file's size, or export it again"),
    (b"PK\x03\x04rest", "what is given is a truncated or damaged zip archive, not an ONNX model", "copy or download it again"),
    (io.StringIO("text"), "what is given is of type str, not an ONNX model", TAKES),
    (MODEL.graph, "what is given is of type onnx.onnx_ml_pb2.GraphProto, not an ONNX model", TAKES),
    (None, "what is given is of type NoneType, not an ONNX model", TAKES),
    (onnx.ModelProto, "what is given is the class ModelProto, not an ONNX model", TAKES),
    (nn.ReLU(), "what is given is of type torch.nn.modules.activation.ReLU, not an ONNX model", PYTORCH),
    (nn.ReLU, "what is given is the class ReLU, not an ONNX model", PYTORCH),
]


@pytest.mark.parametrize(("given", "message", "hint"), WRONG)
def test_what_is_no_model_is_named(given: Any, message: str, hint: str) -> None:
    with pytest.raises(FormatError) as refused:
        convert(given)
    assert str(refused.value) == (f"{message}\nhint: {hint}" if hint else message)
