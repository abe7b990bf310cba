"""Which ONNX operators can be converted: the table of the handlers."""

from __future__ import annotations

from converters.onnx import handlers
from converters.onnx.registry import HANDLERS, REFUSED

assert handlers  # importing it fills HANDLERS
COLUMNS: tuple[str, ...] = ("operator", "opsets", "how")


def table() -> list[tuple[str, ...]]:
    """A row of `COLUMNS` for each operator and domain: its name, the opsets its handlers begin with, what they do."""
    rows: list[tuple[str, ...]] = []
    for (domain, operator), (why, _) in REFUSED.items():
        rows.append((f"{domain}.{operator}" if domain else operator, "-", f"refused: {why}"))
    for (domain, operator), registered in HANDLERS.items():
        versions = sorted(registered, key=lambda handler: handler.since)
        notes = dict.fromkeys(" ".join(handler.note.split()) for handler in versions if handler.note)
        name = f"{domain}.{operator}" if domain else operator
        rows.append((name, ", ".join(f"{handler.since}+" for handler in versions), "; ".join(notes)))
    return sorted(rows, key=lambda row: (row[0].count("."), row[0]))
