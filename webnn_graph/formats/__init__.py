"""Files: ``.webnn`` text, ``webnn-graph-json``, ES modules, and the weights beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from webnn_graph.data_types import Array
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import json, text
from webnn_graph.formats.assemble import assemble
from webnn_graph.formats.document import describe
from webnn_graph.formats.files import Chunks, write_all
from webnn_graph.formats.shared import with_shared_names
from webnn_graph.formats.weights import Safetensors, Weights, beside, contents, stored
from webnn_graph.graph import Descriptor, Graph

__all__ = ["READ", "SHARED", "WRITTEN", "load", "save", "save_together"]

READ = (".webnn", ".json")
WRITTEN = (".webnn", ".json", ".js")
SHARED = "model.safetensors"
"""Name of a file of weights that several graphs have in common; whatever reads a graph looks for it."""
PathLike = str | os.PathLike[str]

HINTS = {
    ".onnx": "convert it first: onnx2webnn",
    ".pt": "convert it first: torch2webnn",
    ".safetensors": "these are weights; name the .webnn or .json file of the graph",
    ".js": "a module cannot be read back; name the .webnn or .json file of the graph",
}


def load(path: PathLike, *, weights: PathLike | None = None) -> Graph:
    """Reads a graph.

    Args:
        path: A ``.webnn`` text or a ``webnn-graph-json``; which one is told by its content.
        weights: Its safetensors file; by default ``<stem>.safetensors`` or ``model.safetensors`` beside it, or their shards.

    Returns:
        The graph. Its weights are read-only views on the mapped file, which must not be changed in place meanwhile.

    Raises:
        FormatError: A file is missing, damaged or of another kind; the message says where.
        ValidationError: The graph breaks a rule of the standard.
    """
    path = Path(path)
    content = _read(path)
    parse = json.read if _is_json(path, content) else text.read
    return assemble(parse(content, str(path)), _Finder(path, Path(weights) if weights else None).array)


def save(graph: Graph, *paths: PathLike, labels: bool | None = None) -> list[Path]:
    """Writes a graph in one or several forms, and its weights beside it: ``<stem>.safetensors``.

    Either all files are written or none is; equal graphs give equal bytes.

    Args:
        graph: The graph.
        paths: Where to; the suffix picks the form: .webnn, .json, .js (with its .d.ts).
        labels: Whether nodes keep their labels; by default they do but in JavaScript.

    Returns:
        All files written, in the order of the paths, weights last.

    Raises:
        WebNNError: A suffix is not known, or a file cannot be written.
    """
    files: dict[Path, Chunks] = {}
    weights = stored(graph)
    for path in map(Path, paths):
        files |= _texts(graph, path, labels, path.with_suffix(".safetensors").name)
    for path in map(Path, paths):
        if weights:
            files[path.with_suffix(".safetensors")] = partial(contents, weights)
    return _write(files)


def save_together(
    graphs: Mapping[PathLike, Graph], *, labels: bool | None = None, weights: str = SHARED, beside: Sequence[Graph] = ()
) -> list[Path]:
    """Writes several graphs of one folder and, once for all, their weights.

    For graphs that are parts or variants of one model: a weight that several have is stored once. Weights of one name that
    are not the same get other names.

    Args:
        graphs: What to write, by path; a graph may stand there in several forms. See `save`, also for ``labels``.
        weights: Name of the file of weights. Only ``model.safetensors`` is found by graphs of every name.
        beside: Graphs whose files are there already and read the same weights, under the names that they have now.

    Returns:
        All files written, in the order of the paths, weights last.

    Raises:
        WebNNError: The paths are in several folders, a suffix is not known, or a file cannot be written.
    """
    paths = [Path(path) for path in graphs]
    if len({path.parent for path in paths}) != 1:
        raise WebNNError("graphs with common weights must be in one folder")
    distinct = list(dict.fromkeys((*beside, *graphs.values())))
    renamed = dict(zip(distinct, with_shared_names(distinct, len(beside)), strict=True))
    files: dict[Path, Chunks] = {}
    for path, graph in zip(paths, graphs.values(), strict=True):
        files |= _texts(renamed[graph], path, labels, weights)
    tensors = stored(*renamed.values())
    if tensors:
        files[paths[0].with_name(weights)] = partial(contents, tensors)
    return _write(files)


def _write(files: dict[Path, Chunks]) -> list[Path]:
    # Weights take their names first: a graph never stands beside weights that are older than it.
    write_all(dict(reversed(files.items())))
    return list(files)


def _texts(graph: Graph, path: Path, labels: bool | None, weights: str) -> dict[Path, Chunks]:
    """The text files of one form, whose weights are in the file ``weights`` beside it."""
    match path.suffix:
        case ".webnn":
            texts = {path: text.write(describe(graph, labels=labels is not False))}
        case ".json":
            texts = {path: json.write(describe(graph, labels=labels is not False))}
        case ".js":
            from webnn_graph.formats import javascript  # Jinja2 is slow to import

            made = javascript.files(graph, path.stem, labels=bool(labels), weights=weights)
            texts = {path.with_name(name): content for name, content in made.items()}
        case _:
            raise WebNNError(f"cannot tell the form of {path} from its suffix {path.suffix!r}", f"use one of {', '.join(WRITTEN)}")
    return {file: partial(_encoded, content) for file, content in texts.items()}


def _encoded(content: str) -> list[bytes]:
    return [content.encode()]


def _read(path: Path) -> str:
    """The file's text."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}") from None
    if path.suffix in HINTS:
        raise FormatError(f"{path} is neither .webnn text nor JSON", HINTS[path.suffix])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "is it another kind of file?"
        raise FormatError(f"{path} is neither .webnn text nor JSON: byte {error.start} is not UTF-8", hint) from None


def _is_json(path: Path, content: str) -> bool:
    """Told by the content; what could be neither is what its suffix says, so that the error is about that."""
    begin = content.lstrip()
    return begin.startswith("{") or (path.suffix == ".json" and not begin.startswith(("webnn_graph", "#", "//")))


class _Finder:
    """Finds weights in the file beside a graph, which is opened when the first is asked for."""

    def __init__(self, graph: Path, weights: Path | None) -> None:
        self.graph = graph
        self.path = weights
        self.source: Weights | None = None

    def array(self, key: str, operand: Descriptor) -> Array:
        if self.source is None:
            self.source = Safetensors(self.path) if self.path else beside(self.graph)
        if self.source is None:
            expected = self.graph.with_suffix(".safetensors").name
            raise FormatError(f"the weights of {self.graph} are missing", f"put {expected} beside it, or say where they are")
        return self.source.array(key, operand)
