"""What commands say of graphs and verifications: results, as text and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converters.checking.verify import Captured, Verification
from converters.commands.console import DIFFERS, DONE, REFUSED, Result, note, say, show_table, terminal_width, verbosity
from webnn_graph.compare import Difference, Noise
from webnn_graph.data_types import Array
from webnn_graph.formats.files import write_all
from webnn_graph.graph import Graph, Node, Operand
from webnn_graph.ops import OPS
from webnn_graph.runtimes import find_runtime
from webnn_graph.summary import interface
from webnn_graph.targets import Target
from webnn_graph.targets.check import Check, Finding
from webnn_graph.targets.target import GRAPH, ORIGIN
from webnn_graph.wording import size

NOTES_SHOWN = 5
"""Notes of a conversion that are shown without --verbose."""
INTERFACE_LINES = 3
"""Lines of a terminal that a graph's interface takes, about."""
NODES_SHOWN = 5
"""Nodes of a verification node by node that are shown without --verbose."""
DIFFERENCE_COLUMNS = ("shape", ">absolute", ">relative", ">ULP", ">tolerance", "verdict")


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
    room = terminal_width(sys.stdout)
    say(f"  {interface(graph, INTERFACE_LINES * room if room else sys.maxsize)}")
    for path in files:
        say(f"  {path}  {size(path.stat().st_size)}")


@dataclass(frozen=True)
class Verified(Result):
    """How near a graph is to its source model.

    Attributes:
        graph: The graph.
        verification: What was compared.
        runtime: What computed the graph.
        against: What computed the source model.
        each_node: Whether every node was compared on the source's own values.
        original: How far each output is from a model of which ``against`` is only an approximation, by name; None where it is none.
    """

    graph: Graph
    verification: Verification
    runtime: str
    against: str
    each_node: bool = False
    original: Mapping[str, Difference] | None = None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status."""
        return DONE if self.verification.ok else DIFFERS

    def show(self) -> None:
        """Shows all outputs, or the nodes that differ most; and the first node whose result is wrong."""
        differences, named = list(self.verification.differences), "output"
        title = f"{computed_by(self.runtime)} against {self.against}; the largest differences"
        if self.each_node:
            differences.sort(key=lambda difference: difference.excess, reverse=True)
            title, named = f"every node on the values of {self.against}; the largest differences", "tensor"
        shown = differences[:NODES_SHOWN] if self.each_node and not verbosity().verbose else differences
        rows = [_row(difference) for difference in shown]
        if self.original is None:
            show_table([named, *DIFFERENCE_COLUMNS], rows, title)
        else:
            beside = [f"{self.original[difference.name].relative:.3g}" for difference in shown]
            show_table([named, *DIFFERENCE_COLUMNS, ">original"], [[*row, far] for row, far in zip(rows, beside, strict=True)], title)
        for difference in shown:
            if difference.noise:
                say(within_noise(difference, difference.noise))
        if self.verification.captured:
            tell, text = _of_capture(self.verification.captured)
            tell(text)
        if self.verification.first:
            node, difference = self.verification.first
            label = f" {node.label}" if node.label else ""
            note(f"first difference: {node.op}{label} ({difference.name}: relative {difference.relative:.3g})")
        if self.verification.stopped:
            note(f"the search for the first difference ended early: {self.verification.stopped}")
        if self.each_node:
            say(f"{sum(d.ok for d in differences):,} of {len(differences):,} compared nodes are right")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        makers = {output.name: node for node in self.graph.nodes for output in node.outputs}
        first = self.verification.first
        return {
            "ok": self.verification.ok,
            "runtime": self.runtime,
            "version": find_runtime(self.runtime).package_version,
            "against": self.against,
            "each_node": self.each_node,
            "differences": [_difference(difference, makers.get(difference.name)) for difference in self.verification.differences],
            "first": _difference(first[1], first[0]) if first else None,
            "stopped": self.verification.stopped,
            "captured": _captured(self.verification.captured) if self.verification.captured else None,
        } | ({} if self.original is None else {"original": [_difference(d, makers.get(d.name)) for d in self.original.values()]})


def computed_by(runtime: str) -> str:
    """A runtime in words, with the package that computes and its version: ``rustnn runtime (pywebnn 0.5.12)``."""
    package = find_runtime(runtime).package_version
    return f"{runtime} runtime ({package})" if package else f"{runtime} runtime"


def _of_capture(captured: Captured) -> tuple[Callable[[str], None], str]:
    """What is said of how far an exported program is from its module, and how loudly."""
    difference = captured.difference
    if difference is None:
        return note, f"note: compared with the exported program only: {captured.failed}"
    if difference.ok:
        return say, f"compared with the exported program, which agrees with {captured.origin} (relative {difference.relative:.2g})"
    return note, (
        f"warning: compared with the exported program, which differs from {captured.origin} in {difference.name} "
        f"({difference.reason or f'relative {difference.relative:.3g}'}); that difference is PyTorch's own"
    )


def _captured(captured: Captured) -> dict[str, Any]:
    return {
        "origin": captured.origin,
        "ok": captured.difference is not None and captured.difference.ok,
        "difference": _difference(captured.difference, None) if captured.difference else None,
        "failed": captured.failed,
    }


def _difference(difference: Difference, node: Node | None) -> dict[str, Any]:
    members = asdict(difference) | {"verdict": difference.verdict.partition(":")[0]}
    return {"name": members.pop("name"), "node": node.label if node else "", "operator": node.op if node else "", **members}


def shape_text(shape: Sequence[int]) -> str:
    """A shape in a table."""
    return "x".join(map(str, shape)) or "scalar"


def _row(difference: Difference) -> list[str]:
    shape = shape_text(difference.shape)
    if difference.reason:
        return [difference.name, shape, "", "", "", "", difference.verdict]
    numbers = [f"{difference.absolute:.3g}", f"{difference.relative:.3g}", f"{difference.ulp:.3g}", f"{difference.tolerance:g}"]
    return [difference.name, shape, *numbers, difference.verdict]


def within_noise(difference: Difference, noise: Noise) -> str:
    """What is said of a difference that the source model's own noise explains."""
    numbers = f"{difference.relative:.2g}; the source differs from itself by {noise.relative:.2g}"
    return f"{difference.name}: within the source's own noise ({numbers})\n  measured with {noise.measured_by}"


@dataclass(frozen=True)
class Outputs(Result):
    """Computed values.

    Attributes:
        outputs: By name.
        file: Where they were saved; None for nowhere.
        runtime: What computed them.
    """

    outputs: Mapping[str, Array]
    file: Path | None = None
    runtime: str = "reference"

    def show(self) -> None:
        """Shows the type, the shape and the range of each."""
        rows = [
            (name, array.dtype, list(array.shape), *(f"{value:.6g}" for value in _range(array).values()))
            for name, array in self.outputs.items()
        ]
        title = computed_by(self.runtime) if self.runtime != "reference" else ""
        show_table(["output", "type", "shape", ">min", ">mean", ">max"], rows, title)

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        outputs = [
            {"name": name, "type": array.dtype.name, "shape": list(array.shape), **_range(array)} for name, array in self.outputs.items()
        ]
        package = find_runtime(self.runtime).package_version
        return {"outputs": outputs, "runtime": self.runtime, "version": package, "file": str(self.file) if self.file else None}


def _range(array: Array) -> dict[str, int | float]:
    return {"min": array.min().item(), "mean": array.mean(dtype=np.float64).item(), "max": array.max().item()}


def save_times(file: Path, graph: Graph, runtime: str, milliseconds: Mapping[str, float]) -> None:
    """Writes how long each call of a graph takes on a runtime, in milliseconds by the name of its first result."""
    document = {"graph": graph.name, "runtime": runtime, "milliseconds": milliseconds}
    write_all({file: lambda: [json.dumps(document, indent=1).encode()]})


@dataclass(frozen=True)
class Valid(Result):
    """Files of graphs that are valid."""

    graphs: Mapping[Path, Graph]

    def show(self) -> None:
        """See `Result`."""
        for path in self.graphs:
            say(f"{path}: valid")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"graphs": [{"path": str(path), "valid": True, **described(graph)} for path, graph in self.graphs.items()]}


def described(graph: Graph) -> dict[str, Any]:
    """What every document says of a graph."""
    return {
        "name": graph.name,
        "inputs": [tensor(operand) for operand in graph.inputs],
        "outputs": [tensor(operand) for operand in graph.outputs],
        "nodes": len(graph.nodes),
        "weight_bytes": graph.weight_bytes,
    }


def tensor(operand: Operand) -> dict[str, Any]:
    """What every document says of an input or output."""
    return {"name": operand.name, "type": str(operand.data_type), "shape": list(operand.shape), "bytes": operand.nbytes}


@dataclass(frozen=True)
class Checked(Result):
    """What a target does not take of a graph, and what legalization makes of it."""

    graph: Graph
    target: Target
    check: Check

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status: whether anything is left."""
        return REFUSED if self.check.left else DONE

    def show(self) -> None:
        """See `Result`."""
        if self.check.findings:
            show_table(["where", "operator", "operand", "is", "the target takes", "mended"], map(_finding_row, self.check.findings))
        for text in self.check.notes:
            note(f"note: {text}")
        say(f"{self.graph.name}: {_verdict(self.target, self.check)}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        findings = [finding.pop("violation") | finding for finding in map(asdict, self.check.findings)]
        about = {"graph": self.graph.name, "target": self.target.name, "left": self.check.left}
        return about | {"findings": findings, "notes": list(self.check.notes)}


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


@dataclass(frozen=True)
class Limits(Result):
    """What a target takes of each operator's operands; the tensors of the graph itself come first."""

    target: Target

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each operand of an operator."""
        found = []
        for operator in (*GRAPH, *sorted(name for name in self.target.limits if name in OPS)):
            limits = self.target.limits.get(operator, {})
            for operand, limit in {"": limits}.items() if operator in GRAPH else limits.items():
                if "dataTypes" in limit:
                    ranks = [limit["rankRange"].get("min", 0), limit["rankRange"]["max"]]
                    found.append({"operator": operator, "operand": operand, "types": list(limit["dataTypes"]), "ranks": ranks})
        return found

    def show(self) -> None:
        """See `Result`."""
        target, rows = self.target, self.rows
        if not rows:
            say(f"{target.name} takes whatever the standard allows")
            return
        cells = [(r["operator"], r["operand"], " ".join(r["types"]), f"{r['ranks'][0]} to {r['ranks'][1]}") for r in rows]
        show_table(["operator", "operand", "data types", "ranks"], cells)
        say(f"tensors of up to {target.most_bytes():,.0f} bytes, constants of up to {target.most_bytes('constant'):,.0f}")
        say(f"quirks: {_quirks(target)}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        target = self.target
        return {
            "target": target.name,
            "limits": self.rows,
            "tensor_bytes": target.most_bytes(),
            "constant_bytes": target.most_bytes("constant"),
            "quirks": target.quirks,
            "version": target.version,
        }


def _quirks(target: Target) -> str:
    """Whose quirks are rewritten for a target."""
    if not target.quirks:
        return f"none; a file that names {', '.join(ORIGIN)} has those that are known of them"
    return f"those of {target.quirks} in {f'version {target.version}' if target.version else 'all measured versions'}"


@dataclass(frozen=True)
class Dumped(Result):
    """A file with what an implementation says that it takes."""

    path: Path
    implementation: str
    version: str

    def show(self) -> None:
        """See `Result`."""
        say(f"{self.path}: what {self.implementation} {self.version} takes")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"path": str(self.path), "implementation": self.implementation, "version": self.version}
