"""Gathering, scattering, embedding, and writing into parts of a tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from converters.lowering.scattering import add_rows, scatter_reduce
from converters.torch.handlers.shape import cut
from converters.torch.registry import aten, aten_op, unavailable
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand
from webnn_graph.ops.rules import broadcast

SHORTEST_SLICE = 16
"""Elements of a slice from which on it is cheaper to write several than to move the axis to the front and back."""
DATA_DEPENDENT_MASK = "the number of elements that a mask selects depends on the data"


# --------------------------------------------------------------------------------------------------------------------- gather
@aten_op(aten.embedding.default, how="gather")
def embedding(b: GraphBuilder, weight: Operand, indices: Operand, *ignored: Any) -> Operand:
    return b.gather(weight, indices)


@aten_op(aten.index_select.default, how="gather")
def index_select(b: GraphBuilder, input: Operand, dim: int, index: Operand, *, result: torch.Tensor) -> Operand:
    x = input if input.rank else b.reshape(input, [1])
    return b.reshape(b.gather(x, b.reshape(index, [index.size]), axis=dim % x.rank), list(result.shape))


@aten_op(aten.gather.default, how="The index may be smaller than the input in the other dimensions")
def gather(b: GraphBuilder, input: Operand, dim: int, index: Operand, *, sparse_grad: bool, result: torch.Tensor) -> Operand:
    x, places = _at_least_1d(b, input), _at_least_1d(b, index)
    axis = dim % x.rank
    part = b.slice(x, [0] * x.rank, [n if i == axis else m for i, (n, m) in enumerate(zip(x.shape, places.shape, strict=True))])
    return b.reshape(b.gatherElements(part, places, axis=axis), list(result.shape))


@aten_op(aten.take.default, how="gather, reshape")
def take(b: GraphBuilder, input: Operand, index: Operand) -> Operand:
    return b.gather(b.reshape(input, [input.size]), index)


def _at_least_1d(b: GraphBuilder, x: Operand) -> Operand:
    return x if x.rank else b.reshape(x, [1])


@aten_op(
    aten.index.Tensor,
    aten._unsafe_index.Tensor,
    how="Integer indexing of some dimensions; indices broadcast, and a known mask is the indices of what it selects",
)
def index(b: GraphBuilder, input: Operand, indices: Sequence[Operand | None], *, result: torch.Tensor) -> Operand:
    axes, places = _integer_indices(b, input, indices)
    if not axes:
        return input
    if len(axes) == 1:
        return b.gather(input, places[0], axis=axes[0])
    shape = broadcast(*(place.shape for place in places))
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    if adjacent:
        flat, linear = _merged(b, input, axes, places)
        return b.gather(flat, linear, axis=axes[0])
    rest = [axis for axis in range(input.rank) if axis not in axes]
    front = b.transpose(input, permutation=[*axes, *rest])
    flat, linear = _merged(b, front, list(range(len(axes))), places)
    return b.reshape(b.gather(flat, linear), [*shape, *(input.shape[axis] for axis in rest)])


def _integer_indices(b: GraphBuilder, input: Operand, indices: Sequence[Operand | None]) -> tuple[list[int], list[Operand]]:
    """The indexed axes and the indices of each."""
    axes, places = [], []
    axis = 0
    for item in indices:
        if item is None:
            axis += 1
            continue
        if item.data_type is not DataType.UINT8:
            axes.append(axis)
            places.append(item)
            axis += 1
            continue
        mask = b.value(item)
        if mask is None:
            raise ConversionError(DATA_DEPENDENT_MASK, "use torch.where, or multiply by the mask")
        for chosen in np.nonzero(mask):
            axes.append(axis)
            places.append(b.constant(chosen.astype(np.int64)))
            axis += 1
    return axes, places


def _merged(b: GraphBuilder, x: Operand, axes: list[int], places: list[Operand]) -> tuple[Operand, Operand]:
    """x with adjacent axes made one, and the indices of that one."""
    sizes = [x.shape[axis] for axis in axes]
    linear: Operand | None = None
    for size, place in zip(sizes, places, strict=True):
        positive = _not_negative(b, b.cast(place, "int64"), size)
        linear = positive if linear is None else b.add(b.mul(linear, size), positive)
    assert linear is not None
    return b.reshape(x, [*x.shape[: axes[0]], math.prod(sizes), *x.shape[axes[-1] + 1 :]]), linear


def _not_negative(b: GraphBuilder, index: Operand, size: int) -> Operand:
    """The index counted from the front."""
    known = b.value(index)
    if known is not None and (known >= 0).all():
        return index
    return b.where(b.lesser(index, 0), b.add(index, size), index)


# -------------------------------------------------------------------------------------------------------------------- scatter
@aten_op(aten.index_put.default, aten._unsafe_index_put.default, how="scatterND; with accumulation a matrix product; a mask by where")
def index_put(b: GraphBuilder, input: Operand, indices: Sequence[Operand | None], values: Operand, accumulate: bool) -> Operand:
    values = b.cast(values, input.data_type)
    masks = [item for item in indices if item is not None and item.data_type is DataType.UINT8]
    if len(masks) == 1 and len([i for i in indices if i is not None]) == 1 and b.value(masks[0]) is None:
        return _masked_put(b, input, list(indices).index(masks[0]), masks[0], values, accumulate)
    axes, places = _integer_indices(b, input, indices)
    if not accumulate and len(axes) == 1 and places[0].rank == 1 and math.prod(input.shape[axes[0] + 1 :]) >= SHORTEST_SLICE:
        return _slices_put(b, input, axes[0], places[0], values)
    rest = [axis for axis in range(input.rank) if axis not in axes]
    front = b.transpose(input, permutation=[*axes, *rest])
    flat, linear = _merged(b, front, list(range(len(axes))), places)
    width = math.prod(input.shape[axis] for axis in rest)
    values = _values_in_front(b, input, axes, linear, values, [input.shape[axis] for axis in rest])
    rows = b.reshape(flat, [flat.shape[0], width])
    updates, targets = b.reshape(values, [linear.size, width]), b.reshape(linear, [linear.size])
    if accumulate:
        written = add_rows(b, rows, targets, updates)
    else:
        written = b.scatterND(rows, b.reshape(b.cast(targets, "int32"), [linear.size, 1]), updates)
    back = [[*axes, *rest].index(axis) for axis in range(input.rank)]
    return b.transpose(b.reshape(written, list(front.shape)), permutation=back)


def _slices_put(b: GraphBuilder, input: Operand, axis: int, places: Operand, values: Operand) -> Operand:
    """Slices along one axis written where they are: nothing is moved to the front, as a cache would have to be at each step."""
    outer, size, width = math.prod(input.shape[:axis]), input.shape[axis], math.prod(input.shape[axis + 1 :])
    whole = b.expand(values, list(input.resized(axis, places.size).shape))
    places = b.cast(_not_negative(b, places, size), "int32")
    rows = b.add(b.reshape(b.mul(b.constant(b.arange(outer, np.int32)), size), [outer, 1]), b.reshape(places, [1, places.size]))
    count = outer * places.size
    written = b.scatterND(b.reshape(input, [outer * size, width]), b.reshape(rows, [count, 1]), b.reshape(whole, [count, width]))
    return b.reshape(written, list(input.shape))


def _values_in_front(b: GraphBuilder, input: Operand, axes: list[int], linear: Operand, values: Operand, rest: list[int]) -> Operand:
    """The values broadcast to the indexed shape, the indices' dimensions moved to the front."""
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    ahead = axes[0] if adjacent else 0
    whole = b.expand(values, [*rest[:ahead], *linear.shape, *rest[ahead:]])
    order = [*range(ahead, ahead + linear.rank), *range(ahead), *range(ahead + linear.rank, whole.rank)]
    return b.transpose(whole, permutation=order)


def _masked_put(b: GraphBuilder, input: Operand, axis: int, mask: Operand, values: Operand, accumulate: bool) -> Operand:
    """x[mask] = values: one value for each selected place, or as many as the mask selects, in order."""
    trailing = input.rank - axis - mask.rank
    column = b.reshape(mask, [*mask.shape, *[1] * trailing])
    if values.rank > trailing and values.shape[-trailing - 1] != 1:
        if values.rank > trailing + 1 and any(n != 1 for n in values.shape[: -trailing - 1]):
            raise ConversionError(DATA_DEPENDENT_MASK, "assign rows to what a mask of the first dimensions selects")
        rows = b.reshape(values, list(values.shape[values.rank - trailing - 1 :]))
        row = b.reshape(b.gather(rows, _order(b, mask, rows.shape[0])), [*mask.shape, *rows.shape[1:]])
    else:
        row = b.reshape(values, list(values.shape[max(0, values.rank - trailing) :]))
    return b.where(column, b.add(input, row) if accumulate else row, input)


@aten_op(aten.scatter.src, how="scatterElements")
def scatter(b: GraphBuilder, input: Operand, dim: int, index: Operand, src: Operand) -> Operand:
    return _scatter(b, input, dim, index, b.slice(src, [0] * src.rank, list(index.shape)))


@aten_op(aten.scatter.value, how="scatterElements")
def scatter_value(b: GraphBuilder, input: Operand, dim: int, index: Operand, value: float) -> Operand:
    return _scatter(b, input, dim, index, b.expand(b.constant(value, input.data_type), list(index.shape)))


def _scatter(b: GraphBuilder, input: Operand, dim: int, index: Operand, updates: Operand) -> Operand:
    """WebNN wants indices that cover all other dimensions: a smaller index writes into a part of the input."""
    x, places, updates = (_at_least_1d(b, operand) for operand in (input, b.cast(index, "int32"), updates))
    axis = dim % x.rank
    covered = [n if i == axis else m for i, (n, m) in enumerate(zip(x.shape, places.shape, strict=True))]
    part = b.slice(x, [0] * x.rank, covered)
    written = b.scatterElements(part, places, updates, axis=axis)
    for i in range(x.rank):
        if covered[i] < x.shape[i]:
            starts = [covered[j] if j == i else 0 for j in range(x.rank)]
            sizes = [x.shape[j] - covered[j] if j == i else written.shape[j] for j in range(x.rank)]
            written = b.concat([written, b.slice(x, starts, sizes)], i)
    return b.reshape(written, list(input.shape))


@aten_op(aten.scatter_add.default, how="By comparing each index with each place; up to 64 Mi pairs")
def scatter_add(b: GraphBuilder, input: Operand, dim: int, index: Operand, src: Operand) -> Operand:
    return _reduced(b, input, dim, index, src, "sum", True)


@aten_op(aten.scatter.reduce, how="By comparing each index with each place; up to 64 Mi pairs")
def scatter_with(b: GraphBuilder, input: Operand, dim: int, index: Operand, src: Operand, *, reduce: str) -> Operand:
    return _reduced(b, input, dim, index, src, {"add": "sum", "multiply": "prod"}[reduce], True)


@aten_op(aten.scatter_reduce.two, how="By comparing each index with each place; up to 64 Mi pairs")
def scatter_reduce_two(
    b: GraphBuilder, input: Operand, dim: int, index: Operand, src: Operand, reduce: str, *, include_self: bool
) -> Operand:
    return _reduced(b, input, dim, index, src, reduce, include_self)


def _reduced(b: GraphBuilder, input: Operand, dim: int, index: Operand, src: Operand, kind: str, keep: bool) -> Operand:
    x, places, updates = (_at_least_1d(b, operand) for operand in (input, index, src))
    return b.reshape(scatter_reduce(b, x, places, updates, dim % x.rank, kind, keep=keep), list(input.shape))


@aten_op(aten.index_add.default, how="A product with a matrix of zeros and ones")
def index_add(b: GraphBuilder, input: Operand, dim: int, index: Operand, source: Operand, *, alpha: float) -> Operand:
    x = _at_least_1d(b, input)
    axis = dim % x.rank
    order = [axis, *(i for i in range(x.rank) if i != axis)]
    front = b.transpose(x, permutation=order)
    updates = b.transpose(b.reshape(source, [index.size if i == axis else n for i, n in enumerate(x.shape)]), permutation=order)
    width = x.size // x.shape[axis]
    scaled = updates if alpha == 1 else b.mul(updates, alpha)
    rows = add_rows(b, b.reshape(front, [x.shape[axis], width]), b.reshape(index, [index.size]), b.reshape(scaled, [index.size, width]))
    back = [order.index(i) for i in range(x.rank)]
    return b.reshape(b.transpose(b.reshape(rows, list(front.shape)), permutation=back), list(input.shape))


@aten_op(aten.index_copy.default, how="composed")
def index_copy(b: GraphBuilder, input: Operand, dim: int, index: Operand, source: Operand) -> Operand:
    x = _at_least_1d(b, input)
    indices: list[Operand | None] = [None] * (dim % x.rank)
    axis = len(indices)
    shape = [index.size if i == axis else n for i, n in enumerate(x.shape)]
    places = b.reshape(index, [index.size])
    return b.reshape(index_put(b, x, [*indices, places], b.reshape(source, shape), False), list(input.shape))


@aten_op(aten.index_fill.int_Scalar, how="composed")
def index_fill(b: GraphBuilder, input: Operand, dim: int, index: Operand, value: float) -> Operand:
    x = _at_least_1d(b, input)
    axis = dim % x.rank
    size = x.shape[axis]
    hit = b.equal(np.arange(size, dtype=np.int64)[:, None], b.reshape(_not_negative(b, b.cast(index, "int64"), size), [1, index.size]))
    chosen = b.reshape(b.reduceMax(hit, axes=[1]), [size, *[1] * (x.rank - axis - 1)])
    return b.reshape(b.where(chosen, b.constant(value, x.data_type), x), list(input.shape))


@aten_op(
    aten.masked_scatter.default,
    how="Element i of the source goes to the i-th place that the mask selects: a running count of the mask is that i",
)
def masked_scatter(b: GraphBuilder, input: Operand, mask: Operand, source: Operand) -> Operand:
    shape = list(broadcast(input.shape, mask.shape))
    selected = b.expand(mask, shape)
    values = b.reshape(b.gather(b.reshape(source, [source.size]), _order(b, selected, source.size)), shape)
    return b.where(selected, values, input)


def _order(b: GraphBuilder, mask: Operand, count: int) -> Operand:
    """Of each place of a mask [n] that it selects, the how many-th it is, from 0 to count - 1; of the others any such number."""
    running = b.cumulativeSum(b.cast(b.reshape(mask, [mask.size]), "int32"), 0)
    return b.clamp(b.sub(running, 1), minValue=0, maxValue=count - 1)


# ------------------------------------------------------------------------------------------------------------ parts of a tensor
@aten_op(aten.select_scatter.default, how="composed")
def select_scatter(b: GraphBuilder, input: Operand, src: Operand, dim: int, index: int) -> Operand:
    axis = dim % input.rank
    place = index % input.shape[axis]
    part = b.reshape(b.cast(src, input.data_type), list(input.resized(axis, 1).shape))
    return _replaced(b, input, part, axis, place, place + 1, 1)


@aten_op(aten.slice_scatter.default, how="composed")
def slice_scatter(b: GraphBuilder, input: Operand, src: Operand, dim: int, start: int | None, end: int | None, step: int) -> Operand:
    axis = dim % input.rank
    first, stop, _ = slice(start, end, step).indices(input.shape[axis])
    if stop <= first:
        return input
    count = -(-(stop - first) // step)
    part = b.expand(b.cast(src, input.data_type), list(input.resized(axis, count).shape))
    return _replaced(b, input, part, axis, first, stop, step)


def _replaced(b: GraphBuilder, input: Operand, part: Operand, axis: int, first: int, stop: int, step: int) -> Operand:
    """The input with ``part`` at first, first + step, ...; a step above 1 spreads the part out and chooses by a mask."""
    size = input.shape[axis]
    if step == 1:
        pieces = [cut(b, input, axis, 0, first)] if first else []
        pieces.append(part)
        if stop < size:
            pieces.append(cut(b, input, axis, stop, size - stop))
        return b.concat(pieces, axis)
    places = np.arange(first, stop, step)
    source = np.zeros(size, np.int32)
    source[places] = np.arange(len(places))
    chosen = np.zeros(size, np.uint8)
    chosen[places] = 1
    spread = b.gather(part, source, axis=axis)
    return b.where(chosen.reshape(size, *[1] * (input.rank - axis - 1)), spread, input)


@aten_op(aten.diagonal_scatter.default, how="transpose, gather, where, reshape")
def diagonal_scatter(b: GraphBuilder, input: Operand, src: Operand, offset: int, dim1: int, dim2: int) -> Operand:
    rows, columns = input.shape[dim1], input.shape[dim2]
    dim1, dim2 = dim1 % input.rank, dim2 % input.rank
    order = [axis for axis in range(input.rank) if axis not in (dim1, dim2)] + [dim1, dim2]
    moved = b.transpose(input, permutation=order)
    place = np.clip(np.arange(rows) - max(0, -offset), 0, src.shape[-1] - 1).astype(np.int32)
    column = b.gather(src, place, axis=src.rank - 1)
    written = b.where(np.eye(rows, columns, offset, np.uint8), b.reshape(column, [*column.shape, 1]), moved)
    return b.transpose(written, permutation=[order.index(axis) for axis in range(input.rank)])


# -------------------------------------------------------------------------------------------------------------- embedding bags
@aten_op(
    aten._embedding_bag.default,
    aten._embedding_bag_forward_only.default,
    how="Sums (mode 0), means (1) or maxima (2) of the rows in each bag; an element's bag is the number of offsets up to it",
)
def embedding_bag(
    b: GraphBuilder,
    weight: Operand,
    indices: Operand,
    offsets: Operand,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Operand | None,
    include_last_offset: bool,
    padding_idx: int,
    *,
    result: Any,
) -> Any:
    bags, count = result[0].shape[0], indices.size
    rest = [unavailable("the bookkeeping of embedding bags")] * 3
    starts = b.slice(b.cast(offsets, "int32"), [0], [bags])
    begun = b.lesserOrEqual(b.reshape(starts, [1, bags]), np.arange(count, dtype=np.int32)[:, None])
    bag = b.sub(b.reduceSum(b.cast(begun, "int32"), axes=[1]), 1)
    member = b.equal(np.arange(bags, dtype=np.int32)[:, None], b.reshape(bag, [1, count]))
    if padding_idx >= 0:
        member = b.logicalAnd(member, b.reshape(b.notEqual(indices, padding_idx), [1, count]))
    rows = b.gather(weight, indices)
    if per_sample_weights is not None:
        rows = b.mul(rows, b.reshape(per_sample_weights, [count, 1]))
    if mode == 2:
        low = float(np.finfo(weight.data_type.numpy).min)
        maxima = b.reduceMax(b.where(b.reshape(member, [bags, count, 1]), rows, low), axes=[1])
        filled = b.reshape(b.reduceMax(member, axes=[1]), [bags, 1])
        return b.where(filled, maxima, 0), *rest
    members = b.cast(member, weight.data_type)
    total = b.matmul(members, rows)
    if mode == 0:
        return total, *rest
    size = b.reduceSum(members, axes=[1], keepDimensions=True)
    return b.div(total, b.max(size, 1)), *rest
