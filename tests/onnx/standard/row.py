"""Short forms for rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.onnx.one_node import Known, OneNode
from webnn_graph.data_types import Array

RANDOM = np.random.default_rng(7)


def f32(*shape: int) -> Array:
    """Normal numbers."""
    return RANDOM.normal(size=shape).astype(np.float32)


def weights(*shape: int) -> Known:
    """Normal numbers that stand in the model."""
    return Known(f32(*shape))


def ints(*values: int) -> Known:
    """An int64 tensor that stands in the model."""
    return Known(np.array(values, np.int64))


def row(
    op: str,
    *inputs: Array | Known | None,
    opset: int = 22,
    outputs: int = 1,
    rtol: float = 1e-4,
    atol: float = 1e-5,
    **more: Any,
) -> OneNode:
    """A row of the standard domain; ``more`` are the node's attributes, ``outputs`` how many are compared."""
    return OneNode(op, inputs, more, tuple(range(outputs)), domain="", opset=opset, rtol=rtol, atol=atol)
