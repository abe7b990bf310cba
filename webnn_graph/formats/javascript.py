"""The ES module that builds and runs a graph in a browser, and its TypeScript declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from typing import Any
from urllib.parse import quote

import jinja2

from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.expansion import Split
from webnn_graph.formats.expanding import expanding, parts_of
from webnn_graph.formats.expressions import JAVASCRIPT, descriptor_of, literal, object_of, string, variable
from webnn_graph.formats.functions import statements
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import IDENTIFIER
from webnn_graph.own import TEMPLATES

COMPACT = TEMPLATES / "compact.json"
"""The plain modules, by name, as generated ones hold them; `tests.javascript.compact` writes it."""


def files(
    graph: Graph, stem: str, *, labels: bool = False, weights: Sequence[str] = (), digest: str = "", expand: bool = True
) -> dict[str, str]:
    """The texts of the module and of its declarations.

    Args:
        graph: What ``build`` makes.
        stem: The files' common name.
        labels: Whether every call carries its node's label.
        weights: The files that the module fetches from its own folder, in order; by default ``<stem>.safetensors``.
        digest: That of the weights, which the module compares with their file's; it accepts any weights without.
        expand: Whether expressions of constants are computed once, when the model is loaded, and not in every run.

    Returns:
        File name to text: ``<stem>.js`` and ``<stem>.d.ts``.

    Raises:
        ValidationError: An operand's name is not an identifier.
    """
    for name in graph.operands:
        if not IDENTIFIER.match(name):
            raise ValidationError(f"operand name {name!r} is not an identifier")
    view = _view(graph, labels, weights or [f"{stem}{WEIGHTS}"], expand) | {"digest": string(digest)}
    return rendered("module", stem, view)


def rendered(template: str, stem: str, view: Mapping[str, Any]) -> dict[str, str]:
    """A module and its declarations as their templates make them, by file name; ``view`` is what these show."""
    shown = {**view, "module_file": string(f"./{stem}.js"), "declarations_file": f"{stem}.d.ts", "runtime": _runtime()}
    return {f"{stem}{suffix}": _template(f"{template}{suffix}.j2").render(shown) for suffix in (".js", ".d.ts")}


def _fragments(parts: Split, weight_files: int, is_random: bool) -> list[str]:
    """The plain modules that a module needs, each behind those that it reads at once."""
    needed = {
        **dict.fromkeys(("errors", "tensors", "support", "devices", "constants"), True),
        "dequantizing": bool(parts.dequantized or parts.expansions),
        "expanding": bool(parts.expansions),
        **dict.fromkeys(("weights", "loading", "caching"), weight_files > 0),
        "parallel": weight_files > 1,
        "model": True,
        "random": is_random,
    }
    return [name for name, is_needed in needed.items() if is_needed]


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
    """What a generated module holds of each plain one, by name."""
    texts: dict[str, str] = json.loads(COMPACT.read_text("utf-8"))
    return texts


def _view(graph: Graph, labels: bool, weight_files: Sequence[str], expand: bool) -> dict[str, Any]:
    """What the templates show: every value that comes from the model is already a JavaScript literal or identifier."""
    weights = stored(graph)
    is_random = any(operand.distribution for operand in graph.inputs)
    parts = parts_of(graph) if expand else Split(graph.nodes, (), ())
    expanded = [operand for expansion in parts.expansions for operand in expansion.makes]
    made = [*(node.output for node in parts.dequantized), *expanded]
    read = {operand for node in parts.nodes for operand in node.operands}
    constants, node_lines = statements(graph, parts.nodes, [*weights, *made], labels, JAVASCRIPT)
    return {
        "title": string(graph.name),
        "data_types": " | ".join(map(string, DataType)),
        "node_count": len(graph.nodes),
        "weight_bytes": sum(operand.nbytes for operand in weights),
        "loaded_bytes": sum(operand.nbytes for operand in (*weights, *made)),
        "weights_file": string(", ".join(weight_files)),
        "weight_files": list(map(url, weight_files)),
        "example_inputs": object_of({operand.name: variable(operand.name) for operand in graph.inputs}),
        "is_random": is_random,
        "inputs": [_tensor(operand) for operand in graph.inputs],
        "outputs": [_tensor(operand) for operand in graph.outputs],
        "weights": [_tensor(operand) for operand in weights],
        "result_types": _result_types(graph, read if expand else set(graph.constants)),
        "types": types(operand.data_type for operand in (*graph.inputs, *graph.outputs, *weights, *made)),
        "unbound": literal(unbound) if (unbound := [operand.name for operand in graph.inputs if operand not in read]) else "",
        "fragments": _fragments(parts, len(weight_files) * bool(weights), is_random),
        "input_lines": [
            f"const {variable(operand.name)} = builder.input({string(operand.name)}, {descriptor_of(operand)});" for operand in graph.inputs
        ],
        **expanding(parts, list(weights), graph.constants),
        "only_expanded": literal([operand.name for operand in (*weights, *made) if operand not in read]),
        "constant_lines": constants,
        "node_lines": node_lines,
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "input_types": [_typed(operand) for operand in graph.inputs],
        "output_types": [_typed(operand) for operand in graph.outputs],
    }


def _result_types(graph: Graph, read: Set[Operand]) -> str:
    """An object literal: by data type what makes it, of a graph's calls, inputs, outputs and constants.

    4-bit constants that are not ``read`` as they are become bytes.
    """
    made = {(operand.data_type, node.op) for node in graph.nodes for operand in node.outputs}
    made |= {(operand.data_type, "input") for operand in graph.inputs} | {(operand.data_type, "output") for operand in graph.outputs}
    types = {operand.data_type if operand in read else BYTES.get(operand.data_type, operand.data_type) for operand in graph.constants}
    found: dict[DataType, list[str]] = {}
    for data_type, call in sorted(made | {(data_type, "constant") for data_type in types}):
        found.setdefault(data_type, []).append(call)
    return object_of({data_type: string(" ".join(calls)) for data_type, calls in found.items()})


def types(data_types: Iterable[DataType]) -> str:
    """An object literal: what the runtime knows of data types, by name."""
    return object_of({data_type: _type_row(data_type) for data_type in sorted(set(data_types))})


def _type_row(data_type: DataType) -> str:
    if data_type is DataType.FLOAT16:  # by its bits where there is no typed array for it
        return f'[globalThis.Float16Array ?? {data_type.view}, 16, {string(data_type.safetensors)}, ["Float16Array", "{data_type.view}"]]'
    return f"[{data_type.view}, {data_type.bits}, {string(data_type.safetensors)}]"


def url(file: str) -> str:
    """The literal of a file's address relative to a module beside it."""
    return string(f"./{quote(file, safe='')}")


def _tensor(operand: Operand) -> str:
    random = f", random: {string(operand.distribution)}" if operand.distribution else ""
    return f"{{ name: {string(operand.name)}, dataType: {string(operand.data_type)}, shape: {literal(list(operand.shape))}{random} }}"


def _typed(operand: Operand) -> tuple[str, str, str]:
    """Name, TypeScript type and description of an interface member; what may be missing has a question mark behind its name."""
    view = "Float16Data" if operand.data_type is DataType.FLOAT16 else operand.data_type.view
    if operand.distribution:
        return f"{operand.name}?", view, f"{operand.descriptor}, drawn when it is missing: {operand.distribution}"
    return operand.name, view, str(operand.descriptor)
