"""What flows between the nodes of an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from webnn_graph.data_types import DataType
from webnn_graph.graph import Shape

BOOL = TensorProto.BOOL
INT64 = TensorProto.INT64
INT32 = TensorProto.INT32
FLOAT = TensorProto.FLOAT
DOUBLE = TensorProto.DOUBLE

ELEMENTS: Mapping[str, int] = dict(TensorProto.DataType.items())
"""ONNX's element types by name."""
TYPES: Mapping[DataType, int] = {
    data_type: ELEMENTS["FLOAT" if data_type is DataType.FLOAT32 else data_type.upper()] for data_type in DataType
}
"""ONNX's element types by WebNN's."""
DATA_TYPES: Mapping[int, DataType] = {type: data_type for data_type, type in TYPES.items()} | {BOOL: DataType.UINT8}
"""WebNN's data types by ONNX's element types; truth is uint8."""


@dataclass(eq=False)
class Value:
    """A tensor of an ONNX model, compared by identity.

    Attributes:
        type: Its element type, one of ``TensorProto.DataType``.
        shape: Its static shape.
        name: What it is called; empty until the model is complete.
        wish: What it should be called.
    """

    type: int
    shape: Shape
    name: str = ""
    wish: str = ""

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether its elements are floating point numbers."""
        return self.type in (FLOAT, TensorProto.FLOAT16, DOUBLE)

    @property
    def info(self) -> onnx.ValueInfoProto:
        """Its declaration."""
        return onnx.helper.make_tensor_value_info(self.name, self.type, self.shape)


def numpy_type(type: int) -> np.dtype:
    """The dtype that holds one element in memory."""
    return DATA_TYPES[type].numpy if type in DATA_TYPES and type != BOOL else onnx.helper.tensor_dtype_to_np_dtype(type)
