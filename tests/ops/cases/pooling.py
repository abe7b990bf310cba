"""Rows for pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.ops.case import Case, f16, f32, i8, i32, i64, u8, u32, u64
from tests.ops.oracles import Oracle, pooled, torch

FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "averagePool2d": lambda seen: sum(seen) / len(seen),
    "l2Pool2d": lambda seen: sum(value * value for value in seen) ** 0.5,
    "maxPool2d": max,
}


def _nhwc(oracle: Oracle) -> Oracle:
    return lambda x: oracle(x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)


def _rows(name: str, function: Callable[[list[float]], float]) -> list[Case]:
    def row(size: tuple[int, int], of: Any = f32, rounding: str = "", **options: Any) -> Case:
        given = {key: options[key] for key in ("padding", "strides", "dilations") if key in options}
        by = pooled(function, options.get("windowDimensions", (5, 6)), size, **given)
        if rounding:
            options["outputShapeRounding"] = rounding
        return Case(name, [of(2, 3, 5, 6)], gives=of(2, 3, *size), by=by, **options)

    return [
        row((1, 1)),
        row((4, 4), windowDimensions=[2, 3]),
        row((4, 4), windowDimensions=[2, 3], of=f16),
        row((2, 3), windowDimensions=[3, 2], strides=[2, 2]),
        row((3, 2), windowDimensions=[3, 3], dilations=[1, 2]),
        row((6, 5), windowDimensions=[2, 3], padding=[1, 1, 1, 0]),
        row((2, 3), windowDimensions=[3, 3], strides=[2, 2], padding=[0, 1, 1, 1]),
        row((2, 2), windowDimensions=[2, 2], strides=[3, 3]),
        row((2, 2), windowDimensions=[2, 2], strides=[3, 3], rounding="floor"),
        row((2, 3), windowDimensions=[2, 2], strides=[3, 2], rounding="ceil"),
        row((2, 3), windowDimensions=[3, 3], strides=[2, 2], rounding="ceil"),
        row((2, 3), windowDimensions=[3, 3], strides=[2, 2], outputSizes=[2, 3]),
        row((2, 2), windowDimensions=[3, 3], strides=[2, 2], outputSizes=[2, 2]),
        Case(
            name,
            [f32(2, 5, 6, 3)],
            layout="nhwc",
            windowDimensions=[2, 3],
            strides=[1, 2],
            gives=f32(2, 4, 2, 3),
            by=_nhwc(pooled(function, (2, 3), (4, 2), strides=(1, 2))),
        ),
        Case(name, [f32(1, 5, 6, 3)], layout="nhwc", gives=f32(1, 1, 1, 3), by=_nhwc(pooled(function, (5, 6), (1, 1)))),
        Case(name, [f32(3, 5, 6)], error="input has rank 3 (shape [3, 5, 6]), expected rank 4"),
        Case(name, [f32(1, 1, 5, 6)], windowDimensions=[2], error="windowDimensions [2] must be 2 positive numbers: height and width"),
        Case(name, [f32(1, 1, 5, 6)], windowDimensions=[0, 2], error="windowDimensions [0, 2] must be 2 positive numbers"),
        Case(name, [f32(1, 1, 5, 6)], windowDimensions=[6, 2], error="a window of [6, 2] (dilations [1, 1]) does not fit into [5, 6]"),
        Case(name, [f32(1, 1, 5, 6)], padding=[0], error="padding [0] must have 4 entries"),
        Case(name, [f32(1, 1, 5, 6)], strides=[0, 1], error="strides [0, 1] must be 2 positive numbers"),
        Case(name, [f32(1, 1, 5, 6)], dilations=[1], error="dilations [1] must be 2 positive numbers"),
        Case(
            name,
            [f32(1, 1, 5, 6)],
            windowDimensions=[3, 3],
            strides=[2, 2],
            outputSizes=[3, 2],
            error="outputSizes [3, 2] must be [2, 2] or [2, 3]",
        ),
        Case(name, [f32(1, 1, 5, 6)], outputShapeRounding="up", error="outputShapeRounding must be 'floor' or 'ceil', not 'up'"),
    ]


CASES = [
    *(row for name, function in FUNCTIONS.items() for row in _rows(name, function)),
    *(
        Case(
            "maxPool2d",
            [of(1, 2, 4, 4)],
            windowDimensions=[2, 2],
            padding=[1, 0, 0, 1],
            gives=of(1, 2, 4, 4),
            by=pooled(max, (2, 2), (4, 4), (1, 0, 0, 1)),
        )
        for of in (i32, u32, i64, u64, i8, u8)
    ),
    Case(
        "averagePool2d",
        [f32(2, 3, 8, 8)],
        windowDimensions=[3, 3],
        strides=[2, 2],
        padding=[1, 1, 1, 1],
        gives=f32(2, 3, 4, 4),
        by=torch(lambda t, x: t.nn.functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ),
    Case(
        "maxPool2d",
        [f32(2, 3, 8, 8)],
        windowDimensions=[3, 3],
        strides=[2, 2],
        padding=[1, 1, 1, 1],
        gives=f32(2, 3, 4, 4),
        by=torch(lambda t, x: t.nn.functional.max_pool2d(x, 3, 2, 1)),
    ),
    Case("averagePool2d", [i32(1, 1, 2, 2)], error="input is int32, allowed are float32, float16"),
]
