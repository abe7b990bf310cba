"""Short texts for people: sizes, counts, and names that have to fit."""

from __future__ import annotations

GAP = "..."


def size(byte_count: int) -> str:
    """A number of bytes for people: ``3.2 MB``."""
    amount, unit = float(byte_count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


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
