"""What results depend on, as digests: the same key, the same result, so that nothing is done twice.

A conversion depends on the row, the target, the versions of libraries and on all code of the project. What a runtime computes
depends on the graph that came out, on its source model and inputs, on the runtime, and on the code without the frontends'; so a
change of a frontend that leaves a graph as it is does not call for it to be computed again.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from converters.fetching.download import digest
from models.zoo.made import identity, version
from models.zoo.manifest import Model
from webnn_graph.formats import text
from webnn_graph.formats.digests import combined, digests_of
from webnn_graph.graph import Graph
from webnn_graph.own import HOME
from webnn_graph.runtimes import find_runtime
from webnn_graph.targets import Target

LIBRARIES = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch", "transformers")
"""Packages that have a part in results."""
FRONTENDS = ("converters/onnx", "converters/torch", "converters/lowering")
"""What makes graphs, and computes none: two graphs that are alike do not show which code made them."""
CODE = ("webnn_graph", "converters", "templates/module", "templates/runtime", "templates/pages")
WITHOUT = ("webnn_graph/view", "templates/pages/common", "templates/pages/view", "templates/pages/zoo")
"""What only shows results."""
DETAILS = ("task", "license", "tags", "expect", "why")
"""Members of a row that no result depends on."""
JOB = ("work", "loading", "pictures", "package_code", "torch", "keys")
"""The modules of this package that have a part in a result."""


@cache
def versions() -> dict[str, str]:
    """Of the platform, Python and the libraries; those that are not installed are left out."""
    found = {name: version(name) for name in LIBRARIES}
    system = {"platform": f"{platform.system()} {platform.machine()}", "python": ".".join(map(str, sys.version_info[:2]))}
    return system | {name: number for name, number in found.items() if number}


@cache
def code() -> str:
    """Digest of the project's code that has a part in results."""
    return _digest_of(_files())


@cache
def _core() -> str:
    """The same without the frontends."""
    return _digest_of(path for path in _files() if not _is_below(path, FRONTENDS))


def _files() -> Iterator[Path]:
    yield from (HOME / "models" / "zoo" / f"{name}.py" for name in JOB)
    for path in sorted(path for part in CODE for path in (HOME / part).rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and not _is_below(path, WITHOUT):
            yield path


def _is_below(path: Path, folders: Iterable[str]) -> bool:
    return any(path.is_relative_to(HOME / folder) for folder in folders)


def _digest_of(files: Iterable[Path]) -> str:
    whole = sha256()
    for path in files:
        whole.update(f"{path.relative_to(HOME).as_posix()}\n".encode() + sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def row_digest(model: Model, folder: Path) -> str:
    """Of all of a row that results depend on; of files of one's own, and of code that makes a model, too."""
    row: dict[str, Any] = msgspec.to_builtins(model)
    told = {name: value for name, value in row.items() if value and name not in DETAILS}
    if model.kind == "python":
        told["made"] = identity(model, folder)
    if model.kind == "file":
        told["content"] = _content(folder / model.place, model)
    return _digest(told)


def conversion_key(row: str, target: Target | None) -> str:
    """What a conversion depends on.

    Args:
        row: `row_digest` of the model.
        target: What the graph is made for.
    """
    return _digest({"row": row, "target": _target(target), "code": code(), "versions": versions()})


def computation_key(row: str, graph: str, runtime: str, runtime_version: str, seed: int, tolerance: float) -> str:
    """What it depends on what a runtime makes of a graph.

    Args:
        row: `row_digest` of the model.
        graph: `graph_digest`.
        runtime: Its name.
        runtime_version: Its version.
        seed: Of made-up inputs.
        tolerance: The largest relative difference that is still right.
    """
    what = {"row": row, "graph": graph, "runtime": [runtime, runtime_version], "seed": seed, "tolerance": tolerance}
    return _digest({**what, "code": _core(), "versions": versions()})


def tolerance_of(model: Model, runtime: str) -> float:
    """The largest relative difference that is still right for a model in a runtime."""
    own = model.tolerance_of(runtime)
    return find_runtime(runtime).tolerance if own is None else own


def graph_digest(graph: Graph) -> str:
    """Of a graph with its weights."""
    written = text.files(graph, "graph", digest=combined(digests_of(graph.weights).values()))
    return sha256("".join(written.values()).encode()).hexdigest()


def _target(target: Target | None) -> Any:
    return target and [target.name, target.version, sha256(repr(target.limits).encode()).hexdigest()]


def _content(path: Path, model: Model) -> dict[str, str]:
    """The digest of each file that a model consists of, by its path; without those that cannot be read."""
    found = {}
    with suppress(OSError):  # the process that reads the model says what is wrong
        for file in filter(Path.is_file, _files_of(path, model)):
            found[os.path.relpath(file, path.parent)] = digest(file)
    return found


def _files_of(path: Path, model: Model) -> Iterable[Path]:
    if not path.is_file():
        return sorted(path.rglob("*"))
    beside = [path.with_name(PurePosixPath(member).name) for member in model.companions]
    if model.is_torch:
        return [path, *beside]
    from converters.onnx.reading.files import files_of  # onnx is slow to import

    home = path.parent.resolve()
    return [path, *beside, *(file for file in files_of(path) if file.resolve().is_relative_to(home))]


def _digest(what: Mapping[str, Any]) -> str:
    return sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
