"""Recordings: what a model of speech is given of a file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import FormatError, reason, unreadable
from webnn_graph.tasks.resampling import LEAST_RATE, MOST_RATE, resampled

SUFFIX = ".wav"
INTEGERS, FLOATS, EXTENSIBLE = 1, 3, 0xFFFE
"""What samples are, as the head of a file numbers it: that of the last kind says it behind (Microsoft, "Multiple Channel Audio Data and
WAVE Files", 2007)."""
GUID = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the number there."""
SAMPLES = {
    (INTEGERS, 8): ("u1", 128, 2**7),
    (INTEGERS, 16): ("<i2", 0, 2**15),
    (INTEGERS, 24): ("<i4", 0, 2**31),
    (INTEGERS, 32): ("<i4", 0, 2**31),
    (FLOATS, 32): ("<f4", 0, 1),
}
"""By kind and bits: the type, with that of 24 bits in the upper ones, what is 0, and what is 1."""
UNKNOWN = 0x7FFFF000
"""Programs that write to a pipe say at least so many bytes, as they do not know how many will come."""
HINT = "ffmpeg -i FILE -ar {rate} -ac 1 -c:a pcm_s16le OTHER.wav makes what is taken of any recording"


def read_sound(file: Path, rate: int) -> Array:
    """The samples of a ``.wav`` file, float32[samples]; channels become one, their mean.

    Integers (PCM) of 8, 16, 24 or 32 bits are scaled to -1..1, floating point numbers of 32 bits stay as they are.

    Args:
        file: The file.
        rate: Samples a second that are wanted; those of another rate are resampled.

    Raises:
        FormatError: It is missing, damaged or of another kind.
    """
    hint = HINT.format(rate=rate)
    try:
        with file.open("rb") as stream:
            head = stream.read(12)
            is_wave = head[:4] == b"RIFF"[: len(head)] and head[8:] == b"WAVE"[: len(head[8:])]
            content = stream.read() if is_wave else b""
        if not is_wave:
            raise ValueError("it does not begin like one")
        (kind, channels, found, _, _, bits), data = _chunks(content)
    except OSError as error:
        raise unreadable(file, error) from None
    except ValueError as error:
        raise FormatError(f"{file} is not a .wav file, or is damaged: {reason(error)}", hint) from None
    if (kind, bits) not in SAMPLES or not channels:
        known = "integers of 8, 16, 24 or 32 bits and floating point numbers of 32"
        raise FormatError(f"{file} has {channels} channels of {bits} bits in format {kind}; {known} are taken", hint)
    if not LEAST_RATE <= found <= MOST_RATE:
        raise FormatError(f"{file} has {found:,} samples a second; sounds have {LEAST_RATE:,} to {MOST_RATE:,}", hint)
    dtype, zero, one = SAMPLES[kind, bits]
    step = channels * bits // 8
    raw = np.frombuffer(data, np.uint8, len(data) // step * step)
    raw = np.pad(raw.reshape(-1, 3), ((0, 0), (1, 0))) if bits == 24 else raw
    samples = (raw.reshape(-1).view(dtype).reshape(-1, channels).mean(axis=1, dtype=np.float64) - zero) / one
    if not np.isfinite(samples).all():
        raise FormatError(f"{file} has samples that are no numbers, or infinite")
    return resampled(np.asarray(samples, np.float32), found, rate)


def _chunks(content: bytes) -> tuple[tuple[int, ...], bytes]:
    """What a ``.wav`` file says of its samples, and their bytes, of what follows its first 12.

    Returns:
        The kind, the channels, the samples a second, the bytes a second, those of a sample of all channels, the bits; and the bytes.

    Raises:
        ValueError: There are none, or fewer than it says.
    """
    place, head = 0, b""
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        place += 8
        if name == b"fmt ":
            head = content[place : place + size]
        if name == b"data":
            break
        place += size + size % 2
    else:
        raise ValueError("it ends too early")
    data = content[place : place + size]
    if len(data) < size < UNKNOWN:
        raise ValueError(f"it is cut: {len(data):,} bytes of {size:,} are there")
    if len(head) < 16:
        raise ValueError("it does not say what its samples are")
    kind, *others = struct.unpack_from("<HHIIHH", head)
    if kind == EXTENSIBLE and head[26:40] == GUID:
        (kind,) = struct.unpack_from("<H", head, 24)
    return (kind, *others), data
