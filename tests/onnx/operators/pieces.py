"""Rows: shapes, slices, padding, creation."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import f32, ints, row, some

FAR = 2**63 - 1

CASES = [
    row("Reshape", f32(2, 3, 4), ints(0, -1)),
    row("Reshape", f32(2, 3, 4), ints(4, 0, -1), opset=13),
    *(row("Flatten", f32(2, 3, 4), axis=axis) for axis in (0, 1, 3, -1)),
    row("Squeeze", f32(1, 3, 1)),
    row("Squeeze", f32(1, 3, 1), ints(-1)),
    row("Squeeze", f32(1, 3, 1), opset=11, axes=[0]),
    row("Unsqueeze", f32(3), ints(-1, 0)),
    row("Unsqueeze", f32(3), opset=11, axes=[0, 2]),
    row("Transpose", f32(2, 3, 4)),
    row("Transpose", some("bool", 2, 3, 4), perm=[1, 2, 0]),
    row("Expand", f32(3, 1), ints(2, 1, 4)),
    row("Expand", some("bool", 3, 1), ints(1, 1)),
    row("Tile", some("int64", 2, 3), ints(2, 1)),
    row("Concat", some("int8", 2, 3), some("int8", 2, 1), axis=-1),
    row("Shape", f32(2, 3, 4), start=1),
    row("Shape", f32(2, 3, 4), start=-2, end=-1),
    row("Size", f32(2, 3, 4)),
    row("Split", f32(7, 2), outputs=(0, 1, 2), opset=18, num_outputs=3),
    row("Split", f32(7, 2), ints(1, 4, 2), outputs=(0, 1, 2), opset=18),
    row("Split", f32(2, 6), outputs=(0, 1, 2), opset=13, axis=-1),
    row("Split", f32(2, 6), outputs=(0, 1), opset=11, axis=1, split=[2, 4]),
    row("Slice", f32(5, 6), ints(1, -2), ints(FAR, -FAR), ints(0, 1), ints(2, -1)),
    row("Slice", f32(5, 6), ints(-1), ints(-FAR - 1), ints(-1), ints(-2)),
    row("Slice", f32(5, 6), ints(-100, 3), ints(100, -1)),
    row("Slice", f32(5, 6), opset=9, starts=[1, 2], ends=[3, -1]),
    *(row("Pad", some(t, 2, 3), ints(1, 0, 0, 2), Known(np.array(1, t))) for t in ("float32", "int32", "int64", "bool")),
    *(row("Pad", f32(3, 4), ints(1, 2, 2, 1), mode=mode) for mode in ("reflect", "edge", "wrap")),
    *(row("Pad", f32(4, 5), ints(-1, 2, 1, -2), mode=mode) for mode in ("constant", "edge")),
    row("Pad", f32(2, 3, 4), ints(1, 0, -1, 2), None, ints(0, -1)),
    row("Pad", f32(2, 3), opset=10, pads=[0, 1, 1, 0], value=2.5),
    *(row("DepthToSpace", f32(1, 8, 2, 3), blocksize=2, mode=mode) for mode in ("DCR", "CRD")),
    row("SpaceToDepth", f32(1, 2, 4, 6), blocksize=2),
    *(row("Trilu", some(t, 2, 4, 3), ints(k), upper=upper) for t in ("float32", "int64") for k in (-1, 2) for upper in (0, 1)),
    row("ReverseSequence", f32(4, 3, 2), np.array([1, 4, 2])),
    row("ReverseSequence", f32(3, 4, 2), np.array([1, 4, 2]), batch_axis=0, time_axis=1),
    *(row("CenterCropPad", f32(5, 4, 3), ints(3, 7), axes=[1, 0]) for _ in range(1)),
    row("ConstantOfShape", ints(2, 3)),
    row("Range", Known(np.array(1, np.float32)), Known(np.array(4.2, np.float32)), Known(np.array(0.5, np.float32))),
    row("Range", Known(np.array(10, np.int32)), Known(np.array(-3, np.int32)), Known(np.array(-4, np.int32))),
    row("EyeLike", f32(3, 4), k=1),
    row("EyeLike", some("int32", 3, 4), k=-1, dtype=7),
]
