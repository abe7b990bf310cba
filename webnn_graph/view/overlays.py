"""Ways of colouring a picture: what a verification, a measurement, a target or another version says of each call."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webnn_graph.diff import Diff
from webnn_graph.errors import FormatError, Where
from webnn_graph.graph import Graph
from webnn_graph.targets.check import check
from webnn_graph.targets.target import Target
from webnn_graph.view.scene import Mark, Overlay

DECADES = 3
"""Powers of ten above and below the tolerance that colours tell apart."""


def read_document(path: Path) -> Mapping[str, Any]:
    """A JSON file that says something of a graph's calls.

    Raises:
        FormatError: It is no JSON object.
    """
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise FormatError("is no JSON object", where=Where(file=str(path)))
    return document


def verification(document: Mapping[str, Any], where: Where) -> Overlay:
    """How far the results of calls are from the source model's.

    Args:
        document: What ``webnn verify --each-node --json`` prints.
        where: Where it comes from.

    Raises:
        FormatError: It is something else.
    """
    found = document.get("differences")
    if not isinstance(found, list) or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in found):
        raise FormatError("a verification report has a list of differences", "webnn verify --each-node --json prints one", where)
    return Overlay("verification error", {row["name"]: _difference(row) for row in found})


def _difference(row: Mapping[str, Any]) -> Mark:
    relative, tolerance = abs(_number(row.get("relative"))), abs(_number(row.get("tolerance")))
    excess = relative / (tolerance or 1)
    level = 0.0 if excess == 0 else 1.0 if not math.isfinite(excess) else 0.5 + math.log10(excess) / (2 * DECADES)
    return Mark(min(max(level, 0.0), 1.0), f"{row.get('verdict', '')}: relative {relative:.3g}, tolerance {tolerance:g}")


def _number(value: Any) -> float:
    """A number of a document; what JSON has no number for, and says in words or not at all, is infinite."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.inf
    except OverflowError:
        return math.inf


def times(document: Mapping[str, Any], where: Where) -> Overlay:
    """How long calls take.

    Args:
        document: What ``webnn run --times`` writes: ``milliseconds`` by the name of a call's first result.
        where: Where it comes from.

    Raises:
        FormatError: It is something else.
    """
    found = document.get("milliseconds")
    if not isinstance(found, dict) or not all(0 <= _number(value) < math.inf for value in found.values()):
        raise FormatError("a file of times has an object of milliseconds by tensor", "webnn run --times FILE writes one", where)
    longest, whole = max(found.values(), default=0) or 1, sum(map(float, found.values())) or 1
    marks = {name: Mark(math.sqrt(value / longest), f"{value:.3g} ms, {value / whole:.1%} of all") for name, value in found.items()}
    return Overlay("time", marks)


def refusals(graph: Graph, target: Target) -> Overlay:
    """What a target does not take: ``warning`` where legalization mends it, ``fault`` where not."""
    marks: dict[str, Mark] = {}
    for finding in check(graph, target).findings:
        violation = finding.violation
        what = " ".join(filter(None, (violation.operand, violation.what, violation.limit)))
        known = marks.get(finding.name)
        level = "warning" if finding.mended and (known is None or known.level == "warning") else "fault"
        marks[finding.name] = Mark(level, f"{known.text}; {what}" if known else what)
    return Overlay(f"what {target.name} does not take", marks)


def versions(found: Diff) -> tuple[Overlay, Overlay]:
    """What differs, for the first graph and for the second."""
    changes = {pair: Mark("changed", "; ".join(pair.changes)) for pair in found.changed}
    before = {pair.before.outputs[0].name: mark for pair, mark in changes.items()}
    before |= {node.outputs[0].name: Mark("removed", "removed") for node in found.removed}
    after = {pair.after.outputs[0].name: mark for pair, mark in changes.items()}
    after |= {node.outputs[0].name: Mark("added", "added") for node in found.added}
    return Overlay("what differs", before), Overlay("what differs", after)
