"""What outputs mean that say what is where in a picture: boxes, points, and what masks are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from webnn_graph.metadata.described import Described, Names, Pixels, Share, Text, wrong_count

STRIDES = 8, 16, 32, 64
"""Sides of the cells of YOLOX's grids, in pixels of the picture that the model takes; most models have all but the last."""
MOST_POINTS = 1000
"""Of an object."""


class Boxes(Described, frozen=True, tag="boxes"):
    """An output with four numbers for each box, along the last axis.

    Attributes:
        format: Corners, corner and size, or centre and size; x before y.
        unit: Whether they are shares of the picture's width and height, or pixels of the picture that the model takes.
    """

    format: Literal["xyxy", "xywh", "cxcywh"] = "xyxy"
    unit: Literal["relative", "pixels"] = "relative"

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if not shape or shape[-1] != 4:
            yield f"a box has 4 numbers, not {shape[-1] if shape else 1}"


class Points(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points of each object, which stand behind its scores: x and y of each, in the unit of its box.

    Attributes:
        count: How many an object has.
        scored: Whether a third number says how probable it is that the point can be seen, from 0 to 1.
        names: What they are called; empty where nobody says it.
    """

    count: Annotated[int, Meta(ge=1, le=MOST_POINTS)]
    scored: bool = False
    names: Annotated[tuple[Text, ...], Meta(max_length=MOST_POINTS)] = ()

    @property
    def numbers(self) -> int:
        """How many numbers an object has of them."""
        return self.count * (3 if self.scored else 2)

    def problems(self) -> Iterator[str]:
        """What is wrong with them."""
        if len(self.names) not in (0, self.count):
            yield f"there are {len(self.names)} names for {self.count} points"


class Detections(Described, frozen=True, tag="detections"):
    """An output with boxes and the scores of their labels in one tensor, as YOLO has it.

    Attributes:
        names: What the labels are called.
        form: ``columns`` is [..., 4 + labels, boxes] with boxes as centre and size, ``rows`` the same with both axes swapped,
            ``objects`` rows with how probable anything is between the box and the labels, ``cells`` the same with a box for each cell
            of the grids of `STRIDES`, as YOLOX gives them: its centre from the cell's corner on and the logarithms of its sides, in
            sides of the cell; ``best`` [..., boxes, 6] with corners, the score of the most probable label and that label's number,
            ``final`` the same of which none is left out any more.
        unit: See `Boxes`.
        exclusive: Whether of boxes that overlap one stays, whatever their labels are, and not one of each label.
        points: What points each has behind its scores; None for none.
        coefficients: How many numbers each has behind its scores that make its mask of as many `Prototypes`.
    """

    names: Names
    form: Literal["columns", "rows", "objects", "cells", "best", "final"] = "columns"
    unit: Literal["relative", "pixels"] = "pixels"
    exclusive: bool = False
    points: Points | None = None
    coefficients: Annotated[int, Meta(ge=0, le=2**16)] = 0

    is_input: ClassVar[bool] = False

    @property
    def first(self) -> int:
        """The place of the first number behind the scores."""
        return 6 if self.form in ("best", "final") else len(self.names) + (5 if self.form in ("objects", "cells") else 4)

    @property
    def rest(self) -> int:
        """How many numbers stand there."""
        return (self.points.numbers if self.points else 0) + self.coefficients

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        axis = -2 if self.form == "columns" else -1
        wanted = self.first + self.rest
        if len(shape) < 2 or shape[axis] != wanted:
            more = f" with {self.rest} numbers more" if self.rest else ""
            yield f"{self.form} of {len(self.names)} labels{more} are {wanted} long on axis {axis}"
        if self.points:
            yield from self.points.problems()
        if self.points and self.coefficients:
            yield "objects have points or masks, not both"
        if self.rest and self.form == "cells":
            yield "boxes in cells have neither points nor masks"


class Prototypes(Described, frozen=True, tag="prototypes"):
    """An output with maps, [..., count, height, width], whose sum with an object's coefficients is above 0 where the object is."""

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 3:
            yield "prototypes have a number, height and width"


class Centers(Described, frozen=True, tag="centers"):
    """An output with how probable it is for each cell of a grid that the centre of an object is there: [..., labels, height, width].

    It is the heat map of detectors without anchors (Zhou et al. 2019, https://arxiv.org/abs/1904.07850, and Xu et al. 2019,
    https://arxiv.org/abs/1911.03599). What else a cell says of its object is in other outputs, the `Geometry` of the same cells. In
    pixels of the picture that the model takes, on each axis::

        centre = (cell + middle / 2 + offset) * stride
        side   = size * stride, with log exp(size) * stride
        point  = centre - side / 2 + number * side

    Attributes:
        names: What the labels are called.
        scores: What the numbers are: ``logits`` become probabilities by the sigmoid.
        stride: The side of a cell, in pixels of the picture that the model takes.
        order: Whether x comes before y in sizes, offsets and points, and so width before height.
        log: Whether sizes are natural logarithms.
        middle: Whether offsets count from the middle of the cell, and not from its upper left corner.
        points: What points each object has, not scored; None for none.
        overlap: The share of both that two boxes of one label may have in common.
    """

    names: Names
    scores: Literal["logits", "probabilities"] = "probabilities"
    stride: Pixels = 4
    order: Literal["xy", "yx"] = "xy"
    log: bool = False
    middle: bool = False
    points: Points | None = None
    overlap: Share = 0.45

    is_input: ClassVar[bool] = False

    @property
    def geometry(self) -> dict[str, int]:
        """How many maps there are for the same cells, by what they hold."""
        return {"sizes": 2, "offsets": 2, **({"points": self.points.numbers} if self.points else {})}

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        yield from wrong_count(len(self.names), shape, -3, "labels")
        if self.points:
            yield from self.points.problems()
        if self.points and self.points.scored:
            yield "points of centers have no scores"


class Geometry(Described, frozen=True, tag="geometry"):
    """An output with numbers for each cell of `Centers`, [..., numbers, height, width].

    Attributes:
        holds: What they are: the sizes of boxes, the offsets of their centres, or points.
    """

    holds: Literal["sizes", "offsets", "points"]

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 3:
            yield "maps have a number, height and width"


class Level(Described, frozen=True, tag="level"):
    """An output with the scores of labels for each cell of a grid over the picture, row by row: [..., cells, labels].

    Detectors that find things of all sizes have such an output for each of several grids, the levels of a pyramid, as PicoDet
    (Yu et al. 2021, https://arxiv.org/abs/2111.00902) does. What box a cell has, `Sides` of the same cells say.

    Attributes:
        names: What the labels are called.
        stride: The side of a cell, in pixels of the picture that the model takes.
        scores: What the numbers are: ``logits`` become probabilities by the sigmoid.
        overlap: The share of both that two boxes of one label may have in common; that of the finest level counts.
    """

    names: Names
    stride: Pixels
    scores: Literal["logits", "probabilities"] = "probabilities"
    overlap: Share = 0.5

    is_input: ClassVar[bool] = False

    def cells(self, size: tuple[int, int]) -> tuple[int, int]:
        """How many cover a picture of this height and width: rows and columns."""
        return -(-size[0] // self.stride), -(-size[1] // self.stride)

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "there are no cells"
        else:
            yield from wrong_count(len(self.names), shape, -1, "labels")


class Sides(Described, frozen=True, tag="sides"):
    """An output that says for each cell of a `Level` how far left, top, right and bottom of its box are from its middle.

    It is [..., cells, 4 * distances]: of each side logits of a distribution over the distances 0, 1, 2, ... sides of a cell, of which
    the box has the mean (Generalized Focal Loss, Li et al. 2020, https://arxiv.org/abs/2006.04388, section 3).
    """

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2 or shape[-1] % 4 or shape[-1] < 8:
            yield "each cell has four sides, each of which has two distances or more"


def levels_of(tensors: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The names of levels, the finest first, each with that of the sides of its boxes, as far as there are such.

    Args:
        tensors: What outputs are, by name.
        shapes: Theirs, by name.
    """
    levels = {name: meaning for name in shapes if isinstance(meaning := tensors.get(name), Level)}
    sides = [name for name in shapes if isinstance(tensors.get(name), Sides)]
    pairs = ((name, next((one for one in sides if shapes[one][:-1] == shapes[name][:-1]), None)) for name in levels)
    found = {name: one for name, one in pairs if one}
    return dict(sorted(found.items(), key=lambda pair: levels[pair[0]].stride))


def strides_of(size: tuple[int, int], count: int) -> tuple[int, ...] | None:
    """The sides of the cells of grids over a picture of a height and width that have so many; None where none of YOLOX's have."""
    counts = {strides: sum((size[0] // side) * (size[1] // side) for side in strides) for strides in (STRIDES[:-1], STRIDES)}
    return next((strides for strides, cells in counts.items() if cells == count), None)


def geometry_of(
    meaning: Centers, shape: tuple[int, ...], tensors: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, str]:
    """The names of the outputs that say more of the cells of centres, by what they hold, as far as there are such.

    Args:
        meaning: The centres.
        shape: Theirs.
        tensors: What outputs are, by name.
        shapes: Of these, by name.
    """
    found: dict[str, str] = {}
    for holds, count in meaning.geometry.items():
        for name, other in shapes.items():
            told = tensors.get(name)
            if isinstance(told, Geometry) and told.holds == holds and other[-3:] == (count, *shape[-2:]):
                found.setdefault(holds, name)
    return found


def prototypes_of(meaning: Detections, tensors: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """The name of the output of prototypes that the coefficients of detections are for; None where there is none.

    Args:
        meaning: The detections.
        tensors: What outputs are, by name.
        shapes: Theirs, by name.
    """
    for name, shape in shapes.items():
        if isinstance(tensors.get(name), Prototypes) and len(shape) > 2 and shape[-3] == meaning.coefficients:
            return name
    return None
