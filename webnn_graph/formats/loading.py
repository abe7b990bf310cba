"""Reading a graph from its file, and its weights from theirs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError
from webnn_graph.file_kinds import ModelKind, check_kind
from webnn_graph.formats.assemble import assemble
from webnn_graph.formats.beside import files_beside, weights_of
from webnn_graph.formats.digests import combined, digests_of
from webnn_graph.formats.document import Document
from webnn_graph.formats.files import PathLike
from webnn_graph.formats.shards import INDEX, Shards
from webnn_graph.formats.table import WEIGHTS, Format, readable, recognized, writable
from webnn_graph.formats.weights import Safetensors, Weights
from webnn_graph.graph import Graph, Operand
from webnn_graph.weight import Weight


def load(
    path: PathLike, *, weights: PathLike | None = None, dims: Mapping[str, int] = MappingProxyType({}), check_bytes: bool = False
) -> Graph:
    """Reads a graph.

    Args:
        path: A ``.webnn`` text or a ``webnn-graph-json``; which one is told by its content.
        weights: Its safetensors file, or the index of several; by default ``<stem>.safetensors`` or ``model.safetensors`` beside it, or
            their shards.
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
    document = recognized(path, content).read(content, str(path))
    finder = _Finder(path, Path(weights) if weights else None, check_bytes)
    if document.weights_digest:
        finder.check(document)
    return assemble(document, finder.weight, dims)


def files_of(path: PathLike) -> list[Path]:
    """The files that `load` reads for a graph: its own, and those of its weights."""
    weights = files_beside(Path(path))
    return [Path(path), *weights, *(shard for file in weights if file.name.endswith(INDEX) for shard in Shards(file).paths)]


def graphs_of(path: PathLike) -> list[Path]:
    """The graphs that a file stands for: those beside it that are read with it, when it is one of weights; otherwise itself.

    Raises:
        FormatError: They are weights that no graph is read with.
    """
    path = Path(path)
    if not path.name.endswith((WEIGHTS, INDEX)) or not path.is_file():
        return [path]
    suffixes = {format.suffix for format in readable()}
    texts = (file for file in sorted(path.parent.iterdir()) if file.suffix in suffixes and not file.name.endswith(INDEX))
    graphs = [file for file in texts if file.is_file() and is_written_here(file) and path in files_of(file)]
    if not graphs:
        raise FormatError(f"{path} is a file of weights, and no graph beside it is read with it", "give a graph: a .webnn or .json file")
    return graphs


def is_written_here(path: PathLike) -> bool:
    """Whether a file is one that `save` has made, and no model in another format; told by its suffix and its beginning."""
    path = Path(path)
    try:
        if path.name.endswith((WEIGHTS, INDEX)):
            return bool(_opened(path).digests)
        return any(_is_of(path, format) for format in writable())
    except (OSError, FormatError):
        return False


def _is_of(path: Path, format: Format) -> bool:
    """Whether a file was written in a format, or with one that was."""
    if format.wrote(path.name):
        return True
    if path.suffix != format.suffix or not format.mark:
        return path.suffix == format.suffix
    with path.open("rb") as file:
        return format.mark.encode() in file.read(64)


def _read(path: Path) -> str:
    """The file's text."""
    check_kind(path, ModelKind.GRAPH)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}", code=Code.NO_SUCH_FILE) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        known, hint = " nor ".join(format.title for format in readable()), "is it another kind of file?"
        raise FormatError(f"{path} is neither {known}: byte {error.start} is not UTF-8", hint) from None


def _opened(weights: Path) -> Safetensors | Shards:
    return Shards(weights) if weights.name.endswith(INDEX) else Safetensors(weights)


class _Finder:
    """Finds weights in the file beside a graph, which is opened when the first is asked for."""

    def __init__(self, graph: Path, weights: Path | None, check_bytes: bool) -> None:
        self.graph = graph
        self.path = weights
        self.check_bytes = check_bytes

    @cached_property
    def source(self) -> Weights:
        source = _opened(self.path) if self.path else weights_of(self.graph)
        if source is None:
            expected = self.graph.with_suffix(WEIGHTS).name
            raise FormatError(
                f"the weights of {self.graph} are missing", f"put {expected} beside it, or say where they are", code=Code.MISSING_WEIGHTS
            )
        return source

    def check(self, document: Document) -> None:
        """Raises `FormatError` unless the graph, which has a digest, was written with these weights."""
        if not isinstance(self.source, Safetensors | Shards):
            return  # of software that knows no digests
        read = self.source.digests
        if combined(read.get(key, "") for key in document.weights) != document.weights_digest:
            raise FormatError(
                f"{self.graph} and {self.source.path} do not belong together: the graph and the weights are not of one conversion",
                "convert the model again, or copy both files anew; for weights that were changed on purpose, take the digest of the "
                "weights out of the graph's file",
                code=Code.WEIGHTS_DO_NOT_MATCH,
            )

    def weight(self, key: str, operand: Operand) -> Weight:
        weight = self.source.weight(key, operand)
        if self.check_bytes and isinstance(self.source, Safetensors | Shards) and key in self.source.digests:
            stored_as = Operand(operand.data_type, operand.shape, key)
            if digests_of({stored_as: weight})[key] != self.source.digests[key]:
                raise FormatError(f"{self.source.path} is damaged: {key!r} has other values than were written", "convert the model again")
        return weight
