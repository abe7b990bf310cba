"""Rows: activation functions."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import SIGNED, f32, row, some

BOTH = np.linspace(-8, 8, 33, dtype=np.float32)
LARGE = np.array([[1000, 1001, 1002], [-90, 0, 90], [0, 0, 0]], np.float32)

CASES = [
    *(
        row(op, BOTH)
        for op in ("Relu", "Sigmoid", "Softplus", "Softsign", "HardSwish", "HardSigmoid", "Elu", "Selu", "Mish", "LeakyRelu", "Celu")
    ),
    *(row(op, BOTH, alpha=0.3) for op in ("Elu", "Selu", "Celu", "LeakyRelu", "ThresholdedRelu", "HardSigmoid")),
    row("Gelu", BOTH),
    row("Gelu", BOTH, approximate="tanh"),
    row("Swish", BOTH, opset=24, alpha=1.7),
    row("Shrink", BOTH, lambd=1.5, bias=1.5),
    row("Shrink", BOTH, lambd=0.7, bias=-0.4),
    *(row("Shrink", some(t, 9), lambd=2.0, bias=1.0) for t in SIGNED),
    *(row("Relu", some(t, 9)) for t in ("int8", "int32", "int64")),
    row("PRelu", f32(2, 3, 4), f32(3, 1)),
    row("PRelu", f32(2, 3, 4), f32(1)),
    *(row("Clip", some(t, 9), Known(np.array(1, t)), Known(np.array(4, t))) for t in ("float32", "int32", "int64", "uint8", "int8")),
    row("Clip", f32(9), None, Known(np.array(2, np.float32))),
    row("Clip", f32(9), np.array(-1, np.float32), np.array(2, np.float32)),
    row("Clip", f32(9), np.array(3, np.float32), np.array(-2, np.float32)),
    row("Clip", f32(9), Known(np.array(3, np.float32)), Known(np.array(-2, np.float32))),
    row("Clip", f32(9), opset=10, min=-1.0),
    *(row(op, LARGE) for op in ("Softmax", "LogSoftmax", "Hardmax")),
    *(
        row(op, f32(2, 3, 4), opset=opset, axis=axis)
        for op in ("Softmax", "LogSoftmax", "Hardmax")
        for opset, axis in ((11, 1), (11, 0), (11, -1), (13, 1), (13, -3))
    ),
]
