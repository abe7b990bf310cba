"""The ES module that builds and runs a graph in a browser, and its TypeScript declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Any
from urllib.parse import quote

import jinja2

from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.expansion import Split, split
from webnn_graph.formats.expanding import expanding
from webnn_graph.formats.expressions import descriptor_of, literal, object_of, string, variable
from webnn_graph.formats.functions import statements
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import IDENTIFIER
from webnn_graph.own import TEMPLATES
from webnn_graph.targets.target import PORTABLE, load_target

TIES = re.compile(r"\A(?:import .*;\n)+\n|\nexport \{.*\};\n\Z|^ */\*\*[^*]*(?:\*[^/*][^*]*)*\*/\n|^ *// .*\n", re.MULTILINE)
"""What a plain module has for those that read it alone: imports and an empty line, the list of its exports after one, and comments.

The comments are a fifth of what a page would fetch; what users call is documented in the declarations.
"""


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
    files = [file for folder in ("runtime", "expanding", "random", "sized") for file in (TEMPLATES / folder).iterdir()]
    texts = {file.name.removesuffix(".js"): file.read_text("utf-8") for file in files if file.name.endswith(".js")}
    return {name: TIES.sub("", text) for name, text in texts.items()}


def _view(graph: Graph, labels: bool, weight_files: Sequence[str], expand: bool) -> dict[str, Any]:
    """What the templates show: every value that comes from the model is already a JavaScript literal or identifier."""
    weights = stored(graph)
    most_bytes = load_target(PORTABLE).most_bytes("constant")
    parts = split(graph, most_bytes) if expand else Split(graph.nodes, (), ())
    expanded = [operand for expansion in parts.expansions for operand in expansion.makes]
    made = [*(node.output for node in parts.dequantized), *expanded]
    read = {operand for node in parts.nodes for operand in node.operands}
    constants, node_lines = statements(graph, parts.nodes, [*weights, *made], labels)
    return {
        "title": string(graph.name),
        "data_types": " | ".join(map(string, DataType)),
        "node_count": len(graph.nodes),
        "weight_bytes": sum(operand.nbytes for operand in weights),
        "loaded_bytes": sum(operand.nbytes for operand in (*weights, *made)),
        "weights_file": string(", ".join(weight_files)),
        "weight_files": list(map(url, weight_files)),
        "example_inputs": object_of({operand.name: variable(operand.name) for operand in graph.inputs}),
        "is_random": any(operand.distribution for operand in graph.inputs),
        "inputs": [_tensor(operand) for operand in graph.inputs],
        "outputs": [_tensor(operand) for operand in graph.outputs],
        "weights": [_tensor(operand) for operand in weights],
        "result_types": _result_types(graph, read if expand else set(graph.constants)),
        "bound": literal([operand.name for operand in graph.inputs if operand in read]),
        "input_lines": [
            f"const {variable(operand.name)} = builder.input({string(operand.name)}, {descriptor_of(operand)});" for operand in graph.inputs
        ],
        **expanding(parts, list(weights), graph.constants),
        "constants_class": "ExpandedConstants" if parts.expansions else "DequantizedConstants" if made else "Constants",
        "only_expanded": literal([operand.name for operand in (*weights, *made) if operand not in read]),
        "constant_lines": constants,
        "node_lines": node_lines,
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "input_types": [_typed(operand) for operand in graph.inputs],
        "output_types": [_typed(operand) for operand in graph.outputs],
    }


def _result_types(graph: Graph, read: Set[Operand]) -> str:
    """An object literal of what a graph calls, inputs, outputs and constants among it, and the data types of the results.

    4-bit constants that are not ``read`` as they are become bytes.
    """
    calls = [(node.op, node.outputs) for node in graph.nodes]
    calls += [("input", graph.inputs), ("output", graph.outputs)]
    constants = (operand.data_type if operand in read else BYTES.get(operand.data_type, operand.data_type) for operand in graph.constants)
    found: dict[str, set[DataType]] = {"constant": set(constants)}
    for call, results in calls:
        found.setdefault(call, set()).update(operand.data_type for operand in results)
    return object_of({call: literal(sorted(data_types)) for call, data_types in sorted(found.items()) if data_types})


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
