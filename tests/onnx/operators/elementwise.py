"""Rows: arithmetic, comparison, logic, bits, casts."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.onnx.one_node import Known
from tests.onnx.values import FLOATS, INTEGERS, SIGNED, f32, row, some

ALL = (*FLOATS, *INTEGERS)
SPECIAL = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, np.nan], np.float32)
WIDE = np.array([1e-30, -1e-4, 0.3, -0.9, 7.5, -40, 3e4, -1e20], np.float32)
UNIT = np.array([0, -0.0, 1e-6, -1e-3, 0.3, -0.71, 0.9999, 1, -1, 2], np.float32)

EDGES = np.array([0, -0.0, 1, -1.5, np.inf, -np.inf, np.nan, 1e-38, -1e-40, 1.4e-45, 3.4e38, 0.1, 16777217, -7e-20], np.float32)

CASES = [
    *(row("BitCast", EDGES, opset=26, to=to) for to in (TensorProto.INT32, TensorProto.UINT32)),
    *(row("BitCast", EDGES.view(t), opset=26, to=TensorProto.FLOAT) for t in ("int32", "uint32")),
    row("BitCast", some("uint8", 9, high=255), opset=26, to=TensorProto.INT8),
    *(row(op, some(t, 2, 3), some(t, 2, 3, low=1)) for op in ("Add", "Sub", "Mul", "Div") for t in ALL),
    *(row(op, some(t, 2, 1, 3), some(t, 4, 1), some(t, 3)) for op in ("Max", "Min") for t in ALL),
    *(row("Mod", some(t, 4, 5, low=-50, high=50), some(t, 5, low=1, high=7)) for t in INTEGERS),
    *(row("Mod", some(t, 4, 5, low=-50, high=50), Known(np.array([-7, -3, 2, 5, 9], t))) for t in SIGNED),
    *(row("Mod", some(t, 4, 5, low=-50, high=50), some(t, 5, low=2, high=7), fmod=1) for t in (*FLOATS, *INTEGERS)),
    row("Mod", np.array([9.5, -9.5, 1e7, np.inf, 3], np.float32), np.array([2.5, 0.1, 3.3, 2, np.inf], np.float32), fmod=1),
    *(row("Abs", some(t, 6)) for t in ALL),
    *(row("Neg", some(t, 6)) for t in (*FLOATS, *SIGNED)),
    *(row("Sign", some(t, 6, low=-2, high=2)) for t in ALL),
    *(
        row("Pow", some(x, 5, low=1, high=4), some(y, 5, low=0, high=3))
        for x in ("float32", "int32", "int64")
        for y in ("float32", "int32", "int64")
    ),
    row("Pow", some("int32", 5, low=1, high=99), Known(np.array(0.5, np.float32))),
    row("Pow", some("int32", 5), Known(np.array(2, np.float32))),
    row("Sum", f32(2, 3), f32(3), f32(2, 1)),
    row("Mean", f32(2, 3), f32(3), f32(2, 1)),
    row("Mean", f32(2, 3)),
    *(row(op, WIDE) for op in ("Asinh", "Atan", "Tanh", "Erf")),
    *(row(op, UNIT) for op in ("Asin", "Acos", "Atanh")),
    *(row(op, np.array([1, 1.0001, 1.5, 40, 1e10, 0.5], np.float32)) for op in ("Acosh",)),
    *(row(op, np.array([0, 1e-6, -1e-3, 0.5, -1, 5, -20, 80], np.float32)) for op in ("Sinh", "Cosh", "Exp")),
    *(row(op, np.linspace(-6, 6, 25, dtype=np.float32)) for op in ("Sin", "Cos", "Round", "Floor", "Ceil")),
    *(row(op, SPECIAL) for op in ("IsNaN", "IsInf", "Abs", "Neg", "Floor", "Sign", "Reciprocal", "Sqrt", "Atan")),
    row("IsInf", SPECIAL, detect_negative=0),
    row("IsInf", SPECIAL, detect_positive=0),
    row("IsInf", SPECIAL, detect_positive=0, detect_negative=0),
    *(
        row(op, some(t, 3, 4, high=2), some(t, 4, high=2))
        for op in ("Equal", "Greater", "LessOrEqual")
        for t in ("float32", "int32", "int64")
    ),
    row("Equal", some("bool", 3, 4), some("bool", 4)),
    *(row(op, some("bool", 3, 4), some("bool", 4)) for op in ("And", "Or", "Xor")),
    row("Not", some("bool", 3, 4)),
    *(row("Where", some("bool", 3, 1), some(t, 4), some(t, 2, 3, 4)) for t in ("float32", "int64", "uint8")),
    *(
        row(op, some(t, 3, 4, low=-128, high=127), some(t, 4, low=-128, high=127))
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
        for t in INTEGERS
    ),
    *(row("BitwiseNot", some(t, 5, low=-128, high=127)) for t in INTEGERS),
    *(
        row(
            op,
            np.array([np.iinfo(t).min, np.iinfo(t).max, -1 if t[0] == "i" else 1, 5], t),
            np.array([-1 if t[0] == "i" else 3, 77, 0, 6], t),
        )
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
        for t in INTEGERS
    ),
    *(
        row("BitShift", some(t, 6, high=255), some(t, 6, high=7), direction=direction)
        for t in ("uint8", "uint32", "uint64")
        for direction in ("LEFT", "RIGHT")
    ),
    *(row("Cast", some(t, 3, 4, low=-1, high=2), to=TensorProto.BOOL) for t in ("float32", "int32", "uint8")),
    *(row("Cast", some("bool", 3), to=to) for to in (TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL)),
    *(
        row("Cast", np.array([0.5, -1.7, 120.9, -0.2], np.float32), to=to)
        for to in (TensorProto.INT8, TensorProto.INT32, TensorProto.FLOAT16)
    ),
    *(
        row("Cast", np.array([300, -1, 7, -129], np.int32), to=to)
        for to in (TensorProto.INT8, TensorProto.UINT8, TensorProto.UINT32, TensorProto.INT64)
    ),
    *(row("Cast", np.array([70000, -40000, 7, -1], np.int32), to=to) for to in (TensorProto.INT16, TensorProto.UINT16)),
    *(row("BitwiseNot", some(t, 5, high=30000)) for t in ("int16", "uint16")),
    row("BitShift", np.array([1, 0xFFFF, 3], np.uint16), np.array([15, 1, 4], np.uint16), direction="LEFT"),
    *(
        row("BitCast", np.array([1, 0xFFFF, 0x8000], np.uint16).view(t), opset=26, to=to)
        for t, to in (("int16", TensorProto.UINT16), ("uint16", TensorProto.INT16))
    ),
]
