"""Writing graphs to files, in one format or several, and their weights beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from webnn_graph.collecting import rarely
from webnn_graph.errors import WebNNError
from webnn_graph.formats.beside import opened
from webnn_graph.formats.digests import combined, digests_of
from webnn_graph.formats.files import Chunks, PathLike, write_all
from webnn_graph.formats.shards import Shards, cut, names, placed, written
from webnn_graph.formats.shared import with_shared_names
from webnn_graph.formats.table import SHARED, WEIGHTS, written_as
from webnn_graph.formats.weights import Safetensors, in_order, stored, without_digests
from webnn_graph.graph import Graph
from webnn_graph.sizes.sized import Sized
from webnn_graph.weight import Values


@rarely()
def save(
    graph: Graph, *paths: PathLike, labels: bool | None = None, max_shard_size: int | None = None, expand: bool = True, **options: Any
) -> list[Path]:
    """Writes a graph in one or several forms, and its weights beside it: ``<stem>.safetensors``.

    Either all files are written or none is; equal graphs give equal bytes.

    Args:
        graph: The graph.
        paths: Where to; the suffix picks the format, see `FORMATS`: .webnn, .json, .js (with its .d.ts, and of a graph that is asked about
            pictures, sounds or texts its .task.js), .onnx.
        labels: Whether nodes keep their labels; None for what each format does by itself.
        max_shard_size: Bytes of weights in a file; when there are more, they are written to several, ``<stem>-00001-of-00002.safetensors``
            and so on, with an index. A tensor is never cut. By default they are in one file.
        expand: Whether a module computes expressions of constants once, when it is loaded, and not in every run.
        options: Of ONNX files: ``opset``, the version of the operator set, and ``embed``, whether they hold their weights themselves.
            Of modules: ``fallback``, what they compute with where WebNN does not take the graph, ``ort-web``, or
            ``ort-web=MODULE`` with what they import; ``<stem>.fallback.js`` and ``<stem>.fallback.onnx`` are written for it; ``tokenizer``,
            names of the files of the graph's tokenizer beside them: its data, and its settings if there are some; ``tokenizing``, what a
            page makes tokens with, see `webnn_graph.formats.page.files`.

    Returns:
        All files written, in the order of the paths, weights last.

    Raises:
        WebNNError: A suffix is not known, or a file cannot be written.
    """
    files: dict[Path, Chunks | None] = {}
    tensors = stored(graph)
    digest_of = digests_of(tensors)
    shards = cut(tensors, max_shard_size)
    for path in map(Path, paths):
        file = path.with_suffix(WEIGHTS).name
        how = {**options, "expand": expand, "places": placed(file, shards, digest_of, {})}
        files |= _contents(graph, path, labels, names(file, len(shards) or 1), digest_of, how)
    for path in map(Path, paths):
        if tensors and not _embeds(path, options):
            files |= written(path.with_suffix(WEIGHTS), shards, digest_of, {})
    write_all(files)
    return [path for path, chunks in files.items() if chunks]


def save_sizes(
    sized: Sized, *paths: PathLike, labels: bool | None = None, max_shard_size: int | None = None, expand: bool = True, **options: Any
) -> list[Path]:
    """Writes a model in several sizes, and once for all the weights: ``model.safetensors``.

    Args:
        sized: The model.
        paths: Where to; a graph of each size is written beside each path, ``<stem>_<size>``. A module is written at the path
            itself, too, which computes with the smallest graph that fits.
        labels: See `save`.
        max_shard_size: See `save`.
        expand: See `save`.
        options: See `save`.

    Returns:
        All files written, weights last.

    Raises:
        WebNNError: As `save_together`.
    """
    labelled = list(zip(sized.labels, sized.graphs, strict=True))
    graphs: dict[PathLike, Graph] = {
        path.with_name(f"{path.stem}_{label}{path.suffix}"): graph for path in map(Path, paths) for label, graph in labelled
    }
    more = partial(sized_texts, dict.fromkeys(map(Path, paths), sized), options.get("fallback", ""))
    return save_together(graphs, labels=labels, more=more, max_shard_size=max_shard_size, expand=expand, task=False, **options)


Digest: TypeAlias = Callable[[Iterable[Graph]], str]
"""Gives the digest of what some of the graphs that are written read of the weights."""
More: TypeAlias = Callable[[Sequence[str], Digest], Mapping[Path, str | bytes]]
"""Makes the contents of other files of the folder, by path, from the names of the files of weights, in order, and what gives digests."""


def sized_texts(models: Mapping[Path, Sized], fallback: str, weights: Sequence[str], digest: Digest) -> dict[Path, str | bytes]:
    """What is written for the sizes of a model together, by file, in the formats that have something of the kind.

    Args:
        models: By path, the suffix being of a format.
        fallback: That of modules, see `save`.
        weights: Names of the files of weights, in order.
        digest: See `Digest`.
    """
    how: dict[str, Any] = {"weights": weights, "fallback": fallback}
    texts = {path: written_as(path).sized_files(sized, path.stem, digest=digest(sized.graphs), **how) for path, sized in models.items()}
    return {path.with_name(name): text for path, files in texts.items() for name, text in files.items()}


@rarely()
def save_together(
    graphs: Mapping[PathLike, Graph],
    *,
    labels: bool | None = None,
    weights: str = SHARED,
    neighbours: Sequence[Graph] = (),
    more: More | None = None,
    max_shard_size: int | None = None,
    expand: bool = True,
    **options: Any,
) -> list[Path]:
    """Writes several graphs of one folder and, once for all, their weights.

    For graphs that are parts or variants of one model: a weight that several have is stored once. Weights of one name that
    are not the same get other names.

    Args:
        graphs: What to write, by path; a graph may stand there in several forms. See `save`, also for ``labels``.
        weights: Name of the file of weights. Only ``model.safetensors`` is found by graphs of every name.
        neighbours: Graphs whose files are there already and read the same weights, under the names that they have now. All that
            is in the file of weights stays in it then; it is not written when nothing has to be added.
        more: See `More`; the graphs that it asks for digests of are those that are given here.
        max_shard_size: See `save`.
        expand: See `save`.
        options: See `save`.

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
    there = opened(target) if neighbours and any(map(stored, graphs.values())) else None
    others = _others(there, neighbours) if there else Graph("", (), {}, (), ())
    distinct = list(dict.fromkeys((*neighbours, others, *graphs.values())))
    renamed = dict(zip(distinct, with_shared_names(distinct, len(neighbours) + 1), strict=True))
    tensors = stored(*renamed.values())
    metadata = without_digests(there.metadata) if there else {}
    if there and max_shard_size is None and all(operand.name in there.tensors for operand in tensors):
        tensors, digest_of, file_names, places = {}, there.digests, there.files, there.places
    else:
        tensors = in_order({**others.weights, **tensors})
        digest_of = digests_of(tensors) | (there.digests if there else {})
        shards = cut(tensors, max_shard_size)
        file_names, places = names(weights, len(shards) or 1), placed(weights, shards, digest_of, metadata)
    files: dict[Path, Chunks | None] = {}
    how = {**options, "expand": expand, "places": places}
    for path, graph in zip(paths, graphs.values(), strict=True):
        files |= _contents(renamed[graph], path, labels, file_names, digest_of, how)
    if more:

        def digest(some: Iterable[Graph]) -> str:
            return _combined([operand.name for operand in stored(*(renamed[graph] for graph in some))], digest_of)

        files |= {path: partial(_encoded, text) for path, text in more(file_names, digest).items()}
    if tensors and not all(_embeds(path, options) for path in paths):
        files |= written(target, cut(tensors, max_shard_size), digest_of, metadata)
    write_all(files)
    return [path for path, chunks in files.items() if chunks]


def _others(there: Safetensors | Shards, neighbours: Sequence[Graph]) -> Graph:
    """What is in a file of weights besides those of the graphs, as constants of a graph that has nothing else."""
    read = {operand.name for graph in neighbours for operand in stored(graph)}
    return Graph("others", (), Values({operand: weight for operand, weight in there.all().items() if operand.name not in read}), (), ())


def _embeds(path: Path, options: Mapping[str, Any]) -> bool:
    """Whether what is written to a path holds its weights itself."""
    return bool(options.get(written_as(path).embeds))


def _contents(
    graph: Graph, path: Path, labels: bool | None, weights: Sequence[str], digest_of: Mapping[str, str], options: Mapping[str, Any]
) -> dict[Path, Chunks | None]:
    """The files of one form, whose weights are in the files ``weights`` beside it and have these digests; None for one that goes."""
    used = [operand.name for operand in stored(graph)]
    made = written_as(path).files(graph, path.stem, labels=labels, weights=weights, digest=_combined(used, digest_of), **options)
    files: dict[Path, Chunks | None] = {path.with_name(name): partial(_encoded, content) for name, content in made.items()}
    possible = (path.with_suffix(suffix) for suffix in written_as(path).described)
    return {**dict.fromkeys(file for file in possible if file not in files and _is_generated(file)), **files}


def _is_generated(path: Path) -> bool:
    """Whether a file is there and says that it is written anew, not edited."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline(2**16).rstrip().endswith(b"do not edit.")


def _combined(names: Sequence[str], digest_of: Mapping[str, str]) -> str:
    """The digest of these weights; empty when that of one is not known."""
    return combined(digest_of[name] for name in names) if all(name in digest_of for name in names) else ""


def _encoded(content: str | bytes) -> list[bytes]:
    return [content.encode() if isinstance(content, str) else content]
