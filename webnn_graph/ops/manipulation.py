"""Tensor manipulation: shape, order, selection and padding; no arithmetic."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops.declare import op
from webnn_graph.ops.domains import ANY, ANY_RANK, INDEX, LIKE_FIRST, same
from webnn_graph.ops.parameters import number, uint
from webnn_graph.ops.reduction import check_axes
from webnn_graph.ops.rules import broadcasts_to, cast_number, require
from webnn_graph.ops.traits import Trait

MAX_PIECES = 8192
"""Most operands that concat takes and split returns."""
MOVED = (Trait.MOVING, Trait.MODULAR)


# -------------------------------------------------------------------------------------------------------------------- shape
@op(run=lambda input, newShape: input.reshape(newShape), traits=MOVED, input=ANY.four_bit)
def reshape(input: Operand, newShape: list[uint], /) -> Descriptor:
    """The same elements in row-major order in another shape of as many elements."""
    result = input.with_shape(newShape)
    require(result.size == input.size, f"newShape {newShape} has {result.size} elements, the input has {input.size}")
    return result


@op(run=lambda input, newShape: np.broadcast_to(input, newShape), traits=MOVED, input=ANY)
def expand(input: Operand, newShape: list[uint], /) -> Descriptor:
    """The input broadcast to ``newShape``."""
    require(broadcasts_to(input.shape, newShape), f"shape {list(input.shape)} does not broadcast to newShape {newShape}")
    return input.with_shape(newShape)


@op(run=np.tile, traits=MOVED, input=ANY)
def tile(input: Operand, repetitions: list[uint], /) -> Descriptor:
    """The input repeated so many times along each dimension."""
    require(len(repetitions) == input.rank, f"repetitions {repetitions} must have one entry per dimension ({input.rank})")
    require(all(repetitions), f"repetitions {repetitions} must be positive")
    return input.with_shape([n * times for n, times in zip(input.shape, repetitions, strict=True)])


@op(run=lambda input, permutation: np.transpose(input, permutation), traits=MOVED, input=ANY)
def transpose(input: Operand, /, *, permutation: list[uint] | None = None) -> Descriptor:
    """The dimensions in another order: that of ``permutation``, by default the reverse."""
    order = list(range(input.rank))[::-1] if permutation is None else permutation
    require(sorted(order) == list(range(input.rank)), f"permutation {order} is not a permutation of 0..{input.rank - 1}")
    return input.with_shape([input.shape[axis] for axis in order])


@op(run=lambda input, axes: np.flip(input, axes), traits=MOVED, input=ANY)
def reverse(input: Operand, /, *, axes: list[uint] | None = None) -> Descriptor:
    """The elements in reverse order along ``axes``, by default along all."""
    check_axes(axes or [], input.rank)
    return input.descriptor


# --------------------------------------------------------------------------------------------------------- pieces and padding
@op(run=lambda inputs, axis: np.concatenate(inputs, axis), traits=[Trait.MODULAR], inputs=ANY.four_bit.rank(1, ANY_RANK))
def concat(inputs: list[Operand], axis: uint, /) -> Descriptor:
    """Tensors, alike but for the size of ``axis``, one after the other along it."""
    require(0 < len(inputs) <= MAX_PIECES, f"concat takes 1 to {MAX_PIECES} inputs, {len(inputs)} were given")
    first, *others = inputs
    require(axis < first.rank, f"axis {axis} is out of range for rank {first.rank}")
    for i, other in enumerate(others, start=1):
        require(other.data_type == first.data_type, f"inputs[{i}] is {other.data_type}, inputs[0] is {first.data_type}")
        alike = other.rank == first.rank and other.resized(axis, 1).shape == first.resized(axis, 1).shape
        require(alike, f"inputs[{i}] has shape {list(other.shape)}, inputs[0] {list(first.shape)}; only axis {axis} may differ")
    return first.resized(axis, sum(input.shape[axis] for input in inputs))


def _split(input: Array, splits: int | list[int], axis: int) -> list[Array]:
    return np.split(input, splits if isinstance(splits, int) else np.cumsum(splits)[:-1], axis)


@op(run=_split, traits=MOVED, input=ANY.rank(1, ANY_RANK))
def split(input: Operand, splits: uint | list[uint], /, *, axis: uint = 0) -> list[Descriptor]:
    """The input cut along ``axis`` into so many equal pieces, or into pieces of these sizes."""
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    size = input.shape[axis]
    count = splits if isinstance(splits, int) else len(splits)
    require(count <= MAX_PIECES, f"split returns at most {MAX_PIECES} operands, {count} are asked for")
    if isinstance(splits, int):
        require(splits > 0 and size % splits == 0, f"{size} elements along axis {axis} cannot be split into {splits} equal parts")
        splits = [size // splits] * splits
    require(sum(splits) == size and all(splits), f"splits {splits} must be positive and add up to {size}")
    return [input.resized(axis, part) for part in splits]


def _slice(input: Array, starts: list[int], sizes: list[int], strides: list[int] | None) -> Array:
    steps = strides or [1] * input.ndim
    return input[tuple(slice(a, a + n, step) for a, n, step in zip(starts, sizes, steps, strict=True))]


@op("slice", run=_slice, traits=MOVED, input=ANY)
def slice_(input: Operand, starts: list[uint], sizes: list[uint], /, *, strides: list[uint] | None = None) -> Descriptor:
    """A part of the input: along each dimension every ``stride``-th of ``size`` elements from ``start`` on."""
    steps = [1] * input.rank if strides is None else strides
    for name, values in (("starts", starts), ("sizes", sizes), ("strides", steps)):
        require(len(values) == input.rank, f"{name} {values} must have one entry per dimension ({input.rank})")
    for axis, (start, size, step) in enumerate(zip(starts, sizes, steps, strict=True)):
        require(size > 0 and step > 0, f"sizes {sizes} and strides {steps} must be positive")
        require(start + size <= input.shape[axis], f"start {start} and size {size} exceed dimension {axis} of size {input.shape[axis]}")
    return input.with_shape([-(-size // step) for size, step in zip(sizes, steps, strict=True)])


NUMPY_PAD = {"constant": "constant", "edge": "edge", "reflection": "reflect"}


def _pad(input: Array, beginningPadding: list[int], endingPadding: list[int], mode: str, value: float, result: Descriptor) -> Array:
    widths = list(zip(beginningPadding, endingPadding, strict=True))
    options: dict[str, Any] = {"constant_values": cast_number(value, result.data_type)} if mode == "constant" else {}
    return np.pad(input, widths, NUMPY_PAD[mode], **options) if widths else input  # type: ignore[call-overload]


@op(run=_pad, traits=[Trait.MODULAR], input=ANY)
def pad(
    input: Operand,
    beginningPadding: list[uint],
    endingPadding: list[uint],
    /,
    *,
    mode: Literal["constant", "edge", "reflection"] = "constant",
    value: number = 0,
) -> Descriptor:
    """The input with elements put before and after along each dimension: ``value``, the nearest one, or the mirrored ones."""
    for name, padding in (("beginningPadding", beginningPadding), ("endingPadding", endingPadding)):
        require(len(padding) == input.rank, f"{name} {padding} must have one entry per dimension ({input.rank})")
        if mode == "reflection":
            inside = all(p < n for p, n in zip(padding, input.shape, strict=True))
            require(inside, f"{name} {padding} must be smaller than the input's dimensions {list(input.shape)} to reflect")
    return input.with_shape([b + n + e for b, n, e in zip(beginningPadding, input.shape, endingPadding, strict=True)])


def _triangular(input: Array, upper: bool, diagonal: int) -> Array:
    return np.triu(input, diagonal) if upper else np.tril(input, diagonal)


@op(run=_triangular, traits=[Trait.MODULAR], input=ANY.rank(2, ANY_RANK))
def triangular(input: Operand, /, *, upper: bool = True, diagonal: int = 0) -> Descriptor:
    """The upper or lower triangle of each matrix in the last two dimensions, the rest 0; ``diagonal`` moves its border."""
    return input.descriptor


# -------------------------------------------------------------------------------------------------------- gather and scatter
def _inside(indices: Array, size: int) -> Array:
    """Indices counted from the front, clamped to the dimension as implementations do."""
    signed = indices.astype(np.int64)
    return np.clip(np.where(signed < 0, signed + size, signed), 0, size - 1)


def _inside_all(indices: Array, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The last axis of ``indices`` as one array of inside indices per leading dimension of ``shape``."""
    return tuple(_inside(indices[..., i], shape[i]) for i in range(indices.shape[-1]))


@op(
    run=lambda input, indices, axis: np.take(input, _inside(indices, input.shape[axis]), axis),
    traits=MOVED,
    input=ANY.rank(1, ANY_RANK),
    indices=INDEX,
)
def gather(input: Operand, indices: Operand, /, *, axis: uint = 0) -> Descriptor:
    """The slices of the input at ``indices`` along ``axis``; negative indices count from the end. The result has indices' shape there."""
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    return input.with_shape(input.shape[:axis] + indices.shape + input.shape[axis + 1 :])


def _check_elements(input: Descriptor, indices: Descriptor, axis: int) -> None:
    require(axis < input.rank, f"axis {axis} is out of range for rank {input.rank}")
    alike = indices.rank == input.rank and indices.resized(axis, 1).shape == input.resized(axis, 1).shape
    require(alike, f"indices have shape {list(indices.shape)}, the input {list(input.shape)}; only axis {axis} may differ")


def _gather_elements(input: Array, indices: Array, axis: int) -> Array:
    return np.take_along_axis(input, _inside(indices, input.shape[axis]), axis)


@op(run=_gather_elements, traits=MOVED, input=ANY.rank(1, ANY_RANK), indices=INDEX.rank(1, ANY_RANK))
def gatherElements(input: Operand, indices: Operand, /, *, axis: uint = 0) -> Descriptor:
    """Along ``axis``, the element at each index: the result has the shape of ``indices``, which has the input's but for that axis."""
    _check_elements(input, indices, axis)
    return input.with_shape(indices.shape)


@op(
    run=lambda input, indices: input[_inside_all(indices, input.shape)],
    traits=MOVED,
    input=ANY.rank(1, ANY_RANK),
    indices=INDEX.rank(1, ANY_RANK),
)
def gatherND(input: Operand, indices: Operand, /) -> Descriptor:
    """The slices at positions [..., k] in the first k dimensions: the result is [..., rest of the input's shape]."""
    depth = indices.shape[-1]
    require(depth <= input.rank, f"the last dimension of indices is {depth}, the input has only rank {input.rank}")
    return input.with_shape(indices.shape[:-1] + input.shape[depth:])


def _scatter_elements(input: Array, indices: Array, updates: Array, axis: int) -> Array:
    result = input.copy()
    np.put_along_axis(result, _inside(indices, input.shape[axis]), updates, axis)
    return result


@op(
    run=_scatter_elements,
    traits=[Trait.MODULAR],
    input=ANY.rank(1, ANY_RANK),
    indices=INDEX.rank(1, ANY_RANK),
    updates=LIKE_FIRST.rank(1, ANY_RANK),
)
def scatterElements(input: Operand, indices: Operand, updates: Operand, /, *, axis: uint = 0) -> Descriptor:
    """The input with ``updates`` written along ``axis`` at ``indices``, which have one shape."""
    _check_elements(input, indices, axis)
    require(updates.shape == indices.shape, f"updates have shape {list(updates.shape)}, indices {list(indices.shape)}")
    return input.descriptor


def _scatter_nd(input: Array, indices: Array, updates: Array) -> Array:
    result = input.copy()
    result[_inside_all(indices, input.shape)] = updates
    return result


@op(run=_scatter_nd, traits=[Trait.MODULAR], input=ANY.rank(1, ANY_RANK), indices=INDEX.rank(1, ANY_RANK), updates=same("input"))
def scatterND(input: Operand, indices: Operand, updates: Operand, /) -> Descriptor:
    """The input with ``updates`` [..., rest of the input's shape] written at positions [..., k] in its first k dimensions."""
    depth = indices.shape[-1]
    require(depth <= input.rank, f"the last dimension of indices is {depth}, the input has only rank {input.rank}")
    expected = indices.shape[:-1] + input.shape[depth:]
    require(updates.shape == expected, f"updates have shape {list(updates.shape)}, expected {list(expected)}")
    return input.descriptor
