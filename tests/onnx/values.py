"""What the rows of operators are made of: random inputs of any type, and short forms."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.onnx.one_node import Known, OneNode
from webnn_graph.data_types import Array

INTEGERS = ("int8", "uint8", "int32", "uint32", "int64", "uint64")
SIGNED = ("int8", "int32", "int64")
FLOATS = ("float32", "float16")
_RANDOM: dict[str, np.random.Generator] = {}


def _random() -> np.random.Generator:
    """The generator of the module that rows are made in: what other modules draw does not change its values."""
    module = next(name for name in _modules() if name != __name__)
    return _RANDOM.setdefault(module, np.random.default_rng([3, *module.encode()]))


def _modules() -> Iterator[str]:
    """The modules that called, the innermost first."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        yield frame.f_globals["__name__"]


def some(dtype: str, *shape: int, low: float = -9, high: float = 9) -> Array:
    """Random values between two bounds; of unsigned types and bool not negative."""
    if dtype == "bool":
        return _random().integers(0, 2, shape).astype(bool)
    if dtype.startswith("u"):
        low = max(low, 0)
    if dtype.startswith("float"):
        return np.asarray(_random().uniform(low, high, shape)).astype(dtype)
    return _random().integers(int(low), int(high), shape, endpoint=True).astype(dtype)


def f32(*shape: int) -> Array:
    """Random float32 from -9 to 9."""
    return some("float32", *shape)


def normal(*shape: int) -> Array:
    """Normally distributed float32."""
    return _random().normal(size=shape).astype(np.float32)


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
