"""Text that fits a terminal: tables whose columns get the room that there is, and lines that break between words only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from rich.cells import cell_len

GAP = INDENT = "  "
"""What stands between columns, and before a line that continues another."""
CUT = "…"
"""What stands for the middle of a name."""
NARROWEST = 16
"""Columns that a name has at least, in the place of which a table would be set below its names."""
OPTION = r"--[\w-]+ (?:'[^']*'\S*|[^\s'-]\S*)"
TENSOR = r"(?:\S+ u?(?:int|float)\d+|[^\s\[]*)\[[^\[\]]*\]\S*"
KEPT = re.compile(rf"{OPTION}|{TENSOR}")
"""What a cell never loses the middle of: an option with its value, a tensor with its type, a shape."""
PIECES = re.compile(rf"{OPTION}|{TENSOR}|\S+")
"""What of a cell stays on one line: that, or a word."""
COMMANDS = re.compile(rf"{OPTION}(?: {OPTION})*|{TENSOR}|\S+")
"""The same of a message, whose options are there to be copied together."""


def cut(name: str, width: int) -> str:
    """A name in at most ``width`` columns: a path without some of its folders, else without its middle."""
    if cell_len(name) <= width:
        return name
    first, *folders, last = name.split("/") if name.count("/") > 1 else ("", "")
    for kept in range(len(folders) - 1, -1 if first else 0, -1):
        shorter = "/".join([first, *folders[:kept], CUT, last])
        if cell_len(shorter) <= width:
            return shorter
    for kept in range(min(len(name), width) - 1, 0, -1):
        shorter = name[: kept - kept // 2] + CUT + name[len(name) - kept // 2 :]
        if cell_len(shorter) <= width:
            return shorter
    return CUT[:width]


def wrapped(text: str, width: int) -> list[str]:
    """The text of a table's cell in lines of at most ``width`` columns; words that are longer lose their middle."""
    return _filled(text, PIECES, width, lambda piece: piece if KEPT.fullmatch(piece) else cut(piece, max(width, 1)))


def message(text: str, width: int) -> str:
    """The text in lines of at most ``width`` columns; what is longer, a path or options, stands whole on a line of its own.

    Its own lines stay lines, and keep their indentation.
    """
    return "\n".join(part for line in text.split("\n") for part in _filled(line, COMMANDS, width, str, INDENT))


def _filled(line: str, pieces: re.Pattern[str], width: int, shown: Callable[[str], str], hanging: str = "") -> list[str]:
    """A line's pieces, as they are shown, in as few lines as they fit into; all but the first are indented by ``hanging``."""
    indent = line[: len(line) - len(line.lstrip())]
    lines, end = [indent], len(indent)
    for found in pieces.finditer(line):
        blanks, piece, end = line[end : found.start()], shown(found[0]), found.end()
        if not lines[-1].strip() or cell_len(lines[-1] + blanks + piece) <= width:
            lines[-1] += blanks + piece
        else:
            lines.append(f"{indent}{hanging}{piece}")
    return lines


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """A table as lines without trailing blanks.

    Args:
        columns: Their headers; those that begin with ``>`` are aligned right, and their cells are never cut.
        rows: A text for each column.
        width: Of the terminal; None lets every cell be as long as it is. Where it is too little for a row, the first cell stands
            above the others.
    """
    widths = _widths(columns, rows, width)
    if widths:
        return [*_lines(columns, columns, widths), _rule(widths), *(line for row in rows for line in _lines(columns, row, widths))]
    assert width is not None
    rest = columns[1:]
    widths = _widths(rest, [row[1:] for row in rows], width - len(GAP), NARROWEST // 2) or [max(len(c), NARROWEST // 2) for c in rest]
    lines = [columns[0].removeprefix(">"), *(GAP + line for line in _lines(rest, rest, widths)), GAP + _rule(widths)]
    for first, *others in rows:
        lines += [*wrapped(first, width), *(GAP + line for line in _lines(rest, others, widths) if line)]
    return lines


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, narrowest: int = NARROWEST) -> list[int]:
    """How wide each column is, of which the widest give way; none when there is too little room for all."""
    natural = [max(map(cell_len, (columns[i].removeprefix(">"), *(row[i] for row in rows)))) for i in range(len(columns))]
    if width is None:
        return natural
    least = [
        size
        if column.startswith(">")
        else max(min(size, max(narrowest, cell_len(column))), *(len(kept) for row in rows for kept in KEPT.findall(row[i])), 0)
        for i, (size, column) in enumerate(zip(natural, columns, strict=True))
    ]
    room = width - len(GAP) * (len(columns) - 1)
    for most in range(max(natural, default=0), 0, -1):
        widths = [max(smallest, min(size, most)) for size, smallest in zip(natural, least, strict=True)]
        if sum(widths) <= room:
            return widths
    return []


def _rule(widths: Sequence[int]) -> str:
    return GAP.join("─" * width for width in widths)


def _lines(columns: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row, as many lines as its longest cell needs."""
    numbers = [column.startswith(">") for column in columns]
    texts = [cell.removeprefix(">") if row is columns else cell for cell in row]
    cells = [[text] if number else wrapped(text, width) for text, width, number in zip(texts, widths, numbers, strict=True)]
    lines = []
    for parts in zip_longest(*cells, fillvalue=""):
        blanks = [" " * (width - cell_len(part)) for part, width in zip(parts, widths, strict=True)]
        lines.append(GAP.join(b + part if number else part + b for part, b, number in zip(parts, blanks, numbers, strict=True)).rstrip())
    return lines
