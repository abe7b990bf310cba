"""Checks in a program: assertions compute nothing, and with them goes what only they read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload

CHECKS = set(
    "_assert_tensor_metadata _assert_scalar _assert_async _linalg_check_errors sym_constrain_range sym_constrain_range_for_size".split()
)
"""Operators that check and return nothing, by the name of their packet."""


def is_check(node: fx.Node) -> bool:
    """Whether the node calls one of `CHECKS`."""
    return operator_name(node) in CHECKS


def operator_name(node: fx.Node) -> str:
    """The operator that the node calls, without library and overload; empty when it calls none."""
    return node.target._schema.name.split("::")[-1] if isinstance(node.target, OpOverload) else ""


def drop_checks(module: torch.nn.Module) -> None:
    """Takes the checks out of every graph of a program whose calls change nothing in place, and what only they read.

    Those of numbers that something else reads stay: tracing the program again wants them.
    """
    for part in module.modules():
        if isinstance(part, fx.GraphModule):
            _drop(part.graph)


def _drop(graph: fx.Graph) -> None:
    checks = [node for node in graph.nodes if is_check(node)]
    results = {node for node in graph.nodes if node.op == "output"}
    live = ancestors(results)
    kept = {check for check in checks if any(_is_number(node) and node in live for node in ancestors({check}))}
    drop_dead(graph, results | kept)


def drop_dead(graph: fx.Graph, roots: Iterable[fx.Node]) -> None:
    """Takes out of the graph what none of these nodes reads; inputs stay."""
    live = ancestors(roots)
    for node in reversed(list(graph.nodes)):
        if node not in live and node.op != "placeholder":
            graph.erase_node(node)


def ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """The nodes, and all that they read directly or through others."""
    found: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.all_input_nodes)
    return found


def _is_number(node: fx.Node) -> bool:
    value: Any = node.meta.get("val")
    return isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool)
