"""What convolution, pooling and resampling share: ONNX has images as [n, c, h, w] only."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.values import Value
from webnn_graph.ops.windows import NCHW_TO_NHWC, NHWC_TO_NCHW


def to_nchw(m: ModelBuilder, image: Value, layout: str) -> Value:
    """An image of either layout as [n, c, h, w]."""
    return image if layout == "nchw" else m.transpose(image, NHWC_TO_NCHW)


def from_nchw(m: ModelBuilder, image: Value, layout: str) -> Value:
    """[n, c, h, w] in the given layout."""
    return image if layout == "nchw" else m.transpose(image, NCHW_TO_NHWC)


def around(padding: Sequence[int]) -> list[int]:
    """ONNX's ``pads``, the beginnings before the ends, of top, bottom, left and right."""
    top, bottom, left, right = padding
    return [top, left, bottom, right]
