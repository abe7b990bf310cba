"""The members of a zip archive, each found by its exact name and read within the budget."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO

from webnn_graph.budget import Budget
from webnn_graph.errors import FormatError, Where

PIECE_BYTES = 1 << 24
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


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
        info = self._members.get(name)
        if info is None:
            raise FormatError(f"{self.path} has no member {name}; it is damaged or of another version of PyTorch")
        if info.compress_type not in READABLE or info.flag_bits & 1:
            raise FormatError(f"{name} is encrypted, or compressed in a way that PyTorch does not use", where=Where(self.path))
        if info.compress_type != zipfile.ZIP_STORED:
            self._budget.inflate(info.file_size, f"{self.path}: {name}")
        elif info.file_size != info.compress_size or info.file_size > self._size:
            raise FormatError(f"{name} is damaged", where=Where(self.path))
        content = bytearray()
        try:
            with self._zip.open(info) as member:
                while len(content) <= info.file_size and (more := member.read(PIECE_BYTES)):
                    content += more
                complete = len(content) == info.file_size
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
            complete = False
        if not complete:
            raise FormatError(f"{name} is damaged", where=Where(self.path))
        return content


def _folder_of(files: list[zipfile.ZipInfo]) -> str:
    """The folder that all files are in, with its slash; empty when they are not in one."""
    top = files[0].filename.partition("/")[0] + "/" if files else ""
    return top if all(info.filename.startswith(top) for info in files) else ""
