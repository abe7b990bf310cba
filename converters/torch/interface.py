"""The inputs and outputs of an exported program, and what they are called in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.export import ExportedProgram
from torch.utils import _pytree as pytree


def output_names(program: ExportedProgram) -> list[str]:
    """Names of the module's results: ``output``, ``output_0`` ..., or the keys of a dict or field names of an output class."""
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
