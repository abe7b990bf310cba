"""A sound that is longer than a model of speech takes: window after window, as Whisper has it.

A window begins where the last sentence ends that the one before says the end of. What that one says behind it is not taken: the sound may
end there in the middle of a word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.graph import Graph

SAMPLES, FEATURES = "samples", "input_features"
MARGIN = 4
"""Frames at the ends of a window that look beyond it."""
RANGE = 2.0
"""How far below the loudest of a sound all features may be."""
SECONDS = 0.02
"""From a token of a time to the next."""


@dataclass(frozen=True)
class Window:
    """What a model takes at once.

    Attributes:
        samples: Of the sound.
        frames: Of the spectrogram.
    """

    samples: int
    frames: int

    @classmethod
    def of_graph(cls, spectrogram: Graph) -> Window:
        """That of a graph from samples to features."""
        return cls(spectrogram.inputs[0].shape[-1], spectrogram.outputs[0].shape[-1])

    def frames_of(self, times: int, rate: int | None) -> int:
        """Frames of so many tokens of time; ``rate`` is samples a second."""
        return round(times * SECONDS * (rate or 0) * self.frames / self.samples)

    def features(self, samples: Array, spectrogram: Callable[[Array], Array]) -> Array:
        """The features of a longer sound, as if they were computed at once.

        Args:
            samples: float32[count], more than a window has.
            spectrogram: Computes those of a window, from float32[1, samples] to float32[1, features, frames].

        Returns:
            float32[1, features, frames].
        """
        hop = self.samples // self.frames
        total = samples.size // hop
        mirrored = np.concatenate([samples, samples[-2 : -2 - MARGIN * hop : -1]])
        parts = []
        step = self.frames - 2 * MARGIN
        for begin in range(0, total, step):
            first = max(begin - MARGIN, 0)
            part = mirrored[first * hop :][: self.samples]
            found = spectrogram(np.pad(part, (0, self.samples - part.size))[None])
            parts.append(found[..., begin - first : begin - first + min(step, total - begin)])
        joined = np.concatenate(parts, axis=-1)
        return np.asarray(np.maximum(joined, joined.max() - np.float32(RANGE)))

    def of(self, features: Array, begin: int) -> Array:
        """A window of features, zeros behind their end."""
        part = features[..., begin : begin + self.frames]
        return np.pad(part, ((0, 0), (0, 0), (0, self.frames - part.shape[-1])))


@dataclass
class Sentences:
    """What of a window's tokens is taken: those of a sentence when its end is known.

    Attributes:
        first: The token of time 0. Where two times follow each other a sentence ends, and the next one begins.
    """

    first: int
    _held: list[int] = field(default_factory=list)
    _last: tuple[int, int] = (0, 0)
    _ends: int | None = None

    def add(self, token: int) -> list[int]:
        """The tokens that are taken now."""
        self._held.append(token)
        self._last = (self._last[1], token)
        if min(self._last) >= self.first:
            self._ends = self._last[0] - self.first
        elif self._ends is not None:
            return []
        taken, self._held = self._held, []
        return taken

    def rest(self) -> tuple[list[int], int | None]:
        """What is taken when no more tokens come, and at what time the next window begins; None for where this one ends."""
        if self._ends is None or (self._last[0] < self.first <= self._last[1]):
            return self._held, None
        return [], self._ends
