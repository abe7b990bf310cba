"""com.microsoft: fused and rearranged forms of standard operators, as ONNX Runtime's optimizers write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.lowering.activation import tanh_gelu
from converters.lowering.linear_systems import inverse
from converters.lowering.matrix import matmul
from converters.lowering.spatial import flat, ones
from converters.onnx.handlers.standard import convolution
from converters.onnx.handlers.standard.grid_sample import grid_sample
from converters.onnx.handlers.standard.normalization import rms_normalization
from converters.onnx.handlers.standard.pieces import trilu
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MICROSOFT = "com.microsoft"

onnx_op("Trilu", domain=MICROSOFT, how="triangular")(trilu)


# -------------------------------------------------------------------------------------------------------------- matrix products
@onnx_op("FusedMatMul", "TransposeMatMul", domain=MICROSOFT, how="transpose, matmul, mul")
def fused_matmul(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    transBatchA: int = 0,
    transBatchB: int = 0,
) -> Operand:
    product = matmul(b, _arranged(b, A, transA, transBatchA), _arranged(b, B, transB, transBatchB))
    return product if alpha == 1 else b.mul(product, alpha)


@onnx_op("Inverse", domain=MICROSOFT, how="Gauss-Jordan elimination with row pivots, unrolled")
def matrix_inverse(b: GraphBuilder, X: Operand) -> Operand:
    return inverse(b, X)


def _arranged(b: GraphBuilder, x: Operand, last: int, batch: int) -> Operand:
    """x with the last two dimensions swapped, and the first dimension moved behind the batch dimensions before that."""
    order = list(range(x.rank))
    if batch:
        order = [*order[1:-1], order[0], order[-1]]
    if last and x.rank > 1:
        order = [*order[:-2], order[-1], order[-2]]
    return b.transpose(x, permutation=order)


@onnx_op("FusedGemm", domain=MICROSOFT, how="gemm and the activation")
def fused_gemm(
    b: GraphBuilder,
    A: Operand,
    B: Operand,
    C: Operand | None = None,
    *,
    activation: str = "",
    activation_alpha: float = 0.0,
    activation_beta: float = 0.0,
    activation_gamma: float = 0.0,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Operand:
    y = b.gemm(A, B, c=C, alpha=alpha, beta=beta, aTranspose=bool(transA), bTranspose=bool(transB))
    return _activated(b, y, activation, [activation_alpha, activation_beta])


# ----------------------------------------------------------------------------------------------------------------- convolution
@onnx_op("FusedConv", domain=MICROSOFT, how="conv2d, add of Z, and the activation")
def fused_conv(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    B: Operand | None = None,
    Z: Operand | None = None,
    *,
    activation: str = "",
    activation_params: Sequence[float] = (),
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    y = convolution.conv(b, X, W, B, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return _activated(b, y if Z is None else b.add(y, Z), activation, activation_params)


def _activated(b: GraphBuilder, x: Operand, activation: str, parameters: Sequence[float]) -> Operand:
    first, second = (*parameters, 0.0, 0.0)[:2]
    match activation:
        case "":
            return x
        case "Relu" | "Tanh" | "Sigmoid":
            return b.call(activation.lower(), x)
        case "LeakyRelu":
            return b.leakyRelu(x, alpha=first)
        case "Clip":
            return b.clamp(x, minValue=first, maxValue=second)
        case "HardSigmoid":
            return b.hardSigmoid(x, alpha=first, beta=second)
    raise ConversionError(f"activation {activation!r} is not known")


@onnx_op("NhwcConv", domain=MICROSOFT, how="conv2d with inputLayout nhwc; weights are [output, height, width, input]")
def nhwc_conv(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    B: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    if X.rank != 4:
        raise ConversionError(f"has an input of rank {X.rank}; only images (rank 4) are supported")
    image, kernel = list(X.shape[1:3]), list(W.shape[1:3])
    steps, spread = ones(strides, 2), ones(dilations, 2)
    around = convolution.spatial_pads(auto_pad, pads, image, kernel, steps, spread)
    return b.conv2d(
        X, W, bias=B, padding=flat(around), strides=steps, dilations=spread, groups=group, inputLayout="nhwc", filterLayout="ohwi"
    )


@onnx_op("GridSample", domain=MICROSOFT, how="gather of all neighbours, mul and reduceSum")
def grid_sample_bilinear(
    b: GraphBuilder, X: Operand, Grid: Operand, *, align_corners: int = 0, mode: str = "bilinear", padding_mode: str = "zeros"
) -> Operand:
    return grid_sample(b, X, Grid, align_corners=align_corners, mode=mode, padding_mode=padding_mode)


# ------------------------------------------------------------------------------------------------------------------ activations
@onnx_op("Gelu", domain=MICROSOFT, how="gelu")
def gelu(b: GraphBuilder, X: Operand) -> Operand:
    return b.gelu(X)


@onnx_op("BiasGelu", domain=MICROSOFT, how="add, gelu")
def bias_gelu(b: GraphBuilder, A: Operand, B: Operand) -> Operand:
    return b.gelu(b.add(A, B))


@onnx_op("FastGelu", domain=MICROSOFT, how="add, and GELU in its tanh form: mul, add, tanh")
def fast_gelu(b: GraphBuilder, X: Operand, bias: Operand | None = None) -> Operand:
    return tanh_gelu(b, X if bias is None else b.add(X, bias))


@onnx_op("QuickGelu", domain=MICROSOFT, how="mul, sigmoid")
def quick_gelu(b: GraphBuilder, X: Operand, *, alpha: float = 1.702) -> Operand:
    return b.mul(X, b.sigmoid(b.mul(X, alpha) if alpha != 1 else X))


# ---------------------------------------------------------------------------------------------------------------- normalization
@onnx_op("SkipLayerNormalization", domain=MICROSOFT, how="add, layerNormalization", limits="no mean and inv_std_var")
def skip_layer_normalization(
    b: GraphBuilder,
    input: Operand,
    skip: Operand,
    gamma: Operand,
    beta: Operand | None = None,
    bias: Operand | None = None,
    *,
    epsilon: float = 1e-12,
    node: SourceNode,
) -> tuple[Operand | None, ...]:
    _no_statistics(node)
    total = _skipped(b, input, skip, bias)
    normal = b.layerNormalization(total, scale=gamma, bias=beta, axes=[total.rank - 1], epsilon=epsilon)
    return normal, None, None, total


@onnx_op(
    "SkipSimplifiedLayerNormalization",
    domain=MICROSOFT,
    how="add, and RMS normalization: mul, reduceMean, add, sqrt, div, mul",
    limits="no mean and inv_std_var",
)
def skip_simplified_layer_normalization(
    b: GraphBuilder, input: Operand, skip: Operand, gamma: Operand, bias: Operand | None = None, *, epsilon: float = 1e-12, node: SourceNode
) -> tuple[Operand | None, ...]:
    _no_statistics(node)
    total = _skipped(b, input, skip, bias)
    return rms_normalization(b, total, gamma, epsilon=epsilon), None, None, total


def _skipped(b: GraphBuilder, input: Operand, skip: Operand, bias: Operand | None) -> Operand:
    total = b.add(input, skip)
    return total if bias is None else b.add(total, bias)


def _no_statistics(node: SourceNode) -> None:
    if node.wants(1) or node.wants(2):
        raise ConversionError("outputs mean and inv_std_var are for training and not supported")


@onnx_op("SimplifiedLayerNormalization", how="RMS normalization: mul, reduceMean, add, sqrt, div, mul; float16 in float32")
@onnx_op(
    "SimplifiedLayerNormalization", domain=MICROSOFT, how="RMS normalization: mul, reduceMean, add, sqrt, div, mul; float16 in float32"
)
def simplified_layer_normalization(
    b: GraphBuilder, X: Operand, scale: Operand, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Operand:
    return rms_normalization(b, X, scale, axis=axis, epsilon=epsilon, stash_type=stash_type)


@onnx_op(
    "EmbedLayerNormalization", domain=MICROSOFT, how="gather of each table, add, layerNormalization; mask_index counts the ones of the mask"
)
def embed_layer_normalization(
    b: GraphBuilder,
    input_ids: Operand,
    segment_ids: Operand | None,
    word_embedding: Operand,
    position_embedding: Operand,
    segment_embedding: Operand | None,
    gamma: Operand,
    beta: Operand,
    mask: Operand | None = None,
    position_ids: Operand | None = None,
    *,
    epsilon: float = 1e-12,
    mask_index_type: int = 0,
) -> tuple[Operand, Operand, Operand]:
    batch, length = input_ids.shape
    words = b.gather(word_embedding, input_ids)
    if position_ids is None:
        places = b.slice(position_embedding, [0, 0], [length, position_embedding.shape[1]])
    else:
        places = b.gather(position_embedding, position_ids)
    total = b.add(words, places)
    if segment_ids is not None and segment_embedding is not None:
        total = b.add(total, b.gather(segment_embedding, segment_ids))
    normal = b.layerNormalization(total, scale=gamma, bias=beta, axes=[2], epsilon=epsilon)
    return normal, _lengths(b, mask, batch), total


def _lengths(b: GraphBuilder, mask: Operand | None, batch: int) -> Operand:
    """How many ones each row of a mask has; zeros without a mask."""
    if mask is None:
        return b.constant(np.zeros(batch, np.int32))
    return b.reduceSum(b.cast(b.equal(mask, 1), DataType.INT32), axes=[1])
