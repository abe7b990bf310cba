"""What all meanings of tensors share: how large their members may be."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

MOST_CHARACTERS = 1000
"""Of a name or a label."""
MOST_LABELS = 2**18
MOST_SIDE = 2**16
"""Pixels of a picture's height or width."""
MOST_BYTES = 2**24
"""Of the metadata of a graph: 200,000 characters or labels take some megabytes."""

Text: TypeAlias = Annotated[str, Meta(max_length=MOST_CHARACTERS)]
Names: TypeAlias = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MOST_LABELS)]
Pixels: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_SIDE)]
Byte: TypeAlias = Annotated[int, Meta(ge=0, le=255)]
Number: TypeAlias = Annotated[float, Meta(ge=-1e6, le=1e6)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=1e6)]


class Described(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What one tensor is.

    Attributes:
        joined: True where it is not the model's own, but made of that or made into that by the graph's first or last steps.
    """

    joined: bool | None = None

    @property
    def kind(self) -> str:
        """Its kind, by which files tell it from others."""
        return str(type(self).__struct_config__.tag)


def apart(shape: tuple[int, ...], own: int, most: int, what: str) -> Iterator[str]:
    """What contradicts that the last axes are something, and those before them a batch, and channels of which there are a few.

    Args:
        shape: Of the tensor.
        own: How many axes are the last ones.
        most: How many channels there are at most.
        what: What the last axes are.
    """
    if prod(shape[1:-own]) > most:
        before = "no other axis but the batch" if most == 1 else f"the batch and {most} channels at most"
        yield f"before {what} there are {before}, not {list(shape[:-own])}"


def wrong_count(names: int, shape: tuple[int, ...], axis: int, what: str) -> Iterator[str]:
    """What contradicts an axis that has a number for each name."""
    if not -len(shape) <= axis < len(shape):
        yield f"there is no axis {axis}"
    elif shape[axis] != names:
        yield f"there are {names:,} {what} for {shape[axis]:,} numbers"
