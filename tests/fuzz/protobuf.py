"""ONNX: changes of fields of the protobuf messages, whatever they are, and of nodes, tensors and functions as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from onnx import AttributeProto, TensorProto, helper

from converters.onnx import convert
from converters.onnx.registry import HANDLERS
from tests.fuzz import mutations
from tests.fuzz.case import Base
from tests.fuzz.mutations import SECRET
from tests.onnx.microsoft import CASES as MICROSOFT
from tests.onnx.operators import CASES
from webnn_graph import validate
from webnn_graph.errors import WebNNError

LARGEST = 20_000
"""Bytes of a model of one node that is a base."""
GROWN = 300_000
"""Bytes from which on a model is no longer nested into itself."""
LOCATIONS = (f"../{SECRET}", "model.onnx", "", ".", "..", "/dev/zero", "/dev/stdin", "x" * 300, "a\0b", "https://x/y", "sub/none")
"""Where a tensor's data might be."""
DIMS = {"n": 2, "m": 3}

TEXTS = (
    """agraph (float[n, 2] x, bool c) => (float[n, 2] y) {
      y = If (c) <then_branch = g () => (float[n, 2] a) { a = Relu (x) }, else_branch = h () => (float[n, 2] b) { b = Neg (x) }>
    }""",
    """agraph (float[n, 2] x) => (float[n, 2] y, float[3, n, 2] ys) <int64 count = {3}, bool go = {1}> {
      y, ys = Loop (count, go, x) <body = b (int64 i, bool on, float[n, 2] a) => (bool on_out, float[n, 2] a_out, float[n, 2] s) {
        on_out = Identity (on)
        a_out = Add (a, a)
        s = Sin (a_out)
      }>
    }""",
    """agraph (float[3, 2] x, float[2] s) => (float[2] last, float[3, 2] all) {
      last, all = Scan <num_scan_inputs = 1, body = b (float[2] a, float[2] v) => (float[2] a_out, float[2] o) {
        a_out = Add (a, v)
        o = Identity (a_out)
      }> (s, x)
    }""",
    """agraph (float[n, m] x) => (float[n, k] y, int64[2] size) <int64[2] shape = {0, -1}, float[2] w = {1.0, 2.0}, int64[1] at = {1}> {
      size = Shape (x)
      part = Gather <axis = 0> (size, at)
      wide = Concat <axis = 0> (at, part)
      z = Reshape (x, shape)
      first, second = Split <axis = 1, num_outputs = 2> (z)
      made = ConstantOfShape <value = float[1] {2.0}> (size)
      y = Mul (z, made)
    }""",
    """agraph (float[2, 3] x) => (float[2, 3] y) {
      list = SequenceConstruct (x, x)
      some = SplitToSequence <axis = 0> (x)
      zero = Constant <value = int64 {0}> ()
      first = SequenceAt (list, zero)
      y = local.twice (first)
    }
    <opset_import: ["" : 18], domain: "local"> twice (a) => (b) { c = Add (a, a) b = Identity (c) }""",
)


@cache
def bases() -> list[Base]:
    """Models of one node, and of control flow, functions and arithmetic on shapes."""
    head = '<ir_version: 10, opset_import: ["" : 18, "local" : 1]> '
    found = [onnx.parser.parse_model(head + text).SerializeToString() for text in TEXTS]
    rows = [row.model().SerializeToString() for row in (*CASES, *MICROSOFT)]
    rows = [content for content in rows if len(content) <= LARGEST]
    return [Base(content, "model.onnx") for content in (*rows, *found * (len(rows) // 20))]


def feed(path: Path, output: Path) -> None:
    """Converts the model; with sizes for the dimensions that have none, if it needs them."""
    try:
        graph = convert(path)
    except WebNNError:
        shapes = _shapes(path)
        if not shapes:
            raise
        graph = convert(path, shapes=shapes)
    try:
        validate(graph)
    except WebNNError as error:
        raise AssertionError(f"the converted graph is invalid: {error}") from error


def _shapes(path: Path) -> dict[str, list[int]]:
    """A shape for each input that has dimensions without a size."""
    try:
        inputs = onnx.load_model(path, load_external_data=False).graph.input
    except Exception:
        return {}
    shapes = {info.name: [d.dim_value or DIMS.get(d.dim_param, 2) for d in info.type.tensor_type.shape.dim] for info in inputs}
    return {info.name: shapes[info.name] for info in inputs if not all(d.dim_value for d in info.type.tensor_type.shape.dim)}


def mutate(content: bytes, random: Random) -> bytes:
    """A model with one change."""
    if random.random() < 0.08:
        return mutations.damaged(content, random)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RecursionError):
        return mutations.damaged(content, random)
    try:
        random.choice(CHANGES)(model, random)
    except UnicodeDecodeError:  # a text of the model is none any more
        return mutations.damaged(content, random)
    return model.SerializeToString()


# -------------------------------------------------------------------------------------------------------------- any field
def messages(message: Message) -> Iterator[Any]:
    """A message and all that are in it."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        yield found
        for field, value in found.ListFields():
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                waiting += value if field.is_repeated else [value]


def _any_field(model: onnx.ModelProto, random: Random) -> None:
    """Some field of some message: another value, cleared, doubled, exchanged, or set though it was not."""
    message = random.choice(list(messages(model)))
    present = [field for field, _ in message.ListFields()]
    field = random.choice(present if present and random.random() < 0.8 else list(message.DESCRIPTOR.fields))
    if random.random() < 0.15:
        message.ClearField(field.name)
    elif field.is_repeated:
        _repeated(model, getattr(message, field.name), field, random)
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        _copy_into(model, getattr(message, field.name), random)
    else:
        _set(message, field, random)


def _repeated(model: onnx.ModelProto, values: Any, field: FieldDescriptor, random: Random) -> None:
    is_message = field.type == FieldDescriptor.TYPE_MESSAGE
    i = random.randrange(len(values)) if len(values) else -1
    match random.randrange(4):
        case 0 if i >= 0:
            del values[i]
        case 1 if i >= 0:
            values.append(values[i]) if not is_message else values.add().CopyFrom(values[i])
        case 2 if i >= 0 and not is_message:
            values[i] = _value(field, values[i], random)
        case _ if is_message:
            _copy_into(model, values.add(), random)
        case _:
            values.insert(random.randint(0, len(values)), _value(field, values[i] if i >= 0 else None, random))


def _copy_into(model: onnx.ModelProto, message: Message, random: Random) -> None:
    """Makes a message like another one of its type."""
    others = [other for other in messages(model) if other.DESCRIPTOR is message.DESCRIPTOR]
    other = random.choice(others) if others else None
    if other is not None and other is not message and other.ByteSize() < GROWN:
        copied = type(message)()
        copied.CopyFrom(other)
        message.CopyFrom(copied)


def _set(message: Message, field: FieldDescriptor, random: Random) -> None:
    setattr(message, field.name, _value(field, getattr(message, field.name), random))


def _value(field: FieldDescriptor, near: Any, random: Random) -> Any:
    """A value that a field takes."""
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            if field.type == FieldDescriptor.TYPE_BYTES:
                return mutations.damaged(near or b"abc", random)
            return mutations.text(random, near or "").encode(errors="replace").decode()
        case FieldDescriptor.CPPTYPE_FLOAT | FieldDescriptor.CPPTYPE_DOUBLE:
            return float(random.choice(mutations.FLOATS))
        case FieldDescriptor.CPPTYPE_ENUM:
            return random.choice(field.enum_type.values).number
        case FieldDescriptor.CPPTYPE_INT32:
            return max(-(2**31), min(2**31 - 1, mutations.integer(random, near or 0)))
        case FieldDescriptor.CPPTYPE_UINT64 | FieldDescriptor.CPPTYPE_UINT32:
            return abs(mutations.integer(random, near or 0)) % 2**32
        case _:
            return max(-(2**63), min(2**63 - 1, mutations.integer(random, near or 0)))


# ---------------------------------------------------------------------------------------------------- nodes, tensors, functions
def _nodes(model: onnx.ModelProto) -> list[Any]:
    return [message for message in messages(model) if isinstance(message, onnx.NodeProto)]


def _tensors(model: onnx.ModelProto) -> list[Any]:
    return [message for message in messages(model) if isinstance(message, TensorProto)]


def _names(model: onnx.ModelProto) -> list[str]:
    """Every name of a value, and the absent one."""
    made = [name for node in _nodes(model) for name in (*node.input, *node.output)]
    return [*dict.fromkeys((*made, *(tensor.name for tensor in model.graph.initializer))), ""]


def _operator(model: onnx.ModelProto, random: Random) -> None:
    """Another operator for a node."""
    for node in random.sample(_nodes(model), 1) if _nodes(model) else []:
        node.domain, node.op_type = random.choice(list(HANDLERS))


def _inputs(model: onnx.ModelProto, random: Random) -> None:
    """Another value where a node reads or writes one; one more, or one less."""
    nodes = _nodes(model)
    if not nodes:
        return
    node = random.choice(nodes)
    values = random.choice((node.input, node.input, node.output))
    name = random.choice(_names(model))
    match random.randrange(3):
        case 0 if len(values):
            values[random.randrange(len(values))] = name
        case 1 if len(values):
            del values[random.randrange(len(values))]
        case _:
            values.append(name)


def _attribute(model: onnx.ModelProto, random: Random) -> None:
    """An attribute that the operator has, with a value of some kind."""
    nodes = _nodes(model)
    if not nodes:
        return
    node = random.choice(nodes)
    try:
        known = sorted(onnx.defs.get_schema(node.op_type, domain=node.domain).attributes)
    except (onnx.defs.SchemaError, TypeError):  # an operator that is not known, or whose name is no text any more
        known = []
    name = random.choice([*known, *(attribute.name for attribute in node.attribute), "axis"])
    whole = [random.choice((0, 1, 1, 2, 3, -1, mutations.integer(random))) % 2**63 for _ in range(random.randrange(6))]
    text = mutations.text(random).encode(errors="replace").decode()
    values = (whole[0] if whole else -1, whole, -1, 0.5, [0.5, 2.0], text, [text], helper.make_tensor("t", 1, [2], [1.0, 2.0]), model.graph)
    value = random.choice(values if model.ByteSize() < GROWN else values[:-1])
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    made = helper.make_attribute(name, value, attr_type=AttributeProto.INTS if value == [] else None)
    node.attribute.extend([*kept, made])


def _tensor(model: onnx.ModelProto, random: Random) -> None:
    """Other dimensions, another type, less or more data, or data in another file."""
    tensors = _tensors(model)
    if not tensors:
        return
    tensor = random.choice(tensors)
    match random.randrange(5):
        case 0:
            dims = [max(-(2**63), min(2**63 - 1, mutations.integer(random, size))) for size in tensor.dims]
            del tensor.dims[:]
            tensor.dims.extend(dims or [1])
        case 1:
            tensor.data_type = random.randrange(30)
        case 2:
            tensor.raw_data = mutations.damaged(tensor.raw_data, random)
        case 3:
            tensor.raw_data = tensor.raw_data[: random.randrange(len(tensor.raw_data) + 1)] * random.choice((1, 2))
        case _:
            tensor.data_location = TensorProto.EXTERNAL
            entries = {
                "location": random.choice(LOCATIONS),
                "offset": str(mutations.integer(random)),
                "length": str(mutations.integer(random, 8)),
            }
            del tensor.external_data[:]
            for key in random.sample(list(entries), random.randint(1, 3)):
                tensor.external_data.add(key=key, value=entries[key])


def _type(model: onnx.ModelProto, random: Random) -> None:
    """Another element type, or shape, of an input or output."""
    infos = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    if not infos:
        return
    tensor = random.choice(infos).type.tensor_type
    if random.random() < 0.4:
        tensor.elem_type = random.randrange(25)
        return
    for dim in [tensor.shape.dim.add()] if random.random() < 0.3 or not tensor.shape.dim else [random.choice(tensor.shape.dim)]:
        match random.randrange(3):
            case 0:
                dim.dim_param = random.choice(("n", "m", "", "other", "1"))
            case _:
                dim.dim_value = max(-(2**63), min(2**63 - 1, mutations.integer(random, dim.dim_value)))


def _function(model: onnx.ModelProto, random: Random) -> None:
    """A node that is a function of its own, which may call itself, or a function in the place of an operator."""
    nodes = _nodes(model)
    if not nodes or model.ByteSize() > GROWN:
        return
    node = random.choice(nodes)
    body = onnx.NodeProto()
    body.CopyFrom(node)
    name = random.choice((node.op_type, "Own"))
    domain = random.choice(("own", node.domain))
    function = helper.make_function(domain, name, list(node.input), list(node.output), [body], list(model.opset_import))
    model.functions.append(function)
    node.op_type, node.domain = name, domain
    if random.random() < 0.5:
        model.opset_import.append(helper.make_opsetid("own", random.choice((1, 2))))


def _opset(model: onnx.ModelProto, random: Random) -> None:
    """Another version of the operators."""
    for opset in random.sample(list(model.opset_import), 1) if model.opset_import else []:
        opset.version = random.choice((random.randint(1, 26), random.randint(1, 26), 0, -1, 2**31, 2**62, 2**63 - 1))


Change = Callable[[onnx.ModelProto, Random], None]
OFTEN: tuple[Change, ...] = (_any_field, _any_field, _inputs, _attribute, _tensor, _type)
CHANGES: tuple[Change, ...] = (*OFTEN, *OFTEN, *OFTEN, _operator, _function, _opset)
