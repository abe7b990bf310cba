"""Linear quantization, and convolution and matrix products of quantized tensors."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from converters.lowering.quantization import centred, dequantize, exact_pieces, integer_sum, largest, matmul_integer, quantize
from converters.lowering.slicing import sliced
from converters.onnx.handlers.standard.convolution import conv
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

RANGES = {
    TensorProto.INT16: (-(2**15), 2**15 - 1),
    TensorProto.UINT16: (0, 2**16 - 1),
    TensorProto.INT2: (-2, 1),
    TensorProto.UINT2: (0, 3),
}
"""What the element types hold for which WebNN has a wider one."""


def quantized_to(
    b: GraphBuilder, x: Operand, scale: Operand, zero_point: Operand | None, onnx_type: int, *, axis: int = 1, block: int = 0
) -> Operand:
    """x quantized to an ONNX element type, which a wider data type may stand for."""
    y = quantize(b, x, scale, zero_point, Element(onnx_type).data_type, axis=axis, block=block)
    if onnx_type not in RANGES:
        return y
    low, high = RANGES[onnx_type]
    return b.clamp(y, minValue=low, maxValue=high)


def zero_point_type(node: SourceNode, index: int, zero_point: Operand | None) -> int:
    """The ONNX element type that the zero point at an input index gives the result; without one uint8."""
    if zero_point is None:
        return TensorProto.UINT8
    known = node.scope.onnx_type(node.proto.input[index])
    if known is not None:
        return known
    if zero_point.data_type not in ("int8", "uint8", "int4", "uint4"):
        raise ConversionError("the element type of the zero point is not known", "run onnx.shape_inference on the model")
    return int(TensorProto.DataType.Value(zero_point.data_type.upper()))


# ---------------------------------------------------------------------------------------------------------- quantize, dequantize
@onnx_op("QuantizeLinear", since=10, how="quantizeLinear")
def quantize_linear_10(b: GraphBuilder, x: Operand, y_scale: Operand, y_zero_point: Operand | None = None, *, node: SourceNode) -> Operand:
    return quantized_to(b, x, y_scale, y_zero_point, zero_point_type(node, 2, y_zero_point))


@onnx_op("QuantizeLinear", since=13, how="quantizeLinear")
def quantize_linear_13(
    b: GraphBuilder, x: Operand, y_scale: Operand, y_zero_point: Operand | None = None, *, axis: int = 1, node: SourceNode
) -> Operand:
    return quantized_to(b, x, y_scale, y_zero_point, zero_point_type(node, 2, y_zero_point), axis=axis)


@onnx_op("QuantizeLinear", since=19, how="quantizeLinear", limits="no 8-bit floats")
def quantize_linear_19(
    b: GraphBuilder,
    x: Operand,
    y_scale: Operand,
    y_zero_point: Operand | None = None,
    *,
    axis: int = 1,
    saturate: int = 1,
    node: SourceNode,
) -> Operand:
    return quantized_to(b, x, y_scale, y_zero_point, zero_point_type(node, 2, y_zero_point), axis=axis)


@onnx_op(
    "QuantizeLinear", since=21, how="quantizeLinear; 16- and 2-bit types in a wider one after a clamp", limits="no 4- and 8-bit floats"
)
def quantize_linear_21(
    b: GraphBuilder,
    x: Operand,
    y_scale: Operand,
    y_zero_point: Operand | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    saturate: int = 1,
    node: SourceNode,
) -> Operand:
    onnx_type = output_dtype or zero_point_type(node, 2, y_zero_point)
    return quantized_to(b, x, y_scale, y_zero_point, onnx_type, axis=axis, block=block_size)


@onnx_op(
    "QuantizeLinear", since=23, how="quantizeLinear; 16- and 2-bit types in a wider one after a clamp", limits="no 4- and 8-bit floats"
)
def quantize_linear(
    b: GraphBuilder,
    x: Operand,
    y_scale: Operand,
    y_zero_point: Operand | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
    node: SourceNode,
) -> Operand:
    onnx_type = output_dtype or zero_point_type(node, 2, y_zero_point)
    scale = b.cast(y_scale, Element(precision).data_type) if precision else y_scale
    return quantized_to(b, x, scale, y_zero_point, onnx_type, axis=axis, block=block_size)


@onnx_op("DequantizeLinear", since=10, how="dequantizeLinear; constants stay quantized")
def dequantize_linear_10(b: GraphBuilder, x: Operand, x_scale: Operand, x_zero_point: Operand | None = None) -> Operand:
    return dequantize(b, x, x_scale, x_zero_point)


@onnx_op("DequantizeLinear", since=13, how="dequantizeLinear; constants stay quantized")
def dequantize_linear_13(b: GraphBuilder, x: Operand, x_scale: Operand, x_zero_point: Operand | None = None, *, axis: int = 1) -> Operand:
    return dequantize(b, x, x_scale, x_zero_point, axis=axis)


@onnx_op("DequantizeLinear", since=21, how="dequantizeLinear; constants stay quantized, 16- and 2-bit types in a wider one")
def dequantize_linear_21(
    b: GraphBuilder, x: Operand, x_scale: Operand, x_zero_point: Operand | None = None, *, axis: int = 1, block_size: int = 0
) -> Operand:
    return dequantize(b, x, x_scale, x_zero_point, axis=axis, block=block_size)


@onnx_op("DequantizeLinear", since=23, how="dequantizeLinear; constants stay quantized, 16- and 2-bit types in a wider one")
def dequantize_linear(
    b: GraphBuilder,
    x: Operand,
    x_scale: Operand,
    x_zero_point: Operand | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Operand:
    y = dequantize(b, x, x_scale, x_zero_point, axis=axis, block=block_size)
    return b.cast(y, Element(output_dtype).data_type) if output_dtype else y


@onnx_op("DynamicQuantizeLinear", since=11, how="reduceMin and reduceMax give the scale and zero point of quantizeLinear")
def dynamic_quantize_linear(b: GraphBuilder, x: Operand) -> tuple[Operand, Operand, Operand]:
    # Not 0, so that the scale of a tensor of zeros, which may be anything, is none.
    low, high = b.min(b.reduceMin(x), 0), b.clamp(b.reduceMax(x), minValue=255 * float(np.finfo(np.float32).tiny))
    scale = b.div(b.sub(high, low), 255)
    zero_point = b.cast(b.roundEven(b.neg(b.div(low, scale))), DataType.UINT8)
    return quantize(b, x, scale, zero_point, DataType.UINT8), scale, zero_point


# -------------------------------------------------------------------------------------------------------- products of integers
@onnx_op("MatMulInteger", since=10, how="matmul of dequantizeLinear with scale 1; long sums in pieces that float32 holds exactly")
def matmul_integer_10(
    b: GraphBuilder, A: Operand, B: Operand, a_zero_point: Operand | None = None, b_zero_point: Operand | None = None
) -> Operand:
    return matmul_integer(b, A, B, a_zero_point, b_zero_point)


@onnx_op("ConvInteger", since=10, how="conv2d of dequantizeLinear with scale 1; long sums in pieces that float32 holds exactly")
def conv_integer(
    b: GraphBuilder,
    x: Operand,
    w: Operand,
    x_zero_point: Operand | None = None,
    w_zero_point: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    left, right = centred(b, x, x_zero_point), centred(b, w, w_zero_point, axis=0)
    pieces = exact_pieces(b, w, w_zero_point, inner=1, outer=0, factor=largest(b, x, x_zero_point))
    if len(pieces) > 1 and group > 1:
        raise ConversionError("adds up more products per group than float32 holds exactly")
    options = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "pads": pads, "strides": strides}
    if len(pieces) == 1:
        return integer_sum(b, [conv(b, left, right, **options)])
    return integer_sum(b, (conv(b, sliced(b, left, {1: piece}), sliced(b, right, {1: piece}), **options) for piece in pieces))


@onnx_op("QLinearMatMul", since=10, how="dequantizeLinear, matmul, quantizeLinear")
def qlinear_matmul(
    b: GraphBuilder,
    a: Operand,
    a_scale: Operand,
    a_zero_point: Operand,
    b_: Operand,
    b_scale: Operand,
    b_zero_point: Operand,
    y_scale: Operand,
    y_zero_point: Operand,
) -> Operand:
    left = dequantize(b, a, a_scale, a_zero_point, axis=max(a.rank - 2, 0))
    right = dequantize(b, b_, b_scale, b_zero_point, axis=b_.rank - 1)
    return quantize(b, b.matmul(left, right), y_scale, y_zero_point, y_zero_point.data_type, axis=-2)


@onnx_op("QLinearConv", since=10, how="dequantizeLinear, conv2d, quantizeLinear")
def qlinear_conv(
    b: GraphBuilder,
    x: Operand,
    x_scale: Operand,
    x_zero_point: Operand,
    w: Operand,
    w_scale: Operand,
    w_zero_point: Operand,
    y_scale: Operand,
    y_zero_point: Operand,
    B: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    bias = None if B is None else _bias(b, B, x_scale, w_scale)
    left, right = dequantize(b, x, x_scale, x_zero_point), dequantize(b, w, w_scale, w_zero_point, axis=0)
    y = conv(b, left, right, bias, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return quantize(b, y, y_scale, y_zero_point, y_zero_point.data_type)


def _bias(b: GraphBuilder, bias: Operand, x_scale: Operand, w_scale: Operand) -> Operand:
    """The int32 bias of a convolution, whose scale is the product of both factors'."""
    scale = b.mul(b.reshape(x_scale, []), w_scale)
    return dequantize(b, bias, scale, axis=0)
