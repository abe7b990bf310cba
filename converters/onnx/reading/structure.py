"""Whether a model is one, before anything is converted: what is wrong here is wrong with the whole file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import onnx

from converters.onnx.reading.functions import versions
from converters.onnx.reading.order import subgraphs
from webnn_graph.errors import FormatError

MAX_DEPTH = 40
"""How deep graphs may stand in attributes of nodes of graphs."""
OTHERS = 2**31 - 1
"""The newest version of operator sets that ONNX does not define."""


def _newest() -> dict[str, int]:
    """The newest version of each operator set that onnx knows."""
    known: dict[str, int] = {}
    for domain, version in onnx.helper.OP_SET_ID_VERSION_MAP:
        known[domain] = max(version, known.get(domain, 0))
    return {"" if domain == "ai.onnx" else domain: version for domain, version in known.items()}


NEWEST = _newest()


def check_model(model: onnx.ModelProto) -> None:
    """Raises `FormatError` when no conversion of the model could mean anything."""
    if not model.HasField("graph"):
        raise FormatError("the model has no graph")
    graphs = list(_graphs(model))
    if not all(isinstance(text, str) for text in _texts(model, graphs)):
        raise FormatError("the model is damaged: a name in it is not UTF-8 text", "export the model again")
    _check_opsets(model.opset_import)
    for function in model.functions:
        _check_opsets(function.opset_import)
        _check_unique([*function.input], f"inputs of function {function.name}")
        _check_unique([*function.output], f"outputs of function {function.name}")
    _check_unique([(f.domain, f.name, f.overload) for f in model.functions], "functions")
    for graph in graphs:
        _check_names(graph)


def _check_names(graph: onnx.GraphProto) -> None:
    inputs, outputs = [info.name for info in graph.input], [info.name for info in graph.output]
    _check_unique(inputs, "inputs")
    if "" in outputs:
        raise FormatError(f"the model is invalid: an output of graph {graph.name!r} has no name")
    given = {*inputs, *(t.name for t in graph.initializer), *(t.values.name for t in graph.sparse_initializer)} - {""}
    twice = next((name for node in graph.node for name in node.output if name in given), None)
    if twice is not None:
        raise FormatError(f"the model is invalid: value {twice!r} is given, and a node makes it, too")


def _check_unique(names: Iterable[object], what: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            shown = name if isinstance(name, str) else name[1] if isinstance(name, tuple) else name
            raise FormatError(f"the model is invalid: {count} {what} are called {shown!r}")


def _check_opsets(imports: Iterable[onnx.OperatorSetIdProto]) -> None:
    imports = list(imports)
    known = versions(imports)
    for imported in imports:
        domain = "" if imported.domain == "ai.onnx" else imported.domain
        if known[domain] != imported.version:
            raise FormatError(f"the model is invalid: it is of two versions of operator set {domain or 'ai.onnx'}")
    for domain, version in known.items():
        newest = NEWEST.get(domain, OTHERS)
        if not 1 <= version <= newest:
            raise FormatError(
                f"the model is of {domain or 'ai.onnx'} opset {version}; known are 1 to {newest}",
                "a newer version of the onnx package may know it" if version > newest else "",
            )


def _graphs(model: onnx.ModelProto) -> Iterator[onnx.GraphProto]:
    """The model's graph, and those in attributes of nodes."""
    waiting = [(model.graph, 0)]
    waiting += [(graph, 1) for function in model.functions for node in function.node for graph in subgraphs(node)]
    while waiting:
        graph, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise FormatError(f"graphs are nested more than {MAX_DEPTH} deep")
        yield graph
        waiting += [(inner, depth + 1) for node in graph.node for inner in subgraphs(node)]


def _texts(model: onnx.ModelProto, graphs: Iterable[onnx.GraphProto]) -> Iterator[object]:
    """Every name in a model; protobuf gives those that are not UTF-8 as bytes."""
    yield from (imported.domain for imported in model.opset_import)
    for function in model.functions:
        yield from (function.name, function.domain, function.overload, *function.input, *function.output, *function.attribute)
        yield from (imported.domain for imported in function.opset_import)
        yield from _texts_of_nodes(function.node)
    for graph in graphs:
        yield graph.name
        for info in (*graph.input, *graph.output, *graph.value_info):
            yield info.name
            yield from (dim.dim_param for dim in info.type.tensor_type.shape.dim)
        for sparse in graph.sparse_initializer:
            yield from _texts_of_tensors((sparse.values, sparse.indices))
        yield from _texts_of_tensors(graph.initializer)
        yield from _texts_of_nodes(graph.node)


def _texts_of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[object]:
    for node in nodes:
        yield from (node.name, node.op_type, node.domain, node.overload, *node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            yield from _texts_of_tensors((attribute.t, attribute.sparse_tensor.values, attribute.sparse_tensor.indices))


def _texts_of_tensors(tensors: Iterable[onnx.TensorProto]) -> Iterator[object]:
    for tensor in tensors:
        yield tensor.name
        yield from (text for entry in tensor.external_data for text in (entry.key, entry.value))
