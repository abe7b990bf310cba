"""Spectrograms of sounds, in NumPy, and the numbers that a graph computes them with."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.spectrogram import Spectrogram

VARIANCE = 1e-7
"""What is added to a variance before it divides."""
LOGARITHMS = {"ln": 1.0, "log10": 1 / math.log(10), "db": 10 / math.log(10)}
"""What natural logarithms of powers are multiplied by; see `logarithm`."""
AT_ONCE = 2**21
"""Samples in frames that are transformed at once."""
BREAK = 1000.0
"""Hertz up to which Slaney's mels are as far apart; beyond them their logarithms are."""


def window(how: Spectrogram) -> Array:
    """What a frame is multiplied by, float64[length]."""
    places = np.arange(how.length) * (2 * np.pi / max(1, how.length if how.periodic else how.length - 1))
    if how.window == "rectangular":
        return np.ones(how.length)
    if how.window == "hamming":
        return np.asarray(0.54 - 0.46 * np.cos(places))
    hann = 0.5 - 0.5 * np.cos(places)
    return np.asarray(hann**0.85 if how.window == "povey" else hann)


def mels_of(hertz: Array, scale: str) -> Array:
    """Frequencies in mels."""
    if scale != "slaney":
        return np.asarray(1127 * np.log1p(hertz / 700) if scale == "kaldi" else 2595 * np.log10(1 + hertz / 700))
    beyond = 15 + 27 * np.log(np.maximum(hertz, BREAK) / BREAK) / math.log(6.4)
    return np.where(hertz < BREAK, hertz * (15 / BREAK), beyond)


def hertz_of(mels: Array, scale: str) -> Array:
    """Mels as frequencies."""
    if scale != "slaney":
        return np.asarray(700 * np.expm1(mels / 1127) if scale == "kaldi" else 700 * (10 ** (mels / 2595) - 1))
    beyond = BREAK * np.exp((np.maximum(mels, 15) - 15) * (math.log(6.4) / 27))
    return np.where(mels < 15, mels * (BREAK / 15), beyond)


def filters(how: Spectrogram, rate: int) -> Array:
    """The weights of frequencies in each mel, float64[1 + size // 2, mels]: triangles from the middle of one neighbour to the other's.

    Args:
        how: Says which.
        rate: Samples a second.
    """
    ends = mels_of(np.array([how.lowest, how.highest or rate / 2]), how.mel_scale)
    middles: Array = np.linspace(ends[0], ends[1], how.mels + 2)
    in_hertz = hertz_of(middles, how.mel_scale)
    places = np.arange(how.size // 2 + 1) * (rate / how.size)
    if how.mel_scale == "kaldi":
        places = mels_of(places, "kaldi")
    else:
        middles = in_hertz
    steps = np.diff(middles)
    rising = (places[:, None] - middles[:-2]) / steps[:-1]
    falling = (middles[2:] - places[:, None]) / steps[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(weights * (2 / (in_hertz[2:] - in_hertz[:-2])) if how.norm == "slaney" else weights)


def before(how: Spectrogram) -> int:
    """Samples of the reflected sound before its beginning that the first frame is of."""
    if how.place == "inside":
        return 0
    return how.length // 2 if how.place == "centered" else max(0, how.length // 2 - how.hop // 2)


def frames(samples: Array, how: Spectrogram, count: int) -> Array:
    """So many frames of a sound, float64[count, length]; zeros where they reach beyond it and its reflection."""
    padded, needed = samples.astype(np.float64), (count - 1) * how.hop + how.length
    if how.place != "inside":
        sides = before(how), min(samples.size - 1, max(0, needed - before(how) - samples.size))
        padded = np.pad(padded, sides, "reflect" if how.place == "centered" else "symmetric")
    padded = np.pad(padded, (0, max(0, needed - padded.size)))
    return np.lib.stride_tricks.sliding_window_view(padded, how.length)[: needed - how.length + 1 : how.hop]


def conditioned(found: Array, how: Spectrogram) -> Array:
    """Frames [count, length] without their means, and pre-emphasised."""
    found = found * how.scale
    if how.remove_dc:
        found = found - found.mean(1, keepdims=True)
    return found - how.preemphasis * np.concatenate([found[:, :1], found[:, :-1]], 1) if how.preemphasis else found


def transformed(found: Array, how: Spectrogram) -> Array:
    """Frames [count, length] as frequencies, complex128[count, 1 + size // 2]: a linear function of each."""
    return np.asarray(np.fft.rfft(found * window(how), how.size))


def levels(samples: Array, how: Spectrogram, rate: int, count: int) -> Array:
    """The levels of so many frames, before anything of what depends on others, float64[count, mels]."""
    found, weights, step = frames(samples, how, count), filters(how, rate), max(1, AT_ONCE // how.size)
    parts = (transformed(conditioned(found[start : start + step], how), how) for start in range(0, count, step))
    powers = np.maximum(np.concatenate([np.abs(part) ** how.power @ weights for part in parts]), how.floor)
    return np.asarray(powers if how.log == "none" else np.log(powers) * logarithm(how))


def logarithm(how: Spectrogram) -> float:
    """What natural logarithms are multiplied by."""
    return LOGARITHMS[how.log] * (2 / how.power if how.log == "db" else 1)


def spectrogram(samples: Array, how: Spectrogram, rate: int, shape: tuple[int, ...]) -> Array:
    """A spectrogram as a tensor takes it, float32 of its shape; the same for all axes before the last two.

    Args:
        samples: float32[n] from -1 to 1, at most `Spectrogram.samples`.
        how: How it is made.
        rate: Samples a second.
        shape: Of the tensor.
    """
    most, count = how.samples(shape), how.frames(shape)
    there = min(count, how.covered(len(samples))) if how.needs_length else count
    found = np.zeros((count, how.mels))
    if there:
        made = levels(np.pad(samples, (0, most - len(samples))), how, rate, there)
        if how.range is not None:
            made = np.maximum(made, made.max() - how.range)
        found[:there] = normalized(made, how)
    found = (found - how.mean) / how.std
    rows = found.reshape(count // how.stack, -1)
    return np.broadcast_to(rows if how.layout == "frames_mels" else rows.T, shape).astype(np.float32)


def normalized(found: Array, how: Spectrogram) -> Array:
    """Levels [frames, mels] without the mean of each mel, and divided by its standard deviation, as `Spectrogram.normalize` says."""
    if how.normalize == "none":
        return found
    found = found - found.mean(0)
    if how.normalize == "mean":
        return found
    return np.asarray(found / np.sqrt((found**2).sum(0) / max(1, len(found) - 1) + VARIANCE))
