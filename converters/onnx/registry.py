"""Which handler converts which ONNX operator.

A handler is a function whose signature is the operator's: after the builder, positional parameters are the operator's
inputs and keyword-only parameters its attributes, with the operator schema's names and defaults.

    @onnx_op("Gelu", since=20)
    def gelu(b: GraphBuilder, X: Operand, *, approximate: str = "none") -> Operand: ...

The annotation of an input says what the handler needs of it: `Operand` takes any tensor; `Array`, `Ints` and `Number` take
the value of one that must be known at conversion; a tensor that is not makes the node unconvertible, with a message. An
input with default None, or whose annotation allows it, is optional, ``*inputs`` takes the rest. The reserved keyword ``node``
passes the `SourceNode`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import onnx

from converters.onnx.cuts import Cut
from converters.onnx.reading.tensors import Element
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

Ints: TypeAlias = list[int]
"""An integer tensor of any rank whose values are known, flattened."""
Number: TypeAlias = float
"""A tensor of one element whose value is known."""
Value: TypeAlias = Any
"""What an ONNX value is here: an `Operand`, a list of them for a sequence, None for an absent optional."""


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


@dataclass(frozen=True)
class Handler:
    """One registered handler.

    Attributes:
        op: ONNX operator type.
        domain: Operator set; empty for the standard one.
        since: First opset version that it is right for.
        function: The handler.
        note: How it is lowered and what is restricted, for the coverage table; the first paragraph of the docstring.
    """

    op: str
    domain: str
    since: int
    function: Callable[..., Any]
    note: str = field(default="", compare=False)

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """The parameters after the builder."""
        return list(inspect.signature(self.function).parameters.values())[1:]

    @cached_property
    def inputs(self) -> list[inspect.Parameter]:
        return [p for p in self.parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]

    @cached_property
    def attributes(self) -> dict[str, inspect.Parameter]:
        named = (p for p in self.parameters if p.kind is inspect.Parameter.KEYWORD_ONLY and p.name != "node")
        return {p.name: p for p in named}

    @cached_property
    def takes_node(self) -> bool:
        return any(p.name == "node" for p in self.parameters)

    def call(self, b: GraphBuilder, inputs: list[Value], attributes: Mapping[str, Any], node: SourceNode) -> list[Value]:
        """Converts one node.

        Raises:
            ConversionError: An input must be known and is not, or an attribute is not supported.
            ValidationError: WebNN does not allow what the handler asks for.
        """
        unknown = set(attributes) - set(self.attributes)
        if unknown:
            raise ConversionError(f"attribute {', '.join(sorted(unknown))} is not supported")
        given = [_as_annotated(b, parameter, value) for parameter, value in zip(self._expanded(len(inputs)), inputs, strict=False)]
        missing = [p.name for p in self.inputs[len(given) :] if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
        absent = [p.name for p, value in zip(self.inputs, given, strict=False) if value is None and not _is_optional(p)]
        if missing or absent:
            raise ConversionError(f"input {', '.join(missing + absent)} is missing")
        extra = {"node": node} if self.takes_node else {}
        result = self.function(b, *given, **attributes, **extra)
        return list(result) if isinstance(result, tuple) else [result]

    def _expanded(self, count: int) -> list[inspect.Parameter]:
        inputs = self.inputs
        if inputs and inputs[-1].kind is inspect.Parameter.VAR_POSITIONAL:
            return inputs + [inputs[-1]] * (count - len(inputs))
        if count > len(inputs):
            raise ConversionError(f"has {count} inputs, {self.op} takes {len(inputs)}")
        return inputs


def _is_optional(parameter: inspect.Parameter) -> bool:
    """Whether an input may be absent; in the middle of others it has no default to say so, only its annotation."""
    return parameter.default is not parameter.empty or str(parameter.annotation).endswith(" | None")


def _as_annotated(b: GraphBuilder, parameter: inspect.Parameter, value: Value) -> Any:
    annotation = str(parameter.annotation).removesuffix(" | None")
    if value is None or annotation not in ("Array", "Ints", "Number"):
        return value
    known = b.value(value)
    if known is None:
        raise ConversionError(
            f"input {parameter.name} is computed at run time; WebNN needs its value at conversion",
            "make it constant: --bind for a graph input, --dim or --shape when it follows from a dimension, or cut there with --input",
        )
    if annotation == "Ints":
        return [int(item) for item in known.ravel()]
    if annotation == "Number" and known.size != 1:
        raise ConversionError(f"input {parameter.name} has {known.size} values, expected one")
    return known.item() if annotation == "Number" else known


HANDLERS: dict[tuple[str, str], list[Handler]] = {}
"""Handlers by domain and operator, newest opset first."""


REFUSED: dict[tuple[str, str], tuple[str, Cut]] = {}
"""Operators by domain and name that no WebNN graph can express: why, and what the user can do."""


def refuse(*names: str, why: str, hint: Cut, domain: str = "") -> None:
    """Registers operators that cannot be converted, with why, and on which side of them the graph can be cut."""
    for name in names:
        REFUSED[domain, name] = why, hint


def onnx_op(*names: str, since: int = 1, domain: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a handler for operators of one signature, from an opset version on until a newer handler's."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        note = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        for name in names:
            handlers = HANDLERS.setdefault((domain, name), [])
            if any(handler.since == since for handler in handlers):
                raise TypeError(f"two handlers for {domain or 'ai.onnx'}.{name} since {since}")
            handlers.append(Handler(name, domain, since, function, note))
            handlers.sort(key=lambda handler: -handler.since)
        return function

    return register


def one_to_one(names: Mapping[str, str], since: int = 1, domain: str = "") -> None:
    """Registers operators that are one WebNN operator: all inputs to its operands in order, no attributes."""
    for onnx_name, webnn_name in names.items():
        onnx_op(onnx_name, since=since, domain=domain)(_row(webnn_name))


def _row(webnn_name: str) -> Callable[..., Any]:
    def convert(b: GraphBuilder, *inputs: Operand) -> Operand:
        result: Operand = b.call(webnn_name, *inputs)
        return result

    convert.__doc__ = webnn_name
    return convert


def find(domain: str, op: str, opset: int) -> Handler | None:
    """The newest handler not above the opset version; None when there is none."""
    domain = "" if domain == "ai.onnx" else domain
    return next((handler for handler in HANDLERS.get((domain, op), []) if handler.since <= opset), None)


__all__ = [
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
