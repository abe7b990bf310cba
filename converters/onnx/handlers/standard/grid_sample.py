"""Operators that read images at computed positions."""

from __future__ import annotations

import math

import numpy as np

from converters.lowering import convolution
from converters.lowering import grid_sample as lowering
from converters.lowering.grid_sample import Taps
from converters.lowering.spatial import ones
from converters.onnx.handlers.standard.convolution import spatial_pads
from converters.onnx.registry import Ints, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MODES = {"bilinear": "linear", "bicubic": "cubic", "linear": "linear", "cubic": "cubic", "nearest": "nearest"}


@onnx_op("GridSample", since=16, how="gather of all neighbours, mul and reduceSum")
def grid_sample(
    b: GraphBuilder, X: Operand, grid: Operand, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Operand:
    if mode not in MODES or padding_mode not in ("zeros", "border", "reflection"):
        raise ConversionError(f"mode {mode!r} with padding_mode {padding_mode!r} is not known")
    return lowering.grid_sample(b, X, grid, mode=MODES[mode], padding=padding_mode, align_corners=bool(align_corners))


@onnx_op("AffineGrid", since=20, how="matmul with the regular grid")
def affine_grid(b: GraphBuilder, theta: Operand, size: Ints, *, align_corners: int = 0) -> Operand:
    return lowering.affine_grid(b, theta, size[2:], align_corners=bool(align_corners))


# ---------------------------------------------------------------------------------------------------------------- DeformConv
@onnx_op("DeformConv", since=19, how="bilinear sampling by gather, then conv2d with a 1x1 filter")
def deform_conv(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    offset: Operand,
    B: Operand | None = None,
    mask: Operand | None = None,
    *,
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    offset_group: int = 1,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    n, channels, *image = X.shape
    if len(image) != 2:
        raise ConversionError(f"has {len(image)} spatial dimensions; 2 are supported")
    kernel, result = list(W.shape[2:]), list(offset.shape[2:])
    strides, dilations = ones(strides, 2), ones(dilations, 2)
    around = spatial_pads("NOTSET", pads, image, kernel, strides, dilations)
    taps_count, places = math.prod(kernel), math.prod(result)
    offsets = b.reshape(offset, [n * offset_group, taps_count, 2, places])
    taps: list[Taps] = []
    for axis in range(2):
        along = b.slice(offsets, [0, 0, axis, 0], [n * offset_group, taps_count, 1, places])
        shift = b.reshape(along, [n * offset_group, taps_count * places])
        b.reserve(*kernel, *result)
        regular = _kernel_positions(axis, kernel, result, strides[axis], dilations[axis], around[axis][0])
        position = b.add(shift, b.constant(regular.reshape(1, -1).astype(X.data_type.numpy)))
        taps.append(lowering.zeros_outside(b, lowering.linear_taps(b, position), image[axis]))
    images = b.reshape(X, [n * offset_group, channels // offset_group, *image])
    sampled = lowering.sample(b, images, taps)
    if mask is not None:
        sampled = b.mul(sampled, b.reshape(mask, [n * offset_group, 1, taps_count * places]))
    columns = b.reshape(sampled, [n, channels * taps_count, *result])
    filters = b.reshape(W, [W.shape[0], W.shape[1] * taps_count, 1, 1])
    return convolution.conv(b, columns, filters, B, strides=[1, 1], pads=[(0, 0)] * 2, dilations=[1, 1], groups=group)


def _kernel_positions(axis: int, kernel: list[int], result: list[int], stride: int, dilation: int, before: int) -> Array:
    """Where the kernel's elements lie along one dimension without offsets: [*kernel, *result]."""
    taps, places = np.arange(kernel[axis]) * dilation, np.arange(result[axis]) * stride - before
    shape = [1, 1, 1, 1]
    shape[axis], shape[2 + axis] = kernel[axis], result[axis]
    return np.broadcast_to((taps[:, None] + places).reshape(shape), (*kernel, *result))
