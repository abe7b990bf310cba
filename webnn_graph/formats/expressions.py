"""JavaScript expressions: literals, variables, and a graph's calls as those of ``MLGraphBuilder``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from webnn_graph.data_types import Array, DataType, pack
from webnn_graph.formats.language import Language
from webnn_graph.graph import Descriptor, Node, Operand, map_arguments
from webnn_graph.names import IDENTIFIER
from webnn_graph.ops import OPS, Parameter

RESERVED = frozenset(data_type.view for data_type in DataType) | frozenset(
    """
    arguments async await break case catch class const continue debugger default delete do else enum eval export extends false
    finally for function if implements import in instanceof interface let new null package private protected public return
    static super switch this throw true try typeof var void while with yield undefined NaN Infinity
    builder weight
    """.split()
)
"""Words that cannot name a variable in the generated ``build``: JavaScript's, and what its body reads."""

ALIASES = {"outputShapeRounding": "roundingType"}
"""Option members that Chromium reads under an older name of the standard; both are written, an unknown one is ignored."""


def url(file: str) -> str:
    """The literal of a file's address relative to a module beside it."""
    return string(f"./{quote(file, safe='')}")


def statement(node: Node, labels: bool) -> str:
    """The call of a node with variables of its operands' names."""
    results = [variable(operand.name) for operand in node.outputs]
    target = f"[{', '.join(results)}]" if OPS[node.op].returns_list else results[0]
    label = string(node.label) if labels and node.label else ""
    return f"const {target} = {call(node, [variable(operand.name) for operand in node.operands], label)};"


def call(node: Node, operands: Sequence[str], label: str = "") -> str:
    """The call of a node's ``MLGraphBuilder`` method: arguments by position, options that differ from their default.

    Args:
        node: The node.
        operands: The expression of each operand that it reads.
        label: The expression of its label, if it is to carry one.
    """
    expressions = iter(operands)
    written = map_arguments(node.arguments, lambda _: next(expressions))
    arguments, options = [], {}
    wide = any(operand.data_type.bits == 64 for operand in node.operands[:1])
    for name, parameter in OPS[node.op].parameters.items():
        if name not in written:
            continue
        value = _argument(parameter, written[name], wide)
        if not parameter.is_option:
            arguments.append(value)
            continue
        options[name] = value
        if name in ALIASES:
            options[ALIASES[name]] = value
    if label:
        options["label"] = label
    if options:
        arguments.append(object_of(options))
    return f"builder.{node.op}({', '.join(arguments)})"


def constant(operand: Operand, array: Array) -> str:
    """The call that makes a constant with its values written out, bit by bit the same (but for the payload of a NaN)."""
    data_type = operand.data_type
    if operand.shape == () and data_type.bits != 4:
        return f"builder.constant({string(data_type)}, {_number(_shortest(array), data_type)})"
    stored = pack(array, data_type).ravel()
    if data_type is DataType.FLOAT16:
        bits = ", ".join(f"{bits:#06x}" for bits in stored.view("<u2").tolist())
        # Implementations differ in which view of float16 they take; all take the bare buffer.
        return f"builder.constant({descriptor_of(operand)}, new Uint16Array([{bits}]).buffer)"
    return f"builder.constant({descriptor_of(operand)}, {typed_array(data_type, stored)})"


def typed_array(data_type: DataType, stored: Array) -> str:
    """A JavaScript array of numbers as they are stored."""
    values = ", ".join(_number(_shortest(value), data_type) for value in stored)
    return f"new {data_type.view}([{values}])"


def variable(name: str) -> str:
    """The JavaScript variable of an operand; ``$``, which no operand's name contains, keeps it off reserved words."""
    return f"{name}$" if name in RESERVED else name


def string(text: str) -> str:
    """A JavaScript string literal that can stand anywhere: in code, in a comment, in an HTML script."""
    ascii_only = json.dumps(str(text), ensure_ascii=True)
    return ascii_only.replace("<", "\\u003c").replace(">", "\\u003e").replace("*/", "*\\/")


def literal(value: Any) -> str:
    """Plain data as a JavaScript expression."""
    if isinstance(value, Mapping):
        return object_of({str(name): literal(member) for name, member in value.items()})
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return string(value)
    return _number(value)


def type_of(value: Any) -> str:
    """The TypeScript type of plain data whose members are read only; texts and numbers may be others, but for the ``kind`` of an object."""
    if isinstance(value, Mapping):
        members = {key(str(name)): string(member) if name == "kind" else type_of(member) for name, member in value.items()}
        return f"{{ {'; '.join(f'readonly {name}: {member}' for name, member in members.items())} }}"
    if isinstance(value, list | tuple):
        kinds = dict.fromkeys(map(type_of, value))
        return f"readonly ({' | '.join(kinds)})[]" if len(kinds) > 1 else f"readonly {next(iter(kinds))}[]" if kinds else "readonly []"
    return "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"


def _argument(parameter: Parameter, value: Any, wide: bool) -> str:
    """An argument's expression, operands being expressions already; ``wide`` when numbers are of a 64-bit integer type."""
    if parameter.kind == "operand":
        return str(value)
    if parameter.kind == "operands":
        return f"[{', '.join(value)}]"
    if parameter.kind == "number" and wide and isinstance(value, int):
        return f"{value}n"
    return literal(value)


def _number(value: float, data_type: DataType | None = None) -> str:
    """A number as a double's shortest literal; one of a 64-bit integer type as a BigInt."""
    if isinstance(value, int):
        return f"{value}n" if data_type and data_type.bits == 64 else str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    return text.removesuffix(".0")


def _shortest(value: Any) -> Any:
    """An element as the Python number whose literal is the shortest that rounds to it, and that is not beyond its type's range.

    Chromium makes an infinity of a number beyond the largest float32, even of one that rounds to it.
    """
    item = value.item()
    if not isinstance(item, float):
        return item
    shortest = float(str(value))
    return shortest if abs(shortest) <= float(np.finfo(value.dtype).max) else item


def object_of(members: Mapping[str, str]) -> str:
    """An object literal of finished expressions."""
    pairs = [name if name == value else f"{key(name)}: {value}" for name, value in members.items()]
    return f"{{ {', '.join(pairs)} }}" if pairs else "{}"


def key(name: str) -> str:
    """A member's name in an object literal."""
    # `__proto__: x` would set the prototype; a computed key never does.
    return name if IDENTIFIER.match(name) and name != "__proto__" else f"[{string(name)}]"


def descriptor_of(descriptor: Descriptor) -> str:
    return f"{{ dataType: {string(descriptor.data_type)}, shape: {literal(list(descriptor.shape))} }}"


def _assigned(names: Sequence[str], expression: str, is_list: bool) -> str:
    if not any(names):
        return f"{expression};"
    return f"const [{', '.join(names).rstrip(', ')}] = {expression};" if is_list else f"const {names[0]} = {expression};"


def _function(name: str, parameters: Sequence[str], lines: Sequence[str]) -> list[str]:
    return [f"const {name} = ({', '.join(parameters)}) => {{", *(f"  {line}" for line in lines), "};"]


def _returned(expressions: Sequence[str]) -> str:
    return f"return [{', '.join(expressions)}];" if len(expressions) > 1 else f"return {expressions[0]};"


JAVASCRIPT = Language(RESERVED, variable, string, constant, call, _assigned, _function, _returned)
