"""Scattering that combines what meets at one place, which WebNN's scatter operators leave open, by comparing every pair."""

from __future__ import annotations

from converters.lowering.integers import divide_down
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MAX_PAIRS = 2**26
"""Pairs of a place and an update that one call may compare."""

REDUCE = {"sum": "reduceSum", "prod": "reduceProduct", "amax": "reduceMax", "amin": "reduceMin"}
COMBINE = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}


def _neutral(kind: str, data_type: DataType) -> float:
    low, high = data_type.range
    return {"sum": 0, "prod": 1, "amax": low, "amin": high}[kind]


def scatter_reduce(b: GraphBuilder, x: Operand, indices: Operand, updates: Operand, axis: int, kind: str, *, keep: bool = True) -> Operand:
    """x with updates combined into the places along ``axis`` that ``indices`` names.

    Args:
        indices: Integer, of x's rank, in no dimension but ``axis`` larger than x; not negative.
        updates: At least of the indices' shape.
        kind: sum, prod, mean, amax or amin.
        keep: Whether the values of x take part where an update arrives.

    Raises:
        ConversionError: There are too many pairs to compare.
    """
    size = x.shape[axis]
    if indices.size * size > MAX_PAIRS:
        raise ConversionError(f"scattering {indices.size:,} values over {size:,} places compares more than {MAX_PAIRS:,} pairs")
    updates = b.slice(updates, [0] * updates.rank, list(indices.shape))
    order = [i for i in range(x.rank) if i != axis] + [axis]
    last_indices, last_updates = (b.transpose(operand, permutation=order) for operand in (indices, updates))
    outer = [*last_indices.shape[:-1], 1, last_indices.shape[-1]]
    places = b.arange(size, indices.data_type.numpy)[:, None]
    arrives = b.equal(b.reshape(last_indices, outer), places)
    combined = _reduced(b, arrives, b.reshape(last_updates, outer), "sum" if kind == "mean" else kind)
    count = b.reduceSum(b.cast(arrives, "int32"), axes=[arrives.rank - 1])
    combined, count = (_into(b, operand, x, order) for operand in (combined, count))
    touched = b.greater(count, 0)
    base = "sum" if kind == "mean" else kind
    kept = x if keep else b.where(touched, b.constant(_neutral(base, x.data_type), x.data_type), x)
    total = b.call(COMBINE[base], kept, b.where(touched, combined, b.constant(_neutral(base, x.data_type), x.data_type)))
    if kind != "mean":
        return total
    divisor = b.max(b.add(count, 1) if keep else count, 1)
    typed = b.cast(divisor, x.data_type)
    quotient = b.div(total, typed) if x.data_type.is_float else divide_down(b, total, typed)
    return b.where(touched, quotient, x)


def _reduced(b: GraphBuilder, arrives: Operand, updates: Operand, kind: str) -> Operand:
    """The combination of the updates that arrive at each place: [..., places]."""
    neutral = b.constant(_neutral(kind, updates.data_type), updates.data_type)
    chosen = b.where(arrives, updates, neutral)
    wide = b.cast(chosen, "int32") if chosen.data_type.bits < 16 and kind in ("sum", "prod") else chosen
    return b.cast(b.call(REDUCE[kind], wide, axes=[chosen.rank - 1]), updates.data_type)


def _into(b: GraphBuilder, reduced: Operand, x: Operand, order: list[int]) -> Operand:
    """[*outer, places] with the axes moved back from ``order``; of x's shape, with zeros where the indices covered only a part."""
    back = [order.index(i) for i in range(x.rank)]
    moved = b.transpose(reduced, permutation=back)
    missing = [whole - part for whole, part in zip(x.shape, moved.shape, strict=True)]
    return b.pad(moved, [0] * x.rank, missing)


def add_rows(b: GraphBuilder, x: Operand, rows: Operand, updates: Operand) -> Operand:
    """x [n, width] with updates [m, width] added to the rows [m] that they name: a product with a matrix of zeros and ones."""
    if rows.size * x.shape[0] > MAX_PAIRS:
        raise ConversionError(f"adding {rows.size:,} rows to {x.shape[0]:,} compares more than {MAX_PAIRS:,} pairs")
    arrives = b.equal(b.arange(x.shape[0], rows.data_type.numpy)[:, None], b.reshape(rows, [1, rows.size]))
    if x.data_type.is_float:
        return b.add(x, b.matmul(b.cast(arrives, x.data_type), updates))
    chosen = b.where(b.reshape(arrives, [*arrives.shape, 1]), updates, b.constant(0, x.data_type))
    wide = b.cast(chosen, "int32") if x.data_type.bits < 32 else chosen
    return b.add(x, b.cast(b.reduceSum(wide, axes=[1]), x.data_type))
