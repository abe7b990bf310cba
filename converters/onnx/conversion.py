"""One conversion of an ONNX model: the builder, and what the model's graphs share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import onnx

from converters.onnx.cuts import Cut
from converters.onnx.reading import functions
from converters.onnx.reading.inference import inferred_types
from converters.onnx.reading.interface import InterfaceOptions
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import Value
from converters.onnx.selections.values import lazy
from converters.problems import Problem
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.progress import Watcher

UNKNOWN = object()
"""Stands for a value that a node before could not make; whatever reads it is only looked up, not converted."""
UNMADE = object()
"""The same, as long as nobody has asked for its type and shape."""


class Conversion:
    """One conversion: the builder, and what the model's graphs share.

    Args:
        model: The model.
        folder: Where it lies; None for one that has no file.
        name: The graph's name.
        settings: What the user decides about its interface.
        budget: What it may cost.
        progress: Is told of it.
        builder: Makes the calls; by default one of its own.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        folder: Path | None,
        name: str,
        settings: InterfaceOptions,
        budget: Budget,
        progress: Watcher | None = None,
        builder: GraphBuilder | None = None,
    ) -> None:
        self.model = model
        self.folder = folder
        self.settings = settings
        self.progress = progress
        budget.steps -= sum(1 + len(node.input) for node in model.graph.node)  # for which the file has room
        self.builder = builder or GraphBuilder(name, budget)
        self.opsets = functions.versions(model.opset_import)
        self.functions = {(function.domain, function.name, function.overload): function for function in model.functions}
        self.problems: list[Problem] = []
        self.nodes = 0
        self.replaced: Counter[str] = Counter()
        self.refused: dict[Cut, list[onnx.NodeProto]] = {}
        self._once: dict[tuple[int, tuple[str, ...]], tuple[object, Sequence[onnx.NodeProto]]] = {}
        self._bodies: dict[tuple[functions.Key, tuple[bytes, ...]], onnx.FunctionProto] = {}

    def element(self, onnx_type: int) -> Element:
        """The element type, remembered for the report when another has to stand for it."""
        element = Element(onnx_type)
        if element.replaced:
            self.replaced[element.name] += 1
        return element

    def refuse_selections(self, values: Sequence[Value]) -> bool:
        """Reports those of the values that only readers of selections take, each once; whether there are any."""
        found = [value.problem for value in lazy(values)]
        self.problems += [problem for problem in dict.fromkeys(found) if problem not in self.problems]
        return bool(found)

    def once(
        self, graph: onnx.GraphProto | onnx.FunctionProto, outputs: Sequence[str], order: Callable[[], Sequence[onnx.NodeProto]]
    ) -> Sequence[onnx.NodeProto]:
        """What ``order`` says of the nodes that a graph's outputs need; asked once, however often the graph is run."""
        key = id(graph), tuple(outputs)
        if key not in self._once:
            self._once[key] = graph, order()  # the graph is kept, so that no other gets its id
        return self._once[key][1]

    def called(self, node: onnx.NodeProto, function: onnx.FunctionProto) -> onnx.FunctionProto:
        """The function with the node's attributes put in; made once for equal ones."""
        key = functions.key(node), tuple(attribute.SerializeToString() for attribute in node.attribute)
        if key not in self._bodies:
            self.builder.budget.step(node.op_type, len(function.node))
            defaults = {attribute.name: attribute for attribute in function.attribute_proto}
            self._bodies[key] = functions.called(function, node, defaults)
        return self._bodies[key]

    @cached_property
    def inferred(self) -> Mapping[str, onnx.ValueInfoProto]:
        """What the model and ONNX's own shape inference say of its values' types; used where a value is missing."""
        return inferred_types(self.model)

    def placeholder(self, name: str) -> Value:
        """A stand-in for a value that could not be made, so that what follows is still checked."""
        info = self.inferred.get(name)
        if info is None or info.type.WhichOneof("value") != "tensor_type" or not info.type.tensor_type.HasField("shape"):
            return UNKNOWN
        dims = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        try:
            data_type = Element(info.type.tensor_type.elem_type).data_type
        except ConversionError:
            return UNKNOWN
        return self.builder.stand_in(data_type, dims) if min(dims, default=1) > 0 else UNKNOWN
