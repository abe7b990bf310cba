"""The ES module that builds and runs a graph in a browser, and its TypeScript declarations."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import jinja2
import numpy as np

from webnn_graph.data_types import Array, DataType, pack
from webnn_graph.errors import ValidationError
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Descriptor, Graph, Node, Operand
from webnn_graph.names import IDENTIFIER
from webnn_graph.ops import OPS, Parameter
from webnn_graph.own import TEMPLATES

RESERVED = frozenset(data_type.view for data_type in DataType) | frozenset(
    """
    arguments async await break case catch class const continue debugger default delete do else enum eval export extends false
    finally for function if implements import in instanceof interface let new null package private protected public return
    static super switch this throw true try typeof var void while with yield undefined NaN Infinity
    builder context weights weight checkWeights MLGraphBuilder
    """.split()
)
"""Words that cannot name a variable in the generated ``build``: JavaScript's, and what its body reads."""

TIES = re.compile(r"\A(?:import .*;\n)+\n|\nexport \{.*\};\n\Z|^ */\*\* @type .*\n", re.MULTILINE)
"""What a plain module has for those that read it alone: imports and an empty line, the list of its exports after one, and types."""

ALIASES = {"outputShapeRounding": "roundingType"}
"""Option members that Chromium reads under an older name of the standard; both are written, an unknown one is ignored."""


def files(graph: Graph, stem: str, *, labels: bool = False, weights: str = "", digest: str = "") -> dict[str, str]:
    """The texts of the module and of its declarations.

    Args:
        graph: What ``build`` makes.
        stem: The files' common name.
        labels: Whether every call carries its node's label.
        weights: The file that the module fetches from its own folder; by default ``<stem>.safetensors``.
        digest: That of the weights, which the module compares with their file's; it accepts any weights without.

    Returns:
        File name to text: ``<stem>.js`` and ``<stem>.d.ts``.

    Raises:
        ValidationError: An operand's name is not an identifier.
    """
    for name in graph.operands:
        if not IDENTIFIER.match(name):
            raise ValidationError(f"operand name {name!r} is not an identifier")
    view = _view(graph, labels, weights or f"{stem}{WEIGHTS}") | {"digest": string(digest)}
    return rendered("module", stem, view)


def rendered(template: str, stem: str, view: Mapping[str, Any]) -> dict[str, str]:
    """A module and its declarations as their templates make them, by file name; ``view`` is what these show."""
    shown = {**view, "module_file": string(f"./{stem}.js"), "runtime": _runtime()}
    return {f"{stem}{suffix}": _template(f"{template}{suffix}.j2").render(shown) for suffix in (".js", ".d.ts")}


@cache
def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES / "module")
    # What is generated is no HTML; every value is a literal by the time a template sees it.
    environment = jinja2.Environment(  # noqa: S701
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template(name)


@cache
def _runtime() -> dict[str, str]:
    """The plain modules that a generated one holds, by name, without the imports and exports that tie them together."""
    files = [file for folder in ("runtime", "random", "sized") for file in (TEMPLATES / folder).iterdir()]
    texts = {file.name.removesuffix(".js"): file.read_text("utf-8") for file in files if file.name.endswith(".js")}
    return {name: TIES.sub("", text) for name, text in texts.items()}


def _view(graph: Graph, labels: bool, weights_file: str) -> dict[str, Any]:
    """What the templates show: every value that comes from the model is already a JavaScript literal or identifier."""
    weights = stored(graph)
    inline = {operand: array for operand, array in graph.constants.items() if operand not in weights}
    read = {operand for node in graph.nodes for operand in node.operands}
    return {
        "title": string(graph.name),
        "data_types": " | ".join(map(string, DataType)),
        "node_count": len(graph.nodes),
        "weight_bytes": sum(operand.nbytes for operand in weights),
        "weights_file": string(weights_file),
        "weights_url": url(weights_file),
        "example_inputs": object_of({operand.name: variable(operand.name) for operand in graph.inputs}),
        "is_random": any(operand.distribution for operand in graph.inputs),
        "inputs": [_tensor(operand) for operand in graph.inputs],
        "outputs": [_tensor(operand) for operand in graph.outputs],
        "weights": [_tensor(operand) for operand in weights],
        "result_types": _result_types(graph),
        "bound": literal([operand.name for operand in graph.inputs if operand in read]),
        "input_lines": [
            f"const {variable(operand.name)} = builder.input({string(operand.name)}, {_descriptor(operand)});" for operand in graph.inputs
        ],
        "constant_lines": [f"const {variable(operand.name)} = weight({string(operand.name)});" for operand in weights]
        + [f"const {variable(operand.name)} = {constant(operand, array)};" for operand, array in inline.items()],
        "node_lines": [statement(node, labels) for node in graph.nodes],
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "input_types": [_typed(operand) for operand in graph.inputs],
        "output_types": [_typed(operand) for operand in graph.outputs],
    }


def _result_types(graph: Graph) -> str:
    """An object literal of what a graph calls, inputs, outputs and constants among it, and the data types of the results."""
    calls = [(node.op, node.outputs) for node in graph.nodes]
    calls += [("constant", tuple(graph.constants)), ("input", graph.inputs), ("output", graph.outputs)]
    found: dict[str, set[DataType]] = {}
    for call, results in calls:
        found.setdefault(call, set()).update(operand.data_type for operand in results)
    return object_of({call: literal(sorted(data_types)) for call, data_types in sorted(found.items())})


def statement(node: Node, labels: bool) -> str:
    """The call of a node's ``MLGraphBuilder`` method: arguments by position, options that differ from their default."""
    operator = OPS[node.op]
    arguments, options = [], {}
    wide = any(operand.data_type.bits == 64 for operand in node.operands[:1])
    for name, parameter in operator.parameters.items():
        if name not in node.arguments:
            continue
        value = _argument(parameter, node.arguments[name], wide)
        if not parameter.is_option:
            arguments.append(value)
            continue
        options[name] = value
        if name in ALIASES:
            options[ALIASES[name]] = value
    if labels and node.label:
        options["label"] = string(node.label)
    if options:
        arguments.append(object_of(options))
    results = [variable(operand.name) for operand in node.outputs]
    target = f"[{', '.join(results)}]" if operator.returns_list else results[0]
    return f"const {target} = builder.{node.op}({', '.join(arguments)});"


def constant(operand: Operand, array: Array) -> str:
    """The call that makes a constant with its values written out, bit by bit the same (but for the payload of a NaN)."""
    data_type = operand.data_type
    if operand.shape == () and data_type.bits != 4:
        return f"builder.constant({string(data_type)}, {_number(_shortest(array), data_type)})"
    stored = pack(array, data_type).ravel()
    if data_type is DataType.FLOAT16:
        bits = ", ".join(f"{bits:#06x}" for bits in stored.view("<u2").tolist())
        # Implementations differ in which view of float16 they take; all take the bare buffer.
        return f"builder.constant({_descriptor(operand)}, new Uint16Array([{bits}]).buffer)"
    values = ", ".join(_number(_shortest(value), data_type) for value in stored)
    return f"builder.constant({_descriptor(operand)}, new {data_type.view}([{values}]))"


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
    return _number(value)


def _argument(parameter: Parameter, value: Any, wide: bool) -> str:
    """An argument's expression; ``wide`` when numbers are of a 64-bit integer type."""
    if parameter.kind == "operand":
        return variable(value.name)
    if parameter.kind == "operands":
        return f"[{', '.join(variable(operand.name) for operand in value)}]"
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


def _descriptor(descriptor: Descriptor) -> str:
    return f"{{ dataType: {string(descriptor.data_type)}, shape: {literal(list(descriptor.shape))} }}"


def _tensor(operand: Operand) -> str:
    random = f", random: {string(operand.distribution)}" if operand.distribution else ""
    return f"{{ name: {string(operand.name)}, dataType: {string(operand.data_type)}, shape: {literal(list(operand.shape))}{random} }}"


def _typed(operand: Operand) -> tuple[str, str, str]:
    """Name, TypeScript type and description of an interface member; what may be missing has a question mark behind its name."""
    view = "Float16Data" if operand.data_type is DataType.FLOAT16 else operand.data_type.view
    if operand.distribution:
        return f"{operand.name}?", view, f"{operand.descriptor}, drawn when it is missing: {operand.distribution}"
    return operand.name, view, str(operand.descriptor)
