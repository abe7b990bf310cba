"""Legalization: the same graph with calls that a target accepts and computes right.

Every call of the graph is made again on a `LegalBuilder`, which makes another of it where the target needs that:

1. `rewrites`, `windows` and `quantized`, for rustnn `rustnn`, replace calls that the target refuses or computes wrong whatever their types;
2. `ranks` reshapes around calls whose operands have too many dimensions;
3. `carriers` casts around calls whose operands have a type that the target does not take;
4. `substitutes` replaces those that have no other type to be computed in.

What a replacement calls goes the same way, so a rewrite need not think of the other steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.graph import Descriptor, Graph, Node, Operand, map_operands
from webnn_graph.ops import OPS
from webnn_graph.targets import carriers, narrowing, quantized, quirks, ranks, rewrites, rustnn, rustnn_loader, substitutes, windows
from webnn_graph.targets.call import Call
from webnn_graph.targets.target import CHROMIUM, RUSTNN, STANDARD, Target
from webnn_graph.targets.violations import of_call, of_size, of_tensor
from webnn_graph.weight import Weight

REWRITES = {CHROMIUM: {**rewrites.REWRITES, **windows.REWRITES, **quantized.REWRITES}, RUSTNN: rustnn.REWRITES}
"""What each kind of target needs, by operator."""

QUIRKS: dict[str, tuple[quirks.Quirk, ...]] = {CHROMIUM: quirks.QUIRKS, RUSTNN: ()}
"""The faults of each kind of target."""

PECULIAR = "refused or computed wrong"
"""What is wrong with calls that have a rewrite and no words of their own."""
DEEPEST = 50
"""Replacements of replacements; more do not end."""
ENDLESS = "what stands for it needs itself"
REPLACEMENT = 30
"""Calls that a call of the graph may become before they count."""


@dataclass(frozen=True)
class Problem:
    """Something of a graph that a target does not take and for which nothing stands.

    Attributes:
        of: The node; or the tensor that is an input, a constant or an output of the graph.
        text: What it is, where, and why.
    """

    of: Node | Operand
    text: str


def legalize(graph: Graph, target: Target, *, exact: bool = False) -> Graph:
    """The graph with the same meaning for ``target``, and the same interface but for the types of integers.

    The rewrites are equivalences, right on every target; which are made depends on the target's kind.

    Args:
        graph: The graph.
        target: What is to take it.
        exact: Whether integers may be computed in a narrower type only where their values provably fit. Else they may whatever
            their values, which the result's notes say.

    Raises:
        ConversionError: Calls that cannot be expressed; all of them are named.
    """
    attempted = attempt(graph, target, exact=exact)
    if attempted.legal is None:
        texts = [problem.text for problem in attempted.problems]
        raise ConversionError("\n  ".join([f"{len(texts)} problem{'s' if len(texts) > 1 else ''} for the target {target.name}:", *texts]))
    return attempted.legal


@dataclass(frozen=True)
class Attempt:
    """What came of legalizing a graph.

    Attributes:
        legal: The graph for the target; None when there are problems.
        problems: All that stands in the way.
        peculiar: The nodes, and the outputs, that were replaced though the target says that it takes them, each with the reason.
    """

    legal: Graph | None
    problems: Sequence[Problem]
    peculiar: Mapping[Node | Operand, str]


def attempt(graph: Graph, target: Target, *, exact: bool = False) -> Attempt:
    """The same as `legalize`, without an error."""
    if target.kind == STANDARD:
        return Attempt(graph, (), {})
    b = LegalBuilder(graph.name, target, Budget(steps=-REPLACEMENT * len(graph.nodes)), exact=exact)
    changed = narrowing.narrowing(graph, b.narrow)
    b.notes.extend((*graph.notes, *changed.notes))
    problems: list[Problem] = []
    peculiar: dict[Node | Operand, str] = {}
    for node, output in changed.unproven:
        try:
            b.narrowing(node.op, output.data_type, b.narrowed(output))
        except ValidationError as error:
            problems.append(_of_node(node, error))
    new = _interface(b, graph, problems)
    for node in graph.nodes:
        try:
            results = b.again(node, new)
        except ValidationError as error:
            problems.append(_of_node(node, error))
            results = [b.stand_in(b.narrowed(output), output.shape) for output in node.outputs]
        if b.peculiarity:
            peculiar[node] = b.peculiarity
        for old, result in zip(node.outputs, results if isinstance(results, list) else [results], strict=True):
            new[old] = b.confined(node.op, result, old)
            b.suggest(new[old], old.name)
    for output in graph.outputs:
        result = b.result(new[output])
        if result is not new[output]:
            peculiar[output] = b.peculiarity
        new[output] = result
        problems += _of_output(output, result, b)
    if problems:
        return Attempt(None, problems, peculiar)
    legal = b.build({output.name: new[output] for output in graph.outputs})
    problems = list(_left(legal, target))
    if problems:
        return Attempt(None, problems, peculiar)
    return Attempt(rustnn_loader.readable(legal) if target.kind == RUSTNN else legal, (), peculiar)


def _interface(b: LegalBuilder, graph: Graph, problems: list[Problem]) -> dict[Operand, Operand]:
    """The inputs and constants for the target, by the graph's own; what it does not take is added to ``problems``."""
    new: dict[Operand, Operand] = {}
    for operand in graph.inputs:
        new[operand] = b.input(operand.name, b.narrowed(operand), operand.shape)
        problems += _of_tensor("input", operand, new[operand], b.target)
    for operand, weight in graph.weights.items():
        try:
            new[operand] = b.weight(operand, weight)
            problems += [Problem(operand, v.of(f"constant {operand.name}")) for v in of_size(b.target, "constant", new[operand])]
        except ValidationError as error:
            problems.append(Problem(operand, error.message))
            new[operand] = b.input(f"{operand.name} ", b.narrowed(operand), operand.shape)
    return new


def _of_node(node: Node, error: ValidationError) -> Problem:
    where = f" ({node.label})" if node.label else ""
    return Problem(node, f"{node.op} {node.outputs[0].name}{where}: {error.message}")


def _of_tensor(kind: str, old: Operand, new: Operand, target: Target) -> Iterator[Problem]:
    for violation in of_tensor(target, kind, new):
        yield Problem(old, violation.of(f"{kind} {old.name}"))


def _of_output(old: Operand, new: Operand, b: LegalBuilder) -> Iterator[Problem]:
    yield from _of_tensor("output", old, new, b.target)
    if new.descriptor != old.with_type(b.narrowed(old)):
        yield Problem(old, f"output {old.name} is {old.data_type}, the target computes it as {new.data_type}")


def _left(legal: Graph, target: Target) -> Iterator[Problem]:
    """What of a legal graph is none: constants, and shapes that nothing took away again."""
    for operand in legal.constants:
        yield from _of_tensor("constant", operand, operand, target)
    for node in legal.nodes:
        if node.op == "reshape":
            for violation in of_call(target, node.op, node.arguments, node.outputs):
                yield Problem(node, violation.of(f"reshape {node.output.name}: {violation.operand}"))


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

    def __init__(self, name: str, target: Target, budget: Budget, *, exact: bool = False) -> None:
        super().__init__(name, budget)
        self.target = target
        self.exact = exact
        self.narrow = narrowing.lacking(target)
        """Integer types that the target lacks, and what takes their place."""
        self.peculiarity = ""
        """Why the last call of the graph itself was replaced though the target says that it takes it; empty when it was not."""
        self._outermost = False
        self._depth = 0
        self.harmless: set[Operand] = set()
        """Divisors that a rewrite has made sure of."""

    def again(self, node: Node, new: Mapping[Operand, Operand]) -> Any:
        """A call of the graph on operands that stand for its own. Raises `ValidationError` as `call`."""
        self.peculiarity, self._outermost = "", True
        with self.source(node.label):
            return self.call(node.op, **map_operands(narrowing.arguments(node, self.narrow), new.__getitem__))

    def narrowing(self, op: str, data_type: DataType, narrow: DataType) -> None:
        """Says that an operator's integers are computed in a type that perhaps does not hold them.

        Raises:
            ValidationError: They must be exact.
        """
        text = f"{op} computes {data_type} as {narrow}; values beyond that differ"
        if self.exact:
            raise ValidationError(text)
        self.note(text)

    def narrowed(self, operand: Descriptor) -> DataType:
        """The type that takes the place of the operand's."""
        return self.narrow.get(operand.data_type, operand.data_type)

    def confined(self, op: str, result: Operand, wanted: Operand) -> Operand:
        """The result of a call of the graph, with the values that its own type could have where the operator saturates."""
        if op != "quantizeLinear":
            return result
        if wanted.data_type.is_unsigned and not result.data_type.is_unsigned:
            result = self.max(result, 0)
        return carriers.confined(self, result, wanted.data_type)

    def weight(self, operand: Operand, weight: Weight) -> Operand:
        """A constant of the graph; one byte per element where the target lacks a 4-bit type, flat where it lacks the rank.

        Raises:
            ValidationError: The values do not fit into the type that takes the place of the constant's.
        """
        data_type = self.narrowed(operand)
        if not self.target.takes_type("constant", "", data_type):
            data_type = carriers.LEAST.get(data_type, data_type)
        if self.target.takes_rank("constant", "", operand.rank):
            return self.constant(weight, data_type, operand.name)
        flat = self.constant(weight.array.reshape(-1), data_type, operand.name)
        shaped: Operand = self.reshape(flat, list(operand.shape))
        return shaped

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """The same as `GraphBuilder.call`, by calls that the target takes.

        Raises:
            ValidationError: The call breaks a rule of the standard, or nothing that the target takes stands for it.
        """
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise ValidationError(ENDLESS)
            return self._call(op, *args, **options)
        finally:
            self._depth -= 1

    def _call(self, op: str, *args: Any, **options: Any) -> Any:
        label = options.pop("label", "")
        operator = OPS[op]
        arguments = carriers.unified(self, op, operator.bind(*self._with_constants(op, args, options)))
        call = Call(op, arguments, operator.infer(arguments))
        outermost, self._outermost = self._outermost, False
        for quirk in QUIRKS[self.target.kind]:
            if op in quirk.ops and quirk.applies(self, call):
                if outermost:
                    self.peculiarity = quirk.name
                return quirk.rewrite(self, call)
        peculiar = REWRITES[self.target.kind].get(op)
        replaced = peculiar(self, call) if peculiar else None
        if replaced is not None:
            if outermost and replaced not in call.arguments.values():
                self.peculiarity = PECULIAR
            return replaced
        for replace in (ranks.reduce_rank, carriers.carry, substitutes.substitute):
            replaced = replace(self, call)
            if replaced is not None:
                return replaced
        refusal = self._refusal(call)
        if refusal:
            raise ValidationError(refusal)
        return super().call(op, **arguments, label=label)

    def adopt(self, graph: Graph) -> None:
        """Takes the constants and nodes of a graph as they stand."""
        self._constants.update(graph.weights)
        self._known.update(graph.weights)
        self._operands.update(graph.operands.values())
        for node in graph.nodes:
            self._add(node)

    def result(self, operand: Operand) -> Operand:
        """The operand as it may be returned."""
        call = Call(quirks.OUTPUT, {"input": operand}, (operand.descriptor,))
        for quirk in QUIRKS[self.target.kind]:
            if quirks.OUTPUT in quirk.ops and quirk.applies(self, call):
                self.peculiarity = quirk.name
                result: Operand = quirk.rewrite(self, call)
                return result
        return operand

    def readers(self, operand: Operand) -> list[Node]:
        """The calls that read an operand, so far."""
        return [node for node in self._nodes if operand in node.operands]

    def is_plain(self, operand: Operand) -> bool:
        """Whether the operand is a constant itself, not an expression of constants."""
        return operand in self._constants

    def _copy(self, operand: Operand, result: Operand) -> Node:
        node = super()._copy(operand, result)
        if node.op == "identity" and not self.target.takes_type("identity", "input", operand.data_type):
            return Node("reshape", {"input": operand, "newShape": list(operand.shape)}, node.outputs, node.label)
        return node

    def _refusal(self, call: Call) -> str:
        """Why the target does not take the call; empty when it does."""
        ranks = call.op != "reshape"  # a shape of too many dimensions is gone when the reshape back meets this one
        found = of_call(self.target, call.op, call.arguments, call.results)
        return next((str(violation) for violation in found if ranks or not violation.what.startswith("rank ")), "")
