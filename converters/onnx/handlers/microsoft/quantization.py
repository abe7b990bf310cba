"""com.microsoft: operators between quantized tensors; each dequantizes, computes in floating point and quantizes."""

from __future__ import annotations

import math

from converters.lowering.matrix import matmul
from converters.lowering.quantization import dequantize, quantize
from converters.onnx.axes import axis_of
from converters.onnx.handlers.standard.pooling import average_pool, global_average_pool
from converters.onnx.handlers.standard.quantization import dynamic_quantize_linear, qlinear_conv, quantized_to, zero_point_type
from converters.onnx.handlers.standard.recurrent import lstm
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

MICROSOFT = "com.microsoft"


# ---------------------------------------------------------------------------------------------------------- quantize, dequantize
@onnx_op("QuantizeLinear", domain=MICROSOFT, how="quantizeLinear; 16-bit types as int32 after a clamp")
def quantize_linear(
    b: GraphBuilder, x: Operand, y_scale: Operand, y_zero_point: Operand | None = None, *, axis: int = 1, node: SourceNode
) -> Operand:
    return quantized_to(b, x, y_scale, y_zero_point, zero_point_type(node, 2, y_zero_point), axis=axis)


@onnx_op("DequantizeLinear", domain=MICROSOFT, how="dequantizeLinear; constants stay quantized")
def dequantize_linear(b: GraphBuilder, x: Operand, x_scale: Operand, x_zero_point: Operand | None = None, *, axis: int = 1) -> Operand:
    return dequantize(b, x, x_scale, x_zero_point, axis=axis)


# -------------------------------------------------------------------------------------------------------------- matrix products
@onnx_op("MatMulIntegerToFloat", domain=MICROSOFT, how="dequantizeLinear, matmul, add")
def matmul_integer_to_float(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    a_scale: Operand,
    b_scale: Operand,
    a_zero_point: Operand | None = None,
    b_zero_point: Operand | None = None,
    bias: Operand | None = None,
) -> Operand:
    left = dequantize(b, A, a_scale, a_zero_point, axis=-1)
    y = matmul(b, left, dequantize(b, B, b_scale, b_zero_point, axis=-1))
    return y if bias is None else b.add(y, bias)


@onnx_op("DynamicQuantizeMatMul", domain=MICROSOFT, how="quantizeLinear and dequantizeLinear of A by its own range, matmul, add")
def dynamic_quantize_matmul(
    b: GraphBuilder, A: Operand, B: Operand, b_scale: Operand, b_zero_point: Operand | None = None, bias: Operand | None = None
) -> Operand:
    quantized, scale, zero_point = dynamic_quantize_linear(b, A)
    return matmul_integer_to_float(b, quantized, B, scale, b_scale, zero_point, b_zero_point, bias)


@onnx_op("QGemm", domain=MICROSOFT, how="dequantizeLinear, gemm, quantizeLinear")
def qgemm(
    b: GraphBuilder,
    A: Operand,
    a_scale: Operand,
    a_zero_point: Operand,
    B: Operand,
    b_scale: Operand,
    b_zero_point: Operand,
    C: Operand | None = None,
    y_scale: Operand | None = None,
    y_zero_point: Operand | None = None,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Operand:
    left = dequantize(b, A, a_scale, a_zero_point)
    right = dequantize(b, B, b_scale, b_zero_point, axis=0 if transB else 1)
    bias = None if C is None else b.mul(b.cast(C, a_scale.data_type), b.mul(b.mul(a_scale, b_scale), alpha))
    y = b.gemm(left, right, c=bias, alpha=alpha, aTranspose=bool(transA), bTranspose=bool(transB))
    return y if y_scale is None or y_zero_point is None else quantize(b, y, y_scale, y_zero_point, y_zero_point.data_type)


# ------------------------------------------------------------------------------------------------------- element by element, shape
@onnx_op("QLinearSigmoid", domain=MICROSOFT, how="dequantizeLinear, sigmoid, quantizeLinear")
def qlinear_sigmoid(
    b: GraphBuilder, X: Operand, X_scale: Operand, X_zero_point: Operand | None, Y_scale: Operand, Y_zero_point: Operand | None = None
) -> Operand:
    return quantize(b, b.sigmoid(dequantize(b, X, X_scale, X_zero_point)), Y_scale, Y_zero_point, X.data_type)


@onnx_op("QLinearLeakyRelu", domain=MICROSOFT, how="dequantizeLinear, leakyRelu, quantizeLinear")
def qlinear_leaky_relu(
    b: GraphBuilder,
    X: Operand,
    X_scale: Operand,
    X_zero_point: Operand | None,
    Y_scale: Operand,
    Y_zero_point: Operand | None = None,
    *,
    alpha: float = 0.01,
) -> Operand:
    y = b.leakyRelu(dequantize(b, X, X_scale, X_zero_point), alpha=alpha)
    return quantize(b, y, Y_scale, Y_zero_point, X.data_type)


@onnx_op("QLinearSoftmax", domain=MICROSOFT, how="dequantizeLinear, softmax, quantizeLinear")
def qlinear_softmax(
    b: GraphBuilder,
    X: Operand,
    X_scale: Operand,
    x_zero_point: Operand | None,
    y_scale: Operand,
    y_zero_point: Operand,
    *,
    opset: int,
    axis: int = -1,
) -> Operand:
    x = dequantize(b, X, X_scale, x_zero_point)
    axis = axis_of(axis, x.rank)
    if opset >= 13:
        y = b.softmax(x, axis)
    else:  # softmax over all dimensions from the axis on
        y = b.reshape(b.softmax(b.reshape(x, [math.prod(x.shape[:axis]), math.prod(x.shape[axis:])]), 1), list(x.shape))
    return quantize(b, y, y_scale, y_zero_point, X.data_type)


def _binary(b: GraphBuilder, method: str, *operands: Operand | None) -> Operand:
    A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point = operands
    assert A is not None and A_scale is not None and B is not None and B_scale is not None and C_scale is not None
    y = b.call(method, dequantize(b, A, A_scale, A_zero_point), dequantize(b, B, B_scale, B_zero_point))
    return quantize(b, y, C_scale, C_zero_point, A.data_type)


@onnx_op("QLinearAdd", domain=MICROSOFT, how="dequantizeLinear, add, quantizeLinear")
def qlinear_add(
    b: GraphBuilder,
    A: Operand,
    A_scale: Operand,
    A_zero_point: Operand | None,
    B: Operand,
    B_scale: Operand,
    B_zero_point: Operand | None,
    C_scale: Operand,
    C_zero_point: Operand | None = None,
) -> Operand:
    return _binary(b, "add", A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point)


@onnx_op("QLinearMul", domain=MICROSOFT, how="dequantizeLinear, mul, quantizeLinear")
def qlinear_mul(
    b: GraphBuilder,
    A: Operand,
    A_scale: Operand,
    A_zero_point: Operand | None,
    B: Operand,
    B_scale: Operand,
    B_zero_point: Operand | None,
    C_scale: Operand,
    C_zero_point: Operand | None = None,
) -> Operand:
    return _binary(b, "mul", A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point)


@onnx_op("QLinearWhere", domain=MICROSOFT, how="dequantizeLinear, where, quantizeLinear")
def qlinear_where(
    b: GraphBuilder,
    condition: Operand,
    X: Operand,
    x_scale: Operand,
    x_zero_point: Operand,
    Y: Operand,
    y_scale: Operand,
    y_zero_point: Operand,
    z_scale: Operand,
    z_zero_point: Operand,
) -> Operand:
    z = b.where(condition, dequantize(b, X, x_scale, x_zero_point), dequantize(b, Y, y_scale, y_zero_point))
    return quantize(b, z, z_scale, z_zero_point, z_zero_point.data_type)


@onnx_op("QLinearConcat", domain=MICROSOFT, how="dequantizeLinear, concat, quantizeLinear")
def qlinear_concat(b: GraphBuilder, Y_scale: Operand, Y_zero_point: Operand, *inputs: Operand, axis: int) -> Operand:
    parts = [dequantize(b, *inputs[i : i + 3]) for i in range(0, len(inputs), 3)]
    return quantize(b, b.concat(parts, axis_of(axis, parts[0].rank)), Y_scale, Y_zero_point, Y_zero_point.data_type)


# ------------------------------------------------------------------------------------------------------------ images, sequences
@onnx_op("QLinearAveragePool", domain=MICROSOFT, how="dequantizeLinear, averagePool2d, quantizeLinear; channels_last between transposes")
def qlinear_average_pool(
    b: GraphBuilder,
    X: Operand,
    x_scale: Operand,
    x_zero_point: Operand | None,
    y_scale: Operand,
    y_zero_point: Operand | None = None,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    channels_last: int = 0,
    count_include_pad: int = 0,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    x = _channels_first(b, dequantize(b, X, x_scale, x_zero_point), channels_last)
    options = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad, "pads": pads, "strides": strides}
    y = average_pool(b, x, kernel_shape=kernel_shape, **options)
    return quantize(b, _channels_last(b, y, channels_last), y_scale, y_zero_point, X.data_type)


@onnx_op("QLinearGlobalAveragePool", domain=MICROSOFT, how="dequantizeLinear, reduceMean, quantizeLinear; channels_last between transposes")
def qlinear_global_average_pool(
    b: GraphBuilder,
    X: Operand,
    x_scale: Operand,
    x_zero_point: Operand,
    y_scale: Operand,
    y_zero_point: Operand,
    *,
    channels_last: int = 0,
) -> Operand:
    x = _channels_first(b, dequantize(b, X, x_scale, x_zero_point), channels_last)
    y = global_average_pool(b, x)
    return quantize(b, _channels_last(b, y, channels_last), y_scale, y_zero_point, X.data_type)


@onnx_op("QLinearConv", domain=MICROSOFT, how="dequantizeLinear, conv2d, quantizeLinear; channels_last between transposes")
def qlinear_conv_any_layout(
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
    channels_last: int = 0,
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    scales = (x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B)
    window = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "pads": pads, "strides": strides}
    return _channels_last(b, qlinear_conv(b, _channels_first(b, x, channels_last), *scales, **window), channels_last)


def _channels_first(b: GraphBuilder, x: Operand, channels_last: int) -> Operand:
    return b.transpose(x, permutation=[0, x.rank - 1, *range(1, x.rank - 1)]) if channels_last else x


def _channels_last(b: GraphBuilder, x: Operand, channels_last: int) -> Operand:
    return b.transpose(x, permutation=[0, *range(2, x.rank), 1]) if channels_last else x


@onnx_op(
    "DynamicQuantizeLSTM",
    domain=MICROSOFT,
    how="dequantizeLinear of the weights, lstm; the input and the state stay floating point, which is more exact",
)
def dynamic_quantize_lstm(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    R: Operand,
    B: Operand | None,
    sequence_lens: Operand | None,
    initial_h: Operand | None,
    initial_c: Operand | None,
    P: Operand | None,
    W_scale: Operand,
    W_zero_point: Operand,
    R_scale: Operand,
    R_zero_point: Operand,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    node: SourceNode,
) -> tuple[Operand | None, ...]:
    b.note("DynamicQuantizeLSTM: the input and the state are not quantized, so that results differ from ONNX Runtime's by its rounding")
    weights = (_gates_first(b, W, W_scale, W_zero_point), _gates_first(b, R, R_scale, R_zero_point))
    functions = {"activation_alpha": activation_alpha, "activation_beta": activation_beta, "activations": activations}
    options = {"clip": clip, "direction": direction, "hidden_size": hidden_size, "input_forget": input_forget}
    return lstm(b, X, *weights, B, sequence_lens, initial_h, initial_c, P, **functions, **options, node=node)


def _gates_first(b: GraphBuilder, weights: Operand, scale: Operand, zero_point: Operand) -> Operand:
    """Weights [directions, inputs, gates] as the floating point [directions, gates, inputs] of LSTM."""
    directions = weights.shape[0]
    shape = [directions, scale.size // directions, 1]
    turned = b.transpose(weights, permutation=[0, 2, 1])
    return b.dequantizeLinear(turned, b.reshape(scale, shape), b.reshape(zero_point, shape))
