"""What an ONNX model is read from, besides its own file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
from onnx import TensorProto

from converters.onnx.reading.load import external_of, load_model
from converters.onnx.reading.order import subgraphs
from webnn_graph.errors import FormatError


def files_of(path: Path) -> list[Path]:
    """The model's file, and those of its external data, whether they exist or not.

    Looks through subgraphs and functions, too. A file that cannot be read is the only one; its conversion says why.
    """
    try:
        model = load_model(path)
    except FormatError:
        return [path]
    external = (tensor for tensor in tensors_of(model) if tensor.data_location == TensorProto.EXTERNAL)
    locations = {location for tensor in external if (location := external_of(tensor).get("location"))}
    return [path, *(path.parent / location for location in sorted(locations))]


def tensors_of(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """All tensors that a model holds, those of subgraphs and functions, and the parts of sparse ones, too."""
    yield from _tensors(model.graph)
    yield from _tensors_of(node for function in model.functions for node in function.node)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _tensors_of(graph.node)


def _tensors_of(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
        for inner in subgraphs(node):
            yield from _tensors(inner)
