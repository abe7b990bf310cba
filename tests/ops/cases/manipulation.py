"""Rows for reshaping, reordering, cutting, padding, gathering and scattering."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.ops.case import Case, f16, f32, i4, i8, i32, i64, u4, u8, u32, u64
from tests.ops.oracles import Oracle, torch

EVERY = (f32, f16, i32, u32, i64, u64, i8, u8)


def _reflect_index(i: int, size: int) -> int:
    return abs(i) if i < size else 2 * (size - 1) - i


def _padded(begin: list[int], end: list[int], index: Any, fill: float | None = None) -> Oracle:
    """Each element by the index it comes from; ``fill`` where that is outside."""

    def compute(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        y = np.full([b + n + e for b, n, e in zip(begin, x.shape, end, strict=True)], 0 if fill is None else fill, x.dtype)
        for at in np.ndindex(*y.shape):
            source = [index(i - b, n) for i, b, n in zip(at, begin, x.shape, strict=True)]
            if all(0 <= i < n for i, n in zip(source, x.shape, strict=True)):
                y[at] = x[tuple(source)]
        return y

    return compute


SHAPE = [
    *(
        Case(
            "reshape", [tensor(2, 6)], newShape=[3, 4], gives=tensor(3, 4), by=lambda x: np.array(x.tolist(), x.dtype).ravel().reshape(3, 4)
        )
        for tensor in EVERY
    ),
    Case("reshape", [f32(1, 1)], newShape=[], gives=f32(), by=lambda x: x[0, 0]),
    Case("reshape", [f32()], newShape=[1, 1], gives=f32(1, 1), by=lambda x: np.array([[x]])),
    Case("reshape", [i4(2, 3)], newShape=[6], gives=i4(6), by=lambda x: x.ravel()),
    Case("reshape", [u4(2, 3)], newShape=[6], gives=u4(6), by=lambda x: x.ravel(), browser="no uint4"),
    Case("reshape", [f32(2, 3)], newShape=[4], error="newShape [4] has 4 elements, the input has 6"),
    Case("reshape", [f32(2, 3)], newShape=[-1], error="newShape must be a list of non-negative integers, not [-1]"),
    Case("reshape", [f32(2, 3)], newShape=[2, 3, 0], error="newShape [2, 3, 0] has 0 elements, the input has 6"),
    *(
        Case("expand", [tensor(3, 1)], newShape=[2, 3, 4], gives=tensor(2, 3, 4), by=lambda x: np.stack([np.repeat(x, 4, 1)] * 2))
        for tensor in EVERY
    ),
    Case("expand", [f32()], newShape=[2], gives=f32(2), by=lambda x: np.array([x, x])),
    Case("expand", [f32(2, 3)], newShape=[2, 4], error="shape [2, 3] does not broadcast to newShape [2, 4]"),
    Case("expand", [f32(2, 3)], newShape=[3], error="shape [2, 3] does not broadcast to newShape [3]"),
    Case("expand", [f32(1)], newShape=[2**31], error="the result would have shape [2147483648]; dimensions must be 1 to 2^31-1"),
    Case(
        "expand",
        [f32(65536, 1)],
        newShape=[65536, 65536],
        error="[65536, 65536], which is 4,294,967,296 elements; a tensor has at most 2^31-1",
    ),
    Case("expand", [f32(1)], newShape=[1] * 33, error="the result would have 33 dimensions; at most 32 are supported"),
    Case("expand", [i4(1)], newShape=[2], error="input is int4, allowed are"),
    *(
        Case("tile", [tensor(2, 3)], repetitions=[2, 3], gives=tensor(4, 9), by=torch(lambda t, x: x.repeat(2, 3)))
        for tensor in (f32, f16, i32, i64, i8)
    ),
    *(Case("tile", [tensor(2, values=[1, 2])], repetitions=[2], gives=tensor(4, values=[1, 2, 1, 2])) for tensor in (u8, u32, u64)),
    Case("tile", [f32()], repetitions=[], gives=f32(), by=lambda x: x),
    Case("tile", [f32(2, 3)], repetitions=[2], error="repetitions [2] must have one entry per dimension (2)"),
    Case("tile", [f32(2, 3)], repetitions=[2, 0], error="repetitions [2, 0] must be positive"),
    *(Case("transpose", [tensor(2, 3)], gives=tensor(3, 2), by=lambda x: np.array([x[:, i] for i in range(3)])) for tensor in EVERY),
    Case("transpose", [f32(2, 3, 4)], permutation=[2, 0, 1], gives=f32(4, 2, 3), by=torch(lambda t, x: x.permute(2, 0, 1))),
    Case("transpose", [f32(2, 3, 4)], gives=f32(4, 3, 2), by=torch(lambda t, x: x.permute(2, 1, 0))),
    Case("transpose", [f32()], gives=f32(), by=lambda x: x),
    Case("transpose", [f32(2, 3)], permutation=[0, 0], error="permutation [0, 0] is not a permutation of 0..1"),
    Case("transpose", [f32(2, 3)], permutation=[0], error="permutation [0] is not a permutation of 0..1"),
    *(Case("reverse", [tensor(2, 3)], axes=[1], gives=tensor(2, 3), by=lambda x: x[:, [2, 1, 0]]) for tensor in EVERY),
    Case("reverse", [f32(2, 3)], gives=f32(2, 3), by=torch(lambda t, x: x.flip([0, 1]))),
    Case("reverse", [f32(2, 3)], axes=[], gives=f32(2, 3), by=lambda x: x),
    Case("reverse", [f32(2, 3)], axes=[2], error="axes [2] is out of range for rank 2"),
    Case("reverse", [f32(2, 3)], axes=[0, 0], error="axes [0, 0] contains one axis twice"),
]

PIECES = [
    *(
        Case(
            "concat",
            [tensor(2, 1), tensor(2, 2)],
            axis=1,
            gives=tensor(2, 3),
            by=lambda a, b: np.array([[*x, *y] for x, y in zip(a, b, strict=True)]),
        )
        for tensor in EVERY
    ),
    Case("concat", [f32(2, 3), f32(2, 5)], axis=1, gives=f32(2, 8), by=torch(lambda t, *x: t.cat(x, 1))),
    Case("concat", [f32(1, 2), f32(3, 2), f32(2, 2)], axis=0, gives=f32(6, 2), by=torch(lambda t, *x: t.cat(x, 0))),
    Case("concat", [f32(2, 3)], axis=0, gives=f32(2, 3), by=lambda x: x),
    Case("concat", [i4(3), i4(2)], axis=0, gives=i4(5), by=lambda a, b: np.array([*a, *b])),
    Case("concat", [f32(2, 3), i32(2, 3)], axis=0, error="inputs[1] is int32, inputs[0] is float32"),
    Case("concat", [f32(2, 3), f32(2, 4)], axis=0, error="inputs[1] has shape [2, 4], inputs[0] [2, 3]; only axis 0 may differ"),
    Case("concat", [f32(2, 3), f32(2)], axis=0, error="inputs[1] has shape [2], inputs[0] [2, 3]; only axis 0 may differ"),
    Case("concat", [f32(2, 3)], axis=2, error="axis 2 is out of range for rank 2"),
    Case("concat", [f32()], axis=0, error="inputs[0] has rank 0 (shape []), expected rank at least 1"),
    Case("concat", [], axis=0, error="concat takes 1 to 8192 inputs, 0 were given"),
    *(
        Case("split", [tensor(2, 4)], splits=[1, 3], axis=1, gives=[tensor(2, 1), tensor(2, 3)], by=lambda x: [x[:, :1], x[:, 1:]])
        for tensor in EVERY
    ),
    Case("split", [f32(6, 2)], splits=3, gives=[f32(2, 2)] * 3, by=torch(lambda t, x: t.chunk(x, 3))),
    Case("split", [f32(2, 4)], splits=1, axis=1, gives=[f32(2, 4)], by=lambda x: [x]),
    Case("split", [f32(2, 4)], splits=3, axis=1, error="4 elements along axis 1 cannot be split into 3 equal parts"),
    Case("split", [f32(2, 4)], splits=[1, 2], axis=1, error="splits [1, 2] must be positive and add up to 4"),
    Case("split", [f32(2, 4)], splits=[0, 4], axis=1, error="splits [0, 4] must be positive and add up to 4"),
    Case("split", [f32(2, 4)], splits=2, axis=2, error="axis 2 is out of range for rank 2"),
    Case("split", [f32(8193)], splits=8193, error="split returns at most 8192 operands, 8193 are asked for"),
    Case("split", [f32()], splits=1, error="input has rank 0 (shape []), expected rank at least 1"),
    Case("split", [f32(4)], splits="2", error="splits must be a non-negative integer or a list of them, not '2'"),
    *(Case("slice", [tensor(4, 5)], starts=[1, 2], sizes=[2, 3], gives=tensor(2, 3), by=lambda x: x[1:3, 2:]) for tensor in EVERY),
    Case("slice", [f32(4, 7)], starts=[0, 1], sizes=[4, 5], strides=[3, 2], gives=f32(2, 3), by=lambda x: x[[0, 3]][:, [1, 3, 5]]),
    Case("slice", [f32(4)], starts=[3], sizes=[1], strides=[9], gives=f32(1), by=lambda x: x[3:]),
    Case("slice", [f32()], starts=[], sizes=[], gives=f32(), by=lambda x: x),
    Case("slice", [f32(4)], starts=[1, 0], sizes=[2], error="starts [1, 0] must have one entry per dimension (1)"),
    Case("slice", [f32(4)], starts=[1], sizes=[], error="sizes [] must have one entry per dimension (1)"),
    Case("slice", [f32(4)], starts=[1], sizes=[2], strides=[1, 1], error="strides [1, 1] must have one entry per dimension (1)"),
    Case("slice", [f32(4)], starts=[1], sizes=[0], error="sizes [0] and strides [1] must be positive"),
    Case("slice", [f32(4)], starts=[1], sizes=[2], strides=[0], error="sizes [2] and strides [0] must be positive"),
    Case("slice", [f32(2, 4)], starts=[0, 2], sizes=[2, 3], error="start 2 and size 3 exceed dimension 1 of size 4"),
]

PAD = [
    *(
        Case(
            "pad",
            [tensor(2, 3)],
            beginningPadding=[1, 0],
            endingPadding=[0, 2],
            value=7,
            gives=tensor(3, 5),
            by=_padded([1, 0], [0, 2], lambda i, n: i, 7),
        )
        for tensor in EVERY
    ),
    Case("pad", [f32(2, 3)], beginningPadding=[1, 2], endingPadding=[3, 0], gives=f32(6, 5), by=_padded([1, 2], [3, 0], lambda i, n: i, 0)),
    Case(
        "pad", [f32(2)], beginningPadding=[1], endingPadding=[1], value=-np.inf, gives=f32(4), by=_padded([1], [1], lambda i, n: i, -np.inf)
    ),
    Case(
        "pad",
        [f32(3, 4)],
        beginningPadding=[2, 0],
        endingPadding=[0, 3],
        mode="reflection",
        gives=f32(5, 7),
        by=_padded([2, 0], [0, 3], _reflect_index),
    ),
    Case(
        "pad",
        [f32(3, 4)],
        beginningPadding=[2, 1],
        endingPadding=[4, 3],
        mode="edge",
        gives=f32(9, 8),
        by=_padded([2, 1], [4, 3], lambda i, n: min(max(i, 0), n - 1)),
    ),
    *(
        Case("pad", [of(1, values=[4])], beginningPadding=[1], endingPadding=[0], value=value, gives=of(2, values=[padded, 4]))
        for of in (i32, i8, u8)
        for value, padded in ((0.75, 1), (0.5, 0), (1.5, 2), (2.25, 2), (math.nan, 0))
    ),
    Case("pad", [i8(1, values=[4])], beginningPadding=[1], endingPadding=[0], value=1000, gives=i8(2, values=[127, 4])),
    Case("pad", [f32()], beginningPadding=[], endingPadding=[], gives=f32(), by=lambda x: x),
    Case(
        "pad", [f32(2)], beginningPadding=[1, 1], endingPadding=[1], error="beginningPadding [1, 1] must have one entry per dimension (1)"
    ),
    Case("pad", [f32(2)], beginningPadding=[1], endingPadding=[], error="endingPadding [] must have one entry per dimension (1)"),
    Case(
        "pad",
        [f32(2)],
        beginningPadding=[0],
        endingPadding=[2],
        mode="reflection",
        error="endingPadding [2] must be smaller than the input's dimensions [2] to reflect",
    ),
    Case(
        "pad",
        [f32(2)],
        beginningPadding=[0],
        endingPadding=[2],
        mode="wrap",
        error="mode must be 'constant' or 'edge' or 'reflection', not 'wrap'",
    ),
]

TRIANGULAR = [
    *(
        Case("triangular", [tensor(3, 4)], gives=tensor(3, 4), by=lambda x: x * np.array([[j >= i for j in range(4)] for i in range(3)]))
        for tensor in EVERY
    ),
    *(
        Case(
            "triangular",
            [f32(2, 3, 4)],
            upper=upper,
            diagonal=diagonal,
            gives=f32(2, 3, 4),
            by=torch(lambda t, x, f="triu" if upper else "tril", d=diagonal: getattr(t, f)(x, d)),
        )
        for upper in (True, False)
        for diagonal in (-1, 0, 2)
    ),
    Case("triangular", [f32(3)], error="input has rank 1 (shape [3]), expected rank at least 2"),
    Case("triangular", [f32(3, 3)], diagonal=0.5, error="diagonal must be an integer, not 0.5"),
]

GATHER = [
    *(
        Case("gather", [tensor(4, 3), i32(2, values=[3, 0])], gives=tensor(2, 3), by=lambda x, i: np.array([x[3], x[0]]))
        for tensor in EVERY
    ),
    *(
        Case(
            "gather",
            [f32(3, 4), index(2, 2, values=[[0, 3], [1, 1]])],
            axis=1,
            gives=f32(3, 2, 2),
            by=lambda x, i: np.array([[[r[0], r[3]], [r[1], r[1]]] for r in x]),
        )
        for index in (i32, u32, i64)
    ),
    Case("gather", [f32(4), i32(values=2)], gives=f32(), by=lambda x, i: x[2]),
    Case("gather", [f32(3), i32(3, values=[-1, -3, 2])], gives=f32(3), by=lambda x, i: np.array([x[2], x[0], x[2]])),
    Case("gather", [f32(3), i32(2, values=[9, -9])], gives=f32(2), by=lambda x, i: np.array([x[2], x[0]])),
    Case("gather", [f32(3), f32(2)], error="indices is float32, allowed are int32, uint32, int64"),
    Case("gather", [f32(3), i32(2)], axis=1, error="axis 1 is out of range for rank 1"),
    Case("gather", [f32(), i32(2)], error="input has rank 0 (shape []), expected rank at least 1"),
    *(
        Case(
            "gatherElements",
            [tensor(3, 2), i64(2, 2, values=[[2, 0], [1, 1]])],
            gives=tensor(2, 2),
            by=lambda x, i: np.array([[x[2, 0], x[0, 1]], [x[1, 0], x[1, 1]]]),
        )
        for tensor in EVERY
    ),
    Case("gatherElements", [f32(2, 3), i64(2, 4, low=0, high=2)], axis=1, gives=f32(2, 4), by=torch(lambda t, x, i: t.gather(x, 1, i))),
    Case("gatherElements", [f32(3), i32(3, values=[-1, 9, 1])], gives=f32(3), by=lambda x, i: x[[2, 2, 1]]),
    Case("gatherElements", [f32(3), u32(3, values=[2, 0, 1])], gives=f32(3), by=lambda x, i: x[[2, 0, 1]]),
    Case("gatherElements", [f32(2, 3), i64(3, 3)], axis=1, error="indices have shape [3, 3], the input [2, 3]; only axis 1 may differ"),
    Case("gatherElements", [f32(2, 3), i64(3)], error="indices have shape [3], the input [2, 3]; only axis 0 may differ"),
    Case("gatherElements", [f32(2, 3), i64(2, 3)], axis=2, error="axis 2 is out of range for rank 2"),
    *(
        Case("gatherND", [tensor(2, 3), i32(2, 2, values=[[1, 2], [0, 0]])], gives=tensor(2), by=lambda x, i: np.array([x[1, 2], x[0, 0]]))
        for tensor in EVERY
    ),
    *(
        Case("gatherND", [f32(3, 2, 2), index(2, 1, values=[[2], [0]])], gives=f32(2, 2, 2), by=lambda x, i: np.stack([x[2], x[0]]))
        for index in (i32, u32, i64)
    ),
    Case("gatherND", [f32(2, 3), i32(2, values=[1, -1])], gives=f32(), by=lambda x, i: x[1, 2]),
    Case("gatherND", [f32(2, 3), i32(1, 2, values=[[9, -9]])], gives=f32(1), by=lambda x, i: x[1, :1]),
    Case("gatherND", [f32(2, 3), i32(2, 3)], error="the last dimension of indices is 3, the input has only rank 2"),
    Case("gatherND", [f32(2, 3), i32()], error="indices has rank 0 (shape []), expected rank at least 1"),
]

SCATTER = [
    *(
        Case(
            "scatterElements",
            [tensor(3, values=[1, 2, 3]), i32(2, values=[2, 0]), tensor(2, values=[7, 8])],
            gives=tensor(3, values=[8, 2, 7]),
        )
        for tensor in EVERY
    ),
    Case(
        "scatterElements",
        [f32(3, 4), i64(3, 2, values=[[0, 3], [2, 1], [1, 0]]), f32(3, 2)],
        axis=1,
        gives=f32(3, 4),
        by=torch(lambda t, x, i, u: t.scatter(x, 1, i, u)),
    ),
    Case("scatterElements", [f32(3, values=[1, 2, 3]), i32(1, values=[-1]), f32(1, values=[9])], gives=f32(3, values=[1, 2, 9])),
    Case("scatterElements", [f32(3, values=[1, 2, 3]), u32(1, values=[1]), f32(1, values=[9])], gives=f32(3, values=[1, 9, 3])),
    Case("scatterElements", [f32(2, 3), i32(1, 2), f32(1, 2)], error="indices have shape [1, 2], the input [2, 3]; only axis 0 may differ"),
    Case("scatterElements", [f32(2, 3), i32(1, 3), f32(2, 3)], error="updates have shape [2, 3], indices [1, 3]"),
    Case("scatterElements", [f32(2), i32(2), f16(2)], error="updates is float16, input is float32; they must be the same"),
    Case("scatterElements", [f32(2), i32(2), f32(2)], axis=1, error="axis 1 is out of range for rank 1"),
    *(
        Case(
            "scatterND",
            [tensor(4, values=[1, 2, 3, 4]), i32(2, 1, values=[[3], [1]]), tensor(2, values=[8, 9])],
            gives=tensor(4, values=[1, 9, 3, 8]),
        )
        for tensor in EVERY
    ),
    Case(
        "scatterND",
        [f32(2, 3, values=0), i64(2, 2, values=[[1, 0], [0, -1]]), f32(2, values=[5, 6])],
        gives=f32(2, 3, values=[[0, 0, 6], [5, 0, 0]]),
    ),
    Case(
        "scatterND",
        [f32(3, 2, values=0), u32(1, 1, values=[[2]]), f32(1, 2, values=[[5, 6]])],
        gives=f32(3, 2, values=[[0, 0], [0, 0], [5, 6]]),
    ),
    Case("scatterND", [f32(3, values=0), i32(1, values=[1]), f32(values=5)], gives=f32(3, values=[0, 5, 0])),
    Case("scatterND", [f32(3), i32(1, 2), f32(1)], error="the last dimension of indices is 2, the input has only rank 1"),
    Case("scatterND", [f32(3, 2), i32(4, 1), f32(4)], error="updates have shape [4], expected [4, 2]"),
]

CASES = [*SHAPE, *PIECES, *PAD, *TRIANGULAR, *GATHER, *SCATTER]
