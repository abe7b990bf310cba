"""Element types of WebNN operands and their names in every place that spells them.

``int4`` and ``uint4`` are not in the standard's enumeration but in Chromium's. They are logical element types: in memory
one element takes one ``int8`` or ``uint8``; only in storage are two packed into a byte, low nibble first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from webnn_graph.errors import ValidationError

Array = NDArray[Any]


class DataType(StrEnum):
    """``MLOperandDataType``; the value is the name the standard uses.

    Attributes:
        bits: What one element takes in storage.
        short: Its name in ``.webnn`` text.
        numpy: The dtype that holds one element in memory.
        safetensors: safetensors' name for the elements that it is stored as.
        view: JavaScript's typed array that holds it in every engine: float16 as its bits, 4-bit elements packed.
    """

    bits: int
    short: str
    numpy: np.dtype[Any]
    safetensors: str
    view: str

    def __new__(cls, value: str, *row: Any) -> Self:
        """A member of the table."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.bits, member.short, dtype, member.safetensors, member.view = row
        member.numpy = np.dtype(dtype)
        return member

    # value, bits, short, numpy, safetensors, view
    FLOAT32 = "float32", 32, "f32", "float32", "F32", "Float32Array"
    FLOAT16 = "float16", 16, "f16", "float16", "F16", "Uint16Array"
    INT32 = "int32", 32, "i32", "int32", "I32", "Int32Array"
    UINT32 = "uint32", 32, "u32", "uint32", "U32", "Uint32Array"
    INT64 = "int64", 64, "i64", "int64", "I64", "BigInt64Array"
    UINT64 = "uint64", 64, "u64", "uint64", "U64", "BigUint64Array"
    INT8 = "int8", 8, "i8", "int8", "I8", "Int8Array"
    UINT8 = "uint8", 8, "u8", "uint8", "U8", "Uint8Array"
    INT4 = "int4", 4, "i4", "int8", "U8", "Uint8Array"
    UINT4 = "uint4", 4, "u4", "uint8", "U8", "Uint8Array"

    @property
    def is_float(self) -> bool:
        """Whether it is float16 or float32."""
        return self.value.startswith("float")

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an unsigned integer."""
        return self.value.startswith("u")

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value an element can have (infinities for floating point)."""
        if self.is_float:
            return -math.inf, math.inf
        return (0, 2**self.bits - 1) if self.is_unsigned else (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1)

    @classmethod
    def of(cls, array: Array) -> DataType:
        """The data type of an array's elements; bool counts as uint8, WebNN's logical type.

        Raises:
            ValidationError: WebNN has no such type (float64, complex, string, ...).
        """
        name = "uint8" if array.dtype == np.bool_ else array.dtype.name
        try:
            return cls(name)
        except ValueError:
            raise ValidationError(f"WebNN has no data type {name}") from None


BYTES = {DataType.INT4: DataType.INT8, DataType.UINT4: DataType.UINT8}
"""What holds the elements of each 4-bit type one by one."""
BY_SHORT_NAME = {data_type.short: data_type for data_type in DataType}


def shortest(number: float) -> float:
    """A number in as few digits as say which one of float32 it is nearest to: 1e-5 for 9.99999974e-6."""
    return float(str(np.float32(number)))


def storage_bytes(data_type: DataType, shape: Sequence[int]) -> int:
    """Bytes that a dense tensor takes in storage; an odd number of 4-bit elements pads the last byte."""
    return (math.prod(shape) * data_type.bits + 7) // 8


def distinct(array: Array) -> Array:
    """A view without what broadcasting repeats: every value of the array, in the memory that it really takes."""
    return array[tuple(slice(1) if stride == 0 else slice(None) for stride in array.strides)]


def pack(array: Array, data_type: DataType) -> Array:
    """The little-endian storage of ``array``: the array itself, or packed nibbles as a flat uint8 array for 4-bit types."""
    if data_type.bits != 4:
        return np.ascontiguousarray(array, dtype=data_type.numpy.newbyteorder("<")).reshape(array.shape)
    nibbles = array.astype(np.uint8).ravel() & 0xF
    nibbles = np.append(nibbles, np.zeros(nibbles.size % 2, np.uint8))
    return nibbles[0::2] | (nibbles[1::2] << 4)


def unpack(storage: Array, data_type: DataType, shape: Sequence[int]) -> Array:
    """The inverse of `pack`: one element per value, in ``shape``. ``storage`` is a flat uint8 array or a bytes view."""
    if data_type.bits != 4:
        return storage.view(data_type.numpy.newbyteorder("<")).reshape(tuple(shape))
    both = np.stack([storage & 0xF, storage >> 4], axis=-1).ravel()[: math.prod(shape)]
    if data_type is DataType.INT4:
        both = (both.astype(np.int8) ^ 8) - 8
    return both.astype(data_type.numpy).reshape(tuple(shape))
