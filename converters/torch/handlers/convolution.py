"""Convolution and its transpose in one to three dimensions, sliding blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from converters.lowering import convolution as lowering
from converters.lowering.spatial import split_padding
from converters.torch.registry import aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand


def per_dimension(value: Any, rank: int, default: Any = None) -> list[int]:
    """An argument that PyTorch takes as one number for all spatial dimensions, as a list of one, or as one for each."""
    values = [value] if isinstance(value, int) else list(value)
    values = values or list(default)
    return values * rank if len(values) == 1 else values


def batched(b: GraphBuilder, x: Operand, rank: int) -> Operand:
    """x with a batch dimension, which PyTorch lets callers leave out."""
    return b.reshape(x, [1, *x.shape]) if x.rank == rank + 1 else x


def convolve(
    b: GraphBuilder,
    x: Operand,
    w: Operand,
    bias: Operand | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    result: torch.Tensor,
) -> Operand:
    """A convolution whose padding is symmetric, or "same" or "valid"."""
    rank = w.rank - 2
    dilations = per_dimension(dilation, rank)
    if isinstance(padding, str):
        totals = [d * (k - 1) * (padding == "same") for d, k in zip(dilations, w.shape[2:], strict=True)]
        pads = [split_padding(total, more_after=True) for total in totals]
    else:
        pads = [(p, p) for p in per_dimension(padding, rank)]
    y = lowering.conv(b, batched(b, x, rank), w, bias, strides=per_dimension(stride, rank), pads=pads, dilations=dilations, groups=groups)
    return b.reshape(y, list(result.shape))


@aten_op(
    aten.conv1d.default,
    aten.conv2d.default,
    aten.conv3d.default,
    aten.conv1d.padding,
    aten.conv2d.padding,
    aten.conv3d.padding,
    how="conv2d; one dimension as a row, of three the first by gathering",
)
def conv(
    b: GraphBuilder,
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    *,
    result: torch.Tensor,
) -> Operand:
    return convolve(b, input, weight, bias, stride, padding, dilation, groups, result)


@aten_op(
    aten.conv_transpose1d.default,
    aten.conv_transpose2d.input,
    aten.conv_transpose3d.input,
    how="convTranspose2d; one dimension as a row, of three the first by adding up",
)
def conv_transpose(
    b: GraphBuilder,
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    *,
    result: torch.Tensor,
) -> Operand:
    rank = weight.rank - 2
    y = lowering.conv_transpose(
        b,
        batched(b, input, rank),
        weight,
        bias,
        strides=per_dimension(stride, rank),
        pads=[(p, p) for p in per_dimension(padding, rank)],
        dilations=per_dimension(dilation, rank),
        sizes=list(result.shape[-rank:]),
        groups=groups,
    )
    return b.reshape(y, list(result.shape))


@aten_op(
    aten.convolution.default,
    aten._convolution.default,
    how="conv2d or convTranspose2d; one dimension as a row, of three the first by gathering or adding up",
)
def convolution(
    b: GraphBuilder,
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *ignored: Any,
    result: torch.Tensor,
) -> Operand:
    if transposed:
        return conv_transpose(b, input, weight, bias, stride, padding, output_padding, groups, dilation, result=result)
    return convolve(b, input, weight, bias, stride, padding, dilation, groups, result)


@aten_op(aten.im2col.default, how="Sliding blocks of images as columns")
def im2col(
    b: GraphBuilder, input: Operand, kernel_size: Sequence[int], dilation: Any, padding: Any, stride: Any, *, result: torch.Tensor
) -> Operand:
    pads = [(p, p) for p in per_dimension(padding, 2)]
    exact = b.cast(input, "float32") if input.data_type.bits == 8 else input
    blocks = lowering.sliding_blocks(
        b,
        batched(b, exact, 2),
        kernel=list(kernel_size),
        strides=per_dimension(stride, 2),
        pads=pads,
        dilations=per_dimension(dilation, 2),
    )
    return b.reshape(blocks, list(result.shape))


@aten_op(aten.col2im.default, how="Columns summed into images where they overlap")
def col2im(
    b: GraphBuilder,
    input: Operand,
    output_size: Sequence[int],
    kernel_size: Sequence[int],
    dilation: Any,
    padding: Any,
    stride: Any,
    *,
    result: torch.Tensor,
) -> Operand:
    kernel, strides, dilations = (per_dimension(value, 2) for value in (kernel_size, stride, dilation))
    pads = [(p, p) for p in per_dimension(padding, 2)]
    taps = kernel[0] * kernel[1]
    rows, columns = (
        (size + sum(pad) - (k - 1) * d - 1) // s + 1
        for size, pad, k, s, d in zip(output_size, pads, kernel, strides, dilations, strict=True)
    )
    images = input.size // (taps * rows * columns)
    blocks = b.reshape(input, [images, taps, rows, columns])
    y = lowering.overlap_add(b, blocks, kernel=kernel, strides=strides, pads=pads, dilations=dilations, sizes=list(output_size))
    return b.reshape(y, list(result.shape))
