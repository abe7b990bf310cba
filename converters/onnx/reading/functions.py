"""Operators that are defined by other operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import onnx

from converters.onnx.reading.signature import schema_of
from converters.onnx.reading.tensors import ONNX_TYPES
from webnn_graph.graph import Operand

Key: TypeAlias = tuple[str, str, str]
"""A function's domain, name and overload."""
CONTROL_FLOW = ("If", "Loop", "Scan", "SequenceMap")
"""Operators whose results are those of the graphs in their attributes."""


def key(node: onnx.NodeProto) -> Key:
    """Which function a node calls, if it does."""
    return node.domain, node.op_type, node.overload


def versions(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    """The versions of operator sets by domain; the standard one is called ''."""
    return {"" if imported.domain == "ai.onnx" else imported.domain: imported.version for imported in imports}


def is_defined(domain: str, op: str, opset: int) -> bool:
    """Whether the operator's schema defines it by other operators."""
    schema = schema_of(domain, op, opset)
    given = () if schema is None else (*schema.function_opset_versions, *schema.context_dependent_function_opset_versions)
    return _newest(given, opset) > 0


def schema_body(node: onnx.NodeProto, domain: str, opset: int, inputs: list[Any]) -> onnx.FunctionProto:
    """The function that defines the node's operator, with the node's attributes put in.

    Args:
        node: Is as its schema says: ONNX's own code that makes some functions crashes on others.
    """
    schema = schema_of(domain, node.op_type, opset)
    assert schema is not None
    if version := _newest(schema.function_opset_versions, opset):
        stored = schema.get_function_with_opset_version(version)
    else:
        version = _newest(schema.context_dependent_function_opset_versions, opset)
        types = [_type(value) for value in inputs]
        stored = schema.get_context_dependent_function_with_opset_version(version, node.SerializeToString(), types)
    defaults = {name: a.default_value for name, a in schema.attributes.items() if a.default_value.type}
    return called(onnx.FunctionProto.FromString(stored), node, defaults)


def _newest(versions: Iterable[int], opset: int) -> int:
    """The newest of the versions that is not above the opset; 0 when there is none."""
    return max((version for version in versions if version <= opset), default=0)


def called(function: onnx.FunctionProto, node: onnx.NodeProto, defaults: dict[str, onnx.AttributeProto]) -> onnx.FunctionProto:
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
