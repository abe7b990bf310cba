"""A graph that takes the bytes of ``ImageData``: red, green, blue and alpha of each pixel, as canvases have them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np

from converters.joining.resizing import Resizing, resizing_of
from converters.joining.steps import Beginning
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.metadata import Image
from webnn_graph.tasks.pictures import picture_of, prepared

LUMA = (19595, 38470, 7471)
"""How bright red, green and blue are, in 65536ths: ITU-R 601-2 as Pillow's mode L has it."""


def beginning(operand: Operand, image: Image, size: tuple[int, int] | None = None) -> Beginning | None:
    """What makes an input of ``uint8[1, height, width, 4]``; None where it is that.

    Args:
        operand: The input.
        image: What it is.
        size: Height and width of the pictures; None for those of the input.

    Raises:
        ValidationError: It is of several pictures, has 4 bits, or its values are beyond float32; or it begins with bytes of another
            size, or its way to resize pictures is none of WebNN's.
    """
    model = image.size(operand.shape)
    if image.channels == "rgba":
        if size in (None, model):
            return None
        what = f"{operand.name} takes bytes of pictures of {model[1]} x {model[0]} pixels already"
        raise ValidationError(what, "the model converted anew, or its graph without --with-preprocessing, can take another size")
    if operand.rank == 4 and operand.shape[0] != 1:
        raise ValidationError(f"{operand.name} takes {operand.shape[0]} pictures at once", "convert it for one: --dim batch=1")
    if operand.data_type.bits == 4:
        raise ValidationError(f"{operand.name} is {operand.data_type}, which no picture is")
    if not np.abs([*_shifts(image), *_factors(image)]).max() < np.finfo(np.float32).max:
        raise ValidationError(f"{operand.name} has a scale, mean or std that makes numbers beyond float32")
    resizing = resizing_of(operand.name, image, model, size) if size else None
    meaning = msgspec.structs.replace(image, channels="rgba", layout="nhwc", peak=False, scale=1.0, mean=(), std=())
    new = Descriptor(DataType.UINT8, (1, *(size or model), 4))
    says = "in the size of the model's"
    if resizing:
        resize = "contain" if image.resize == "square" else image.resize
        meaning = msgspec.structs.replace(meaning, resize=resize, edge=None, fill=_fill(image), placed=resizing.placed)
        says = f"that becomes {model[1]} x {model[0]} in the graph"
    return Beginning(
        meaning,
        new,
        partial(_model_input, image=image, old=operand, resizing=resizing),
        lambda random: random.integers(0, 256, new.shape, np.uint8),
        partial(_resized if resizing else _prepared, image=image, old=operand),
        f"takes {new} as canvases have it, of a picture {says}",
        step=_of_channels(np.abs(_factors(image)), -3 if image.layout == "nchw" else -1) if resizing else None,
    )


def _fill(image: Image) -> int | None:
    """What lies around a picture of another shape: where it becomes 0 after normalization, the grey that is nearest to that."""
    if image.resize == "square":
        return image.fill or 0
    if image.fill is not None or image.resize != "contain":
        return image.fill
    return int(np.clip(np.rint(_shifts(image).mean()), 0, 255))


def _resized(pixels: Array, image: Image, old: Operand) -> Array:
    """The input's values as the helpers make them of a picture."""
    return prepared(picture_of(pixels[0, ..., :3]), image, old)[0]


def _prepared(pixels: Array, image: Image, old: Operand) -> Array:
    """The same of a picture in the input's size."""
    values = _resized(pixels, msgspec.structs.replace(image, resize="stretch", edge=None), old)
    if _rest_is_marked(image, image.size(old.shape)):
        rest = np.moveaxis(values.reshape(old.shape[-3:]), 0, -1) if image.layout == "nchw" else values.reshape(old.shape[-3:])
        rest[pixels[0, ..., 3] == 0] = 0
    return values


def _rest_is_marked(image: Image, size: tuple[int, int]) -> bool:
    """Whether there may be something around a picture that becomes 0, which no colour does: alpha says where that is."""
    if image.fill is not None or not any(image.mean):
        return False
    covered = image.edge or (min(size) if image.resize == "cover" else max(size))
    return image.resize in ("contain", "line") or covered < max(size)


def _shifts(image: Image) -> Array:
    """What is taken off values from 0 to 255 in each channel, or in all: float64."""
    return np.asarray(image.mean or (0.0,)) / image.scale


def _factors(image: Image) -> Array:
    """What the rest is multiplied by."""
    return image.scale / np.asarray(image.std or (1.0,))


def _model_input(b: GraphBuilder, pixels: Operand, image: Image, old: Operand, resizing: Resizing | None) -> Operand:
    values = b.cast(pixels, "float32")
    if resizing:
        values = resizing.cut(b, resizing.resized(b, resizing.framed(b, values, image.fill or 0)))
    x, axis = _colours(b, values, image), -1
    if resizing and image.fill is not None:
        x = resizing.filled(b, x, image.fill)
    if image.peak:
        largest = b.reduceMax(x, axes=[1, 2, 3], keepDimensions=True)
        x = b.mul(x, b.div(np.float32(255), b.max(largest, 1.0)))
    shifts, factors = _shifts(image), _factors(image)
    own = shifts[::-1] if image.channels == "bgr" else shifts  # as red, green and blue are in order
    if resizing and image.fill is None:
        x, own = resizing.filled(b, b.sub(x, _of_channels(own, axis)) if own.any() else x, 0), np.zeros(1)
    elif not resizing and _rest_is_marked(image, image.size(old.shape)):
        alpha = b.slice(values, [0, 0, 0, 3], [*values.shape[:3], 1])
        x, own = b.mul(b.sub(x, _of_channels(own, axis)), b.min(alpha, 1.0)), np.zeros(1)
    if image.layout == "nchw":
        x, axis = _planar(b, x), -3
    # In this order, since a filter takes factors and an order also where it is padded, and a sum where it is not.
    x = b.sub(x, _of_channels(own, axis)) if own.any() else x
    x = b.reverse(x, axes=[x.rank + axis]) if image.channels == "bgr" else x
    x = b.mul(x, _of_channels(factors, axis)) if (factors != 1).any() else x
    limits = [*((0 - shifts) * factors), *((255 - shifts) * factors)]
    return b.reshape(_typed(b, x, old.data_type, limits), list(old.shape))


def _colours(b: GraphBuilder, values: Operand, image: Image) -> Operand:
    """Red, green and blue of [1, height, width, 3 or 4], or how bright they are; each step is exact in float32."""
    if image.channels != "gray":
        return b.slice(values, [0, 0, 0, 0], [*values.shape[:3], 3])
    weighted = b.reduceSum(b.mul(values, np.array([*LUMA, 0][: values.shape[3]], np.float32)), axes=[3], keepDimensions=True)
    return b.floor(b.linear(weighted, alpha=2**-16, beta=0.5))


def _planar(b: GraphBuilder, x: Operand) -> Operand:
    """[1, height, width, channels] with the channels first."""
    height, width, channels = x.shape[1:]
    return b.reshape(x, [1, 1, height, width]) if channels == 1 else b.transpose(x, permutation=[0, 3, 1, 2])


def _of_channels(values: Array, axis: int) -> Array:
    """A number for all, or one for each channel along an axis."""
    made = values.astype(np.float32)
    return np.asarray(made[0]) if len(set(values)) == 1 else made.reshape([-1] + [1] * (-1 - axis))


def _typed(b: GraphBuilder, x: Operand, data_type: DataType, limits: Sequence[float]) -> Operand:
    """Values of channels between these as another type; whole numbers are rounded, and no farther than those of the type."""
    if data_type is DataType.FLOAT32:
        return x
    if not data_type.is_float:
        low, high = data_type.range
        x = b.roundEven(x) if any(value % 1 for value in limits) else x
        if min(limits) < low or max(limits) > high:
            x = b.clamp(x, minValue=float(low), maxValue=float(high))
    return b.cast(x, data_type)
