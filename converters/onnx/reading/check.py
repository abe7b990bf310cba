"""Whether a node is as its operator's schema says, so that no handler has to ask: counts, kinds, types, attributes, ranks.

What schemas say only in prose, about ranks and values, is in `converters.onnx.reading.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from converters.onnx.reading.rule_table import check_rules
from converters.onnx.reading.rules import CheckedNode
from converters.onnx.reading.signature import NAMES, Formal, Signature
from converters.onnx.registry import Value
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

TEXTS = {number: name for name, number in NAMES.items()}
KINDS = onnx.AttributeProto.AttributeType
EXISTING = frozenset(KINDS.values()) - {onnx.AttributeProto.UNDEFINED}
"""The types that an attribute can have."""


def check_node(b: GraphBuilder, node: onnx.NodeProto, signature: Signature, inputs: Sequence[Value], types: Sequence[int | None]) -> None:
    """Raises `ConversionError` when the node breaks its operator's signature or a rule about its operands.

    Args:
        b: Knows the values of constants.
        node: The node.
        signature: Of its operator.
        inputs: Their values, without trailing absent ones.
        types: Their element types, as far as they are known.
    """
    _check_attributes(node, signature)
    _check_counts(node, signature, inputs)
    bound: dict[str, tuple[str, int]] = {}
    for i, (value, element) in enumerate(zip(inputs, types, strict=False)):
        formal = signature.input(i)
        if value is None:
            continue
        _check_kind(formal, value)
        if element is None or not formal.elements:
            continue
        if element not in formal.elements:
            raise invalid(f"input {formal.name} is {_shown(element)}, which {node.op_type} does not take")
        name, before = bound.setdefault(formal.variable, (formal.name, element))
        if before != element and (formal.alike or not formal.variadic):
            raise invalid(f"input {formal.name} is {_shown(element)}, input {name} is {_shown(before)}; they must have one type")
    check_rules("" if node.domain == "ai.onnx" else node.domain, CheckedNode(b, node, [given.name for given in signature.inputs], inputs))


def invalid(why: str) -> ConversionError:
    """The error about a node that breaks its schema."""
    return ConversionError(f"is not a valid node: {why}")


def check_attributes_of(node: onnx.NodeProto) -> None:
    """Raises `ConversionError` when an attribute is given twice or is a reference, which only functions have."""
    names = [attribute.name for attribute in node.attribute]
    if len(set(names)) < len(names):
        raise invalid(f"attribute {max(names, key=names.count)} is given twice")
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise invalid(f"attribute {attribute.name} refers to {attribute.ref_attr_name!r}, and there is no function around")


def _check_attributes(node: onnx.NodeProto, signature: Signature) -> None:
    given = []
    if node.attribute:
        check_attributes_of(node)
    for attribute in node.attribute:
        name, kind = attribute.name, attribute.type
        given.append(name)
        if name not in signature.attributes:
            raise invalid(f"attribute {name} is not supported by this version of {node.op_type}")
        expected, _ = signature.attributes[name]
        if kind not in EXISTING:
            raise invalid(f"attribute {name} has a type that does not exist")
        if expected not in (None, kind):
            raise invalid(f"attribute {name} is {_kind(kind)}, expected {_kind(expected)}")
    missing = [name for name in signature.required if name not in given]
    if missing:
        raise invalid(f"attribute {missing[0]} is missing")


def _check_counts(node: onnx.NodeProto, signature: Signature, inputs: Sequence[Value]) -> None:
    if len(inputs) > signature.most:
        raise invalid(f"has {len(inputs)} inputs, {node.op_type} takes {signature.most}")
    if len(inputs) < len(signature.inputs) or None in inputs:
        absent = [formal.name for i, formal in enumerate(signature.inputs) if _is_missing(formal, i, signature, inputs)]
        if absent:
            raise ConversionError(f"input {', '.join(absent)} is missing")
    if len(node.output) > signature.most_outputs:
        raise invalid(f"has {len(node.output)} outputs, {node.op_type} has {signature.most_outputs}")


def _is_missing(formal: Formal, index: int, signature: Signature, inputs: Sequence[Value]) -> bool:
    if formal.optional or (formal.variadic and index >= signature.least):
        return False
    return index >= len(inputs) or (inputs[index] is None and not formal.takes_nothing)


def _check_kind(formal: Formal, value: Value) -> None:
    if isinstance(value, Operand) and not formal.takes_tensors:
        raise invalid(f"input {formal.name} is a tensor, expected a sequence")
    if isinstance(value, list) and not formal.takes_sequences:
        raise invalid(f"input {formal.name} is a sequence, expected a tensor")


def _shown(element: int) -> str:
    return TEXTS.get(element, f"of element type number {element}")


def _kind(number: int | None) -> str:
    return f"of type {KINDS.Name(number)}" if number in KINDS.values() else "of a type that does not exist"
