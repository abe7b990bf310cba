"""Writing several files so that either all of them are the new ones or all stay as they were."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from webnn_graph.errors import WebNNError

Chunks: TypeAlias = Callable[[], Iterable[bytes | memoryview]]
"""Makes the content of a file piece by piece, so that it need not be in memory as a whole."""


def write_all(contents: Mapping[Path, Chunks]) -> None:
    """Writes all files, or none.

    Each is written under a temporary name in its own folder and flushed to the disk; only when all are complete do they
    take their names. A full disk, an interruption or an error leaves the old files as they were, and no temporary ones.

    Raises:
        WebNNError: A file cannot be written.
    """
    written: dict[Path, Path] = {}
    target = Path()
    try:
        for target, chunks in contents.items():
            written[target] = _temporary(target)
            _write(written[target], chunks())
        _rename_all(written)
    except OSError as error:
        raise WebNNError(f"cannot write {error.filename2 or target}: {error.strerror or error}", _hint(error)) from None
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _temporary(target: Path) -> Path:
    """A new empty file beside ``target``, with the permissions that a new file gets."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    mask = os.umask(0)
    os.umask(mask)
    temporary = Path(name)
    temporary.chmod(0o666 & ~mask)
    return temporary


def _write(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _rename_all(written: Mapping[Path, Path]) -> None:
    """Gives the complete temporary files their names; when one cannot have it, those before it get their old content back."""
    kept: dict[Path, Path | None] = {}
    renamed: list[Path] = []
    try:
        for target, temporary in written.items():
            kept[target] = _keep(target)
            temporary.replace(target)
            renamed.append(target)
    except BaseException:
        for target in renamed:
            old = kept[target]
            if old:
                old.replace(target)
            else:
                target.unlink()
        raise
    finally:
        for old in kept.values():
            if old:
                old.unlink(missing_ok=True)
    for folder in {target.parent for target in written}:
        _flush_folder(folder)


def _keep(target: Path) -> Path | None:
    """A second name for the file that ``target`` is now; None when it is none."""
    if not target.exists():
        return None
    second = _temporary(target)
    second.unlink()
    try:
        os.link(target, second)
    except OSError:  # a file system without links
        shutil.copy2(target, second)
    return second


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system lets a folder be opened; the files themselves are on the disk
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "free some space, or write to another disk; nothing was changed"
        case errno.ENOENT:
            return "create the folder first"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "write to a folder that you may write to"
    return ""
