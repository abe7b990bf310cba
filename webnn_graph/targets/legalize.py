"""Legalization: the same graph with calls that a target accepts and computes right.

Every call of the graph is made again on a `LegalBuilder`, which makes another of it where the target needs that:

1. `rewrites`, `windows` and `quantized`, for rustnn `rustnn`, replace calls that the target refuses or computes wrong whatever their types;
2. `ranks` reshapes around calls whose operands have too many dimensions;
3. `carriers` casts around calls whose operands have a type that the target does not take;
4. `substitutes` replaces those that have no other type to be computed in.

What a replacement calls goes the same way, so a rewrite need not think of the other steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.graph import Graph, Node, Operand, map_operands
from webnn_graph.limits import Budget
from webnn_graph.ops import OPS
from webnn_graph.targets import carriers, narrowing, quantized, ranks, rewrites, rustnn, rustnn_loader, substitutes, windows
from webnn_graph.targets.call import Call
from webnn_graph.targets.target import CHROMIUM, RUSTNN, STANDARD, Target
from webnn_graph.targets.violations import of_call, of_tensor

REWRITES = {CHROMIUM: {**rewrites.REWRITES, **windows.REWRITES, **quantized.REWRITES}, RUSTNN: rustnn.REWRITES}
"""What each kind of target needs, by operator."""

REPLACEMENT = 30
"""Calls that a call of the graph may become before they count."""


@dataclass(frozen=True)
class Problem:
    """Something of a graph that a target does not take and for which nothing stands.

    Attributes:
        text: What it is, and where.
        node: The node; None for the graph's inputs, constants and outputs.
    """

    text: str
    node: Node | None = None


def legalize(graph: Graph, target: Target) -> Graph:
    """The graph with the same meaning for ``target``, and the same interface but for the types of integers.

    The rewrites are equivalences, right on every target; which are made depends on the target's kind. Integers that have to be
    computed in a narrower type are stated in the result's notes, unless their values provably fit.

    Raises:
        ConversionError: Calls that cannot be expressed; all of them are named.
    """
    legal, problems = attempt(graph, target)
    if legal is None:
        texts = [problem.text for problem in problems]
        raise ConversionError(f"{len(problems)} problems for the target {target.name}:\n  " + "\n  ".join(texts))
    return legal


def attempt(graph: Graph, target: Target) -> tuple[Graph | None, list[Problem]]:
    """The same as `legalize`; or None and all that stands in the way."""
    if target.kind == STANDARD:
        return graph, []
    narrow = narrowing.lacking(target)
    b = LegalBuilder(graph.name, target, Budget(steps=-REPLACEMENT * len(graph.nodes)))
    b.notes.extend(graph.notes)
    b.notes.extend(narrowing.notes(graph, narrow))
    problems: list[Problem] = []
    new: dict[Operand, Operand] = {}
    for operand in graph.inputs:
        new[operand] = b.input(operand.name, narrow.get(operand.data_type, operand.data_type), operand.shape)
        problems += [Problem(f"input {operand}: {violation}") for violation in of_tensor(target, "input", new[operand])]
    for operand, array in graph.constants.items():
        try:
            new[operand] = b.weight(operand, array, narrow.get(operand.data_type, operand.data_type))
        except ValidationError as error:
            problems.append(Problem(f"constant {operand}: {error.message}"))
            new[operand] = b.constant(np.zeros(operand.shape, narrow[operand.data_type].numpy))
    for node in graph.nodes:
        wanted = [narrow.get(output.data_type, output.data_type) for output in node.outputs]
        try:
            with b.source(node.label):
                results = b.call(node.op, **map_operands(narrowing.arguments(node, narrow), new.__getitem__))
        except ValidationError as error:
            where = f" ({node.label})" if node.label else ""
            problems.append(Problem(f"{node.op} {node.outputs[0].name}{where}: {error.message}", node))
            results = [Operand(data_type, output.shape) for data_type, output in zip(wanted, node.outputs, strict=True)]
        for old, result, data_type in zip(node.outputs, results if isinstance(results, list) else [results], wanted, strict=True):
            new[old] = narrowing.confined(b, node.op, result, old.data_type)
            if node.op == "quantizeLinear":
                new[old] = carriers.confined(b, new[old], data_type)
            b.suggest(new[old], old.name)
    for output in graph.outputs:
        made = new[output]
        problems += [Problem(f"output {output}: {violation}") for violation in of_tensor(target, "output", made)]
        if made.descriptor != output.with_type(narrow.get(output.data_type, output.data_type)):
            problems.append(Problem(f"output {output}: the target computes it as {made.data_type}"))
    if problems:
        return None, problems
    legal = b.build({output.name: new[output] for output in graph.outputs})
    problems = list(_left(legal, target))
    if problems:
        return None, problems
    return rustnn_loader.readable(legal) if target.kind == RUSTNN else legal, []


def _left(legal: Graph, target: Target) -> Iterator[Problem]:
    """What of a legal graph is none: shapes that nothing took away again, and constants."""
    for operand in legal.constants:
        for violation in of_tensor(target, "constant", operand):
            yield Problem(f"constant {operand}: {violation}")
    for node in legal.nodes:
        if node.op == "reshape":
            for violation in of_call(target, node.op, node.arguments, node.outputs):
                yield Problem(f"reshape {node.output}: {violation}")


class LegalBuilder(GraphBuilder):
    """A `GraphBuilder` whose calls become others that ``target`` takes and computes right."""

    def __init__(self, name: str, target: Target, budget: Budget) -> None:
        super().__init__(name, budget)
        self.target = target
        self.harmless: set[Operand] = set()
        """Divisors that a rewrite has made sure of."""

    def weight(self, operand: Operand, array: Array, data_type: DataType) -> Operand:
        """A constant of the graph; one byte per element where the target lacks a 4-bit type, flat where it lacks the rank.

        Raises:
            ValidationError: The values do not fit into ``data_type``.
        """
        if not self.target.takes_type("constant", "", data_type):
            data_type = carriers.LEAST.get(data_type, data_type)
        if self.target.takes_rank("constant", "", operand.rank):
            return self.constant(array, data_type, operand.name)
        flat = self.constant(array.reshape(-1), data_type, operand.name)
        shaped: Operand = self.reshape(flat, list(operand.shape))
        return shaped

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """The same as `GraphBuilder.call`, by calls that the target takes.

        Raises:
            ValidationError: The call breaks a rule of the standard, or nothing that the target takes stands for it.
        """
        label = options.pop("label", "")
        operator = OPS[op]
        arguments = carriers.unified(self, op, operator.bind(*self._with_constants(op, args, options)))
        call = Call(op, arguments, operator.infer(arguments))
        for replace in (REWRITES[self.target.kind].get(op, _keep), ranks.reduce_rank, carriers.carry, substitutes.substitute):
            replaced = replace(self, call)
            if replaced is not None:
                return replaced
        refusal = self._refusal(call)
        if refusal:
            raise ValidationError(refusal)
        return super().call(op, **arguments, label=label)

    def is_plain(self, operand: Operand) -> bool:
        """Whether the operand is a constant itself, not an expression of constants."""
        return operand in self._constants

    def _add(self, node: Node) -> None:
        if node.op == "identity":
            (operand,) = node.operands
            if not self.target.takes_type("identity", "input", operand.data_type):
                arguments = {"input": operand, "newShape": list(operand.shape)}
                node = Node("reshape", arguments, node.outputs, node.label)
        super()._add(node)

    def _refusal(self, call: Call) -> str:
        """Why the target does not take the call; empty when it does."""
        ranks = call.op != "reshape"  # a shape of too many dimensions is gone when the reshape back meets this one
        found = of_call(self.target, call.op, call.arguments, call.results)
        return next((str(violation) for violation in found if ranks or not violation.what.startswith("rank ")), "")


def _keep(b: LegalBuilder, call: Call) -> None:
    return None
