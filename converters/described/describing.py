"""The metadata of a graph, of all that says something about its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from converters.described import huggingface, properties
from converters.described.folder import Folder
from converters.described.licenses import license_of
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Meaning, Metadata, metadata_of

Said: TypeAlias = tuple[str, Iterator[tuple[str, Meaning]]]
"""A task, and what inputs and outputs are, by name."""


def described(graph: Graph, path: Path | None = None, said: Mapping[str, str] | None = None) -> Graph:
    """The graph with what the files of its model say of its inputs and outputs.

    What contradicts the graph is left out, and its notes say so: the graph is what computes.

    Args:
        graph: The graph.
        path: Where its model is: a file, or the folder of one of Hugging Face.
        said: What an ONNX model says of itself, see `converters.described.properties`.
    """
    folder = Folder.of(path) if path else None
    sources: list[tuple[str, Callable[[], Said]]] = []
    if said:
        sources.append(("the model", lambda: properties.meanings(said, graph)))
    if folder and folder.config:
        sources.append((folder.path.name, lambda: huggingface.meanings(folder, graph)))
    notes = [f"{name} is damaged, it is no object of JSON; what it says is left out" for name in folder.damaged] if folder else []
    known = Metadata.of(graph)
    task, tensors = known.task, dict(known.tensors)
    license = known.license or license_of((said or {}).get("license", "")) or (folder.license if folder and folder.config else "")
    for source, read in sources:
        try:
            found, meanings = read()
            for name, found_meaning in meanings:
                shape, meaning = graph.operands[name].shape, _checked(name, found_meaning)
                if problem := next(iter(meaning.problems(shape)), ""):
                    notes.append(f"{source} says that {name} {list(shape)} is {meaning.kind}, which it cannot be: {problem}")
                elif name not in tensors:
                    tensors[name] = meaning
        except WebNNError as error:
            notes.append(f"what {source} says of inputs and outputs is left out: {error.what}")
            continue
        task = task or found
    if not (task or license or tensors or notes):
        return graph
    metadata = Metadata(task=task, license=license, tensors=tensors)
    return replace(graph, metadata=metadata.document(), notes=(*graph.notes, *notes))


def _checked(name: str, meaning: Meaning) -> Meaning:
    """A meaning with values of its members' types. Raises `FormatError` for what a file of graphs could not hold."""
    try:
        return metadata_of(Metadata(tensors={name: meaning}).document()).tensors[name]
    except FormatError as error:
        raise FormatError(f"a member is not what its place takes: {error.what.removeprefix('metadata: ')}") from None
