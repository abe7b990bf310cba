"""Pictures as a model takes them, and places in its input as places in the picture."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import FormatError, ValidationError, WebNNError, unreadable
from webnn_graph.graph import Descriptor
from webnn_graph.metadata import Image, Placed
from webnn_graph.tasks.resizing import resized
from webnn_graph.wording import one_line

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 2**26
"""Of a picture that is read: 67 million, a quarter of a GB as float32."""


FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""Kinds of files that are read, in Pillow's names: pictures of pixels. It has Ghostscript run the program that an EPS file is."""


def read_picture(file: Path) -> Picture:
    """The picture in a file, upright, with the channels red, green and blue.

    Raises:
        FormatError: The file is missing, is no picture, is damaged, or has more than `MOST_PIXELS`.
        WebNNError: There is no Pillow, which reads pictures.
    """
    _need_pillow()
    import PIL.Image
    import PIL.ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # the limit here is the lower one
            PIL.Image.init()
            picture: Picture = PIL.Image.open(file, formats=[kind for kind in FORMATS if kind in PIL.Image.OPEN])
            if picture.width * picture.height > MOST_PIXELS:
                raise FormatError(f"{file} has {picture.width:,} x {picture.height:,} pixels; at most {MOST_PIXELS:,} are read")
            return PIL.ImageOps.exif_transpose(picture).convert("RGB")
    except WebNNError:
        raise
    except PIL.UnidentifiedImageError:
        raise FormatError(f"{file} is no picture that can be read", f"kinds are {', '.join(FORMATS)}") from None
    except Exception as error:  # decoders have no common exception for damaged files
        if isinstance(error, OSError) and error.errno:
            raise unreadable(file, error) from None
        raise FormatError(f"{file} is no picture that can be read: {one_line(str(error), 200)}") from None


def picture_of(pixels: Array) -> Picture:
    """The picture of red, green and blue, uint8[height, width, 3].

    Raises:
        WebNNError: There is no Pillow.
    """
    _need_pillow()
    import PIL.Image

    return PIL.Image.fromarray(np.ascontiguousarray(pixels))


def _need_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        hint = "python -m pip install 'webnn-convert[images]'"
        raise WebNNError("pictures need the package pillow, which is not installed", hint, code=Code.MISSING_MODULE) from None


@dataclass(frozen=True)
class Fit:
    """How a picture lies in a model's input: a point (x, y) of the input is (x - left) / x_scale, (y - top) / y_scale of the picture.

    Attributes:
        width, height: Of the picture.
        x_scale, y_scale: What its sides are multiplied by.
        left, top: Where its corner is, in pixels of the input; negative where the input is cut out of it.
    """

    width: int
    height: int
    x_scale: float
    y_scale: float
    left: float = 0
    top: float = 0

    def within(self, placed: Placed, size: tuple[int, int]) -> Fit:
        """The same in the model's input, where an input of this height and width lies there."""
        height, width = size
        across, down = (placed.right - placed.left) / width, (placed.bottom - placed.top) / height
        left, top = self.left * across + placed.left, self.top * down + placed.top
        return replace(self, x_scale=self.x_scale * across, y_scale=self.y_scale * down, left=left, top=top)

    def points(self, points: Array) -> Array:
        """Points [n, 2], x and y in pixels of the input, as points of the picture."""
        return np.asarray((points - np.array([self.left, self.top])) / np.array([self.x_scale, self.y_scale]))

    def inside(self, points: Array) -> Array:
        """Points [n, 2] of the picture, no farther than its sides."""
        return np.asarray(np.clip(points, 0, np.array([self.width, self.height])))


def places(fit: Fit, size: tuple[int, int], shape: tuple[int, int]) -> tuple[Array, Array]:
    """Where the rows and columns of a picture are in a map of the model's input: the middle of the map's first pixel is 0.

    Args:
        fit: How the picture lies in the input.
        size: Height and width of the input.
        shape: Those of the map.
    """
    rows = ((np.arange(fit.height) + 0.5) * fit.y_scale + fit.top) * (shape[0] / size[0]) - 0.5
    columns = ((np.arange(fit.width) + 0.5) * fit.x_scale + fit.left) * (shape[1] / size[1]) - 0.5
    return rows, columns


def prepared(picture: Picture, image: Image, operand: Descriptor) -> tuple[Array, Fit]:
    """A picture as an input takes it, and how it lies there.

    Resizing is on values of 8 bits, see `webnn_graph.tasks.resizing`.

    Args:
        picture: With red, green and blue.
        image: What the input is.
        operand: Its type and shape.

    Raises:
        ValidationError: A batch of several pictures is wanted, or the picture would be resized to more than `MOST_PIXELS`.
    """
    if operand.rank == 4 and operand.shape[0] != 1:
        raise ValidationError(
            f"the model takes {operand.shape[0]} pictures at once", "convert it for one: --dim batch=1", code=Code.WRONG_INPUT
        )
    height, width = image.size(operand.shape)
    pixels, fit, place = _fitted(picture, image, height, width)
    if image.peak:
        image = image.of_peak(int(pixels[..., :3].max()))
    with np.errstate(all="ignore"):  # a very small deviation makes infinities
        values = (pixels.astype(np.float32) * np.float32(image.scale) - _channels(image.mean, 0.0)) / _channels(image.std, 1.0)
    if image.fill is None:
        rest = np.ones((height, width), bool)
        rest[place] = False
        values[rest] = 0
    if image.layout == "nchw":
        values = values.transpose(2, 0, 1)
    fit = fit.within(image.placed, (height, width)) if image.placed else fit
    return np.ascontiguousarray(_typed(values, operand.data_type.numpy).reshape(operand.shape)), fit


def _typed(values: Array, data_type: np.dtype[Any]) -> Array:
    """Values of another type: whole numbers are rounded, and no farther than those of the type."""
    if np.issubdtype(data_type, np.floating):
        with np.errstate(over="ignore"):
            return values.astype(data_type)
    range_ = np.iinfo(data_type)
    inside: Array = np.nan_to_num(values.astype(np.float64)).round().clip(max(range_.min, -(2**53)), min(range_.max, 2**53))
    return inside.astype(data_type)


def _channels(values: tuple[float, ...], default: float) -> Array:
    return np.asarray(values or (default,), np.float32)


def _fitted(picture: Picture, image: Image, height: int, width: int) -> tuple[Array, Fit, tuple[slice, slice]]:
    """The picture's values, uint8[height, width, channels] in the order of the model, how it lies there, and in which rows and columns."""
    frame, (before, above) = frame_of(picture.size, image)
    made_width, made_height, left, top = place_of(frame, image, height, width)
    for wide, high in (frame, (made_width, made_height)):
        if wide * high > MOST_PIXELS:
            raise ValidationError(
                f"the picture of {picture.width:,} x {picture.height:,} pixels is to become {wide:,} x {high:,}; "
                f"at most {MOST_PIXELS:,} are made",
                code=Code.WRONG_INPUT,
            )
    across, down = made_width / frame[0], made_height / frame[1]
    fit = Fit(*picture.size, across, down, left + before * across, top + above * down)
    if frame != picture.size:
        picture = _framed(picture, frame, (before, above), image.fill or 0)
    if (made_width, made_height) != frame:
        picture = resized(picture, made_width, made_height, image.resample)
    pixels = np.asarray(picture.convert("L" if image.channels == "gray" else "RGB")).reshape(made_height, made_width, -1)
    if image.channels == "bgr":
        pixels = pixels[..., ::-1]
    elif image.channels == "rgba":
        pixels = np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], 2)
    canvas = np.full((height, width, pixels.shape[2]), image.fill or 0, np.uint8)
    canvas[..., 3:] = 255
    (rows, rows_taken), (columns, columns_taken) = overlap(top, made_height, height), overlap(left, made_width, width)
    canvas[rows, columns] = pixels[rows_taken, columns_taken]
    return canvas, fit, (rows, columns)


def _middle(made: int, size: int) -> int:
    """Where what is ``made`` long begins in the middle of ``size``, or the other way round: then it is negative."""
    return (size - made) // 2 if made <= size else -((made - size) // 2)


def overlap(offset: int, made: int, size: int) -> tuple[slice, slice]:
    """Which of ``size`` places are taken, and by which of ``made`` that begin at an offset."""
    first, last = max(0, offset), min(size, offset + made)
    return slice(first, last), slice(first - offset, last - offset)


def frame_of(size: tuple[int, int], image: Image) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height of what is resized of a picture of this width and height, and where the picture's left and top are in it."""
    if image.resize != "square":
        return size, (0, 0)
    side = max(size)
    before, above = ((side - own) // 2 if image.place == "center" else 0 for own in size)
    return (side, side), (before, above)


def _framed(picture: Picture, size: tuple[int, int], place: tuple[int, int], fill: int) -> Picture:
    import PIL.Image

    made = PIL.Image.new("RGB", size, (fill, fill, fill))
    made.paste(picture, place)
    return made


def place_of(size: tuple[int, int], image: Image, height: int, width: int) -> tuple[int, int, int, int]:
    """Width and height that a picture of this width and height gets, and where its left and its top are then.

    Args:
        size: Width and height of the picture, with what it is filled up with before, see `frame_of`.
        image: What the input is.
        height, width: Of the input.
    """
    made_width, made_height = _size(size, image, height, width)
    if image.resize == "line" or (image.resize == "contain" and image.place == "corner"):
        return made_width, made_height, 0, 0
    return made_width, made_height, _middle(made_width, width), _middle(made_height, height)


def _size(size: tuple[int, int], image: Image, height: int, width: int) -> tuple[int, int]:
    if image.resize in ("stretch", "square"):
        return (image.edge, image.edge) if image.edge else (width, height)
    if image.resize == "cover":
        edge, shorter = image.edge or min(height, width), min(size)
        if image.rounded:
            return tuple(round(side * (edge / shorter)) for side in size)  # type: ignore[return-value]
        return tuple(edge if side == shorter else int(edge * side / shorter) for side in size)  # type: ignore[return-value]
    if image.resize == "line":
        return min(width, ceil(height * (size[0] / size[1]))), height
    share = min(width / size[0], height / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
