"""Recordings: what a model of speech is given of a file."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import FormatError, Where, reason
from webnn_graph.tasks.resampling import LEAST_RATE, MOST_RATE, resampled

SUFFIX = ".wav"
HINT = "ffmpeg -i FILE -ar {rate} -ac 1 -c:a pcm_s16le OTHER.wav makes what is taken of any recording"


def read_sound(file: Path, rate: int) -> Array:
    """The samples of a ``.wav`` file of 16-bit integers (PCM), float32[samples] from -1 to 1; channels become one, their mean.

    Args:
        file: The file.
        rate: Samples a second that are wanted; those of another rate are resampled.

    Raises:
        FormatError: It is missing, damaged or of another kind.
    """
    hint = HINT.format(rate=rate)
    try:
        with wave.open(str(file), "rb") as sound:
            found, width, channels = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
            content = sound.readframes(sound.getnframes())
    except FileNotFoundError:
        raise FormatError("there is no such file", where=Where(str(file)), code=Code.NO_SUCH_FILE) from None
    except (wave.Error, EOFError, OSError, struct.error) as error:
        why = "it ends too early" if isinstance(error, EOFError) else reason(error)
        raise FormatError(f"{file} is not a .wav file of integers, or is damaged: {why}", hint) from None
    if width != 2:
        raise FormatError(f"{file} has samples of {8 * width} bits; they must have 16", hint)
    if not LEAST_RATE <= found <= MOST_RATE:
        raise FormatError(f"{file} has {found:,} samples a second; sounds have {LEAST_RATE:,} to {MOST_RATE:,}", hint)
    whole = len(content) // (2 * channels) * channels
    samples = np.frombuffer(content, "<i2", whole).reshape(-1, channels).mean(axis=1) / 2**15
    return resampled(np.asarray(samples, np.float32), found, rate)
