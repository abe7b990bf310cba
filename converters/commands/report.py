"""What commands say of graphs, conversions and verifications."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from converters.checking.verify import Verification
from converters.commands.console import DIFFERS, DONE, REFUSED, note, say, show_table, size, verbosity
from webnn_graph.compare import Difference, Noise
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.ops import OPS
from webnn_graph.sizes.sized import Padding, Sized, described
from webnn_graph.targets import Target
from webnn_graph.targets.check import Check, Finding
from webnn_graph.targets.target import GRAPH, ORIGIN

NOTES_SHOWN = 5
"""Notes of a conversion that are shown without --verbose."""
NODES_SHOWN = 5
"""Nodes of a verification node by node that are shown."""
DIFFERENCE_COLUMNS = ("shape", ">max absolute", ">max relative", ">max ULP", ">tolerance", "verdict")


def report_graph(graph: Graph, files: Iterable[Path], warnings: Iterable[str] = ()) -> None:
    """Says what a graph consists of, where its files are, and what its conversion and writing had to note."""
    for text in warnings:
        note(f"warning: {text}")
    shown = graph.notes if verbosity().verbose else graph.notes[:NOTES_SHOWN]
    for text in shown:
        note(f"note: {' '.join(text.splitlines())}")
    if len(shown) < len(graph.notes):
        note(f"note: {len(graph.notes) - len(shown)} more notes with --verbose")
    say(f"{graph.name}: {len(graph.nodes):,} operators, {size(graph.weight_bytes)} of weights")
    for path in files:
        say(f"  {path}  {size(path.stat().st_size)}")


def report_sizes(sized: Sized) -> None:
    """Says which sizes a model has, and what becomes of inputs of others."""
    for text in sized.notes:
        note(f"note: {text}")
    say(f"{sized.name}: {'; '.join(map(described, sized.sizes))}; {PADDING[sized.padding]}")


PADDING = {
    Padding.MASKED: "smaller inputs are filled up and masked",
    Padding.ZEROS: "smaller inputs are filled up with zeros",
    Padding.EXACT: "no other sizes",
}


def report_outputs_compared(verification: Verification, title: str) -> int:
    """Shows the differences of all outputs and, if one is too large, the first node that differs.

    Returns:
        The exit status.
    """
    return _report_differences(verification, verification.differences, ["output", *DIFFERENCE_COLUMNS], title)


def report_nodes(verification: Verification, title: str) -> int:
    """Shows the nodes that differ most and the first that differs by more than it may.

    Returns:
        The exit status.
    """
    worst = sorted(verification.differences, key=lambda difference: difference.excess, reverse=True)
    status = _report_differences(verification, worst[:NODES_SHOWN], ["tensor", *DIFFERENCE_COLUMNS], title)
    say(f"{sum(d.ok for d in worst):,} of {len(worst):,} compared nodes are right")
    return status


def _report_differences(verification: Verification, differences: Iterable[Difference], columns: list[str], title: str) -> int:
    differences = list(differences)
    show_table(columns, [_row(difference) for difference in differences], title)
    for difference in differences:
        if difference.noise:
            say(within_noise(difference, difference.noise))
    if verification.first:
        node, difference = verification.first
        label = f" {node.label}" if node.label else ""
        note(f"first difference: {node.op}{label} ({difference.name}: relative {difference.relative:.3g})")
    if verification.stopped:
        note(f"the search for the first difference ended early: {verification.stopped}")
    return DONE if verification.ok else DIFFERS


def _row(difference: Difference) -> list[str]:
    shape = "x".join(map(str, difference.shape)) or "scalar"
    if difference.reason:
        return [difference.name, shape, "", "", "", "", difference.verdict]
    numbers = [f"{difference.absolute:.3g}", f"{difference.relative:.3g}", f"{difference.ulp:.3g}", f"{difference.tolerance:g}"]
    return [difference.name, shape, *numbers, difference.verdict]


def within_noise(difference: Difference, noise: Noise) -> str:
    """What is said of a difference that the source model's own noise explains."""
    numbers = f"{difference.relative:.2g}; the source differs from itself by {noise.relative:.2g}"
    return f"{difference.name}: within the source's own noise ({numbers})\n  measured with {noise.measured_by}"


def report_contents(graph: Graph) -> None:
    """Shows a graph's interface, its operators and its weights."""
    say(f"{graph.name}: {len(graph.nodes):,} operators, {len(graph.constants):,} constants, {size(graph.weight_bytes)} of weights")
    interface = [("input", operand) for operand in graph.inputs] + [("output", operand) for operand in graph.outputs]
    rows = [(kind, operand.name, operand.data_type, list(operand.shape), size(operand.nbytes)) for kind, operand in interface]
    show_table(["interface", "name", "type", "shape", ">size"], rows)
    show_table(["operator", ">nodes"], Counter(node.op for node in graph.nodes).most_common())
    types = sorted({operand.data_type for operand in graph.constants})
    of_type = {data_type: [operand for operand in graph.constants if operand.data_type is data_type] for data_type in types}
    weights = [(t, len(o), f"{sum(x.size for x in o):,}", size(sum(x.nbytes for x in o))) for t, o in of_type.items()]
    show_table(["weights", ">tensors", ">elements", ">size"], weights)


def report_outputs(outputs: Mapping[str, Array]) -> None:
    """Shows the type, the shape and the range of computed values."""
    rows = [
        (name, array.dtype, list(array.shape), f"{array.min():.6g}", f"{array.mean(dtype=np.float64):.6g}", f"{array.max():.6g}")
        for name, array in outputs.items()
    ]
    show_table(["output", "type", "shape", ">min", ">mean", ">max"], rows)


def report_check(graph: Graph, target: Target, check: Check, *, as_json: bool) -> int:
    """Shows what a target does not take of a graph, and what legalization makes of it.

    Returns:
        The exit status: whether anything is left.
    """
    status = REFUSED if check.left else DONE
    if as_json:
        findings = [finding.pop("violation") | finding for finding in map(asdict, check.findings)]
        say(json.dumps({"graph": graph.name, "target": target.name, "left": check.left, "findings": findings, "notes": list(check.notes)}))
        return status
    if check.findings:
        show_table(["where", "operator", "operand", "is", "the target takes", "mended"], map(_finding_row, check.findings))
    for text in check.notes:
        note(f"note: {text}")
    say(f"{graph.name}: {_verdict(target, check)}")
    return status


def _verdict(target: Target, check: Check) -> str:
    if not check.findings:
        return f"{target.name} takes it as it is"
    if not check.left:
        return f"{target.name} takes it as --target {target.name} writes it"
    return f"{target.name} does not take it; {check.left:,} of {len(check.findings):,} findings cannot be mended"


def _finding_row(finding: Finding) -> list[str]:
    violation = finding.violation
    operand = "" if violation.operand == finding.operator else violation.operand
    return [finding.label or finding.name, finding.operator, operand, violation.what, violation.limit, "yes" if finding.mended else "NO"]


def report_target(target: Target) -> None:
    """Shows what a target takes of each operator's operands; the tensors of the graph itself come first."""
    rows: list[tuple[str, ...]] = []
    for operator in (*GRAPH, *sorted(name for name in target.limits if name in OPS)):
        limits = target.limits.get(operator, {})
        for operand, limit in {"": limits}.items() if operator in GRAPH else limits.items():
            if "dataTypes" in limit:
                ranks = f"{limit['rankRange'].get('min', 0)} to {limit['rankRange']['max']}"
                rows.append((operator, operand, " ".join(limit["dataTypes"]), ranks))
    if not rows:
        say(f"{target.name} takes whatever the standard allows")
        return
    show_table(["operator", "operand", "data types", "ranks"], rows)
    say(f"tensors of up to {target.most_bytes():,.0f} bytes, constants of up to {target.most_bytes('constant'):,.0f}")
    say(f"quirks: {_quirks(target)}")


def _quirks(target: Target) -> str:
    """Whose quirks are rewritten for a target."""
    if not target.quirks:
        return f"none; a file that names {', '.join(ORIGIN)} has those that are known of them"
    return f"those of {target.quirks} in {f'version {target.version}' if target.version else 'all measured versions'}"


OPERATOR_COLUMNS: tuple[str, ...] = ("operator", "category", "arguments", "options", "types of the first operand")


def operator_table() -> list[tuple[str, ...]]:
    """The operators of WebNN, a row of `OPERATOR_COLUMNS` each; options with a default show it."""
    rows: list[tuple[str, ...]] = []
    for operator in sorted(OPS.values(), key=lambda operator: (operator.category, operator.name)):
        arguments = [p for p in operator.parameters.values() if not p.is_option]
        members = [p for p in operator.parameters.values() if p.is_option]
        types = next((p.domain.types for p in operator.parameters.values() if p.is_operand), ())
        shown = [p.name if p.is_operand or p.default is None else f"{p.name}={_plain(p.default)}" for p in members]
        rows.append(
            (operator.name, operator.category, ", ".join(p.name for p in arguments), ", ".join(shown), " ".join(t.short for t in types))
        )
    return rows


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_markdown(columns: Iterable[str], rows: Iterable[Iterable[object]], title: str, introduction: str = "") -> None:
    """Prints a page with a table as Markdown to stdout."""
    say("\n\n".join(filter(None, [f"# {title}", introduction.strip(), markdown(columns, rows)])))


def markdown(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as Markdown, without a final newline."""
    columns = [column.removeprefix(">") for column in columns]
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
