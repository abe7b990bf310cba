"""ONNX's own shape inference, which ends the process on some damaged models: in a process of its own, as far as it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import onnx
from google.protobuf.message import Error

from converters.isolated import Limits, Stopped, isolated
from converters.onnx.reading.native import infer
from converters.onnx.reading.order import subgraphs

LIMITS = Limits(seconds=20, memory=2 << 30)
LARGE_BYTES = 4096
"""Bytes of a tensor from which on its values are left out: they are weights, not shapes."""


def inferred_types(model: onnx.ModelProto) -> Mapping[str, onnx.ValueInfoProto]:
    """What the model and ONNX's shape inference say of its values' types, by name.

    The model alone, where the inference does not finish.
    """
    light = onnx.ModelProto()
    light.CopyFrom(model)
    _without_weights(light)
    graph = model.graph
    with suppress(Stopped, Error):  # the latter when it is still too large for protobuf
        graph = onnx.GraphProto.FromString(isolated(infer, light.SerializeToString(), LIMITS))
    return {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}


def _without_weights(model: onnx.ModelProto) -> None:
    for tensor in _tensors(model):
        for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data"):
            stored = getattr(tensor, field)
            if len(stored) * (1 if field == "raw_data" else 8) > LARGE_BYTES:
                tensor.ClearField(field)


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    waiting = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while waiting or nodes:
        if waiting:
            graph = waiting.pop()
            yield from graph.initializer
            yield from (part for sparse in graph.sparse_initializer for part in (sparse.values, sparse.indices))
            nodes += graph.node
        for node in nodes:
            yield from (attribute.t for attribute in node.attribute if attribute.type == attribute.TENSOR)
            waiting += subgraphs(node)
        nodes = []
