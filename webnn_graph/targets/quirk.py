"""What an implementation computes wrong, refuses, crashes on or is slow at, as data: a row for each, in a table for each implementation.

A rewrite is an equivalence, right on every implementation: bit for bit, but for the sign of a zero, the order of sums and the
rounding of steps that it takes instead of one. So a target that does not say its version has the rows of all.

The tests build each row's probe, to see that the rewrite leaves nothing that the row applies to, and that the implementation
still has what the row says in the versions that it names.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call

LOG = logging.getLogger(__name__)
OUTPUT = "output"
"""The operator of a quirk of what a graph returns: its ``input`` is to be an output."""

Applies: TypeAlias = Callable[[LegalBuilder, Call], bool]
Rewrite: TypeAlias = Callable[[LegalBuilder, Call], Any]
"""What stands for a call: an operand, or a list of them."""
Probe: TypeAlias = Callable[[GraphBuilder], dict[str, Operand]]


def always(b: LegalBuilder, call: Call) -> bool:
    """Whatever the call."""
    return True


@dataclass(frozen=True)
class Quirk:
    """One fault of an implementation, or what it is slow at.

    Attributes:
        name: A few words for it.
        ops: The operators of the calls that it is about, or `OUTPUT`.
        applies: Whether a call that is about to be made has the fault.
        rewrite: What stands for the call then; None where nothing does, and the graph gets a note instead that says ``why``.
        why: What happens.
        probe: The smallest graph that has the fault.
        since: The version after the last one that was seen without it; empty when there is none.
        until: The first version that was seen without it again; empty while there is none.
        slow: Whether the fault is only that the call takes several times as long as what stands for it.
        rounds: Whether what stands for the call rounds at other places, or sums in another order; else it is equal bit for bit.
        varies: Whether only some processors, or values, show the fault.
    """

    name: str
    ops: tuple[str, ...]
    applies: Applies
    rewrite: Rewrite | None
    why: str
    probe: Probe
    since: str = ""
    until: str = ""
    rounds: bool = False
    slow: bool = False
    varies: bool = False

    def is_in(self, version: str) -> bool:
        """Whether a version may have it, like ``153`` or ``153.0.7900.1``; if it is empty, whether any does."""
        if not version:
            return True
        return _numbers(self.since) <= _numbers(version) and not (self.until and _numbers(self.until) <= _numbers(version))


class Table:
    """The quirks of an implementation, in the order in which they are tried: the first that applies to a call replaces it.

    Raises:
        ValueError: Two have one name, or one is never tried because one before it always applies.
    """

    def __init__(self, quirks: Iterable[Quirk]) -> None:
        self._quirks = tuple(quirks)
        self._by_op: dict[str, list[Quirk]] = {}
        twice = [name for name, count in Counter(quirk.name for quirk in self._quirks).items() if count > 1]
        if twice:
            raise ValueError(f"two quirks are called {twice[0]!r}")
        for quirk in self._quirks:
            for op in quirk.ops:
                before = self._by_op.setdefault(op, [])
                if before and before[-1].applies is always:
                    raise ValueError(f"{quirk.name!r} is never tried for {op}: {before[-1].name!r} always applies")
                before.append(quirk)

    def __iter__(self) -> Iterator[Quirk]:
        return iter(self._quirks)

    def find(self, b: LegalBuilder, call: Call) -> Iterator[Quirk]:
        """The quirks that a call has."""
        return (quirk for quirk in self._by_op.get(call.op, ()) if quirk.applies(b, call))

    def rewrite(self, b: LegalBuilder, call: Call) -> Any:
        """What stands for a call, or None when it may stay."""
        for quirk in self.find(b, call):
            if quirk.rewrite is not None:
                LOG.debug("%s: %s at %s", b.target.name, quirk.name, b.label or call.op)
                return quirk.rewrite(b, call)
            b.note(quirk.why)
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split("."))) if version else ()
