"""Which handler converts which ONNX operator.

A handler is a function whose signature is the operator's: after the builder, positional parameters are the operator's
inputs and keyword-only parameters its attributes, with the operator schema's names and defaults.

    @onnx_op("Gelu", since=20, how="gelu; the tanh form by arithmetic")
    def gelu(b: GraphBuilder, X: Operand, *, approximate: str = "none") -> Operand: ...

The annotation of an input says what the handler needs of it, see `converters.annotations`. An input with default None, or
whose annotation allows it, is optional, ``*inputs`` takes the rest. The reserved keyword ``node`` passes the `SourceNode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import onnx
from onnx import AttributeProto

from converters.annotations import Array, Ints, Number, Parameter, Registered, parameters_of
from converters.onnx.cuts import Cut
from converters.onnx.reading.tensors import Element
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Distribution, Operand

Value: TypeAlias = Any
"""What an ONNX value is here: an `Operand`, a list of them for a sequence, None for an absent optional."""
ATTRIBUTES: Mapping[Any, int | None] = {
    int: AttributeProto.INT,
    float: AttributeProto.FLOAT,
    str: AttributeProto.STRING,
    list[int]: AttributeProto.INTS,
    Sequence[int]: AttributeProto.INTS,
    list[float]: AttributeProto.FLOATS,
    Sequence[float]: AttributeProto.FLOATS,
    list[str]: AttributeProto.STRINGS,
    Operand: AttributeProto.TENSOR,
    onnx.GraphProto: AttributeProto.GRAPH,
    Any: None,
}
"""How handlers annotate attributes, and the types of attributes that this means; None for any."""
INPUTS = (Operand, Value, list[Operand])
"""How handlers annotate inputs of which they do not need the values."""
TO_KNOW = "make it constant: --bind for a graph input, --dim or --shape when it follows from a dimension, or cut there with --input"


class Scope(Protocol):
    """Where a node is converted: lets handlers of control flow convert the graphs in their attributes."""

    opsets: Mapping[str, int]

    def run(self, graph: onnx.GraphProto, inputs: Iterable[Value]) -> list[Value]:
        """Converts a subgraph on these inputs; it also sees the values around it.

        Raises:
            converters.problems.Unmade: A result depends on a node that cannot be converted.
        """

    def onnx_type(self, name: str) -> int | None:
        """ONNX's element type of a value, which its operand may have only a stand-in for; None when nothing says it."""

    def element(self, onnx_type: int) -> Element:
        """The element type, remembered for the report when another has to stand for it."""

    def noise(self, node: onnx.NodeProto, distribution: Distribution, data_type: DataType, shape: Sequence[int]) -> Operand:
        """An input of random numbers for a node, called like its first result.

        Raises:
            ConversionError: The user did not choose that, or the node is inside of a function, a branch or a loop.
        """


@dataclass(frozen=True)
class SourceNode:
    """The node that a handler converts, for the few handlers that need more than inputs and attributes.

    Attributes:
        proto: The ONNX node.
        opset: Version of its domain's operator set.
        scope: Where it stands.
    """

    proto: onnx.NodeProto
    opset: int
    scope: Scope

    @property
    def outputs(self) -> int:
        """How many outputs the node lists; trailing absent ones do not count."""
        return len(self.proto.output)

    def wants(self, index: int) -> bool:
        """Whether the output at this index is there and named."""
        return index < len(self.proto.output) and bool(self.proto.output[index])


@dataclass(frozen=True, kw_only=True)
class Handler(Registered):
    """One registered handler.

    Attributes:
        op: ONNX operator type.
        domain: Operator set; empty for the standard one.
        since: First opset version that it is right for.
    """

    op: str
    domain: str
    since: int

    @cached_property
    def inputs(self) -> list[Parameter]:
        return [p for p in self.parameters if p.kind is not p.KEYWORD_ONLY]

    @cached_property
    def attributes(self) -> dict[str, Parameter]:
        return {p.name: p for p in self.parameters if p.kind is p.KEYWORD_ONLY and p.type is not SourceNode}

    @cached_property
    def takes_node(self) -> bool:
        return any(p.type is SourceNode for p in self.parameters)

    def call(self, b: GraphBuilder, inputs: list[Value], attributes: Mapping[str, Any], node: SourceNode) -> list[Value]:
        """Converts one node.

        Raises:
            ConversionError: An input must be known and is not, or an attribute is not supported.
            ValidationError: WebNN does not allow what the handler asks for.
        """
        if not attributes.keys() <= self.attributes.keys():
            raise ConversionError(f"attribute {', '.join(sorted(attributes.keys() - self.attributes.keys()))} is not supported")
        given = [parameter.read(b, value, TO_KNOW) for parameter, value in zip(self._expanded(len(inputs)), inputs, strict=False)]
        if len(given) < len(self.inputs) or None in inputs:
            missing = [p.name for p in self.inputs[len(given) :] if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
            absent = [p.name for p, value in zip(self.inputs, inputs, strict=False) if value is None and not p.optional]
            if missing or absent:
                raise ConversionError(f"input {', '.join(missing + absent)} is missing")
        extra = {"node": node} if self.takes_node else {}
        result = self.function(b, *given, **attributes, **extra)
        return list(result) if isinstance(result, tuple) else [result]

    def _expanded(self, count: int) -> list[Parameter]:
        inputs = self.inputs
        if inputs and inputs[-1].kind is Parameter.VAR_POSITIONAL:
            return inputs + [inputs[-1]] * (count - len(inputs))
        if count > len(inputs):
            raise ConversionError(f"has {count} inputs, {self.op} takes {len(inputs)}")
        return inputs


def _means_something(parameter: Parameter) -> bool:
    if parameter.kind is not parameter.KEYWORD_ONLY:
        return parameter.known is not None or parameter.type in INPUTS
    return parameter.type is SourceNode if parameter.name == "node" else parameter.known is None and parameter.type in ATTRIBUTES


HANDLERS: dict[tuple[str, str], list[Handler]] = {}
"""Handlers by domain and operator, newest opset first."""


REFUSED: dict[tuple[str, str], tuple[str, Cut]] = {}
"""Operators by domain and name that no WebNN graph can express: why, and what the user can do."""


def refuse(*names: str, why: str, hint: Cut, domain: str = "") -> None:
    """Registers operators that cannot be converted, with why, and on which side of them the graph can be cut."""
    for name in names:
        if (domain, name) in REFUSED or (domain, name) in HANDLERS:
            raise TypeError(f"{domain or 'ai.onnx'}.{name} is refused already, or has a handler")
        REFUSED[domain, name] = why, hint


def onnx_op(
    *names: str, how: str, limits: str = "", since: int = 1, domain: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a handler for operators of one signature, from an opset version on until a newer handler's.

    ``how`` and ``limits`` become their rows in the coverage table.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = parameters_of(function, _means_something)
        for name in names:
            handlers = [*HANDLERS.get((domain, name), ()), Handler(function, parameters, how, limits, op=name, domain=domain, since=since)]
            if (domain, name) in REFUSED or len({handler.since for handler in handlers}) < len(handlers):
                raise TypeError(f"two handlers for {domain or 'ai.onnx'}.{name} since {since}, or it is refused")
            if len({handler.origin for handler in handlers}) > 1:
                raise TypeError(f"{domain or 'ai.onnx'}.{name} has a handler of {handlers[0].origin or 'webnn-convert itself'}")
            HANDLERS[domain, name] = sorted(handlers, key=lambda handler: -handler.since)
        return function

    return register


def one_to_one(names: Mapping[str, str], since: int = 1, domain: str = "") -> None:
    """Registers operators that are one WebNN operator: all inputs to its operands in order, no attributes."""
    for onnx_name, webnn_name in names.items():
        onnx_op(onnx_name, since=since, domain=domain, how=webnn_name)(_row(webnn_name))


def _row(webnn_name: str) -> Callable[..., Any]:
    def convert(b: GraphBuilder, *inputs: Operand) -> Operand:
        result: Operand = b.call(webnn_name, *inputs)
        return result

    return convert


def find(domain: str, op: str, opset: int) -> Handler | None:
    """The newest handler not above the opset version; None when there is none."""
    domain = "" if domain == "ai.onnx" else domain
    return next((handler for handler in HANDLERS.get((domain, op), []) if handler.since <= opset), None)


__all__ = [
    "ATTRIBUTES",
    "HANDLERS",
    "REFUSED",
    "Array",
    "Handler",
    "Ints",
    "Number",
    "Scope",
    "SourceNode",
    "Value",
    "find",
    "one_to_one",
    "onnx_op",
    "refuse",
]
