"""What the bodies of type rules are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Distribution


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raises `ValidationError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ValidationError(message, hint)


MAX_DIMENSION = 2**31 - 1
"""Largest dimension, and most elements of a tensor (the standard's "check dimensions")."""
MAX_RANK = 32
"""Far beyond what implementations take; NumPy, which has 64, needs twice as many dimensions for what is in blocks."""


def check_shape(who: str, shape: Sequence[int], smallest: int = 1) -> None:
    """Raises `ValidationError` unless a tensor may have this shape: ``who`` begins the message, as in "the input has"."""
    if len(shape) > MAX_RANK:
        raise ValidationError(f"{who} {len(shape)} dimensions; at most {MAX_RANK} are supported")
    if shape and not smallest <= min(shape) <= max(shape) <= MAX_DIMENSION:
        raise ValidationError(f"{who} shape {list(shape)}; dimensions must be 1 to 2^31-1")
    count = math.prod(shape)
    if count > MAX_DIMENSION:
        raise ValidationError(f"{who} shape {list(shape)}, which is {count:,} elements; a tensor has at most 2^31-1")


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The bidirectionally broadcast shape (clause "broadcasting" of the standard, NumPy's rule).

    Raises:
        ValidationError: Two sizes differ and neither is 1.
    """
    if all(shape == shapes[0] for shape in shapes):
        return tuple(shapes[0])
    rank = max(map(len, shapes))
    result = []
    for dimensions in zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        sizes = set(dimensions) - {1}
        require(len(sizes) <= 1, f"shapes {' and '.join(str(list(s)) for s in shapes)} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def cast_number(value: float, data_type: DataType) -> float:
    """The number that an ``MLNumber`` becomes in a data type (clause "casting"): of integers the nearest, even ones at ties; NaN is 0.

    Floating point stays as it is; NumPy rounds it where it is used.
    """
    if data_type.is_float:
        return value
    smallest, largest = data_type.range
    return 0 if math.isnan(value) else round(min(max(value, smallest), largest))


def broadcasts_to(shape: Sequence[int], target: Sequence[int]) -> bool:
    """Whether ``shape`` is unidirectionally broadcastable to ``target``."""
    if len(shape) > len(target):
        return False
    return all(a in (1, b) for a, b in zip(reversed(shape), reversed(target), strict=False))


def distribution_of(what: str, name: str | None, data_type: DataType) -> Distribution | None:
    """How a random input is distributed; None when it is not random.

    Raises:
        ValidationError: There is no such distribution, or none of numbers of this type.
    """
    if not name:
        return None
    if name not in list(Distribution):
        raise ValidationError(f"{what} has the distribution {name!r}, which is not known", f"known are {', '.join(Distribution)}")
    if not data_type.is_float:
        raise ValidationError(f"{what} is {data_type}, which is not drawn at random; floats are")
    return Distribution(name)
