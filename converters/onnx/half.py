"""bfloat16 and float64 as float16 instead of float32: half the weights, at the price of float16's range and precision."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

from converters.onnx.load import tensor_values
from converters.onnx.order import subgraphs

WIDE = (TensorProto.BFLOAT16, TensorProto.DOUBLE)
"""Element types that become float16."""
TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype", "stash_type", "softmax_precision")
"""Attributes whose integer names an element type."""


def in_float16(model: onnx.ModelProto, folder: Path | None) -> onnx.ModelProto:
    """A copy of the model in which every bfloat16 and float64 tensor is float16; values beyond its range become infinite.

    Args:
        model: Is not changed.
        folder: Where its external data lies.

    Raises:
        ConversionError: External data is missing or damaged.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _narrow_graph(copy.graph, folder)
    for function in copy.functions:
        _narrow_nodes(function.node, folder)
    return copy


def _narrow_graph(graph: onnx.GraphProto, folder: Path | None) -> None:
    for tensor in graph.initializer:
        _narrow_tensor(tensor, folder)
    for info in (*graph.input, *graph.output, *graph.value_info):
        if info.type.tensor_type.elem_type in WIDE:
            info.type.tensor_type.elem_type = TensorProto.FLOAT16
    _narrow_nodes(graph.node, folder)


def _narrow_nodes(nodes: Iterable[onnx.NodeProto], folder: Path | None) -> None:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                _narrow_tensor(attribute.t, folder)
            elif attribute.name in TYPE_ATTRIBUTES and attribute.i in WIDE:
                attribute.i = TensorProto.FLOAT16
        for graph in subgraphs(node):
            _narrow_graph(graph, folder)


def _narrow_tensor(tensor: onnx.TensorProto, folder: Path | None) -> None:
    if tensor.data_type not in WIDE:
        return
    values, _ = tensor_values(tensor, folder)
    with np.errstate(over="ignore"):
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))
