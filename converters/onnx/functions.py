"""Operators that are defined by other operators, and sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

ONNX_TYPES = {
    DataType.FLOAT32: onnx.TensorProto.FLOAT,
    DataType.FLOAT16: onnx.TensorProto.FLOAT16,
    DataType.INT32: onnx.TensorProto.INT32,
    DataType.UINT32: onnx.TensorProto.UINT32,
    DataType.INT64: onnx.TensorProto.INT64,
    DataType.UINT64: onnx.TensorProto.UINT64,
    DataType.INT8: onnx.TensorProto.INT8,
    DataType.UINT8: onnx.TensorProto.UINT8,
    DataType.INT4: onnx.TensorProto.INT4,
    DataType.UINT4: onnx.TensorProto.UINT4,
}


def without_local_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its own functions inlined; the model itself when it has none."""
    if not model.functions:
        return model
    try:
        return onnx.inliner.inline_local_functions(model)
    except Exception as error:
        raise ConversionError(f"the model's local functions cannot be inlined: {error}") from None


def body(node: onnx.NodeProto, domain: str, opset: int, inputs: list[Any]) -> onnx.FunctionProto | None:
    """The function that defines the node's operator, with the node's attributes put in; None when there is none."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
    except onnx.defs.SchemaError:
        return None
    if schema.has_function:
        stored = schema.get_function_with_opset_version(opset)
    elif schema.has_context_dependent_function:
        types = [_type(value) for value in inputs]
        stored = schema.get_context_dependent_function_with_opset_version(opset, node.SerializeToString(), types)
    else:
        return None
    if not stored:
        return None
    function = onnx.FunctionProto()
    function.ParseFromString(stored)
    given = {attribute.name: attribute for attribute in node.attribute}
    defaults = {name: a.default_value for name, a in schema.attributes.items() if a.default_value.type}
    _fill(function.node, defaults | given)
    return function


def _fill(nodes: Any, given: dict[str, onnx.AttributeProto]) -> None:
    """Replaces references to the function's attributes by their values, and drops those without one."""
    for node in nodes:
        kept = []
        for attribute in node.attribute:
            if attribute.ref_attr_name:
                if attribute.ref_attr_name not in given:
                    continue
                named = onnx.AttributeProto()
                named.CopyFrom(given[attribute.ref_attr_name])
                named.name = attribute.name
                attribute = named
            if attribute.type == attribute.GRAPH:
                _fill(attribute.g.node, given)
            kept.append(attribute)
        copies = [onnx.AttributeProto.FromString(attribute.SerializeToString()) for attribute in kept]
        del node.attribute[:]
        node.attribute.extend(copies)


def _type(value: Any) -> bytes:
    if not isinstance(value, Operand):
        return onnx.TypeProto().SerializeToString()
    stored: bytes = onnx.helper.make_tensor_type_proto(ONNX_TYPES[value.data_type], value.shape).SerializeToString()
    return stored


def dense(sparse: onnx.SparseTensorProto) -> Array:
    """The dense array of a sparse tensor in coordinate form."""
    values, indices = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
    array = np.zeros(tuple(sparse.dims), values.dtype)
    if indices.ndim == 1:
        array.reshape(-1)[indices] = values
    else:
        array[tuple(indices.T)] = values
    return array
