"""Legalization: the same graph with calls that a target accepts and computes right.

Every call of the graph is made again on a `LegalBuilder`, which makes another of it where the target needs that:

1. `rewrites`, `windows` and `quantized`, for rustnn `rustnn`, replace calls that the target refuses or computes wrong whatever their types;
2. `ranks` reshapes around calls whose operands have too many dimensions;
3. `carriers` casts around calls whose operands have a type that the target does not take.

What a replacement calls goes the same way, so a rewrite need not think of the other steps.
"""

from __future__ import annotations

from typing import Any

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.graph import Descriptor, Graph, Node, Operand, map_operands, operands_in
from webnn_graph.limits import Budget
from webnn_graph.ops import OPS
from webnn_graph.targets import carriers, quantized, quirks, ranks, rewrites, rustnn, rustnn_loader, windows
from webnn_graph.targets.call import Call
from webnn_graph.targets.target import CHROMIUM, RUSTNN, STANDARD, Target

REWRITES = {CHROMIUM: {**rewrites.REWRITES, **windows.REWRITES, **quantized.REWRITES}, RUSTNN: rustnn.REWRITES}
"""What each kind of target needs, by operator."""

QUIRKS: dict[str, tuple[quirks.Quirk, ...]] = {CHROMIUM: quirks.QUIRKS, RUSTNN: ()}
"""The faults of each kind of target."""

REPLACEMENT = 30
"""Calls that a call of the graph may become before they count."""
LACKING = "has a data type or rank that the target lacks"


def legalize(graph: Graph, target: Target) -> Graph:
    """The graph with the same interface and meaning for ``target``.

    The rewrites are equivalences, right on every target; which are made depends on the target's kind. Integers that have to be
    computed in a narrower type are stated in the result's notes.

    Raises:
        ConversionError: Calls that cannot be expressed; all of them are named.
    """
    if target.kind == STANDARD:
        return graph
    b = LegalBuilder(graph.name, target, Budget(steps=-REPLACEMENT * len(graph.nodes)))
    b.notes.extend(graph.notes)
    problems = [f"input {operand} {LACKING}" for operand in graph.inputs if not target.takes("input", operand)]
    new: dict[Operand, Operand] = {operand: b.input(operand.name, operand.data_type, operand.shape) for operand in graph.inputs}
    new |= {operand: b.weight(operand, array) for operand, array in graph.constants.items()}
    for node in graph.nodes:
        try:
            with b.source(node.label):
                results = b.call(node.op, **map_operands(node.arguments, new.__getitem__))
        except ValidationError as error:
            where = f" ({node.label})" if node.label else ""
            problems.append(f"{node.op} {node.outputs[0].name}{where}: {error.message}")
            results = [Operand(output.data_type, output.shape) for output in node.outputs]
        for old, result in zip(node.outputs, results if isinstance(results, list) else [results], strict=True):
            new[old] = carriers.confined(b, result, old.data_type) if node.op == "quantizeLinear" else result
            b.suggest(new[old], old.name)
    for output in graph.outputs:
        made = new[output] = b.result(new[output])
        if made.descriptor != output.descriptor or not target.takes("output", output):
            problems.append(f"output {output} {LACKING}")
    if problems:
        raise ConversionError(f"{len(problems)} problems for the target {target.name}:\n  " + "\n  ".join(problems))
    legal = b.build({output.name: new[output] for output in graph.outputs})
    return rustnn_loader.readable(legal) if target.kind == RUSTNN else legal


def faults(graph: Graph, target: Target) -> dict[str, list[str]]:
    """What ``target`` computes wrong, refuses or crashes on in a graph as it stands: the name of each quirk, and where it is."""
    b = LegalBuilder(graph.name, target, Budget())
    b.adopt(graph)
    found: dict[str, list[str]] = {}
    calls = [(Call(node.op, node.arguments, node.outputs), node.label or node.outputs[0].name) for node in graph.nodes]
    calls += [(Call(quirks.OUTPUT, {"input": operand}, (operand,)), operand.name) for operand in graph.outputs]
    for call, place in calls:
        for quirk in QUIRKS[target.kind]:
            if call.op in quirk.ops and quirk.applies(b, call):
                found.setdefault(quirk.name, []).append(place)
    return found


class LegalBuilder(GraphBuilder):
    """A `GraphBuilder` whose calls become others that ``target`` takes and computes right."""

    def __init__(self, name: str, target: Target, budget: Budget) -> None:
        super().__init__(name, budget)
        self.target = target
        self.harmless: set[Operand] = set()
        """Divisors that a rewrite has made sure of."""

    def weight(self, operand: Operand, array: Array) -> Operand:
        """A constant of the graph; one byte per element where the target lacks a 4-bit type."""
        legal = operand.data_type if self.target.takes("constant", operand) else carriers.LEAST.get(operand.data_type, operand.data_type)
        return self.constant(array, legal, operand.name)

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """The same as `GraphBuilder.call`, by calls that the target takes.

        Raises:
            ValidationError: The call breaks a rule of the standard, or nothing that the target takes stands for it.
        """
        label = options.pop("label", "")
        operator = OPS[op]
        arguments = carriers.unified(self, op, operator.bind(*self._with_constants(op, args, options)))
        call = Call(op, arguments, operator.infer(arguments))
        for quirk in QUIRKS[self.target.kind]:
            if op in quirk.ops and quirk.applies(self, call):
                return quirk.rewrite(self, call)
        for replace in (REWRITES[self.target.kind].get(op, _keep), ranks.reduce_rank, carriers.carry):
            replaced = replace(self, call)
            if replaced is not None:
                return replaced
        refusal = self._refusal(call)
        if refusal:
            raise ValidationError(refusal)
        return super().call(op, **arguments, label=label)

    def adopt(self, graph: Graph) -> None:
        """Takes the constants and nodes of a graph as they stand."""
        self._constants.update(graph.constants)
        self._known.update(graph.constants)
        for node in graph.nodes:
            GraphBuilder._add(self, node)

    def result(self, operand: Operand) -> Operand:
        """The operand as it may be returned."""
        call = Call(quirks.OUTPUT, {"input": operand}, (operand.descriptor,))
        for quirk in QUIRKS[self.target.kind]:
            if quirks.OUTPUT in quirk.ops and quirk.applies(self, call):
                result: Operand = quirk.rewrite(self, call)
                return result
        return operand

    def readers(self, operand: Operand) -> list[Node]:
        """The calls that read an operand, so far."""
        return [node for node in self._nodes if operand in node.operands]

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
        if not self.target.has(call.op):
            return "the target has no such operator"
        for name, value in call.arguments.items():
            for operand in operands_in(value):
                problem = self._beyond(call.op, name, operand)
                if problem:
                    return problem
        output = call.results[0]
        if not self.target.takes_type(call.op, "output", output.data_type):
            return f"the result is {output.data_type}, which the target does not compute"
        return ""

    def _beyond(self, op: str, name: str, operand: Descriptor) -> str:
        if not self.target.takes_type(op, name, operand.data_type):
            return f"{name} is {operand.data_type}, which the target does not take"
        if operand.rank > self.target.highest_rank(op, name):
            return f"{name} has rank {operand.rank}, the target takes up to {self.target.highest_rank(op, name)}"
        return ""


def _keep(b: LegalBuilder, call: Call) -> None:
    return None
