"""A model in other element types: in narrower ones for smaller weights, in wider ones to see what rounding does to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from converters.onnx.reading.load import tensor_values
from converters.onnx.reading.order import subgraphs

Types: TypeAlias = Mapping[int, int]
"""Element types by the ones that they take the place of."""
IN_FLOAT16: Types = {TensorProto.BFLOAT16: TensorProto.FLOAT16, TensorProto.DOUBLE: TensorProto.FLOAT16}
"""What WebNN lacks, with half the weights, at the price of float16's range and precision."""
IN_WEBNN: Types = dict.fromkeys(IN_FLOAT16, TensorProto.FLOAT)
IN_FLOAT32: Types = {TensorProto.FLOAT16: TensorProto.FLOAT}
IN_FLOAT64: Types = dict.fromkeys((*IN_FLOAT32, TensorProto.FLOAT), TensorProto.DOUBLE)
TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype", "stash_type", "softmax_precision")
"""Attributes whose integer names an element type."""


def retyped(model: onnx.ModelProto, types: Types, folder: Path | None = None) -> onnx.ModelProto | None:
    """A copy of the model in which every tensor of one of these types is of the other; values beyond its range become infinite.

    Args:
        model: Is not changed.
        types: What takes the place of what.
        folder: Where its external data lies.

    Returns:
        None when the model holds none of these types.

    Raises:
        ConversionError: External data is missing or damaged.
    """
    change = _Change(types, folder)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    change.graph(copy.graph)
    for function in copy.functions:
        change.nodes(function.node)
    return copy if change.made else None


class _Change:
    def __init__(self, types: Types, folder: Path | None) -> None:
        self.types = types
        self.folder = folder
        self.made = False

    def graph(self, graph: onnx.GraphProto) -> None:
        for tensor in graph.initializer:
            self._tensor(tensor)
        for info in (*graph.input, *graph.output, *graph.value_info):
            if info.type.HasField("tensor_type"):
                info.type.tensor_type.elem_type = self._new(info.type.tensor_type.elem_type)
        self.nodes(graph.node)

    def nodes(self, nodes: Iterable[onnx.NodeProto]) -> None:
        for node in nodes:
            for attribute in node.attribute:
                self._attribute(attribute)
            for graph in subgraphs(node):
                self.graph(graph)

    def _attribute(self, attribute: onnx.AttributeProto) -> None:
        if attribute.type == AttributeProto.TENSOR:
            self._tensor(attribute.t)
        elif attribute.name in TYPE_ATTRIBUTES and attribute.type == AttributeProto.INT:
            attribute.i = self._new(attribute.i)
        elif attribute.name in ("value_float", "value_floats") and TensorProto.FLOAT in self.types:
            values = attribute.f if attribute.name == "value_float" else list(attribute.floats)
            tensor = numpy_helper.from_array(np.asarray(values, np.float32))
            self._tensor(tensor)
            attribute.CopyFrom(helper.make_attribute("value", tensor))

    def _tensor(self, tensor: onnx.TensorProto) -> None:
        if tensor.data_type not in self.types:
            return
        values, _ = tensor_values(tensor, self.folder)
        with np.errstate(over="ignore"):
            typed = values.astype(helper.tensor_dtype_to_np_dtype(self._new(tensor.data_type)))
        tensor.CopyFrom(numpy_helper.from_array(typed, tensor.name))

    def _new(self, element_type: int) -> int:
        if element_type not in self.types:
            return element_type
        self.made = True
        return self.types[element_type]
