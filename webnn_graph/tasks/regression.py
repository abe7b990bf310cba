"""The values that a model gives of what went in, by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import Regression


@dataclass(frozen=True)
class Measured:
    """A value.

    Attributes:
        name: What it is of.
        value: The value.
        unit: Its unit; empty for none.
    """

    name: str
    value: float
    unit: str = ""


def measured(numbers: Array, regression: Regression) -> list[Measured]:
    """The value of each target; of several windows the mean of their values.

    Args:
        numbers: [..., targets].
        regression: What they are.
    """
    rows = numbers.astype(np.float64).reshape(-1, len(regression.targets))
    return [
        Measured(target.name, float(_values(column, target.polynomial).mean()), target.unit)
        for column, target in zip(rows.T, regression.targets, strict=True)
    ]


def _values(numbers: Array, polynomial: tuple[float, ...]) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):  # a model may say infinities
        return np.asarray(np.polynomial.Polynomial(polynomial)(numbers)) if polynomial else numbers
