"""Views, order, pieces, repetition and padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from converters.lowering.padding import padded
from converters.lowering.pieces import stack as stacked
from converters.lowering.pieces import unstack
from converters.torch.registry import Promote, aten, aten_op
from converters.torch.tensors import data_type
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@aten_op(
    aten._reshape_alias.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.unsqueeze.default,
    aten.view.default,
    how="Everything that keeps the order of the elements: PyTorch has worked out the shape",
)
def reshape(b: GraphBuilder, input: Operand, *arguments: Any, result: torch.Tensor) -> Operand:
    return b.reshape(input, list(result.shape))


@aten_op(aten.expand.default, how="expand")
def expand(b: GraphBuilder, input: Operand, size: Any, *, implicit: bool, result: torch.Tensor) -> Operand:
    return b.expand(input, list(result.shape))


@aten_op(aten.repeat.default, aten.tile.default, how="tile, reshape")
def repeat(b: GraphBuilder, input: Operand, repeats: Sequence[int]) -> Operand:
    rank = max(input.rank, len(repeats))
    repetitions = [1] * (rank - len(repeats)) + list(repeats)
    return b.tile(b.reshape(input, [1] * (rank - input.rank) + list(input.shape)), repetitions)


@aten_op(aten.repeat_interleave.self_int, how="reshape, expand")
def repeat_interleave(
    b: GraphBuilder, input: Operand, repeats: int, dim: int | None, *, output_size: int | None, result: torch.Tensor
) -> Operand:
    x = b.reshape(input, [input.size]) if dim is None else input
    axis = (dim or 0) % x.rank
    before, after = list(x.shape[: axis + 1]), list(x.shape[axis + 1 :])
    wide = b.expand(b.reshape(x, [*before, 1, *after]), [*before, repeats, *after])
    return b.reshape(wide, list(result.shape))


@aten_op(aten.as_strided.default, how="Elements by their place in memory, which is the input's as PyTorch laid it out")
def as_strided(
    b: GraphBuilder,
    input: Operand,
    size: Sequence[int],
    stride: Sequence[int],
    storage_offset: int | None,
    *,
    fakes: list[torch.Tensor],
) -> Operand:
    (source,) = fakes
    strides = source.stride()
    order = sorted(range(source.dim()), key=lambda axis: (-strides[axis], axis))
    dense = source.permute(order).is_contiguous() if order else True
    offset = 0 if storage_offset is None else storage_offset - int(source.storage_offset())
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if not dense or offset < 0 or last >= input.size:
        raise ConversionError("as_strided reads memory outside of the tensor it is given", "use slicing, expand or unfold")
    flat = b.reshape(b.transpose(input, permutation=order) if order else input, [input.size])
    places = np.full((), offset, np.int32)
    for n, step in zip(size, stride, strict=True):
        places = places[..., None] + np.arange(n, dtype=np.int32) * np.int32(step)
    if places.ravel().tolist() == list(range(input.size)):
        return b.reshape(flat, list(size))
    return b.gather(flat, np.asarray(places, np.int32))


# ---------------------------------------------------------------------------------------------------------------------- order
@aten_op(aten.permute.default, how="transpose")
def permute(b: GraphBuilder, input: Operand, dims: Sequence[int]) -> Operand:
    return b.transpose(input, permutation=[axis % input.rank for axis in dims])


@aten_op(aten.transpose.int, how="transpose")
def transpose(b: GraphBuilder, input: Operand, dim0: int, dim1: int) -> Operand:
    order = list(range(input.rank))
    if order:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return b.transpose(input, permutation=order)


@aten_op(aten.t.default, how="transpose")
def matrix_transpose(b: GraphBuilder, input: Operand) -> Operand:
    return b.transpose(input)


@aten_op(aten.flip.default, how="reverse")
def flip(b: GraphBuilder, input: Operand, dims: Sequence[int]) -> Operand:
    return b.reverse(input, axes=[axis % input.rank for axis in dims]) if dims and input.rank else input


@aten_op(aten.roll.default, how="Moves elements along axes; without axes, in the order of all elements")
def roll(b: GraphBuilder, input: Operand, shifts: Sequence[int], dims: Sequence[int]) -> Operand:
    x = input if dims else b.reshape(input, [input.size])
    for shift, axis in zip(shifts, dims or [0], strict=True):
        axis %= max(x.rank, 1)
        cut = -shift % x.shape[axis] if x.rank else 0
        if cut:
            head, tail = b.split(x, [cut, x.shape[axis] - cut], axis=axis)
            x = b.concat([tail, head], axis)
    return b.reshape(x, list(input.shape))


# --------------------------------------------------------------------------------------------------------------------- pieces
@aten_op(
    aten.cat.default, aten.concat.default, aten.concatenate.default, promote=Promote.RESULT, how="Tensors without elements do not count"
)
def cat(b: GraphBuilder, tensors: Sequence[Any], dim: int) -> Operand:
    parts = [part for part in tensors if isinstance(part, Operand)]
    return b.concat(parts, dim % parts[0].rank)


@aten_op(aten.stack.default, promote=Promote.RESULT, how="composed")
def stack(b: GraphBuilder, tensors: Sequence[Operand], dim: int) -> Operand:
    return stacked(b, tensors, dim % (tensors[0].rank + 1))


def cut(b: GraphBuilder, input: Operand, axis: int, start: int, length: int, step: int = 1) -> Operand:
    """``length`` elements of one axis from ``start``, every ``step``-th of them."""
    starts, sizes, steps = [0] * input.rank, list(input.shape), [1] * input.rank
    starts[axis], sizes[axis], steps[axis] = start, length, step
    return b.slice(input, starts, sizes, strides=steps)


@aten_op(aten.slice.Tensor, how="composed")
def slice_(b: GraphBuilder, input: Operand, dim: int, start: int | None, end: int | None, step: int) -> Operand:
    axis = dim % input.rank
    first, stop, _ = slice(start, end, step).indices(input.shape[axis])
    return cut(b, input, axis, first, stop - first, step)


@aten_op(aten.select.int, how="composed")
def select(b: GraphBuilder, input: Operand, dim: int, index: int, *, result: torch.Tensor) -> Operand:
    axis = dim % input.rank
    return b.reshape(cut(b, input, axis, index % input.shape[axis], 1), list(result.shape))


@aten_op(aten.split.Tensor, aten.unsafe_split.Tensor, how="split")
def split(b: GraphBuilder, input: Operand, size: int, dim: int, *, result: Sequence[torch.Tensor]) -> list[Operand]:
    axis = dim % input.rank
    return b.split(input, [part.shape[axis] for part in result], axis=axis)


@aten_op(
    aten.split_with_sizes.default,
    aten.unsafe_split_with_sizes.default,
    how="Pieces of size 0 are left as None; nothing in a graph reads them",
)
def split_with_sizes(b: GraphBuilder, input: Operand, sizes: Sequence[int], dim: int) -> list[Any]:
    axis = dim % input.rank
    parts = iter(b.split(input, [size for size in sizes if size], axis=axis))
    return [next(parts) if size else None for size in sizes]


@aten_op(aten.unbind.int, how="composed")
def unbind(b: GraphBuilder, input: Operand, dim: int) -> list[Operand]:
    return unstack(b, input, dim % input.rank)


@aten_op(aten.diagonal.default, how="The matrices' elements whose column is ``offset`` above their row, gathered from the flat matrices")
def diagonal(b: GraphBuilder, input: Operand, offset: int, dim1: int, dim2: int, *, result: torch.Tensor) -> Operand:
    dim1, dim2 = dim1 % input.rank, dim2 % input.rank
    order = [axis for axis in range(input.rank) if axis not in (dim1, dim2)] + [dim1, dim2]
    moved = b.transpose(input, permutation=order)
    *outer, rows, columns = moved.shape
    count = result.shape[-1]
    start = offset if offset >= 0 else -offset * columns
    places = start + np.arange(count, dtype=np.int32) * (columns + 1)
    return b.gather(b.reshape(moved, [*outer, rows * columns]), places, axis=len(outer))


@aten_op(aten.unfold.default, how="Windows along one axis, which become a new last axis")
def unfold(b: GraphBuilder, input: Operand, dimension: int, size: int, step: int) -> Operand:
    if input.rank == 0:
        return b.reshape(input, [size])
    axis = dimension % input.rank
    count = (input.shape[axis] - size) // step + 1
    places = (np.arange(count)[:, None] * step + np.arange(size)).astype(np.int32)
    windows = b.gather(input, places, axis=axis)
    order = [i for i in range(windows.rank) if i != axis + 1] + [axis + 1]
    return b.transpose(windows, permutation=order)


@aten_op(aten.pixel_shuffle.default, how="Channels become pixels: [*, c * r * r, h, w] -> [*, c, h * r, w * r]")
def pixel_shuffle(b: GraphBuilder, input: Operand, upscale_factor: int, *, result: torch.Tensor) -> Operand:
    *_, channels, height, width = input.shape
    outer, r = math.prod(input.shape[:-3]), upscale_factor
    apart = b.reshape(input, [outer * channels // (r * r), r, r, height, width])
    return b.reshape(b.transpose(apart, permutation=[0, 3, 1, 4, 2]), list(result.shape))


@aten_op(aten.pixel_unshuffle.default, how="Pixels become channels, the inverse of `pixel_shuffle`")
def pixel_unshuffle(b: GraphBuilder, input: Operand, downscale_factor: int, *, result: torch.Tensor) -> Operand:
    *_, height, width = input.shape
    outer, r = math.prod(input.shape[:-2]), downscale_factor
    apart = b.reshape(input, [outer, height // r, r, width // r, r])
    return b.reshape(b.transpose(apart, permutation=[0, 2, 4, 1, 3]), list(result.shape))


@aten_op(aten.channel_shuffle.default, aten.native_channel_shuffle.default, how="reshape, transpose")
def channel_shuffle(b: GraphBuilder, input: Operand, groups: int) -> Operand:
    n, channels, *image = input.shape
    apart = b.reshape(input, [n, groups, channels // groups, math.prod(image)])
    return b.reshape(b.transpose(apart, permutation=[0, 2, 1, 3]), list(input.shape))


# -------------------------------------------------------------------------------------------------------------------- padding
def _amounts(pad: Sequence[int], rank: int) -> tuple[list[int], list[int]]:
    """PyTorch's padding, last axis first in pairs, as amounts before and after each axis."""
    before, after = [0] * rank, [0] * rank
    for i in range(len(pad) // 2):
        before[rank - 1 - i], after[rank - 1 - i] = pad[2 * i], pad[2 * i + 1]
    return before, after


MODES = {"constant": "constant", "reflect": "reflection", "replicate": "edge", "circular": "wrap"}
"""PyTorch's names of the modes and WebNN's."""


def _padded(b: GraphBuilder, input: Operand, pad: Sequence[int], mode: str, value: float = 0) -> Operand:
    fill = value if input.data_type.is_float else int(value)
    return padded(b, input, *_amounts(pad, input.rank), MODES[mode], fill)


@aten_op(aten.constant_pad_nd.default, how="composed")
def constant_pad(b: GraphBuilder, input: Operand, pad: Sequence[int], value: float, *, result: torch.Tensor) -> Operand:
    return _padded(b, input, pad, "constant", bool(value) if result.dtype is torch.bool else value)


@aten_op(aten.pad.default, how="composed")
def pad_by_mode(b: GraphBuilder, input: Operand, pad: Sequence[int], mode: str, value: float | None, *, result: torch.Tensor) -> Operand:
    return _padded(b, input, pad, mode, bool(value) if result.dtype is torch.bool else value or 0)


@aten_op(aten.reflection_pad1d.default, aten.reflection_pad2d.default, aten.reflection_pad3d.default, how="composed")
def reflection_pad(b: GraphBuilder, input: Operand, padding: Sequence[int]) -> Operand:
    return _padded(b, input, padding, "reflect")


@aten_op(aten.replication_pad1d.default, aten.replication_pad2d.default, aten.replication_pad3d.default, how="composed")
def replication_pad(b: GraphBuilder, input: Operand, padding: Sequence[int]) -> Operand:
    return _padded(b, input, padding, "replicate")


# ----------------------------------------------------------------------------------------------------------------- triangular
@aten_op(aten.tril.default, how="triangular")
def tril(b: GraphBuilder, input: Operand, diagonal: int) -> Operand:
    return b.triangular(input, upper=False, diagonal=diagonal)


@aten_op(aten.triu.default, how="triangular")
def triu(b: GraphBuilder, input: Operand, diagonal: int) -> Operand:
    return b.triangular(input, upper=True, diagonal=diagonal)


@aten_op(aten.diag_embed.default, how="Matrices that are zero but on one diagonal")
def diag_embed(b: GraphBuilder, input: Operand, offset: int, dim1: int, dim2: int, *, result: torch.Tensor) -> Operand:
    rank, size = result.dim(), max(result.shape[dim1], result.shape[dim2])
    widened = b.pad(input, [0] * (input.rank - 1) + [max(0, -offset) if offset < 0 else 0], [0] * (input.rank - 1) + [max(0, offset)])
    rows = b.reshape(widened, [*widened.shape, 1])
    on_diagonal = np.eye(size, k=offset, dtype=np.uint8)
    matrices = b.where(on_diagonal, rows, b.constant(0, input.data_type))
    dim1, dim2 = dim1 % rank, dim2 % rank
    outer = iter(range(rank - 2))
    order = [rank - 2 if axis == dim1 else rank - 1 if axis == dim2 else next(outer) for axis in range(rank)]
    return b.transpose(matrices, permutation=order)


@aten_op(aten.view.dtype, how="composed")
def view_as_type(b: GraphBuilder, input: Operand, dtype: torch.dtype, *, result: torch.Tensor) -> Operand:
    if data_type(dtype) != input.data_type:
        raise ConversionError("reads the bytes of a tensor as another type", "convert with Tensor.to instead")
    return input
