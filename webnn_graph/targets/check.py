"""Whether a graph fits a target, and what legalization makes of what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.targets.legalize import attempt, faults
from webnn_graph.targets.target import Target, load_target
from webnn_graph.targets.violations import Violation, of_graph


@dataclass(frozen=True)
class Finding:
    """One thing of a graph that a target does not take.

    Attributes:
        name: The tensor: a graph's input, constant or output, or the node's first result.
        label: Where the node came from in the source model; empty where nothing is known.
        operator: The node's, or ``input``, ``constant`` or ``output``.
        violation: What the target does not take.
        mended: Whether legalization makes something of it that the target takes.
    """

    name: str
    label: str
    operator: str
    violation: Violation
    mended: bool


@dataclass(frozen=True)
class Check:
    """How a graph fits a target.

    Attributes:
        findings: All that the target does not take of the graph, then what it says that it takes and does not compute right;
            last what legalization fails at for another reason.
        notes: What legalization changes of the graph's interface, and where it may change values.
    """

    findings: Sequence[Finding]
    notes: Sequence[str]

    @property
    def left(self) -> int:
        """How many findings cannot be mended."""
        return sum(not finding.mended for finding in self.findings)


def check(graph: Graph, target: Target | str | Path) -> Check:
    """What ``target`` does not take of ``graph``, and what legalization makes of it.

    Args:
        graph: The graph.
        target: What is to take it; also its name or its file, see `webnn_graph.targets.load_target`.

    Raises:
        FormatError: There is no such target.
    """
    target = load_target(target)
    if target.is_standard:
        return Check((), ())
    attempted = attempt(graph, target)
    legal, problems = attempted.legal, attempted.problems
    stuck = {_name(problem.of) for problem in problems}
    found = [_finding(kind, of, violation, mended=_name(of) not in stuck) for kind, of, violation in of_graph(target, graph)]
    named = {finding.name for finding in found}
    found += [
        _finding("output", of, Violation("", quirk.name, ""), mended=_name(of) not in stuck)
        for of, quirk in faults(graph, target)
        if _name(of) not in named
    ]
    explained = {(finding.name, finding.mended) for finding in found}
    rest = [problem for problem in problems if (_name(problem.of), False) not in explained]
    found += [_finding("", problem.of, Violation("", problem.text, ""), mended=False) for problem in rest]
    return Check(found, [note for note in legal.notes if note not in graph.notes] if legal else ())


def _finding(kind: str, of: Node | Operand, violation: Violation, *, mended: bool) -> Finding:
    label, operator = (of.label, of.op) if isinstance(of, Node) else ("", kind)
    return Finding(_name(of), label, operator, violation, mended)


def _name(of: Node | Operand) -> str:
    return of.name if isinstance(of, Operand) else of.outputs[0].name
