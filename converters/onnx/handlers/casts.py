"""Conversion between element types."""

from __future__ import annotations

from onnx import TensorProto

from converters.lowering.logic import truth
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Cast")
def cast(b: GraphBuilder, input: Operand, *, to: int, saturate: int = 1, round_mode: str = "up", node: SourceNode) -> Operand:
    """cast; to bool a comparison with 0"""
    return _cast(b, input, to, node)


@onnx_op("CastLike", since=15)
def cast_like(
    b: GraphBuilder, input: Operand, target_type: Operand, *, saturate: int = 1, round_mode: str = "up", node: SourceNode
) -> Operand:
    """cast to the second input's type; to bool a comparison with 0"""
    to = node.scope.onnx_type(node.proto.input[1])
    if to is not None:
        return _cast(b, input, to, node)
    if target_type.data_type == "uint8":
        raise ConversionError(
            "whether the second input is bool or uint8 is not known", "run onnx.shape_inference on the model, or use Cast"
        )
    return b.cast(input, target_type.data_type)


@onnx_op("BitCast", since=26)
def bit_cast(b: GraphBuilder, input: Operand, *, to: int, node: SourceNode) -> Operand:
    """cast between integers of one size; WebNN cannot reinterpret the bits of floating point"""
    target = node.scope.element(to).data_type
    if input.data_type == target:
        return input
    known = b.value(input)
    if known is not None and known.dtype.itemsize == target.numpy.itemsize:
        return b.constant(known.view(target.numpy), target)
    if input.data_type.is_float or target.is_float or input.data_type.bits != target.bits:
        raise ConversionError(f"reinterprets the bits of {input.data_type} as {target}, which WebNN cannot")
    return b.cast(input, target)


def _cast(b: GraphBuilder, input: Operand, to: int, node: SourceNode) -> Operand:
    element = node.scope.element(to)
    if to == TensorProto.BOOL:
        return truth(b, input)
    return b.cast(input, element.data_type)
