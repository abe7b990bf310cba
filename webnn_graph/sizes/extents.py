"""How long each axis of a model's interface is, found from the shapes that it has in several sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Sizes: TypeAlias = Mapping[str, int]
"""The sizes of dimensions, by name."""
Sample: TypeAlias = tuple[Sizes, int]
"""Sizes, and how long an axis is then."""


@dataclass(frozen=True)
class Follows:
    """An axis that follows a dimension: ``floor((times * size + plus) / per)``."""

    dim: str
    times: int = 1
    plus: int = 0
    per: int = 1

    def length(self, sizes: Sizes) -> int:
        """How long the axis is."""
        return (self.times * sizes[self.dim] + self.plus) // self.per


@dataclass(frozen=True)
class Listed:
    """An axis of which nothing is known but how long it is in each of the sizes that there are, in their order."""

    lengths: tuple[int, ...]


Extent: TypeAlias = int | Follows | Listed
"""How long an axis is: always so, or as its dimension is, or in each size."""


def extent_of(samples: Sequence[Sample], given: int) -> Extent:
    """How long an axis is, from how long it is in several sizes.

    Args:
        samples: All that is known.
        given: How many of them, from the first, are the sizes of graphs.
    """
    lengths = [length for _, length in samples]
    if len(set(lengths)) == 1:
        return lengths[0]
    dims = [dim for dim in samples[0][0] if len({sizes[dim] for sizes, _ in samples}) > 1]
    found = [follows for dim in dims if (follows := _follows(dim, samples))]
    return found[0] if len(found) == 1 else Listed(tuple(lengths[:given]))


def _follows(dim: str, samples: Sequence[Sample]) -> Follows | None:
    """How an axis follows a dimension; None when it does not."""
    return next((f for f in _candidates(dim, samples) if all(f.length(sizes) == length for sizes, length in samples)), None)


def _candidates(dim: str, samples: Sequence[Sample]) -> Iterator[Follows]:
    (first, short), *others = samples
    size = first[dim]
    steps = [(sizes[dim] - size, length - short) for sizes, length in others if sizes[dim] != size and length != short]
    for wider, longer in steps[:1]:
        if longer % wider == 0:
            times = longer // wider
            yield Follows(dim, times, short - times * size)
        elif wider % longer == 0:
            per = wider // longer
            yield Follows(dim, per=per)
            yield Follows(dim, plus=per - 1, per=per)


def lengths(extents: Sequence[Extent], sizes: Sizes, index: int) -> tuple[int, ...]:
    """The shape of a tensor in these sizes; ``index`` is the size's number in the list of those that there are."""
    return tuple(_length(extent, sizes, index) for extent in extents)


def _length(extent: Extent, sizes: Sizes, index: int) -> int:
    match extent:
        case Follows():
            return extent.length(sizes)
        case Listed():
            return extent.lengths[index]
        case _:
            return extent


def elements(sizes: Sizes) -> int:
    """What sizes are ordered by: the product of all."""
    return math.prod(sizes.values())
