"""Conversion between element types."""

from __future__ import annotations

from onnx import TensorProto

from converters.lowering.integers import wrapped
from converters.lowering.logic import truth
from converters.lowering.reinterpret import bits_of_float32, float32_of_bits
from converters.onnx.reading.tensors import ONNX_TYPES, Element
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Cast", since=6, how="cast; to bool a comparison with 0")
def cast(b: GraphBuilder, input: Operand, *, to: int, saturate: int = 1, round_mode: str = "up", node: SourceNode) -> Operand:
    return cast_to(b, input, to, node)


@onnx_op("CastLike", since=15, how="cast to the second input's type; to bool a comparison with 0")
def cast_like(
    b: GraphBuilder, input: Operand, target_type: Operand, *, saturate: int = 1, round_mode: str = "up", node: SourceNode
) -> Operand:
    to = node.scope.onnx_type(node.proto.input[1])
    if to is not None:
        return cast_to(b, input, to, node)
    if target_type.data_type == "uint8":
        raise ConversionError(
            "whether the second input is bool or uint8 is not known", "run onnx.shape_inference on the model, or use Cast"
        )
    return b.cast(input, target_type.data_type)


@onnx_op("BitCast", since=26, how="cast between integers of one size; float32 by arithmetic on its exponent and fraction")
def bit_cast(b: GraphBuilder, input: Operand, *, to: int, node: SourceNode) -> Operand:
    source, target = Element(node.scope.onnx_type(node.proto.input[0]) or ONNX_TYPES[input.data_type]), node.scope.element(to)
    before, after = input.data_type, target.data_type
    if {source.onnx_type, to} <= {TensorProto.INT16, TensorProto.UINT16}:
        return as_16_bits(b, input, to)
    if source.replaced or target.replaced or before.bits != after.bits or (before != after and DataType.FLOAT16 in (before, after)):
        raise ConversionError(f"reinterprets the bits of {source.name} as {target.name}, which WebNN cannot")
    if before == after:
        return input
    if before.is_float:
        return b.cast(bits_of_float32(b, input), after)
    return float32_of_bits(b, b.cast(input, DataType.INT32)) if after.is_float else b.cast(input, after)


def cast_to(b: GraphBuilder, input: Operand, to: int, node: SourceNode) -> Operand:
    element = node.scope.element(to)
    if to == TensorProto.BOOL:
        return truth(b, input)
    return as_16_bits(b, b.cast(input, element.data_type), to) if not input.data_type.is_float else b.cast(input, element.data_type)


def as_16_bits(b: GraphBuilder, x: Operand, onnx_type: int | None) -> Operand:
    """``x`` wrapped around as its ONNX type does, when that is a 16-bit integer, which a wider type stands for."""
    if onnx_type not in (TensorProto.INT16, TensorProto.UINT16):
        return x
    return wrapped(b, x, 16, signed=onnx_type == TensorProto.INT16)
