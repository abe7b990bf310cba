"""Pictures of models, and what two of them have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.commands.console import DIFFERS, DONE, Result, say, show_table
from converters.commands.destination import refuse_existing, refuse_sources
from converters.commands.opening import sources_of
from converters.commands.report import described
from webnn_graph.diff import Diff
from webnn_graph.errors import WebNNError, Where
from webnn_graph.graph import Graph, Node
from webnn_graph.targets import Target
from webnn_graph.view import overlays
from webnn_graph.view.overlays import read_document
from webnn_graph.view.scene import Overlay
from webnn_graph.wording import count, size


@dataclass(frozen=True)
class Viewed(Result):
    """A picture that was made.

    Attributes:
        graph: What it shows.
        file: The page.
    """

    graph: Graph
    file: Path

    def show(self) -> None:
        """See `Result`."""
        say(f"{self.file}  {size(self.file.stat().st_size)}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"file": str(self.file), "bytes": self.file.stat().st_size, **described(self.graph)}


@dataclass(frozen=True)
class Compared(Result):
    """How a graph differs from an older version.

    Attributes:
        captions: What the user calls the two.
        diff: What differs.
        file: The page with both; None where none was asked for.
    """

    captions: tuple[str, str]
    diff: Diff
    file: Path | None = None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status: whether anything differs."""
        return DONE if self.diff.is_empty else DIFFERS

    def show(self) -> None:
        """See `Result`."""
        for text in self.diff.interface:
            say(text)
        rows = [
            *(("removed", node.op, _name(node), "") for node in self.diff.removed),
            *(("added", node.op, _name(node), "") for node in self.diff.added),
            *(("changed", pair.after.op, _name(pair.after), text) for pair in self.diff.changed for text in pair.changes),
        ]
        if rows:
            show_table(["", "operator", "source", "change"], rows)
        numbers = self._numbers()
        alike = count(numbers.pop("alike"), "operator")
        say(f"{alike} alike, {', '.join(f'{number:,} {what}' for what, number in numbers.items())}")
        if self.file:
            say(f"{self.file}  {size(self.file.stat().st_size)}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        changed = [{**_described(pair.after), "before": _described(pair.before), "changes": pair.changes} for pair in self.diff.changed]
        return {
            "before": self.captions[0],
            "after": self.captions[1],
            "equal": self.diff.is_empty,
            **self._numbers(),
            "interface": self.diff.interface,
            "nodes": {
                "removed": list(map(_described, self.diff.removed)),
                "added": list(map(_described, self.diff.added)),
                "changed": changed,
            },
            "file": str(self.file) if self.file else None,
        }

    def _numbers(self) -> dict[str, int]:
        changed = len(self.diff.changed)
        counted = {"removed": len(self.diff.removed), "added": len(self.diff.added), "changed": changed}
        return {"alike": len(self.diff.pairs) - changed, **counted}


def _name(node: Node) -> str:
    return node.label or node.outputs[0].name


def _described(node: Node) -> dict[str, Any]:
    return {"operator": node.op, "name": node.outputs[0].name, "label": node.label}


def overlays_of(graph: Graph, *, target: Target | None, times: Path | None, report: Path | None) -> list[Overlay]:
    """The ways of colouring a graph that options ask for."""
    found = [overlays.refusals(graph, target)] if target else []
    for file, read in ((times, overlays.times), (report, overlays.verification)):
        if file:
            overlay = read(read_document(file), Where(file=str(file)))
            if not overlay.marks.keys() & graph.operands.keys():
                raise WebNNError(f"{file} says nothing of the tensors of {graph.name}", "it has to be of the same conversion")
            found.append(overlay)
    return found


def check_page(output: Path | None, models: Sequence[Path], *, force: bool) -> None:
    """Raises an error when a page would replace what is read, or, without ``force``, anything else."""
    if output:
        refuse_sources([output], lambda: [file for model in models for file in sources_of(model)], "-o takes another file")
        if not force:
            refuse_existing([output])
