"""Short texts for people: sizes, counts, and names that have to fit."""

from __future__ import annotations

import re

GAP = "..."
SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) *((?:[kMG]i?)?)B?", re.IGNORECASE)
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}
MOST = 2**63
"""No file has so many bytes."""


def size(byte_count: int) -> str:
    """A number of bytes for people: ``3.2 MB``."""
    amount, unit = float(byte_count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def bytes_of(text: str) -> int:
    """The inverse of `size`, of what people write. Raises `ValueError` for what is no size."""
    found = SIZE.fullmatch(text.strip())
    amount = float(found[1]) * UNITS[found[2].upper()] if found else 0
    if not 1 <= amount < MOST:
        raise ValueError(f"{text!r} is no size like 500MB")
    return int(amount)


def count(number: int, thing: str) -> str:
    """A number of things, whose plural takes an s: ``1 operator``, ``1,205 operators``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def harmless(text: str) -> str:
    """The text with control characters, which names in a model may hold and a terminal would obey, as escapes."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str, width: int) -> str:
    """The text as a line of at most ``width`` harmless characters; what is too long loses its middle."""
    line = harmless(" ".join(text.split()))
    if len(line) <= width:
        return line
    kept = max(width - len(GAP), 0)
    return line[: kept - kept // 2] + GAP[:width] + line[len(line) - kept // 2 :]
