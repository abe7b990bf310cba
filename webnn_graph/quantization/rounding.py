"""The numbers: scales, zero points and rounded values of a weight, computed in pieces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Shape
from webnn_graph.weight import Weight

PIECE = 2**21
"""Elements that are computed at a time."""
IN_MEMORY_BYTES = 2**20
"""Bytes up to which a rounded weight is held in memory; larger ones are in a file without a name, which is mapped."""


@dataclass(frozen=True)
class Rounded:
    """A weight in fewer bits.

    Attributes:
        values: Of the weight's shape.
        scale: One for each block, of the weight's own type; None where the values are floating point numbers, too.
        zero_point: The same, of the values' type; None where all are 0.
    """

    values: Weight
    scale: Weight | None = None
    zero_point: Weight | None = None


def in_integers(array: Array, data_type: DataType, block: Shape, *, symmetric: bool) -> Rounded | None:
    """The weight in blocks, each with a scale.

    Args:
        array: Floating point numbers; may be a view on a file.
        data_type: Of the rounded values, a signed one.
        block: The sizes of a block, which divide the array's.
        symmetric: Whether 0 stands in the middle; else each block has a zero point, so that its numbers take the whole range.

    Returns:
        The rounded weight; None when the array holds infinities or NaN.
    """
    low, high = _extremes(array, block)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return None
    smallest, largest = (int(limit) for limit in data_type.range)
    if symmetric:
        smallest = -largest
        scale = _at_least(np.maximum(-low, high).astype(np.float64) / largest, array.dtype)
        zero = np.zeros_like(scale)
    else:
        low, high = np.minimum(low, 0), np.maximum(high, 0)
        scale = _at_least((high.astype(np.float64) - low) / (largest - smallest), array.dtype)
        zero = np.clip(np.rint(smallest - low / scale), smallest, largest)

    def pieces() -> Iterator[Array]:
        for piece, at in _pieces(array, block):
            rounded = _split(piece, block).astype(np.float32)
            rounded /= _spread(scale[at])
            np.rint(rounded, out=rounded)
            rounded += _spread(zero[at])
            yield np.clip(rounded, smallest, largest, out=rounded).astype(data_type.numpy).reshape(piece.shape)

    values = Weight(data_type, _kept(pieces(), array.shape, data_type.numpy))
    zero_point = None if symmetric else Weight(data_type, zero.astype(data_type.numpy))
    return Rounded(values, Weight(DataType.of(array), scale), zero_point)


def in_halves(array: Array) -> Rounded | None:
    """The weight in float16; None when it holds numbers that float16 has not."""
    with np.errstate(over="ignore"):
        low, high = (extreme.astype(np.float16) for extreme in _extremes(array, array.shape))
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return None
    halves = _kept((piece.astype(np.float16) for piece, _ in _pieces(array, array.shape)), array.shape, np.dtype(np.float16))
    return Rounded(Weight(DataType.FLOAT16, halves))


def _extremes(array: Array, block: Shape) -> tuple[Array, Array]:
    """The smallest and the largest element of each block, in the shape of the blocks; NaN where a block has one."""
    shape = [size // part for size, part in zip(array.shape, block, strict=True)]
    low, high = np.full(shape, math.inf, array.dtype), np.full(shape, -math.inf, array.dtype)
    within = tuple(range(1, 2 * array.ndim, 2))
    for piece, at in _pieces(array, block):
        parts = _split(piece, block)
        np.minimum(low[at], parts.min(within), out=low[at])
        np.maximum(high[at], parts.max(within), out=high[at])
    return low, high


def _pieces(array: Array, block: Shape) -> Iterator[tuple[Array, slice]]:
    """The array in runs along its first axis, in order, and which blocks along that axis each belongs to.

    A run is of whole blocks, or part of the only block along that axis.
    """
    rows, unit = array.shape[0], block[0]
    step = max(PIECE * rows // array.size, 1)
    if unit < rows:
        step = max(step // unit, 1) * unit
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        yield array[start:stop], slice(0, 1) if unit == rows else slice(start // unit, stop // unit)


def _split(piece: Array, block: Shape) -> Array:
    """Each axis as two: the blocks along it, and the elements of each."""
    sizes = (min(piece.shape[0], block[0]), *block[1:])
    return piece.reshape([part for size, unit in zip(piece.shape, sizes, strict=True) for part in (size // unit, unit)])


def _spread(of_blocks: Array) -> Array:
    """What there is for each block, so that it broadcasts to the blocks' elements, see `_split`."""
    return of_blocks.reshape([part for size in of_blocks.shape for part in (size, 1)])


def _at_least(steps: Array, dtype: np.dtype[np.generic]) -> Array:
    """The steps in the scale's type, never smaller, so that the largest element fits; 1 for a block of zeros."""
    scale = steps.astype(dtype)
    scale = np.where(scale < steps, np.nextafter(scale, np.array(math.inf, dtype)), scale)
    return np.where(scale == 0, np.array(1, dtype), scale)


def _kept(pieces: Iterable[Array], shape: Sequence[int], dtype: np.dtype[np.generic]) -> Array:
    """Pieces along the first axis as one array: in memory, or mapped from a file that ends with the process."""
    if math.prod(shape) * dtype.itemsize > IN_MEMORY_BYTES:
        return _mapped(pieces, shape, dtype)
    return np.concatenate(list(pieces)).reshape(shape)


def _mapped(pieces: Iterable[Array], shape: Sequence[int], dtype: np.dtype[np.generic]) -> Array:
    with TemporaryFile(prefix="webnn-") as file:
        for piece in pieces:
            file.write(np.ascontiguousarray(piece).data)
        file.flush()
        return np.asarray(np.memmap(file, dtype, "r", shape=tuple(shape)))
