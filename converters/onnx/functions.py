"""Operators that are defined by other operators, and sparse tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from webnn_graph.data_types import Array, DataType
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


def local_body(node: onnx.NodeProto, model: onnx.ModelProto) -> onnx.FunctionProto | None:
    """The model's own function that a node calls, with the node's attributes put in; None when it has none of that name."""
    for function in model.functions:
        if (function.domain, function.name, function.overload) == (node.domain, node.op_type, node.overload):
            return _called(function, node, {attribute.name: attribute for attribute in function.attribute_proto})
    return None


def schema_body(node: onnx.NodeProto, domain: str, opset: int, inputs: list[Any]) -> onnx.FunctionProto | None:
    """The function that defines the node's operator, with the node's attributes put in; None when there is none."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
    except onnx.defs.SchemaError:
        return None
    if version := _newest(schema.function_opset_versions, opset):
        stored = schema.get_function_with_opset_version(version)
    elif version := _newest(schema.context_dependent_function_opset_versions, opset):
        types = [_type(value) for value in inputs]
        stored = schema.get_context_dependent_function_with_opset_version(version, node.SerializeToString(), types)
    else:
        return None
    defaults = {name: a.default_value for name, a in schema.attributes.items() if a.default_value.type}
    return _called(onnx.FunctionProto.FromString(stored), node, defaults)


def _newest(versions: Iterable[int], opset: int) -> int:
    """The newest of the versions that is not above the opset; 0 when there is none."""
    return max((version for version in versions if version <= opset), default=0)


def _called(function: onnx.FunctionProto, node: onnx.NodeProto, defaults: dict[str, onnx.AttributeProto]) -> onnx.FunctionProto:
    """A copy of the function as the node calls it: with the attributes' values in the place of references to them."""
    copy = onnx.FunctionProto()
    copy.CopyFrom(function)
    _fill(copy.node, defaults | {attribute.name: attribute for attribute in node.attribute})
    return copy


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


def violation(node: onnx.NodeProto, opsets: Mapping[str, int]) -> str:
    """How the node breaks its operator's schema; empty when it does not, or there is no schema."""
    context = onnx.checker.C.CheckerContext()
    context.ir_version = onnx.IR_VERSION
    context.opset_imports = dict(opsets)
    try:
        onnx.checker.check_node(node, context)
    except (onnx.checker.ValidationError, UnicodeDecodeError) as error:
        first = str(error).strip().splitlines()[0]
        return f"is not a valid node: {first}"
    return ""


def dense(sparse: onnx.SparseTensorProto) -> Array:
    """The dense array of a sparse tensor in coordinate form."""
    values, indices = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
    array = np.zeros(tuple(sparse.dims), values.dtype)
    if indices.ndim == 1:
        array.reshape(-1)[indices] = values
    else:
        array[tuple(indices.T)] = values
    return array
