"""Rows for reductions, arg-reductions and the cumulative sum."""

from __future__ import annotations

import math

import numpy as np

from tests.ops.case import Case, f16, f32, i8, i32, i64, u8, u32, u64
from tests.ops.oracles import torch

OF_NUMPY = {
    "reduceL1": lambda x, axis, keep: (
        np.linalg.norm(np.abs(x), 1, axis, keep) if isinstance(axis, int) else np.abs(x).sum(axis, keepdims=keep)
    ),
    "reduceL2": lambda x, axis, keep: (x**2).sum(axis, keepdims=keep) ** 0.5,
    "reduceLogSum": lambda x, axis, keep: np.log(x.sum(axis, keepdims=keep)),
    "reduceLogSumExp": lambda x, axis, keep: np.log(np.exp(x).sum(axis, keepdims=keep)),
    "reduceMax": lambda x, axis, keep: x.max(axis, keepdims=keep),
    "reduceMean": lambda x, axis, keep: x.mean(axis, keepdims=keep),
    "reduceMin": lambda x, axis, keep: x.min(axis, keepdims=keep),
    "reduceProduct": lambda x, axis, keep: x.prod(axis, keepdims=keep),
    "reduceSum": lambda x, axis, keep: x.sum(axis, keepdims=keep),
    "reduceSumSquare": lambda x, axis, keep: (x**2).sum(axis, keepdims=keep),
}
INTEGERS = {"reduceL1", "reduceProduct", "reduceSum", "reduceSumSquare"}
ALL_TYPES = {"reduceMax", "reduceMin"}


def _wide(function, axis, keep=False):  # type: ignore[no-untyped-def]
    """The formula in float64, or in Python's integers."""
    return lambda x: function(x.astype(np.float64) if x.dtype.kind == "f" else x.astype(object), axis, keep)


def _rows(name: str) -> list[Case]:
    function = OF_NUMPY[name]
    x = f32(2, 3, 4, low=0.5)
    return [
        Case(name, [x], gives=f32(), by=_wide(function, (0, 1, 2))),
        Case(name, [x], axes=[1], gives=f32(2, 4), by=_wide(function, 1)),
        Case(name, [x], axes=[2, 0], gives=f32(3), by=_wide(function, (0, 2))),
        Case(name, [x], axes=[2, 1], keepDimensions=True, gives=f32(2, 1, 1), by=_wide(function, (1, 2), True)),
        Case(name, [x], keepDimensions=True, gives=f32(1, 1, 1), by=_wide(function, (0, 1, 2), True)),
        Case(name, [x], axes=[], gives=f32(2, 3, 4), by=_wide(function, ())),
        Case(name, [f32(low=0.5)], gives=f32(), by=_wide(function, ())),
        Case(name, [f16(2, 3, low=0.5)], axes=[1], gives=f16(2), by=_wide(function, 1)),
        Case(name, [x], axes=[1, 1], error="axes [1, 1] contains one axis twice"),
        Case(name, [x], axes=[3], error="axes [3] is out of range for rank 3"),
        Case(name, [x], axes=1, error="axes must be a list of non-negative integers, not 1"),
        Case(name, [x], keepDimensions=1, error="keepDimensions must be true or false, not 1"),
    ]


def _integer_rows(name: str) -> list[Case]:
    function = OF_NUMPY[name]
    types = (i32, u32, i64, u64, i8, u8) if name in ALL_TYPES else (i32, u32, i64, u64)
    rows = [Case(name, [tensor(2, 3, high=4)], axes=[1], gives=tensor(2), by=_wide(function, 1)) for tensor in types]
    if name not in ALL_TYPES:
        rows.append(Case(name, [i8(2)], error="input is int8, allowed are float32, float16, int32, uint32, int64, uint64"))
    return rows


REDUCE = [
    *(row for name in OF_NUMPY for row in _rows(name)),
    *(row for name in sorted(INTEGERS | ALL_TYPES) for row in _integer_rows(name)),
    *(Case(name, [i32(2)], error="input is int32, allowed are float32, float16") for name in sorted(set(OF_NUMPY) - INTEGERS - ALL_TYPES)),
    Case("reduceLogSumExp", [f32(2, values=[1000, 1000])], gives=f32(values=1000 + math.log(2))),
    Case("reduceLogSumExp", [f32(2, values=[-math.inf, -math.inf])], gives=f32(values=-math.inf)),
    Case("reduceSum", [i32(2, values=[2**31 - 1, 1])], gives=i32(values=-(2**31)), onnx="int32 saturates", rustnn="int32 saturates"),
    Case("reduceSum", [f32(1000, values=0.1)], gives=f32(values=np.float64(np.float32(0.1)) * 1000)),
    Case("reduceMean", [f16(100, values=1000)], gives=f16(values=1000)),
]

ARG = [
    *(
        Case(
            name,
            [tensor(3, 4)],
            axis=axis,
            gives=i32(*((4,) if axis == 0 else (3,))),
            by=torch(lambda t, x, n=name, a=axis: getattr(t, n.lower())(x, a)),
        )
        for name in ("argMin", "argMax")
        for axis in (0, 1)
        for tensor in (f32, f16, i32, i64, i8)
        if not (tensor is i8 and axis == 0)
    ),
    *(
        Case(name, [tensor(4, values=[3, 7, 1, 5])], axis=0, gives=i32(values=index))
        for name, index in (("argMin", 2), ("argMax", 1))
        for tensor in (u8, u32, u64)
    ),
    *(
        Case(
            name,
            [f32(2, 3)],
            axis=1,
            keepDimensions=True,
            outputDataType=kind,
            gives=result(2, 1),
            by=torch(lambda t, x, n=name: getattr(t, n.lower())(x, 1, True)),
        )
        for name in ("argMin", "argMax")
        for kind, result in (("int64", i64), ("int32", i32))
    ),
    Case("argMax", [i32(4, values=[1, 3, 3, 0])], axis=0, gives=i32(values=1)),
    Case("argMin", [i32(4, values=[1, 0, 3, 0])], axis=0, gives=i32(values=1)),
    Case("argMax", [f32(2, 3)], axis=2, error="axis 2 is out of range for rank 2"),
    Case("argMin", [f32()], axis=0, error="input has rank 0 (shape []), expected rank at least 1"),
    Case("argMax", [f32(3)], axis=0, outputDataType="uint8", error="outputDataType must be 'int32' or 'int64', not 'uint8'"),
]

CUMULATIVE = [
    *(
        Case(
            "cumulativeSum",
            [tensor(2, 4, high=4)],
            axis=1,
            gives=tensor(2, 4),
            by=lambda x: np.array([[sum(r[: i + 1]) for i in range(4)] for r in x.tolist()]),
        )
        for tensor in (f32, f16, i32, u32, i64, u64)
    ),
    Case("cumulativeSum", [f32(3, 2)], axis=0, gives=f32(3, 2), by=torch(lambda t, x: t.cumsum(x, 0))),
    Case("cumulativeSum", [i32(4, values=[1, 2, 3, 4])], axis=0, exclusive=True, gives=i32(4, values=[0, 1, 3, 6])),
    Case("cumulativeSum", [i32(4, values=[1, 2, 3, 4])], axis=0, reversed=True, gives=i32(4, values=[10, 9, 7, 4])),
    Case("cumulativeSum", [i32(4, values=[1, 2, 3, 4])], axis=0, exclusive=True, reversed=True, gives=i32(4, values=[9, 7, 4, 0])),
    Case("cumulativeSum", [f32(2, 3, 2)], axis=1, exclusive=True, gives=f32(2, 3, 2), by=torch(lambda t, x: t.cumsum(x, 1) - x)),
    Case("cumulativeSum", [f32(2)], axis=1, error="axis 1 is out of range for rank 1"),
    Case("cumulativeSum", [f32()], axis=0, error="input has rank 0 (shape []), expected rank at least 1"),
    Case("cumulativeSum", [i8(2)], axis=0, error="input is int8, allowed are float32, float16, int32, uint32, int64, uint64"),
]

CASES = [*REDUCE, *ARG, *CUMULATIVE]
