"""Tracing an edited program again, which gives every size that the edit made known to all that follows."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols
from torch.utils import _pytree as pytree

from converters.torch.decompose import functional
from converters.torch.export import export


def retraced(module: fx.GraphModule, program: ExportedProgram) -> ExportedProgram:
    """The program of a module that was made of ``program`` and edited; its calls change nothing in place.

    Raises:
        ConversionError: The edited graph cannot be traced.
    """
    module.graph.lint()
    module.recompile()
    args, kwargs = _inputs(program)
    return functional(export(module, args, kwargs))


def _inputs(program: ExportedProgram) -> tuple[Any, Any]:
    """Arguments of the program's shapes and types."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    given = program.graph_signature.user_inputs
    leaves = [_like(values[name]) if isinstance(name, str) and name in values else name for name in given]
    spec = program.call_spec.in_spec
    assert spec is not None
    args, kwargs = pytree.tree_unflatten(leaves, spec)
    return args, kwargs


def _like(value: Any) -> Any:
    """A tensor as the fake one says, of a single element that is repeated."""
    return torch.zeros((), dtype=value.dtype).expand(value.shape) if isinstance(value, torch.Tensor) else value


def open_sizes(node: fx.Node) -> set[Any]:
    """The symbols of sizes that only the data tell, in what a node gives."""
    leaves = pytree.tree_leaves(node.meta.get("val"))
    sizes = [size for leaf in leaves for size in (leaf.shape if isinstance(leaf, torch.Tensor) else [leaf])]
    return {symbol for size in sizes if isinstance(size, _SYMBOLIC) for symbol in free_unbacked_symbols(size)}


_SYMBOLIC = torch.SymInt | torch.SymFloat | torch.SymBool
