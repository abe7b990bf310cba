"""The members of a zip archive, each found by its exact name and read within the budget."""

from __future__ import annotations

import io
import mmap
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO

from webnn_graph.budget import Budget
from webnn_graph.errors import FormatError, Where

PIECE_BYTES = 1 << 24
WORTH_A_MAP = 1 << 20
"""Bytes from which on a member is mapped; a smaller one is read."""
ALIGNMENT = 16
"""Bytes, of which a multiple is before every member that is mapped: no element is larger. PyTorch aligns to 64."""
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
"""What zipfile raises of a damaged member."""
HEADER_BYTES = 30
NAME_AND_EXTRA = (26, 28)
"""Where the header before a member has the lengths of the name and of further fields, which follow it."""


class Archive:
    """A zip archive. Its members usually are in one folder, called like the model; names here are those inside of it.

    Args:
        file: A path, or a file in memory.
        budget: What may be decompressed.
        name: What errors call it; by default the path.

    Raises:
        FormatError: It is no zip archive, or two members have one name.
    """

    def __init__(self, file: Path | IO[bytes], budget: Budget | None = None, name: str = "") -> None:
        self.path = path = name or str(file)
        self._budget = budget or Budget()
        self._is_file = isinstance(file, Path)
        try:
            self._zip = zipfile.ZipFile(file)
            members = self._zip.infolist()
            self._size = self._zip.fp.seek(0, io.SEEK_END) if self._zip.fp else 0
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
            raise FormatError(f"{path} is a truncated or damaged zip archive", "copy or download it again") from None
        files = [info for info in members if not info.is_dir()]
        top = _folder_of(files)
        self._members = {info.filename[len(top) :]: info for info in files}
        if len(self._members) != len(files):
            raise FormatError(f"{path} is a damaged zip archive: two of its members have the same name")

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    def __contains__(self, name: object) -> bool:
        return name in self._members

    @property
    def names(self) -> list[str]:
        """All members."""
        return list(self._members)

    def below(self, folder: str) -> list[str]:
        """The members of a folder, its subfolders' included."""
        return [name for name in self._members if name.startswith(f"{folder}/")]

    def read(self, name: str) -> bytearray:
        """The content of a member.

        Raises:
            FormatError: It is missing or damaged.
            ConversionError: It is beyond the budget.
        """
        info = self._info(name)
        content = bytearray()
        try:
            with self._zip.open(info) as member:
                while len(content) <= info.file_size and (more := member.read(PIECE_BYTES)):
                    content += more
                complete = len(content) == info.file_size
        except DAMAGED:
            complete = False
        if not complete:
            raise FormatError(f"{name} is damaged", where=Where(self.path))
        return content

    def view(self, name: str) -> bytearray | memoryview:
        """The same, of a large member of a file that is not compressed without reading it into memory: what is written to it stays here."""
        info = self._info(name)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size < WORTH_A_MAP or not self._is_file:
            return self.read(name)
        try:
            with self._zip.open(info):  # which compares the member's own header with what the archive says of it
                header = self._map[info.header_offset : info.header_offset + HEADER_BYTES]
        except DAMAGED:
            raise FormatError(f"{name} is damaged", where=Where(self.path)) from None
        start = info.header_offset + HEADER_BYTES + sum(int.from_bytes(header[at : at + 2], "little") for at in NAME_AND_EXTRA)
        if start % ALIGNMENT:
            return self.read(name)
        content = self._map[start : start + info.file_size]
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise FormatError(f"{name} is damaged", where=Where(self.path))
        return content

    @cached_property
    def _map(self) -> memoryview:
        """The file, whose pages are in memory as long as they are looked at; it lasts as long as what was taken of it."""
        assert self._zip.fp
        return memoryview(mmap.mmap(self._zip.fp.fileno(), 0, access=mmap.ACCESS_COPY))

    def _info(self, name: str) -> zipfile.ZipInfo:
        """What the archive says of a member. Raises as `read`."""
        info = self._members.get(name)
        if info is None:
            raise FormatError(f"{self.path} has no member {name}; it is damaged or of another version of PyTorch")
        if info.compress_type not in READABLE or info.flag_bits & 1:
            raise FormatError(f"{name} is encrypted, or compressed in a way that PyTorch does not use", where=Where(self.path))
        if info.compress_type != zipfile.ZIP_STORED:
            self._budget.inflate(info.file_size, f"{self.path}: {name}")
        elif info.file_size != info.compress_size or info.file_size > self._size:
            raise FormatError(f"{name} is damaged", where=Where(self.path))
        return info


def _folder_of(files: list[zipfile.ZipInfo]) -> str:
    """The folder that all files are in, with its slash; empty when they are not in one."""
    top = files[0].filename.partition("/")[0] + "/" if files else ""
    return top if all(info.filename.startswith(top) for info in files) else ""
