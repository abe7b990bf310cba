"""`ModelBuilder`: makes the nodes and initializers of an ONNX model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper

from webnn_graph.data_types import Array, DataType, pack
from webnn_graph.graph import Operand, Shape
from webnn_graph.names import Names
from webnn_graph.onnx.kernels import carrier_of
from webnn_graph.onnx.values import BOOL, DATA_TYPES, ELEMENTS, FLOAT, INT64, TYPES, Value, numpy_type
from webnn_graph.ops import OPS, Trait
from webnn_graph.weight import Place, Weight

SMALL = 1024
"""Elements up to which a constant is written as it is."""
SIGN = -(2**63)
"""What int64 values are moved by that stand for uint64 ones, so that their order is the same, modulo 2^64."""


@dataclass(frozen=True)
class Emitted:
    """A node: its operator, the name that it should have, its inputs and outputs and its attributes."""

    op: str
    label: str
    inputs: list[Value | None]
    outputs: list[Value | None]
    attributes: Mapping[str, Any]


class ModelBuilder:
    """Makes an ONNX model, one node after the other.

    Args:
        opset: Version of the standard operator set.
        places: Where weights stand, by the names of their constants; the others are written into the model.
    """

    def __init__(self, opset: int, places: Mapping[str, Place]) -> None:
        self.opset = opset
        self._places = places
        self._nodes: list[Emitted] = []
        self._initializers: dict[Value, TensorProto] = {}
        self._small: dict[tuple[int, Shape, bytes], Value] = {}
        self._views: dict[tuple[Value, Shape], Value] = {}
        self._casts: dict[tuple[Value, int], Value] = {}
        self._contents: dict[Value, Weight] = {}
        self._label = ""
        self._traits: frozenset[Trait] = frozenset()

    def begin(self, op: str, label: str) -> None:
        """What is written from now on is this call of WebNN, which came from there."""
        self._label = label
        self._traits = OPS[op].traits

    # -------------------------------------------------------------------------------------------------------------- values
    def input(self, operand: Operand) -> Value:
        """An input of the model."""
        return Value(TYPES[operand.data_type], operand.shape, wish=operand.name)

    def weight(self, operand: Operand, weight: Weight) -> Value:
        """A constant of the graph, wherever its values stand."""
        value = Value(TYPES[operand.data_type], operand.shape, wish=operand.name)
        place = self._places.get(operand.name)
        tensor = TensorProto(data_type=value.type, dims=operand.shape)
        if place is None:
            tensor.raw_data = b"".join(weight.storage())
        else:
            tensor.data_location = TensorProto.EXTERNAL
            entries = {"location": place.file, "offset": str(place.offset), "length": str(place.length)}
            for key, text in entries.items():
                tensor.external_data.add(key=key, value=text)
        self._initializers[value] = tensor
        self._contents[value] = weight
        return value

    def constant(self, values: ArrayLike, type: int = INT64) -> Value:
        """A small constant of the model's own, by default of int64: a shape, axes, a number; equal ones are one."""
        array = np.asarray(values).astype(numpy_type(type))
        stored = pack(array, DATA_TYPES[type]) if type in DATA_TYPES and type != BOOL else array
        key = (type, array.shape, stored.tobytes())
        if key not in self._small:
            value = self._small[key] = Value(type, array.shape)
            self._initializers[value] = TensorProto(data_type=type, dims=array.shape, raw_data=key[2])
            self._contents[value] = Weight(DATA_TYPES.get(type, DataType.FLOAT32), array)
        return self._small[key]

    def known(self, value: Value) -> Array | None:
        """The values of a constant; None for what is computed."""
        return self._contents[value].array.reshape(value.shape) if value in self._contents else None

    # --------------------------------------------------------------------------------------------------------------- nodes
    def node(self, op: str, *inputs: Value | None, shape: Iterable[int] | None = None, type: int | None = None, **attributes: Any) -> Value:
        """A node with one output.

        Where ONNX Runtime has no kernel for a type, the node is computed in one that holds all values of it and has one.

        Args:
            op: The operator.
            inputs: Its inputs; None for an optional one that is left out.
            shape: Of the output; by default that to which the inputs are broadcast.
            type: Element type of the output where no input has it.
            attributes: Its attributes; those that are None are left out.
        """
        wanted = np.broadcast_shapes(*(value.shape for value in inputs if value)) if shape is None else tuple(shape)
        (output,) = self.nodes(op, *inputs, shapes=[wanted], type=type, **attributes)
        assert output is not None
        return output

    def nodes(
        self,
        op: str,
        *inputs: Value | None,
        shapes: Sequence[Shape | None],
        type: int | None = None,
        **attributes: Any,
    ) -> list[Value | None]:
        """A node with several outputs, of these shapes; None for one that is left out. See `node`."""
        schema = schema_of(op, self.opset)
        kinds = [_at(schema.inputs, i) for i in range(len(inputs))]
        before: dict[str, int] = {}
        for value, kind in zip(inputs, kinds, strict=True):
            if value and len(schema.types[kind]) > 1:
                before.setdefault(kind, value.type)
        inside = {kind: carrier_of(op, kind, type, schema.types[kind]) for kind, type in before.items()}
        biased = {kind for kind, type in before.items() if type == TensorProto.UINT64 != inside[kind] and Trait.ORDERING in self._traits}

        def type_of(kind: str) -> int:
            return inside[kind] if kind in inside else type or schema.types[kind][0]

        fed = [self._carried(value, type_of(kind), kind in biased) if value else None for value, kind in zip(inputs, kinds, strict=True)]
        made = [None if shape is None else Value(type_of(_at(schema.outputs, i)), shape) for i, shape in enumerate(shapes)]
        given = {name: float(value) if name in schema.floats else value for name, value in attributes.items() if value is not None}
        self._nodes.append(Emitted(op, self._label, fed, made, given))
        results = []
        for i, output in enumerate(made):
            kind = _at(schema.outputs, i)
            results.append(output and self._returned(output, before.get(kind, output.type), kind in biased))
        return results

    def _carried(self, value: Value, type: int, is_biased: bool) -> Value:
        carried = self.cast(value, type)
        return self.node("Add", carried, self.constant(SIGN)) if is_biased else carried

    def _returned(self, value: Value, type: int, is_biased: bool) -> Value:
        return self.cast(self.node("Add", value, self.constant(SIGN)) if is_biased else value, type)

    # --------------------------------------------------------------------------------------------------- what others are made of
    def cast(self, value: Value, type: int) -> Value:
        """The value in another element type; a cast that was made already is not made again."""
        if value.type == type:
            return value
        key = (value, type)
        if key not in self._casts:
            output = Value(type, value.shape)
            self._nodes.append(Emitted("Cast", self._label, [value], [output], {"to": type}))
            self._casts[key] = output
        return self._casts[key]

    def truth(self, value: Value) -> Value:
        """The value as ONNX's bool: whether it is not 0."""
        return self.cast(value, BOOL)

    def number(self, value: Value) -> Value:
        """The value as a number: truth is uint8."""
        return self.cast(value, TensorProto.UINT8) if value.type == BOOL else value

    def reshape(self, value: Value, shape: Iterable[int]) -> Value:
        """The value in another shape; a weight is declared anew, where its bytes are."""
        wanted = tuple(shape)
        if wanted == value.shape:
            return value
        if value not in self._initializers:
            return self.node("Reshape", value, self.constant(wanted), shape=wanted)
        key = (value, wanted)
        if key not in self._views:
            view = self._views[key] = Value(value.type, wanted, wish=value.wish)
            tensor = TensorProto()
            tensor.CopyFrom(self._initializers[value])
            tensor.ClearField("dims")
            tensor.dims.extend(wanted)
            self._initializers[view] = tensor
            self._contents[view] = self._contents[value]
        return self._views[key]

    def transpose(self, value: Value, permutation: Sequence[int]) -> Value:
        """The value with its dimensions in another order."""
        order = list(permutation)
        if order == sorted(order):
            return value
        return self.node("Transpose", value, shape=[value.shape[axis] for axis in order], perm=order)

    def like(self, number: float, value: Value) -> Value:
        """A number as a scalar of the value's type."""
        return self.constant(number, value.type)

    def filled(self, number: float, shape: Sequence[int], type: int = FLOAT) -> Value:
        """A constant of one number in all places, which is spread when it is not small."""
        wanted = tuple(shape)
        if math.prod(wanted) <= SMALL:
            return self.constant(np.full(wanted, number), type)
        return self.node("Expand", self.constant(number, type), self.constant(wanted), shape=wanted)

    # ----------------------------------------------------------------------------------------------------------------- model
    def graph(self, name: str, inputs: Sequence[Value], outputs: Mapping[str, Value]) -> onnx.GraphProto:
        """The graph of all nodes that the outputs need."""
        results = {name: self._output(name, value, inputs) for name, value in outputs.items()}
        needed: set[Value | None] = set(results.values())
        kept = []
        for node in reversed(self._nodes):
            if not needed.isdisjoint(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
        kept.reverse()
        needed.discard(None)
        viewed = {value for value, shape in self._views if self._views[value, shape] in needed}
        unread = {value for value, tensor in self._initializers.items() if tensor.external_data and value not in viewed | needed}
        unread.difference_update(self._views.values())  # of weights themselves all are listed: the digest is that of all
        initializers = {value: tensor for value, tensor in self._initializers.items() if value in needed or value in unread}
        computed = [value for node in kept for value in node.outputs if value]
        _name([*inputs, *results.values(), *initializers, *computed])
        graph = onnx.GraphProto(name=_encodable(name))
        labels = _Labels()
        for node in kept:
            name = labels.take(node.label or node.op)
            graph.node.append(helper.make_node(node.op, _names(node.inputs), _names(node.outputs), name=name, **node.attributes))
        for value, tensor in initializers.items():
            tensor.name = value.name
            graph.initializer.append(tensor)
        interface = {*inputs, *results.values()}
        graph.input.extend(value.info for value in inputs)
        graph.output.extend(value.info for value in results.values())
        graph.value_info.extend(value.info for value in computed if value not in interface)
        return graph

    def _output(self, name: str, value: Value, inputs: Sequence[Value]) -> Value:
        """The value that an output of the graph is: one that no other name is for."""
        value = self.number(value)
        if value in inputs or value in self._initializers or value.wish not in ("", name):
            output = Value(value.type, value.shape)
            self._nodes.append(Emitted("Identity", "", [value], [output], {}))
            value = output
        value.wish = name
        return value


def _name(values: Sequence[Value]) -> None:
    """Gives the values names: those that have a wish first."""
    names = Names()
    for value in sorted(dict.fromkeys(values), key=lambda value: not value.wish):
        value.name = names.take(value.wish) if value.wish else names.number("value")


class _Labels:
    """Names of nodes, of which ONNX Runtime wants one for each: with a number if another node has it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: Counter[str] = Counter()

    def take(self, label: str) -> str:
        """A free name like the label, the label itself if it is free."""
        base = name = _encodable(label)
        while name in self._taken:
            self._last[base] += 1
            name = f"{base}_{self._last[base] + 1}"
        self._taken.add(name)
        return name


def _encodable(text: str) -> str:
    """A text that protobuf takes, without halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def _names(values: Sequence[Value | None]) -> list[str]:
    names = [value.name if value else "" for value in values]
    while names and not names[-1]:
        names.pop()
    return names


@dataclass(frozen=True)
class Schema:
    """What nodes need to know of an operator's schema: the names of the types of inputs and outputs, and what those may be."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    types: Mapping[str, Sequence[int]]
    floats: Set[str]
    """Attributes that are floating point numbers."""


@cache
def schema_of(op: str, opset: int) -> Schema:
    """That of an operator of the standard domain."""
    schema = onnx.defs.get_schema(op, opset, "")
    types = {constraint.type_param_str: _types(constraint.allowed_type_strs) for constraint in schema.type_constraints}
    inputs, outputs = ([parameter.type_str for parameter in parameters] for parameters in (schema.inputs, schema.outputs))
    fixed = {kind: _types([kind]) for kind in (*inputs, *outputs) if kind not in types}
    floats = {name for name, attribute in schema.attributes.items() if attribute.type == onnx.defs.OpSchema.AttrType.FLOAT}
    return Schema(inputs, outputs, {**types, **fixed}, floats)


def _types(names: Iterable[str]) -> list[int]:
    """Element types of what schemas write as ``tensor(int64)``."""
    tensors = [name.removeprefix("tensor(").removesuffix(")").upper() for name in names if name.startswith("tensor(")]
    return [ELEMENTS[name] for name in tensors if name in ELEMENTS]


def _at(kinds: Sequence[str], i: int) -> str:
    """The i-th of them, the last being that of all others, too."""
    return kinds[min(i, len(kinds) - 1)]
