"""ONNX tensors as NumPy arrays of WebNN's data types."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError

T = TensorProto
ONNX_TYPES = {
    DataType.FLOAT32: T.FLOAT,
    DataType.FLOAT16: T.FLOAT16,
    DataType.INT32: T.INT32,
    DataType.UINT32: T.UINT32,
    DataType.INT64: T.INT64,
    DataType.UINT64: T.UINT64,
    DataType.INT8: T.INT8,
    DataType.UINT8: T.UINT8,
    DataType.INT4: T.INT4,
    DataType.UINT4: T.UINT4,
}
"""ONNX's element type of each data type."""
DATA_TYPES: dict[int, DataType] = {T.BOOL: DataType.UINT8, **{onnx_type: data_type for data_type, onnx_type in ONNX_TYPES.items()}}
"""ONNX element types that are WebNN data types; bool is uint8, as in WebNN's logical operators."""
REPLACED: dict[int, DataType] = {
    T.DOUBLE: DataType.FLOAT32,
    T.BFLOAT16: DataType.FLOAT32,
    T.INT16: DataType.INT32,
    T.UINT16: DataType.INT32,
    T.INT2: DataType.INT8,
    T.UINT2: DataType.UINT8,
}
"""Element types that WebNN lacks and the type that stands for them; a conversion says so."""


MAX_RANK = 32
"""NumPy's limit, before version 2."""


@dataclass(frozen=True)
class Element:
    """An ONNX element type and the WebNN data type it becomes."""

    onnx_type: int

    @property
    def name(self) -> str:
        """ONNX's name in lower case: bfloat16, bool."""
        known = self.onnx_type in T.DataType.values()
        return str(T.DataType.Name(self.onnx_type)).lower() if known else f"number {self.onnx_type}, which ONNX does not define,"

    @property
    def replaced(self) -> bool:
        """Whether WebNN lacks the type."""
        return self.onnx_type in REPLACED

    @property
    def data_type(self) -> DataType:
        """Raises `ConversionError` when nothing can stand for it (strings, complex numbers, 8-bit floats)."""
        found = DATA_TYPES.get(self.onnx_type) or REPLACED.get(self.onnx_type)
        if found is None:
            raise ConversionError(f"element type {self.name} has no WebNN data type")
        return found


def elements(dims: Sequence[int], what: str) -> int:
    """How many elements a tensor of this shape has. Raises `ConversionError` for a shape that no tensor can have."""
    count = math.prod(dims)
    if not all(0 <= size < 2**63 for size in dims) or count >= 2**48 or len(dims) > MAX_RANK:
        raise ConversionError(f"{what} has the shape {list(dims)[:10]}, which no tensor can have")
    return count


def to_array(tensor: onnx.TensorProto, folder: str = "") -> tuple[Array, DataType]:
    """The values of a tensor, in the dtype of the WebNN data type it becomes; views where the storage allows it.

    Args:
        tensor: Embedded, or with external data below ``folder`` (checked by `converters.onnx.source`).

    Raises:
        ConversionError: The element type has no WebNN data type, or the data is damaged.
    """
    element = Element(tensor.data_type)
    data_type = element.data_type
    count = elements(tensor.dims, f"tensor {tensor.name!r}")
    if tensor.HasField("raw_data") and tensor.data_type in DATA_TYPES and data_type.bits >= 8:
        shape = tuple(tensor.dims)
        if len(tensor.raw_data) != count * data_type.numpy.itemsize:
            raise ConversionError(f"tensor {tensor.name!r} has {len(tensor.raw_data)} bytes of data for shape {list(shape)}")
        return np.frombuffer(tensor.raw_data, data_type.numpy.newbyteorder("<")).reshape(shape), data_type
    try:
        array = numpy_helper.to_array(tensor, folder)
    except Exception as error:
        raise ConversionError(f"tensor {tensor.name!r} is damaged: {error}") from None
    return array.astype(data_type.numpy, copy=False), data_type
