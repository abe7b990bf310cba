"""How a spectrogram is made of a sound: what models of sounds take that do not take its samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

MOST_LENGTH = 2**12
"""Samples of a frame."""
LEAST_BAND = 1.0
"""Hertz that all mels are of: triangles of less have no width in floating point numbers."""

Samples: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_LENGTH)]
Hertz: TypeAlias = Annotated[float, Meta(ge=0, le=2**20)]
Level: TypeAlias = Annotated[float, Meta(ge=-1e6, le=1e6)]
Factor: TypeAlias = Annotated[float, Meta(ge=1e-9, le=1e6)]


class Spectrogram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How strong frequencies are, in mels, frame by frame: ``(log(mels) - mean) / std``.

    Samples are from -1 to 1. Of each frame, in this order: its mean is taken off, it is pre-emphasised, windowed, filled up with zeros
    and transformed; the powers of frequencies are weighted and added to those of mels, and their logarithm is taken.

    Attributes:
        length: Samples of a frame.
        hop: Samples from frame to frame.
        fft: Samples that the Fourier transform is of; None for those of a frame.
        window: What a frame is multiplied by; ``povey`` is Kaldi's, a Hann window to the power of 0.85.
        periodic: Whether the window is one period of a longer one, or has two equal ends.
        place: Where frames are: ``inside`` the sound, the first at its beginning; ``centered``, the first around its beginning;
            ``between``, around the middle of each hop. Beyond its ends the sound is reflected, for ``between`` with its last sample.
        last: Of ``centered``: whether there is a frame around the end.
        scale: What samples are multiplied by, 32768 for those of 16 bits.
        remove_dc: Whether the mean of each frame is taken off.
        preemphasis: What of each sample is taken off the next one.
        power: Of the absolute values of frequencies.
        mels: How many.
        mel_scale: Which frequencies they are of; triangles of ``kaldi`` are straight in mels, others in hertz.
        norm: Whether wide triangles are lower, so that all have the same area (``slaney``).
        lowest: Frequency.
        highest: Frequency; None for half the sampling rate.
        log: The logarithm: natural (``ln``), ``log10``, or decibels (``db``).
        floor: The least power.
        range: How far below the loudest level all others may be; None for any.
        normalize: What is taken off each mel: its ``mean`` over all frames; ``variance`` also divides by its standard deviation.
        mean: Taken off at last.
        std: What that is divided by.
        layout: Which of the last two axes are frames.
        stack: Frames side by side that are one row.
        fill: What follows a sound that is shorter: silence, before all this, or ``zeros`` in the place of levels, before ``mean``.
    """

    length: Samples
    hop: Samples
    fft: Samples | None = None
    window: Literal["hann", "hamming", "povey", "rectangular"] = "hann"
    periodic: bool = True
    place: Literal["inside", "centered", "between"] = "centered"
    last: bool = False
    scale: Factor = 1.0
    remove_dc: bool = False
    preemphasis: Annotated[float, Meta(ge=0, le=1)] = 0.0
    power: Literal[1, 2] = 2
    mels: Annotated[int, Meta(ge=1, le=2**12)]
    mel_scale: Literal["htk", "slaney", "kaldi"] = "htk"
    norm: Literal["none", "slaney"] = "none"
    lowest: Hertz = 0.0
    highest: Annotated[float, Meta(gt=0, le=2**20)] | None = None
    log: Literal["none", "ln", "log10", "db"] = "ln"
    floor: Annotated[float, Meta(gt=0, le=1)] = 1e-10
    range: Factor | None = None
    normalize: Literal["none", "mean", "variance"] = "none"
    mean: Level = 0.0
    std: Factor = 1.0
    layout: Literal["frames_mels", "mels_frames"] = "frames_mels"
    stack: Annotated[int, Meta(ge=1, le=64)] = 1
    fill: Literal["silence", "zeros"] = "silence"

    @property
    def size(self) -> int:
        """Samples that the Fourier transform is of."""
        return max(self.fft or self.length, self.length)

    @property
    def needs_length(self) -> bool:
        """Whether levels depend on how long the sound is that there is."""
        return self.fill == "zeros" or self.normalize != "none"

    def frames(self, shape: tuple[int, ...]) -> int:
        """Frames that a tensor of this shape has."""
        return shape[-2] * self.stack if self.layout == "frames_mels" else shape[-1]

    def samples(self, shape: tuple[int, ...]) -> int:
        """Samples that the frames of a tensor of this shape are of."""
        frames = self.frames(shape)
        if self.place == "inside":
            return (frames - 1) * self.hop + self.length
        return (frames - 1 if self.last and self.place == "centered" else frames) * self.hop

    @property
    def first(self) -> int:
        """Samples of the shortest sound that has a frame; each `hop` more is another."""
        if self.place == "inside":
            return self.length
        return self.hop - self.hop // 2 if self.place == "between" else 0 if self.last else self.hop

    def covered(self, samples: int) -> int:
        """Frames of so many samples."""
        return max(0, (samples - self.first) // self.hop + 1)

    def problems(self, shape: tuple[int, ...], rate: int) -> Iterator[str]:
        """What contradicts a tensor of this shape, or a sampling rate."""
        if len(shape) < 2:
            yield f"a spectrogram has frames and mels, not {len(shape)} axes"
            return
        wanted = self.mels * self.stack if self.layout == "frames_mels" else self.mels
        found = shape[-1] if self.layout == "frames_mels" else shape[-2]
        if found != wanted:
            yield f"{self.layout} of {self.mels} mels{f', {self.stack} in a row,' if self.stack > 1 else ''} has {wanted}, not {found}"
        if self.layout == "mels_frames" and self.stack > 1:
            yield "only rows of frames are stacked"
        highest = self.highest or rate / 2
        if not self.lowest < highest <= rate / 2:
            yield f"mels are of frequencies from {self.lowest:g} to {highest:g}, and the sound has those to {rate / 2:g}"
        elif highest - self.lowest < LEAST_BAND:
            yield f"mels are of frequencies from {self.lowest:g} to {highest:g}, less than {LEAST_BAND:g} Hz"
        if self.place != "inside" and self.samples(shape) <= self.length // 2:
            yield "a frame is longer than the sound that is reflected"
