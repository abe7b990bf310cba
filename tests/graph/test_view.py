"""Questions that patterns ask of a graph."""

from __future__ import annotations

import math

import numpy as np
import pytest

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes.rewrite import View

SCALARS: list[tuple[Array, float | None]] = [
    (np.array(3, np.float32), 3.0),
    (np.full((2, 3), 2, np.float32), 2.0),
    (np.asfortranarray(np.full((2, 3), 2, np.float32)), 2.0),
    (np.broadcast_to(np.float32(2), (4, 4)), 2.0),
    (np.array([2, 2, 3], np.float32), None),
    (np.array([3, 2, 2], np.float32), None),
    (np.array([2, 3, 2], np.float32), None),
    (np.full(2, math.nan, np.float32), None),
]


@pytest.mark.parametrize(("values", "expected"), SCALARS)
def test_the_value_of_a_constant_that_has_only_one(values: Array, expected: float | None) -> None:
    x, constant = Operand(DataType.FLOAT32, (1,), "x"), Operand(DataType.FLOAT32, values.shape, "c")
    view = View(Graph("g", (x,), {constant: values}, (), ()))
    assert [view.scalar(constant), view.scalar(constant), view.scalar(x)] == [expected, expected, None]
