"""Sizes that depend on constants only are computed by PyTorch, so that a program which leaves them open has static shapes."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.torch.checks import operator_name
from converters.torch.handlers import HANDLERS
from converters.torch.retrace import open_sizes, retraced

MAX_ROUNDS = 32
"""One size can depend on another; each such step is one tracing of the program."""
MAX_ELEMENTS = 2**22
"""Of the tensors that are computed for one round."""

SIZED = set("item _local_scalar_dense nonzero masked_select unique_consecutive _unique2 unique_dim repeat_interleave".split())
"""Operators, by the name of their packet, whose result has a size or a value that only the data tell."""
SPECIAL = set(
    "bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 digamma erf_inv erfcx igamma igammac lgamma ndtri "
    "spherical_bessel_j0 zeta".split()
)
"""Functions of each element that decompositions end in."""
CHECKED = set("_to_copy _local_scalar_dense _unique2 _softmax _log_softmax".split())
"""Operators that check their arguments though their name begins with an underscore."""


def with_known_sizes(program: ExportedProgram) -> ExportedProgram:
    """The program with values in the place of sizes, numbers and indices that depend on constants only.

    The size of ``x[:, : table.max().item()]`` or of ``x[:, mask]``, with a constant table and mask, is one that no tracing knows.

    Args:
        program: Its calls change nothing in place.

    Raises:
        ConversionError: With such a value the program contradicts itself.
    """
    for _ in range(MAX_ROUNDS):
        if not any(map(open_sizes, program.graph.nodes)):
            break
        module = program.module(check_guards=False)
        if not _put_known(module):
            break
        program = retraced(module, program)
    return program


def _put_known(module: fx.GraphModule) -> bool:
    """Puts values in the place of nodes that make an open size of constants; returns whether there are any."""
    known = _Known(module)
    opening = [node for node in module.graph.nodes if node.op == "call_function" and _opens(node)]
    values = [(node, value) for node in opening if node in known and (value := known.value(node)) is not None]
    selecting = [node for node in opening if node.target is torch.ops.aten.index.Tensor and node not in known]
    positions = [(node, indices) for node in selecting if (indices := _positions(known, node)) is not None]
    for node, value in values:
        _replace(module.graph, node, _constant(module, node, value))
    for node, indices in positions:
        node.args = (node.args[0], [_constant(module, node, item) for item in indices])
    return bool(values or positions)


def _positions(known: _Known, node: fx.Node) -> list[Any] | None:
    """The indices of ``x[mask]``, a known mask as the positions that it selects; None when there is none."""
    indices: Any = node.args[1]
    masks = [item for item in indices if item is not None and item.meta["val"].dtype is torch.bool and item in known]
    values = {mask: value for mask in masks if (value := known.value(mask)) is not None}
    if not values:
        return None
    return [part for item in indices for part in (values[item].nonzero().unbind(1) if item in values else [item])]


def _opens(node: fx.Node) -> bool:
    """Whether a size becomes open with this node."""
    return bool(open_sizes(node)) and not any(map(open_sizes, node.all_input_nodes))


def _constant(module: fx.GraphModule, before: fx.Node, value: Any) -> Any:
    """What reads the value in the module's graph."""
    if not isinstance(value, torch.Tensor):
        return value
    name = next(name for i in itertools.count() if not hasattr(module, name := f"_known_{i}"))
    module.register_buffer(name, value)
    with module.graph.inserting_before(before):
        return module.graph.get_attr(name)


def _replace(graph: fx.Graph, node: fx.Node, new: Any) -> None:
    for user in list(node.users):
        given: Any = fx.node.map_arg((user.args, user.kwargs), lambda n: new if n is node else n)
        user.args, user.kwargs = given
    graph.erase_node(node)


class _Known:
    """The nodes of a module's graph that depend on constants only, and their values."""

    def __init__(self, module: fx.GraphModule) -> None:
        self.module = module
        self.left = MAX_ELEMENTS
        self.values: dict[fx.Node, Any] = {}
        changed = {node.args[0] for node in module.graph.nodes if node.target is torch.ops.aten.copy_.default}
        self.nodes: set[fx.Node] = set()
        for node in module.graph.nodes:
            if node not in changed and self._is_constant(node):
                self.nodes.add(node)

    def _is_constant(self, node: fx.Node) -> bool:
        if node.op == "get_attr":
            return isinstance(self._attribute(node), torch.Tensor)
        return node.op == "call_function" and computes(node) and self.nodes.issuperset(node.all_input_nodes)

    def __contains__(self, node: fx.Node) -> bool:
        return node in self.nodes

    def value(self, node: fx.Node) -> Any:
        """What the node gives; None when that is not to be computed: it is too large, or PyTorch refuses."""
        try:
            with torch.no_grad():
                return self._value(node)
        except Exception:  # an operator raises whatever it likes for arguments that it does not take
            return None

    def _value(self, node: fx.Node) -> Any:
        if node not in self.values:
            self.values[node] = self._attribute(node) if node.op == "get_attr" else self._computed(node)
        return self.values[node]

    def _attribute(self, node: fx.Node) -> Any:
        found: Any = self.module
        for part in str(node.target).split("."):
            found = getattr(found, part)
        return found

    def _computed(self, node: fx.Node) -> Any:
        given: Any = fx.node.map_arg((node.args, node.kwargs), self._value)
        args, kwargs = given
        if operator_name(node) == "repeat_interleave":
            self._spend(int(args[0].sum()))
        elif not open_sizes(node):
            self._spend(sum(leaf.numel() for leaf in pytree.tree_leaves(node.meta["val"]) if isinstance(leaf, torch.Tensor)))
        assert callable(node.target)
        return node.target(*args, **kwargs)

    def _spend(self, elements: int) -> None:
        self.left -= elements
        if self.left < 0:
            raise OverflowError(f"{elements} elements more than are computed for a size")


def computes(node: fx.Node) -> bool:
    """Whether PyTorch may compute the call: an operator of tensors that checks what it is given and is not random."""
    if not isinstance(node.target, OpOverload):
        return getattr(node.target, "__module__", "") in ("_operator", "math", "torch")
    name = operator_name(node)
    if node.target.namespace not in ("aten", "prims") or torch.Tag.nondeterministic_seeded in node.target.tags:
        return False
    return (not name.startswith("_") or name in CHECKED) and (
        name in SIZED | SPECIAL or torch.Tag.pointwise in node.target.tags or node.target in HANDLERS
    )
