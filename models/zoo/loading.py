"""A model of the zoo as the frontends take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from converters.fetching.download import digest
from converters.fetching.files import cache_folder
from converters.onnx import convert
from converters.onnx.reading.files import files_of
from converters.onnx.reading.load import load_model
from converters.onnx.reading.onnxsim import count_nodes
from converters.onnx.reading.random_weights import with_random_weights
from converters.onnx.source import OnnxSource
from models.zoo.fetch import fetch
from models.zoo.loaded import Loaded
from models.zoo.made import made_file
from models.zoo.manifest import ZOO, Model
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.formats.files import write_all
from webnn_graph.generation.text import DATA
from webnn_graph.graph import Graph
from webnn_graph.metadata import Metadata, check, metadata_of


def loaded(model: Model, folder: Path = ZOO.parent) -> Loaded:
    """A model as its frontend takes it; fetched or made first.

    Args:
        model: The row.
        folder: The manifest's.

    Raises:
        WebNNError: It cannot be fetched or made.
    """
    of_file = _loaded(model, folder)
    return replace(of_file, convert=lambda: _described(of_file.convert(), model)) if model.metadata else of_file


def _described(graph: Graph, model: Model) -> Graph:
    """The graph with what the row says of its inputs and outputs. Raises `ValidationError` where that contradicts the graph."""
    known, said = Metadata.of(graph), metadata_of(model.metadata)
    metadata = msgspec.structs.replace(known, task=said.task or known.task, tensors={**known.tensors, **said.tensors})
    check(metadata, graph.inputs, graph.outputs)
    return replace(graph, metadata=metadata.document())


def _loaded(model: Model, folder: Path) -> Loaded:
    if model.is_torch:
        from models.zoo.torch import loaded_torch  # PyTorch is slow to import

        return loaded_torch(model, folder)
    path = prepared(model, folder)
    bind, outputs = model.bind, model.outputs
    return Loaded(
        partial(convert, path, name=model.name, dims=model.dims, shapes=model.shapes, bind=bind, inputs=model.inputs, outputs=outputs),
        partial(OnnxSource, path, bind=bind, inputs=model.inputs, outputs=outputs),
        lambda: count_nodes(load_model(path)),
        tuple(files_of(path)),
    )


def prepared(model: Model, folder: Path = ZOO.parent) -> Path:
    """The model's file to convert: as it was fetched or made, or with random weights."""
    path = made_file(model, folder) if model.kind == "python" else fetch(model, folder)
    if not model.random_weights:
        return path
    filled = path.with_stem(f"{path.stem}_random")
    if model.kind == "file":  # its folder is not ours, and there it may change
        filled = cache_folder() / "made" / digest(path)[:16] / filled.name
        filled.parent.mkdir(parents=True, exist_ok=True)
    if not filled.is_file():
        content = with_random_weights(path).SerializeToString()
        write_all({filled: lambda: [content]})
    return filled


def tokenizer_of(model: Model, folder: Path = ZOO.parent) -> Path | None:
    """The file of the model's tokenizer, if it is one of its companions; fetched first.

    Raises:
        WebNNError: It cannot be fetched.
    """
    if not any(PurePosixPath(member).name == DATA for member in model.companions):
        return None
    return fetch(model, folder).with_name(DATA)


def converted(model: Model, make: Callable[[], Graph] | None = None) -> Graph | str:
    """The model's graph; for a model that must be refused, the refusal.

    Args:
        model: The row.
        make: Makes the graph; None for a model of the project's own zoo.

    Raises:
        WebNNError: It cannot be converted, or is not refused although it must be.
    """
    try:
        graph = make() if make else loaded(model).convert()
    except ConversionError as error:
        if model.refusal and error.message.startswith(model.refusal):
            return error.message
        raise
    if model.refusal:
        raise WebNNError(f"{model.name} was converted, although the manifest says that it is refused", "mend its expect")
    return graph
