"""What an operator takes and gives, as its schema says: inputs, outputs and attributes with their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import onnx
from onnx import TensorProto
from onnx.defs import OpSchema

from converters.annotations import Parameter
from converters.onnx.registry import ATTRIBUTES, HANDLERS, Handler
from webnn_graph.graph import Operand

NAMES = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    **{name.lower(): number for name, number in TensorProto.DataType.items() if name not in ("FLOAT", "DOUBLE")},
}
"""Element types by the names that schemas have for them."""


@dataclass(frozen=True)
class Formal:
    """One formal input or output.

    Attributes:
        variable: Its type variable, or its type; empty when nothing is said of it.
        types: Which ones it may be, as ONNX writes them: ``tensor(float)``, ``seq(tensor(int64))``.
        optional: Whether it may be absent.
        variadic: Whether it stands for any number of them.
        alike: Whether these have one type.
    """

    name: str
    variable: str
    types: frozenset[str]
    optional: bool
    variadic: bool
    alike: bool

    @cached_property
    def elements(self) -> frozenset[int]:
        """The element types among its types; empty when any may be."""
        return frozenset(element for element in map(element_of, self.types) if element is not None)

    @cached_property
    def takes_tensors(self) -> bool:
        """Whether it may be a tensor."""
        return not self.types or any(text.removeprefix("optional(").startswith("tensor(") for text in self.types)

    @cached_property
    def takes_sequences(self) -> bool:
        """Whether it may be a sequence."""
        return not self.types or any(text.removeprefix("optional(").startswith("seq(") for text in self.types)

    @cached_property
    def takes_nothing(self) -> bool:
        """Whether it may be an optional value that is absent."""
        return any(text.startswith("optional(") for text in self.types)


def element_of(type_name: str) -> int | None:
    """The element type in a type as schemas write it: of ``seq(tensor(int64))`` int64."""
    return NAMES.get(type_name.rpartition("(")[2].rstrip(")"))


@dataclass(frozen=True)
class Signature:
    """An operator in one version.

    Attributes:
        inputs: In order.
        outputs: In order; empty when nothing is known of them.
        least: How many inputs there must be.
        most: How many inputs there may be.
        most_outputs: How many outputs there may be.
        attributes: Their types (``AttributeProto.INT``) by name, and whether they must be given.
    """

    inputs: Sequence[Formal]
    outputs: Sequence[Formal]
    least: int
    most: int
    most_outputs: int
    attributes: Mapping[str, tuple[int | None, bool]]

    @cached_property
    def required(self) -> Sequence[str]:
        """The attributes that must be given."""
        return [name for name, (_, required) in self.attributes.items() if required]

    def input(self, index: int) -> Formal:
        """The formal input that the actual one of this index is for."""
        return self.inputs[min(index, len(self.inputs) - 1)]

    def output(self, index: int) -> Formal:
        """The formal output that the actual one of this index is for."""
        return self.outputs[min(index, len(self.outputs) - 1)]


@lru_cache(maxsize=4096)
def schema_of(domain: str, op: str, opset: int) -> OpSchema | None:
    """The schema of an operator in an opset; of one that is deprecated there its last real one; None for an unknown one."""
    try:
        schema = onnx.defs.get_schema(op, opset, domain)
        while schema.deprecated:
            schema = onnx.defs.get_schema(op, schema.since_version - 1, domain)
    except onnx.defs.SchemaError:
        return None
    return schema


@lru_cache(maxsize=4096)
def signature_of(domain: str, op: str, opset: int) -> Signature | None:
    """An operator's signature: its schema's, with the attributes that its handler takes besides, or its handler's alone.

    None for an operator that is not known.
    """
    handler = next((handler for handler in HANDLERS.get((domain, op), []) if handler.since <= opset), None)
    schema = schema_of(domain, op, opset)
    attributes = {} if handler is None else {name: ATTRIBUTES[p.type] for name, p in handler.attributes.items()}
    if schema is not None:
        own = {name: (int(attribute.type.value), bool(attribute.required)) for name, attribute in schema.attributes.items()}
        inputs, outputs = [_formal(given) for given in schema.inputs], [_formal(given) for given in schema.outputs]
        optional: dict[str, tuple[int | None, bool]] = {name: (kind, False) for name, kind in attributes.items()}
        return Signature(inputs, outputs, schema.min_input, schema.max_input, schema.max_output, optional | own)
    return None if handler is None else _of_handler(handler, attributes)


def _of_handler(handler: Handler, attributes: Mapping[str, int | None]) -> Signature:
    inputs = [_parameter(p) for p in handler.inputs]
    required = [not (given.optional or given.variadic) for given in inputs]
    least = len(required) - required[::-1].index(True) if any(required) else 0
    most = 2**31 if any(given.variadic for given in inputs) else len(inputs)
    needed = {name: (kind, handler.attributes[name].default is handler.attributes[name].empty) for name, kind in attributes.items()}
    return Signature(inputs, (), least, most, 2**31, needed)


def _parameter(given: Parameter) -> Formal:
    types = frozenset({"tensor(any)"}) if given.known or given.type is Operand else frozenset()
    return Formal(given.name, "", types, given.optional, given.kind is given.VAR_POSITIONAL, alike=False)


def _formal(given: OpSchema.FormalParameter) -> Formal:
    options = OpSchema.FormalParameterOption
    optional, variadic = given.option == options.Optional, given.option == options.Variadic
    return Formal(given.name, given.type_str, frozenset(given.types), optional, variadic, bool(given.is_homogeneous))
