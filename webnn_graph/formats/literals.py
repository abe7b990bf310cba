"""JavaScript expressions of what a graph holds: names, plain data, constants."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np

from webnn_graph.data_types import Array, DataType, pack
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.names import IDENTIFIER

RESERVED = frozenset(data_type.view for data_type in DataType) | frozenset(
    """
    arguments async await break case catch class const continue debugger default delete do else enum eval export extends false
    finally for function if implements import in instanceof interface let new null package private protected public return
    static super switch this throw true try typeof var void while with yield undefined NaN Infinity
    builder context weights weight checkWeights MLGraphBuilder
    """.split()
)
"""Words that cannot name a variable in the generated ``build``: JavaScript's, and what its body reads."""


def constant(operand: Operand, array: Array) -> str:
    """The call that makes a constant with its values written out, bit by bit the same (but for the payload of a NaN)."""
    data_type = operand.data_type
    if operand.shape == () and data_type.bits != 4:
        return f"builder.constant({string(data_type)}, {number(_shortest(array), data_type)})"
    stored = pack(array, data_type).ravel()
    if data_type is DataType.FLOAT16:
        bits = ", ".join(f"{bits:#06x}" for bits in stored.view("<u2").tolist())
        # Implementations differ in which view of float16 they take; all take the bare buffer.
        return f"builder.constant({descriptor_of(operand)}, new Uint16Array([{bits}]).buffer)"
    values = ", ".join(number(_shortest(value), data_type) for value in stored)
    return f"builder.constant({descriptor_of(operand)}, new {data_type.view}([{values}]))"


def variable(name: str) -> str:
    """The JavaScript variable of an operand; ``$``, which no operand's name contains, keeps it off reserved words."""
    return f"{name}$" if name in RESERVED else name


def string(text: str) -> str:
    """A JavaScript string literal that can stand anywhere: in code, in a comment, in an HTML script."""
    ascii_only = json.dumps(str(text), ensure_ascii=True)
    return ascii_only.replace("<", "\\u003c").replace(">", "\\u003e").replace("*/", "*\\/")


def literal(value: Any) -> str:
    """Plain data as a JavaScript expression."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return string(value)
    return number(value)


def number(value: float, data_type: DataType | None = None) -> str:
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


def url(file: str) -> str:
    """The literal of a file's address relative to a module beside it."""
    return string(f"./{quote(file, safe='')}")


def object_of(members: Mapping[str, str]) -> str:
    """An object literal of finished expressions."""
    pairs = [name if name == value else f"{_key(name)}: {value}" for name, value in members.items()]
    return f"{{ {', '.join(pairs)} }}" if pairs else "{}"


def _key(name: str) -> str:
    # `__proto__: x` would set the prototype; a computed key never does.
    return name if IDENTIFIER.match(name) and name != "__proto__" else f"[{string(name)}]"


def descriptor_of(descriptor: Descriptor) -> str:
    """An ``MLOperandDescriptor``."""
    return f"{{ dataType: {string(descriptor.data_type)}, shape: {literal(list(descriptor.shape))} }}"
