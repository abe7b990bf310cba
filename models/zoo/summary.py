"""A run of the zoo in Markdown, for the summary of a job: what a person looks at first, however many models there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from models.zoo.changes import Change, counted
from models.zoo.report import CONVERSION, Report, Verdict
from webnn_graph.wording import count, one_line

SURPRISES, CHANGES, OPERATORS = 14, 9, 5
"""Lines of each list."""
WIDTH = 160
"""Characters of a message."""
MEANING = re.compile(r"(?<![^\W_])_|_(?![^\W_])|\.(?![\d\s]|$)|:(?!\s|$)|[^\w ,()/=+.:'\"-]")
"""What may mean something in Markdown or HTML, or make a link: all but letters, digits, and some signs where they mean nothing."""


def markdown(report: Report, found: Sequence[Change] = ()) -> str:
    """The summary, of at most sixty lines.

    Args:
        report: What is summed up.
        found: What changed since an earlier run.
    """
    parts = (_head(report), _verdicts(report), _surprises(report), _changes(found), _operators(report))
    return "\n".join(line for part in parts for line in part)


def _head(report: Report) -> Iterator[str]:
    right, reused = len(report.rows) - len(report.unexpected), sum(row.reused for row in report.rows)
    yield f"## {right:,} of {count(len(report.rows), 'model')} as expected"
    yield ""
    versions = [f"{name} {version}".strip() for name, version in {"webnn-convert": report.version, **report.runtimes}.items()]
    shards = [f"shard {shard}" for shard in report.shards]
    target = f"target {report.target}" if report.target else "each runtime's own target"
    earlier = [f"{reused:,} from an earlier run"] if reused else []
    yield _text(", ".join([*versions, target, *shards, f"{report.seconds / 60:.1f} min", *earlier]), 400)


def _verdicts(report: Report) -> Iterator[str]:
    """How often there was each verdict, in each part."""
    parts = {"all": Counter(row.verdict for row in report.rows), CONVERSION: Counter(row.conversion.verdict for row in report.rows)}
    for name in report.runtimes:
        parts[name] = Counter(row.runtimes[name].verdict for row in report.rows if name in row.runtimes)
    verdicts = [verdict for verdict in Verdict if any(counts[verdict] for counts in parts.values())]
    yield from _table(("", *verdicts), ((name, *(f"{counts[verdict]:,}" for verdict in verdicts)) for name, counts in parts.items()))


def _surprises(report: Report) -> Iterator[str]:
    found = [(row.name, where, what.verdict, what.message) for row in report.rows for where, what in row.surprises.items()]
    yield from _list("Not as expected", ("model", "where", "verdict", "message"), found, SURPRISES)


def _changes(found: Sequence[Change]) -> Iterator[str]:
    title = "Changes: " + ", ".join(f"{number:,} {kind}" for kind, number in counted(found).items())
    rows = [(change.kind, change.model, change.what, change.before, change.after) for change in found]
    yield from _list(title, ("", "model", "what", "before", "after"), rows, CHANGES)


def _operators(report: Report) -> Iterator[str]:
    rows = [(operator, f"{len(models):,}") for operator, models in report.blocking().items()]
    yield from _list("Operators that block most", ("operator", "models"), rows, OPERATORS)


def _list(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> Iterator[str]:
    """A table of the first rows with a title; nothing, if there is none."""
    if not rows:
        return
    yield ""
    yield f"### {title}"
    yield from _table(columns, rows[:most])
    if len(rows) > most:
        yield ""
        yield f"and {len(rows) - most:,} more"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    for cells in (columns, ["---"] * len(columns)):
        yield f"| {' | '.join(cells)} |"
    for row in rows:
        yield f"| {' | '.join(_text(cell, WIDTH) for cell in row)} |"


def _text(text: str, width: int) -> str:
    """A text as a line that is nothing but text in Markdown."""
    return MEANING.sub(lambda found: "".join(f"&#{ord(sign)};" for sign in found[0]), one_line(text, width))
