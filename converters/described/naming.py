"""What a user calls the numbers of outputs: files of labels, of characters, of targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, unreadable
from webnn_graph.metadata import MOST_BYTES, MOST_CHARACTERS, Target
from webnn_graph.wording import one_line

LABELS = ("id2label", "target_labels_space")
"""Members of configurations that hold labels: of transformers, and of magika."""


def read_labels(file: Path, *, are_characters: bool = False) -> tuple[str, ...]:
    """The labels in a file: one a line, or as JSON a list, an object by number, or a configuration that has them, see `LABELS`.

    Characters may also be the ``charset`` of an object, and ``[`` and ``{`` may be the first of some that stand one a line.

    Raises:
        FormatError: There are none, or they have gaps.
    """
    names = _read(file, are_characters)
    if isinstance(names, dict):
        names = next((names[member] for member in (("charset",) if are_characters else LABELS) if member in names), names)
    if isinstance(names, dict):
        names = [names.get(str(number)) for number in range(len(names))]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise FormatError(f"{file} holds no labels", "one a line, or as JSON a list or an object by number")
    longest = max(names, key=len)
    if len(longest) > MOST_CHARACTERS:
        raise FormatError(f"{file}: label {names.index(longest):,} has {len(longest):,} characters; at most {MOST_CHARACTERS:,}")
    return tuple(names)


def read_targets(file: Path) -> tuple[Target, ...]:
    """The targets of a regression in a file: the name of one a line, or as JSON a list of names or of the members of `Target`.

    Raises:
        FormatError: There are none, or one is not what its place takes.
    """
    said = _read(file)
    if not isinstance(said, list) or not said or not all(said):
        raise FormatError(f"{file} holds no names of values", "one a line, or as JSON a list")
    try:
        return msgspec.convert([{"name": one} if isinstance(one, str) else one for one in said], tuple[Target, ...])
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise FormatError(f"{file}: {one_line(str(error), 200)}", 'as JSON it is like [{"name": "age", "unit": "years"}]') from None


def _read(file: Path, are_characters: bool = False) -> Any:
    """What a file holds: as JSON, or a name a line."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise FormatError(f"{file} has {file.stat().st_size:,} bytes; labels have at most {MOST_BYTES:,}")
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise unreadable(file, error) from None
    except UnicodeDecodeError as error:
        raise FormatError(f"{file} is no text: byte {error.start} is not UTF-8", "save it as UTF-8, or is it another file?") from None
    lines = text.removesuffix("\n").split("\n") if text else []
    if not text.lstrip().startswith(("[", "{")):
        return lines
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if not are_characters or text.partition("\n")[0] not in ("[", "{"):
            raise FormatError(f"{file} is no JSON: {error}", code=Code.SYNTAX_ERROR) from None
        return lines
