"""Rows: gathering, scattering, selecting."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import f32, ints, row, some

TWICE = np.array([[0, 2], [0, 2], [-1, 1]], np.int64)
REPEATED = np.array([[1, 1, -1], [0, 1, 1]], np.int64)
TIES = np.array([[3, 1, 3, 0, 3], [-1, -1, 2, 2, -5]], np.float32)

CASES = [
    *(row("Gather", f32(3, 4, 5), some(t, 2, 2, low=-3, high=2), axis=axis) for t in ("int32", "int64") for axis in (0, -2)),
    row("Gather", some("bool", 3, 4), np.array(2), axis=1),
    row("GatherElements", f32(4, 5), some("int64", 2, 3, low=-4, high=3), axis=0),
    row("GatherElements", f32(4, 5), some("int32", 4, 2, low=-5, high=4), axis=-1),
    row("GatherND", f32(2, 3, 4), some("int64", 2, 2, 1, low=-3, high=2), batch_dims=1),
    row("GatherND", f32(2, 3, 4), some("int64", 2, 3, 5, 1, low=-4, high=3), batch_dims=2),
    row("GatherND", f32(2, 3, 4), np.array([[[0, 1]], [[-1, 2]]])),
    *(
        row(op, some(t, 3, 4), indices, some(t, 2, 3, high=3), axis=1, reduction=reduction)
        for op in ("ScatterElements",)
        for t in ("float32", "int32", "int64")
        for reduction in ("add", "mul", "max", "min")
        for indices in (REPEATED, Known(REPEATED))
    ),
    row("ScatterElements", f32(3, 4), np.array([[1, 0], [3, -2]]), f32(2, 2), axis=1),
    row("ScatterElements", f32(3, 4), np.array([[1, 0, 2, 1]]), f32(1, 4), axis=0),
    row("Scatter", f32(3, 4), np.array([[1, 0, 2, 1]]), f32(1, 4), opset=10, axis=0),
    *(
        row("ScatterND", some(t, 3, 4, 2), indices, some(t, 3, 2, high=3), opset=18, reduction=reduction)
        for t in ("float32", "int64")
        for reduction in ("add", "mul", "max", "min")
        for indices in (TWICE, Known(TWICE))
    ),
    row("ScatterND", f32(5, 3), np.array([[1], [-1]]), f32(2, 3)),
    *(row("TopK", f32(3, 9), ints(4), outputs=(0, 1), axis=axis, largest=largest) for axis in (-1,) for largest in (0, 1)),
    row("TopK", f32(7, 2), ints(1), outputs=(0, 1), axis=0),
    row("TopK", TIES, ints(3), outputs=(0, 1)),
    row("TopK", some("int64", 2, 30, high=5), ints(12), outputs=(0, 1)),
    row("TopK", f32(2, 6000), ints(300), outputs=(0, 1)),
    row("TopK", np.round(f32(9000)), ints(40), outputs=(0, 1), largest=0),
    *(row(op, TIES, axis=1, select_last_index=last, keepdims=last) for op in ("ArgMax", "ArgMin") for last in (0, 1)),
    *(row("OneHot", np.array([[0, 2], [-1, 7]]), ints(4), some(v, 2), axis=axis) for v in ("float32", "int64") for axis in (-1, 0, 1)),
    row("OneHot", np.array([0, 2, -1], np.float32), Known(np.array(3, np.float32)), np.array([2.0, 5.0], np.float32)),
    row("Compress", f32(3, 4), Known(np.array([False, True, True])), axis=-1),
    row("Compress", f32(3, 4), Known(np.array([False, True, True, False, True]))),
]
