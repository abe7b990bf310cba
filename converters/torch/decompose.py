"""Rewriting of an exported program until it holds only overloads that have a handler, as far as PyTorch knows how."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch._decomp import decomposition_table
from torch._export import utils
from torch._export.utils import _get_decomp_for_cia, _is_cia_op
from torch._ops import OpOverload
from torch.export import ExportedProgram, exported_program
from torch.export._remove_effect_tokens_pass import _remove_effect_tokens
from torch.export.exported_program import default_decompositions

from converters.torch.checks import drop_checks, is_check
from converters.torch.handlers import COMPLEX_HANDLERS, HANDLERS
from converters.torch.handlers.refused import is_refused
from converters.torch.registry import handler_of

aten = torch.ops.aten
MAX_ROUNDS = 12
"""A decomposition can need another one; no chain in PyTorch is longer."""


def decompose(program: ExportedProgram) -> ExportedProgram:
    """The program with every overload that has no handler, and only those, replaced by PyTorch's decomposition of it.

    What has neither stays.

    Args:
        program: Its calls change nothing in place; see `functional`.
    """
    stuck: set[OpOverload] = set()
    for _ in range(MAX_ROUNDS):
        table = {overload: rule for overload in _unregistered(program) if overload not in stuck and (rule := _rule(overload)) is not None}
        if not table:
            break
        try:
            program = _decomposed(program, table)
        except Exception:  # rules fail on data-dependent sizes and unforeseen arguments; one at a time shows which
            program, failed = _one_by_one(program, table)
            stuck |= failed
        stuck |= table.keys() & set(overloads(program))  # rules that give what they are to replace
    return program


def functional(program: ExportedProgram) -> ExportedProgram:
    """The program without calls that change a tensor in place, and without checks.

    PyTorch finds it by tracing the program once more, which takes as long as to export it. A program that changes nothing, and whose calls
    have handlers, stays.
    """
    graph = program.graph_module.graph
    calls = [node for node in graph.nodes if node.op == "call_function"]
    if not all(node.target is operator.getitem or is_check(node) or _has_handler(_said_plainly(node)[0]) for node in calls):
        return _decomposed(program, {})
    for node in calls:
        node.target, node.args, node.kwargs = _said_plainly(node)
    program = _plain(program)
    program.graph_module.recompile()
    return program


def _said_plainly(node: torch.fx.Node) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """A call as it is, or, if it is there for what PyTorch does beside the numbers, what becomes of them."""
    if node.target in (aten.to.dtype, aten.to.dtype_layout, aten.to.device, aten.to.other):
        return aten._to_copy.default, node.args[:1], {"dtype": node.meta["val"].dtype}
    if node.target is aten.contiguous.default:
        return aten.clone.default, node.args[:1], {"memory_format": torch.contiguous_format}
    if node.target is aten.dropout.default and not node.args[2]:
        return aten.clone.default, node.args[:1], {}
    return node.target, node.args, node.kwargs


def _has_handler(target: Any) -> bool:
    return isinstance(target, OpOverload) and handler_of(target) is not None and not target._schema.is_mutable


def _one_by_one(program: ExportedProgram, table: Mapping[OpOverload, Callable[..., Any]]) -> tuple[ExportedProgram, set[OpOverload]]:
    """The program after all the rules that work, and the overloads whose rules do not."""
    failed = set()
    for overload, rule in table.items():
        try:
            program = _decomposed(program, {overload: rule})
        except Exception:
            failed.add(overload)
    return program, failed


def _decomposed(program: ExportedProgram, table: Mapping[OpOverload, Callable[..., Any]]) -> ExportedProgram:
    """What ``program.run_decompositions(table)`` returns, in a fraction of the time.

    Of the composite overloads, it keeps those that have a handler or are called. PyTorch's own prepares all of its hundreds, each
    for ten backends, which takes longer than to convert a small model. Where PyTorch's parts are others, it does that.
    """
    if not _HAS_PARTS:
        return _plain(program.run_decompositions(dict(table)))
    kept = {overload for overload in (*HANDLERS, *COMPLEX_HANDLERS, *overloads(program)) if utils._is_preservable_cia_op(overload)}
    decomposed: ExportedProgram = exported_program._disable_prexisiting_fake_mode(exported_program._decompose_exported_program)(
        program,
        cia_to_decomp={overload: table.get(overload, utils._special_op_to_preserve_cia) for overload in kept},
        python_decomp_table={overload: rule for overload, rule in table.items() if overload not in kept},
        joint_loss_index=None,
        decompose_custom_triton_ops=False,
    )
    return _plain(decomposed)


def _plain(program: ExportedProgram) -> ExportedProgram:
    """The program, changed: without checks, and with its calls as they are, where PyTorch passes a token from each with effects on."""
    program = _remove_effect_tokens(program)
    drop_checks(program.graph_module)
    return program


def _has_parts() -> bool:
    """Whether PyTorch has the parts of ``run_decompositions`` that `_decomposed` puts together, and they take what it gives them."""
    whole = getattr(exported_program, "_decompose_exported_program", None)
    takes = {"ep", "cia_to_decomp", "python_decomp_table", "joint_loss_index", "decompose_custom_triton_ops"}
    parts = (
        (exported_program, "_disable_prexisiting_fake_mode"),
        (utils, "_is_preservable_cia_op"),
        (utils, "_special_op_to_preserve_cia"),
    )
    return whole is not None and set(inspect.signature(whole).parameters) == takes and all(hasattr(*part) for part in parts)


_HAS_PARTS = _has_parts()


def overloads(program: ExportedProgram) -> Iterator[OpOverload]:
    """The overloads that the program calls, those in nested graphs included, each as often as it is called."""
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            yield from (node.target for node in module.graph.nodes if isinstance(node.target, OpOverload))


def is_convertible(overload: OpOverload) -> bool:
    """Whether the overload has a handler or a decomposition; a call of it may still be one that cannot be converted."""
    return handler_of(overload) is not None or overload in COMPLEX_HANDLERS or _rule(overload) is not None


def _unregistered(program: ExportedProgram) -> list[OpOverload]:
    return [overload for overload in dict.fromkeys(overloads(program)) if handler_of(overload) is None and overload not in COMPLEX_HANDLERS]


def _rule(overload: OpOverload) -> Callable[..., Any] | None:
    if is_refused(overload):
        return None
    defaults = default_decompositions()
    if overload in defaults:
        return defaults[overload]
    if overload in decomposition_table:
        return decomposition_table[overload]
    return _get_decomp_for_cia(overload) if _is_cia_op(overload) else None
