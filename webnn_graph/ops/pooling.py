"""Average, L2 and maximum pooling over the two spatial dimensions.

Padding never takes part: an average is over the pixels that exist, a maximum ignores the border (the standard's text leaves
it open; the conformance tests and implementations agree on this).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import Family, Run, family
from webnn_graph.ops.domains import ANY, FLOAT
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.rules import require
from webnn_graph.ops.traits import Trait
from webnn_graph.ops.windows import check_spatial, extent, from_nchw, nchw_shape, pad_spatial, shape_from_nchw, slide, to_nchw

Over: TypeAlias = Callable[[np.ufunc, Array, float], Array]
"""Combines the pixels of each window of an image [n, c, h, w], which is padded with the given value."""


def _average(x: Array, over: Over) -> Array:
    inside = over(np.add, np.ones((1, 1, *x.shape[2:]), x.dtype), 0)
    return np.asarray(over(np.add, x, 0) / inside)


def _l2(x: Array, over: Over) -> Array:
    return np.asarray(np.sqrt(over(np.add, np.square(x), 0)))


def _maximum(x: Array, over: Over) -> Array:
    return over(np.maximum, x, -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)


def _pooling(function: Callable[[Array, Over], Array]) -> Run:
    def run(
        input: Array,
        windowDimensions: Sequence[int] | None,
        padding: Sequence[int],
        strides: Sequence[int],
        dilations: Sequence[int],
        layout: str,
        outputShapeRounding: str,
        outputSizes: Sequence[int] | None,
        result: Descriptor,
    ) -> Array:
        x = to_nchw(input, layout)
        kernel = windowDimensions or x.shape[2:]
        size = nchw_shape(result.shape, layout)[2:]
        needed = [(size[i] - 1) * strides[i] + extent(kernel[i], dilations[i]) for i in range(2)]
        overhang = [max(0, needed[i] - x.shape[2 + i] - padding[2 * i] - padding[2 * i + 1]) for i in range(2)]
        around = [padding[0], padding[1] + overhang[0], padding[2], padding[3] + overhang[1]]

        def over(combine: np.ufunc, image: Array, fill: float) -> Array:
            return slide(combine, pad_spatial(image, around, fill), kernel, strides, dilations, size)

        return from_nchw(function(x, over), layout)

    return run


def pool(
    input: Operand,
    /,
    *,
    windowDimensions: list[uint] | None = None,
    padding: list[uint] = [0, 0, 0, 0],
    strides: list[uint] = [1, 1],
    dilations: list[uint] = [1, 1],
    layout: Literal["nchw", "nhwc"] = "nchw",
    outputShapeRounding: Literal["floor", "ceil"] = "floor",
    outputSizes: list[uint] | None = None,
) -> Descriptor:
    n, channels, *image = nchw_shape(input.shape, layout)
    kernel = image if windowDimensions is None else windowDimensions
    require(len(kernel) == 2 and min(kernel) > 0, f"windowDimensions {kernel} must be 2 positive numbers: height and width")
    check_spatial(padding=padding, strides=strides, dilations=dilations)
    free = [image[i] + padding[2 * i] + padding[2 * i + 1] - extent(kernel[i], dilations[i]) for i in range(2)]
    require(min(free) >= 0, f"a window of {kernel} (dilations {dilations}) does not fit into {image} with padding {padding}")
    floor = [room // stride + 1 for room, stride in zip(free, strides, strict=True)]
    ceil = [-(-room // stride) + 1 for room, stride in zip(free, strides, strict=True)]
    size = ceil if outputShapeRounding == "ceil" else floor
    if outputSizes is not None:
        require(outputSizes in (floor, ceil), f"outputSizes {outputSizes} must be {floor} or {ceil}")
        size = outputSizes
    return input.with_shape(shape_from_nchw((n, channels, *size), layout))


SHAPES = """ of each window of the images.

In the default layout input is [n, c, h, w] and the result [n, c, h', w'] with h' = (h + padding - (kh - 1) dilation - 1) / stride
+ 1, rounded as ``outputShapeRounding`` or ``outputSizes`` says. ``padding`` is top, bottom, left, right; it counts for nothing.
"""
MEANS: Family = {
    "averagePool2d": (_pooling(_average), f"The mean{SHAPES}"),
    "l2Pool2d": (_pooling(_l2), f"The square root of the sum of squares{SHAPES}"),
}
family(MEANS, pool, input=FLOAT.rank(4))
family({"maxPool2d": (_pooling(_maximum), f"The largest element{SHAPES}")}, pool, Trait.ORDERING, input=ANY.rank(4))
