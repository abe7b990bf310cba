"""The source's own noise: how far a source model is from itself, and whether that explains a difference from it.

A model that computes in bfloat16, quantizes as it goes, or takes the logarithm of next to nothing has no result that any two
runtimes agree on. Such a model is measured with itself. Its *peer* is the same model in the types that the conversion computes
in, where these are not its own: from it, a conversion may be no further than from any other source. Its *twins* are the model
computed more exactly, or in another order: how far the model, or its peer, is from them is what rounding does to it, and may do
to a conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from converters.source import Runnable, Source
from webnn_graph.compare import Difference, Noise, compare, relative_differences
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError

LARGER = 5.0
"""How much larger than the source's a conversion's differences from the twin may be: both are rounded, each in its own way."""
FURTHER = 10.0
"""How many times as far as nudging the inputs moves an element it may be from the twin."""
OFTENER = 2
"""How many times as many of a size there may be."""
LOUDEST = 0.5
"""Largest relative difference of the source from itself that says anything of a conversion."""
NUDGES = 8
"""How often both are computed on inputs that differ in their last bits."""


def is_peer(actual: Array, source: Array, peer: Array, tolerance: float) -> bool:
    """Whether a conversion's result is that of the source's peer: within the tolerance, integers equal.

    The source must be within `LOUDEST` of its peer, so that a peer that is another model excuses nothing.
    """
    if not compare("", actual, peer, tolerance).is_within:
        return False
    return actual.dtype.kind != "f" or bool(relative_differences(source, peer).max(initial=0.0) <= LOUDEST)


def is_noise(actual: Array, samples: Sequence[Array], twin: Array, spread: Array, tolerance: float) -> bool:
    """Whether a conversion is about as near to a twin of the source as the source is.

    All of this must hold of the relative differences from the twin:

    * The source's are below `LOUDEST`, and wherever one of all results has a number, all have.
    * Of each size, the conversion has at most `OFTENER` times as many as the source has of a size up to `LARGER` times smaller:
      one uncertain element excuses neither a larger difference nor many.
    * Each element's is at most `FURTHER` times as large as what the last bits of the inputs do to that element: rounding moves with
      them, an error stays where it is.

    What is within the tolerance needs no excuse. Every integer must be what the source or its twin computed.

    Args:
        actual: What the conversion computed.
        samples: What the source, or its peer, computed: on the inputs, and on nudged ones.
        twin: What the twin computed.
        spread: The largest relative difference of each element that nudging the inputs makes, of the conversion or the source.
        tolerance: Largest relative difference that is right anyway.
    """
    if not all(actual.shape == other.shape for other in (*samples, twin, spread)):
        return False
    if actual.dtype.kind != "f":
        return bool(((actual == samples[0]) | (actual == twin)).all())
    ours, own = relative_differences(actual, twin), [relative_differences(sample, twin) for sample in samples]
    if not np.isfinite(ours).all() or max(values.max(initial=0.0) for values in own) > LOUDEST:
        return False
    if (ours > np.maximum(FURTHER * spread, tolerance)).any():
        return False
    largest_first = np.max([np.sort(values.ravel())[::-1] for values in own], axis=0)
    allowed = LARGER * largest_first[np.arange(ours.size) // OFTENER]
    return bool((np.sort(ours.ravel())[::-1] <= np.maximum(allowed, tolerance)).all())


def nudges(feeds: Mapping[str, Array], spacing: float) -> Iterator[dict[str, Array]]:
    """The inputs `NUDGES` times, their floating point numbers moved by about their last bit: up, down, or not at all.

    Args:
        feeds: Arrays by name.
        spacing: Relative distance of the numbers that the model computes with.
    """
    random = np.random.default_rng(0)
    for _ in range(NUDGES):
        moves = {name: 1 + spacing * random.integers(-1, 1, array.shape, endpoint=True) for name, array in feeds.items()}
        yield {name: (a * moves[name]).astype(a.dtype) if a.dtype.kind == "f" else a for name, a in feeds.items()}


@dataclass
class Comparison:
    """Results on some inputs, compared with those of a source model.

    Attributes:
        source: The source model.
        feeds: The inputs by its names.
        spacing: See `nudges`.
        expected: What the source model computed last, by its names.
    """

    source: Source
    feeds: Mapping[str, Array]
    spacing: float = float(np.finfo(np.float32).eps)
    expected: Mapping[str, Array] = field(default_factory=dict, init=False)
    _failed: set[str] = field(default_factory=set, init=False)

    def differences(self, results: Sequence[Result], nudged: Iterable[Mapping[str, Array]]) -> list[Difference]:
        """The difference of each result, and what explains it.

        Args:
            results: What was computed.
            nudged: The same on nudged inputs, by name; computed only as far as it is needed.

        Raises:
            ExecutionError: The source model cannot be run.
        """
        self.expected = expected = self.source.run(self.feeds, [result.source_name for result in results])
        found = [compare(r.name, r.array, expected[r.source_name], r.tolerance) for r in results]
        missed = [r for r, difference in zip(results, found, strict=True) if not difference.ok and _may_be_noise(difference)]
        explained = dict(self._explained(missed, expected, nudged)) if missed else {}
        return [replace(difference, noise=explained.get(r)) for r, difference in zip(results, found, strict=True)]

    def _explained(
        self, missed: Sequence[Result], expected: Mapping[str, Array], nudged: Iterable[Mapping[str, Array]]
    ) -> Iterator[tuple[Result, Noise]]:
        """Those of the results that are too far away whose differences the source's own noise explains."""
        names = [result.source_name for result in missed]
        base: Runnable = self.source
        samples = [expected]
        peer = self.source.peer() if missed else None
        values = self._computed(peer, names) if peer else None
        if peer and values:
            base, samples = peer, [values]
            right = {r for r in missed if is_peer(r.array, expected[r.source_name], values[r.source_name], r.tolerance)}
            yield from ((r, _noise(r, [expected], peer, values)) for r in missed if r in right)
            missed = [r for r in missed if r not in right]
        spread = {r.name: np.zeros(r.array.shape) for r in missed}
        again = zip((base.run(feeds, names) for feeds in nudges(self.feeds, self.spacing)), nudged, strict=True)
        for twin in self.source.twins() if missed else ():
            others = self._computed(twin, names)
            if others is None:
                continue
            while True:
                right = {
                    r
                    for r in missed
                    if is_noise(r.array, [s[r.source_name] for s in samples], others[r.source_name], spread[r.name], r.tolerance)
                }
                yield from ((r, _noise(r, [expected, *samples], twin, others)) for r in missed if r in right)
                missed = [r for r in missed if r not in right]
                # As few as it takes: each costs a run of both. Integers are not moved.
                moved = _next(again) if any(r.array.dtype.kind == "f" for r in missed) else None
                if moved is None:
                    break
                spread = {r.name: np.maximum(spread[r.name], _spread(r, samples[0], *moved)) for r in missed}
                samples.append(moved[0])
            if not missed:
                return

    def _computed(self, runnable: Runnable, names: Sequence[str]) -> dict[str, Array] | None:
        """The values of these tensors; None when they cannot be computed that way, which then says nothing."""
        if runnable.runner in self._failed:
            return None
        called = runnable.runner
        try:
            return runnable.run(self.feeds, names)
        except (WebNNError, MemoryError):  # a runtime lacks some kernels in some types
            self._failed.add(called)
            return None


@dataclass(frozen=True, eq=False)
class Result:
    """A computed tensor.

    Attributes:
        name: What it is called.
        array: Its values.
        source_name: What the source model calls it.
        tolerance: Largest relative difference that is right.
    """

    name: str
    array: Array
    source_name: str
    tolerance: float


def _spread(result: Result, base: Mapping[str, Array], theirs: Mapping[str, Array], ours: Mapping[str, Array]) -> Array:
    """What nudging the inputs does to each element, computed by the source or by the conversion."""
    source = relative_differences(theirs[result.source_name], base[result.source_name])
    spread = np.maximum(source, relative_differences(ours[result.name], result.array))
    return np.where(np.isfinite(spread), spread, 0.0)


def _next(again: Iterator[tuple[dict[str, Array], Mapping[str, Array]]]) -> tuple[dict[str, Array], Mapping[str, Array]] | None:
    """What both compute on inputs that are nudged once more; None when that has been often enough, or one of them fails."""
    try:
        return next(again, None)
    except (WebNNError, MemoryError):
        return None


def _may_be_noise(difference: Difference) -> bool:
    """Whether it is worth a closer look. Of integers, any difference is."""
    return not difference.reason and (difference.relative <= LOUDEST or difference.tolerance == 0)


def _noise(result: Result, samples: Sequence[Mapping[str, Array]], measure: Runnable, right: Mapping[str, Array]) -> Noise:
    """How far the source is from its twin; where that computes the same, how far it is on nudged inputs."""
    sources = (sample[result.source_name].astype(result.array.dtype) for sample in samples)
    distances = [compare("", source, right[result.source_name], 0).relative for source in sources]
    return Noise(distances[0] if distances[0] > result.tolerance else max(distances), measure.runner)
