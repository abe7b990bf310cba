"""What kind of model a file is, found from its content, and whether loading it could run code.

Pickled objects are programs: unpickling an arbitrary one runs what its author wrote. PyTorch's own loaders unpickle parts of
several formats without restriction, so those parts are first read with ``weights_only=True``, which admits tensors and plain
data only; what it rejects is never handed on.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import torch

from webnn_graph.errors import ConversionError, FormatError

ZIP = b"PK\x03\x04"
PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
SAFE_TARGET = re.compile(
    r"(torch\.ops\.(aten|higher_order|prims|quantized_decomposed|torchao|torchvision)(\.(__(and|or|xor|lshift|rshift)__|(?!__)\w+)){1,2}"
    r"|_operator\.(abs|add|and_|eq|floordiv|ge|getitem|gt|le|lt|mod|mul|ne|neg|not_|or_|pos|pow|sub|truediv|xor)"
    r"|torch\.sym_\w+|math\.\w+)\Z"
)
"""What a serialized graph may call: registered operators, and arithmetic on sizes."""
SAFE_FUNCTIONS = set(
    "CeilDiv CeilToInt CleanDiv Eq FloorDiv FloorToInt Ge Gt Identity IntTrueDiv Integer Le Lt Max Min Mod ModularIndexing Ne "
    "PythonMod Symbol TruncToInt Where".split()
)
"""Functions that the expression of a size may call."""
ARITHMETIC = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.operator,
    ast.unaryop,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.Call,
    ast.Compare,
    ast.cmpop,
    ast.keyword,
)
"""What the expression of a size may consist of."""


class Kind(Enum):
    """What a file holds."""

    PROGRAM = "an exported program"
    SCRIPT = "a TorchScript archive"
    PICKLE = "a pickled object"
    SAFETENSORS = "a safetensors file"
    FOLDER = "a Hugging Face folder"


def kind_of(path: Path) -> Kind:
    """The kind of a model, from its content.

    Raises:
        FormatError: It is missing, truncated or of another kind.
    """
    if path.is_dir():
        if (path / "config.json").is_file():
            return Kind.FOLDER
        raise FormatError(f"{path} is a folder without config.json", "give a file, or the folder of a Hugging Face model")
    head = _head(path)
    if head.startswith(ZIP):
        return _kind_of_zip(path)
    if head.startswith(PICKLE):
        return Kind.PICKLE
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return Kind.SAFETENSORS
    hint = "onnx2webnn converts ONNX files" if path.suffix == ".onnx" else "torch.export.save writes a file that can be converted"
    raise FormatError(f"{path} is no PyTorch model", hint)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(32)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}") from None


def _kind_of_zip(path: Path) -> Kind:
    inner = {name.partition("/")[2] for name in _names(path)}
    if any(name.startswith("code/") for name in inner):
        return Kind.SCRIPT
    if "archive_format" in inner or any(name.startswith("models/") for name in inner) or "serialized_exported_program.json" in inner:
        return Kind.PROGRAM
    if "data.pkl" in inner:
        return Kind.PICKLE
    names = _names(path)
    if "serialized_exported_program.json" in names:
        return Kind.PROGRAM
    raise FormatError(f"{path} is a zip archive, but no PyTorch model", "torch.export.save writes a file that can be converted")


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FormatError(f"{path} is a truncated or damaged zip archive", "copy or download it again") from None


# ------------------------------------------------------------------------------------------------------------ loading safely
def load_plain(path: Path) -> Any:
    """The tensors and plain data in a file of `torch.save`.

    Raises:
        ConversionError: It holds other objects.
        FormatError: It is damaged.
    """
    return _load(path, str(path))


def _load(file: Any, where: str) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch has no common exception for it
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        if found or "Unsupported" in str(error) or "weights_only" in str(error).replace(" ", "_").lower():
            what = f" ({found.group(1)})" if found else ""
            raise ConversionError(
                f"{where} holds a pickled object{what}; unpickling it would run code that the file brings",
                "save a state dict or an exported program instead, or give --trust-pickle if you trust the file",
            ) from None
        raise FormatError(f"{where} is damaged: {str(error).splitlines()[0]}") from None


def check_program(path: Path) -> None:
    """Raises unless an exported program can be loaded without running code of the file.

    Raises:
        ConversionError: It holds compiled code, pickled objects, or a graph that calls something other than operators.
        FormatError: It is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            inner = info.filename.partition("/")[2] or info.filename
            _check_member(path, inner, lambda info=info: _read(path, archive, info))  # type: ignore[misc]


def _read(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError):
        raise FormatError(f"{path}: {info.filename} is damaged") from None


def _check_member(path: Path, inner: str, read: Callable[[], bytes]) -> None:
    name = inner.rsplit("/", 1)[-1]
    content = read()
    is_safe = not inner.startswith("data/aotinductor/") and not name.startswith("custom_obj")
    if name.endswith(".json"):
        is_safe &= all(_is_safe(item) for item in _objects(_json(path, inner, content)))
    if not is_safe:
        raise ConversionError(f"{path}: {inner} could run code when it is loaded", "give --trust-pickle if you trust the file")
    if content.startswith((ZIP, *PICKLE)):
        _load(io.BytesIO(content), f"{path}: {inner}")


def _json(path: Path, inner: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise FormatError(f"{path}: {inner} is damaged") from None


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    """All objects of a JSON document."""
    waiting = [document]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
        waiting += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []


def _is_safe(item: Mapping[str, Any]) -> bool:
    """Whether an object is harmless where PyTorch resolves what a node calls, and evaluates the expression of a size."""
    if {"target", "inputs"} <= item.keys() and not SAFE_TARGET.match(str(item["target"])):
        return False
    return "expr_str" not in item or _is_size(str(item["expr_str"]))


def _is_size(expression: str) -> bool:
    """Whether an expression is arithmetic on numbers and names."""
    try:
        nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    return all(isinstance(node, ARITHMETIC) for node in nodes) and all(getattr(called, "id", "") in SAFE_FUNCTIONS for called in calls)
