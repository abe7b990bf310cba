"""Convolution and its transpose, on BLAS: windows are gathered by strides and multiplied as one matrix per group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import FLOAT, LIKE_FIRST
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.rules import require
from webnn_graph.ops.windows import check_spatial, extent, from_nchw, nchw_shape, pad_spatial, shape_from_nchw, to_nchw, windows

FILTER_AXES = {"oihw": (0, 1, 2, 3), "hwio": (3, 2, 0, 1), "ohwi": (0, 3, 1, 2), "ihwo": (3, 0, 1, 2)}
"""Where output channels, input channels, height and width stand in a conv2d filter."""
TRANSPOSE_FILTER_AXES = {"iohw": (0, 1, 2, 3), "hwoi": (3, 2, 0, 1), "ohwi": (3, 0, 1, 2)}
"""Where input channels, output channels, height and width stand in a convTranspose2d filter."""


def _bias_fits(bias: Descriptor | None, channels: int) -> None:
    if bias is not None:
        require(bias.shape == (channels,), f"bias has shape {list(bias.shape)}, the result has {channels} channels")


# ------------------------------------------------------------------------------------------------------------------ conv2d
def _conv2d(
    input: Array,
    filter: Array,
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    groups: int,
    inputLayout: str,
    filterLayout: str,
    bias: Array | None,
) -> Array:
    x = pad_spatial(to_nchw(input, inputLayout), padding)
    w = filter.transpose(FILTER_AXES[filterLayout])
    result = convolve(x, w, strides, dilations, groups)
    if bias is not None:
        result += bias[:, None, None]
    return from_nchw(result, inputLayout)


def convolve(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int], groups: int) -> Array:
    """Cross-correlation of x [n, groups*i, h, w] with w [groups*o, i, kh, kw], without padding -> [n, groups*o, oh, ow]."""
    outputs, inputs, *kernel = w.shape
    patches = windows(x, kernel, strides, dilations)  # n c oh ow kh kw
    n, _, height, width = patches.shape[:4]
    matrix = w.reshape(groups, outputs // groups, -1)
    if kernel == [1, 1]:
        return np.asarray(matrix @ patches.reshape(n, groups, inputs, height * width)).reshape(n, outputs, height, width)
    columns = patches.reshape(n, groups, inputs, height, width, *kernel).transpose(0, 1, 2, 5, 6, 3, 4)
    result = np.empty((n, groups, outputs // groups, height * width), x.dtype)
    buffer = np.empty(0, x.dtype)
    for image, some, rows in _blocks(n, groups, height, inputs * kernel[0] * kernel[1] * width):
        block = columns[image, some, ..., rows, :]
        if buffer.size < block.size:
            buffer = np.empty(block.size, x.dtype)
        gathered = buffer[: block.size].reshape(block.shape)
        np.copyto(gathered, block)
        multiplied = matrix[some] @ gathered.reshape(block.shape[0], matrix.shape[-1], -1)
        result[image, some, :, rows.start * width : rows.stop * width] = multiplied
    return result.reshape(n, outputs, height, width)


BLOCK_ELEMENTS = 2**18
"""Elements that are gathered at a time: few enough for the cache, enough for a matrix product."""


def _blocks(images: int, groups: int, height: int, row: int) -> Iterator[tuple[int, slice, slice]]:
    """Parts of the work, of about `BLOCK_ELEMENTS` elements each: an image, some groups and some rows of ``row`` elements each."""
    rows = min(height, max(1, BLOCK_ELEMENTS // row))
    some = max(1, BLOCK_ELEMENTS // (row * height))
    for image, group, top in product(range(images), range(0, groups, some), range(0, height, rows)):
        yield image, slice(group, min(group + some, groups)), slice(top, min(top + rows, height))


@op(run=_conv2d, input=FLOAT.rank(4), filter=LIKE_FIRST.rank(4), bias=LIKE_FIRST.rank(1))
def conv2d(
    input: Operand,
    filter: Operand,
    /,
    *,
    padding: list[uint] = [0, 0, 0, 0],
    strides: list[uint] = [1, 1],
    dilations: list[uint] = [1, 1],
    groups: uint = 1,
    inputLayout: Literal["nchw", "nhwc"] = "nchw",
    filterLayout: Literal["oihw", "hwio", "ohwi", "ihwo"] = "oihw",
    bias: Operand | None = None,
) -> Descriptor:
    """Cross-correlation of images with a filter.

    In the default layouts input is [n, c, h, w], filter [o, c / groups, kh, kw], bias [o] and the result [n, o, h', w'] with
    h' = floor((h + padding - (kh - 1) dilation - 1) / stride) + 1. ``padding`` is top, bottom, left, right.
    """
    check_spatial(padding=padding, strides=strides, dilations=dilations)
    n, channels, *image = nchw_shape(input.shape, inputLayout)
    outputs, inputs, *kernel = (filter.shape[axis] for axis in FILTER_AXES[filterLayout])
    require(groups > 0 and channels % groups == 0, f"{channels} input channels cannot be split into {groups} groups")
    require(channels // groups == inputs, f"the filter takes {inputs} channels per group, the input has {channels} in {groups} group(s)")
    require(outputs % groups == 0, f"{outputs} output channels cannot be split into {groups} groups")
    _bias_fits(bias, outputs)
    size = [(image[i] + padding[2 * i] + padding[2 * i + 1] - extent(kernel[i], dilations[i])) // strides[i] + 1 for i in range(2)]
    require(min(size) > 0, f"a filter of {kernel} (dilations {dilations}) does not fit into {image} with padding {padding}")
    return input.with_shape(shape_from_nchw((n, outputs, *size), inputLayout))


# --------------------------------------------------------------------------------------------------------- convTranspose2d
def _conv_transpose2d(
    input: Array,
    filter: Array,
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    outputPadding: Sequence[int],
    outputSizes: Sequence[int] | None,
    groups: int,
    inputLayout: str,
    filterLayout: str,
    bias: Array | None,
    result: Descriptor,
) -> Array:
    x = to_nchw(input, inputLayout)
    w = filter.transpose(TRANSPOSE_FILTER_AXES[filterLayout])
    n, channels, *image = x.shape
    _, per_group, *kernel = w.shape
    outputs = per_group * groups
    products = np.swapaxes(w.reshape(groups, channels // groups, -1), 1, 2) @ x.reshape(n, groups, channels // groups, -1)
    products = products.reshape(n, outputs, *kernel, *image)
    full = [(image[i] - 1) * strides[i] + extent(kernel[i], dilations[i]) for i in range(2)]
    size = nchw_shape(result.shape, inputLayout)[2:]
    room = [max(full[i], padding[2 * i] + size[i]) for i in range(2)]
    canvas = np.zeros((n, outputs, *room), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dilations[0], i * dilations[0] + (image[0] - 1) * strides[0] + 1, strides[0])
            columns = slice(j * dilations[1], j * dilations[1] + (image[1] - 1) * strides[1] + 1, strides[1])
            canvas[:, :, rows, columns] += products[:, :, i, j]
    y = canvas[:, :, padding[0] : padding[0] + size[0], padding[2] : padding[2] + size[1]]
    if bias is not None:
        y = y + bias[:, None, None]
    return from_nchw(y, inputLayout)


def least_sizes(
    image: Sequence[int], kernel: Sequence[int], padding: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """Height and width of the transpose of a convolution without output padding."""
    return [(image[i] - 1) * strides[i] + extent(kernel[i], dilations[i]) - padding[2 * i] - padding[2 * i + 1] for i in range(2)]


@op(run=_conv_transpose2d, input=FLOAT.rank(4), filter=LIKE_FIRST.rank(4), bias=LIKE_FIRST.rank(1))
def convTranspose2d(
    input: Operand,
    filter: Operand,
    /,
    *,
    padding: list[uint] = [0, 0, 0, 0],
    strides: list[uint] = [1, 1],
    dilations: list[uint] = [1, 1],
    outputPadding: list[uint] = [0, 0],
    outputSizes: list[uint] | None = None,
    groups: uint = 1,
    inputLayout: Literal["nchw", "nhwc"] = "nchw",
    filterLayout: Literal["iohw", "hwoi", "ohwi"] = "iohw",
    bias: Operand | None = None,
) -> Descriptor:
    """The transpose of a convolution: every element of the images adds the filter, times itself, to the result.

    In the default layouts input is [n, c, h, w], filter [c, o / groups, kh, kw], bias [o] and the result [n, o, h', w'] with
    h' = (h - 1) stride + (kh - 1) dilation + 1 - padding + outputPadding, or as ``outputSizes`` says. ``padding`` is top, bottom,
    left, right.
    """
    check_spatial(padding=padding, strides=strides, dilations=dilations)
    n, channels, *image = nchw_shape(input.shape, inputLayout)
    inputs, per_group, *kernel = (filter.shape[axis] for axis in TRANSPOSE_FILTER_AXES[filterLayout])
    require(channels == inputs, f"the filter takes {inputs} channels, the input has {channels}")
    require(groups > 0 and channels % groups == 0, f"{channels} input channels cannot be split into {groups} groups")
    _bias_fits(bias, per_group * groups)
    least = least_sizes(image, kernel, padding, strides, dilations)
    if outputSizes is not None:
        require(len(outputSizes) == 2, f"outputSizes {outputSizes} must have 2 entries")
        fits = all(low <= size < low + stride for low, size, stride in zip(least, outputSizes, strides, strict=True))
        require(fits, f"outputSizes {outputSizes} must be at least {least} and less than a stride {strides} above")
        size = outputSizes
    else:
        require(len(outputPadding) == 2, f"outputPadding {outputPadding} must have 2 entries")
        fits = all(extra < stride for extra, stride in zip(outputPadding, strides, strict=True))
        require(fits, f"outputPadding {outputPadding} must be smaller than strides {strides}")
        size = [low + extra for low, extra in zip(least, outputPadding, strict=True)]
    require(min(size) > 0, f"padding {padding} leaves nothing of the result {[max(s, 0) for s in size]}")
    return input.with_shape(shape_from_nchw((n, per_group * groups, *size), inputLayout))
