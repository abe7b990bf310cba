"""Average, L2 and maximum pooling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from onnx import TensorProto

from webnn_graph.graph import Descriptor, Shape
from webnn_graph.onnx.images import around, from_nchw, to_nchw
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import DATA_TYPES, Value
from webnn_graph.ops.windows import extent, nchw_shape

POOLS = {
    "averagePool2d": ("AveragePool", {"count_include_pad": 0}),
    "l2Pool2d": ("LpPool", {"p": 2}),
    "maxPool2d": ("MaxPool", {}),
}


WIDE = (TensorProto.INT64, TensorProto.UINT64)
"""What ONNX pools neither in itself nor in a type that holds it."""


@translates(*POOLS)
def pool(
    m: ModelBuilder,
    input: Value,
    /,
    *,
    windowDimensions: Sequence[int] | None,
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    layout: str,
    outputShapeRounding: str,
    outputSizes: Sequence[int] | None,
    result: Descriptor,
    op: str,
) -> Value:
    onnx_name, more = POOLS[op]
    x = to_nchw(m, input, layout)
    shape = nchw_shape(result.shape, layout)
    kernel = windowDimensions or x.shape[2:]
    end = [padding[1], padding[3]]
    room = [x.shape[2 + i] + padding[2 * i] for i in range(2)]
    rounded_up = [-(-(room[i] + end[i] - extent(kernel[i], dilations[i])) // strides[i]) + 1 for i in range(2)]
    needed = [(shape[2 + i] - 1) * strides[i] + extent(kernel[i], dilations[i]) - room[i] for i in range(2)]
    is_up = any(needed[i] > end[i] for i in range(2))
    # ONNX drops windows that begin in the padding, which makes no difference to the others.
    if is_up and not all(shape[2 + i] == rounded_up[i] and (shape[2 + i] - 1) * strides[i] < room[i] for i in range(2)):
        end, is_up = [max(needed[i], end[i]) for i in range(2)], False
    if x.type in WIDE:
        return from_nchw(m, _by_taps(m, x, shape, kernel, [padding[0], end[0], padding[2], end[1]], strides, dilations), layout)
    pooled = m.node(
        onnx_name,
        x,
        shape=shape,
        kernel_shape=kernel,
        pads=around([padding[0], end[0], padding[2], end[1]]),
        strides=strides,
        dilations=dilations,
        ceil_mode=int(is_up),
        **more,
    )
    return from_nchw(m, pooled, layout)


def _by_taps(
    m: ModelBuilder,
    x: Value,
    shape: Shape,
    kernel: Sequence[int],
    padding: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Value:
    """A maximum as that of the images that each element of the window sees."""
    top, bottom, left, right = padding
    least = m.like(DATA_TYPES[x.type].range[0], x)
    room = (*x.shape[:2], x.shape[2] + top + bottom, x.shape[3] + left + right)
    padded = m.node("Pad", x, m.constant([0, 0, top, left, 0, 0, bottom, right]), least, shape=room)
    seen = []
    for tap in product(*map(range, kernel)):
        starts = [tap[i] * dilations[i] for i in range(2)]
        ends = [starts[i] + (shape[2 + i] - 1) * strides[i] + 1 for i in range(2)]
        seen.append(m.node("Slice", padded, m.constant(starts), m.constant(ends), m.constant([2, 3]), m.constant(strides), shape=shape))
    return m.node("Max", *seen)
