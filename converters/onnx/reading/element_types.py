"""ONNX's element types of a node's outputs, from those of its inputs: what its schema says, without ONNX's own inference."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from converters.onnx.reading.signature import Signature

TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype")
"""Attributes that say the element type of a result."""
VALUES = {
    **dict.fromkeys(("value_float", "value_floats"), TensorProto.FLOAT),
    **dict.fromkeys(("value_int", "value_ints"), TensorProto.INT64),
}
"""Attributes that are the value of a result, by its element type."""
DEFAULTS = {
    **dict.fromkeys(("ConstantOfShape", "SequenceEmpty", "RandomNormal", "RandomUniform"), TensorProto.FLOAT),
    **dict.fromkeys(("HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"), TensorProto.FLOAT),
    "QuantizeLinear": TensorProto.UINT8,
    "Multinomial": TensorProto.INT32,
}
"""The element type of what has no other sign of it."""
LIKE = {"EyeLike": 0, "RandomNormalLike": 0, "RandomUniformLike": 0, "Bernoulli": 0, "DequantizeLinear": 1}
"""Which input a result's element type is that of, if no attribute says otherwise."""
OF_ELEMENTS = (
    "SequenceAt",
    "SequenceConstruct",
    "ConcatFromSequence",
    "SplitToSequence",
    "Optional",
    "OptionalGetElement",
)  # fmt: skip
"""Operators between tensors, sequences and optional values: the kinds differ, the element type stays."""


def output_types(node: onnx.NodeProto, signature: Signature | None, given: Sequence[int | None]) -> list[int | None]:
    """The element type of each output of a node; None where it cannot be told.

    Args:
        node: Follows its signature.
        signature: Of its operator; None when it is not known.
        given: The element types of its inputs.
    """
    if signature is None or not signature.outputs:
        return [None] * len(node.output)
    if node.op_type in OF_ELEMENTS:
        return [given[0] if given else None] * len(node.output)
    return [_output_type(node, signature, given, index) for index in range(len(node.output))]


def _output_type(node: onnx.NodeProto, signature: Signature, given: Sequence[int | None], index: int) -> int | None:
    formal = signature.output(index)
    if len(formal.elements) == 1:
        return next(iter(formal.elements))
    named = next((attribute.i for attribute in node.attribute if attribute.name in TYPE_ATTRIBUTES and attribute.i), None)
    if named is not None and index == 0:
        return int(named)
    if not formal.alike:
        return None
    for i, kind in enumerate(given):
        if kind is not None and signature.input(i).variable == formal.variable:
            return kind
    if node.op_type in LIKE:
        return given[LIKE[node.op_type]] if len(given) > LIKE[node.op_type] else None
    return _value_type(node) or DEFAULTS.get(node.op_type)


def _value_type(node: onnx.NodeProto) -> int | None:
    for attribute in node.attribute:
        if attribute.type == attribute.TENSOR and attribute.name == "value":
            return int(attribute.t.data_type)
        if attribute.type == attribute.SPARSE_TENSOR:
            return int(attribute.sparse_tensor.values.data_type)
        if attribute.name in VALUES:
            return int(VALUES[attribute.name])
    return None
