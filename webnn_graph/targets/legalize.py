"""Legalization: the same graph with calls that a target accepts and computes right.

Constants that are too large are cut first (`parts`). Then every call of the graph is made again on a `LegalBuilder`, by these
steps, all but the first of which are for calls beyond the target's limits:

1. the target's quirks: what it refuses or computes wrong whatever its limits say;
2. `refused`: calls on types that it does not take, as others that are exact;
3. `ranks` reshapes around calls whose operands have too many dimensions;
4. `carriers` casts around calls whose operands have a type that it does not take;
5. `substitutes` replaces those that have no other type to be computed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, ValidationError
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.targets import carriers, narrowing, ranks, refused, substitutes
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.chromium.quirks import QUIRKS as OF_CHROMIUM
from webnn_graph.targets.parts import in_parts
from webnn_graph.targets.pywebnn import SHAPELESS
from webnn_graph.targets.pywebnn.quirks import QUIRKS as OF_PYWEBNN
from webnn_graph.targets.quirk import OUTPUT, Quirk, Table
from webnn_graph.targets.rustnn import loader
from webnn_graph.targets.rustnn.quirks import QUIRKS as OF_RUSTNN
from webnn_graph.targets.target import CHROMIUM, PYWEBNN, RUSTNN, Target, load_target
from webnn_graph.targets.violations import of_call, of_size, of_tensor
from webnn_graph.wording import size

QUIRKS = {CHROMIUM: OF_CHROMIUM, RUSTNN: OF_RUSTNN, PYWEBNN: OF_PYWEBNN, "": Table(())}
"""The quirks of each implementation."""

READ: Mapping[str, Callable[[Graph], Graph]] = {RUSTNN: loader.readable, PYWEBNN: partial(loader.with_shapes, shapeless=SHAPELESS)}
"""What a graph needs besides, which changes nothing, to be read right."""

NEAR = 0.9
"""Of the bytes that the constants of a graph may take together: where the graph's notes begin to say it."""
STEPS_PER_CALL = 30
"""Calls that a call of the graph may become before they count."""


@dataclass(frozen=True)
class Obstacle:
    """Something of a graph that a target does not take and for which nothing stands.

    Attributes:
        of: The node; or the tensor that is an input, a constant or an output of the graph.
        text: What it is, where, and why.
    """

    of: Node | Operand
    text: str


def legalize(graph: Graph, target: Target | str | Path, *, exact: bool = False) -> Graph:
    """The graph with the same meaning for ``target``, and the same interface but for the types of integers.

    The rewrites are equivalences, right on every target; which are made depends on its limits and quirks.

    Args:
        graph: The graph.
        target: What is to take it; also its name or its file, see `load_target`.
        exact: Whether integers may be computed in a narrower type only where their values provably fit. Else they may whatever
            their values, which the result's notes say.

    Raises:
        ConversionError: Calls that cannot be expressed; all of them are named.
        FormatError: There is no such target.
    """
    target = load_target(target)
    attempted = attempt(graph, target, exact=exact)
    if attempted.legal is None:
        texts = [problem.text for problem in attempted.problems]
        raise ConversionError(
            "\n  ".join([f"{len(texts)} problem{'s' if len(texts) > 1 else ''} for the target {target.name}:", *texts]),
            code=Code.BEYOND_TARGET,
        )
    return attempted.legal


@dataclass(frozen=True)
class Attempt:
    """What came of legalizing a graph.

    Attributes:
        legal: The graph for the target; None when there are problems.
        problems: All that stands in the way.
    """

    legal: Graph | None
    problems: Sequence[Obstacle]


def attempt(graph: Graph, target: Target, *, exact: bool = False) -> Attempt:
    """The same as `legalize`, without an error."""
    if target.is_standard:
        return Attempt(graph, ())
    graph = in_parts(graph, target)
    quirks = quirks_of(target)
    within_limits = (refused.REFUSED.rewrite, ranks.reduce_rank, carriers.carry, substitutes.substitute)
    b = LegalBuilder(graph.name, target, Budget(steps=-STEPS_PER_CALL * len(graph.nodes)), quirks.rewrite, within_limits, exact=exact)
    changed = narrowing.narrowing(graph, b.narrow)
    b.about(graph)
    b.notes.extend(changed.notes)
    problems: list[Obstacle] = []
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
        for old, result in zip(node.outputs, results if isinstance(results, list) else [results], strict=True):
            new[old] = b.confined(node.op, result, old)
            b.suggest(new[old], old.name)
    for output in graph.outputs:
        returned = quirks.rewrite(b, _returning(new[output]))
        new[output] = new[output] if returned is None else returned
        problems += _of_output(output, new[output], b)
    if problems:
        return Attempt(None, problems)
    legal = b.build({output.name: new[output] for output in graph.outputs})
    legal = replace(legal, notes=(*legal.notes, *_of_total(legal, target)))
    problems = list(_left(legal, target))
    if problems:
        return Attempt(None, problems)
    return Attempt(READ[target.quirks](legal) if target.quirks in READ else legal, ())


def quirks_of(target: Target) -> Table:
    """The quirks of the target's implementation in the version that it is."""
    return Table(quirk for quirk in QUIRKS[target.quirks] if quirk.is_in(target.version))


def faults(graph: Graph, target: Target, *, slow: bool = False) -> Iterator[tuple[Node | Operand, Quirk]]:
    """What ``target`` computes wrong, refuses or crashes on in a graph as it stands, though its limits allow it; or is slow at.

    Yields:
        A node, or an output, and a quirk that it has.
    """
    if target.is_standard:
        return
    quirks = Table(quirk for quirk in quirks_of(target) if quirk.slow == slow)
    b = LegalBuilder(graph.name, target, Budget())
    b.adopt(graph)
    for node in graph.nodes:
        yield from ((node, quirk) for quirk in quirks.find(b, Call(node.op, node.arguments, node.outputs)))
    for operand in graph.outputs:
        yield from ((operand, quirk) for quirk in quirks.find(b, _returning(operand)))


def _returning(operand: Operand) -> Call:
    return Call(OUTPUT, {"input": operand}, (operand.descriptor,))


def _interface(b: LegalBuilder, graph: Graph, problems: list[Obstacle]) -> dict[Operand, Operand]:
    """The inputs and constants for the target, by the graph's own; what it does not take is added to ``problems``."""
    new: dict[Operand, Operand] = {}
    for operand in graph.inputs:
        new[operand] = b.input(operand.name, b.narrowed(operand), operand.shape, operand.distribution)
        problems += _of_tensor("input", operand, new[operand], b.target)
    for operand, weight in graph.weights.items():
        try:
            new[operand] = b.weight(operand, weight)
            problems += [Obstacle(operand, v.of(f"constant {operand.name}")) for v in of_size(b.target, "constant", new[operand])]
        except ValidationError as error:
            problems.append(Obstacle(operand, error.message))
            new[operand] = b.input(f"{operand.name} ", b.narrowed(operand), operand.shape)
    return new


def _of_node(node: Node, error: ValidationError) -> Obstacle:
    where = f" ({node.label})" if node.label else ""
    return Obstacle(node, f"{node.op} {node.outputs[0].name}{where}: {error.message}")


def _of_tensor(kind: str, old: Operand, new: Operand, target: Target) -> Iterator[Obstacle]:
    for violation in of_tensor(target, kind, new):
        yield Obstacle(old, violation.of(f"{kind} {old.name}"))


def _of_output(old: Operand, new: Operand, b: LegalBuilder) -> Iterator[Obstacle]:
    yield from _of_tensor("output", old, new, b.target)
    if new.descriptor != old.with_type(b.narrowed(old)):
        yield Obstacle(old, f"output {old.name} is {old.data_type}, the target computes it as {new.data_type}")


def _of_total(legal: Graph, target: Target) -> Iterator[str]:
    """What is to be said when the constants of a graph are almost too many, those that loading it computes included."""
    known, total = set(legal.constants), legal.weight_bytes
    for node in legal.nodes:
        if known.issuperset(node.operands):
            known.update(node.outputs)
            if node.op == "dequantizeLinear":
                total += node.outputs[0].nbytes - node.arguments["input"].nbytes
    if total > NEAR * target.certain_bytes:
        yield (
            f"its constants take {size(total)} when it is loaded; the target takes {size(int(target.certain_bytes))} for certain, "
            "more only where sizes happen to suit it; as float16 they take half"
        )


def _left(legal: Graph, target: Target) -> Iterator[Obstacle]:
    """What of a legal graph is none: constants, and shapes that nothing took away again."""
    for operand in legal.constants:
        yield from _of_tensor("constant", operand, operand, target)
    for node in legal.nodes:
        if node.op == "reshape":
            for violation in of_call(target, node.op, node.arguments, node.outputs):
                yield Obstacle(node, violation.of(f"reshape {node.output.name}: {violation.operand}"))
