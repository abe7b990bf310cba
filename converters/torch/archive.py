"""What kind of model a file is; and pickles, of which only tensors and plain data are taken."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import IO, Any

import torch

from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, reason
from webnn_graph.file_kinds import FileKind, ModelKind, check_kind


def kind_of(path: Path) -> FileKind:
    """The kind of a model's file or folder.

    Raises:
        FormatError: It is missing, truncated or of another kind.
    """
    kind = check_kind(path, ModelKind.TORCH)
    if kind is FileKind.UNKNOWN:
        raise FormatError(f"{path} is no PyTorch model", "torch.export.save writes a file that can be converted", code=Code.WRONG_KIND)
    return kind


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
