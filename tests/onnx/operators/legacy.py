"""Rows: operators as earlier versions of the operator set have them."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known, OneNode
from tests.onnx.values import f32, known, normal, row, scales, some, u8, weights
from webnn_graph.data_types import Array

IMAGE = normal(2, 3, 5, 4)
STATISTICS = weights(3), weights(3), weights(3), Known(np.abs(normal(3)) + np.float32(0.1))
BY_PIXEL = *(weights(3, 5, 4) for _ in range(3)), Known(np.abs(normal(3, 5, 4)) + np.float32(0.1))

CASES = [
    row("TopK", f32(3, 9), opset=9, outputs=(0, 1), k=4),
    row("TopK", f32(7, 2), opset=9, outputs=(0, 1), k=3, axis=0),
    row("TopK", f32(3, 9), Known(np.array([4])), opset=10, outputs=(0, 1)),
    row("TopK", f32(7, 2), Known(np.array([3])), opset=10, outputs=(0, 1), axis=0),
    *(row("Upsample", IMAGE, opset=8, scales=[1.0, 1.0, 2.0, 1.5], mode=mode, rtol=1e-3, atol=2e-5) for mode in ("nearest", "linear")),
    row("BatchNormalization", IMAGE, *STATISTICS, opset=7, epsilon=1e-3),
    row("BatchNormalization", IMAGE, *BY_PIXEL, opset=7, spatial=0),
    row("ReduceLogSum", some("float32", 2, 3, 4, low=1), opset=11, axes=[1], keepdims=0),
    row("GatherND", f32(2, 3, 4), np.array([[[0, 1]], [[-1, 2]]]), opset=11),
    row("ScatterElements", f32(3, 4), np.array([[1, 0], [3, -2]]), f32(2, 2), opset=11, axis=1),
    row("ScatterND", f32(5, 3), np.array([[1], [-1]]), f32(2, 3), opset=11),
    row("NonZero", Known(np.array([[1.0, 0, -2], [0, 0, 3]], np.float32)), opset=9),
    row("QuantizeLinear", normal(3, 4), scales(4), Known(u8(4)), opset=19, axis=-1),
    row("QuantizeLinear", normal(3, 4), known(0.02), known(-3, np.int8), opset=20),
]


def _broadcast(op: str, x: Array, y: Array, axis: int | None) -> tuple[OneNode, OneNode]:
    """An operator whose second operand broadcasts because it is asked to, and the same where it always does."""
    options = {} if axis is None else {"axis": axis}
    stretched = y if axis is None else y.reshape([*y.shape, *[1] * (x.ndim - axis - y.ndim)])
    return row(op, x, y, opset=6, broadcast=1, **options), row(op, x, stretched, opset=7)


EQUIVALENT = [
    *(_broadcast(op, some("bool", 2, 3, 4), some("bool", 2, 3), 0) for op in ("And", "Or", "Xor")),
    *(_broadcast(op, some("bool", 2, 3, 4), some("bool", 3, 4), None) for op in ("And", "Or", "Xor")),
    *(
        _broadcast("Equal", some("int32", 2, 3, 4, high=2), some("int32", *shape, high=2), axis)
        for shape, axis in (((3,), 1), ((4,), None))
    ),
    *(_broadcast(op, f32(2, 3, 4), f32(3), 1) for op in ("Greater", "Less", "Add", "Sub", "Mul", "Div")),
    _broadcast("Pow", some("float32", 2, 3, 4, low=0.5), f32(3), 1),
    *((row(op, x, y, opset=6), row(op, x, y, opset=7)) for op in ("Greater", "Less") for x, y in [(f32(3, 4), f32(3, 4))]),
    (
        row("BatchNormalization", IMAGE, *STATISTICS, opset=1, is_test=1, consumed_inputs=[0, 0, 0, 1, 1]),
        row("BatchNormalization", IMAGE, *STATISTICS, opset=7),
    ),
    (row("Dropout", IMAGE, opset=1, is_test=1, consumed_inputs=[0]), row("Identity", IMAGE, opset=7)),
    (row("Relu", IMAGE, opset=1, consumed_inputs=[0]), row("Relu", IMAGE, opset=7)),
    (row("Reshape", IMAGE, opset=1, shape=[0, -1, 10]), row("Reshape", IMAGE, Known(np.array([0, -1, 10])), opset=7)),
    (row("Tile", IMAGE, known(3.0), known(2.0), opset=1), row("Tile", IMAGE, Known(np.array([1, 1, 3, 1])), opset=7)),
    (
        row("Pad", IMAGE, opset=1, paddings=[0, 0, 1, 2, 0, 0, 3, 1], mode="reflect"),
        row("Pad", IMAGE, opset=7, pads=[0, 0, 1, 2, 0, 0, 3, 1], mode="reflect"),
    ),
    (row("Concat", IMAGE, IMAGE, opset=1), row("Concat", IMAGE, IMAGE, opset=7, axis=1)),
    (row("Cast", IMAGE, opset=1, to="INT32"), row("Cast", IMAGE, opset=7, to=6)),
    (row("BatchNormalization", IMAGE, *STATISTICS, opset=6, is_test=1), row("BatchNormalization", IMAGE, *STATISTICS, opset=7)),
    (row("Dropout", IMAGE, opset=6, is_test=1), row("Identity", IMAGE, opset=7)),
]
"""What ONNX Runtime has no kernel for, each with the same in a form that it has one for."""
