"""The ES module that builds and runs a graph in a browser, and its TypeScript declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from types import MappingProxyType
from typing import Any

import jinja2

from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.expansion import Split
from webnn_graph.formats import fallback as fallbacks
from webnn_graph.formats.expanding import expanding, parts_of
from webnn_graph.formats.expressions import JAVASCRIPT, descriptor_of, key, literal, object_of, string, type_of, url, variable
from webnn_graph.formats.functions import statements
from webnn_graph.formats.held import held
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph, Operand
from webnn_graph.names import IDENTIFIER
from webnn_graph.own import TEMPLATES
from webnn_graph.weight import Place

COMPACT = TEMPLATES / "compact.json"
"""The plain modules, by name, as generated ones hold them; `tests.javascript.compact` writes it."""


def files(
    graph: Graph,
    stem: str,
    *,
    labels: bool = False,
    weights: Sequence[str] = (),
    digest: str = "",
    expand: bool = True,
    fallback: str = "",
    places: Mapping[str, Place] = MappingProxyType({}),
    part: bool = False,
) -> dict[str, str]:
    """The texts of the module, of its declarations and of its fallback.

    Args:
        graph: What ``build`` makes.
        stem: The files' common name.
        labels: Whether every call carries its node's label.
        weights: The files that the module fetches from its own folder, in order; by default ``<stem>.safetensors``.
        digest: That of the weights, which the module compares with their file's; it accepts any weights without.
        expand: Whether expressions of constants are computed once, when the model is loaded, and not in every run.
        fallback: What it computes with where no context of WebNN takes the graph, see `webnn_graph.formats.table.library_of`;
            empty for nothing.
        places: Where each weight is, by name; a fallback needs them.
        part: Whether another module may build the graph with others, of weights that it reads once for all.

    Returns:
        File name to text: ``<stem>.js`` and ``<stem>.d.ts``, with a fallback ``<stem>.fallback.js``.

    Raises:
        ValidationError: An operand's name is not an identifier.
        WebNNError: There is no such fallback.
    """
    for name in graph.operands:
        if not IDENTIFIER.match(name):
            raise ValidationError(f"operand name {name!r} is not an identifier")
    shown = fallbacks.shown(fallback, stem, stored(graph), places) if fallback else None
    view = _view(graph, labels, weights or [f"{stem}{WEIGHTS}"], expand, shown) | {"digest": string(digest), "part": part}
    return rendered("module", stem, view)


def rendered(template: str, stem: str, view: Mapping[str, Any]) -> dict[str, str]:
    """A module, its declarations and its fallback as their templates make them, by file name; ``view`` is what these show."""
    shown = {**view, "module_file": string(f"./{stem}.js"), "declarations_file": f"{stem}.d.ts"}
    of_fallback = {".fallback.js": "fallback.js.j2"} if view["fallback"] else {}
    templates = {".js": f"{template}.js.j2", ".d.ts": f"{template}.d.ts.j2", **of_fallback}
    return {f"{stem}{suffix}": filled(name, shown) for suffix, name in templates.items()}


def filled(template: str, view: Mapping[str, Any]) -> str:
    """The text that a template makes, which may hold the plain modules."""
    return _template(template).render({**view, "runtime": _runtime()})


def _fragments(parts: Split, weight_files: int, is_random: bool, falls_back: bool) -> list[str]:
    """The plain modules that a module needs, each behind those that it reads at once."""
    needed = {
        **dict.fromkeys(("errors", "tensors", "support", "devices", "constants"), True),
        "dequantizing": bool(parts.dequantized or parts.expansions),
        "expanding": bool(parts.expansions),
        "weights": weight_files > 0,
        "loading": weight_files > 0 or falls_back,
        "caching": weight_files > 0,
        "parallel": weight_files > 1,
        "model": True,
        **dict.fromkeys(("fallback", "onnx"), falls_back),
        **dict.fromkeys(("generator", "random"), is_random),
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


def _view(graph: Graph, labels: bool, weight_files: Sequence[str], expand: bool, fallback: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the templates show: every value that comes from the model is already a JavaScript literal or identifier."""
    weights = stored(graph)
    is_random = any(operand.distribution for operand in graph.inputs)
    parts = parts_of(graph) if expand else Split(graph.nodes, (), ())
    expanded = [operand for expansion in parts.expansions for operand in expansion.makes]
    made = [*(node.output for node in parts.dequantized), *expanded]
    read = {operand for node in parts.nodes for operand in node.operands}
    weight_bytes, loaded_bytes = (sum(operand.nbytes for operand in held) for held in (weights, (*weights, *made)))
    constants, node_lines = statements(graph, parts.nodes, [*weights, *made], labels, JAVASCRIPT)
    return {
        "title": string(graph.name),
        "data_types": " | ".join(map(string, DataType)),
        "node_count": len(graph.nodes),
        "weight_bytes": weight_bytes,
        "total_bytes": f"context.onnx ? {weight_bytes} : {loaded_bytes}" if fallback and made else loaded_bytes,
        "computed_bytes": loaded_bytes - weight_bytes,
        "weights_file": string(", ".join(weight_files)),
        "weight_files": list(map(url, weight_files)),
        "example_inputs": object_of({operand.name: variable(operand.name) for operand in graph.inputs}),
        "is_random": is_random,
        **_described(graph),
        "inputs": [_tensor(operand) for operand in graph.inputs],
        "outputs": [_tensor(operand) for operand in graph.outputs],
        "weights": [_tensor(operand) for operand in weights],
        "result_types": _result_types(graph, read if expand else set(graph.constants)),
        "types": types(operand.data_type for operand in (*graph.inputs, *graph.outputs, *weights, *made)),
        "unbound": literal(unbound) if (unbound := [operand.name for operand in graph.inputs if operand not in read]) else "",
        "fallback": fallback,
        "fragments": _fragments(parts, len(weight_files) * bool(weights), is_random, bool(fallback)),
        "input_lines": [
            f"const {variable(operand.name)} = builder.input({string(operand.name)}, {descriptor_of(operand)});" for operand in graph.inputs
        ],
        **expanding(parts, list(weights), graph.constants),
        "only_expanded": literal([operand.name for operand in (*weights, *made) if operand not in read]),
        "held": [_tensor(operand) for operand in held(parts.nodes, (*weights, *made))],
        "constant_lines": constants,
        "node_lines": node_lines,
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "input_types": [_typed(operand) for operand in graph.inputs],
        "output_types": [_typed(operand) for operand in graph.outputs],
    }


def _described(graph: Graph) -> dict[str, Any]:
    """What the templates show of metadata: an object with all defaults, a tensor a line, and its type; nothing where nothing is known."""
    if not graph.metadata:
        return {"is_described": False}
    from webnn_graph.metadata import Metadata, whole

    metadata = Metadata.of(graph)
    tensors = {name: whole(meaning) for name, meaning in metadata.tensors.items()}
    return {
        "task": literal(metadata.task),
        "meanings": [(key(name), literal(meaning), type_of(meaning)) for name, meaning in tensors.items()],
        "is_described": True,
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


def _tensor(operand: Operand) -> str:
    random = f", random: {string(operand.distribution)}" if operand.distribution else ""
    return f"{{ name: {string(operand.name)}, dataType: {string(operand.data_type)}, shape: {literal(list(operand.shape))}{random} }}"


def _typed(operand: Operand) -> tuple[str, str, str]:
    """Name, TypeScript type and description of an interface member; what may be missing has a question mark behind its name."""
    view = "Float16Data" if operand.data_type is DataType.FLOAT16 else operand.data_type.view
    if operand.distribution:
        return f"{operand.name}?", view, f"{operand.descriptor}, drawn when it is missing: {operand.distribution}"
    return operand.name, view, str(operand.descriptor)
