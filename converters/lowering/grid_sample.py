"""Reading images at computed positions: one gather of all neighbours, weighted and summed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand

CUBIC = -0.75
"""Keys' parameter that PyTorch and ONNX use."""


@dataclass(frozen=True)
class Taps:
    """The pixels of one dimension that every position reads: whole numbers in the points' float type, and their weights.

    Both are [images, points, taps].
    """

    pixels: Operand
    weights: Operand


def linear_taps(b: GraphBuilder, position: Operand) -> Taps:
    """The two pixels around ``position`` [images, points], in pixels from the first one's centre."""
    return _taps(b, position, offsets=[0, 1], coefficients=[[1, 1], [-1, -1]])


def cubic_taps(b: GraphBuilder, position: Operand, a: float = CUBIC) -> Taps:
    """The four pixels around ``position``."""
    far, near = [-4 * a, 8 * a, -5 * a, a], [1, 0, -(a + 3), a + 2]
    return _taps(b, position, offsets=[-1, 0, 1, 2], coefficients=np.array([far, near, near, far]).T.tolist())


def nearest_taps(b: GraphBuilder, position: Operand) -> Taps:
    """The nearest pixel; halves go to the even one."""
    pixels = b.roundEven(_column(b, position))
    return Taps(pixels, b.constant(np.ones((1, 1, 1), position.data_type.numpy)))


def _taps(b: GraphBuilder, position: Operand, offsets: list[int], coefficients: list[list[float]]) -> Taps:
    """Weights are polynomials of the distance, given by the coefficients per tap, constant ones first."""
    dtype = position.data_type.numpy
    column = _column(b, position)
    pixels = b.add(b.floor(column), b.constant(np.array(offsets, dtype)))
    distance = b.abs(b.sub(pixels, column))
    weights = b.constant(np.array(coefficients[-1], dtype))
    for constant in coefficients[-2::-1]:
        weights = b.add(b.mul(weights, distance), b.constant(np.array(constant, dtype)))
    return Taps(pixels, weights)


def _column(b: GraphBuilder, position: Operand) -> Operand:
    return b.reshape(position, [*position.shape, 1])


# --------------------------------------------------------------------------------------------------------- beyond the border
def zeros_outside(b: GraphBuilder, taps: Taps, size: int) -> Taps:
    """No weight for pixels outside."""
    clamped = b.clamp(taps.pixels, minValue=0, maxValue=size - 1)
    inside = b.cast(b.equal(clamped, taps.pixels), taps.weights.data_type)
    return Taps(clamped, b.mul(taps.weights, inside))


def border_outside(b: GraphBuilder, taps: Taps, size: int) -> Taps:
    """The border's pixel for those outside."""
    return Taps(b.clamp(taps.pixels, minValue=0, maxValue=size - 1), taps.weights)


def reflect_outside(b: GraphBuilder, taps: Taps, size: int, *, at_centres: bool) -> Taps:
    """Pixels outside are mirrored at the centres of the border's pixels, or at their outer edges."""
    return border_outside(b, Taps(_reflected(b, taps.pixels, size, at_centres=at_centres), taps.weights), size)


def _reflected(b: GraphBuilder, x: Operand, size: int, *, at_centres: bool) -> Operand:
    low, span = (0.0, size - 1.0) if at_centres else (-0.5, float(size))
    if span == 0:
        return b.mul(x, 0.0)
    shifted = b.sub(x, low)
    phase = b.sub(shifted, b.mul(b.floor(b.div(shifted, 2 * span)), 2 * span))
    return b.sub(low + span, b.abs(b.sub(phase, span)))


# ------------------------------------------------------------------------------------------------------------------ reading
def sample(b: GraphBuilder, x: Operand, taps: Sequence[Taps], image_of: Operand | None = None) -> Operand:
    """The weighted sums of x [n, c, *image] at all points -> [images, c, points].

    Args:
        taps: Per spatial dimension, with all pixels inside.
        image_of: Which of the n images each of ``taps``' images reads, int32 [images]; by default they are the same.
    """
    values, weights = read(b, x, taps, image_of)
    sums = b.reduceSum(b.mul(values, weights), axes=[2])
    return b.transpose(sums, permutation=[0, 2, 1])


def read(b: GraphBuilder, x: Operand, taps: Sequence[Taps], image_of: Operand | None = None) -> tuple[Operand, Operand]:
    """The values [images, points, taps, c] that `sample` adds up, and their weights [images, points, taps, 1]."""
    n, channels, *image = x.shape
    at, weights = b.cast(taps[0].pixels, DataType.INT32), taps[0].weights
    for size, other in zip(image[1:], taps[1:], strict=True):
        at = _outer(b, "add", b.mul(at, b.constant(size, DataType.INT32)), b.cast(other.pixels, DataType.INT32))
        weights = _outer(b, "mul", weights, other.weights)
    images, points, count = at.shape
    pixels = math.prod(image)
    if image_of is None:
        first = b.constant(b.arange(n, np.int32).reshape(n, 1, 1) * pixels)
    else:
        first = b.mul(b.reshape(b.cast(image_of, DataType.INT32), [images, 1, 1]), b.constant(pixels, DataType.INT32))
    rows = b.reshape(b.transpose(b.reshape(x, [n, channels, pixels]), permutation=[0, 2, 1]), [n * pixels, channels])
    values = b.gather(rows, b.reshape(b.add(at, first), [images * points * count]))
    return b.reshape(values, [images, points, count, channels]), b.reshape(weights, [*weights.shape, 1])


def _outer(b: GraphBuilder, method: str, left: Operand, right: Operand) -> Operand:
    """Every one of the last axis of ``left`` with every one of ``right``: [..., l], [..., r] -> [..., l * r]."""
    pairs = b.call(method, b.reshape(left, [*left.shape, 1]), b.reshape(right, [*right.shape[:2], 1, right.shape[2]]))
    return b.reshape(pairs, [*pairs.shape[:2], left.shape[2] * right.shape[2]])


def grid_sample(b: GraphBuilder, x: Operand, grid: Operand, *, mode: str, padding: str, align_corners: bool) -> Operand:
    """x [n, c, *image] at grid [n, *result, dimensions], whose last axis counts from -1 to 1, innermost dimension first.

    Args:
        mode: nearest, linear or cubic.
        padding: zeros, border or reflection.
        align_corners: -1 and 1 are the centres of the outermost pixels, otherwise their outer edges.

    Returns:
        [n, c, *result].
    """
    n, channels, *image = x.shape
    *result, dimensions = grid.shape[1:]
    points = b.reshape(grid, [n, math.prod(result), dimensions])
    taps = []
    for axis, size in enumerate(image):
        normalized = b.reshape(b.slice(points, [0, 0, dimensions - 1 - axis], [n, points.shape[1], 1]), [n, points.shape[1]])
        scale, shift = ((size - 1) / 2, (size - 1) / 2) if align_corners else (size / 2, (size - 1) / 2)
        position = b.add(b.mul(normalized, scale), shift)
        around = {"nearest": nearest_taps, "linear": linear_taps, "cubic": cubic_taps}[mode](b, position)
        taps.append(_within(b, around, size, padding, align_corners))
    return b.reshape(sample(b, x, taps), [n, channels, *result])


def _within(b: GraphBuilder, taps: Taps, size: int, padding: str, align_corners: bool) -> Taps:
    if padding == "reflection":
        return reflect_outside(b, taps, size, at_centres=align_corners)
    return {"zeros": zeros_outside, "border": border_outside}[padding](b, taps, size)


def affine_grid(b: GraphBuilder, theta: Operand, image: Sequence[int], *, align_corners: bool) -> Operand:
    """The grid [n, *image, dimensions] for `grid_sample` that theta [n, dimensions, dimensions + 1] describes."""
    n, dimensions, _ = theta.shape
    b.reserve(dimensions + 1, *image)
    coordinates: list[Array] = []
    for size in image:
        steps = np.linspace(-1, 1, size) if align_corners and size > 1 else (2 * np.arange(size) + 1) / size - 1
        coordinates.append(steps)
    mesh = np.meshgrid(*coordinates, indexing="ij")[::-1]
    base = np.stack([*mesh, np.ones(tuple(image))]).reshape(dimensions + 1, -1).astype(theta.data_type.numpy)
    points = b.matmul(theta, b.constant(base))
    return b.reshape(b.transpose(points, permutation=[0, 2, 1]), [n, *image, dimensions])
