"""What options take: kinds of values that are read from a word of a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from converters.commands.beside import READ
from webnn_graph.errors import WebNNError
from webnn_graph.formats.table import library_of
from webnn_graph.wording import bytes_of


class Assignment(click.ParamType):
    """``NAME=VALUE``, the value read by ``read``; ``last`` splits at the last equals sign, for names that contain one."""

    def __init__(self, metavar: str, read: Callable[[str], Any], *, last: bool = True) -> None:
        self.name = metavar
        self.read = read
        self.last = last

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, equals, text = value.rpartition("=") if self.last else value.partition("=")
        if not (name and equals and text):
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        try:
            return name, self.read(text)
        except ValueError:
            self.fail(f"{value!r} is not {self.name}", param, ctx)


def _sizes(text: str) -> list[int | str]:
    return [_size(size.strip()) for size in text.strip("[]").split(",")] if text.strip("[]") else []


def _size(text: str) -> int | str:
    return text if text.isidentifier() else int(text)


def _several(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _value(text: str) -> Any:
    from webnn_graph.feeds import read_value

    value = read_value(text)
    if text.endswith((".npy", ".npz")):
        click.get_current_context().meta.setdefault(READ, []).append(Path(text))
    return value


class Lengths(click.ParamType):
    """``PROMPT,CACHE``: two numbers of tokens."""

    name = "PROMPT,CACHE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        numbers = str(value).split(",")
        if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
            self.fail(f"{value!r} is not {self.name}, like 64,512", param, ctx)
        return int(numbers[0]), int(numbers[1])


class ByteCount(click.ParamType):
    """``500MB``: a number of bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return value if isinstance(value, int) else bytes_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Fallback(click.ParamType):
    """``ort-web``, or ``ort-web=MODULE``."""

    name = "ort-web[=MODULE]"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            library_of(value)
        except WebNNError as error:
            self.fail(f"{error.what}; {error.hint}", param, ctx)
        return value


class Described(click.ParamType):
    """What an input or output is, as a function of `converters.described.given` reads it.

    Args:
        metavar: How help shows it.
        read: Raises `ValueError` for what is not so.
    """

    def __init__(self, metavar: str, read: Callable[[str], Any]) -> None:
        self.name = metavar
        self.read = read

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.read(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


def _image(text: str) -> Any:
    from converters.described.given import image

    return image(text)


def _audio(text: str) -> Any:
    from converters.described.given import audio

    return audio(text)


def _bytes(text: str) -> Any:
    from converters.described.given import bytes_of

    return bytes_of(text)


def _centers(text: str) -> Any:
    from converters.described.centers import words

    return words(text)


def _labels(text: str) -> tuple[str, Path]:
    output, colon, file = text.rpartition(":")
    return (output, Path(file)) if colon and not Path(text).exists() else ("", Path(text))


def _picture_size(text: str) -> tuple[int, int]:
    from webnn_graph.metadata import MOST_SIDE

    height, _, width = text.partition("x")
    if not all(side.isdecimal() and len(side) < 6 and 1 <= int(side) <= MOST_SIDE for side in (height, width)):
        raise ValueError(f"it is not like 480x640, height and width in pixels, each at most {MOST_SIDE:,}")
    return int(height), int(width)


class RandomNumbers(click.ParamType):
    """``inputs``, or a seed."""

    name = "inputs|SEED"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "inputs" or isinstance(value, int):
            return value
        if not str(value).isdecimal():
            self.fail(f"{value!r} is neither inputs nor a whole number", param, ctx)
        return int(value)


class Tokens(click.ParamType):
    """``1,2,3``: tokens."""

    name = "ID,ID,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        numbers = [number.strip() for number in value.split(",")]
        if not all(number.isdecimal() and len(number) < 20 for number in numbers):
            self.fail(f"{value!r} is not {self.name}, like 1,15043,29", param, ctx)
        return [int(number) for number in numbers]


LENGTHS = Lengths()
DIMENSION = Assignment("NAME=N", int)
DIMENSION_SIZES = Assignment("NAME=N[,N...]", _several)
SHAPE = Assignment("INPUT=1,3,224,224", _sizes)
VALUE = Assignment("INPUT=VALUE", _value, last=False)
IMAGE = Described("INPUT:WORD,...", _image)
AUDIO = Described("INPUT:RATE", _audio)
BYTES = Described("INPUT:block=N,...", _bytes)
CENTERS = Described("WORD,...", _centers)
PICTURE_SIZE = Described("HEIGHTxWIDTH", _picture_size)
LABELS = Described("[OUTPUT:]FILE", _labels)
