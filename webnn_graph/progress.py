"""How far a conversion or a measurement is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """A step of a conversion that begins, or is the last of its stage.

    Attributes:
        stage: ``nodes`` or ``passes`` of a conversion, ``calls`` of a profile: the pages in which they are measured.
        done: How much of the stage is behind it.
        total: How much there is; at the end of the stage it is ``done``.
    """

    stage: str
    done: int
    total: int


Watcher: TypeAlias = Callable[[Progress], object]
"""Is called with each step. What it raises ends the conversion, and reaches whoever asked for that."""


def watched(stage: str, items: Sequence[T], watcher: Watcher | None) -> Iterable[T]:
    """The items, one by one; the watcher is told before each, and after the last."""
    return _watched(stage, items, watcher) if watcher else items


def _watched(stage: str, items: Sequence[T], watcher: Watcher) -> Iterator[T]:
    for done, item in enumerate(items):
        watcher(Progress(stage, done, len(items)))
        yield item
    watcher(Progress(stage, len(items), len(items)))
