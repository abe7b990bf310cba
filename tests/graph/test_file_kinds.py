"""What a file is, whatever it is called, and what a reader of models says of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.numpy import save as safetensors

from converters import onnx as onnx_frontend
from converters import torch as torch_frontend
from webnn_graph import GraphBuilder, load, save
from webnn_graph.errors import FormatError
from webnn_graph.file_kinds import FileKind, ModelKind, check_kind, file_kind, of_content

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
X = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
ONNX = helper.make_model(helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "net", [X], [Y])).SerializeToString()


def zipped(*members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, "content")
    return file.getvalue()


def saved(write: Callable[[Any], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def program(file: Any) -> None:
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(2),)), file)


def script(file: Any) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.ReLU(), torch.zeros(2)), file)


def graph_text(tmp_path: Path, suffix: str) -> bytes:
    b = GraphBuilder("g")
    path = tmp_path / f"written{suffix}"
    save(b.build({"y": b.relu(b.input("x", "float32", [2]))}), path)
    return path.read_bytes()


CASES: list[tuple[str, bytes, FileKind]] = [
    # By content, whatever the name says.
    ("model.onnx", POINTER, FileKind.POINTER),
    ("model.onnx", b"\n<!DOCTYPE html>\n<html>", FileKind.PAGE),
    ("model.pt", b"<!-- a --> <!-- b -->\n<HTML lang=en>", FileKind.PAGE),
    ("model.onnx", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", FileKind.XML),
    ("model.onnx", b"", FileKind.EMPTY),
    ("model.onnx", b'{"error": "Repository not found"}', FileKind.JSON),
    ("model.bin", b"\x1c\0\0\0TFL3\x14\0\x20\0", FileKind.TFLITE),
    ("model.bin", b"\x1c\0\0\0ORTM\x14\0\x20\0", FileKind.ORT),
    ("model.onnx", b"GGUF\x03\0\0\0", FileKind.GGUF),
    ("model.onnx", b"\x89HDF\r\n\x1a\n\0", FileKind.HDF5),
    ("model.onnx", b"\x1f\x8b\x08\0", FileKind.COMPRESSED),
    ("model.bin", saved(program), FileKind.PROGRAM),
    ("model.onnx", saved(script), FileKind.SCRIPT),
    ("model.onnx", saved(lambda file: torch.save({"w": torch.ones(2)}, file)), FileKind.PICKLE),
    ("model.onnx", saved(lambda file: torch.save({"w": torch.ones(2)}, file, _use_new_zipfile_serialization=False)), FileKind.PICKLE),
    ("model.onnx", safetensors({"w": np.ones(2, np.float32)}), FileKind.SAFETENSORS),
    ("model.onnx", saved(lambda file: np.savez(file, x=np.ones(2))), FileKind.ARRAYS),
    ("model.onnx", saved(lambda file: np.save(file, np.ones(2))), FileKind.ARRAYS),
    ("model.zip", zipped("metadata.json", "config.json", "model.weights.h5"), FileKind.KERAS),
    ("model.zip", zipped("a.mlpackage/Manifest.json", "a.mlpackage/Data/com.apple.CoreML/model.mlmodel"), FileKind.COREML),
    ("model.pt", zipped("model.onnx"), FileKind.COMPRESSED),
    ("model.pt2", saved(program)[:500], FileKind.DAMAGED),
    ("config.json", b'{\n  "architectures": ["BertModel"],\n  "model_type": "bert"\n}', FileKind.CONFIG),
    ("model.json", b'{"format": "graph-model", "modelTopology": {}}', FileKind.TFJS),
    ("model.xml", b'<?xml version="1.0"?>\n<net name="main" version="11">', FileKind.OPENVINO),
    ("model.bin", ONNX, FileKind.ONNX),
    ("model.txt", b'# a comment\n// another\n\nwebnn_graph "g" v1 {', FileKind.GRAPH),
    # By name, where the content may be of several kinds.
    ("net.mlmodel", b"\x08\x01\x12\x10", FileKind.COREML),
    ("saved_model.pb", b"\x08\x01\x12\x10", FileKind.SAVED_MODEL),
    ("frozen.pb", b"\n\x10\n\x01x", FileKind.TENSORFLOW),
    ("model.pb", ONNX, FileKind.ONNX),
    ("model.onnx_data", b"\x08\x01\x12\x10", FileKind.EXTERNAL),
    ("net.py", b"# a program\nimport torch\n", FileKind.PYTHON),
    ("module.js", b"// a module\nexport const x = 1;\n", FileKind.MODULE),
    ("readme", b"# a title\n", FileKind.GRAPH),
    ("model.webnn", b"\xff\xfe", FileKind.GRAPH),
    ("model.bin", b"\xff\xfe", FileKind.UNKNOWN),
]


@pytest.mark.parametrize(("name", "content", "kind"), CASES, ids=[f"{name} {kind.name}" for name, _, kind in CASES])
def test_kinds(name: str, content: bytes, kind: FileKind, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert file_kind(tmp_path / name) is kind


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
def test_written_graphs(suffix: str, tmp_path: Path) -> None:
    assert of_content(graph_text(tmp_path, suffix)) is FileKind.GRAPH


@pytest.mark.parametrize(
    ("name", "files", "kind"),
    [
        ("a", ["config.json", "model.safetensors"], FileKind.FOLDER),
        ("a", ["saved_model.pb"], FileKind.SAVED_MODEL),
        ("a.mlpackage", ["Manifest.json"], FileKind.COREML),
        ("a", ["model.onnx"], FileKind.DIRECTORY),
    ],
)
def test_kinds_of_folders(name: str, files: list[str], kind: FileKind, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    for file in files:
        (tmp_path / name / file).touch()
    assert file_kind(tmp_path / name) is kind


def test_every_kind_says_what_to_do() -> None:
    assert all(kind.title and kind.hint for kind in FileKind)


@pytest.mark.parametrize(
    ("unit", "kind"),
    [(b"<!---->", "UNKNOWN"), (b"# # # ", "UNKNOWN"), (b"#\n", "UNKNOWN"), (b"<?xml <n", "XML"), (b"{ {", "JSON")],
)
def test_content_that_could_be_matched_in_many_ways(unit: bytes, kind: str) -> None:
    assert of_content(unit * 5000) is FileKind[kind]


READERS: dict[ModelKind, Callable[[Path], object]] = {
    ModelKind.ONNX: onnx_frontend.convert,
    ModelKind.TORCH: torch_frontend.convert,
    ModelKind.GRAPH: load,
}


@pytest.mark.parametrize("wanted", READERS, ids=lambda wanted: wanted.name)
@pytest.mark.parametrize(
    ("name", "content", "says", "hint"),
    [
        ("model.onnx", POINTER, "is a pointer of Git LFS to the file, not ", "'git lfs pull'"),
        ("model.pt", b"<html>", "is an HTML page, not ", "download the file itself"),
        ("model.tflite", b"\x1c\0\0\0TFL3", "is a TensorFlow Lite model, not ", "tf2onnx makes an ONNX model of it"),
        ("model.bin", b"", "is an empty file, not ", "download it again"),
    ],
)
def test_a_reader_says_what_it_is(wanted: ModelKind, name: str, content: bytes, says: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as refused:
        READERS[wanted](path)
    assert refused.value.message == f"{path} {says}{wanted.value}"
    assert hint in str(refused.value)
    assert refused.value.code == "wrong-kind"


@pytest.mark.parametrize(
    ("name", "content", "wanted", "hint"),
    [
        ("a.pt2", saved(program), ModelKind.ONNX, "converters.torch.convert converts it"),
        ("a.onnx", ONNX, ModelKind.TORCH, "converters.onnx.convert converts it"),
        ("a.onnx", ONNX, ModelKind.GRAPH, "converters.onnx.convert converts it"),
        ("a.webnn", b'webnn_graph "g" v1 {}', ModelKind.ONNX, "it is converted already"),
        ("a.safetensors", safetensors({}), ModelKind.GRAPH, "name the .webnn or .json file"),
    ],
)
def test_a_model_for_another_reader(name: str, content: bytes, wanted: ModelKind, hint: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=f"not {wanted.value}") as refused:
        READERS[wanted](path)
    assert hint in str(refused.value)


def test_onnx_files_in_a_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    onnx.save(onnx.load_model_from_string(ONNX), tmp_path / "onnx" / "model.onnx")
    (tmp_path / "config.json").touch()
    with pytest.raises(FormatError, match="is a Hugging Face folder, not an ONNX model") as refused:
        check_kind(tmp_path, ModelKind.ONNX)
    assert refused.value.hint == f"onnx2webnn converts its ONNX files, like {tmp_path / 'onnx' / 'model.onnx'}"


def test_bytes_of_another_kind() -> None:
    with pytest.raises(FormatError, match="what is given is an exported program, not an ONNX model"):
        onnx_frontend.convert(saved(program))
