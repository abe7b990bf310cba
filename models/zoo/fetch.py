"""Fetching a model: from wherever it is, into the cache that `converters.fetching` has.

<cache>/<16 digits of a digest>/     a model's file, with its companions
<cache>/made/                        models that were made on the spot
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

from converters.fetching.files import Files, cache_folder, check_digest, fetched
from models.zoo.manifest import ZOO, Model
from webnn_graph.errors import WebNNError, Where


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
    return fetched(_files(model), partial(_from_hub, model) if model.kind == "hf" else None)[0]


def is_fetched(model: Model, folder: Path = ZOO.parent) -> bool:
    """Whether the model's files are there, or need not be fetched; what is in them is not looked at."""
    if model.kind == "python":
        return True
    return (folder / model.place).exists() if model.kind == "file" else _files(model).are_there


def _files(model: Model) -> Files:
    """Its file and its companions."""
    path = PurePosixPath(model.member)
    name = path.name if model.companions else f"{model.name}{path.suffix}"
    beside = {PurePosixPath(member).name: (member, expected) for member, expected in model.companions.items()}
    return Files(model.source, {name: (model.member, model.sha256), **beside}, model.python, is_archive=bool(model.file))


def _local(model: Model, folder: Path) -> Path:
    path = folder / model.place
    beside = {path.with_name(PurePosixPath(member).name): expected for member, expected in model.companions.items()}
    for file in (path, *beside):
        if not _is_there(file):
            raise WebNNError(f"there is no file or folder {file}", "file: is relative to the manifest's folder", Where(node=model.name))
    for file, expected in {path: model.sha256, **beside}.items():
        if expected:
            check_digest(file, model.place if file == path else file.name, expected, model.source)
    return path


def _is_there(path: Path) -> bool:
    """Whether there is a file or a folder; nothing else has an end."""
    with suppress(OSError):
        return path.is_file() or path.is_dir()
    return False


def _from_hub(model: Model, member: str, target: Path) -> None:
    """Copies a file of a repository of the Hugging Face hub, which has its own cache below ours."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise WebNNError("hf: needs huggingface_hub, which is not installed", "pip install 'webnn-convert[zoo]'") from None
    place, _, revision = model.place.partition("@")
    owner, name, *path = place.split("/")
    wanted = member if member in model.companions else "/".join(path)
    try:
        found = hf_hub_download(f"{owner}/{name}", wanted, revision=revision or None, cache_dir=cache_folder() / "hub")
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise WebNNError(f"{model.source} cannot be downloaded: {reason}", "check the network, the repository and its revision") from None
    shutil.copyfile(found, target)
