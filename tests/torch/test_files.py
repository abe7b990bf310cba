"""Every kind of file that torch2webnn takes, damaged ones, and ones that would run code."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from converters.torch.archive import kind_of
from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from tests.torch.comparing import compare
from webnn_graph.errors import ConversionError, FormatError, WebNNError
from webnn_graph.file_kinds import FileKind

X = torch.linspace(-1, 1, 6).reshape(2, 3)
INPUT = InputSpec.parse("input:float32[2,3]")
FACTORY = {"factory": "tests.torch.test_files:small_module"}


def small_module(width: int = 4) -> torch.nn.Sequential:
    """What state dicts of these tests belong to."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, width), torch.nn.ReLU()).eval()


class Malicious:
    """Unpickling it creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def write_program(path: Path) -> None:
    torch.export.save(torch.export.export(small_module(), (X,)), path)


def write_script(path: Path) -> None:
    torch.jit.save(torch.jit.script(small_module()), path)


WRITERS: dict[str, tuple[FileKind, Callable[[Path], None], dict[str, Any]]] = {
    "program": (FileKind.PROGRAM, write_program, {}),
    "script": (FileKind.SCRIPT, write_script, {}),
    "state dict": (FileKind.PICKLE, lambda path: torch.save(small_module().state_dict(), path), FACTORY),
    "checkpoint": (FileKind.PICKLE, lambda path: torch.save({"epoch": 3, "state_dict": small_module().state_dict()}, path), FACTORY),
    "old state dict": (
        FileKind.PICKLE,
        lambda path: torch.save(small_module().state_dict(), path, _use_new_zipfile_serialization=False),
        FACTORY,
    ),
    "safetensors": (FileKind.SAFETENSORS, lambda path: save_file(small_module().state_dict(), path), FACTORY),
    "trusted module": (FileKind.PICKLE, lambda path: torch.save(small_module(), path), {"trust_pickle": True}),
}


@pytest.mark.parametrize("what", WRITERS)
def test_every_kind_converts_to_the_same_numbers(what: str, tmp_path: Path) -> None:
    kind, write, options = WRITERS[what]
    path = tmp_path / "model.bin"  # the suffix says nothing
    write(path)
    assert kind_of(path) is kind
    graph = TorchModel(path, inputs=[INPUT], **options).convert()
    assert graph.name == "model"
    compare(graph, [X], [small_module()(X)])


@pytest.mark.parametrize("what", [what for what in WRITERS if what != "old state dict"])
def test_a_truncated_file_is_refused(what: str, tmp_path: Path) -> None:
    _, write, options = WRITERS[what]
    path = tmp_path / "model.pt"
    write(path)
    content = path.read_bytes()
    for length in (0, 9, len(content) // 2, len(content) - 9):
        path.write_bytes(content[:length])
        with pytest.raises(FormatError):
            TorchModel(path, inputs=[INPUT], **options).convert()


def test_a_program_brings_its_inputs(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    write_program(path)
    compare(TorchModel(path).convert(), [X], [small_module()(X)])


def test_a_module_needs_inputs(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    write_script(path)
    with pytest.raises(ConversionError, match="example inputs .* are not known"):
        TorchModel(path).convert()


@pytest.mark.parametrize(
    ("inputs", "dims", "message"),
    [
        (["wrong:float32[2,3]"], {}, "the program has no input 'wrong'"),
        (["input:float32[5,3]"], {}, r"exported as float32\[2, 3\], and is given as float32\[5, 3\]"),
        (["input:int64[2,3]"], {}, r"exported as float32\[2, 3\], and is given as int64\[2, 3\]"),
        (["input:float32[n,3]"], {}, "has the dimension n"),
        (["input:float32[n,3]"], {"n": 2, "m": 3}, "no input has a dimension m"),
    ],
)
def test_wrong_inputs_are_explained(inputs: list[str], dims: dict[str, int], message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    write_program(path)
    with pytest.raises(ConversionError, match=message):
        TorchModel(path, inputs=[InputSpec.parse(text) for text in inputs], dims=dims).convert()


# ----------------------------------------------------------------------------------------------------------------- state dicts
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "is a state dict of 2 tensors"),
        ({"factory": "tests.torch.test_files"}, "is not package.module:callable"),
        ({"factory": "tests.torch.test_files:nothing"}, "has no attribute 'nothing'"),
        ({"factory": "no.such.module:thing"}, "No module named 'no'"),
        ({**FACTORY, "factory_args": "{"}, "the module's arguments are not JSON"),
        ({**FACTORY, "factory_args": '{"wide": 4}'}, "small_module.* failed: TypeError"),
        ({"factory": "json:dumps", "factory_args": "[1]"}, "returns a str"),
        ({**FACTORY, "factory_args": '{"width": 5}'}, r"0.weight is \[4, 3\], not \[5, 3\]"),
        ({"factory": "torch.nn:Linear", "factory_args": "[3, 4]"}, "missing: weight, bias\n  unexpected: 0.weight, 0.bias"),
    ],
)
def test_a_state_dict_needs_its_module(options: dict[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(small_module().state_dict(), path)
    with pytest.raises(ConversionError, match=message):
        TorchModel(path, inputs=[INPUT], **options).convert()


def test_tied_parameters_may_be_stored_once(tmp_path: Path) -> None:
    module = tied()
    path = tmp_path / "model.safetensors"
    save_file({"0.weight": module[0].weight}, path)
    graph = TorchModel(path, inputs=[INPUT], factory="tests.torch.test_files:tied").convert()
    compare(graph, [X], [module(X)])
    assert len(graph.constants) == 1


def tied() -> torch.nn.Sequential:
    """Two layers with one weight."""
    torch.manual_seed(0)
    first, second = (torch.nn.Linear(3, 3, bias=False) for _ in range(2))
    second.weight = first.weight
    return torch.nn.Sequential(first, second).eval()


# --------------------------------------------------------------------------------------------------------------- untrusted files
@pytest.mark.parametrize("new_format", [True, False])
def test_a_pickle_is_not_run(new_format: bool, tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    torch.save({"weight": Malicious(marker)}, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(ConversionError, match="unpickling it would run code") as refused:
        TorchModel(path, inputs=[INPUT], **FACTORY).convert()
    assert "--trust-pickle" in refused.value.hint
    assert not marker.exists()


def test_a_bare_pickle_is_not_run(tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Malicious(marker)))
    with pytest.raises(WebNNError):
        TorchModel(path, inputs=[INPUT]).convert()
    assert not marker.exists()


def test_the_pickle_of_these_tests_would_run(tmp_path: Path) -> None:
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    torch.save({"weight": Malicious(marker)}, path)
    with pytest.raises(WebNNError):
        TorchModel(path, inputs=[INPUT], trust_pickle=True, **FACTORY).convert()
    assert marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.onnx", b"\x08\x07\x12\x07pytorch", "is an ONNX model, not a PyTorch model"),
        ("model.pt", b"", "is an empty file, not a PyTorch model"),
        ("model.pt", b"PK\x03\x04 no zip", "truncated or damaged"),
        ("model.txt", b"hello, world, this is text", "is no PyTorch model"),
    ],
)
def test_files_of_another_kind(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        TorchModel(path).convert()


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(FormatError, match="is a compressed file or an archive, not a PyTorch model"):
        TorchModel(path).convert()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        TorchModel(tmp_path / "none.pt").convert()
    with pytest.raises(FormatError, match="folder without config.json"):
        TorchModel(tmp_path).convert()
