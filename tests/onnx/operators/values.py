"""Inputs for rows: random values of any type."""

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
    return some("float32", *shape)


def ints(*values: int) -> Known:
    """A known vector of int64."""
    return Known(np.array(values, np.int64))


def row(op: str, *inputs: Array | Known | None, opset: int = 21, outputs: tuple[int, ...] = (0,), **attributes: Any) -> OneNode:
    """A row of the standard domain; float16 results within their rounding."""
    half = any(isinstance(x, np.ndarray) and x.dtype == np.float16 for x in inputs)
    rtol, atol = (5e-3, 1e-3) if half else (1e-5, 1e-6)
    return OneNode(op, inputs, attributes, outputs, domain="", opset=opset, rtol=rtol, atol=atol)
