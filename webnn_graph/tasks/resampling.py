"""Sounds at another sampling rate."""

from __future__ import annotations

from math import gcd

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.metadata import MOST_RATE as MOST_RATE

LEAST_RATE = 1000
"""Samples a second that a sound has at least; `MOST_RATE` at most."""
ZEROS, BETA = 10, 5.0
"""Of the filter: crossings of zero on each side, and the parameter of Kaiser's window."""


def resampled(samples: Array, rate: int, wanted: int) -> Array:
    """Samples at another rate: polyphase filtering with a windowed sinc, as `scipy.signal.resample_poly` does it.

    Args:
        samples: float32[n].
        rate: How many a second they are.
        wanted: How many a second there shall be.

    Returns:
        float32[ceil(n * wanted / rate)].
    """
    if rate == wanted:
        return samples
    up, down = wanted // gcd(rate, wanted), rate // gcd(rate, wanted)
    half = ZEROS * max(up, down)
    places = np.arange(-half, half + 1)
    taps = np.sinc(places / max(up, down)) * np.i0(BETA * np.sqrt(1 - (places / half) ** 2))
    taps *= up / taps.sum()
    count = -(-len(samples) * up // down)
    reach = half // up + 1
    padded = np.pad(samples.astype(np.float64), (reach, reach + down))
    made = np.empty(count)
    for phase in range(min(up, count)):  # all results that are as far behind a sample
        first, offset = divmod(phase * down, up)
        chosen = _phase(taps, half, up, offset, reach)
        rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)[first::down]
        made[phase::up] = rows[: len(made[phase::up])] @ chosen
    return made.astype(np.float32)


def _phase(taps: Array, half: int, up: int, offset: int, reach: int) -> Array:
    """The taps of the samples from ``reach`` before one to as far behind it, of a result ``offset / up`` behind that one."""
    places = half + offset - np.arange(-reach, reach + 1) * up
    return np.where((places >= 0) & (places <= 2 * half), taps[places.clip(0, 2 * half)], 0.0)
