"""Resizing one dimension after the other: by resample2d where it means the same, else by gathers or matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Operand
from webnn_graph.ops.resampling import RESAMPLED, Mode, interpolation


# ---------------------------------------------------------------------------------------------------- positions and weights
def half_pixel(new: int, scale: float) -> Array:
    """Where the centres of ``new`` pixels lie among the old ones, ``scale`` times fewer: float64 [new]."""
    return (np.arange(new) + 0.5) / scale - 0.5


def align_corners(new: int, old: int) -> Array:
    """Positions at which the first and the last pixels coincide."""
    return np.arange(new) * (old - 1) / (new - 1) if new > 1 else np.zeros(new)


def linear_weights(position: Array, old: int) -> Array:
    """The matrix [new, old] that interpolates linearly, clamped at the border."""
    return np.asarray(interpolation(position, old).T)


def triangle(distance: Array) -> Array:
    """The linear kernel."""
    return np.clip(1 - np.abs(distance), 0, None)


def cubic(a: float) -> Callable[[Array], Array]:
    """Keys' cubic convolution kernel; ``a`` is -0.75 or -0.5."""

    def kernel(distance: Array) -> Array:
        d = np.abs(distance)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        return np.where(d <= 1, near, np.where(d < 2, far, 0))

    return kernel


def kernel_weights(
    position: Array, old: int, kernel: Callable[[Array], Array], reach: int, *, stretch: float = 1.0, exclude_outside: bool = False
) -> Array:
    """The matrix [new, old] of a kernel that reaches ``reach`` pixels to each side.

    Args:
        stretch: At least 1; widens the kernel, which is how downsampling avoids aliasing. The weights then sum up to 1.
        exclude_outside: Pixels outside get no weight and the others sum up to 1; otherwise the border is repeated.
    """
    before = math.ceil(reach * stretch)
    taps = np.floor(position).astype(np.int64)[:, None] + np.arange(1 - before, before + 1)
    weights = kernel((taps - position[:, None]) / stretch)
    if stretch != 1:
        weights = weights / weights.sum(axis=1, keepdims=True)
    if exclude_outside:
        weights = np.where((taps >= 0) & (taps < old), weights, 0)
        total = weights.sum(axis=1, keepdims=True)
        weights = weights / np.where(total == 0, 1, total)
    matrix = np.zeros((len(position), old))
    np.add.at(matrix, (np.arange(len(position))[:, None], np.clip(taps, 0, old - 1)), weights)
    return matrix


# ----------------------------------------------------------------------------------------------------------------- resizing
def interpolate(b: GraphBuilder, x: Operand, weights: Mapping[int, Array]) -> Operand:
    """Multiplies each axis of x by its matrix [new, old]; floats only."""
    weights = {axis: matrix for axis, matrix in weights.items() if not _is_identity(matrix)}
    if weights and all(map(_is_half_pixel, weights.values())):
        return resample(b, x, "linear", {axis: len(matrix) for axis, matrix in weights.items()})
    for axis, matrix in sorted(weights.items(), key=lambda item: len(item[1]) / item[1].shape[1]):
        x = multiply(b, x, axis, matrix)
    return x


def multiply(b: GraphBuilder, x: Operand, axis: int, matrix: Array) -> Operand:
    """x with ``axis`` multiplied by ``matrix`` [new, old]."""
    new, old = matrix.shape
    before, after = list(x.shape[:axis]), list(x.shape[axis + 1 :])
    typed = matrix.astype(x.data_type.numpy)
    if after:
        y = b.matmul(typed, b.reshape(x, [math.prod(before), old, math.prod(after)]))
    else:
        y = b.matmul(b.reshape(x, [math.prod(before), old]), np.ascontiguousarray(typed.T))
    return b.reshape(y, [*before, new, *after])


def pick(b: GraphBuilder, x: Operand, indices: Mapping[int, Array]) -> Operand:
    """The old pixels ``indices`` [new] of each axis of x; any data type."""
    indices = {axis: i for axis, i in indices.items() if i.tolist() != list(range(x.shape[axis]))}
    if x.data_type in RESAMPLED.types and indices and all(_is_nearest(chosen, x.shape[axis]) for axis, chosen in indices.items()):
        return resample(b, x, "nearest-neighbor", {axis: len(chosen) for axis, chosen in indices.items()})
    for axis, chosen in sorted(indices.items(), key=lambda item: len(item[1]) / x.shape[item[0]]):
        x = _pick_along(b, x, axis, chosen)
    return x


def _pick_along(b: GraphBuilder, x: Operand, axis: int, chosen: Array) -> Operand:
    step = int(chosen[1] - chosen[0]) if len(chosen) > 1 else 1
    if step < 1 or not (np.diff(chosen) == step).all():
        return b.gather(x, b.constant(chosen.astype(np.int32)), axis=axis)
    starts, sizes, strides = [0] * x.rank, list(x.shape), [1] * x.rank
    starts[axis], sizes[axis], strides[axis] = int(chosen[0]), int(chosen[-1] - chosen[0]) + 1, step
    return b.slice(x, starts, sizes, strides=strides)


def resample(b: GraphBuilder, x: Operand, mode: Mode, sizes: Mapping[int, int]) -> Operand:
    """x with resample2d applied to the last two of these axes if they are adjacent, else to one axis after the other."""
    waiting = sorted(sizes)
    while waiting:
        pair = len(waiting) > 1 and waiting[-1] == waiting[-2] + 1
        axes, waiting = (waiting[-2:], waiting[:-2]) if pair else (waiting[-1:], waiting[:-1])
        x = _resample(b, x, mode, axes, [sizes[axis] for axis in axes])
    return x


def _resample(b: GraphBuilder, x: Operand, mode: Mode, axes: Sequence[int], sizes: list[int]) -> Operand:
    first, last = axes[0], axes[-1]
    before, after = list(x.shape[:first]), list(x.shape[last + 1 :])
    image = list(x.shape[first : last + 1])
    result = [*before, *sizes, *after]
    if len(axes) == 1:
        image, sizes, after = [*image, math.prod(after)], [*sizes, math.prod(after)], []
    if after:
        y = b.resample2d(b.reshape(x, [math.prod(before), *image, math.prod(after)]), mode=mode, sizes=sizes, axes=[1, 2])
    else:
        batch = before[0] if before else 1
        y = b.resample2d(b.reshape(x, [batch, math.prod(before) // batch, *image]), mode=mode, sizes=sizes)
    return b.reshape(y, result)


def _is_identity(matrix: Array) -> bool:
    return matrix.shape[0] == matrix.shape[1] and np.allclose(matrix, np.eye(len(matrix)), rtol=0, atol=1e-7)


def _is_half_pixel(matrix: Array) -> bool:
    """Whether resample2d interpolates with this matrix."""
    new, old = matrix.shape
    rounding = max(1e-6, 3e-7 * max(new, old))  # positions may have been computed in float32
    return np.allclose(matrix, linear_weights(half_pixel(new, new / old), old), rtol=0, atol=rounding)


def _is_nearest(chosen: Array, old: int) -> bool:
    """Whether resample2d chooses these pixels, wherever it rounds ties: implementations differ from the standard there."""
    position = half_pixel(len(chosen), len(chosen) / old)
    down, up = (np.clip(rounded, 0, old - 1) for rounded in (np.ceil(position - 0.5), np.floor(position + 0.5)))
    return bool((chosen == down).all() and (chosen == up).all())
