"""Files as a model takes them: the bytes at their beginnings and ends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import FormatError, ValidationError, unreadable
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Bytes


@dataclass(frozen=True)
class Ends:
    """The blocks at the beginning and at the end of a file, which may overlap; of a file that is no longer than one, all of it."""

    first: bytes
    last: bytes


def read_ends(file: Path, block: int) -> Ends:
    """Both, of at most so many bytes; the rest of the file is not read.

    Raises:
        FormatError: There is no such file, or it cannot be read.
    """
    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            raise FormatError(f"{file} is no file")
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            count = min(block, size)
            opened.seek(0)
            first = opened.read(count)
            opened.seek(size - count)
            return Ends(first, opened.read(count))
    except OSError as error:
        raise unreadable(file, error) from None


def takes_bytes(data_type: DataType, meaning: Bytes) -> bool:
    """Whether an input's type has all bytes, and what fills up."""
    return data_type.range[1] >= max(255, meaning.pad)


def fitted(ends: Ends, meaning: Bytes, operand: Descriptor) -> Array:
    """The bytes as an input takes them.

    Args:
        ends: Of blocks of `Bytes.block`.
        meaning: What the input is.
        operand: Its type and shape.

    Raises:
        ValidationError: The file is too short, or the type does not have all bytes, or what fills up.
    """
    if not takes_bytes(operand.data_type, meaning):
        raise ValidationError(
            f"{operand.data_type} does not have all numbers from 0 to {max(255, meaning.pad)}, which bytes become", code=Code.WRONG_SHAPE
        )
    first, last = (ends.first.lstrip(), ends.last.rstrip()) if meaning.stripped else (ends.first, ends.last)
    if len(first) < meaning.least:
        without = " without white space" if meaning.stripped and ends.first else ""
        said = f"the file has {len(first):,} bytes{without}; the model takes {meaning.least:,} or more"
        raise ValidationError(said, code=Code.WRONG_INPUT)
    numbers = np.full(meaning.first + meaning.last, meaning.pad, np.int64)
    first, last = first[: meaning.first], last[max(0, len(last) - meaning.last) :]
    numbers[: len(first)] = np.frombuffer(first, np.uint8)
    numbers[len(numbers) - len(last) :] = np.frombuffer(last, np.uint8)
    return np.broadcast_to(numbers, operand.shape).astype(operand.data_type.numpy)
