"""Looks for graphs that a back end refuses, crashes on or computes wrong, and makes them small."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from tests.backends.backends import Backend, Computed, legal
from tests.backends.judging import Case
from webnn_graph import Graph
from webnn_graph.errors import ConversionError, ExecutionError
from webnn_graph.targets.builder import ENDLESS

TOGETHER = 100
"""Graphs that are computed in one page."""
NARROW = 2**31
"""Integers from here on do not fit where a target narrows types."""
TRIES = 60
"""Smaller graphs that are tried for a finding."""
CRASHES = ("crash", "context", "lost", "no answer", "stopped")
"""Words of a browser whose service is gone."""


@dataclass(frozen=True)
class Finding:
    """A graph that a back end does not compute.

    Attributes:
        kind: What happens: wrong, refused, crash, or endless when legalization does not come to an end.
        text: The difference or the error.
    """

    seed: str
    case: Case
    kind: str
    text: str

    @property
    def signature(self) -> str:
        """What findings of one fault have in common most of the time: the kind, and the calls in order."""
        graph = self.case.graph
        inside = {output for node in graph.nodes for output in node.outputs}
        calls = [f"{node.op}({','.join(o.data_type.short for o in node.operands)})" for node in graph.nodes]
        ends = sum(output in graph.outputs and any(output in n.operands for n in graph.nodes) for output in inside)
        return f"{self.kind}: {' '.join(calls)}{' +output' * bool(ends)}"


@dataclass
class Outcome:
    """What a run came to."""

    graphs: int = 0
    unsound: int = 0
    inexpressible: int = 0
    unconfirmed: int = 0
    repeated: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    endless: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def take_endless(self) -> list[Finding]:
        """New findings of legalization, which are among the others from now on."""
        new, self.endless = self.endless, []
        self.findings += new
        return new

    def __str__(self) -> str:
        kinds = Counter(finding.kind for finding in self.findings)
        counted = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "no findings"
        return (
            f"{self.graphs} graphs of {sum(self.calls.values())} calls of {len(self.calls)} operators: {counted}"
            f" ({self.unsound} more without numbers to compare, {self.inexpressible} without a form for the target,"
            f" {self.unconfirmed} that failed only in company, {self.repeated} that look like a finding)"
        )


def fuzz(backend: Backend, cases: Iterable[tuple[str, Case]], until: float = float("inf")) -> Iterator[tuple[Outcome, Finding | None]]:
    """Computes the cases; yields the outcome so far with each new finding, made small, and once at the end.

    Args:
        cases: Each with its seed, by which it is found again.
        until: When to stop, by `time.monotonic`.
    """
    outcome = Outcome()
    waiting = iter(cases)
    while time.monotonic() < until and (batch := list(_prepared(backend, islice(waiting, TOGETHER), outcome))):
        yield from ((outcome, finding) for finding in outcome.take_endless())
        for seed, case, graph, computed in _computed(backend, batch, until):
            outcome.graphs += 1
            outcome.calls.update(node.op for node in case.graph.nodes)
            kind, text = verdict(case, computed)
            if not kind:
                continue
            if any(kind == finding.kind and _has_calls_of(case, finding) for finding in outcome.findings):
                outcome.repeated += 1
                continue
            again = verdict(case, backend.run([(graph, case)])[0])
            if again[0] != kind:
                outcome.unconfirmed += 1
                continue
            finding = smaller(backend, Finding(seed, case, kind, text))
            outcome.findings.append(finding)
            yield outcome, finding
    yield outcome, None


def verdict(case: Case, computed: Computed) -> tuple[str, str]:
    """What is wrong with what was computed: its kind, empty when nothing is, and words for it."""
    if isinstance(computed, ExecutionError):
        said = f"{computed.message} {computed.hint or ''}".strip()
        return ("crash" if any(word in said.lower() for word in CRASHES) else "refused"), said
    difference = case.differs(computed)
    return ("wrong", difference) if difference else ("", "")


def smaller(backend: Backend, finding: Finding) -> Finding:
    """The same kind of finding with as few calls as simple cuts make it."""
    tries = 0
    shrunk = True
    while shrunk:
        shrunk = False
        for case in _cuts(finding.case):
            tries += 1
            if tries > TRIES:
                return finding
            found = _tried(backend, finding.seed, case)
            if found is not None and found.kind == finding.kind:
                finding, shrunk = found, True
                break
    return finding


def _has_calls_of(case: Case, finding: Finding) -> bool:
    """Whether a case has the calls of a finding, in order: then it most likely shows the same."""
    calls = iter(node.op for node in case.graph.nodes)
    return all(node.op in calls for node in finding.case.graph.nodes)


def _tried(backend: Backend, seed: str, case: Case) -> Finding | None:
    """What becomes of a case by itself; None when all is well or nothing can be said."""
    if not case.is_sound:
        return None
    try:
        graph = legal(case.graph, backend)
    except ConversionError:
        return None
    kind, text = verdict(case, backend.run([(graph, case)])[0])
    return Finding(seed, case, kind, text) if kind else None


Prepared = tuple[str, Case, Graph]


def _prepared(backend: Backend, cases: Iterable[tuple[str, Case]], outcome: Outcome) -> Iterator[Prepared]:
    for seed, case in cases:
        if not case.is_sound:
            outcome.unsound += 1
            continue
        try:
            graph = legal(case.graph, backend)
        except ConversionError as error:
            outcome.inexpressible += 1
            if ENDLESS in error.message:
                outcome.endless.append(Finding(seed, case, "endless", error.message))
            continue
        if graph.notes and case.largest_integer >= NARROW:  # the notes say that such values differ
            outcome.unsound += 1
            continue
        yield seed, case, graph


def _computed(backend: Backend, batch: list[Prepared], until: float) -> Iterator[tuple[str, Case, Graph, Computed]]:
    """The cases with what the back end makes of them; after one that fails it begins anew."""
    while batch and time.monotonic() < until:
        results = backend.run([(graph, case) for _, case, graph in batch])
        for (seed, case, graph), computed in zip(batch, results, strict=False):
            yield seed, case, graph, computed
        batch = batch[len(results) :]


def _cuts(case: Case) -> Iterator[Case]:
    """Smaller cases: fewer outputs, then one call less, whose results become inputs, then inputs instead of constants."""
    graph = case.graph
    made = {output for node in graph.nodes for output in node.outputs}
    if len(graph.outputs) > 1:
        yield from (case.part(graph.nodes, [output]) for output in graph.outputs)
        yield from (case.part(graph.nodes, [o for o in graph.outputs if o is not output]) for output in graph.outputs)
    for node in graph.nodes:
        ends = [output for output in graph.outputs if output not in node.outputs]
        if len(ends) < len(graph.outputs):
            ends += [operand for operand in node.operands if operand in made and operand not in ends]
        if ends:
            yield case.part([other for other in graph.nodes if other is not node], ends)
    for constant in graph.constants:
        others = {operand: array for operand, array in graph.constants.items() if operand is not constant}
        smaller = replace(graph, inputs=(*graph.inputs, constant), constants=others)
        yield Case(smaller, {**case.inputs, constant.name: graph.constants[constant]})


def words(finding: Finding) -> str:
    """A file's name for a finding."""
    return re.sub(r"\W+", "-", finding.signature).strip("-")[:100]
