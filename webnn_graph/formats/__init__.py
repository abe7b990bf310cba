"""Files: ``.webnn`` text, ``webnn-graph-json``, ES modules, and the weights beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType

from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.formats import json, text
from webnn_graph.formats.assemble import assemble
from webnn_graph.formats.digests import combined, digests_of
from webnn_graph.formats.document import Document, describe
from webnn_graph.formats.files import Chunks, write_all
from webnn_graph.formats.shared import with_shared_names
from webnn_graph.formats.weights import Safetensors, Weights, contents, files_beside, in_order, metadata_of, stored, weights_of
from webnn_graph.graph import Graph, Operand
from webnn_graph.weight import Values, Weight

__all__ = ["READ", "SHARED", "WRITTEN", "files_of", "is_written_here", "load", "save", "save_together"]

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


def load(
    path: PathLike, *, weights: PathLike | None = None, dims: Mapping[str, int] = MappingProxyType({}), check_bytes: bool = False
) -> Graph:
    """Reads a graph.

    Args:
        path: A ``.webnn`` text or a ``webnn-graph-json``; which one is told by its content.
        weights: Its safetensors file; by default ``<stem>.safetensors`` or ``model.safetensors`` beside it, or their shards.
        dims: Sizes of dynamic dimensions, which only files of rustnn have, by name.
        check_bytes: Whether all weights are read and compared with their digests; otherwise only the digests are compared.

    Returns:
        The graph. Its weights are read-only views on the mapped file, which must not be changed in place meanwhile.

    Raises:
        FormatError: A file is missing, damaged or of another kind, or graph and weights do not belong together; the message
            says where.
        ValidationError: The graph breaks a rule of the standard.
    """
    path = Path(path)
    content = _read(path)
    parse = json.read if _is_json(path, content) else text.read
    document = parse(content, str(path))
    finder = _Finder(path, Path(weights) if weights else None, check_bytes)
    if document.weights_digest:
        finder.check(document)
    return assemble(document, finder.weight, dims)


def files_of(path: PathLike) -> list[Path]:
    """The files that `load` reads for a graph: its own, and those of its weights."""
    return [Path(path), *files_beside(Path(path))]


def is_written_here(path: PathLike) -> bool:
    """Whether a file is one that `save` has made, and no model in another format; told by its suffix and its beginning."""
    path = Path(path)
    try:
        match path.suffix:
            case ".webnn" | ".js":
                return True
            case ".ts":
                return path.name.endswith(".d.ts")
            case ".json":
                with path.open("rb") as file:
                    return json.FORMAT.encode() in file.read(64)
            case ".safetensors":
                return bool(Safetensors(path).digests)
    except (OSError, FormatError):
        return False
    return False


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
    tensors = stored(graph)
    digest_of = digests_of(tensors)
    for path in map(Path, paths):
        files |= _texts(graph, path, labels, path.with_suffix(".safetensors").name, digest_of)
    for path in map(Path, paths):
        if tensors:
            files[path.with_suffix(".safetensors")] = partial(contents, tensors, metadata_of(digest_of))
    write_all(files)
    return list(files)


def save_together(
    graphs: Mapping[PathLike, Graph], *, labels: bool | None = None, weights: str = SHARED, beside: Sequence[Graph] = ()
) -> list[Path]:
    """Writes several graphs of one folder and, once for all, their weights.

    For graphs that are parts or variants of one model: a weight that several have is stored once. Weights of one name that
    are not the same get other names.

    Args:
        graphs: What to write, by path; a graph may stand there in several forms. See `save`, also for ``labels``.
        weights: Name of the file of weights. Only ``model.safetensors`` is found by graphs of every name.
        beside: Graphs whose files are there already and read the same weights, under the names that they have now. All that
            is in the file of weights stays in it then; it is not written when nothing has to be added.

    Returns:
        All files written, in the order of the paths, weights last.

    Raises:
        WebNNError: The paths are in several folders, a suffix is not known, a file of weights that has to stay has some that
            are of no graph, or a file cannot be written.
    """
    paths = [Path(path) for path in graphs]
    if len({path.parent for path in paths}) != 1:
        raise WebNNError("graphs with common weights must be in one folder")
    target = paths[0].with_name(weights)
    there = Safetensors(target) if beside and any(map(stored, graphs.values())) and target.is_file() else None
    others = _others(there, beside) if there else Graph("", (), {}, (), ())
    distinct = list(dict.fromkeys((*beside, others, *graphs.values())))
    renamed = dict(zip(distinct, with_shared_names(distinct, len(beside) + 1), strict=True))
    tensors = stored(*renamed.values())
    if there and all(operand.name in there.tensors for operand in tensors):
        tensors, digest_of = {}, there.digests
    else:
        tensors = in_order({**others.weights, **tensors})
        digest_of = digests_of(tensors) | (there.digests if there else {})
    files: dict[Path, Chunks] = {}
    for path, graph in zip(paths, graphs.values(), strict=True):
        files |= _texts(renamed[graph], path, labels, weights, digest_of)
    if tensors:
        metadata = there.metadata if there else {}
        files[target] = partial(contents, tensors, metadata | metadata_of(digest_of))
    write_all(files)
    return list(files)


def _others(there: Safetensors, beside: Sequence[Graph]) -> Graph:
    """What is in a file of weights besides those of the graphs, as constants of a graph that has nothing else."""
    read = {operand.name for graph in beside for operand in stored(graph)}
    return Graph("others", (), Values({operand: weight for operand, weight in there.all().items() if operand.name not in read}), (), ())


def _texts(graph: Graph, path: Path, labels: bool | None, weights: str, digest_of: Mapping[str, str]) -> dict[Path, Chunks]:
    """The text files of one form, whose weights are in the file ``weights`` beside it and have these digests."""
    names = [operand.name for operand in stored(graph)]
    digest = combined(digest_of[name] for name in names) if all(name in digest_of for name in names) else ""
    match path.suffix:
        case ".webnn":
            texts = {path: text.write(describe(graph, labels=labels is not False, weights_digest=digest))}
        case ".json":
            texts = {path: json.write(describe(graph, labels=labels is not False, weights_digest=digest))}
        case ".js":
            from webnn_graph.formats import javascript  # Jinja2 is slow to import

            made = javascript.files(graph, path.stem, labels=bool(labels), weights=weights, digest=digest)
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

    def __init__(self, graph: Path, weights: Path | None, check_bytes: bool) -> None:
        self.graph = graph
        self.path = weights
        self.check_bytes = check_bytes

    @cached_property
    def source(self) -> Weights:
        source = Safetensors(self.path) if self.path else weights_of(self.graph)
        if source is None:
            expected = self.graph.with_suffix(".safetensors").name
            raise FormatError(f"the weights of {self.graph} are missing", f"put {expected} beside it, or say where they are")
        return source

    def check(self, document: Document) -> None:
        """Raises `FormatError` unless the graph, which has a digest, was written with these weights."""
        if not isinstance(self.source, Safetensors):
            return  # of software that knows no digests
        read = self.source.digests
        if combined(read.get(key, "") for key in document.weights) != document.weights_digest:
            raise FormatError(
                f"{self.graph} and {self.source.path} do not belong together: the graph and the weights are not of one conversion",
                "convert the model again, or copy both files anew; for weights that were changed on purpose, take the digest of the "
                "weights out of the graph's file",
            )

    def weight(self, key: str, operand: Operand) -> Weight:
        weight = self.source.weight(key, operand)
        if self.check_bytes and isinstance(self.source, Safetensors) and key in self.source.digests:
            stored_as = Operand(operand.data_type, operand.shape, key)
            if digests_of({stored_as: weight})[key] != self.source.digests[key]:
                raise FormatError(f"{self.source.path} is damaged: {key!r} has other values than were written", "convert the model again")
        return weight
