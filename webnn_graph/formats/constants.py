"""How the values of a constant stand in a graph's file: inline, or as a reference to the weights beside it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from webnn_graph.data_types import Array, DataType, pack, storage_bytes, unpack
from webnn_graph.errors import FormatError
from webnn_graph.graph import Descriptor, Graph, Operand
from webnn_graph.weight import Weight

INLINE_ELEMENTS = 16
"""Scalars, and vectors of up to this many elements, stand in the graph's file; everything else is a weight."""

MAX_FILL = 2**30
"""Most bytes that a graph's constants filled with one number may take together once they are used; more is a hostile file."""


@dataclass(frozen=True)
class Stored:
    """``@weights("key")``: the tensor of that name in the weights file."""

    key: str


@dataclass(frozen=True)
class Fill:
    """``@scalar(value)``: every element has this value."""

    value: int | float


@dataclass(frozen=True)
class Inline:
    """``@bytes([...])``: the little-endian storage; 4-bit elements packed, low nibble first."""

    data: bytes


Initializer: TypeAlias = Stored | Fill | Inline


def is_inline(descriptor: Descriptor) -> bool:
    """Whether a constant stands in the graph's own file (text, JSON or JavaScript) and not in the weights."""
    return descriptor.size <= INLINE_ELEMENTS and descriptor.rank <= 1


def external(graph: Graph) -> dict[Operand, Weight]:
    """The constants of a graph that are not: those in its file of weights."""
    return {operand: weight for operand, weight in graph.weights.items() if not is_inline(operand)}


def initializer(operand: Operand, array: Array) -> Initializer:
    """The canonical initializer of a constant; a weight's key is the operand's name."""
    if not is_inline(operand):
        return Stored(operand.name)
    bits = np.atleast_1d(array).view(f"u{array.dtype.itemsize}")
    value = _fill_value(array.flat[0], operand.data_type) if (bits == bits[0]).all() else None
    return Fill(value) if value is not None else Inline(pack(array, operand.data_type).tobytes())


def _fill_value(element: Any, data_type: DataType) -> int | float | None:
    """The number that stands for ``element`` and survives a reader that takes it through float32; None if there is none."""
    if not data_type.is_float:
        exact = int(element)
        return exact if int(np.float32(exact)) == exact else None
    if not np.isfinite(element):
        return None
    for candidate in (float(str(element)), float(element)):
        if data_type.numpy.type(np.float32(candidate)) == element:
            return candidate
    return None


def filled(value: Any, data_type: DataType, shape: Sequence[int]) -> Array:
    """A constant of one value. It takes the memory of one element, whatever its shape.

    Raises:
        FormatError: The value is not one of the data type.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"@scalar takes a number, not {value!r}")
    if not data_type.is_float:
        smallest, largest = data_type.range
        if value != value or not smallest <= value <= largest or value != int(value):
            raise FormatError(f"{value} is not a value of {data_type}")
        return np.broadcast_to(np.array(int(value), data_type.numpy), tuple(shape))
    with np.errstate(over="ignore"):
        element = np.array(_as_float(value), data_type.numpy)
    if not np.isfinite(element):
        raise FormatError(f"{value} is not a finite value of {data_type}", "infinities and NaN are written as @bytes")
    return np.broadcast_to(element, tuple(shape))


def _as_float(value: int | float) -> float:
    return float(value) if abs(value) <= sys.float_info.max else math.inf


def from_bytes(data: bytes | Sequence[int], data_type: DataType, shape: Sequence[int]) -> Array:
    """A constant from its inline storage. rustnn's unpacked 4-bit elements (i4 four bytes each, u4 one) are read too.

    Raises:
        FormatError: The length does not fit the shape, or a 4-bit element is out of range.
    """
    storage = np.frombuffer(bytes(data), np.uint8)
    expected = storage_bytes(data_type, shape)
    if storage.size == expected:
        return unpack(storage, data_type, shape)
    if data_type.bits == 4:
        wide = np.dtype("<i4" if data_type is DataType.INT4 else "u1")
        if storage.size == math.prod(shape) * wide.itemsize:
            elements = storage.view(wide)
            smallest, largest = data_type.range
            if ((elements >= smallest) & (elements <= largest)).all():
                return elements.astype(data_type.numpy).reshape(tuple(shape))
            raise FormatError(f"@bytes has values outside the range of {data_type}")
    raise FormatError(f"@bytes has {storage.size} bytes; {data_type}{list(shape)} takes {expected}")
