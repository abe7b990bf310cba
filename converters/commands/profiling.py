"""What calls cost, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.commands.console import Result, say, show_table
from converters.commands.report import described
from webnn_graph.graph import Descriptor, Node
from webnn_graph.runtimes.profiling import Profile
from webnn_graph.wording import count

COLUMNS = ("label", "operator", "shapes", ">ms", ">share")


@dataclass(frozen=True)
class Profiled(Result):
    """What the calls of a graph cost.

    Attributes:
        profile: What was measured.
        top: How many of the dearest calls are shown.
        file: Where all of them were saved for ``webnn view --times``; None for nowhere.
    """

    profile: Profile
    top: int
    file: Path | None = None

    def show(self) -> None:
        """See `Result`."""
        calls = self.profile.calls
        dearest = sorted(calls, key=lambda node: -calls[node])[: self.top]
        rows = [(node.label or node.outputs[0].name, node.op, shapes(node), *self._cost(calls[node])) for node in dearest]
        show_table(COLUMNS, rows)
        show_table(("operator", ">calls", ">ms", ">share"), list(self._by_operator())[: self.top])
        say(
            f"{self.profile.version}: {count(len(calls), 'call')} take {self._total:.3g} ms one by one, "
            f"a dispatch of the graph {self.profile.whole:.3g} ms"
        )

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        calls = [
            {
                "name": node.outputs[0].name,
                "label": node.label,
                "operator": node.op,
                "operands": [_tensor(operand) for operand in node.operands],
                "results": [_tensor(operand) for operand in node.outputs],
                "milliseconds": cost,
                "share": cost / self._total,
            }
            for node, cost in self.profile.calls.items()
        ]
        return {
            "graph": described(self.profile.graph),
            "runtime": self.profile.runtime,
            "version": self.profile.version,
            "milliseconds": self.profile.whole,
            "calls": calls,
            "file": str(self.file) if self.file else None,
        }

    def _by_operator(self) -> Iterator[tuple[str, int, str, str]]:
        counts = Counter(node.op for node in self.profile.calls)
        costs = {op: sum(cost for node, cost in self.profile.calls.items() if node.op == op) for op in counts}
        for op in sorted(counts, key=lambda op: -costs[op]):
            yield op, counts[op], *self._cost(costs[op])

    @property
    def _total(self) -> float:
        return sum(self.profile.calls.values()) or 1.0

    def _cost(self, milliseconds: float) -> tuple[str, str]:
        return f"{milliseconds:.3f}", f"{milliseconds / self._total:.1%}"


def shapes(node: Node) -> str:
    """What a call reads and gives, but for numbers and vectors that it reads beside something larger."""
    read = [operand for operand in node.operands if operand.rank > 1] or node.operands
    return f"{', '.join(map(_shape, read))} → {', '.join(map(_shape, node.outputs))}"


def _shape(descriptor: Descriptor) -> str:
    return "x".join(map(str, descriptor.shape)) or "1"


def _tensor(descriptor: Descriptor) -> Mapping[str, Any]:
    return {"type": str(descriptor.data_type), "shape": list(descriptor.shape)}
