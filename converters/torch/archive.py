"""What kind of model a file is, found from its content; and pickles, of which only tensors and plain data are taken."""

from __future__ import annotations

import json
import re
import warnings
from enum import Enum
from pathlib import Path
from typing import IO, Any

import torch

from converters.torch.reading.archive import Archive
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, Where, reason

ZIP = b"PK\x03\x04"
PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


INDEX = ".safetensors.index.json"
"""How the name of an index ends that says which weights are in which of several files."""


class Kind(Enum):
    """What a file holds."""

    PROGRAM = "an exported program"
    SCRIPT = "a TorchScript archive"
    PICKLE = "a pickled object"
    SAFETENSORS = "a safetensors file"
    SHARDS = "an index of safetensors files"
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
    if path.exists() and not path.is_file():
        raise FormatError(f"{path} is neither a file nor a folder")
    head = _head(path)
    if path.name.endswith(INDEX):
        return Kind.SHARDS
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
        raise FormatError(str(error.strerror), where=Where(str(path))) from None


def _kind_of_zip(path: Path) -> Kind:
    with Archive(path) as archive:
        names = archive.names
    if any(name.startswith("code/") for name in names):
        return Kind.SCRIPT
    if "archive_format" in names or any(name.startswith("models/") for name in names) or "serialized_exported_program.json" in names:
        return Kind.PROGRAM
    if "data.pkl" in names:
        return Kind.PICKLE
    raise FormatError(f"{path} is a zip archive, but no PyTorch model", "torch.export.save writes a file that can be converted")


def shards_of(index: Path) -> list[Path]:
    """The files of weights that an index names, which stand beside it.

    Raises:
        FormatError: It is damaged, or a file is missing or elsewhere.
    """
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise FormatError(f"{index} is no index of weights", "copy or download it again") from None
    for name in names:
        file = index.parent / str(name)
        if Path(str(name)).name != name or not file.is_file() or file.resolve().parent != index.parent.resolve():
            raise FormatError(f"{index} refers to {name!r}, which is not beside it", "copy all of the files into one folder")
    return [index.parent / name for name in names]


def load_plain(file: Path | IO[bytes], where: str = "") -> Any:
    """The tensors and plain data in a file of `torch.save`.

    Args:
        file: A path, or a file in memory.
        where: What errors call it; by default the path.

    Raises:
        ConversionError: It holds other objects.
        FormatError: It is damaged.
    """
    where = where or str(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what PyTorch is going to change is nothing that a file's owner can
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch has no common exception for it
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        if found or "Unsupported" in str(error) or "weights_only" in str(error).replace(" ", "_").lower():
            what = f" ({found.group(1)})" if found else ""
            raise ConversionError(
                f"{where} holds a pickled object{what}; unpickling it would run code that the file brings",
                "save a state dict or an exported program instead, or give --trust-pickle if you trust the file",
                code=Code.NOT_TRUSTED,
            ) from None
        raise FormatError(f"{where} is damaged: {reason(error)}") from None
