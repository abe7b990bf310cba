"""PyTorch's element types and their WebNN equivalents."""

from __future__ import annotations

from typing import Any

import torch

from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError

DATA_TYPES = {
    torch.float32: DataType.FLOAT32,
    torch.float16: DataType.FLOAT16,
    torch.int64: DataType.INT64,
    torch.uint64: DataType.UINT64,
    torch.int32: DataType.INT32,
    torch.uint32: DataType.UINT32,
    torch.int8: DataType.INT8,
    torch.uint8: DataType.UINT8,
    torch.bool: DataType.UINT8,
}
"""Element types that WebNN has; its logical type is uint8."""

REPLACED = {
    torch.float64: DataType.FLOAT32,
    torch.bfloat16: DataType.FLOAT32,
    torch.int16: DataType.INT32,
    torch.uint16: DataType.INT32,
}
"""Element types that WebNN lacks and the ones that stand for them; the conversion notes it."""


def data_type(dtype: torch.dtype) -> DataType:
    """The WebNN type for tensors of this type.

    Raises:
        ConversionError: There is none (complex, float8, quantized types).
    """
    try:
        return DATA_TYPES.get(dtype) or REPLACED[dtype]
    except KeyError:
        raise ConversionError(f"WebNN has no equivalent of {dtype}") from None


def to_array(tensor: torch.Tensor) -> Array:
    """The tensor's values as an array of the WebNN type that stands for its own; a view where both have one layout."""
    wanted = data_type(tensor.dtype)
    plain: Any = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        plain = plain.to(torch.float32)
    array: Array = plain.resolve_conj().resolve_neg().numpy()
    return array.astype(wanted.numpy, copy=False)
