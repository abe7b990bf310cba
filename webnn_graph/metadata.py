"""What a graph's inputs and outputs mean: pictures, sounds, tokens, bytes of files; labels, boxes, text.

A model takes ``float32[1, 3, 224, 224]`` and gives 1,000 numbers. That the first is a picture of which channels, how it is resized
and scaled, and what the numbers are called, its author knew; `Metadata` keeps it with the graph. Files of graphs are read from
strangers: a value of another type, or out of its range, is one error that says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, get_args

import msgspec
from msgspec import Meta

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.graph import Graph
from webnn_graph.names import LICENSE, TASK
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.wording import one_line

MOST_CHARACTERS = 1000
"""Of a name or a label."""
MOST_LABELS = 2**18
MOST_SIDE = 2**16
"""Pixels of a picture's height or width."""
MOST_RATE = 384_000
"""Samples a second of a sound."""
STRIDES = 8, 16, 32, 64
"""Sides of the cells of YOLOX's grids, in pixels of the picture that the model takes; most models have all but the last."""
MOST_POINTS = 1000
"""Of an object."""
MOST_COEFFICIENTS = 16
"""Of a polynomial."""
MOST_BLOCK = 2**24
"""Bytes that are read at either end of a file."""
MOST_BYTES = 2**24
"""Of the metadata of a graph: 200,000 characters or labels take some megabytes."""

Text: TypeAlias = Annotated[str, Meta(max_length=MOST_CHARACTERS)]
Names: TypeAlias = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MOST_LABELS)]
Pixels: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_SIDE)]
Side: TypeAlias = Annotated[int, Meta(ge=-(2**26), le=2**26)]
Byte: TypeAlias = Annotated[int, Meta(ge=0, le=255)]
Number: TypeAlias = Annotated[float, Meta(ge=-1e6, le=1e6)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Positive: TypeAlias = Annotated[float, Meta(gt=0, le=1e6)]
Axis: TypeAlias = Annotated[int, Meta(ge=-8, le=7)]
OfChannels: TypeAlias = Annotated[tuple[Number, ...], Meta(max_length=4)]


class _Described(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What one tensor is.

    Attributes:
        joined: True where it is not the model's own, but made of that or made into that by the graph's first or last steps.
    """

    joined: bool | None = None

    @property
    def kind(self) -> str:
        """Its kind, by which files tell it from others."""
        return str(type(self).__struct_config__.tag)


class Placed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a graph that resizes pictures itself puts them: in the input of its model, which is of another size.

    Attributes:
        height, width: Of the model's input.
        left, top, right, bottom: Of the whole picture there, in pixels; beyond the input where this is cut out of the picture.
    """

    height: Pixels
    width: Pixels
    left: Side
    top: Side
    right: Side
    bottom: Side


class Image(_Described, frozen=True, tag="image"):
    """An input that is a picture: ``(value * scale - mean) / std`` of each channel, of values from 0 to 255.

    Its height and width are those of the tensor.

    Attributes:
        channels: Their order; ``rgba`` as canvases have them, with 255 for alpha where the picture is.
        layout: Which axes are channels, height and width.
        resize: How a picture of another size gets that of the tensor: ``stretch`` changes both sides, ``cover`` makes the shorter
            one fit and takes the middle, ``contain`` makes the longer one fit and fills up the rest, ``line`` makes a line of text
            as high as the tensor, no longer than that, and fills up the rest behind it, as PaddleOCR does.
        edge: How long the side is before the middle is taken, both sides of ``stretch``; None for that of the tensor.
        resample: How pixels between others are computed: as Pillow does, of all that a smaller pixel covers; ``linear`` of the four
            next ones alone, as OpenCV does.
        place: Of ``contain``: where the picture is, in the middle or at the upper left corner.
        fill: Of ``contain`` and ``line``: the value of the rest; None for what becomes 0, with alpha if there is one.
        scale: What values are multiplied by first.
        mean: Of each channel, or one of all; empty for 0.
        std: Of each channel, or one of all; empty for 1.
        placed: Where the graph itself puts a picture of the tensor's size; None where the model takes that size.
    """

    channels: Literal["rgb", "bgr", "gray", "rgba"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    resize: Literal["stretch", "cover", "contain", "line"] = "stretch"
    edge: Pixels | None = None
    resample: Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming", "linear"] = "bilinear"
    place: Literal["center", "corner"] = "center"
    fill: Byte | None = None
    scale: Positive = 1.0
    mean: OfChannels = ()
    std: Annotated[tuple[Positive, ...], Meta(max_length=4)] = ()
    placed: Placed | None = None

    is_input: ClassVar[bool] = True

    @property
    def count(self) -> int:
        """How many channels there are."""
        return {"gray": 1, "rgba": 4}.get(self.channels, 3)

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of a tensor of this shape."""
        height, width = shape[-2:] if self.layout == "nchw" else shape[-3:-1]
        return height, width

    def model_size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Height and width that places in the model's answers refer to."""
        return (self.placed.height, self.placed.width) if self.placed else self.size(shape)

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) not in (3, 4):
            yield f"a picture has 3 or 4 axes, not {len(shape)}"
            return
        found = shape[-3] if self.layout == "nchw" else shape[-1]
        if found != self.count:
            yield f"{self.channels} in {self.layout} has {self.count} channels, and there are {found}"
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (0, 1, self.count):
                yield f"{name} has {len(values)} values for {self.count} channels"
        if self.placed and not (self.placed.left < self.placed.right and self.placed.top < self.placed.bottom):
            yield "placed has its left before its right and its top above its bottom"


class Audio(_Described, frozen=True, tag="audio"):
    """An input that is a sound: samples from -1 to 1 along the last axis, or its spectrogram.

    Attributes:
        sampling_rate: Samples a second.
        normalized: Whether they have mean 0 and variance 1.
        context: How many samples at the beginning are the last ones of what was heard before; zeros at first.
        repeated: Whether a shorter sound is repeated as often as all of it fits.
        cut: Whether its beginning follows then, as much of it as fits; otherwise silence does.
        ends: Whether the model takes the sound to end at its last sample that is not 0.
        spectrogram: What the input is made of the samples; None for these.
    """

    sampling_rate: Annotated[int, Meta(ge=1, le=MOST_RATE)]
    normalized: bool = False
    context: Annotated[int, Meta(ge=0, le=2**20)] = 0
    repeated: bool = False
    cut: bool = False
    ends: bool = False
    spectrogram: Spectrogram | None = None

    is_input: ClassVar[bool] = True

    def samples(self, shape: tuple[int, ...]) -> int:
        """How many samples of a sound a tensor of this shape takes at once, with those of `context`."""
        return self.spectrogram.samples(shape) if self.spectrogram else shape[-1]

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if self.spectrogram:
            yield from self.spectrogram.problems(shape, self.sampling_rate)
        elif not shape:
            yield "a sound has samples, not one number"
        elif self.context >= shape[-1]:
            yield f"of {shape[-1]:,} samples {self.context:,} are those before"


class Tokens(_Described, frozen=True, tag="tokens"):
    """An input that is of a text's tokens.

    Attributes:
        holds: What of them: their numbers, which are there (``mask``), which of two texts they are of (``types``), or their places.
        pad: The token that fills up.
    """

    holds: Literal["ids", "mask", "types", "positions"] = "ids"
    pad: Annotated[int, Meta(ge=0, lt=2**31)] | None = None

    is_input: ClassVar[bool] = True

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if not shape:
            yield "a text has tokens, not one number"


class Bytes(_Described, frozen=True, tag="bytes"):
    """An input that is the first and behind them the last bytes of a file, each as a number along the last axis.

    Attributes:
        block: How many bytes are read at either end; all of a shorter file.
        first: How many of the first block are taken, from its beginning on.
        last: How many of the last block are taken, up to its end.
        stripped: Whether white space (ASCII's) at the beginning of the first block and at the end of the last is left out before.
        pad: What stands behind the first bytes, and before the last, where there are fewer.
        least: How many bytes the first block has at least; of a file with fewer nothing can be said.
    """

    block: Annotated[int, Meta(ge=1, le=MOST_BLOCK)]
    first: Annotated[int, Meta(ge=0, le=MOST_BLOCK)]
    last: Annotated[int, Meta(ge=0, le=MOST_BLOCK)] = 0
    stripped: bool = False
    pad: Annotated[int, Meta(ge=0, lt=2**15)] = 0
    least: Annotated[int, Meta(ge=1, le=MOST_BLOCK)] = 1

    is_input: ClassVar[bool] = True

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        found = shape[-1] if shape else 1
        if self.first + self.last != found:
            yield f"the first {self.first:,} and the last {self.last:,} bytes are not {found:,}"
        if max(self.first, self.last, self.least) > self.block:
            yield f"a block of {self.block:,} bytes has no {max(self.first, self.last, self.least):,}"


class Labels(_Described, frozen=True, tag="labels"):
    """An output with a number for each label: of a picture, of a sound, of each token, of each pixel.

    Attributes:
        names: What each is called.
        scores: What the numbers are: ``logits`` become probabilities by softmax, or by the sigmoid where several hold.
        several: Whether several labels may hold at once.
        axis: Along which the labels are.
    """

    names: Names
    scores: Literal["logits", "probabilities"] = "logits"
    several: bool = False
    axis: Axis = -1

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        yield from _wrong_count(len(self.names), shape, self.axis, "labels")


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number of a regression is.

    Attributes:
        name: What it is called.
        unit: Of its value; empty for none.
        polynomial: Its value is this polynomial of the model's number: the coefficients of powers 0, 1, 2, ...; empty for the number
            itself. DNSMOS P.835 maps its numbers so (Reddy et al., https://arxiv.org/abs/2110.01763).
    """

    name: Text
    unit: Text = ""
    polynomial: Annotated[tuple[Number, ...], Meta(max_length=MOST_COEFFICIENTS)] = ()


class Regression(_Described, frozen=True, tag="regression"):
    """An output with the value of each target, along the last axis, such as the quality of speech: no scores of labels.

    Attributes:
        targets: What they are.
    """

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=MOST_LABELS)]

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        yield from _wrong_count(len(self.targets), shape or (1,), -1, "targets")


class Boxes(_Described, frozen=True, tag="boxes"):
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


class Detections(_Described, frozen=True, tag="detections"):
    """An output with boxes and the scores of their labels in one tensor, as YOLO has it.

    Attributes:
        names: What the labels are called.
        form: ``columns`` is [..., 4 + labels, boxes] with boxes as centre and size, ``rows`` the same with both axes swapped,
            ``objects`` rows with how probable anything is between the box and the labels, ``cells`` the same with a box for each cell
            of the grids of `STRIDES`, as YOLOX gives them: its centre from the cell's corner on and the logarithms of its sides, in
            sides of the cell; ``best`` [..., boxes, 6] with corners,
            the score of the most probable label and that label's number, ``final`` the same of which none is left out any more.
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


class Prototypes(_Described, frozen=True, tag="prototypes"):
    """An output with maps, [..., count, height, width], whose sum with an object's coefficients is above 0 where the object is."""

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 3:
            yield "prototypes have a number, height and width"


class Centers(_Described, frozen=True, tag="centers"):
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
        yield from _wrong_count(len(self.names), shape, -3, "labels")
        if self.points:
            yield from self.points.problems()
        if self.points and self.points.scored:
            yield "points of centers have no scores"


class Geometry(_Described, frozen=True, tag="geometry"):
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


class Mask(_Described, frozen=True, tag="mask"):
    """An output with the number of a label for each pixel, [..., height, width].

    Attributes:
        names: What the labels are called.
    """

    names: Names

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a mask has height and width"


class Depth(_Described, frozen=True, tag="depth"):
    """An output with a distance for each pixel.

    Attributes:
        inverse: Whether what is near has the larger number.
    """

    inverse: bool = False

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a map of distances has height and width"


class Regions(_Described, frozen=True, tag="regions"):
    """An output with how probable it is for each pixel that it is of a line of text, or of something else: 1 in the middle of each.

    It is the map of DBNet (Liao et al., AAAI 2020), in which a region is smaller than it is. Defaults are those of rapidocr-onnxruntime.

    Attributes:
        label: What a region is.
        threshold: Above which probability a pixel is of one.
        score: What the mean of a region's pixels is at least.
        unclip: A region's rectangle is made larger on each side by so many times its area, divided by the length of all sides.
        dilated: Whether what is right of, below or both of a pixel of one is of it, too.
    """

    label: Text = "text"
    threshold: Share = 0.3
    score: Share = 0.5
    unclip: Annotated[float, Meta(ge=0, le=100)] = 1.6
    dilated: bool = True

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a map of regions has height and width"


class Embedding(_Described, frozen=True, tag="embedding"):
    """An output that is a vector of what went in, alike for what is alike.

    Attributes:
        pooling: What of the vectors of all tokens makes one: ``none`` where the output is one, the ``mean`` of those that are there,
            that of the ``first`` or of the ``last`` token.
        normalized: Whether its length is 1.
    """

    pooling: Literal["none", "mean", "first", "last"] = "none"
    normalized: bool = False

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if not shape:
            yield "a vector has more than one number"


class Speech(_Described, frozen=True, tag="speech"):
    """An output that is how probable it is that somebody speaks, from 0 to 1, at one or more places of a sound."""

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape: nothing."""
        return iter(())


class State(_Described, frozen=True, tag="state"):
    """An output that is the next value of an input, which is 0 at first.

    Attributes:
        input: Its name.
    """

    input: Text

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape: nothing; `problems` looks at its input."""
        return iter(())


class Characters(_Described, frozen=True, tag="characters"):
    """An output with a number for each character at each step, of which repeated ones and blanks are left out (CTC).

    Attributes:
        names: The text of each.
        blank: The number of what stands for none.
        scores: See `Labels`; of the best ``path`` there are the number of the most probable character of each step, and its
            probability, [..., steps, 2].
        hop: Of a sound: samples from step to step; None for as many as there are to each step.
    """

    names: Names
    blank: Annotated[int, Meta(ge=0, lt=MOST_LABELS)] = 0
    scores: Literal["logits", "probabilities", "path"] = "logits"
    hop: Annotated[int, Meta(ge=1, le=2**20)] | None = None

    is_input: ClassVar[bool] = False

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) < 2:
            yield "a text has steps and characters"
        elif self.scores != "path":
            yield from _wrong_count(len(self.names), shape, -1, "characters")
        elif shape[-1] != 2:
            yield f"a path has 2 numbers for each step, not {shape[-1]}"
        if self.blank >= len(self.names):
            yield f"the blank {self.blank} is none of {len(self.names)} characters"


def _wrong_count(names: int, shape: tuple[int, ...], axis: int, what: str) -> Iterator[str]:
    if not -len(shape) <= axis < len(shape):
        yield f"there is no axis {axis}"
    elif shape[axis] != names:
        yield f"there are {names:,} {what} for {shape[axis]:,} numbers"


Meaning: TypeAlias = (
    Image
    | Audio
    | Tokens
    | Bytes
    | Labels
    | Regression
    | Boxes
    | Detections
    | Prototypes
    | Centers
    | Geometry
    | Mask
    | Depth
    | Regions
    | Embedding
    | Speech
    | State
    | Characters
)
"""What a tensor of the interface is."""
KINDS = tuple(str(meaning.__struct_config__.tag) for meaning in get_args(Meaning))
"""What files call them."""


class Tensor(Protocol):
    """An input or output, as an `Operand` is one."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        ...


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a graph is for.

    Attributes:
        task: As Hugging Face calls it, like ``image-classification``; empty where it is not known.
        license: What the model is licensed under: an SPDX expression, or what its source calls it; empty where it is not known.
        tensors: What inputs and outputs are, by name.
    """

    task: Annotated[str, Meta(pattern=rf"^({TASK.pattern})?$(?!\n)", description="Lower case letters, digits and -.")] = ""
    license: Annotated[str, Meta(pattern=rf"^({LICENSE.pattern})?$(?!\n)", description="An SPDX expression, or another name.")] = ""
    tensors: Annotated[dict[Text, Meaning], Meta(max_length=1000)] = {}

    @classmethod
    def of(cls, graph: Graph) -> Metadata:
        """That of a graph. Raises `FormatError` as `metadata_of`."""
        return metadata_of(graph.metadata)

    def renamed(self, names: Mapping[str, str]) -> Metadata:
        """The same where tensors have other names."""
        return msgspec.structs.replace(self, tensors={names.get(name, name): meaning for name, meaning in self.tensors.items()})

    def document(self) -> dict[str, Any]:
        """The object that files hold: what has its default is not in it."""
        tensors = {name: said(meaning) for name, meaning in self.tensors.items()}
        members = {"task": self.task, "license": self.license, "tensors": tensors}
        return {name: value for name, value in members.items() if value}


def whole(meaning: Meaning) -> dict[str, Any]:
    """All that a meaning says, with its kind: the same with defaults, and without what is None."""
    return _present(msgspec.to_builtins(meaning))


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _present(value) if isinstance(value, dict) else value for name, value in members.items() if value is not None}


def said(meaning: msgspec.Struct) -> dict[str, Any]:
    """What a meaning says, with its kind: what has its default is left out."""
    fields = msgspec.structs.fields(meaning)
    values = {field.name: getattr(meaning, field.name) for field in fields}
    changed = {field.name: values[field.name] for field in fields if field.required or values[field.name] != field.default}
    kind = {"kind": meaning.kind} if isinstance(meaning, _Described) else {}
    return {**kind, **{name: _plain(value) for name, value in changed.items()}}


def _plain(value: Any) -> Any:
    """A member as files hold it."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return said(value) if isinstance(value, msgspec.Struct) else value


def metadata_of(document: Mapping[str, Any]) -> Metadata:
    """What a file says.

    Raises:
        FormatError: A member has another type, is out of its range or not known.
    """
    try:
        return msgspec.convert(document, Metadata)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter for half of a surrogate pair in the name of a member
        raise FormatError(f"metadata: {one_line(str(error), 200)}", code=Code.SYNTAX_ERROR) from None


def picture_size(inputs: Iterable[Tensor], tensors: Mapping[str, Meaning]) -> tuple[int, int] | None:
    """Height and width that a model takes its first picture in, by what a graph's inputs mean; None where there is none."""
    pictures = ((tensor.shape, tensors.get(tensor.name)) for tensor in inputs if len(tensor.shape) >= 3)
    return next((meaning.model_size(shape) for shape, meaning in pictures if isinstance(meaning, Image)), None)


def strides_of(size: tuple[int, int], count: int) -> tuple[int, ...] | None:
    """The sides of the cells of grids over a picture of a height and width that have so many; None where none of YOLOX's have."""
    counts = {strides: sum((size[0] // side) * (size[1] // side) for side in strides) for strides in (STRIDES[:-1], STRIDES)}
    return next((strides for strides, cells in counts.items() if cells == count), None)


def check(metadata: Metadata, inputs: Iterable[Tensor], outputs: Iterable[Tensor]) -> None:
    """Raises `ValidationError` where metadata contradict the inputs and outputs of a graph."""
    for problem in problems(metadata, inputs, outputs):
        raise ValidationError(problem)


def problems(metadata: Metadata, inputs: Iterable[Tensor], outputs: Iterable[Tensor]) -> Iterator[str]:
    """What of metadata contradicts the inputs and outputs of a graph."""
    inputs = list(inputs)
    shapes = {"input": {tensor.name: tensor.shape for tensor in inputs}, "output": {tensor.name: tensor.shape for tensor in outputs}}
    size = picture_size(inputs, metadata.tensors)
    for name, meaning in metadata.tensors.items():
        side = "input" if meaning.is_input else "output"
        shape = shapes[side].get(name)
        if shape is None:
            yield f"metadata call {name} {meaning.kind}, and there is no such {side}"
        else:
            yield from (f"{side} {name} {list(shape)} is not {meaning.kind} as metadata say: {why}" for why in meaning.problems(shape))
            if isinstance(meaning, State) and shapes["input"].get(meaning.input) != shape:
                yield f"output {name} {list(shape)} is not the next value of an input {meaning.input}: there is none of this shape"
            is_in_cells = isinstance(meaning, Detections) and meaning.form == "cells" and len(shape) > 1
            if is_in_cells and not (size and strides_of(size, shape[-2])):
                yield f"output {name} {list(shape)} has no box for each cell of grids over a picture"
            if isinstance(meaning, Detections) and meaning.coefficients and not prototypes_of(meaning, metadata.tensors, shapes["output"]):
                yield f"output {name} {list(shape)} has {meaning.coefficients} coefficients, and no output is as many prototypes"
            if isinstance(meaning, Centers) and len(shape) > 2:
                whys = _of_cells(meaning, shape, size, metadata.tensors, shapes["output"])
                yield from (f"output {name} {list(shape)} {why}" for why in whys)


def _of_cells(
    meaning: Centers,
    shape: tuple[int, ...],
    size: tuple[int, int] | None,
    tensors: Mapping[str, object],
    shapes: Mapping[str, tuple[int, ...]],
) -> Iterator[str]:
    """What contradicts the cells of centres."""
    if size is None:
        yield "has cells of a picture, and no input is said to be one"
    elif any(abs(cells * meaning.stride - pixels) >= meaning.stride for cells, pixels in zip(shape[-2:], size, strict=True)):
        wanted = " x ".join(str(-(-pixels // meaning.stride)) for pixels in size)
        yield f"has {shape[-2]} x {shape[-1]} cells, and {wanted} of {meaning.stride} pixels cover a picture of {size[0]} x {size[1]}"
    found = geometry_of(meaning, shape, tensors, shapes)
    for holds, count in meaning.geometry.items():
        if holds not in found:
            wanted = f"[..., {count}, {shape[-2]}, {shape[-1]}]"
            yield f"has no {holds} of its cells: no output of shape {wanted} is a geometry that holds them"


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
