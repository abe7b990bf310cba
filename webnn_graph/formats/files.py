"""Writing the files of a folder as a set: either all of them are the new ones, or all stay as they were.

1. Each file is written under a temporary name beside its target, and flushed to the disk.
2. Each target that exists gets a second name; a journal of what is going to be replaced is flushed to the disk.
3. The temporary files take their names, in the order that they were given in.
4. The second names and the journal are removed.

An error or a signal in between puts the old files back. A process that is killed cannot: the next that writes to the folder
removes what the dead one left and, when it died in 3., finishes that first. Until then a graph and its weights may not belong
together, which their digests show (`webnn_graph.formats.digests`).
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError
from webnn_graph.formats.locks import locked
from webnn_graph.signals import Signals

PathLike: TypeAlias = str | os.PathLike[str]
Chunks: TypeAlias = Callable[[], Iterable[bytes | memoryview]]
"""Makes the content of a file piece by piece, so that it need not be in memory as a whole."""

TEMPORARY = re.compile(r"\.webnn-([0-9a-f]{8})\.(journal|[0-9]+\.(new|old))")
PIECE_BYTES = 2**24
"""Bytes that are written at once; signals are looked for in between."""
FLUSHED_BYTES = 2**26
"""Bytes that are given to the disk while more are written: it is not idle until all are there."""
FORWARD, BACK = b"+", b"-"
"""First byte of a journal: whether the files that it names are to become the new or again the old ones."""
NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)


def write_all(contents: Mapping[Path, Chunks | None]) -> None:
    """Writes all files, or none; those whose content is None are removed.

    A full disk, an error or a signal leaves the old files as they were, and no temporary ones. Other writers of the same
    folders wait meanwhile.

    Args:
        contents: What to write by path, in the order in which files are replaced.

    Raises:
        WebNNError: A file cannot be written, or another process does not finish writing.
        KeyboardInterrupt, Terminated: A signal has arrived; see `webnn_graph.signals`.
    """
    folders: dict[Path, dict[Path, Chunks | None]] = {}
    for target, chunks in contents.items():
        folders.setdefault(target.parent.resolve(), {})[target] = chunks
    with Signals() as signals, ExitStack() as locks:
        replacements = []
        for _, files in sorted(folders.items()):  # in one order, so that no two wait for each other
            first = next(iter(files))
            with _writing(first):
                if locks.enter_context(locked(first.parent, signals.check)):
                    _recover(first.parent)
            replacements.append(_Replacement(first.parent, files, signals.check))
        _replace_all(replacements)


def pieces(path: Path) -> Iterator[bytes]:
    """The content of a file, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _replace_all(replacements: Iterable[_Replacement]) -> None:
    try:
        for replacement in replacements:
            replacement.write()
        for replacement in replacements:
            replacement.replace()
    except BaseException:
        for replacement in replacements:
            replacement.put_back()
        raise
    finally:
        for replacement in replacements:
            replacement.clean()


@dataclass(frozen=True)
class _File:
    """A file that is replaced, its temporary name, and the second name of what it was before.

    Attributes:
        made: Number of the new file in its file system; only what has it is ours to move or to remove. None when the file goes.
        was: That of the old file; None when there was none.
    """

    target: Path
    new: Path
    old: Path
    made: int | None
    was: int | None


def _file(stem: Path, i: int, name: str, made: int | None, was: int | None) -> _File:
    """The i-th file of a replacement whose temporary names begin with ``stem``."""
    return _File(stem.with_name(name), stem.with_name(f"{stem.name}.{i}.new"), stem.with_name(f"{stem.name}.{i}.old"), made, was)


def _number(path: Path) -> int | None:
    """The number of a file in its file system; None when there is none."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None


class _Replacement:
    """The files of one folder that are replaced together."""

    def __init__(self, folder: Path, contents: Mapping[Path, Chunks | None], check: Callable[[], None]) -> None:
        self._stem = folder / f".webnn-{secrets.token_hex(4)}"
        self._folder = folder
        self._contents = contents
        self._check = check
        self._journal = folder / f"{self._stem.name}.journal"
        self._files = [_file(self._stem, i, target.name, None, None) for i, target in enumerate(contents)]
        self._is_settled = True

    def write(self) -> None:
        """Writes every file under its temporary name."""
        for file, chunks in zip(self._files, self._contents.values(), strict=True):
            with _writing(file.target):
                if file.target.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "it is a folder")
                if file.target.exists() and not file.target.is_file():
                    raise OSError(errno.EEXIST, "it is no ordinary file")
                if chunks is not None:
                    _write(file.new, chunks(), self._check)

    def replace(self) -> None:
        """Gives the temporary files their names."""
        with _writing(self._files[0].target):
            self._files = [replace(file, made=_number(file.new), was=_number(file.target)) for file in self._files]
            for file in self._files:
                if file.was is not None and not file.target.is_symlink():
                    with suppress(OSError):  # a file system without links: the old file is moved away instead
                        file.old.hardlink_to(file.target)
            listed = [(file.target.name, file.made, file.was) for file in self._files]
            _write(self._journal, [FORWARD + json.dumps(listed).encode() + b"\n"], self._check)
            _flush_folder(self._folder)
        self._is_settled = False
        for file in self._files:
            self._check()
            with _writing(file.target):
                if file.was is not None and _number(file.old) is None:
                    file.target.replace(file.old)
                if file.made is None:
                    file.target.unlink(missing_ok=True)
                else:
                    file.new.replace(file.target)
        _flush_folder(self._folder)
        self._is_settled = True

    def put_back(self) -> None:
        """Gives the old files their names again; when that cannot be, the next writer of the folder does it."""
        if self._journal.exists():
            self._is_settled = False
            with suppress(OSError):
                _turn_back(self._journal)
                _put_back(self._files)
                self._is_settled = True

    def clean(self) -> None:
        """Removes the temporary files."""
        if self._is_settled:
            for path in (*(path for file in self._files for path in (file.new, file.old)), self._journal):
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def _write(path: Path, chunks: Iterable[bytes | memoryview], check: Callable[[], None]) -> None:
    """Writes a new file, with the permissions that a new file gets."""
    descriptor = os.open(path, NEW_FILE, 0o666)
    try:
        with ThreadPoolExecutor(1) as pool:
            flushing, waiting = None, 0
            for chunk in chunks:
                left = memoryview(chunk)
                while left:
                    check()
                    count = os.write(descriptor, left[:PIECE_BYTES])
                    left, waiting = left[count:], waiting + count
                    if waiting >= FLUSHED_BYTES and (flushing is None or flushing.done()):
                        _check(flushing)
                        flushing, waiting = pool.submit(os.fsync, descriptor), 0
            _check(flushing)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(flushing: Future[None] | None) -> None:
    """Waits until the disk has what it was given, and raises what it says then, which it says only once."""
    if flushing:
        flushing.result()


def _turn_back(journal: Path) -> None:
    descriptor = os.open(journal, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.write(descriptor, BACK)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_back(files: Iterable[_File]) -> None:
    """Gives old files their names; may be done again when it was stopped halfway."""
    for file in files:
        if file.was is not None and _number(file.old) == file.was:
            file.old.replace(file.target)
        elif file.was is None and file.made is not None and _number(file.target) == file.made:
            file.target.unlink()


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # not every system lets a folder be opened; the files themselves are on the disk
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# -------------------------------------------------------------------------------------------------- what dead processes have left
def _recover(folder: Path) -> None:
    """Removes what writers left that were killed, after finishing what they had begun to replace. The folder is locked."""
    left = sorted(path for path in folder.iterdir() if TEMPORARY.fullmatch(path.name) and path.is_file())
    for path in left:
        if path.suffix == ".journal":
            _settle(path)
    for path in left:  # journals come after what they list
        path.unlink(missing_ok=True)


def _settle(journal: Path) -> None:
    """Makes the set whole that a journal lists; with the files of an incomplete one nothing has been done."""
    content = journal.read_bytes()
    files = _listed(journal, content)
    if content.startswith(BACK):
        _put_back(files)
        return
    waiting = [file for file in files if _number(file.new) is not None]
    going = [file for file in files if file.made is None and file.was is not None and _number(file.target) == file.was]
    if all(_is_as_left(file) for file in waiting):
        for file in waiting:
            file.new.replace(file.target)
        for file in going:
            file.target.unlink()


def _listed(journal: Path, content: bytes) -> list[_File]:
    """The files that a journal lists: none unless it is complete, and each of them is in its folder."""
    try:
        listed = json.loads(content[1:]) if content.endswith(b"\n") else []
        files = [_file(journal.with_suffix(""), i, str(name), made, was) for i, (name, made, was) in enumerate(listed)]
        return files if all(_is_name(file.target.name) for file in files) else []
    except (ValueError, TypeError, RecursionError):  # damaged, or made to do harm
        return []


def _is_name(text: str) -> bool:
    return text != ".." and "\0" not in text and len(os.fsencode(text)) < 256


def _is_as_left(file: _File) -> bool:
    """Whether a file that was to take its name is the one, and nobody has put another in the place of the old one."""
    return _number(file.new) == file.made and _number(file.target) in (None, file.was)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Errors of the system say which file cannot be written."""
    try:
        yield
    except OSError as error:
        raise WebNNError(f"cannot write {target}: {error.strerror or error}", _hint(error), code=Code.CANNOT_WRITE) from None


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "free some space, or write to another disk; nothing was changed"
        case errno.ENOENT:
            return "create the folder first"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "write to a folder that you may write to"
    return ""
