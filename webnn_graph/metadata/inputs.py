"""What inputs mean: pictures, sounds, tokens, bytes of files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from webnn_graph.metadata.described import Byte, Described, Number, Pixels, Positive, apart
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.wording import count

MOST_RATE = 384_000
"""Samples a second of a sound."""
MOST_CHANNELS = {"samples": 2, "frames and mels": 4}
"""Of a sound, by what the last axes are: CLAP takes four spectrograms of parts of one."""
MOST_BLOCK = 2**24
"""Bytes that are read at either end of a file."""

MOST_AWAY = 2**26
Side: TypeAlias = Annotated[int, Meta(ge=-MOST_AWAY, le=MOST_AWAY)] | Annotated[float, Meta(ge=-MOST_AWAY, le=MOST_AWAY)]
OfChannels: TypeAlias = Annotated[tuple[Number, ...], Meta(max_length=4)]


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


class Image(Described, frozen=True, tag="image"):
    """An input that is a picture: ``(value * scale - mean) / std`` of each channel, of values from 0 to 255.

    Its height and width are those of the tensor.

    Attributes:
        channels: Their order; ``rgba`` as canvases have them, with 255 for alpha where the picture is.
        layout: Which axes are channels, height and width.
        resize: How a picture of another size gets that of the tensor: ``stretch`` changes both sides, ``cover`` makes the shorter
            one fit and takes the middle, ``contain`` makes the longer one fit and fills up the rest, ``square`` fills up the picture
            to a square first, whose sides are changed then, as ``stretch`` does, ``line`` makes a line of text as high as the tensor,
            no longer than that, and fills up the rest behind it, as PaddleOCR does.
        edge: How long the side is before the middle is taken, both sides of ``stretch`` and ``square``; None for that of the tensor.
        rounded: Of ``cover``: whether the longer side is the nearest whole number of pixels, as PaddleClas has it; otherwise what is
            behind the point is cut, as torchvision and transformers do.
        resample: How pixels between others are computed: as Pillow does, of all that a smaller pixel covers; of the next ones alone,
            as OpenCV does, ``linear`` of two on each axis, ``lanczos4`` of eight.
        place: Of ``contain`` and ``square``: where the picture is, in the middle or at the upper left corner.
        fill: Of ``contain``, ``square`` and ``line``: the value of the rest; None for what becomes 0, with alpha if there is one, and
            for black around what ``square`` resizes.
        peak: Whether the largest value of what the input takes becomes 255 before, and all others as much larger, as U-2-Net has it
            (Qin et al., https://arxiv.org/abs/2005.09007).
        scale: What values are multiplied by first.
        mean: Of each channel, or one of all; empty for 0.
        std: Of each channel, or one of all; empty for 1.
        placed: Where the graph itself puts a picture of the tensor's size; None where the model takes that size.
    """

    channels: Literal["rgb", "bgr", "gray", "rgba"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    resize: Literal["stretch", "cover", "contain", "square", "line"] = "stretch"
    edge: Pixels | None = None
    rounded: bool = False
    resample: Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming", "linear", "lanczos4"] = "bilinear"
    place: Literal["center", "corner"] = "center"
    fill: Byte | None = None
    peak: bool = False
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

    def of_peak(self, largest: int) -> Image:
        """The same for a picture whose largest value is this one, which becomes 255, see `peak`."""
        return msgspec.structs.replace(self, scale=self.scale * 255 / max(1, largest))

    def problems(self, shape: tuple[int, ...]) -> Iterator[str]:
        """What contradicts a tensor of this shape."""
        if len(shape) not in (3, 4):
            yield f"a picture has 3 or 4 axes, not {len(shape)}"
            return
        found = shape[-3] if self.layout == "nchw" else shape[-1]
        if found != self.count:
            yield f"{self.channels} in {self.layout} has {count(self.count, 'channel')}, and there are {found:,}"
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (0, 1, self.count):
                yield f"{name} has {count(len(values), 'value')} for {count(self.count, 'channel')}"
        if self.placed and not (self.placed.left < self.placed.right and self.placed.top < self.placed.bottom):
            yield "placed has its left before its right and its top above its bottom"


class Audio(Described, frozen=True, tag="audio"):
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
        own, what = (2, "frames and mels") if self.spectrogram else (1, "samples")
        yield from apart(shape, own, MOST_CHANNELS[what], what)


class Tokens(Described, frozen=True, tag="tokens"):
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


class Bytes(Described, frozen=True, tag="bytes"):
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
        yield from apart(shape, 1, 1, "bytes")
