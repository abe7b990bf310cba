"""Recordings in files: what their samples are, by hand, and which files are damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.tasks.recordings import recording, voice
from webnn_graph.errors import FormatError
from webnn_graph.generation.sound import GUID, read_sound

RATE = 16_000
ENDS = {
    (1, 8): (b"\x00\x80\xff", [-1, 0, 127 / 128]),
    (1, 16): (b"\x00\x80\x00\x00\xff\x7f", [-1, 0, 1 - 2**-15]),
    (1, 24): (b"\x00\x00\x80\x00\x00\x00\xff\xff\x7f", [-1, 0, 1 - 2**-23]),
    (1, 32): (b"\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x40", [-1, 0, 0.5]),
    (3, 32): (struct.pack("<3f", -1.5, 0, 0.25), [-1.5, 0, 0.25]),
}
"""By format and bits: the bytes of three samples, and what they are."""


def written(file: Path, kind: int, bits: int, data: bytes, *, channels: int = 1, size: int | None = None, extensible: bool = False) -> Path:
    """A file of samples, with a chunk before them that nobody reads."""
    step = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, RATE, RATE * step, step, bits)
    head += struct.pack("<HHIH", 22, bits, 0, kind) + GUID if extensible else b""
    said = len(data) if size is None else size
    parts = [(b"fmt ", len(head), head), (b"LIST", 3, b"abc\0"), (b"data", said, data)]
    content = b"WAVE" + b"".join(name + struct.pack("<I", length) + part for name, length, part in parts)
    file.write_bytes(b"RIFF" + struct.pack("<I", len(content)) + content)
    return file


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("kind", "bits"), ENDS, ids=str)
def test_samples_of_every_width(kind: int, bits: int, extensible: bool, tmp_path: Path) -> None:
    data, expected = ENDS[kind, bits]
    found = read_sound(written(tmp_path / "a.wav", kind, bits, data, extensible=extensible), RATE)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.float32(expected))


def test_channels_become_one(tmp_path: Path) -> None:
    data, (low, _, high) = ENDS[1, 24]
    file = written(tmp_path / "a.wav", 1, 24, data[:3] + data[6:], channels=2)
    np.testing.assert_array_equal(read_sound(file, RATE), np.float32([(low + high) / 2]))


def test_what_was_written_to_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    assert len(read_sound(written(tmp_path / "a.wav", 1, 16, b"\0" * 20, size=0xFFFFFFFF), RATE)) == 10


@pytest.mark.parametrize(
    ("kind", "bits", "data", "said"),
    [
        (2, 4, b"\0", "1 channels of 4 bits in format 2"),
        (3, 64, b"\0" * 8, "of 64 bits in format 3"),
        (3, 32, struct.pack("<f", np.inf), "no numbers, or infinite"),
    ],
    ids=str,
)
def test_samples_that_are_not_taken(kind: int, bits: int, data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=said):
        read_sound(written(tmp_path / "a.wav", kind, bits, data), RATE)


def test_a_file_that_is_cut_is_said_to_be(tmp_path: Path) -> None:
    file = recording(tmp_path / "sound.wav", voice(100))
    file.write_bytes(file.read_bytes()[:144])
    with pytest.raises(FormatError, match="it is cut: 100 bytes of 200 are there"):
        read_sound(file, RATE)
