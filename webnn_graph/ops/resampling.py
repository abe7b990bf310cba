"""resample2d: nearest and linear resizing of two dimensions, as one gather or one matrix product per dimension."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import Domain
from webnn_graph.ops.parameters import uint
from webnn_graph.ops.rules import MAX_DIMENSION, require

Mode: TypeAlias = Literal["nearest-neighbor", "linear"]
RESAMPLED = Domain(tuple(map(DataType, "float32 float16 uint8 int8".split())))


def _resample(input: Array, mode: str, scales: list[float], sizes: list[int] | None, axes: list[int], result: Descriptor) -> Array:
    y = input
    for axis in axes:
        old = input.shape[axis]
        position = sample_positions(old, result.shape[axis])
        if mode == "nearest-neighbor":
            y = np.take(y, np.clip(np.ceil(position - 0.5), 0, old - 1).astype(np.int64), axis)
        else:
            y = np.moveaxis(np.moveaxis(y, axis, -1) @ interpolation(position, old).astype(np.float32), -1, axis)
    return np.rint(y) if input.dtype.kind in "iu" else y


def sample_positions(old: int, new: int) -> Array:
    """Where the centres of ``new`` pixels lie among ``old`` ones: the sizes decide, also where ``scales`` was given."""
    return (np.arange(new) + 0.5) * (old / new) - 0.5


def interpolation(position: Array, size: int) -> Array:
    """The matrix [size, len(position)] that interpolates linearly between pixels, clamped at the border."""
    inside = np.clip(position, 0, size - 1)
    low = np.floor(inside).astype(np.int64)
    high = np.minimum(low + 1, size - 1)
    matrix = np.zeros((size, len(position)))
    columns = np.arange(len(position))
    np.add.at(matrix, (low, columns), 1 - (inside - low))
    np.add.at(matrix, (high, columns), inside - low)
    return matrix


@op(run=_resample, input=RESAMPLED.rank(4))
def resample2d(
    input: Operand,
    /,
    *,
    mode: Mode = "nearest-neighbor",
    scales: list[float] = [1.0, 1.0],
    sizes: list[uint] | None = None,
    axes: list[uint] = [2, 3],
) -> Descriptor:
    """Images resized along two ``axes``, to ``sizes`` or by ``scales``: the nearest element, or linearly between neighbours."""
    require(len(axes) == 2 and len(set(axes)) == 2 and max(axes) < 4, f"axes {axes} must be 2 different axes below 4")
    result = input.descriptor
    if sizes is not None:
        require(len(sizes) == 2 and min(sizes) > 0, f"sizes {sizes} must be 2 positive numbers")
        for axis, size in zip(axes, sizes, strict=True):
            result = result.resized(axis, size)
        return result
    require(len(scales) == 2 and all(0 < scale < math.inf for scale in scales), f"scales {scales} must be 2 positive numbers")
    for axis, scale in zip(axes, scales, strict=True):
        result = result.resized(axis, int(min(input.shape[axis] * scale, MAX_DIMENSION + 1)))
    return result
