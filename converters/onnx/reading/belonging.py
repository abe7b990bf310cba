"""ONNX models that were written here: whether their weights are those that they were written with."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto

from converters.onnx.reading.files import tensors_of
from converters.onnx.reading.load import external_of
from webnn_graph.codes import Code
from webnn_graph.errors import FormatError
from webnn_graph.formats.digests import combined
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import Safetensors
from webnn_graph.onnx.model import DIGEST


def check_weights(model: onnx.ModelProto, folder: Path) -> None:
    """Compares the digests of the weights beside a model with what the model says of them, if it does; no weight is read.

    Raises:
        FormatError: They are others, or their file is damaged.
    """
    digest = next((entry.value for entry in model.metadata_props if entry.key == DIGEST), "")
    external = [external_of(tensor) for tensor in tensors_of(model) if tensor.data_location == TensorProto.EXTERNAL] if digest else []
    places = {(data.get("location", ""), data.get("offset", "0"), data.get("length", "")) for data in external}
    files = {file: folder / file for file, _, _ in places}
    if not places or any(Path(file).name != file or not path.is_file() or path.suffix != WEIGHTS for file, path in files.items()):
        return  # who reads the weights says what is wrong
    found: dict[tuple[str, ...], str] = {}
    for path in files.values():
        weights = Safetensors(path)
        found |= {(place.file, str(place.offset), str(place.length)): weights.digests.get(n, "") for n, place in weights.places.items()}
    if combined(found.get(place, "") for place in places) != digest:
        raise FormatError(
            f"{' and '.join(map(str, files.values()))} and the model do not belong together: they are not of one conversion",
            "convert the model again, or copy both files anew",
            code=Code.WEIGHTS_DO_NOT_MATCH,
        )
