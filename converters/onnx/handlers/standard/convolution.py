"""Convolution, its transpose, and the arrangement of columns as images."""

from __future__ import annotations

import math

from converters.lowering import convolution as lowering
from converters.lowering.spatial import Pads, extent, ones, same_padding, split_padding
from converters.onnx.registry import Ints, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


def spatial_pads(
    auto_pad: str, pads: list[int] | None, image: list[int], kernel: list[int], strides: list[int], dilations: list[int]
) -> Pads:
    """ONNX's ``pads`` or what ``auto_pad`` says, per spatial dimension.

    Raises:
        ConversionError: No such ``auto_pad``, or ``pads`` of another length.
    """
    rank = len(image)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        each = zip(image, kernel, strides, dilations, strict=True)
        return [same_padding(*sizes, more_after=auto_pad == "SAME_UPPER") for sizes in each]
    if auto_pad not in ("NOTSET", "VALID"):
        raise ConversionError(f"auto_pad {auto_pad!r} is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID")
    pads = (pads if auto_pad == "NOTSET" else None) or [0] * 2 * rank
    if len(pads) != 2 * rank:
        raise ConversionError(f"pads {pads} must have {2 * rank} entries for {rank} spatial dimensions")
    return list(zip(pads[:rank], pads[rank:], strict=True))


@onnx_op("Conv", how="conv2d; 1-D as a row, of 3-D the depth is unfolded into the channels by a gather")
def conv(
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
    image, kernel = list(X.shape[2:]), list(W.shape[2:])
    strides, dilations = ones(strides, len(image)), ones(dilations, len(image))
    around = spatial_pads(auto_pad, pads, image, kernel, strides, dilations)
    return lowering.conv(b, X, W, B, strides=strides, pads=around, dilations=dilations, groups=group)


@onnx_op("ConvTranspose", how="convTranspose2d; 1-D as a row, 3-D as 2-D slices that a second convTranspose2d adds along the depth")
def conv_transpose(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    B: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    output_padding: list[int] | None = None,
    output_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    image, kernel = list(X.shape[2:]), list(W.shape[2:])
    rank = len(image)
    strides, dilations = ones(strides, rank), ones(dilations, rank)
    extra = output_padding or [0] * rank
    full = [(image[i] - 1) * strides[i] + extent(kernel[i], dilations[i]) + extra[i] for i in range(rank)]
    if output_shape or auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        sizes = output_shape[-rank:] if output_shape else [min(full[i], image[i] * strides[i]) for i in range(rank)]
        around = [split_padding(max(0, full[i] - sizes[i]), more_after=auto_pad == "SAME_UPPER") for i in range(rank)]
    else:
        around = spatial_pads(auto_pad, pads, image, kernel, strides, dilations)
        sizes = [full[i] - sum(around[i]) for i in range(rank)]
    return lowering.conv_transpose(b, X, W, B, strides=strides, pads=around, dilations=dilations, sizes=sizes, groups=group)


@onnx_op("Col2Im", how="convTranspose2d with an identity filter, one dimension after the other")
def col2im(
    b: GraphBuilder,
    input: Operand,
    image_shape: Ints,
    block_shape: Ints,
    *,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Operand:
    rank = len(image_shape)
    strides, dilations = ones(strides, rank), ones(dilations, rank)
    around = spatial_pads("NOTSET", pads, image_shape, block_shape, strides, dilations)
    blocks = [(image_shape[i] + sum(around[i]) - extent(block_shape[i], dilations[i])) // strides[i] + 1 for i in range(rank)]
    n = input.shape[0]
    channels = input.shape[1] // math.prod(block_shape)
    if rank == 2:
        columns = b.reshape(input, [n * channels, math.prod(block_shape), *blocks])
        image = lowering.overlap_add(b, columns, kernel=block_shape, strides=strides, pads=around, dilations=dilations, sizes=image_shape)
        return b.reshape(image, [n, channels, *image_shape])
    x = input
    for i in reversed(range(rank)):
        outer, inner, done = n * channels * math.prod(block_shape[:i]), math.prod(blocks[:i]), math.prod(image_shape[i + 1 :])
        parts = b.reshape(x, [outer, block_shape[i], inner, blocks[i], done])
        columns = b.reshape(b.transpose(parts, permutation=[0, 2, 1, 3, 4]), [outer * inner, block_shape[i], blocks[i], done])
        window = {"kernel": [block_shape[i], 1], "strides": [strides[i], 1], "dilations": [dilations[i], 1]}
        x = lowering.overlap_add(b, columns, pads=[around[i], (0, 0)], sizes=[image_shape[i], done], **window)
    return b.reshape(x, [n, channels, *image_shape])
