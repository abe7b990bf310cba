"""Numerical comparison of a runtime's results with those of a source model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Shape

TOLERANCES = {"reference": 1e-4, "browser": 1e-3, "rustnn": 1e-3}
"""Largest relative difference by runtime, for float32."""
HALF_PRECISION = 5e-3
"""The same for float16, whose own spacing is 1e-3."""


@dataclass(frozen=True)
class Difference:
    """How far a tensor is from what was expected.

    Attributes:
        name: The tensor.
        shape: Its shape.
        absolute: Largest absolute difference; infinite where one is NaN or infinite and the other is not the same.
        relative: Largest difference in proportion to the larger of the expected element and the root mean square of all
            expected elements, so that rounding noise on elements close to zero does not count as an error.
        ulp: Largest distance in representable numbers of the tensor's type; for integers the absolute difference.
        tolerance: Largest relative difference that is still right; 0 for integers.
        reason: Why the tensors cannot be compared element by element; empty when they can.
    """

    name: str
    shape: Shape
    absolute: float
    relative: float
    ulp: float
    tolerance: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the tensor is right within the tolerance."""
        return not self.reason and self.relative <= self.tolerance

    @property
    def excess(self) -> float:
        """The relative difference in proportion to the tolerance: more than 1 is wrong; for integers the difference itself."""
        return self.relative / (self.tolerance or 1)


def compare(name: str, actual: Array, expected: Array, tolerance: float) -> Difference:
    """The difference of two tensors.

    Args:
        name: What the tensor is called.
        actual: What was computed.
        expected: What is right; its values are compared in ``actual``'s data type, booleans as 0 and 1.
        tolerance: For float32; float16 gets at least `HALF_PRECISION`, integers must be equal.
    """
    if actual.shape != expected.shape:
        reason = f"shape {list(actual.shape)} instead of {list(expected.shape)}"
        return Difference(name, actual.shape, math.inf, math.inf, math.inf, tolerance, reason)
    if actual.dtype.kind != "f":
        distance = _integer_distance(actual, expected)
        return Difference(name, actual.shape, distance, distance, distance, 0.0)
    if actual.dtype == np.float16:
        tolerance = max(tolerance, HALF_PRECISION)
    with np.errstate(all="ignore"):
        right = np.asarray(expected, np.float64)
        distance_of = np.abs(actual.astype(np.float64) - right)
        alike = (actual == right) | (np.isnan(actual) & np.isnan(right))
    distance_of = np.where(alike, 0.0, np.where(np.isfinite(distance_of), distance_of, math.inf))
    finite = right[np.isfinite(right)]
    scale = math.sqrt(float(np.mean(np.square(finite)))) if finite.size else 0.0
    relative = distance_of / np.maximum(np.abs(np.where(np.isfinite(right), right, 0.0)), scale or 1.0)
    ulp = np.where(alike, 0.0, np.where(np.isfinite(distance_of), _ulp_distance(actual, right.astype(actual.dtype)), math.inf))
    return Difference(name, actual.shape, _largest(distance_of), _largest(relative), _largest(ulp), tolerance)


def _largest(values: Array) -> float:
    return float(values.max(initial=0.0))


def _integer_distance(actual: Array, expected: Array) -> float:
    if expected.dtype.kind == "f" and not np.isfinite(expected).all():
        return math.inf
    if np.array_equal(actual, expected):
        return 0.0
    # As floats, because the difference of two 64-bit integers may need 65 bits.
    return max(float(np.abs(actual.astype(np.float64) - expected.astype(np.float64)).max()), 1.0)


def _ulp_distance(a: Array, b: Array) -> Array:
    return np.asarray(np.abs(_ordinal(a) - _ordinal(b)))


def _ordinal(array: Array) -> Array:
    """The position of each number among all of its type, -0 and 0 being one; exact for float16 and float32."""
    bits = array.view(f"i{array.dtype.itemsize}").astype(np.int64)
    magnitude = bits & ((1 << (8 * array.dtype.itemsize - 1)) - 1)
    return np.where(bits < 0, -magnitude, magnitude).astype(np.float64)
