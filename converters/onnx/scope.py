"""The values of one graph while its nodes are converted: of the model's, of one in an attribute, of a function's body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import onnx
from onnx import AttributeProto

from converters.onnx.conversion import UNKNOWN, UNMADE, Conversion
from converters.onnx.cuts import Cut
from converters.onnx.reading import functions
from converters.onnx.reading.check import check_attributes_of, check_node
from converters.onnx.reading.element_types import output_types
from converters.onnx.reading.load import sparse_values, tensor_values
from converters.onnx.reading.noise import noise_of
from converters.onnx.reading.order import needed_nodes
from converters.onnx.reading.signature import Signature, signature_of
from converters.onnx.reading.tensors import Element
from converters.onnx.registry import HANDLERS, REFUSED, Handler, SourceNode, Value, find
from converters.onnx.selections.reading import plain, read, with_counts
from converters.onnx.selections.rowwise import Unread
from converters.onnx.selections.values import lazy
from converters.onnx.text import Text
from converters.problems import Unmade, collected
from converters.random_numbers import REFUSED as REFUSED_RANDOM
from webnn_graph.codes import Code
from webnn_graph.data_types import DataType, shortest
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Distribution, Operand
from webnn_graph.names import nearest
from webnn_graph.progress import watched

STABLE = 7
"""The first opset whose operators are all handled; those of older ones that became others are not."""
TO_UPDATE = f"update the model first: onnx.version_converter.convert_version(model, {STABLE})"
MEMORY_HINT = "consumed_inputs"
"""An attribute of operators before opset 6 that says which inputs may be written over."""
MAX_DEPTH = 40
"""How deep functions and graphs in attributes may call each other; Python's own stack ends at about three times that."""


class GraphScope:
    """The values that are visible in one graph of the model: its own and, in a subgraph, those around it.

    Args:
        conversion: What the model's graphs share.
        opsets: Versions of the operator sets.
        outer: Where the subgraph stands.
        depth: How many functions and graphs are around it.
        calls: The functions that are being called.
    """

    def __init__(
        self,
        conversion: Conversion,
        opsets: Mapping[str, int],
        *,
        outer: GraphScope | None = None,
        depth: int = 0,
        calls: frozenset[functions.Key] = frozenset(),
    ) -> None:
        if depth > MAX_DEPTH:
            raise ConversionError(f"functions and subgraphs are nested more than {MAX_DEPTH} deep")
        self.conversion = conversion
        self.opsets = opsets
        self.values: dict[str, Value] = {}
        self.types: dict[str, int | None] = {}
        self._outer = outer
        self._depth = depth
        self._calls = calls
        self._stored: dict[str, onnx.TensorProto | onnx.SparseTensorProto] = {}
        self._declared: dict[str, int] = {}
        self._ran: list[int | None] = []

    def add_graph(self, graph: onnx.GraphProto) -> None:
        """Makes the graph's initializers visible; each becomes a constant when it is first read."""
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._stored |= {sparse.values.name: sparse for sparse in graph.sparse_initializer}
        infos = (*graph.value_info, *graph.output, *graph.input)
        self._declared = {info.name: info.type.tensor_type.elem_type for info in infos if info.type.tensor_type.elem_type}

    def run(self, graph: onnx.GraphProto, inputs: Iterable[Value]) -> list[Value]:
        """Converts a subgraph on these inputs; see `registry.Scope`."""
        inner = GraphScope(self.conversion, self.opsets, outer=self, depth=self._depth + 1, calls=self._calls)
        inner.add_graph(graph)
        inner.values.update(zip((info.name for info in graph.input), inputs, strict=False))
        outputs = [output.name for output in graph.output]
        results = inner.run_nodes(graph, outputs)
        self._ran = [inner.onnx_type(name) for name in outputs]
        if any(isinstance(value, Text) for value in results):
            raise ConversionError("makes strings, which WebNN does not have")
        if any(value is UNKNOWN for value in results) or self.conversion.refuse_selections(results):
            raise Unmade
        return results

    def onnx_type(self, name: str) -> int | None:
        """ONNX's element type of a value; see `registry.Scope`."""
        if self.types.get(name) is not None:
            return self.types[name]
        stored = self._stored.get(name)
        if stored is not None:
            return int((stored if isinstance(stored, onnx.TensorProto) else stored.values).data_type)
        if name in self.values or self._outer is None:
            return self._declared.get(name)
        return self._outer.onnx_type(name)

    def element(self, onnx_type: int) -> Element:
        """See `registry.Scope`."""
        return self.conversion.element(onnx_type)

    def noise(self, node: onnx.NodeProto, distribution: Distribution, data_type: DataType, shape: Sequence[int]) -> Operand:
        """See `registry.Scope`."""
        if self.conversion.settings.random is None:
            if self._depth == 0:
                self.conversion.refused.setdefault(Cut.INSTEAD, []).append(node)
            raise ConversionError(REFUSED_RANDOM, Cut.INSTEAD)
        if self._depth:
            raise ConversionError("draws random numbers inside of a function, a branch or a loop")
        wanted = data_type if data_type.is_float else DataType.FLOAT32
        return self.conversion.builder.input(noise_of(node), wanted, shape, distribution)

    def run_nodes(self, graph: onnx.GraphProto | onnx.FunctionProto, outputs: Sequence[str]) -> list[Value]:
        """Converts the nodes of a graph or function that the outputs need and returns the outputs' values."""
        nodes = self.conversion.once(graph, outputs, lambda: needed_nodes(graph.node, outputs, {*self.values, *self._stored}))
        made = {output for node in nodes for output in node.output}
        for name in outputs:
            if not name or (name not in made and name not in self):
                there = [*self.values, *self._stored, *(output for node in graph.node for output in node.output)]
                raise ConversionError(f"the model has no tensor {name!r}", nearest(name, there), code=Code.UNKNOWN_TENSOR)
        for node in watched("nodes", nodes, None if self._depth else self.conversion.progress):
            before = self.conversion.builder.budget.steps
            self._run_node(node)
            if self.conversion.builder.budget.steps == before:
                self.conversion.builder.budget.step(_label(node))
        return [UNKNOWN if self.values.get(name) is UNMADE else self[name] for name in outputs]

    def __contains__(self, name: str) -> bool:
        return name in self.values or name in self._stored or (self._outer is not None and name in self._outer)

    def __getitem__(self, name: str) -> Value:
        if name in self.values:
            if self.values[name] is UNMADE:
                # The model's inference knows nothing of the values inside functions and subgraphs.
                self.values[name] = UNKNOWN if self._depth else self.conversion.placeholder(name)
            return self.values[name]
        if name in self._stored:
            self.values[name] = self._constant(self._stored[name], name)
            return self.values[name]
        if self._outer is None:
            raise KeyError(name)
        return self._outer[name]

    # ------------------------------------------------------------------------------------------------------------- private
    def _constant(self, tensor: onnx.TensorProto | onnx.SparseTensorProto, name: str = "") -> Operand | Text:
        conversion = self.conversion
        if isinstance(tensor, onnx.SparseTensorProto):
            conversion.element(tensor.values.data_type)
            array, data_type = sparse_values(tensor, conversion.folder, conversion.builder.reserve)
        elif tensor.data_type == onnx.TensorProto.STRING:
            return Text()
        else:
            conversion.element(tensor.data_type)
            array, data_type = tensor_values(tensor, conversion.folder)
        return conversion.builder.constant(array, data_type, name)

    def _run_node(self, node: onnx.NodeProto) -> None:
        conversion, label, results = self.conversion, _label(node), None
        conversion.nodes += 1
        domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
        with collected(conversion.problems, domain + node.op_type, label), conversion.builder.source(label):
            results = self._converted(node)
        for i, name in enumerate(node.output):
            if not name:
                continue
            self.values[name] = UNMADE if results is None else results[i]
            if results is not None and isinstance(results[i], Operand):
                conversion.builder.suggest(results[i], name)

    def _converted(self, node: onnx.NodeProto) -> list[Value] | None:
        """The values of the node's outputs; None when they are unknown because an input is."""
        domain = "" if node.domain == "ai.onnx" else node.domain
        opset = self._opset(domain)
        missing = [name for name in node.input if name and name not in self]
        if missing:
            raise ConversionError(f"reads {missing[0]!r}, which nothing makes; the model is invalid")
        if (domain, node.op_type) in REFUSED:
            why, cut = REFUSED[domain, node.op_type]
            if self._depth == 0:
                self.conversion.refused.setdefault(cut, []).append(node)
            raise ConversionError(why, cut)
        local = self.conversion.functions.get(functions.key(node))
        if local is not None and find(domain, node.op_type, opset) is None:
            return self._called(node, local)
        return self._built_in(node, domain, opset)

    def _opset(self, domain: str) -> int:
        if domain == "" and domain not in self.opsets:
            raise ConversionError("is of the standard domain, and the model does not say in which opset it is")
        return self.opsets.get(domain, 1)

    def _inputs(self, node: onnx.NodeProto) -> list[Value]:
        """The values of the node's inputs without trailing absent ones."""
        inputs = [self[name] if name else None for name in node.input]
        while inputs and inputs[-1] is None:
            inputs.pop()
        return inputs

    def _built_in(self, node: onnx.NodeProto, domain: str, opset: int) -> list[Value] | None:
        """An operator with a handler or a schema, whose definition as a function it is then converted by."""
        handler, signature = find(domain, node.op_type, opset), signature_of(domain, node.op_type, opset)
        if signature is None or (handler is None and not functions.is_defined(domain, node.op_type, opset)):
            known = f"not supported in opset {opset}" if (domain, node.op_type) in HANDLERS else "not known"
            raise ConversionError(f"operator is {known}", TO_UPDATE if known != "not known" and not domain and opset < STABLE else "")
        inputs = self._inputs(node)
        if UNKNOWN in inputs:
            return None
        if any(isinstance(value, Text) for value in inputs):
            return _text(node, signature)
        b, types = self.conversion.builder, [self.onnx_type(name) if name else None for name in node.input]
        inputs = with_counts(b, node.op_type, inputs)
        plainly = [plain(b, value) for value in inputs]
        check_node(b, node, signature, plainly, types)
        if handler is None:
            body = functions.schema_body(node, domain, opset, plainly)
            return self._body(node, body, inputs, types, self._calls)
        self._ran = []
        results = self._handled(handler, node, opset, inputs)
        if len(node.output) > len(results) and any(node.output[len(results) :]):
            raise ConversionError(f"output {next(filter(None, node.output[len(results) :]))!r} is not supported")
        self.types.update(zip(node.output, self._types_of(node, signature, types), strict=False))
        return results + [None] * (len(node.output) - len(results))

    def _handled(self, handler: Handler, node: onnx.NodeProto, opset: int, inputs: list[Value]) -> list[Value]:
        b, attributes, source = self.conversion.builder, self._attributes(node), SourceNode(node, opset, self)
        if not any(lazy(inputs)):
            return handler.call(b, inputs, attributes, source)
        try:
            return read(b, handler, inputs, attributes, source)
        except Unread:
            self.conversion.refuse_selections(inputs)
            raise Unmade from None

    def _types_of(self, node: onnx.NodeProto, signature: Signature, types: list[int | None]) -> list[int | None]:
        """The element types of the outputs of a node that was converted."""
        if node.op_type not in functions.CONTROL_FLOW:
            return output_types(node, signature, types)
        if node.op_type == "Loop":  # whose body's first result is the condition, and which may not run at all
            return self._ran[1:] or types[2:]
        return self._ran

    def _called(self, node: onnx.NodeProto, function: onnx.FunctionProto) -> list[Value] | None:
        """A call of one of the model's own functions."""
        check_attributes_of(node)
        key, inputs = functions.key(node), self._inputs(node)
        if key in self._calls:
            raise ConversionError(f"function {node.op_type} calls itself; the model is invalid")
        if len(inputs) > len(function.input) or len(node.output) > len(function.output):
            takes = f"{len(function.input)} inputs and {len(function.output)} outputs"
            raise ConversionError(f"has {len(inputs)} inputs and {len(node.output)} outputs, the function {takes}")
        if any(value is UNKNOWN for value in inputs):
            return None
        types = [self.onnx_type(name) if name else None for name in node.input]
        self.conversion.builder.budget.step(_label(node))
        return self._body(node, self.conversion.called(node, function), inputs, types, self._calls | {key})

    def _body(
        self, node: onnx.NodeProto, body: onnx.FunctionProto, inputs: list[Value], types: list[int | None], calls: frozenset[functions.Key]
    ) -> list[Value]:
        """What the function's body makes of the inputs."""
        more = node.output[len(body.output) :]
        if any(more):
            raise ConversionError(f"output {next(filter(None, more))!r} is not supported")
        opsets = {**self.opsets, **functions.versions(body.opset_import)}
        inner = GraphScope(self.conversion, opsets, depth=self._depth + 1, calls=calls | {functions.key(node)})
        inner.values.update(zip(body.input, inputs + [None] * len(body.input), strict=False))
        inner.types.update(zip(body.input, types, strict=False))
        wanted = [name for name, called in zip(body.output, node.output, strict=False) if called]
        made = dict(zip(wanted, inner.run_nodes(body, wanted), strict=True))
        self.types.update((called, inner.onnx_type(name)) for name, called in zip(body.output, node.output, strict=False) if called)
        return [made[name] if called else None for name, called in zip(body.output, node.output, strict=False)] + [None] * len(more)

    def _attributes(self, node: onnx.NodeProto) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for attribute in node.attribute:
            if attribute.name == MEMORY_HINT:
                continue
            if attribute.type == AttributeProto.TENSOR:
                values[attribute.name] = self._constant(attribute.t)
            elif attribute.type == AttributeProto.SPARSE_TENSOR:
                values[attribute.name] = self._constant(attribute.sparse_tensor)
            else:
                values[attribute.name] = _plain(onnx.helper.get_attribute_value(attribute))
        return values


def _text(node: onnx.NodeProto, signature: Signature) -> list[Value]:
    """The results of a node that reads strings. Raises `ConversionError` when one may not be strings, too."""
    if not signature.outputs or not all("tensor(string)" in formal.types for formal in signature.outputs):
        raise ConversionError("reads strings, which WebNN does not have")
    return [Text()] * len(node.output)


def _label(node: onnx.NodeProto) -> str:
    return node.name or f"{node.op_type}:{next(filter(None, node.output), '')}"


def _plain(value: Any) -> Any:
    """An attribute's value with strings decoded, and a number in as few digits as say which one of float32 it is: 1e-5."""
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_plain(item) for item in value] if isinstance(value, list | tuple) or type(value).__name__.startswith("Repeated") else value
