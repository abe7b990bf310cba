"""Numerical comparison of a runtime's results with those of a source model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Shape

HALF_PRECISION = 5e-3
"""Largest relative difference for float16, whose own spacing is 1e-3."""
BRAIN_PRECISION = 4e-2
"""The same for bfloat16, whose own spacing is 8e-3."""


@dataclass(frozen=True)
class Noise:
    """How far a source model is from itself.

    Attributes:
        relative: See `Difference.relative`.
        measured_by: What else computed the source model.
    """

    relative: float
    measured_by: str


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
        noise: What explains a difference above the tolerance; None when nothing does, or nothing has to.
    """

    name: str
    shape: Shape
    absolute: float
    relative: float
    ulp: float
    tolerance: float
    reason: str = ""
    noise: Noise | None = None

    @property
    def is_within(self) -> bool:
        """Whether the tensor is right within the tolerance."""
        return not self.reason and self.relative <= self.tolerance and math.isfinite(self.relative)

    @property
    def ok(self) -> bool:
        """Whether the tensor is right within the tolerance, or as far as the source model itself is certain."""
        return self.is_within or self.noise is not None

    @property
    def verdict(self) -> str:
        """*ok*, *noise* (the source's own) or *DIFFERS*; only the last is a fault."""
        if self.is_within:
            return "ok"
        if self.noise:
            return "noise"
        return f"DIFFERS: {self.reason}" if self.reason else "DIFFERS"

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
    right = np.asarray(expected, np.float64)
    distances = _distances(actual, right)
    with np.errstate(over="ignore"):
        ulp = np.where(distances == 0, 0.0, _ulp_distance(actual, right.astype(actual.dtype)))
    ulp = np.where(np.isfinite(distances), ulp, math.inf)
    largest = _largest(distances), _largest(_relative(distances, right)), _largest(ulp)
    return Difference(name, actual.shape, *largest, tolerance)


def relative_differences(actual: Array, expected: Array) -> Array:
    """The relative difference of each element, see `Difference.relative`; infinite where only one is a number."""
    right = np.asarray(expected, np.float64)
    return _relative(_distances(actual, right), right)


def _distances(actual: Array, right: Array) -> Array:
    """Absolute differences: 0 where both are NaN or the same infinity, infinite where only one is a number."""
    with np.errstate(all="ignore"):
        values = np.asarray(actual, np.float64)
        alike = (values == right) | (np.isnan(values) & np.isnan(right))
        apart = np.abs(values - right)
        return np.where(alike, 0.0, np.where(np.isfinite(apart), apart, math.inf))


def _relative(distances: Array, right: Array) -> Array:
    magnitudes = np.abs(np.where(np.isfinite(right), right, 0.0))
    largest = _largest(magnitudes)
    finite = int(np.isfinite(right).sum())
    # In proportion to the largest, so that no square overflows.
    scale = largest * math.sqrt(float(np.square(magnitudes / largest).sum()) / finite) if largest else 0.0
    return np.asarray(distances / np.maximum(magnitudes, scale or 1.0))


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
