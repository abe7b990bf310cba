"""Resizing of images in all of PyTorch's modes, and reading them at computed positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from converters.lowering import resampling as lowering
from converters.lowering.grid_sample import affine_grid, grid_sample
from converters.torch.registry import aten, aten_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand

PYTORCH_CUBIC = -0.75
ANTIALIASED_CUBIC = -0.5


def _scale_factors(scales: Sequence[Any], count: int) -> list[float | None]:
    """The scale per spatial dimension that PyTorch computes with; None where it takes the ratio of the sizes.

    Overloads give one number per dimension; ``.vec`` overloads give one list, or None.
    """
    if len(scales) == 1 and not isinstance(scales[0], int | float):
        return list(scales[0]) if scales[0] is not None else [None] * count
    return list(scales) + [None] * (count - len(scales))


def _axes(input: Operand, result: torch.Tensor, scales: Sequence[Any], by_sizes: Sequence[int] = ()) -> list[tuple[int, int, int, float]]:
    """Each spatial axis with its old size, its new size, and how many old pixels one new pixel spans.

    An axis whose size grows exactly by one of the factors ``by_sizes`` goes by its sizes, whatever its scale.
    """
    count = input.rank - 2
    factors = _scale_factors(scales, count)
    sizes = [(input.shape[2 + i], result.shape[2 + i]) for i in range(count)]
    return [
        (2 + i, old, new, 1 / f if f and new not in [old * factor for factor in by_sizes] else old / new)
        for i, ((old, new), f) in enumerate(zip(sizes, factors, strict=True))
    ]


def _in_float32(positions: Array) -> Array:
    """PyTorch computes positions in float32, which decides ties."""
    return positions.astype(np.float32)


# -------------------------------------------------------------------------------------------------------------------- nearest
def _corner(new: int, span: float) -> Array:
    """Where the corners of new pixels lie."""
    return _in_float32(np.arange(new)) * np.float32(span)


def _nearest(position: Callable[[int, float], Array], by_sizes: Sequence[int] = ()) -> Callable[..., Operand]:
    def nearest(b: GraphBuilder, input: Operand, output_size: Any, *scales: Any, result: torch.Tensor) -> Operand:
        chosen = {
            axis: np.clip(np.floor(position(new, span)), 0, old - 1).astype(np.int64)
            for axis, old, new, span in _axes(input, result, scales, by_sizes)
        }
        return lowering.pick(b, input, chosen)

    return nearest


aten_op(
    aten.upsample_nearest1d.default,
    aten.upsample_nearest1d.vec,
    aten.upsample_nearest3d.default,
    aten.upsample_nearest3d.vec,
    how="composed",
)(_nearest(_corner))
aten_op(aten.upsample_nearest2d.default, aten.upsample_nearest2d.vec, how="composed")(_nearest(_corner, by_sizes=(1, 2)))
aten_op(
    aten._upsample_nearest_exact1d.default,
    aten._upsample_nearest_exact1d.vec,
    aten._upsample_nearest_exact2d.default,
    aten._upsample_nearest_exact2d.vec,
    aten._upsample_nearest_exact3d.default,
    aten._upsample_nearest_exact3d.vec,
    how="composed",
)(_nearest(lambda new, span: _in_float32(np.arange(new) + 0.5) * np.float32(span)))


# --------------------------------------------------------------------------------------------------------------- interpolation
def _positions(old: int, new: int, span: float, align_corners: bool) -> Array:
    return lowering.align_corners(new, old) if align_corners else lowering.half_pixel(new, 1 / span)


@aten_op(
    aten.upsample_linear1d.default,
    aten.upsample_linear1d.vec,
    aten.upsample_bilinear2d.vec,
    aten.upsample_trilinear3d.default,
    aten.upsample_trilinear3d.vec,
    how="resample2d where it means the same, otherwise a matrix product per axis",
)
def linear(b: GraphBuilder, input: Operand, output_size: Any, align_corners: bool, *scales: Any, result: torch.Tensor) -> Operand:
    weights = {
        axis: lowering.linear_weights(_positions(old, new, span, align_corners), old)
        for axis, old, new, span in _axes(input, result, scales, by_sizes=(1,))
    }
    return lowering.interpolate(b, input, weights)


@aten_op(aten.upsample_bicubic2d.vec, how="A matrix product per axis")
def cubic(b: GraphBuilder, input: Operand, output_size: Any, align_corners: bool, *scales: Any, result: torch.Tensor) -> Operand:
    kernel = lowering.cubic(PYTORCH_CUBIC)
    weights = {
        axis: lowering.kernel_weights(_positions(old, new, span, align_corners), old, kernel, 2)
        for axis, old, new, span in _axes(input, result, scales)
    }
    return lowering.interpolate(b, input, weights)


def _antialiased(kernel: Callable[[Array], Array], reach: int) -> Callable[..., Operand]:
    def antialiased(b: GraphBuilder, input: Operand, output_size: Any, align_corners: bool, *scales: Any, result: torch.Tensor) -> Operand:
        weights = {}
        for axis, old, new, span in _axes(input, result, scales, by_sizes=(1,)):
            if align_corners:
                span = (old - 1) / (new - 1) if new > 1 else 0.0
            stretch = max(span, 1.0)
            position = (np.arange(new) + 0.5) * span - 0.5  # with align_corners, too
            weights[axis] = lowering.kernel_weights(position, old, kernel, reach, stretch=stretch, exclude_outside=True)
        return lowering.interpolate(b, input, weights)

    return antialiased


WIDENED = "The kernel is widened by the factor of downsampling, so that every old pixel takes part"
aten_op(aten._upsample_bilinear2d_aa.default, aten._upsample_bilinear2d_aa.vec, how=WIDENED)(_antialiased(lowering.triangle, 1))
aten_op(aten._upsample_bicubic2d_aa.default, aten._upsample_bicubic2d_aa.vec, how=WIDENED)(
    _antialiased(lowering.cubic(ANTIALIASED_CUBIC), 2)
)


# ------------------------------------------------------------------------------------------------------------------ positions
@aten_op(
    aten.grid_sampler.default,
    aten.grid_sampler_2d.default,
    aten.grid_sampler_3d.default,
    how="One gather of all neighbours, weighted and added up; float16 in float32",
)
def grid_sampler(
    b: GraphBuilder, input: Operand, grid: Operand, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Operand:
    mode = ("linear", "nearest", "cubic")[interpolation_mode]
    padding = ("zeros", "border", "reflection")[padding_mode]
    image, places = (b.cast(operand, DataType.FLOAT32) for operand in (input, grid))  # half a number tells pixels apart up to 2048
    return b.cast(grid_sample(b, image, places, mode=mode, padding=padding, align_corners=align_corners), input.data_type)


@aten_op(aten.affine_grid_generator.default, how="A matrix product with the regular grid")
def affine_grid_generator(b: GraphBuilder, theta: Operand, size: Sequence[int], align_corners: bool) -> Operand:
    return affine_grid(b, theta, list(size[2:]), align_corners=align_corners)
