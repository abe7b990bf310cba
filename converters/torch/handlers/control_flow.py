"""Operators on graphs: WebNN has no control flow, so branches are chosen or selected and loops of known length are unrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import torch
from torch import fx

from converters.lowering.branches import MAX_ITERATIONS, selected
from converters.lowering.pieces import stack, unstack
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

BEFORE = "make the choice before exporting"


class Run(Protocol):
    """Converts a graph on these values and returns its results."""

    def __call__(self, graph: fx.GraphModule, values: Sequence[Any]) -> list[Any]: ...


GraphHandler: TypeAlias = Callable[..., Sequence[Any]]
GRAPH_HANDLERS: dict[Any, GraphHandler] = {}
"""Handlers of operators that take graphs: ``handler(builder, run, *arguments)`` gives the results."""


def graph_op(name: str) -> Callable[[GraphHandler], GraphHandler]:
    """Registers a handler of ``torch.ops.higher_order.<name>``."""

    def register(handler: GraphHandler) -> GraphHandler:
        operator = getattr(torch.ops.higher_order, name)
        if operator in GRAPH_HANDLERS:
            raise TypeError(f"two handlers for {name}")
        GRAPH_HANDLERS[operator] = handler
        return handler

    return register


@graph_op("cond")
def cond(b: GraphBuilder, run: Run, pred: Any, true: fx.GraphModule, false: fx.GraphModule, operands: Sequence[Any] = ()) -> Sequence[Any]:
    """the branch of a known predicate; otherwise both branches and where"""
    known = b.value(pred) if isinstance(pred, Operand) else pred
    if known is not None:
        return run(true if bool(known) else false, operands)
    condition = b.reshape(pred, [])
    return [
        selected(b, condition, *results, "the branches give", BEFORE)
        for results in zip(run(true, operands), run(false, operands), strict=True)
    ]


@graph_op("while_loop")
def while_loop(
    b: GraphBuilder, run: Run, condition: fx.GraphModule, body: fx.GraphModule, state: Sequence[Any], additional: Sequence[Any] = ()
) -> Sequence[Any]:
    """unrolled where the condition is known before each turn; at most 1024 times"""
    for _ in range(MAX_ITERATIONS + 1):
        (again,) = run(condition, [*state, *additional])
        known = b.value(again) if isinstance(again, Operand) else again
        if known is None:
            raise ConversionError(
                "how often it runs depends on the data", "let it run a known number of times, and choose with torch.where"
            )
        if not bool(known):
            return list(state)
        state = run(body, [*state, *additional])
    raise ConversionError(f"would run more than {MAX_ITERATIONS} times; at most so many iterations are unrolled")


@graph_op("scan")
def scan(
    b: GraphBuilder, run: Run, body: fx.GraphModule, init: Sequence[Any], xs: Sequence[Operand], additional: Sequence[Any] = ()
) -> Sequence[Any]:
    """unrolled along the first dimension; at most 1024 times"""
    state = list(init)
    pieces = [_unstacked(b, x) for x in xs]
    scanned: list[list[Operand]] = []
    for items in zip(*pieces, strict=True):
        results = run(body, [*state, *items, *additional])
        state, outputs = results[: len(state)], results[len(state) :]
        scanned = [[*collected, output] for collected, output in zip(scanned or [[] for _ in outputs], outputs, strict=True)]
    return [*state, *(stack(b, items, 0) for items in scanned)]


@graph_op("map_impl")
def map_(b: GraphBuilder, run: Run, body: fx.GraphModule, xs: Sequence[Operand], additional: Sequence[Any] = ()) -> Sequence[Any]:
    """unrolled along the first dimension; at most 1024 times"""
    return scan(b, run, body, [], xs, additional)


def _unstacked(b: GraphBuilder, x: Operand) -> list[Operand]:
    if x.shape[0] > MAX_ITERATIONS:
        raise ConversionError(f"would run {x.shape[0]} times; at most {MAX_ITERATIONS} iterations are unrolled")
    return unstack(b, x, 0)
