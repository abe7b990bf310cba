"""The models of the comparison, and each as a folder that a page reads: a module, and an ONNX file for onnxruntime-web."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from converters.commands.destination import Destination
from converters.commands.saving import save
from models import select
from models.zoo.loading import converted, prepared
from models.zoo.manifest import Model
from webnn_graph.data_types import Array
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph
from webnn_graph.implied import implied

LIGHT = {
    "source": "pypi:onnx==1.23.2",
    "file": "onnx/backend/test/data/light/light_inception_v1.onnx",
    "sha256": "bb7a0e6c370c709f5615eeef961b43628de13d0009ae4d6f4bfb0d5aea5d8270",
    "random_weights": True,
}
ENCODER = {
    "source": "python:models.generate:encoder",
    "frontend": "onnx",
    "dims": {"batch_size": 1, "sequence_length": 128},
}
OTHERS = [
    Model(name="light_inception_v1", **LIGHT),
    Model(name="minilm_l3_int8", arguments={"form": "int8"}, **ENCODER),
    Model(name="minilm_l3_int4", arguments={"form": "int4"}, **ENCODER),
]
"""Models that the zoo has not."""
CHANGES: dict[str, dict[str, Any]] = {"llama_opset20": {"dims": {"sequence": 1, "past": 31}}}
"""What is different from the zoo's row."""
MODELS = (
    "light_squeezenet light_shufflenet light_inception_v1 light_inception_v2 light_densenet121 light_resnet50 "
    "paraphrase_minilm_l3 minilm_l3_int8 minilm_l3_int4 "
    "ppocr_det_v4 ppocr_rec_v4 magika_v3_3 silero_vad_op18_ifless ddddocr_det llama_opset20"
).split()
"""All of them, in the order of the table."""


@dataclass(frozen=True)
class Prepared:
    """A model that pages can compute.

    Attributes:
        inputs: What to compute with, as JavaScript has it: ONNX's name and type, the shape, and values or None for `noise`.
        results: What ONNX Runtime computes of it.
    """

    inputs: list[dict[str, Any]]
    results: list[Array]


def model(name: str) -> Model:
    """A model of the comparison by its name."""
    other = next((other for other in OTHERS if other.name == name), None)
    return other or replace(select([name])[0], **CHANGES.get(name, {}))


def prepare(name: str, folder: Path) -> Prepared:
    """Writes ``model.js`` with its weights, as ``onnx2webnn --format js`` does, and ``model.onnx`` with the same sizes."""
    row = model(name)
    graph = converted(row)
    assert isinstance(graph, Graph), graph
    save(graph, Destination(folder, "model", ["js"], overwrite=True))
    file = folder / "model.onnx"
    given = _fixed(onnx.load(prepared(row)), graph, row)
    onnx.save(given, file)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options)
    feeds, inputs = {}, []
    made_up = seeded(graph.inputs, bounds=implied(graph))
    for operand, info in zip(graph.inputs, session.get_inputs(), strict=True):
        values = noise(operand.size).reshape(operand.shape) if operand.data_type.is_float else made_up[operand.name]
        kind = info.type.removeprefix("tensor(").removesuffix(")")
        feeds[info.name] = values.astype({"float": np.float32}.get(kind) or kind)
        shown = None if operand.data_type.is_float else [int(value) for value in values.ravel()]
        inputs.append({"name": info.name, "type": {"float": "float32"}.get(kind, kind), "shape": list(operand.shape), "values": shown})
    return Prepared(inputs, session.run(None, feeds))


def noise(size: int) -> Array:
    """Numbers from 0 to 1, the same that the pages make."""
    return ((np.arange(size, dtype=np.uint64) * 2654435761 & 0xFFFFFFFF) / 2**32).astype(np.float32)


def _fixed(given: onnx.ModelProto, graph: Graph, row: Model) -> onnx.ModelProto:
    """The model with the sizes, the bound inputs and the outputs that the graph has; WebNN knows no other sizes."""
    held = {tensor.name for tensor in given.graph.initializer}
    free = [info for info in given.graph.input if info.name not in held and info.name not in row.bind]
    for info, operand in zip(free, graph.inputs, strict=True):
        for dim, size in zip(info.type.tensor_type.shape.dim, operand.shape, strict=True):
            dim.dim_value = size
    for info in given.graph.input:
        if info.name in row.bind:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
            given.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(row.bind[info.name], dtype), info.name))
    del given.graph.input[:]
    given.graph.input.extend(free)
    if row.outputs:
        del given.graph.output[:]
        made = [
            onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, o.shape) for n, o in zip(row.outputs, graph.outputs, strict=True)
        ]
        given.graph.output.extend(made)
    return given
