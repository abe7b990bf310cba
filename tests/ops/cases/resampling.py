"""Rows for resample2d."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.ops.case import Case, f16, f32, i8, i32, u8
from tests.ops.oracles import Oracle, onnx


def _resize(mode: str = "nearest", scales: Any = None, sizes: Any = None, axes: tuple[int, int] = (2, 3)) -> Oracle:
    """ONNX's Resize, whose half_pixel and round_prefer_floor are the standard's rules; it wants height and width last."""

    def compute(x: Any) -> Any:
        moved = np.ascontiguousarray(np.moveaxis(x, axes, (2, 3)))
        fed = moved.astype(np.float32) if mode == "linear" else moved
        outer = [1, 1] if sizes is None else list(moved.shape[:2])
        parameters = (
            (None, np.array([*outer, *scales], np.float32)) if sizes is None else (None, None, np.array([*outer, *sizes], np.int64))
        )
        (y,) = onnx("Resize", mode=mode, opset=18)(fed, *parameters)
        return np.moveaxis(y, (2, 3), axes)

    return compute


x = f32(1, 2, 4, 6)

CASES = [
    Case("resample2d", [x], gives=x, by=lambda a: a),
    Case("resample2d", [x], scales=[2, 3], gives=f32(1, 2, 8, 18), by=_resize(scales=[2, 3])),
    Case("resample2d", [x], scales=[0.5, 0.5], gives=f32(1, 2, 2, 3), by=_resize(scales=[0.5, 0.5])),
    Case("resample2d", [x], sizes=[2, 3], gives=f32(1, 2, 2, 3), by=_resize(sizes=[2, 3])),
    Case("resample2d", [x], sizes=[5, 11], gives=f32(1, 2, 5, 11), by=_resize(sizes=[5, 11])),
    Case("resample2d", [f32(1, 1, 1, 6, values=range(6))], sizes=[1, 3], gives=f32(1, 1, 1, 3, values=[0, 2, 4])),
    *(
        Case("resample2d", [of(1, 2, 4, 6)], mode="linear", scales=[2, 1.5], gives=of(1, 2, 8, 9), by=_resize("linear", [2, 1.5]))
        for of in (f32, f16)
    ),
    Case("resample2d", [x], mode="linear", sizes=[3, 13], gives=f32(1, 2, 3, 13), by=_resize("linear", sizes=[3, 13])),
    Case("resample2d", [x], mode="linear", scales=[1.7, 0.6], gives=f32(1, 2, 6, 3), by=_resize("linear", sizes=[6, 3])),
    Case("resample2d", [x], scales=[1.7, 0.6], gives=f32(1, 2, 6, 3), by=_resize(sizes=[6, 3])),
    Case("resample2d", [x], mode="nearest-neighbor", axes=[2, 3], scales=[1, 2], gives=f32(1, 2, 4, 12), by=_resize(scales=[1, 2])),
    *(
        Case(
            "resample2d",
            [f32(2, 4, 5, 3)],
            mode=mode,
            axes=list(axes),
            sizes=[7, 9],
            gives=f32(*shape),
            by=_resize(kind, sizes=[7, 9], axes=axes),
        )
        for mode, kind in (("linear", "linear"), ("nearest-neighbor", "nearest"))
        for axes, shape in (
            ((1, 2), (2, 7, 9, 3)),
            ((2, 1), (2, 9, 7, 3)),
            ((0, 3), (7, 4, 5, 9)),
            ((0, 1), (7, 9, 5, 3)),
        )
    ),
    *(
        Case(
            "resample2d",
            [of(1, 1, 2, 2, values=[[[[1, 2], [3, 4]]]])],
            scales=[2, 1],
            gives=of(1, 1, 4, 2, values=[[[[1, 2], [1, 2], [3, 4], [3, 4]]]]),
        )
        for of in (u8, i8)
    ),
    Case(
        "resample2d",
        [u8(1, 1, 4, 4, high=200)],
        mode="linear",
        sizes=[7, 3],
        gives=u8(1, 1, 7, 3),
        tolerance=1,
        by=_resize("linear", sizes=[7, 3]),
    ),
    Case("resample2d", [x], scales=[2], error="scales [2.0] must be 2 positive numbers"),
    Case("resample2d", [x], scales=[0, 1], error="scales [0.0, 1.0] must be 2 positive numbers"),
    Case("resample2d", [x], scales=[math.inf, 1], error="scales [inf, 1.0] must be 2 positive numbers"),
    Case("resample2d", [x], scales=[1e308, 1], error="the result would have shape [1, 2, 2147483648, 6]; dimensions must be 1 to 2^31-1"),
    Case("resample2d", [x], scales=[0.1, 1], error="the result would have shape [1, 2, 0, 6]; dimensions must be 1 to 2^31-1"),
    Case("resample2d", [x], sizes=[2], error="sizes [2] must be 2 positive numbers"),
    Case("resample2d", [x], sizes=[0, 2], error="sizes [0, 2] must be 2 positive numbers"),
    Case("resample2d", [x], axes=[1, 1], error="axes [1, 1] must be 2 different axes below 4"),
    Case("resample2d", [x], axes=[3, 4], error="axes [3, 4] must be 2 different axes below 4"),
    Case("resample2d", [x], axes=[], error="axes [] must be 2 different axes below 4"),
    Case("resample2d", [x], mode="cubic", error="mode must be 'nearest-neighbor' or 'linear', not 'cubic'"),
    Case("resample2d", [i32(1, 1, 2, 2)], error="input is int32, allowed are float32, float16, uint8, int8"),
    Case("resample2d", [f32(1, 2, 2)], error="input has rank 3 (shape [1, 2, 2]), expected rank 4"),
]
