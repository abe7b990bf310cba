"""Runs of the zoo, and what changed between two, as a terminal shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from converters.commands.console import DIFFERS, DONE, REFUSED, Result, say, show_table
from models.zoo.changes import Change, counted
from models.zoo.report import Report, Row, Verdict
from webnn_graph.wording import one_line

SHOWN = 20
"""Rows of a table that are shown; all of them are in the report."""
NAME_WIDTH, CELL_WIDTH = 22, 16


@dataclass(frozen=True)
class Ran(Result):
    """What a run has found.

    Attributes:
        report: All of it.
        files: What was written.
        found: What changed since an earlier report; None where there is none to compare with.
    """

    report: Report
    files: Sequence[Path] = ()
    found: Sequence[Change] | None = None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status: with an earlier report, whether anything became worse; otherwise whether all is as expected."""
        if self.found is not None:
            return REFUSED if any(change.is_regression for change in self.found) else DONE
        verdicts = {row.verdict for row in self.report.unexpected}
        return DONE if not verdicts else DIFFERS if verdicts == {Verdict.DIFFERS} else REFUSED

    def show(self) -> None:
        """See `Result`."""
        unexpected = self.report.unexpected
        if unexpected:
            rows = [(row.name, row.verdict.upper(), *_reason(row)) for row in unexpected[:SHOWN]]
            show_table(["not as expected", "verdict", "where", "why"], rows)
        if len(unexpected) > SHOWN:
            say(f"and {len(unexpected) - SHOWN:,} more")
        if self.found is not None:
            show_changes(self.found)
        say(summary(self.report))
        for path in self.files:
            say(f"  {path}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        changes = {} if self.found is None else {"changes": [msgspec.to_builtins(change) for change in self.found]}
        return {**msgspec.to_builtins(self.report), **changes}


@dataclass(frozen=True)
class Compared(Result):
    """What changed between two reports."""

    found: Sequence[Change]

    @property
    def status(self) -> int:  # type: ignore[override]
        """The exit status: whether anything became worse."""
        return REFUSED if any(change.is_regression for change in self.found) else DONE

    def show(self) -> None:
        """See `Result`."""
        show_changes(self.found)

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {"changes": [{**msgspec.to_builtins(change), "regression": change.is_regression} for change in self.found]}


def show_changes(found: Sequence[Change]) -> None:
    """A table of changes, and how many there are."""
    if found:
        show_table(
            ["change", "model", "of", ">before", ">after"],
            [(change.kind, change.model, change.what, change.before, change.after) for change in found[:SHOWN]],
        )
    if len(found) > SHOWN:
        say(f"and {len(found) - SHOWN:,} more")
    counts = counted(found)
    say("changes: " + (", ".join(f"{count:,} {kind}" for kind, count in counts.items()) if counts else "none"))


def summary(report: Report) -> str:
    """One line: how many are as expected, and how many have which verdict."""
    verdicts = Counter(row.verdict for row in report.rows)
    counts = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in Verdict if verdicts[verdict])
    as_expected = len(report.rows) - len(report.unexpected)
    reused = sum(row.reused for row in report.rows)
    before = f", {reused:,} of them from earlier runs" if reused else ""
    return f"{as_expected:,} of {len(report.rows):,} models as expected ({counts}){before}; {report.seconds:.0f} s"


def line(row: Row, runtimes: Sequence[str]) -> str:
    """One line about a row, with a column for each runtime."""
    if row.conversion.verdict is not Verdict.OK:
        cells = [f"{row.conversion.verdict}: {one_line(' '.join(row.conversion.message.split()), CELL_WIDTH * len(runtimes))}"]
    else:
        cells = [f"{_cell(row, runtime):<{CELL_WIDTH}}" for runtime in runtimes]
    return f"{one_line(row.name, NAME_WIDTH):<{NAME_WIDTH}} {''.join(cells)} {row.seconds or 0:6.1f} s".rstrip()


def _cell(row: Row, runtime: str) -> str:
    computed = row.runtimes.get(runtime)
    if computed is None:
        return ""
    if computed.relative is None:
        return computed.verdict
    return f"{computed.verdict} {computed.relative:.1e}"


def _reason(row: Row) -> tuple[str, str]:
    """Where a row is not as expected, and why."""
    if row.conversion.verdict is not Verdict.OK or not row.runtimes:
        return "conversion", row.conversion.message.partition("\n")[0] or "it was converted, although it must be refused"
    runtime, computed = next((name, c) for name, c in row.runtimes.items() if not c.expected)
    numbers = f"{computed.output} {computed.relative:.2g} > {computed.tolerance:g}" if computed.relative and computed.tolerance else ""
    return runtime, "; ".join(filter(None, [numbers, computed.message.partition("\n")[0]]))
