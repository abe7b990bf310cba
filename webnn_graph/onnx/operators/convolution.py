"""Convolution and its transpose."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.images import around, from_nchw, to_nchw
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import Value
from webnn_graph.ops.convolution import FILTER_AXES, TRANSPOSE_FILTER_AXES, least_sizes
from webnn_graph.ops.windows import nchw_shape


@translates("conv2d")
def conv2d(
    m: ModelBuilder,
    input: Value,
    filter: Value,
    /,
    *,
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    groups: int,
    inputLayout: str,
    filterLayout: str,
    bias: Value | None,
    result: Descriptor,
) -> Value:
    convolved = m.node(
        "Conv",
        to_nchw(m, input, inputLayout),
        m.transpose(filter, FILTER_AXES[filterLayout]),
        bias,
        shape=nchw_shape(result.shape, inputLayout),
        kernel_shape=[filter.shape[axis] for axis in FILTER_AXES[filterLayout][2:]],
        pads=around(padding),
        strides=strides,
        dilations=dilations,
        group=groups,
    )
    return from_nchw(m, convolved, inputLayout)


@translates("convTranspose2d")
def conv_transpose2d(
    m: ModelBuilder,
    input: Value,
    filter: Value,
    /,
    *,
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    outputPadding: Sequence[int],
    outputSizes: Sequence[int] | None,
    groups: int,
    inputLayout: str,
    filterLayout: str,
    bias: Value | None,
    result: Descriptor,
) -> Value:
    image = nchw_shape(input.shape, inputLayout)[2:]
    kernel = [filter.shape[axis] for axis in TRANSPOSE_FILTER_AXES[filterLayout][2:]]
    shape = nchw_shape(result.shape, inputLayout)
    least = least_sizes(image, kernel, padding, strides, dilations)
    convolved = m.node(
        "ConvTranspose",
        to_nchw(m, input, inputLayout),
        m.transpose(filter, TRANSPOSE_FILTER_AXES[filterLayout]),
        bias,
        shape=shape,
        kernel_shape=kernel,
        pads=around(padding),
        output_padding=[size - low for size, low in zip(shape[2:], least, strict=True)],
        strides=strides,
        dilations=dilations,
        group=groups,
    )
    return from_nchw(m, convolved, inputLayout)
