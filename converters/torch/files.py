"""What a PyTorch model is read from."""

from __future__ import annotations

import os
from pathlib import Path

from converters.torch.archive import shards_of
from webnn_graph.file_kinds import FileKind, file_kind
from webnn_graph.formats import is_written_here


def files_of(path: Path) -> list[Path]:
    """The model's file; of a folder, everything that is in it but for graphs that were written there."""
    if path.is_file() and file_kind(path) is FileKind.SHARDS:
        return [path, *shards_of(path)]
    if not path.is_dir():
        return [path]
    files = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    return [file for file in files if not is_written_here(file)]
