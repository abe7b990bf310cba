"""Resize and Upsample."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from converters.lowering import resampling as lowering
from converters.onnx.axes import axes_of
from converters.onnx.registry import Array, Ints, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

TAPS = 8
"""Entries of a row that a kernel needs while its matrix is made."""

TIE = 1e-6
"""A position that is no further from the middle of two pixels is a tie; ONNX Runtime's own bound for what float32 loses."""

NEAREST: dict[str, Callable[[Array], Array]] = {
    "round_prefer_floor": lambda position: np.ceil(np.float64(position) - (0.5 + TIE)),
    "round_prefer_ceil": lambda position: np.floor(np.float64(position) + (0.5 + TIE)),
    "floor": np.floor,
    "ceil": np.ceil,
}


@onnx_op("Upsample", since=7, how="resample2d, or as Resize")
def upsample_7(b: GraphBuilder, X: Operand, *, mode: str = "nearest", scales: list[float]) -> Operand:
    return _asymmetric(b, X, mode, np.array(scales))


@onnx_op("Upsample", since=9, how="resample2d, or as Resize")
def upsample(b: GraphBuilder, X: Operand, scales: Array, *, mode: str = "nearest") -> Operand:
    return _asymmetric(b, X, mode, scales)


@onnx_op("Resize", since=10, how="resample2d, or as in later opsets")
def resize_10(b: GraphBuilder, X: Operand, scales: Array, *, mode: str = "nearest") -> Operand:
    return _asymmetric(b, X, mode, scales)


@onnx_op(
    "Resize",
    since=11,
    how="resample2d where it means the same; else nearest by slice or gather, linear and cubic by matmul along each axis",
)
def resize(
    b: GraphBuilder,
    X: Operand,
    roi: Array | None = None,
    scales: Array | None = None,
    sizes: Ints | None = None,
    *,
    antialias: int = 0,
    axes: list[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Operand:
    over = axes_of(range(X.rank) if axes is None else axes, X.rank)
    before = [X.shape[axis] for axis in over]
    factors, results = _sizes(before, scales, sizes, keep_aspect_ratio_policy)
    crop = coordinate_transformation_mode == "tf_crop_and_resize"
    if crop and (roi is None or roi.size != 2 * len(over)):
        raise ConversionError(f"roi must have {2 * len(over)} values for tf_crop_and_resize")
    if results == before and not crop:
        return X  # as ONNX Runtime does, whatever the scales
    positions: dict[int, Array] = {}
    for i, axis in enumerate(over):
        old, new, factor = X.shape[axis], results[i], factors[i]
        window = (float(roi[i]), float(roi[i + len(over)])) if crop and roi is not None else (0.0, 1.0)
        b.reserve(new, 1 if mode == "nearest" else old)  # the matrix that linear and cubic resizing multiply by
        b.hold(new, 2 if mode == "nearest" else old + TAPS, element_bytes=4 * 8)  # what is made on the way to it
        if (old, window) != (new, (0.0, 1.0)) or not (antialias or math.isclose(factor, 1)):
            positions[axis] = source_positions(coordinate_transformation_mode, old, new, factor, window)
    scale = dict(zip(over, factors, strict=True))
    if mode == "nearest":
        if nearest_mode not in NEAREST:
            raise ConversionError(f"nearest_mode {nearest_mode!r} is none of {', '.join(NEAREST)}")
        chosen = {axis: np.clip(NEAREST[nearest_mode](p), 0, X.shape[axis] - 1).astype(np.int64) for axis, p in positions.items()}
        Y = lowering.pick(b, X, chosen)
    elif mode in ("linear", "cubic"):
        stretch = {axis: max(1.0, 1 / scale[axis]) if antialias else 1.0 for axis in positions}
        kernel, reach = (lowering.triangle, 1) if mode == "linear" else (lowering.cubic(cubic_coeff_a), 2)
        weights = {
            axis: lowering.kernel_weights(p, X.shape[axis], kernel, reach, stretch=stretch[axis], exclude_outside=bool(exclude_outside))
            for axis, p in positions.items()
        }
        Y = _in_float(b, X, weights)
    else:
        raise ConversionError(f"mode {mode!r} is none of nearest, linear, cubic")
    return _extrapolated(b, X, Y, positions, extrapolation_value) if crop else Y


def source_positions(mode: str, old: int, new: int, scale: float, window: tuple[float, float] = (0.0, 1.0)) -> Array:
    """Where each of the ``new`` pixels lies among the ``old`` ones, by ONNX's coordinate_transformation_mode: [new].

    Arithmetic is float32 where ONNX Runtime's is: on which side of a whole number a position lies decides what nearest takes.

    Args:
        scale: Exactly as given, so that ``scale * old`` may have a fraction. Corners are those of the real sizes all the same.
        window: For tf_crop_and_resize, begin and end of the cropped part as fractions of the old length.

    Raises:
        ConversionError: ONNX has no such mode.
    """
    pixel, half, factor = np.arange(new, dtype=np.float32), np.float32(0.5), np.float32(scale)
    length = factor * np.float32(old)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and new > 1):
        return (pixel + half) / factor - half
    if mode == "pytorch_half_pixel":
        return np.zeros(new)
    if mode == "align_corners":
        return pixel * np.float32(old - 1) / np.float32(new - 1) if new > 1 else np.zeros(new)
    if mode == "asymmetric":
        return pixel / factor
    if mode == "tf_half_pixel_for_nn":
        return (pixel + half) / factor
    if mode == "half_pixel_symmetric":
        offset = np.float32(old / 2) * (1 - np.float32(new) / length)
        return np.asarray(offset + (pixel.astype(np.float64) + 0.5) / float(factor) - 0.5, np.float32)
    if mode == "tf_crop_and_resize":
        begin, end = np.float32(window[0]), np.float32(window[1])
        if new == 1:
            return np.full(new, half * (begin + end) * np.float32(old - 1))
        return begin * np.float32(old - 1) + pixel * (end - begin) * np.float32(old - 1) / np.float32(new - 1)
    raise ConversionError(f"coordinate_transformation_mode {mode!r} is not known")


def _sizes(old: list[int], scales: Array | None, sizes: list[int] | None, policy: str) -> tuple[list[float], list[int]]:
    """The scale factor and the new size of each resized axis."""
    if sizes:
        factors = [new / size for new, size in zip(sizes, old, strict=True)]
        if policy == "stretch":
            return factors, sizes
        if policy not in ("not_larger", "not_smaller"):
            raise ConversionError(f"keep_aspect_ratio_policy {policy!r} is none of stretch, not_larger, not_smaller")
        factor = min(factors) if policy == "not_larger" else max(factors)
        return [factor] * len(old), _not_empty([int(factor * size + 0.5) for size in old])
    if scales is None or scales.size != len(old):
        raise ConversionError(f"needs scales or sizes for {len(old)} axes")
    factors = [float(scale) for scale in scales]
    return factors, _scaled(factors, old)


def _scaled(factors: Sequence[float], old: Sequence[int]) -> list[int]:
    """The new sizes, rounded down; the product is float32, so that 0.7 times 10 is 7."""
    return _not_empty([int(np.float32(factor) * np.float32(size)) for factor, size in zip(factors, old, strict=True)])


def _not_empty(sizes: list[int]) -> list[int]:
    """The sizes. Raises `ConversionError` when one is 0."""
    if not all(sizes):
        raise ConversionError(f"gives an image of sizes {sizes}; WebNN has no tensors without elements")
    return sizes


def _in_float(b: GraphBuilder, X: Operand, weights: dict[int, Array]) -> Operand:
    """Interpolates; integers in float32, rounded to even and clamped to their range."""
    if X.data_type.is_float:
        return lowering.interpolate(b, X, weights)
    smallest, largest = X.data_type.range
    Y = lowering.interpolate(b, b.cast(X, DataType.FLOAT32), weights)
    return b.cast(b.clamp(b.roundEven(Y), minValue=smallest, maxValue=largest), X.data_type)


def _extrapolated(b: GraphBuilder, X: Operand, Y: Operand, positions: dict[int, Array], value: float) -> Operand:
    """Y with ``value`` wherever a position lies outside the old image."""
    outside = np.zeros((1,) * X.rank, bool)
    for axis, position in positions.items():
        beyond = (position < 0) | (position > X.shape[axis] - 1)
        outside = outside | beyond.reshape([-1 if i == axis else 1 for i in range(X.rank)])
    return b.where(b.constant(outside), b.constant(value, Y.data_type), Y) if outside.any() else Y


def _asymmetric(b: GraphBuilder, X: Operand, mode: str, scales: Sequence[float] | Array) -> Operand:
    """Resize as it was before it had modes: nearest rounds down when enlarging and up when reducing."""
    factors = np.asarray(scales, np.float64)
    if mode not in ("nearest", "linear"):
        raise ConversionError(f"mode {mode!r} is none of nearest, linear")
    new = _scaled(list(factors), X.shape)
    if tuple(new) == X.shape:
        return X
    resized = [axis for axis in range(X.rank) if factors[axis] != 1]
    positions = {axis: source_positions("asymmetric", X.shape[axis], new[axis], factors[axis]) for axis in resized}
    if mode == "linear":
        return _in_float(b, X, {axis: lowering.linear_weights(p, X.shape[axis]) for axis, p in positions.items()})
    rounded = {axis: np.ceil(p) if factors[axis] < 1 else np.floor(p) for axis, p in positions.items()}
    return lowering.pick(b, X, {axis: np.clip(p, 0, X.shape[axis] - 1).astype(np.int64) for axis, p in rounded.items()})
