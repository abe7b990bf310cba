"""Reading ONNX files: the model, and weights outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from converters.onnx.reading.tensors import Element, elements, to_array
from converters.problems import in_words
from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType, storage_bytes, unpack
from webnn_graph.errors import ConversionError, FormatError
from webnn_graph.file_kinds import FileKind, ModelKind, check_kind, of_content, wrong_kind

TORCH = "torch2webnn converts PyTorch models"


def load_model(path: Path) -> onnx.ModelProto:
    """The model in a file, without its external data.

    Raises:
        FormatError: The file is missing, truncated or not an ONNX model.
    """
    check_kind(path, ModelKind.ONNX)
    try:
        return _checked(onnx.load(str(path), load_external_data=False), str(path))
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}", code=Code.NO_SUCH_FILE) from None
    except FormatError:
        raise
    except Exception:  # protobuf has several decoders, each with errors of its own
        raise _damaged(str(path)) from None


def model_of(given: Any) -> onnx.ModelProto:
    """The model that a Python program has in one of several ways, see `converters.onnx.convert`.

    Raises:
        FormatError: It is no ONNX model.
    """
    if isinstance(given, str | os.PathLike):
        return load_model(Path(given))
    if isinstance(given, onnx.ModelProto):
        return given
    if isinstance(held := getattr(given, "model_proto", None), onnx.ModelProto):  # torch.onnx.ONNXProgram
        return held
    if callable(make := getattr(given, "to_model_proto", None)):  # a function of onnxscript
        return model_of(make())
    content = given.read() if callable(getattr(given, "read", None)) else given
    if not isinstance(content, bytes | bytearray | memoryview):
        hint = "convert takes the path of a file, its bytes, a file that is open in binary mode, or an onnx.ModelProto"
        bases = (given if isinstance(given, type) else type(given)).__mro__
        is_torch = any(base.__module__.partition(".")[0] == "torch" for base in bases)
        raise FormatError(f"what is given is {in_words(content)}, not an ONNX model", TORCH if is_torch else hint)
    content = bytes(content)
    kind = of_content(content)
    if kind not in (FileKind.ONNX, FileKind.UNKNOWN):
        raise wrong_kind("what is given", kind, [ModelKind.ONNX])
    try:
        return _checked(onnx.load_model_from_string(content), "what is given")
    except FormatError:
        raise
    except Exception:  # as above
        raise _damaged("what is given") from None


def _checked(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    if not model.HasField("graph") or not model.opset_import or not (model.graph.node or model.graph.output):
        raise FormatError(f"{where} is not an ONNX model: it has no graph", "an .onnx file with a ModelProto is expected")
    return model


def _damaged(where: str) -> FormatError:
    return FormatError(f"{where} is not an ONNX model, or is damaged or truncated", "check the file's size, or export it again")


def tensor_values(tensor: onnx.TensorProto, folder: Path | None) -> tuple[Array, DataType]:
    """The values of a tensor wherever they are stored; external ones are a view on the memory-mapped file.

    Args:
        tensor: An initializer or the value of an attribute.
        folder: Where the model lies; None for a model that has no file.

    Raises:
        ConversionError: The data is missing, damaged, of a type without a WebNN data type, or outside of ``folder``.
    """
    count = elements(tensor.dims, f"tensor {tensor.name!r}")
    if tensor.data_location != TensorProto.EXTERNAL:
        return to_array(tensor)
    entries = external_of(tensor)
    where = f"external data of tensor {tensor.name!r}"
    if folder is None:
        raise ConversionError(f"{where} has no folder to be found in", "convert the model from its file")
    path = _inside(folder, entries.get("location", ""), where)
    element = Element(tensor.data_type)
    try:
        offset = int(entries.get("offset", 0))
        state = path.stat()
        stored = _mapped(path, (state.st_ino, state.st_mtime_ns, state.st_size))
        expected = stored_bytes(tensor.data_type, count)
        size = int(entries.get("length") or expected)
    except (OSError, ValueError) as error:
        raise ConversionError(f"{where} cannot be read from {path.name}: {error}") from None
    if offset < 0 or size != expected or offset + size > stored.size:
        raise ConversionError(f"{where} should be {expected} bytes at {offset} of {path.name}, which has {stored.size}")
    data = stored[offset : offset + size]
    if element.replaced:
        embedded = TensorProto(data_type=tensor.data_type, dims=tensor.dims, name=tensor.name, raw_data=data.tobytes())
        return to_array(embedded)
    return unpack(data, element.data_type, tuple(tensor.dims)), element.data_type


def external_of(tensor: onnx.TensorProto) -> dict[str, str]:
    """Where the data of a tensor are, by ONNX's keys: ``location``, ``offset``, ``length`` and others."""
    return {entry.key: entry.value for entry in tensor.external_data}


@lru_cache(maxsize=1)
def _mapped(path: Path, version: tuple[int, ...]) -> Array:
    """The bytes of a file, mapped once for all the tensors in it as long as its ``version`` is the same."""
    return np.memmap(path, np.uint8, "r")


def sparse_values(sparse: onnx.SparseTensorProto, folder: Path | None, reserve: Callable[..., None]) -> tuple[Array, DataType]:
    """The dense array of a sparse tensor in coordinate form; see `tensor_values`.

    Args:
        sparse: Its values and their positions.
        folder: Where the model lies.
        reserve: Is told the shape and size before the array is made.

    Raises:
        ConversionError: Positions are missing, outside, or given twice.
    """
    where = f"sparse tensor {sparse.values.name!r}"
    size = elements(sparse.dims, where)
    values, data_type = tensor_values(sparse.values, folder)
    indices, _ = tensor_values(sparse.indices, folder)
    if values.ndim != 1 or indices.dtype != np.int64 or indices.shape not in ((values.size,), (values.size, len(sparse.dims))):
        raise ConversionError(f"{where} has {values.size} values of shape {list(values.shape)} at indices of shape {list(indices.shape)}")
    bounds = size if indices.ndim == 1 else np.array(sparse.dims, np.int64)
    if not ((indices >= 0) & (indices < bounds)).all():
        raise ConversionError(f"{where} of shape {list(sparse.dims)} has values at indices outside of it")
    places = indices if indices.ndim == 1 else np.ravel_multi_index(tuple(indices.T), tuple(sparse.dims)) if indices.size else indices[:, 0]
    if np.unique(places).size < places.size:
        raise ConversionError(f"{where} has two values at one index")
    reserve(*sparse.dims, element_bytes=values.itemsize)
    array = np.zeros(size, values.dtype)
    array[places] = values
    return array.reshape(tuple(sparse.dims)), data_type


def _inside(folder: Path, location: str, where: str) -> Path:
    try:
        path = (folder / location).resolve()
        is_there = path.is_file()
    except (OSError, ValueError):
        raise ConversionError(f"{where} is in a file that cannot have that name: {location[:100]!r}") from None
    if not location or not path.is_relative_to(folder.resolve()):
        raise ConversionError(
            f"{where} lies outside of the model's folder: {location!r}", "such a path is refused; move the file beside the model"
        )
    if not is_there:
        raise ConversionError(f"{where} is missing: there is no file {location!r} beside the model", code=Code.MISSING_WEIGHTS)
    return path


def stored_bytes(onnx_type: int, count: int) -> int:
    """Bytes of so many elements as ONNX stores them. Raises `ConversionError` for types that have no WebNN data type."""
    bits = {
        TensorProto.DOUBLE: 64,
        TensorProto.BFLOAT16: 16,
        TensorProto.INT16: 16,
        TensorProto.UINT16: 16,
        TensorProto.INT2: 2,
        TensorProto.UINT2: 2,
    }
    if onnx_type in bits:
        return (count * bits[onnx_type] + 7) // 8
    return storage_bytes(Element(onnx_type).data_type, (count,))
