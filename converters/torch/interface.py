"""The inputs and outputs of an exported program, and what they are called in the graph.

User inputs are called like the parameters of ``forward``. A buffer that the module changes is an input of its name and an
output with ``_out`` appended, as is an input that it changes; a buffer that it only overwrites is neither. Results come first:
``output``, ``output_0`` ..., or the keys of the dictionary or the fields of the output class that the module returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec, OutputKind, OutputSpec, TensorArgument
from torch.utils import _pytree as pytree


def input_name(program: ExportedProgram, node: fx.Node, spec: InputSpec) -> str:
    """What a placeholder is called as an input of the graph; empty when it is none: a parameter, an unchanged buffer."""
    if not isinstance(spec.arg, TensorArgument):
        return ""
    if spec.kind is InputKind.USER_INPUT:
        return str(node.target)
    return str(spec.target) if node.users and spec.target in program.graph_signature.buffers_to_mutate.values() else ""


def overwritten(program: ExportedProgram) -> list[str]:
    """The buffers that the module writes and never reads, which are no state."""
    changed = program.graph_signature.buffers_to_mutate.values()
    return [
        str(spec.target)
        for node, spec in placeholders(program)
        if spec.kind is InputKind.BUFFER and spec.target in changed and not node.users
    ]


def placeholders(program: ExportedProgram) -> list[tuple[fx.Node, InputSpec]]:
    """The program's placeholders with their meaning, in order."""
    nodes = [node for node in program.graph.nodes if node.op == "placeholder"]
    return list(zip(nodes, program.graph_signature.input_specs, strict=True))


def graph_inputs(program: ExportedProgram) -> dict[str, fx.Node]:
    """The placeholders that are inputs of the graph, by name."""
    named = ((input_name(program, node, spec), node) for node, spec in placeholders(program))
    return {name: node for name, node in named if name}


def graph_outputs(program: ExportedProgram) -> list[str]:
    """The names of all results, then those of what the module changes."""
    changed = [f"{spec.target}_out" for spec, _ in _changes(program)]
    return _result_names(program) + changed


def output_values(program: ExportedProgram) -> list[Any]:
    """What is behind each of `graph_outputs`: a node or a Python value."""
    results = [value for spec, value in _returned(program) if spec.kind is OutputKind.USER_OUTPUT]
    return results + [value for _, value in _changes(program)]


def _changes(program: ExportedProgram) -> list[tuple[OutputSpec, Any]]:
    """What becomes of the buffers and inputs that the module changes."""
    without = overwritten(program)
    return [(spec, value) for spec, value in _returned(program) if spec.kind is not OutputKind.USER_OUTPUT and spec.target not in without]


def _returned(program: ExportedProgram) -> list[tuple[OutputSpec, Any]]:
    (returned,) = (node.args[0] for node in program.graph.nodes if node.op == "output")
    return list(zip(program.graph_signature.output_specs, returned, strict=True))


def _result_names(program: ExportedProgram) -> list[str]:
    spec = program.call_spec.out_spec
    count = len(program.graph_signature.user_outputs)
    if spec is None or spec.num_leaves != count:
        return _numbered(count)
    try:
        tree = pytree.tree_unflatten(list(range(count)), spec)
        paths = [path for path, _ in pytree.tree_flatten_with_path(tree)[0]]
    except Exception:  # an output class that cannot be rebuilt or lists no keys
        return _numbered(count)
    return [_name(path) for path in paths]


def _numbered(count: int) -> list[str]:
    return ["output"] if count == 1 else [f"output_{i}" for i in range(count)]


def _name(path: Sequence[Any]) -> str:
    parts = [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path]
    if not parts or isinstance(path[0], pytree.SequenceKey):
        parts.insert(0, "output")
    return "_".join(parts)
