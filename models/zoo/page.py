"""A run of the zoo as one HTML page that needs nothing else; only pictures of graphs are pages of their own beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.zoo.changes import Change
from models.zoo.report import Report, Row, Verdict
from webnn_graph.html import Page
from webnn_graph.wording import count, harmless

MODULES = ("data.js", "words.js", "state.js", "columns.js", "table.js", "charts.js", "overview.js", "model.js", "app.js")
PAGE = Page("zoo", ("common/element.js", "common/theme.js", *(f"zoo/{name}" for name in MODULES)), allows={"frame-src": "'self' file:"})
"""Pictures lie beside the page; where that is opened from a folder, they have no host that 'self' could mean."""
BELOW = re.compile(r"(\w[\w .+@=-]*/)*\w[\w .+@=-]*\.html")
"""Pages that a report may link: below its own folder, without what means anything in an address."""
DIGITS = 4
"""Of numbers that were measured."""
UNUSED = frozenset({"key"})
"""Members of a report that the page does not show."""


def page(report: Report, found: Sequence[Change] = ()) -> str:
    """A page with all that a report says.

    Args:
        report: What is shown.
        found: What changed since an earlier run.
    """
    right = len(report.rows) - len(report.unexpected)
    return PAGE.rendered(_data(report, found), title=f"{right:,} of {count(len(report.rows), 'model')} as expected")


def _data(report: Report, found: Sequence[Change]) -> dict[str, Any]:
    """What the page's script reads: tables as columns, see `_columns`."""
    facts = {name: value for name, value in vars(report).items() if name not in ("rows", "runtimes", "versions")}
    names = [*report.runtimes, *{name: None for row in report.rows for name in row.runtimes if name not in report.runtimes}]
    computed = {name: _columns(_members(row.runtimes.get(name)) for row in report.rows) for name in names}
    return {
        "facts": _shown(facts),
        "versions": [[_shown(name), _shown(version)] for name, version in report.versions.items()],
        "verdicts": list(Verdict),
        "count": len(report.rows),
        "rows": _columns(_row(row) for row in report.rows),
        "conversions": _columns(_members(row.conversion) for row in report.rows),
        "runtimes": [_runtime(name, report.runtimes.get(name)) | {"rows": computed[name]} for name in names],
        "changes": {"count": len(found), "rows": _columns(map(_members, found))},
    }


def _runtime(name: str, version: str | None) -> dict[str, Any]:
    """A runtime: None stands for the version of one that was not asked for, of which rows know nevertheless."""
    return {"name": _shown(name), "version": _shown(version or ""), "asked": version is not None}


def _row(row: Row) -> dict[str, Any]:
    members = {name: _shown(value) for name, value in vars(row).items() if name not in (*UNUSED, "conversion", "runtimes")}
    picture = row.picture if BELOW.fullmatch(row.picture) else ""
    return members | {"picture": picture, "unprintable": not row.name.isprintable()}


def _members(record: Any) -> dict[str, Any]:
    """What a record says; nothing, where there is none."""
    return {} if record is None else {name: _shown(value) for name, value in vars(record).items() if name not in UNUSED}


def _columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows as columns by name, without those in which nothing is.

    A column is a list with null for what is empty; where values come back often, it has the distinct ones and their places.
    """
    listed = list(rows)
    names = dict.fromkeys(name for row in listed for name in row)
    columns = {name: [None if _is_empty(value := row.get(name)) else value for row in listed] for name in names}
    return {name: _compact(column) for name, column in columns.items() if any(value is not None for value in column)}


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", ())


def _compact(column: list[Any]) -> list[Any] | dict[str, list[Any]]:
    distinct = {value: place for place, value in enumerate(dict.fromkeys(column))}
    if 2 * len(distinct) > len(column):
        return column
    return {"of": list(distinct), "at": [distinct[value] for value in column]}


def _shown(value: Any) -> Any:
    """A value as JSON can have it and a page can show it, hashable: texts without what controls or cannot be written."""
    if isinstance(value, str):
        return str(value) if value.isprintable() else harmless(value)
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_shown(name): _shown(member) for name, member in value.items()}
    return tuple(map(_shown, value)) if isinstance(value, Sequence) else value
