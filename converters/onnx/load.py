"""Reading ONNX files: the model, and weights outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from converters.onnx.order import subgraphs
from converters.onnx.tensors import Element, to_array
from webnn_graph.data_types import Array, DataType, storage_bytes, unpack
from webnn_graph.errors import ConversionError, FormatError


def load_model(path: Path) -> onnx.ModelProto:
    """The model in a file, without its external data.

    Raises:
        FormatError: The file is missing, truncated or not an ONNX model.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise FormatError(f"{path} is a folder, not an ONNX file") from None
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}") from None
    except Exception:  # protobuf has several decoders, each with errors of its own
        raise FormatError(f"{path} is not an ONNX model, or is damaged or truncated", "check the file's size, or export it again") from None
    if not model.HasField("graph") or not model.opset_import or not (model.graph.node or model.graph.output):
        raise FormatError(f"{path} is not an ONNX model: it has no graph", "an .onnx file with a ModelProto is expected")
    if not all(isinstance(text, str) for text in _texts(model.graph)):
        raise FormatError(f"{path} is damaged: a name in it is not UTF-8 text", "export the model again")
    return model


def _texts(graph: onnx.GraphProto) -> Iterator[object]:
    """Every name in a graph and its subgraphs; protobuf gives those that are not UTF-8 as bytes."""
    yield graph.name
    for info in (*graph.input, *graph.output, *graph.value_info):
        yield info.name
        yield from (dim.dim_param for dim in info.type.tensor_type.shape.dim)
    for tensor in graph.initializer:
        yield tensor.name
        yield from (entry.value for entry in tensor.external_data)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
        for inner in subgraphs(node):
            yield from _texts(inner)


def tensor_values(tensor: onnx.TensorProto, folder: Path | None) -> tuple[Array, DataType]:
    """The values of a tensor wherever they are stored; external ones are a view on the memory-mapped file.

    Args:
        tensor: An initializer or the value of an attribute.
        folder: Where the model lies; None for a model that has no file.

    Raises:
        ConversionError: The data is missing, damaged, of a type without a WebNN data type, or outside of ``folder``.
    """
    if tensor.data_location != TensorProto.EXTERNAL:
        return to_array(tensor)
    entries = {entry.key: entry.value for entry in tensor.external_data}
    where = f"external data of tensor {tensor.name!r}"
    if folder is None:
        raise ConversionError(f"{where} has no folder to be found in", "convert the model from its file")
    path = _inside(folder, entries.get("location", ""), where)
    element = Element(tensor.data_type)
    try:
        offset = int(entries.get("offset", 0))
        stored = np.memmap(path, np.uint8, "r")
        size = int(entries.get("length") or _stored_bytes(tensor))
    except (OSError, ValueError) as error:
        raise ConversionError(f"{where} cannot be read from {path.name}: {error}") from None
    if offset < 0 or size != _stored_bytes(tensor) or offset + size > stored.size:
        raise ConversionError(f"{where} should be {_stored_bytes(tensor)} bytes at {offset} of {path.name}, which has {stored.size}")
    data = stored[offset : offset + size]
    if element.replaced:
        embedded = TensorProto(data_type=tensor.data_type, dims=tensor.dims, name=tensor.name, raw_data=data.tobytes())
        return to_array(embedded)
    return unpack(data, element.data_type, tuple(tensor.dims)), element.data_type


def _inside(folder: Path, location: str, where: str) -> Path:
    path = (folder / location).resolve()
    if not location or not path.is_relative_to(folder.resolve()):
        raise ConversionError(
            f"{where} lies outside of the model's folder: {location!r}", "such a path is refused; move the file beside the model"
        )
    if not path.is_file():
        raise ConversionError(f"{where} is missing: there is no file {location!r} beside the model")
    return path


def _stored_bytes(tensor: onnx.TensorProto) -> int:
    bits = {
        TensorProto.DOUBLE: 64,
        TensorProto.BFLOAT16: 16,
        TensorProto.INT16: 16,
        TensorProto.UINT16: 16,
        TensorProto.INT2: 2,
        TensorProto.UINT2: 2,
    }
    if tensor.data_type in bits:
        return (int(np.prod(tensor.dims, dtype=np.int64)) * bits[tensor.data_type] + 7) // 8
    return storage_bytes(Element(tensor.data_type).data_type, tuple(tensor.dims))
