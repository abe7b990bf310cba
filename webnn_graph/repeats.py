"""What repeats in a graph: runs of calls that are alike but for their constants and the operands that flow into them.

A run is found in the graph's own order, which is not changed. Calls become numbers, equal for calls of the same operator with the
same data; runs of numbers that occur more than once are those between neighbours in a suffix array. Of these the one is taken that
saves most, its occurrences become one item each, and the search begins again, so that blocks are found which consist of blocks.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand, map_arguments

FEWEST_ITEMS = 3
"""Items of a block at least: fewer read as well where they stand."""
FEWEST_SAVED = 5
"""Lines that a block saves at least."""
CONSTANT = 0.1
"""What a constant that differs takes of each use, in calls."""
FRAME = 2
"""Lines of a block around its items."""
MOST_COMPARED = 100
"""Runs that are looked at closely one after the other with none of them taken, before the search ends."""
DEEPEST = 8
"""Levels of blocks that consist of blocks."""


@dataclass(eq=False)
class Block:
    """Calls that occur more than once in the same way, by their occurrences in the graph's order."""

    uses: list[Use] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Use:
    """An occurrence of a block. Everything in it stands at the same places as in the others.

    Attributes:
        block: What occurs.
        items: What it consists of, in the graph's order.
        operands: What it reads that is not made in it, once for each time that a node reads it.
        outputs: What it makes that some occurrence of the block needs outside.
    """

    block: Block
    items: tuple[Item, ...]
    operands: tuple[Operand, ...]
    outputs: tuple[Operand, ...]


Item: TypeAlias = Node | Use


def items_of(nodes: Sequence[Node], constants: Container[Operand], outputs: frozenset[Operand]) -> Sequence[Item]:
    """The nodes, in their order, those that repeat in uses of blocks, whose items may be uses again.

    Args:
        nodes: Calls in an order in which every operand is made before it is read.
        constants: Operands that are made ahead.
        outputs: What is needed of what the nodes make.
    """
    (items,) = _folded([nodes], outputs, _Kinds(constants))
    return items


def _folded(copies: Sequence[Sequence[Item]], outputs: frozenset[Operand], kinds: _Kinds) -> Sequence[Sequence[Item]]:
    """Sequences that are alike, with uses of blocks for what repeats in each.

    Args:
        copies: The sequences.
        outputs: What is needed outside of what the first one makes.
        kinds: Of the items.
    """
    for _ in range(DEEPEST):
        repeats = _chosen(_Sequence(copies[0], outputs, kinds))
        if not repeats:
            break
        copies = _with_uses(copies, repeats, kinds)
    return copies


class _Kinds:
    """Numbers for items: equal for those that are alike but for the operands that they read and make."""

    def __init__(self, constants: Container[Operand]) -> None:
        self._constants = constants
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[Item, int] = {}

    def number(self, item: Item) -> int:
        if item not in self._known:
            kind = self._of_node(item) if isinstance(item, Node) else id(item.block)
            self._known[item] = self._numbers.setdefault(kind, len(self._numbers))
        return self._known[item]

    def is_constant(self, operand: Operand) -> bool:
        return operand in self._constants

    def _of_node(self, node: Node) -> Hashable:
        def kind(operand: Operand) -> str:
            return f"{operand.data_type} {operand in self._constants}"

        arguments = map_arguments(node.arguments, kind)
        return node.op, repr(arguments), len(node.outputs), bool(node.label)


class _Repeat(NamedTuple):
    """A run of items that occurs at several places, which do not overlap.

    Attributes:
        again: How many calls are not written again, less what it takes to pass and to return more than an operand.
        starts: The index of the first item of each occurrence.
        length: Items of an occurrence.
        results: For each output of the items in an occurrence whether it is needed outside.
    """

    again: float
    starts: Sequence[int]
    length: int
    results: Sequence[bool]

    @property
    def saved(self) -> float:
        """How many lines fewer it takes."""
        return self.again - len(self.starts) - FRAME


class _Sequence:
    """Items as numbers: what each is, what it reads and makes, and until where that is read."""

    def __init__(self, items: Sequence[Item], outputs: frozenset[Operand], kinds: _Kinds) -> None:
        self.tokens = np.array([kinds.number(item) for item in items], np.int64)
        self.plain = np.array([isinstance(item, Node) for item in items], bool)  # a use inside of a block takes no less to say
        made = [operand for item in items for operand in item.outputs]
        places = {operand: place for place, operand in enumerate(made)}
        numbers = dict(places)
        read = [operand for item in items for operand in item.operands]
        for operand in read:
            numbers.setdefault(operand, len(numbers))
        self.read_until = _bounds(len(item.operands) for item in items)
        self.made_until = _bounds(len(item.outputs) for item in items)
        self.reads = np.array([numbers[operand] for operand in read], np.int64)
        self.constant = np.array([kinds.is_constant(operand) for operand in read], bool)
        makers = np.repeat(np.arange(len(items)), np.diff(self.made_until))
        readers = np.repeat(np.arange(len(items)), np.diff(self.read_until))
        inside = self.reads < len(made)
        back = np.where(inside, self.reads - self.made_until[readers], -len(made) - 1)  # counted in outputs before the reader's own
        self.back = np.where(inside, back, 0)
        self.maker = np.where(inside, makers[np.minimum(self.reads, max(len(made) - 1, 0))] if len(made) else -1, -1)
        self.last_read = makers.copy()
        np.maximum.at(self.last_read, self.reads[inside], readers[inside])
        self.last_read[[places[operand] for operand in outputs if operand in places]] = len(items)
        self.live = _live(makers, self.last_read, len(items))

    def form(self, start: int, length: int) -> Array:
        """How the items of a run read each other: for each read how far back that is made, 0 for what is from outside."""
        reads = slice(self.read_until[start], self.read_until[start + length])
        return np.where(self.maker[reads] >= start, self.back[reads], 0)

    def operands(self, start: int, length: int) -> Array:
        """The number of each operand that the items of a run read."""
        return self.reads[self.read_until[start] : self.read_until[start + length]]

    def results(self, start: int, length: int) -> Array:
        """For each output of the items of a run whether it is needed outside."""
        return self.last_read[self.made_until[start] : self.made_until[start + length]] >= start + length


def _bounds(counts: Iterator[int]) -> NDArray[np.int64]:
    """Where the entries of each item begin in a list of all, and where the last ones end."""
    return np.concatenate([[0], np.cumsum(np.fromiter(counts, np.int64))]).astype(np.int64)


def _live(makers: Array, last_read: Array, count: int) -> Array:
    """How many operands are made before each item and read by it or later."""
    changes = np.zeros(count + 2, np.int64)
    np.add.at(changes, makers + 1, 1)
    np.add.at(changes, last_read + 1, -1)
    return np.cumsum(changes)[: count + 1]


# ------------------------------------------------------------------------------------------------------------------ choosing
def _chosen(sequence: _Sequence) -> list[_Repeat]:
    """Repeats that have no item in common, those that save most first."""
    chosen: list[_Repeat] = []
    best: _Repeat | None = None
    compared = 0
    seen: set[tuple[int, int]] = set()  # by length and first place: runs of a period are among those of each shorter one
    free = _Free(len(sequence.tokens))
    for candidate in sorted(_candidates(sequence), key=lambda one: (-one.hoped, one.live, one.length, one.first)):
        if best and best.again >= candidate.hoped:
            chosen.append(best)
            free.take(best)
            best, compared = None, 0
            seen.clear()
        if compared >= MOST_COMPARED:
            break
        compared += 1
        for length in candidate.lengths() - {length for length, first in seen if first == candidate.first}:
            seen.add((length, candidate.first))
            for repeat in _repeats(sequence, free.among(candidate.starts, length), length):
                if repeat.saved >= FEWEST_SAVED and (best is None or repeat.again > best.again):
                    best = repeat
    return [*chosen, best] if best else chosen


class _Free:
    """The items that are in no repeat yet."""

    def __init__(self, count: int) -> None:
        self._taken = np.zeros(count, bool)
        self._before = np.zeros(count + 1, np.int64)

    def take(self, repeat: _Repeat) -> None:
        """Takes the items of a repeat."""
        for start in repeat.starts:
            self._taken[start : start + repeat.length] = True
        np.cumsum(self._taken, out=self._before[1:])

    def among(self, starts: Array, length: int) -> Array:
        """Those of the starts, in order, from where so many items are free."""
        starts = np.sort(starts)
        free: Array = starts[self._before[starts + length] == self._before[starts]]
        return free


class _Candidate(NamedTuple):
    """A run of equal numbers, which may overlap with itself.

    Attributes:
        hoped: What it saves if all its occurrences are alike and begin where the fewest operands are live.
        live: How many are live before it.
        length: Items that are equal.
        starts: Where it occurs.
        first: The first place.
    """

    hoped: int
    live: int
    length: int
    starts: Array
    first: int

    def lengths(self) -> set[int]:
        """The whole length, and that of a period where occurrences follow each other so closely that they overlap.

        Where most do, the period and twice that, for what differs by turns.
        """
        gaps = np.diff(np.sort(self.starts))
        close = gaps[gaps < self.length]
        if not close.size:
            return {self.length}
        period = int(np.bincount(close).argmax())
        return {period, min(2 * period, self.length)} if 2 * close.size > gaps.size else {self.length, period}


def _candidates(sequence: _Sequence) -> Iterator[_Candidate]:
    suffixes = _suffix_array(sequence.tokens)
    for length, low, high in _intervals(_common_prefixes(sequence.tokens, suffixes)):
        if length < FEWEST_ITEMS:
            continue
        starts = suffixes[low:high]
        first, last = int(starts.min()), int(starts.max())
        step = min(length, (last - first) // (len(starts) - 1))
        count = min(len(starts), (last - first) // max(step, 1) + 1)
        hoped = (count - 1) * step - count * int(sequence.live[first : first + step].min())
        yield _Candidate(hoped, int(sequence.live[first]), length, starts, first)


def _repeats(sequence: _Sequence, starts: Array, length: int) -> Iterator[_Repeat]:
    """The groups of occurrences that are alike, of those that do not overlap."""
    if length < FEWEST_ITEMS:
        return
    alike: dict[bytes, list[int]] = {}
    end = 0
    for start in starts.tolist():
        if start >= end:
            end = start + length
            alike.setdefault(sequence.form(start, length).tobytes(), []).append(start)
    for form, group in alike.items():
        if len(group) > 1:
            yield _repeat(sequence, group, length, np.frombuffer(form, np.int64) == 0)


def _repeat(sequence: _Sequence, starts: Sequence[int], length: int, from_outside: Array) -> _Repeat:
    read = np.stack([sequence.operands(start, length) for start in starts])
    is_constant = sequence.constant[sequence.read_until[starts[0]] : sequence.read_until[starts[0] + length]]
    differs = from_outside & (read != read[0]).any(axis=0)
    passed, constants = (len({column.tobytes() for column in read[:, differs & kind].T}) for kind in (~is_constant, is_constant))
    results = np.logical_or.reduce([sequence.results(start, length) for start in starts])
    extra = max(passed - 1, 0) + max(int(results.sum()) - 1, 0) + CONSTANT * constants
    calls = int(sequence.plain[starts[0] : starts[0] + length].sum())
    return _Repeat((len(starts) - 1) * calls - len(starts) * extra, starts, length, results.tolist())


def _with_uses(copies: Sequence[Sequence[Item]], repeats: Sequence[_Repeat], kinds: _Kinds) -> list[list[Item]]:
    """The sequences with each occurrence in one item."""
    occurrences: list[list[tuple[int, int, Use]]] = [[] for _ in copies]
    for repeat in repeats:
        places = [(copy, start) for copy in range(len(copies)) for start in repeat.starts]
        uses = _uses([copies[copy][start : start + repeat.length] for copy, start in places], repeat.results, kinds)
        for (copy, start), use in zip(places, uses, strict=True):
            occurrences[copy].append((start, start + repeat.length, use))
    return [_replaced(copy, uses) for copy, uses in zip(copies, occurrences, strict=True)]


def _uses(runs: Sequence[Sequence[Item]], results: Sequence[bool], kinds: _Kinds) -> list[Use]:
    """The occurrences of a block, which are alike, too, in what repeats inside of them."""
    outputs = [tuple(compress((operand for item in run for operand in item.outputs), results)) for run in runs]
    block = Block()
    for run, made in zip(_folded(runs, frozenset(outputs[0]), kinds), outputs, strict=True):
        own = {operand for item in run for operand in item.outputs}
        read = tuple(operand for item in run for operand in item.operands if operand not in own)
        block.uses.append(Use(block, tuple(run), read, made))
    return block.uses


def _replaced(items: Sequence[Item], occurrences: Sequence[tuple[int, int, Use]]) -> list[Item]:
    """The items with a use from each place to the other."""
    results: list[Item] = []
    rest = 0
    for start, end, use in sorted(occurrences, key=itemgetter(0)):
        results += [*items[rest:start], use]
        rest = end
    return [*results, *items[rest:]]


# ------------------------------------------------------------------------------------------------------------- runs of numbers
def _suffix_array(tokens: Array) -> Array:
    """The places of a sequence in the order of what begins there, by prefixes of doubled length."""
    count, length = len(tokens), 1
    ranks: Array = np.unique(tokens, return_inverse=True)[1]
    while length < count and int(ranks.max()) < count - 1:
        behind = np.zeros_like(ranks)
        behind[:-length] = ranks[length:] + 1
        ranks = np.unique(ranks * (count + 1) + behind, return_inverse=True)[1]
        length *= 2
    return np.argsort(ranks, kind="stable")


def _common_prefixes(tokens: Array, suffixes: Array) -> list[int]:
    """For neighbours in a suffix array how much of their beginnings is equal (Kasai's algorithm)."""
    values, order, count = tokens.tolist(), suffixes.tolist(), len(tokens)
    place = np.empty(count, np.int64)
    place[suffixes] = np.arange(count)
    common, equal = [0] * max(count - 1, 0), 0
    for start, rank in enumerate(place.tolist()):
        if rank + 1 == count:
            equal = 0
            continue
        other = order[rank + 1]
        while start + equal < count and other + equal < count and values[start + equal] == values[other + equal]:
            equal += 1
        common[rank] = equal
        equal = max(equal - 1, 0)
    return common


def _intervals(common: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Each longest equal beginning with the part of the suffix array that has it: its length, the part's begin and end."""
    open_ones: list[tuple[int, int]] = []
    for place, length in enumerate((*common, 0)):
        low = place
        while open_ones and open_ones[-1][0] > length:
            longer, low = open_ones.pop()
            yield longer, low, place + 1
        if length and (not open_ones or open_ones[-1][0] < length):
            open_ones.append((length, low))
