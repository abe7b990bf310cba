"""onnxsim before the conversion, on request: the conversion folds constants and simplifies by itself, too."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from converters.isolated import Limits, Stopped, isolated
from converters.onnx.convert import convert
from converters.onnx.reading.interface import InterfaceOptions, graph_inputs
from converters.onnx.reading.load import load_model
from converters.onnx.reading.native import run_onnxsim
from converters.random_numbers import Random
from webnn_graph.graph import Graph
from webnn_graph.progress import Watcher

LIMITS = Limits(seconds=600, memory=32 << 30)
GROWTH = 1.2
"""How many times as large a model is too large: folding has widened quantized weights."""


def convert_simplified(
    path: Path,
    *,
    report: Callable[[str], None],
    name: str,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int | str]],
    bind: Mapping[str, Any],
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    unsupported_floats: str = "float32",
    random: Random = None,
    budget: float = 1.0,
    progress: Watcher | None = None,
) -> Graph:
    """`converters.onnx.convert` of what onnxsim makes of the model; of the model itself when onnxsim fails.

    Args:
        path: The model's file.
        report: Is told why onnxsim failed.
        name: See `converters.onnx.convert`, as for the others.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: The model cannot be converted.
    """
    model = simplified(path, report=report, dims=dims, shapes=shapes, bind=bind)
    common: dict[str, Any] = {
        "inputs": inputs,
        "outputs": outputs,
        "unsupported_floats": unsupported_floats,
        "random": random,
        "budget": budget,
        "progress": progress,
    }
    if model is None:
        return convert(path, name=name, dims=dims, shapes=shapes, bind=bind, **common)
    static = _static_shapes(path, dims, shapes, bind)
    own = {} if inputs else {input_name: shape for input_name, shape in static.items() if input_name not in bind}
    return convert(model, name=name, shapes=own, bind=bind, **common)


def simplified(
    path: Path,
    *,
    report: Callable[[str], None],
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int | str]],
    bind: Mapping[str, Any],
) -> onnx.ModelProto | None:
    """What onnxsim makes of a model; None when it fails, which ``report`` is told about."""
    shapes_by_input = _static_shapes(path, dims, shapes, bind)
    try:
        answer = isolated(run_onnxsim, b"", LIMITS, path=str(path), shapes=shapes_by_input)
    except Stopped as stopped:
        report(f"note: onnxsim cannot simplify {path.name} ({stopped}); going on without")
        return None
    before, data = struct.unpack_from("<Q", answer)[0], answer[8:]
    if len(data) > GROWTH * before:
        report(f"note: onnxsim widens {path.name} from {before / 1e6:.1f} to {len(data) / 1e6:.1f} MB; going on without")
        return None
    return onnx.ModelProto.FromString(data)


def _static_shapes(
    path: Path, dims: Mapping[str, int], shapes: Mapping[str, Sequence[int | str]], bind: Mapping[str, Any]
) -> dict[str, list[int]]:
    settings = InterfaceOptions(dims=dims, shapes=shapes, bind=bind)
    return {given.name: list(given.shape) for given in graph_inputs(load_model(path).graph, settings, {})}


def count_nodes(model: onnx.ModelProto) -> int:
    """Nodes of a model, those of its subgraphs and functions included."""
    return sum(1 for _ in _nodes(model.graph.node)) + sum(1 for function in model.functions for _ in _nodes(function.node))


def _nodes(nodes: Sequence[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _nodes(graph.node)
