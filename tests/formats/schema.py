"""Writes the JSON schema of ``webnn-graph-json`` from the operator table: ``python -m tests.formats.schema``.

It says what every valid file fulfils: members, kinds of values, names of operators and options. What depends on two places, such as
shapes, order and whether a name exists, only a reader can say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from webnn_graph import formats
from webnn_graph.data_types import BY_SHORT_NAME, DataType
from webnn_graph.formats.assemble import NUMBERS, OTHER_NAMES, RESHAPES
from webnn_graph.formats.json import DIGEST, FORMAT, METADATA, RANDOM
from webnn_graph.formats.text import VERSIONS
from webnn_graph.graph import Distribution
from webnn_graph.metadata import Metadata
from webnn_graph.ops import OPS, Op, Parameter

FILE = Path(formats.__file__).with_name("webnn-graph.schema.json")
WIDTH = 130
STRING = {"type": "string"}
INTEGER = {"type": "integer"}
NAME_OR_NUMBER = {"$ref": "#/$defs/reference"}
NOT_GIVEN = [{"const": None}, {"const": ""}]
"""What rustnn writes for an option that is not given."""


def schema() -> dict[str, Any]:
    """The schema, as JSON Schema 2020-12."""
    (metadata,), described = msgspec.json.schema_components([Metadata], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        "description": "A WebNN graph. Written from the operator table of webnn-convert.",
        "type": "object",
        "required": ["format", "version", "inputs", "nodes", "outputs"],
        "properties": {
            "format": {"const": FORMAT},
            "version": {"enum": list(VERSIONS)},
            "name": True,
            DIGEST: {"type": ["string", "null"], "description": "Changes with the weights that the graph was written with."},
            METADATA: {"anyOf": [{"const": None}, metadata]},
            "inputs": {"type": "object", "additionalProperties": {"$ref": "#/$defs/input"}},
            "consts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/constant"}},
            "nodes": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "outputs": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {**STRING, "description": "The operand that the output is."},
            },
        },
        "$defs": {
            **described,
            "dataType": {"enum": [*DataType, *BY_SHORT_NAME]},
            "size": {"anyOf": [{**INTEGER, "minimum": 1}, {"$ref": "#/$defs/dimension"}]},
            "dimension": {
                "description": "A size that is given when the graph is read, at most maxSize.",
                "type": "object",
                "required": ["name", "maxSize"],
                "properties": {"name": STRING, "maxSize": INTEGER},
                "additionalProperties": False,
            },
            "reference": {"description": "An operand: its name, or its number as rustnn counts.", "anyOf": [STRING, INTEGER]},
            "operand": {
                "type": "object",
                "required": ["dataType", "shape"],
                "properties": {"dataType": {"$ref": "#/$defs/dataType"}, "shape": _list({"$ref": "#/$defs/size"})},
            },
            "input": {
                "$ref": "#/$defs/operand",
                "properties": {
                    RANDOM: {
                        "description": "What it is filled with when nobody gives it: numbers in [0, 1), or with mean 0 and variance 1.",
                        "enum": list(Distribution),
                    }
                },
            },
            "constant": {
                "$ref": "#/$defs/operand",
                "properties": {"init": {"anyOf": [{"const": None}, {"$ref": "#/$defs/init"}]}},
            },
            "init": {
                "oneOf": [
                    _kind("weights", "ref", STRING),
                    _kind("scalar", "value", {"type": "number"}),
                    _kind("inlineBytes", "bytes", _list({**INTEGER, "minimum": 0, "maximum": 255})),
                ]
            },
            "number": {"anyOf": [{"type": "number"}, {"enum": list(NUMBERS)}]},
            "node": {
                "type": "object",
                "required": ["op", "inputs"],
                "anyOf": [{"required": ["id"]}, {"required": ["outputs"], "properties": {"outputs": {"minItems": 1}}}],
                "properties": {
                    "id": STRING,
                    "op": {"enum": ["", *OPS, *RESHAPES], "description": "Empty: the node gives its one input another name."},
                    "inputs": _list(STRING),
                    "outputs": {"anyOf": [_list(STRING), {"const": None}]},
                    "options": {"type": "object", "properties": {"label": {"type": ["string", "null"]}}},
                },
                "allOf": [_rule(op) for op in OPS.values()],
            },
        },
    }


def _rule(op: Op) -> dict[str, Any]:
    """What is true of the options of a node that is a call of an operator; operands may stand there, too."""
    others = {other: name for other, name in OTHER_NAMES.items() if other not in op.parameters and name in op.parameters}
    options = {name: _value(parameter) for name, parameter in op.parameters.items()}
    options |= {other: options[name] for other, name in others.items()}
    rule = {
        "properties": {**options, "label": True},
        "additionalProperties": {"type": "object", "description": "What other software says of the node besides."},
    }
    return {"if": {"properties": {"op": {"const": op.name}}}, "then": {"properties": {"options": rule}}}


def _value(parameter: Parameter) -> dict[str, Any]:
    kinds = [_kind_of(parameter, kind) for kind in parameter.kind.split(" or ")]
    return {"anyOf": [*kinds, *NOT_GIVEN]}


def _kind_of(parameter: Parameter, kind: str) -> dict[str, Any]:
    sign: dict[str, Any] = {"minimum": 0} if parameter.unsigned else {}
    one: dict[str, Any] = {
        "operand": NAME_OR_NUMBER,
        "int": {**INTEGER, **sign},
        "float": {"$ref": "#/$defs/number"},
        "number": {"$ref": "#/$defs/number"},
        "bool": {"type": "boolean"},
        "string": {"enum": list(parameter.choices)},
        "data type": {"$ref": "#/$defs/dataType"},
    }
    if kind in one:
        return one[kind]
    item = one[kind.removesuffix("s")]
    return _list({"anyOf": [item, {"$ref": "#/$defs/dimension"}]} if kind == "ints" else item)


def _kind(kind: str, member: str, value: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["kind", member], "properties": {"kind": {"const": kind}, member: value}}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def text() -> str:
    """The file's content."""
    return _shown(schema()) + "\n"


def _shown(value: Any, indent: str = "") -> str:
    """A value on one line if it fits, otherwise one member a line."""
    flat = json.dumps(value)
    if len(indent) + len(flat) <= WIDTH or not isinstance(value, dict | list):
        return flat
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"{inner}{_shown(item, inner)}" for item in value) + f"\n{indent}]"
    return "{\n" + ",\n".join(f"{inner}{json.dumps(key)}: {_shown(item, inner)}" for key, item in value.items()) + f"\n{indent}}}"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
