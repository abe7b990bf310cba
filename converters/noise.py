"""The source's own noise: how far a source model is from itself, and whether that explains a difference from it.

A model that computes in bfloat16, quantizes as it goes, or takes the logarithm of next to nothing has no result that any two
runtimes agree on. Such a model is measured with itself: a *twin* is the same model computed more exactly, or in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from converters.source import Runnable, Source
from webnn_graph.compare import Difference, Noise, compare, relative_differences
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError

LARGER = 3.0
"""How much larger than the source's a conversion's differences from the twin may be: both are rounded, each in its own way."""
OFTENER = 2.0
"""How much oftener than the reverse it may be wrong where the source is right."""
LOUDEST = 0.5
"""Largest relative difference of the source from itself that says anything of a conversion."""


def is_noise(actual: Array, source: Array, twin: Array, tolerance: float) -> bool:
    """Whether a conversion is as near to the source model as that is to itself.

    The source must be within `LOUDEST` of its twin, and wherever one of the three has a number, all have. Then either the
    conversion is within the tolerance of the twin, or it is about as near to the twin as the source is, whichever way one counts:

    * sorted by size, each of its differences is at most `LARGER` times the source's of the same rank, or within the tolerance:
      one uncertain element excuses neither a larger difference nor many;
    * it leaves the tolerance where the source does not at most `OFTENER` times as often as the reverse: noise does not choose its
      places, an error that noise elsewhere would hide does.

    Every integer must be what the source or its twin computed.

    Args:
        actual: What the conversion computed.
        source: What the source model computed.
        twin: The same by its twin.
        tolerance: Largest relative difference that needs no excuse.
    """
    if not actual.shape == source.shape == twin.shape:
        return False
    if actual.dtype.kind != "f":
        return bool(((actual == source) | (actual == twin)).all())
    ours = relative_differences(actual, twin).ravel()
    own = relative_differences(source, twin).ravel()
    if not np.isfinite(ours).all() or own.max() > LOUDEST:
        return False
    if (ours <= tolerance).all():
        return True
    alone, reverse = ((ours > tolerance) & (own <= tolerance)).sum(), ((own > tolerance) & (ours <= tolerance)).sum()
    return bool((np.sort(ours) <= np.maximum(LARGER * np.sort(own), tolerance)).all() and alone <= OFTENER * reverse)


@dataclass
class Comparison:
    """Results on some inputs, compared with those of a source model.

    Attributes:
        source: The source model.
        feeds: The inputs by its names.
    """

    source: Source
    feeds: Mapping[str, Array]
    _failed: set[str] = field(default_factory=set, init=False)

    def differences(self, results: Sequence[Result]) -> list[Difference]:
        """The difference of each result, and what explains it.

        Raises:
            ExecutionError: The source model cannot be run.
        """
        expected = self.source.run(self.feeds, [result.source_name for result in results])
        found = [compare(r.name, r.array, expected[r.source_name], r.tolerance) for r in results]
        unexplained = [i for i, difference in enumerate(found) if not difference.ok and not difference.reason]
        for twin, values in self._computed_otherwise([results[i].source_name for i in unexplained]):
            for i in unexplained:
                source, other = expected[results[i].source_name], values[results[i].source_name]
                if is_noise(results[i].array, source, other, found[i].tolerance):
                    own = compare("", source.astype(results[i].array.dtype), other, 0).relative
                    found[i] = replace(found[i], noise=Noise(own, twin.runner))
            unexplained = [i for i in unexplained if not found[i].ok]
            if not unexplained:
                break
        return found

    def _computed_otherwise(self, names: Sequence[str]) -> Iterator[tuple[Runnable, dict[str, Array]]]:
        """The values of these tensors by each twin that can be run."""
        for twin in self.source.twins() if names else ():
            if twin.runner in self._failed:
                continue
            try:
                yield twin, twin.run(self.feeds, names)
            except (WebNNError, MemoryError):  # a runtime lacks some kernels in some types: this twin says nothing
                self._failed.add(twin.runner)


@dataclass(frozen=True)
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
