"""Weights of a few bits, packed several to a byte and quantized in blocks, as MatMulNBits and its kin store them."""

from __future__ import annotations

import numpy as np

from converters.lowering.quantization import dequantize
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand


def unpacked(storage: Array, bits: int) -> Array:
    """The unsigned numbers of 2, 4 or 8 bits that uint8 storage holds along its last axis, low bits first."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    parts = (storage[..., None] >> shifts) & np.uint8(2**bits - 1)
    return parts.reshape(*storage.shape[:-1], storage.shape[-1] * len(shifts))


def packed(values: Array, bits: int) -> Array:
    """The inverse of `unpacked`; the last axis must fill whole bytes."""
    per_byte = 8 // bits
    parts = values.astype(np.uint8).reshape(*values.shape[:-1], values.shape[-1] // per_byte, per_byte)
    return np.bitwise_or.reduce(parts << np.arange(0, 8, bits, dtype=np.uint8), axis=-1)


def smallest_type(bits: int) -> DataType:
    """The unsigned data type that holds numbers of so many bits."""
    return DataType.UINT4 if bits <= 4 else DataType.UINT8


def block_weights(b: GraphBuilder, values: Array, bits: int, scales: Operand, zero_points: Array | Operand | None) -> Operand:
    """The matrix [rows, columns] whose blocks of rows share a scale; it stays quantized in the graph.

    Args:
        values: Unsigned numbers [rows, columns].
        bits: Their size.
        scales: [blocks, columns].
        zero_points: The same shape: integers as an array, or an operand of the scales' data type; by default half the range.
    """
    data_type = smallest_type(bits)
    matrix = b.constant(np.ascontiguousarray(values), data_type)
    blocks, columns = scales.shape
    if isinstance(zero_points, Operand):
        plain = dequantize(b, matrix, scales, axis=0, block=len(values) // blocks)
        shift = b.reshape(b.mul(zero_points, scales), [blocks, 1, columns])
        return b.reshape(b.sub(b.reshape(plain, [blocks, len(values) // blocks, columns]), shift), [len(values), columns])
    middle = np.full(scales.shape, 2 ** (bits - 1), np.uint8) if zero_points is None else np.ascontiguousarray(zero_points)
    return dequantize(b, matrix, scales, b.constant(middle, data_type), axis=0, block=len(values) // blocks)


def by_group(groups: Array, count: int) -> Array:
    """Which rows belong to each group, [count, width]: -1 where a group has fewer than the largest.

    Args:
        groups: The group of each row.
        count: How many groups there are.
    """
    sizes = np.bincount(groups, minlength=count)
    rows = np.full((count, sizes.max()), -1, np.int64)
    for group in range(count):
        rows[group, : sizes[group]] = np.flatnonzero(groups == group)
    return rows


def digits(b: GraphBuilder, x: Operand, bits: int, data_type: DataType) -> Operand:
    """What `unpacked` gives of a uint8 operand, computed at run time, as floating point numbers."""
    rest = b.cast(x, data_type)
    parts = []
    for _ in range(8 // bits - 1):
        above = b.floor(b.div(rest, 2**bits))
        parts.append(b.sub(rest, b.mul(above, 2**bits)))
        rest = above
    columns = [b.reshape(part, [*x.shape, 1]) for part in (*parts, rest)]
    return b.reshape(b.concat(columns, x.rank), [*x.shape[:-1], x.shape[-1] * len(columns)])
