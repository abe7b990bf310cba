"""Rows for arithmetic, comparison, logic, selection and conversion."""

from __future__ import annotations

import math
import operator

import numpy as np

from tests.ops.case import Case, f16, f32, i4, i8, i32, i64, u4, u8, u32, u64
from tests.ops.oracles import each, torch

INFINITE = "NaN and infinities are left to implementations"
LEFT_OPEN = "the standard leaves the result open"

FLOAT_UNARY = {
    "ceil": math.ceil,
    "cos": math.cos,
    "erf": math.erf,
    "exp": math.exp,
    "floor": math.floor,
    "roundEven": round,
    "sin": math.sin,
    "tan": math.tan,
    "tanh": math.tanh,
}
POSITIVE_UNARY = {"log": math.log, "reciprocal": lambda x: 1 / x, "sqrt": math.sqrt}
SIGNED_UNARY = {"abs": abs, "neg": operator.neg, "sign": lambda x: (x > 0) - (x < 0)}

UNARY = [
    *(Case(name, [f32(3, 4)], gives=f32(3, 4), by=each(function)) for name, function in FLOAT_UNARY.items()),
    *(Case(name, [f16(2, 3)], gives=f16(2, 3), by=each(function)) for name, function in FLOAT_UNARY.items()),
    *(Case(name, [f32(3, 4, low=0.1)], gives=f32(3, 4), by=each(function)) for name, function in POSITIVE_UNARY.items()),
    *(
        Case(name, [tensor(2, 3)], gives=tensor(2, 3), by=each(function))
        for name, function in SIGNED_UNARY.items()
        for tensor in (f32, f16, i64, i32, i8)
    ),
    Case("exp", [f32()], gives=f32(), by=each(math.exp)),
    Case("erf", [f32(9, values=[-7, -3.5, -1e-8, 0, 1e-30, 0.5, 2, 5.9, 100])], gives=f32(9), by=each(math.erf)),
    Case("erf", [f32(3, values=[math.nan, math.inf, -math.inf])], gives=f32(3, values=[math.nan, 1, -1])),
    Case("roundEven", [f32(6, values=[0.5, 1.5, 2.5, -0.5, -1.5, 1e9])], gives=f32(6, values=[0, 2, 2, 0, -2, 1e9])),
    Case("sign", [f32(3, values=[math.nan, 0, -math.inf])], gives=f32(3, values=[math.nan, 0, -1]), browser="sign(NaN) is 0"),
    Case("neg", [i8(2, values=[-128, 127])], gives=i8(2, values=[-128, -127])),
    *(Case("identity", [tensor(2, 3)], gives=tensor(2, 3), by=lambda x: x) for tensor in (f32, f16, i32, u32, i64, u64, i8, u8)),
    Case("abs", [u8(2)], error="input is uint8, allowed are float32, float16, int64, int32, int8"),
    Case("exp", [i32(2)], error="input is int32, allowed are float32, float16"),
    Case("abs", [f32(2), f32(2)], error="abs takes 1 arguments, 2 were given"),
    Case("abs", [], error="abs needs the argument input"),
    Case("abs", [f32(2)], input=f32(2), error="abs was given input twice"),
    Case("abs", [f32(2)], axis=0, error="abs has no option 'axis'"),
]

ARITHMETIC = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "max": max,
    "min": min,
}

BINARY = [
    *(
        Case(name, [tensor(2, 3), tensor(2, 3)], gives=tensor(2, 3), by=each(function))
        for name, function in ARITHMETIC.items()
        for tensor in (f32, f16, i32, i64, i8)
    ),
    *(
        Case(name, [tensor(2, 3, low=5), tensor(3, low=1, high=4)], gives=tensor(2, 3), by=each(function))
        for name, function in ARITHMETIC.items()
        for tensor in (u8, u32, u64)
    ),
    *(Case(name, [f32(4, 1, 3), f32(2, 1)], gives=f32(4, 2, 3), by=each(function)) for name, function in ARITHMETIC.items()),
    *(Case(name, [f32(), f32(2, 3)], gives=f32(2, 3), by=each(function)) for name, function in ARITHMETIC.items()),
    Case("div", [f32(2, 3), f32(3, low=1)], gives=f32(2, 3), by=each(operator.truediv)),
    Case("div", [f32(3, values=[1, -1, 0]), f32(values=0)], gives=f32(3, values=[math.inf, -math.inf, math.nan])),
    *(
        Case("div", [tensor(4, values=[7, 8, 9, 100]), tensor(4, values=[2, 3, 9, 7])], gives=tensor(4, values=[3, 2, 1, 14]))
        for tensor in (i32, i64, i8, u32, u64, u8)
    ),
    Case("div", [i32(4, values=[-7, 7, -7, -1]), i32(4, values=[2, -2, -2, 2])], gives=i32(4, values=[-3, -3, 3, 0])),
    Case(
        "div",
        [i64(1, values=[2**62 + 1]), i64(1, values=[-1])],
        gives=i64(1, values=[-(2**62) - 1]),
        browser="int64 is divided as 32 bits",
        rustnn="integers are divided as float32",
    ),
    Case(
        "div",
        [i32(4, values=[5, -5, 6, -(2**31)]), i32(4, values=[0, 0, 3, -1])],
        gives=i32(4, values=[0, 0, 2, -(2**31)]),
        rustnn=LEFT_OPEN,
    ),
    Case("pow", [f32(2, 3, low=0.1), f32(2, 3)], gives=f32(2, 3), by=each(math.pow)),
    Case("pow", [f32(4, values=[-2, -2, 0, 4]), f32(4, values=[2, 3, 0, 0.5])], gives=f32(4, values=[4, -8, 1, 2])),
    Case("pow", [i32(4, values=[-3, 2, 0, 7]), i32(4, values=[3, 10, 0, 1])], gives=i32(4, values=[-27, 1024, 1, 7])),
    Case("pow", [i64(4, values=[1, -1, -1, 2]), i64(4, values=[-3, -3, -2, -1])], gives=i64(4, values=[1, -1, 1, 0]), browser=LEFT_OPEN),
    Case("pow", [u8(2, values=[3, 2]), u8(2, values=[2, 7])], gives=u8(2, values=[9, 128])),
    Case("add", [i8(1, values=[127]), i8(1, values=[1])], gives=i8(1, values=[-128])),
    Case("max", [f32(2, values=[math.nan, 1]), f32(2, values=[1, math.nan])], gives=f32(2, values=[math.nan, math.nan]), browser=INFINITE),
    Case("mul", [f16(2, values=[300, 0.1]), f16(2, values=[300, 0.1])], gives=f16(2, values=[math.inf, np.float16(0.1) ** 2])),
    Case("add", [f32(2, 3), f32(2)], error="shapes [2, 3] and [2] do not broadcast (a operand_0: float32[2, 3], b operand_1: float32[2])"),
    Case("add", [f32(2), i32(2)], error="b is int32, a is float32; they must be the same"),
    Case("mul", [f32(2, 3)], error="mul needs the argument b"),
]

COMPARISONS = {
    "equal": operator.eq,
    "notEqual": operator.ne,
    "greater": operator.gt,
    "greaterOrEqual": operator.ge,
    "lesser": operator.lt,
    "lesserOrEqual": operator.le,
}
LOGICAL = {
    "logicalAnd": lambda a, b: bool(a) and bool(b),
    "logicalOr": lambda a, b: bool(a) or bool(b),
    "logicalXor": lambda a, b: bool(a) != bool(b),
}

LOGIC = [
    *(
        Case(name, [tensor(2, 5, low=0, high=2), tensor(5, low=0, high=2)], gives=u8(2, 5), by=each(function))
        for name, function in COMPARISONS.items()
        for tensor in (f32, f16, i32, u32, i64, u64, i8, u8)
    ),
    *(
        Case(name, [f32(2, values=[math.nan, 1]), f32(2, values=[math.nan, 1])], gives=u8(2), by=each(function))
        for name, function in COMPARISONS.items()
    ),
    Case("greater", [u64(1, values=[2**64 - 1]), u64(1, values=[2**64 - 2])], gives=u8(1, values=[1])),
    *(Case(name, [u8(3, 4, high=2), u8(4, high=2)], gives=u8(3, 4), by=each(function)) for name, function in LOGICAL.items()),
    *(Case(name, [u8(3), i8(3)], error="b is int8, a is uint8; they must be the same") for name in LOGICAL),
    Case("logicalNot", [u8(5, values=[0, 1, 2, 255, 0])], gives=u8(5, values=[1, 0, 0, 0, 1])),
    Case("logicalNot", [f32(5)], error="a is float32, allowed are uint8"),
    Case("isNaN", [f32(4, values=[math.nan, math.inf, 0, 1])], gives=u8(4, values=[1, 0, 0, 0])),
    Case("isNaN", [f16(2, values=[math.nan, 1])], gives=u8(2, values=[1, 0])),
    Case("isNaN", [i32(4)], error="a is int32, allowed are float32, float16"),
    Case("isInfinite", [f32(4, values=[math.nan, math.inf, -math.inf, 1])], gives=u8(4, values=[0, 1, 1, 0])),
    Case("isInfinite", [f16(2, values=[math.inf, 65504])], gives=u8(2, values=[1, 0])),
    Case("equal", [f32(2), f32(3)], error="shapes [2] and [3] do not broadcast"),
]

WHERE = [
    *(
        Case("where", [u8(2, 3, high=1), tensor(3), tensor(2, 1)], gives=tensor(2, 3), by=torch(lambda t, c, x, y: t.where(c != 0, x, y)))
        for tensor in (f32, f16, i32, i64, i8)
    ),
    *(
        Case("where", [u8(2, values=[1, 0]), tensor(2, values=[1, 2]), tensor(values=5)], gives=tensor(2, values=[1, 5]))
        for tensor in (u8, u32, u64)
    ),
    Case("where", [u8(4, 1, 1), f32(), f32(2, 3)], gives=f32(4, 2, 3), by=torch(lambda t, c, x, y: t.where(c != 0, x, y))),
    Case("where", [i8(2), f32(2), f32(2)], error="condition is int8, allowed are uint8"),
    Case("where", [u8(2), f32(2), f16(2)], error="falseValue is float16, trueValue is float32; they must be the same"),
    Case("where", [u8(2), f32(3), f32(3)], error="shapes [2] and [3] and [3] do not broadcast"),
]

CAST = [
    *(
        Case("cast", [source(3, values=[0, 1, 7])], dataType=str(target().data_type), gives=target(3, values=[0, 1, 7]))
        for source in (f32, f16, i32, u32, i64, u64, i8, u8)
        for target in (f32, f16, i32, u32, i64, u64, i8, u8)
    ),
    Case("cast", [f32(4, values=[1.9, -1.9, 0.5, -0.5])], dataType="int32", gives=i32(4, values=[1, -1, 0, 0])),
    Case("cast", [i32(3, values=[300, -1, 128])], dataType="uint8", gives=u8(3, values=[44, 255, 128])),
    Case("cast", [i64(1, values=[2**53 + 1])], dataType="int32", gives=i32(1, values=[1])),
    Case("cast", [i64(1, values=[2**62 + 1])], dataType="uint64", gives=u64(1, values=[2**62 + 1])),
    Case(
        "cast",
        [f32(3, values=[1e20, -1e20, math.nan])],
        dataType="int32",
        gives=i32(3, values=[2**31 - 1, -(2**31), 0]),
        browser=LEFT_OPEN,
        onnx=LEFT_OPEN,
        rustnn=LEFT_OPEN,
    ),
    Case(
        "cast",
        [f32(2, values=[1e30, -1e30])],
        dataType="int64",
        gives=i64(2, values=[2**63 - 1, -(2**63)]),
        browser=LEFT_OPEN,
        onnx=LEFT_OPEN,
        rustnn=LEFT_OPEN,
    ),
    Case(
        "cast", [f32(3, values=[math.inf, 300, -5])], dataType="uint8", gives=u8(3, values=[255, 255, 0]), onnx=LEFT_OPEN, rustnn=LEFT_OPEN
    ),
    Case("cast", [f32(2, values=[70000, 1e-9])], dataType="float16", gives=f16(2, values=[math.inf, 0])),
    Case("cast", [i4(3, values=[-8, 0, 7])], dataType="int8", gives=i8(3, values=[-8, 0, 7])),
    Case("cast", [u4(3, values=[0, 8, 15])], dataType="int32", gives=i32(3, values=[0, 8, 15]), browser="no uint4"),
    Case("cast", [f32(2)], dataType="float64", error="dataType must be a data type, not 'float64'"),
]

CASES = [*UNARY, *BINARY, *LOGIC, *WHERE, *CAST]
