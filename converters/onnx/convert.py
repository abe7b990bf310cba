"""From an ONNX model to a WebNN graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from converters.onnx import handlers
from converters.onnx.cuts import Cut
from converters.onnx.cuts import hints as cut_hints
from converters.onnx.reading import functions
from converters.onnx.reading.inference import inferred_types
from converters.onnx.reading.interface import Input, Settings, bound_value, free_inputs, graph_inputs
from converters.onnx.reading.load import load_model
from converters.onnx.reading.retype import IN_FLOAT16, retyped
from converters.onnx.reading.structure import check_model
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import Value
from converters.onnx.scope import UNKNOWN, GraphScope
from converters.problems import Problem, Report
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize

assert handlers  # importing it fills HANDLERS


def convert(
    model: str | Path | onnx.ModelProto,
    *,
    name: str = "",
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    bind: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    unsupported_floats: str = "float32",
    budget: float = 1.0,
) -> Graph:
    """Converts an ONNX model.

    Args:
        model: A file, or a model in memory (which is not changed).
        name: The graph's name; by default the file's stem, or the name in the model.
        dims: Sizes of named dimensions.
        shapes: Whole shapes by input, for dimensions without a name.
        bind: Values of inputs that become constants: numbers, lists or arrays.
        inputs: Tensors at which the graph is cut, which become its inputs instead of the model's.
        outputs: Tensors to return instead of the model's outputs.
        unsupported_floats: What bfloat16 and float64, which WebNN lacks, become: ``float32`` or ``float16``.
        budget: How many times the normal work, memory and time the conversion may take.

    Returns:
        A graph with the model's inputs and outputs. Labels are the model's node names; operands are named after its tensors.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: The model cannot be converted; the message lists all operators that stop it.
        BudgetExceeded: The conversion would take more than its budget.
    """
    folder = None
    if not isinstance(model, onnx.ModelProto):
        path = Path(model)
        folder, name = path.parent, name or path.stem
        model = load_model(path)
    check_model(model)
    narrow = retyped(model, IN_FLOAT16, folder) if unsupported_floats == "float16" else None
    model = narrow or model
    settings = Settings(dims or {}, shapes or {}, bind or {}, inputs, outputs)
    conversion = Conversion(model, folder, name or model.graph.name or "model", settings, Budget(budget))
    if narrow:
        conversion.builder.note("bfloat16 and float64 became float16")
    return optimize(conversion.graph())


class Conversion:
    """One conversion: the builder, and what the model's graphs share."""

    def __init__(self, model: onnx.ModelProto, folder: Path | None, name: str, settings: Settings, budget: Budget) -> None:
        self.model = model
        self.folder = folder
        self.settings = settings
        budget.steps -= sum(1 + len(node.input) for node in model.graph.node)  # for which the file has room
        self.builder = GraphBuilder(name, budget)
        self.opsets = functions.versions(model.opset_import)
        self.functions = {(function.domain, function.name, function.overload): function for function in model.functions}
        self.problems: list[Problem] = []
        self.nodes = 0
        self.replaced: Counter[str] = Counter()
        self.refused: dict[Cut, list[onnx.NodeProto]] = {}
        self._once: dict[tuple[int, tuple[str, ...]], tuple[object, Sequence[onnx.NodeProto]]] = {}
        self._bodies: dict[tuple[functions.Key, tuple[bytes, ...]], onnx.FunctionProto] = {}

    def graph(self) -> Graph:
        """Raises `ConversionError` with every problem of the model."""
        graph, b = self.model.graph, self.builder
        scope = GraphScope(self, self.opsets)
        scope.add_graph(graph)
        for info in free_inputs(graph).values():
            if info.name in self.settings.bind:
                value, data_type = bound_value(info, self.settings.bind[info.name])
                scope.values[info.name] = b.constant(value, data_type)
        cut = self.inferred if self.settings.inputs else {}
        for given in graph_inputs(graph, self.settings, cut):
            scope.values[given.name] = self._input(given)
            scope.types[given.name] = given.element.onnx_type
        wanted = list(self.settings.outputs) or [output.name for output in graph.output]
        twice = [name for name, count in Counter(wanted).items() if count > 1]
        if twice:
            raise ConversionError(f"output {twice[0]!r} is listed twice")
        outputs = scope.run_nodes(graph, wanted)
        if self.problems:
            self._add_options(scope, wanted)
            opsets = ", ".join(f"{domain} opset {version}".lstrip() for domain, version in self.opsets.items())
            raise Report(self.problems, f"{self.builder.name} ({opsets or 'no opset'})", self.nodes)
        if not self.settings.outputs:
            self._check_declared(scope)
        results = {name: self._output(name, value) for name, value in zip(wanted, outputs, strict=True)}
        for kind, count in self.replaced.items():
            data_type = Element(onnx.TensorProto.DataType.Value(kind.upper())).data_type
            b.note(f"{count} {kind} tensor{'s' if count > 1 else ''} became {data_type}")
        return b.build(results)

    def _add_options(self, scope: GraphScope, wanted: Sequence[str]) -> None:
        """Says of problems that a cut would solve which options make it."""
        constant = {name for name, value in scope.values.items() if isinstance(value, Operand) and self.builder.is_known(value)}
        constant |= {tensor.name for tensor in self.model.graph.initializer}
        begins = self.settings.inputs or [name for name in free_inputs(self.model.graph) if name not in self.settings.bind]
        found = cut_hints(self.model.graph, self.refused, begins, wanted, constant)
        self.problems = [replace(problem, hint=found.get(problem.hint, problem.hint)) for problem in self.problems]

    def element(self, onnx_type: int) -> Element:
        """The element type, remembered for the report when another has to stand for it."""
        element = Element(onnx_type)
        if element.replaced:
            self.replaced[element.name] += 1
        return element

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

    def _input(self, given: Input) -> Operand:
        self.element(given.element.onnx_type)
        return self.builder.input(given.name, given.data_type, given.shape)

    def _check_declared(self, scope: GraphScope) -> None:
        """Raises `ConversionError` when an output is of another element type than the model says."""
        for info in self.model.graph.output:
            declared, found = info.type.tensor_type.elem_type, scope.types.get(info.name)
            if declared and found is not None and declared != found:
                raise ConversionError(f"output {info.name} is declared as {Element(declared).name}, and is {Element(found).name}")

    def _output(self, name: str, value: Value) -> Operand:
        if not isinstance(value, Operand):
            kind = "a sequence" if isinstance(value, list) else "absent"
            raise ConversionError(f"output {name} is {kind}; WebNN graphs return tensors only", "choose other outputs: --output NAME")
        return value


__all__ = ["Conversion", "convert"]
