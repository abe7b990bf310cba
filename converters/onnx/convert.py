"""From an ONNX model to a WebNN graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx
from onnx import AttributeProto

from converters.onnx import functions, handlers
from converters.onnx.half import in_float16
from converters.onnx.interface import Input, Settings, bound_value, free_inputs, graph_inputs
from converters.onnx.load import load_model, tensor_values
from converters.onnx.order import needed_nodes
from converters.onnx.registry import HANDLERS, REFUSED, SourceNode, Unmade, Value, find
from converters.onnx.tensors import Element
from converters.problems import Problem, report
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize

assert handlers  # importing it fills HANDLERS
UNKNOWN = object()
"""Stands for a value that a node before could not make; whatever reads it is only looked up, not converted."""


def convert(
    model: str | Path | onnx.ModelProto,
    *,
    name: str = "",
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    bind: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    float16: bool = False,
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
        float16: bfloat16 and float64 become float16 instead of float32.

    Returns:
        A graph with the model's inputs and outputs. Labels are the model's node names; operands are named after its tensors.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: The model cannot be converted; the message lists all operators that stop it.
    """
    folder = None
    if not isinstance(model, onnx.ModelProto):
        path = Path(model)
        folder, name = path.parent, name or path.stem
        model = load_model(path)
    if float16:
        model = in_float16(model, folder)
    settings = Settings(dims or {}, shapes or {}, bind or {}, inputs, outputs)
    conversion = Conversion(model, folder, name or model.graph.name or "model", settings)
    if float16:
        conversion.builder.note("bfloat16 and float64 became float16")
    return optimize(conversion.graph())


class Conversion:
    """One conversion: the builder, and what the model's graphs share."""

    def __init__(self, model: onnx.ModelProto, folder: Path | None, name: str, settings: Settings) -> None:
        self.model = model
        self.folder = folder
        self.settings = settings
        self.builder = GraphBuilder(name)
        self.opsets = _versions(model.opset_import)
        self.problems: list[Problem] = []
        self.nodes = 0
        self.replaced: Counter[str] = Counter()

    def graph(self) -> Graph:
        """Raises `ConversionError` with every problem of the model."""
        graph, b = self.model.graph, self.builder
        scope = GraphScope(self, self.opsets)
        scope.add_initializers(graph)
        for info in free_inputs(graph).values():
            if info.name in self.settings.bind:
                value, data_type = bound_value(info, self.settings.bind[info.name])
                scope.values[info.name] = b.constant(value, data_type)
        cut = self.inferred if self.settings.inputs else {}
        for given in graph_inputs(graph, self.settings, cut):
            scope.values[given.name] = self._input(given)
        wanted = list(self.settings.outputs) or [output.name for output in graph.output]
        outputs = scope.run_nodes(graph.node, wanted)
        if self.problems:
            opsets = ", ".join(f"{domain} opset {version}".lstrip() for domain, version in self.opsets.items())
            raise report(self.problems, f"{self.builder.name} ({opsets or 'no opset'})", self.nodes)
        results = {name: self._output(name, value) for name, value in zip(wanted, outputs, strict=True)}
        for kind, count in self.replaced.items():
            data_type = Element(onnx.TensorProto.DataType.Value(kind.upper())).data_type
            b.note(f"{count} {kind} tensor{'s' if count > 1 else ''} became {data_type}")
        return b.build(results)

    def element(self, onnx_type: int) -> Element:
        """The element type, remembered for the report when another has to stand for it."""
        element = Element(onnx_type)
        if element.replaced:
            self.replaced[element.name] += 1
        return element

    @cached_property
    def inferred(self) -> Mapping[str, onnx.ValueInfoProto]:
        """What the model and ONNX's own shape inference say of its values' types; used where a value is missing."""
        try:
            graph = onnx.shape_inference.infer_shapes(self.model).graph
        except Exception:  # inference is best effort; a model it rejects may still convert
            graph = self.model.graph
        return {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}

    def placeholder(self, name: str) -> Value:
        """A stand-in for a value that could not be made, so that what follows is still checked."""
        info = self.inferred.get(name)
        if info is None or info.type.WhichOneof("value") != "tensor_type" or not info.type.tensor_type.HasField("shape"):
            return UNKNOWN
        dims = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        try:
            return Operand(Element(info.type.tensor_type.elem_type).data_type, tuple(dims)) if all(dims) else UNKNOWN
        except ConversionError:
            return UNKNOWN

    def _input(self, given: Input) -> Operand:
        self.element(given.element.onnx_type)
        return self.builder.input(given.name, given.data_type, given.shape)

    def _output(self, name: str, value: Value) -> Operand:
        if not isinstance(value, Operand):
            kind = "a sequence" if isinstance(value, list) else "absent"
            raise ConversionError(f"output {name} is {kind}; WebNN graphs return tensors only", "choose other outputs: --output NAME")
        return value


class GraphScope:
    """The values that are visible in one graph of the model: its own and, in a subgraph, those around it."""

    def __init__(
        self,
        conversion: Conversion,
        opsets: Mapping[str, int],
        *,
        outer: GraphScope | None = None,
        types: Mapping[str, int | None] | None = None,
    ) -> None:
        """``types`` says in a function what element types its inputs have; None where the model's own inference does."""
        self.conversion = conversion
        self._outer = outer
        self.opsets = opsets
        self._types = types
        self.values: dict[str, Value] = {}
        self._stored: dict[str, onnx.TensorProto] = {}

    def add_initializers(self, graph: onnx.GraphProto) -> None:
        """Makes the graph's initializers visible; each becomes a constant when it is first read."""
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        for sparse in graph.sparse_initializer:
            self.values[sparse.values.name] = self.conversion.builder.constant(functions.dense(sparse), name=sparse.values.name)

    def run(self, graph: onnx.GraphProto, inputs: Iterable[Value]) -> list[Value]:
        """Converts a subgraph on these inputs; see `registry.Scope`."""
        inner = GraphScope(self.conversion, self.opsets, outer=self, types=self._types)
        inner.add_initializers(graph)
        inner.values.update(zip((info.name for info in graph.input), inputs, strict=False))
        results = inner.run_nodes(graph.node, [output.name for output in graph.output])
        if any(value is UNKNOWN for value in results):
            raise Unmade
        return results

    def onnx_type(self, name: str) -> int | None:
        """ONNX's element type of a value; see `registry.Scope`."""
        if name in self._stored:
            return int(self._stored[name].data_type)
        if self._outer is not None and name not in self.values:
            return self._outer.onnx_type(name)
        if self._types is not None:
            return self._types.get(name)
        info = self.conversion.inferred.get(name)
        return int(info.type.tensor_type.elem_type) or None if info is not None else None

    def element(self, onnx_type: int) -> Element:
        """See `registry.Scope`."""
        return self.conversion.element(onnx_type)

    def run_nodes(self, nodes: Sequence[onnx.NodeProto], outputs: Sequence[str]) -> list[Value]:
        """Converts the nodes that the outputs need and returns the outputs' values."""
        made = {output for node in nodes for output in node.output}
        for name in outputs:
            if name not in made and name not in self:
                raise ConversionError(f"the model has no tensor {name!r}")
        for node in needed_nodes(nodes, outputs, self._names()):
            self.conversion.nodes += 1
            self._run_node(node)
        return [self[name] for name in outputs]

    def __contains__(self, name: str) -> bool:
        return name in self.values or name in self._stored or (self._outer is not None and name in self._outer)

    def __getitem__(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        if name in self._stored:
            tensor = self._stored[name]
            self.conversion.element(tensor.data_type)
            array, data_type = tensor_values(tensor, self.conversion.folder)
            self.values[name] = self.conversion.builder.constant(array, data_type, name)
            return self.values[name]
        if self._outer is None:
            raise KeyError(name)
        return self._outer[name]

    # ------------------------------------------------------------------------------------------------------------- private
    def _names(self) -> set[str]:
        """What is visible before any node is converted."""
        return {*self.values, *self._stored, *(self._outer._names() if self._outer else ())}

    def _run_node(self, node: onnx.NodeProto) -> None:
        label = node.name or f"{node.op_type}:{next(filter(None, node.output), '')}"
        try:
            with self.conversion.builder.source(label):
                results = self._converted(node)
        except (ConversionError, ValidationError) as error:
            self._report(node, label, error.message.removeprefix(f"{label}: "), error.hint)
            results = None
        except Unmade:
            results = None
        except Exception as error:  # a handler trusts a node to be as its schema says; this one is not, or the handler is wrong
            invalid = functions.violation(node, self.opsets)
            hint = "" if invalid else "this is a defect of the converter; please report it with what --debug shows"
            self._report(node, label, invalid or f"unexpected {type(error).__name__}: {error}", hint, error)
            results = None
        for i, name in enumerate(node.output):
            if not name:
                continue
            value = self._placeholder(name) if results is None else results[i]
            self.values[name] = value
            if results is not None and isinstance(value, Operand):
                self.conversion.builder.suggest(value, name)

    def _report(self, node: onnx.NodeProto, label: str, why: str, hint: str, cause: Exception | None = None) -> None:
        domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
        self.conversion.problems.append(Problem(domain + node.op_type, label, why, hint, cause))

    def _placeholder(self, name: str) -> Value:
        """A stand-in for a value that could not be made; the model's inference knows nothing of those inside functions."""
        return self.conversion.placeholder(name) if self._types is None else UNKNOWN

    def _converted(self, node: onnx.NodeProto) -> list[Value] | None:
        """The values of the node's outputs; None when they are unknown because an input is."""
        domain = "" if node.domain == "ai.onnx" else node.domain
        opset = self.opsets.get(domain, 1)
        missing = [name for name in node.input if name and name not in self]
        if missing:
            raise ConversionError(f"reads {missing[0]!r}, which nothing makes; the model is invalid")
        handler = find(domain, node.op_type, opset)
        inputs = [self[name] if name else None for name in node.input]
        while inputs and inputs[-1] is None:
            inputs.pop()
        if handler is None:
            return self._expanded(node, domain, opset, inputs)
        if UNKNOWN in inputs:
            return None
        results = handler.call(self.conversion.builder, inputs, self._attributes(node), SourceNode(node, opset, self))
        wanted = [name for name in node.output if name]
        if len(results) < len(node.output) and wanted and node.output[len(results) :] != [""] * (len(node.output) - len(results)):
            raise ConversionError(f"output {node.output[len(results)]!r} is not supported")
        return results + [None] * (len(node.output) - len(results))

    def _expanded(self, node: onnx.NodeProto, domain: str, opset: int, inputs: list[Value]) -> list[Value] | None:
        """An operator without a handler, by way of the function that defines it in the model or in its schema."""
        if (domain, node.op_type) in REFUSED:
            raise ConversionError(*REFUSED[domain, node.op_type])
        body = functions.local_body(node, self.conversion.model) or functions.schema_body(node, domain, opset, inputs)
        if body is None:
            known = "is not known" if (domain, node.op_type) not in HANDLERS else f"is not supported in opset {opset}"
            raise ConversionError(f"operator {known}")
        if UNKNOWN in inputs:
            return None
        types = {given: self.onnx_type(name) for given, name in zip(body.input, node.input, strict=False)}
        inner = GraphScope(self.conversion, {**self.opsets, **_versions(body.opset_import)}, types=types)
        inner.values.update(zip(body.input, inputs + [None] * len(body.input), strict=False))
        wanted = [name for name, called in zip(body.output, node.output, strict=False) if called]
        made = iter(inner.run_nodes(body.node, wanted))
        return [next(made) if called else None for called in node.output]

    def _attributes(self, node: onnx.NodeProto) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                self.conversion.element(attribute.t.data_type)
                array, data_type = tensor_values(attribute.t, self.conversion.folder)
                values[attribute.name] = self.conversion.builder.constant(array, data_type)
            elif attribute.type == AttributeProto.SPARSE_TENSOR:
                values[attribute.name] = self.conversion.builder.constant(functions.dense(attribute.sparse_tensor))
            else:
                values[attribute.name] = _plain(onnx.helper.get_attribute_value(attribute))
        return values


def _versions(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    return {"" if imported.domain == "ai.onnx" else imported.domain: imported.version for imported in imports}


def _plain(value: Any) -> Any:
    """An attribute's value with strings decoded."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_plain(item) for item in value] if isinstance(value, list | tuple) or type(value).__name__.startswith("Repeated") else value


__all__ = ["Conversion", "convert"]
