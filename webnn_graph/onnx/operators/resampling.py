"""Resizing of images."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import FLOAT, Value


@translates("resample2d")
def resample2d(
    m: ModelBuilder,
    input: Value,
    /,
    *,
    mode: str,
    scales: Sequence[float],
    sizes: Sequence[int] | None,
    axes: Sequence[int],
    result: Descriptor,
) -> Value:
    order = [axis for axis in range(4) if axis not in axes] + sorted(axes)
    x = m.transpose(input, order)
    is_rounded = mode == "linear" and not input.is_float
    shape = [result.shape[axis] for axis in order]
    resized = m.node(
        "Resize",
        m.cast(x, FLOAT) if is_rounded else x,
        None,
        None,
        m.constant(shape),
        shape=shape,
        mode="linear" if mode == "linear" else "nearest",
        coordinate_transformation_mode="half_pixel",
        nearest_mode=None if mode == "linear" else "round_prefer_floor",
    )
    if is_rounded:
        resized = m.cast(m.node("Round", resized), input.type)
    return m.transpose(resized, [order.index(axis) for axis in range(4)])
