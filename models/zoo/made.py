"""Models that are made on the spot: by a function of a Python module, which a row names."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from hashlib import sha256
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

import msgspec

from converters.fetching.download import digest
from converters.fetching.files import WAIT_SECONDS, cache_folder
from models.zoo.manifest import ZOO, Model
from webnn_graph.errors import WebNNError, Where, reason
from webnn_graph.formats.locks import locked
from webnn_graph.own import NAMES, standing_back

MAKERS = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
"""Packages that a model which is made may depend on."""


def made(model: Model, folder: Path = ZOO.parent) -> Any:
    """What the function of a ``python:`` source returns.

    Args:
        model: The row.
        folder: The manifest's, in which the module is looked for first.

    Raises:
        WebNNError: There is no such function, or it fails.
    """
    module, _, function = model.place.partition(":")
    where = Where(node=model.name)
    with _importable(module, folder):
        try:
            make = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            raise WebNNError(
                f"{model.source} is not there: {reason(error)}", "the module's path begins in the manifest's folder", where
            ) from error
        try:
            return make(**model.arguments)
        except (WebNNError, MemoryError):
            raise
        except Exception as error:
            raise WebNNError(f"{model.source} failed: {type(error).__name__}: {reason(error)}", "", where) from error


def made_file(model: Model, folder: Path = ZOO.parent) -> Path:
    """The file of an ONNX model that is made on the spot, in the cache; made when it is not there.

    Raises:
        WebNNError: It cannot be made.
    """
    path = cache_folder() / "made" / identity(model, folder)[:16] / f"{model.name}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent, wait=WAIT_SECONDS):
            if not path.is_file():
                new = path.with_suffix(".new")
                new.write_bytes(_content(model, folder))
                new.replace(path)
    return path


def _content(model: Model, folder: Path) -> bytes:
    content = made(model, folder)
    if not isinstance(content, bytes):
        hint = 'bytes of an ONNX model are expected; frontend = "torch" takes a module and its inputs'
        raise WebNNError(f"{model.source} returned {type(content).__name__}", hint, Where(node=model.name))
    return content


def identity(model: Model, folder: Path = ZOO.parent) -> str:
    """A digest of all that a model that is made depends on: the module with those that it imports from the manifest's folder,
    the arguments, the versions of what makes it."""
    module, _, function = model.place.partition(":")
    code = [[path.name, digest(path)] for path in _code(module, folder)]
    what = [code, function, msgspec.to_builtins(model.arguments), {name: version(name) for name in MAKERS}]
    return sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _code(module: str, folder: Path) -> list[Path]:
    """The files of a module, and of those that it imports from a user's manifest's folder; none of them is run."""
    if not _is_own(module, folder):
        finder = ModuleFinder([str(folder)])
        with suppress(ImportError, SyntaxError, ValueError, OSError, RecursionError):
            finder.import_hook(module)
        if module in finder.modules:
            return sorted(Path(file) for found in finder.modules.values() if (file := getattr(found, "__file__", None)))
    with _importable(module, folder):
        try:
            spec = importlib.util.find_spec(module)
        except ImportError:
            spec = None
    return [Path(spec.origin)] if spec and spec.origin and Path(spec.origin).is_file() else []


def version(package: str) -> str:
    """The version of an installed package; empty for none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


@contextmanager
def _importable(module: str, folder: Path) -> Iterator[None]:
    """Inside, a module of a user's manifest is found in the manifest's folder; the project's own are themselves."""
    with nullcontext() if _is_own(module, folder) else standing_back(folder):
        yield


def _is_own(module: str, folder: Path) -> bool:
    return folder == ZOO.parent and module.partition(".")[0] in NAMES
