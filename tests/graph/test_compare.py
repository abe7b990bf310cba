"""Comparison: every row says what the difference of two tensors is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from webnn_graph.compare import HALF_PRECISION, compare


@dataclass(frozen=True)
class Row:
    """Two tensors and their difference; ``ok`` at a tolerance of 1e-4."""

    name: str
    actual: Any
    expected: Any
    absolute: float
    relative: float
    ulp: float
    ok: bool
    dtype: str = "float32"


NEXT = float(np.nextafter(np.float32(1), np.float32(2)))
ROWS = [
    Row("equal", [1, 2], [1, 2], 0, 0, 0, True),
    Row("one ULP", [NEXT], [1], NEXT - 1, NEXT - 1, 1, True),
    Row("across zero", [-1e-45], [1e-45], 2 * 1.401298464324817e-45, 2, 2, False),
    Row("minus zero", [-0.0], [0.0], 0, 0, 0, True),
    Row("a hundredth", [1.01], [1], 0.01, 0.01, 83886, False),
    Row("noise close to zero", [1, 1, 1, 1e-5], [1, 1, 1, 0], 1e-5, 1e-5 / math.sqrt(3 / 4), 925353388, True),
    Row("small among large is relative to the root mean square", [100, 0.1], [100, 0], 0.1, 0.1 / math.sqrt(5000), 1036831949, False),
    Row("all zero", [1e-5], [0], 1e-5, 1e-5, 925353388, True),
    Row("both NaN", [math.nan, 1], [math.nan, 1], 0, 0, 0, True),
    Row("NaN", [math.nan, 1], [1, 1], math.inf, math.inf, math.inf, False),
    Row("NaN expected", [1, 1], [math.nan, 1], math.inf, math.inf, math.inf, False),
    Row("same infinity", [-math.inf, 1], [-math.inf, 1], 0, 0, 0, True),
    Row("other infinity", [math.inf, 1], [-math.inf, 1], math.inf, math.inf, math.inf, False),
    Row("infinity for a number", [math.inf, 1], [3e38, 1], math.inf, math.inf, math.inf, False),
    Row("half precision", [1.001], [1], 0.0009765625, 0.0009765625, 1, True, "float16"),
    Row("equal integers", [1, -2], [1, -2], 0, 0, 0, True, "int32"),
    Row("other integers", [1, 200000], [1, 200001], 1, 1, 1, False, "int32"),
    Row("integers that float64 cannot tell apart", [2**53], [2**53 + 1], 1, 1, 1, False, "int64"),
    Row("booleans", [1, 0], [True, False], 0, 0, 0, True, "uint8"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_compare(row: Row) -> None:
    actual = np.array(row.actual, row.dtype)
    expected = np.array(row.expected, bool if row.name == "booleans" else row.dtype)
    difference = compare("t", actual, expected, 1e-4)
    assert difference.absolute == pytest.approx(row.absolute, rel=1e-5)
    assert difference.relative == pytest.approx(row.relative, rel=1e-5)
    assert difference.ulp == pytest.approx(row.ulp, rel=1e-3)
    assert difference.ok == row.ok


def test_another_shape_never_is_right() -> None:
    difference = compare("t", np.zeros((2, 1), np.float32), np.zeros((1, 2), np.float32), math.inf)
    assert not difference.ok
    assert difference.reason == "shape [2, 1] instead of [1, 2]"


def test_expected_values_of_a_wider_type_are_compared_as_values() -> None:
    assert compare("t", np.array([0.1], np.float32), np.array([0.1], np.float64), 1e-6).ok
    assert compare("t", np.array([3], np.int32), np.array([3], np.int64), 0).ok


def test_half_precision_has_its_own_tolerance_only_when_that_is_larger() -> None:
    values = np.ones(1, np.float16)
    assert compare("t", values, values, 1e-4).tolerance == HALF_PRECISION
    assert compare("t", values, values, 0.1).tolerance == 0.1


def test_scalars_and_empty_names() -> None:
    assert compare("", np.float32(1).reshape(()), np.float32(1).reshape(()), 0).ok
