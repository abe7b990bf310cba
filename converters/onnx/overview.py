"""An ONNX model as it is: its interface, dimensions, operators and weights, where it can be cut, and what stops its conversion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto

from converters.onnx.convert import convert
from converters.onnx.reading import functions
from converters.onnx.reading.files import tensors_of
from converters.onnx.reading.inference import inferred_types
from converters.onnx.reading.interface import Dims, InterfaceOptions, dims_of, free_inputs, missing_sizes, size_of, variables
from converters.onnx.reading.load import load_model, stored_bytes
from converters.onnx.reading.order import needed_nodes, reads, subgraphs
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import REFUSED, find
from converters.overview import Cut, Dimension, Overview, Tensor, Weights, counted, problems_of
from converters.plugins import load_plugins
from converters.problems import Problem
from webnn_graph.errors import ConversionError, WebNNError, Where

NAMES = {TensorProto.FLOAT: "float32", TensorProto.DOUBLE: "float64", TensorProto.UNDEFINED: ""}
"""Element types that WebNN and NumPy call otherwise than ONNX."""
NO_HANDLER = "operator is not known"


def overview(path: Path, settings: InterfaceOptions, *, budget: float = 1.0) -> Overview:
    """What there is to know of the model in a file; its conversion is tried when all sizes are known.

    Args:
        path: The file.
        settings: What the user says of its interface.
        budget: See `converters.onnx.convert`.

    Raises:
        FormatError: The file is no ONNX model.
    """
    model = load_model(path)
    load_plugins("onnx")
    inputs = {name: info for name, info in free_inputs(model.graph).items() if name not in settings.bind}
    missing = "" if settings.inputs else missing_sizes({name: _dims(info) for name, info in inputs.items()}, settings)
    problems = _without_handler(model) if missing else _tried(path, settings, budget)
    names = [_name(node.domain, node.op_type) for node in _nodes(model)]
    return Overview(
        "an ONNX model",
        path.stem,
        _metadata(model),
        [_tensor(info) for info in inputs.values()],
        [_tensor(info) for info in model.graph.output],
        _dimensions(inputs, settings),
        missing,
        counted(names, problems, checked=not missing and all(problem.operator for problem in problems)),
        problems,
        list(_cuts(model, inputs)),
        _weights(model),
    )


def _tried(path: Path, settings: InterfaceOptions, budget: float) -> list[Problem]:
    said: dict[str, Any] = {field.name: getattr(settings, field.name) for field in fields(settings)}
    try:
        convert(path, budget=budget, **said)
    except WebNNError as error:
        return problems_of(error)
    return []


def _without_handler(model: onnx.ModelProto) -> list[Problem]:
    """The nodes that cannot be converted whatever the sizes are."""
    opsets = functions.versions(model.opset_import)
    known = {(function.domain, function.name, function.overload) for function in model.functions}
    problems = []
    for node in _nodes(model):
        domain = "" if node.domain == "ai.onnx" else node.domain
        opset = opsets.get(domain, 1)
        why = REFUSED[domain, node.op_type][0] if (domain, node.op_type) in REFUSED else NO_HANDLER
        has_meaning = functions.key(node) in known or find(domain, node.op_type, opset) or functions.is_defined(domain, node.op_type, opset)
        if why is not NO_HANDLER or not has_meaning:
            problems.append(Problem(_name(node.domain, node.op_type), Where(node=node.name or next(iter(node.output), "")), why))
    return problems


def _nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """All nodes, those of subgraphs and of the model's functions included."""
    waiting: list[Iterable[onnx.NodeProto]] = [model.graph.node, *(function.node for function in model.functions)]
    while waiting:
        for node in waiting.pop():
            yield node
            waiting += [graph.node for graph in subgraphs(node)]


def _name(domain: str, operator: str) -> str:
    return f"{domain}.{operator}" if domain not in ("", "ai.onnx") else operator


def _metadata(model: onnx.ModelProto) -> dict[str, str | int]:
    opsets = {f"opset {imported.domain}".rstrip(): imported.version for imported in model.opset_import}
    said: dict[str, str | int] = {
        "IR version": model.ir_version,
        **opsets,
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "domain": model.domain,
        "version": model.model_version,
        "description": model.doc_string,
        **{entry.key: entry.value for entry in model.metadata_props},
    }
    return {name: value for name, value in said.items() if value}


def _tensor(info: onnx.ValueInfoProto) -> Tensor:
    kind = info.type.WhichOneof("value")
    if kind not in ("tensor_type", None):
        return Tensor(info.name, kind.removesuffix("_type"), None)
    return Tensor(info.name, _type(info.type.tensor_type.elem_type), _dims(info))


def _type(onnx_type: int) -> str:
    return NAMES[onnx_type] if onnx_type in NAMES else Element(onnx_type).name


def _dims(info: onnx.ValueInfoProto) -> Dims | None:
    return dims_of(info) if info.type.WhichOneof("value") in ("tensor_type", None) else None


def _dimensions(inputs: Mapping[str, onnx.ValueInfoProto], settings: InterfaceOptions) -> list[Dimension]:
    places: dict[str, list[str]] = {}
    for name, info in inputs.items():
        for i, dim in enumerate(_dims(info) or ()):
            for variable in sorted(variables({dim})) or [dim] if isinstance(dim, str) else ():
                places.setdefault(variable, []).append(f"dimension {i} of {name}")
    return [Dimension(name, where, size_of(name, settings.dims)) for name, where in places.items()]


def _cuts(model: onnx.ModelProto, inputs: Iterable[str]) -> Iterator[Cut]:
    """The tensors that depend on an input, in the order in which they are computed."""
    graph = model.graph
    ends = [info.name for info in graph.output]
    try:
        nodes = needed_nodes(graph.node, ends, [*inputs, *(tensor.name for tensor in graph.initializer)])
    except ConversionError:  # of an invalid model, which is among the problems
        return
    last_use = {name: i for i, node in enumerate(nodes) for name in reads(node)} | dict.fromkeys(ends, len(nodes))
    types = inferred_types(model)
    varying = set(inputs)
    live = {name for name in inputs if name in last_use}
    for i, node in enumerate(nodes):
        if not varying.isdisjoint(reads(node)):
            made = [name for name in node.output if name]
            varying.update(made)
            live.update(name for name in made if name in last_use)
        live = {name for name in live if last_use[name] > i}
        for name in node.output:
            if name in live and last_use[name] < len(nodes):
                info = types.get(name)
                tensor = _tensor(info) if info else Tensor(name, "", None)
                yield Cut(tensor, node.name, _name(node.domain, node.op_type), splits=live == {name})


def _weights(model: onnx.ModelProto) -> list[Weights]:
    by_type: dict[int, list[int]] = {}
    for tensor in (tensor for tensor in tensors_of(model) if tensor.data_type):  # a node's attributes may hold an empty one
        by_type.setdefault(tensor.data_type, []).append(math.prod(tensor.dims))
    return [Weights(_type(t), len(sizes), sum(sizes), sum(_bytes(t, size) for size in sizes)) for t, sizes in by_type.items()]


def _bytes(onnx_type: int, elements: int) -> int:
    try:
        return stored_bytes(onnx_type, elements)
    except ConversionError:  # of strings, which are among the problems
        return 0
