"""Rules that several operators have in common."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from converters.onnx.reading.rules import CheckedNode, Rule, axis, finite, lengths, numbers, rank, same_rank, shapes
from webnn_graph.data_types import Array

Shape: TypeAlias = tuple[int, ...]


def positive(array: Array) -> bool:
    """Whether all are finite and above 0."""
    return bool(np.isfinite(array).all() and (array > 0).all())


def inner(first: Shape, second: Shape) -> bool:
    """Whether a matrix product of these shapes has one inner size."""
    return first[-1] == second[-2 if len(second) > 1 else 0]


def divides(count: int, total: int) -> bool:
    """Whether ``total`` things fall into ``count`` equal parts."""
    return count >= 1 and total % count == 0


# -------------------------------------------------------------------------------------------------------------- convolutions
def _kernel(x: str, w: str, *, transposed: bool = False, last: bool = False) -> Rule:
    """A convolution's groups divide its channels, and the filter is for as many and of the size that is said."""

    def check(call: CheckedNode) -> None:
        group, image, filters = call.attribute("group", 1), call.operand(x), call.operand(w)
        call.require(group >= 1, f"group is {group}; it must be at least 1")
        if image is None or filters is None:
            return
        channels, outer, inner = image.shape[-1 if last else 1], filters.shape[0], filters.shape[-1 if last else 1]
        call.require(channels % group == 0, f"group is {group}, which does not divide the {channels} channels of {x}")
        if transposed:
            call.require(outer == channels, f"{w} is for {outer} channels, {x} has {channels}")
        else:
            call.require(outer % group == 0, f"group is {group}, which does not divide the {outer} outputs of {w}")
            call.require(inner * group == channels, f"{w} is for {inner * group} channels, {x} has {channels}")
        kernel, given = list(filters.shape[1:-1] if last else filters.shape[2:]), call.attribute("kernel_shape")
        call.require(not given or list(given) == kernel, f"kernel_shape is {given}, the kernel of {w} is {kernel}")

    return check


def convolution(x: str, w: str, bias: str = "", *, transposed: bool = False, last: bool = False) -> tuple[Rule, ...]:
    """What all convolutions share."""
    return (
        rank(3, 5, x),
        same_rank(x, w),
        _kernel(x, w, transposed=transposed, last=last),
        numbers(1, "strides", "dilations"),
        numbers(0, "output_padding"),
        lengths(x, "strides", "dilations", "output_padding"),
        lengths(x, "pads", times=2),
        *((rank(1, 1, bias),) if bias else ()),
    )


POOLING: tuple[Rule, ...] = (
    rank(3, 5, "X"),
    shapes("kernel_shape has not one entry for each spatial dimension", lambda X, kernel: len(kernel) == len(X) - 2, "X", kernel_shape=()),
    numbers(1, "strides", "dilations", "kernel_shape", "p"),
    lengths("X", "strides", "dilations", "kernel_shape"),
    lengths("X", "pads", times=2),
)
GLOBAL: tuple[Rule, ...] = (rank(3, None, "X"), numbers(1, "p"))
SPATIAL: tuple[Rule, ...] = (
    rank(3, 5, "x"),
    same_rank("x", "w"),
    numbers(1, "strides", "dilations", "kernel_shape", "group"),
    lengths("x", "strides", "dilations", "kernel_shape"),
    lengths("x", "pads", times=2),
    rank(1, 1, "B"),
)
"""Convolutions in any layout."""


def _grid_fits(X: Shape, grid: Shape) -> bool:
    return len(X) == len(grid) and grid[-1] == len(X) - 2 and grid[0] == X[0]


GRID: tuple[Rule, ...] = (rank(4, 5, "X"), shapes("grid does not fit X", _grid_fits, "X", "grid"))
NORMALIZED: tuple[Rule, ...] = (
    rank(1, None, "X"),
    axis("X"),
    shapes("stash_type is no floating point type", lambda kind: kind in (1, 10, 11, 16), stash_type=1),
)

RECURRENT: tuple[Rule, ...] = (
    rank(3, 3, "X", "W", "R", "initial_h", "initial_c"),
    rank(2, 2, "B", "P"),
    rank(1, 1, "sequence_lens"),
    finite("clip", "activation_alpha", "activation_beta"),
    shapes("layout is neither 0 nor 1", lambda layout: layout in (0, 1), layout=0),
    shapes("W and R are not for the same directions", lambda W, R: W[0] == R[0], "W", "R"),
    shapes(
        "W has not one part for each direction",
        lambda W, direction: W[0] == (2 if direction == b"bidirectional" else 1),
        "W",
        direction=b"forward",
    ),
    shapes("hidden_size is not that of R", lambda R, hidden_size: hidden_size in (None, R[2]), "R", hidden_size=None),
)


def quantized(x: str, *pairs: tuple[str, str]) -> tuple[Rule, ...]:
    """Scales and zero points are of one shape each, and fit what they are for; the axis is one when it counts."""

    def check(call: CheckedNode) -> None:
        for scale_name, point_name in pairs:
            scale, point, operand = call.operand(scale_name), call.operand(point_name), call.operand(x)
            if scale is not None and point is not None:
                alike = scale.shape == point.shape or scale.size == point.size == 1
                call.require(alike, f"{scale_name} has the shape {list(scale.shape)}, {point_name} has {list(point.shape)}")
            if scale is None or operand is None:
                continue
            fits = scale.rank <= 1 or scale.rank == operand.rank
            call.require(fits, f"{scale_name} has rank {scale.rank}, expected 0, 1 or {operand.rank}")
            block = call.attribute("block_size", 0)
            call.require(block >= 0, f"block_size is {block}; it must not be negative")
            if scale.size > 1:
                place = call.attribute("axis", 1)
                call.require(-operand.rank <= place < operand.rank, f"axis {place} is out of range for rank {operand.rank}")
                call.require(
                    scale.rank > 1 or scale.size == operand.shape[place],
                    f"{scale_name} has {scale.size} elements, axis {place} of {x} has {operand.shape[place]}",
                )

    return (check,)
