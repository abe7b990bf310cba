"""What the rows of operators are made of: random inputs of any type, and short forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.onnx.one_node import Known, OneNode
from webnn_graph.data_types import Array

INTEGERS = ("int8", "uint8", "int32", "uint32", "int64", "uint64")
SIGNED = ("int8", "int32", "int64")
FLOATS = ("float32", "float16")
_RANDOM = np.random.default_rng(3)


def some(dtype: str, *shape: int, low: float = -9, high: float = 9) -> Array:
    """Random values between two bounds; of unsigned types and bool not negative."""
    if dtype == "bool":
        return _RANDOM.integers(0, 2, shape).astype(bool)
    if dtype.startswith("u"):
        low = max(low, 0)
    if dtype.startswith("float"):
        return np.asarray(_RANDOM.uniform(low, high, shape)).astype(dtype)
    return _RANDOM.integers(int(low), int(high), shape, endpoint=True).astype(dtype)


def f32(*shape: int) -> Array:
    """Random float32 from -9 to 9."""
    return some("float32", *shape)


def normal(*shape: int) -> Array:
    """Normally distributed float32."""
    return _RANDOM.normal(size=shape).astype(np.float32)


def u8(*shape: int) -> Array:
    """Any uint8."""
    return some("uint8", *shape, high=255)


def i8(*shape: int) -> Array:
    """Any int8."""
    return some("int8", *shape, low=-128, high=127)


def weights(*shape: int) -> Known:
    """Normally distributed float32 that stand in the model."""
    return Known(normal(*shape))


def scales(*shape: int) -> Known:
    """Positive float32 for quantization that stand in the model."""
    return Known(some("float32", *shape, low=0.01, high=0.05))


def ints(*values: int) -> Known:
    """A vector of int64 that stands in the model."""
    return Known(np.array(values, np.int64))


def known(value: float, kind: type = np.float32) -> Known:
    """A number that stands in the model."""
    return Known(np.array(value, kind))


def row(
    op: str,
    *inputs: Array | Known | None,
    opset: int = 22,
    outputs: tuple[int, ...] = (0,),
    rtol: float | None = None,
    atol: float | None = None,
    steps: int = 0,
    **attributes: Any,
) -> OneNode:
    """A row of the standard domain. Results may differ by a few roundings unless it says otherwise; those of float16 by its own."""
    half = any(isinstance(x, np.ndarray) and x.dtype == np.float16 for x in inputs)
    rtol = (5e-3 if half else 1e-5) if rtol is None else rtol
    atol = (1e-3 if half else 1e-6) if atol is None else atol
    return OneNode(op, inputs, attributes, outputs, domain="", opset=opset, rtol=rtol, atol=atol, steps=steps)
