"""Rows for activation functions."""

from __future__ import annotations

import math

from tests.ops.case import Case, f16, f32, i8, i32, i64, u8, u32, u64
from tests.ops.oracles import each, torch

OF_TORCH = {
    "gelu": lambda t, x: t.nn.functional.gelu(x),
    "hardSwish": lambda t, x: t.nn.functional.hardswish(x),
    "relu": lambda t, x: t.relu(x),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "softplus": lambda t, x: t.log1p(t.exp(x)),
    "softsign": lambda t, x: t.nn.functional.softsign(x),
    "elu": lambda t, x: t.nn.functional.elu(x),
    "leakyRelu": lambda t, x: t.nn.functional.leaky_relu(x),
    "linear": lambda t, x: x,
    "hardSigmoid": lambda t, x: t.clamp(0.2 * x + 0.5, 0, 1),
    "clamp": lambda t, x: x,
}
PLAIN = [
    Case(name, [tensor(*shape, low=-6, high=6)], gives=tensor(*shape), by=torch(function))
    for name, function in OF_TORCH.items()
    for tensor, shape in ((f32, (3, 5)), (f16, (2, 3)), (f32, ()), (f32, (1, 2, 1, 3, 2)))
]

WITH_OPTIONS = [
    Case("elu", [f32(3, 5)], alpha=0.3, gives=f32(3, 5), by=torch(lambda t, x: t.nn.functional.elu(x, 0.3))),
    Case("leakyRelu", [f32(3, 5)], alpha=0.3, gives=f32(3, 5), by=torch(lambda t, x: t.nn.functional.leaky_relu(x, 0.3))),
    Case("linear", [f32(3, 5)], alpha=-1.5, beta=0.25, gives=f32(3, 5), by=each(lambda x: -1.5 * x + 0.25)),
    Case("hardSigmoid", [f32(3, 5)], alpha=0.7, beta=0.1, gives=f32(3, 5), by=each(lambda x: max(0, min(1, 0.7 * x + 0.1)))),
    Case("sigmoid", [f32(3, values=[-1000, 1000, 0])], gives=f32(3, values=[0, 1, 0.5])),
    Case("softplus", [f32(3, values=[-1000, 1000, 0])], gives=f32(3, values=[0, 1000, math.log(2)])),
    Case("gelu", [i32(2)], error="input is int32, allowed are float32, float16"),
    Case("elu", [f32(2)], alpha="x", error="alpha must be a number, not 'x'"),
    Case("linear", [f32(2)], beta=None, error="beta must be a number, not None"),
    *(Case("relu", [tensor(2, 3)], gives=tensor(2, 3), by=each(lambda x: max(x, 0))) for tensor in (i64, i32, i8)),
    Case("relu", [u8(2, 3)], error="input is uint8, allowed are float32, float16, int64, int32, int8"),
]

CLAMP = [
    *(
        Case("clamp", [tensor(5, low=0, high=9)], minValue=3, maxValue=6, gives=tensor(5), by=each(lambda x: min(max(x, 3), 6)))
        for tensor in (f32, f16, i32, u32, i64, u64, i8, u8)
    ),
    Case("clamp", [f32(5)], minValue=0.5, gives=f32(5), by=each(lambda x: max(x, 0.5))),
    Case("clamp", [f32(5)], maxValue=-0.5, gives=f32(5), by=each(lambda x: min(x, -0.5))),
    Case("clamp", [f32(5)], minValue=-math.inf, maxValue=1, gives=f32(5), by=each(lambda x: min(x, 1))),
    Case("clamp", [f32(2, values=[math.nan, 3])], minValue=0, maxValue=1, gives=f32(2, values=[math.nan, 1])),
    Case("clamp", [i8(3, values=[-128, 0, 127])], minValue=-1000, maxValue=1000, gives=i8(3, values=[-128, 0, 127])),
    *(
        Case("clamp", [of(4, values=[0, 1, 2, 3])], minValue=low, maxValue=high, gives=of(4, values=values))
        for of in (i32, i8, u8)
        for low, high, values in (
            (0.25, 2.75, [0, 1, 2, 3]),
            (0.75, 1.25, [1, 1, 1, 1]),
            (0.5, 2.5, [0, 1, 2, 2]),
            (1.5, 1.5, [2, 2, 2, 2]),
            (math.nan, math.inf, [0, 1, 2, 3]),
        )
    ),
    Case("clamp", [i32(2, values=[-3, 3])], minValue=-1.5, maxValue=-0.5, gives=i32(2, values=[-2, 0])),
    Case("clamp", [i32(2, values=[-3, 3])], minValue=math.nan, gives=i32(2, values=[0, 3])),
    Case("clamp", [u64(1, values=[2**64 - 1])], maxValue=2**53 + 1, gives=u64(1, values=[2**53 + 1])),
    Case("clamp", [f32(2)], minValue=2, maxValue=1, error="minValue 2 is greater than maxValue 1"),
    Case("clamp", [f32(2)], minValue="low", error="minValue must be a number, not 'low'"),
]

PRELU = [
    *(
        Case("prelu", [tensor(2, 3, 4), tensor(3, 1)], gives=tensor(2, 3, 4), by=each(lambda x, s: x if x > 0 else x * s))
        for tensor in (f32, f16)
    ),
    *(
        Case("prelu", [tensor(2, 3), tensor(3)], gives=tensor(2, 3), by=each(lambda x, s: x if x > 0 else x * s))
        for tensor in (i64, i32, i8)
    ),
    Case("prelu", [f32(3), f32(2, 3)], gives=f32(2, 3), by=each(lambda x, s: x if x > 0 else x * s)),
    Case("prelu", [f32(3), f16(3)], error="slope is float16, input is float32; they must be the same"),
    Case("prelu", [f32(3), f32(2)], error="shapes [3] and [2] do not broadcast"),
]

SOFTMAX = [
    *(
        Case("softmax", [f32(2, 3, 4)], axis=axis, gives=f32(2, 3, 4), by=torch(lambda t, x, axis=axis: t.softmax(x, axis)))
        for axis in range(3)
    ),
    Case("softmax", [f16(2, 3)], axis=1, gives=f16(2, 3), by=torch(lambda t, x: t.softmax(x, 1))),
    Case("softmax", [f32(2, values=[1000, 1000])], axis=0, gives=f32(2, values=[0.5, 0.5])),
    Case("softmax", [f32(2, values=[-math.inf, 0])], axis=0, gives=f32(2, values=[0, 1])),
    Case("softmax", [f32(2, 3)], axis=2, error="axis 2 is out of range for rank 2"),
    Case("softmax", [f32(2, 3)], axis=-1, error="axis must be a non-negative integer, not -1"),
    Case("softmax", [f32()], axis=0, error="input has rank 0 (shape []), expected rank at least 1"),
    Case("softmax", [f32(2, 3)], error="softmax needs the argument axis"),
]

CASES = [*PLAIN, *WITH_OPTIONS, *CLAMP, *PRELU, *SOFTMAX]
