"""Results that are a list: a table for people, Markdown for pages, an array for programs, all of the same rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from converters.commands.console import DONE, Result, say, show_table, terminal_width, verbosity
from webnn_graph.ops import OPS

Cell = Callable[[Any], str]


class Listing(Result):
    """Rows of the same columns.

    Args:
        name: The array's name in JSON.
        columns: How each value is shown as text, by the column's name; those that begin with ``>`` are aligned right.
        rows: Values by the columns' names without that; what is missing is shown as nothing.
        title: Of the page as Markdown.
        introduction: Of the page, a paragraph.
        after: Lines that stand below the table.
        brief: The columns that a terminal shows without --verbose; empty for all.
        status: The command's exit status.
    """

    def __init__(
        self,
        name: str,
        columns: Mapping[str, Cell],
        rows: Iterable[Mapping[str, Any]],
        *,
        title: str = "",
        introduction: str = "",
        after: Sequence[str] = (),
        brief: Collection[str] = (),
        status: int = DONE,
    ) -> None:
        self.name = name
        self.columns = {column.removeprefix(">"): cell for column, cell in columns.items()}
        self.headers = list(columns)
        self.rows = list(rows)
        self.title = title
        self.introduction = introduction
        self.after = after
        self.brief = brief
        self.status = status

    def texts(self) -> list[list[str]]:
        """The cells as they are shown."""
        return [[cell(row[key]) if row.get(key) is not None else "" for key, cell in self.columns.items()] for row in self.rows]

    def show(self) -> None:
        """See `Result`. Columns in which nothing stands are left out."""
        is_brief = bool(self.brief) and terminal_width(sys.stdout) is not None and not verbosity().verbose
        headers, texts = self._used(self.brief if is_brief else self.columns)
        if texts:
            show_table(headers, texts)
        for line in self.after:
            say(line)

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {self.name: [{key: row.get(key) for key in self.columns} | dict(row) for row in self.rows]}

    def markdown(self) -> str:
        """A page."""
        return "\n\n".join(filter(None, [f"# {self.title}", self.introduction.strip(), markdown(*self._used(self.columns))]))

    def _used(self, wanted: Collection[str]) -> tuple[list[str], list[list[str]]]:
        """The headers and cells of those columns in which something stands."""
        texts = self.texts()
        used = [i for i, name in enumerate(self.columns) if name in wanted and any(row[i] for row in texts)]
        return [self.headers[i] for i in used], [[row[i] for i in used] for row in texts]


def listed(items: Iterable[object]) -> str:
    """The items of a cell that holds several."""
    return ", ".join(map(str, items))


def words(items: Iterable[object]) -> str:
    """The items of a cell that holds several words."""
    return " ".join(map(str, items))


def number(value: int) -> str:
    """A number of things."""
    return f"{value:,}"


def operators() -> Listing:
    """The operators of WebNN; options with a default show it."""
    rows = []
    for operator in sorted(OPS.values(), key=lambda operator: (operator.category, operator.name)):
        parameters = operator.parameters.values()
        types = next((p.domain.types for p in parameters if p.is_operand), ())
        options = [p.name if p.is_operand or p.default is None else f"{p.name}={_plain(p.default)}" for p in parameters if p.is_option]
        rows.append(
            {
                "operator": operator.name,
                "category": operator.category,
                "arguments": [p.name for p in parameters if not p.is_option],
                "options": options,
                "types": [t.short for t in types],
            }
        )
    columns: dict[str, Cell] = {
        "operator": str,
        "category": str,
        "arguments": listed,
        "options": listed,
        "types": words,
    }
    return Listing("operators", columns, rows, title="WebNN operators")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def markdown(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as Markdown, without a final newline."""
    columns = [column.removeprefix(">") for column in columns]
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
