"""What is different between two runs of the zoo: better, worse, larger, slower."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from models.zoo.report import Computation, Report, Row, Verdict
from webnn_graph.wording import size


class Kind(StrEnum):
    """In which way a model changed; those that are bad come first."""

    WORSE = "worse"
    LARGER = "larger"
    SLOWER = "slower"
    GONE = "gone"
    BETTER = "better"
    SMALLER = "smaller"
    FASTER = "faster"
    NEW = "new"


REGRESSIONS = frozenset({Kind.WORSE, Kind.LARGER, Kind.SLOWER})


@dataclass(frozen=True)
class Thresholds:
    """What is no change yet.

    Attributes:
        difference: How many times as far from what is right a result may be; only where it is beyond a tenth of its tolerance.
        size: How many times as many operators, or as many bytes of weights.
        time: How many times as long.
        seconds: And how many seconds more.
    """

    difference: float = 10
    size: float = 1.02
    time: float = 2
    seconds: float = 0.5


@dataclass(frozen=True)
class Change:
    """One difference between two runs.

    Attributes:
        model: Whose.
        kind: In which way.
        what: What changed: *conversion*, a runtime, or what was measured.
        before: How it was, as text.
        after: How it is.
    """

    model: str
    kind: Kind
    what: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_regression(self) -> bool:
        """Whether it is bad."""
        return self.kind in REGRESSIONS


Numbers: TypeAlias = tuple[float | None, float | None]


def changes(old: Report, new: Report, thresholds: Thresholds = Thresholds()) -> list[Change]:
    """What changed from one report to another, bad things first; models that only one of them has are gone or new."""
    before, after = ({row.name: row for row in report.rows} for report in (old, new))
    found = [Change(name, Kind.GONE) for name in before.keys() - after.keys()]
    found += [Change(name, Kind.NEW) for name in after.keys() - before.keys()]
    for name in before.keys() & after.keys():
        found += _of_model(before[name], after[name], thresholds)
    kinds = list(Kind)
    return sorted(found, key=lambda change: (kinds.index(change.kind), change.model, change.what))


def _of_model(old: Row, new: Row, thresholds: Thresholds) -> Iterator[Change]:
    name, made, makes = new.name, old.conversion, new.conversion
    yield from _of_verdicts(name, "conversion", made.verdict, makes.verdict)
    counts: dict[str, Numbers] = {"operators": (made.operators, makes.operators), "weights": (made.weight_bytes, makes.weight_bytes)}
    for what, numbers in counts.items():
        yield from _of_numbers(name, what, numbers, thresholds.size, 0, (Kind.LARGER, Kind.SMALLER))
    times = {"conversion": (made.seconds, makes.seconds)}
    for runtime in old.runtimes.keys() & new.runtimes.keys():
        was, computed = old.runtimes[runtime], new.runtimes[runtime]
        yield from _of_verdicts(name, runtime, was.verdict, computed.verdict)
        yield from _of_differences(name, runtime, was, computed, thresholds)
        times[f"{runtime}, loading"] = was.load_seconds, computed.load_seconds
        times[runtime] = was.seconds, computed.seconds
    for what, numbers in times.items():
        yield from _of_numbers(name, what, numbers, thresholds.time, thresholds.seconds, (Kind.SLOWER, Kind.FASTER))


def _of_verdicts(name: str, what: str, old: Verdict, new: Verdict) -> Iterator[Change]:
    if old is not new and not (old.is_right and new.is_right):
        yield Change(name, Kind.WORSE if new.rank > old.rank else Kind.BETTER, what, old, new)


def _of_differences(name: str, runtime: str, old: Computation, new: Computation, thresholds: Thresholds) -> Iterator[Change]:
    """The same verdict, and much nearer to or further from what is right, where that begins to matter."""
    if old.relative is None or new.relative is None:
        return
    matters = 0.1 * max(old.tolerance or 0, new.tolerance or 0)
    texts = (f"{old.relative:.1e}", f"{new.relative:.1e}")
    if new.relative > matters and new.relative > thresholds.difference * old.relative:
        yield Change(name, Kind.WORSE, f"{runtime}, difference", *texts)
    elif old.relative > matters and old.relative > thresholds.difference * new.relative:
        yield Change(name, Kind.BETTER, f"{runtime}, difference", *texts)


def _of_numbers(name: str, what: str, numbers: Numbers, factor: float, least: float, kinds: tuple[Kind, Kind]) -> Iterator[Change]:
    old, new = numbers
    if old is None or new is None:
        return
    for kind, low, high in zip(kinds, (old, new), (new, old), strict=True):
        if high > factor * low and high - low > least:
            yield Change(name, kind, what, _text(what, old), _text(what, new))


def _text(what: str, number: float) -> str:
    if what == "operators":
        return f"{number:,}"
    return size(int(number)) if what == "weights" else f"{number:.2f} s"


def counted(found: Sequence[Change]) -> Mapping[Kind, int]:
    """How many changes there are of each kind that occurs."""
    return {kind: count for kind in Kind if (count := sum(change.kind is kind for change in found))}
