"""What is found in a picture, drawn on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import PIL.Image
from PIL import ImageColor, ImageDraw, ImageFont
from PIL.Image import Image as Picture

from webnn_graph.tasks import THRESHOLD
from webnn_graph.tasks.answers import Found
from webnn_graph.tasks.maps import Distances, Segmented
from webnn_graph.tasks.regions import Region
from webnn_graph.wording import one_line

HUES = 7
"""Colours that labels take in turn."""
OPACITY = 128
"""Of masks, of 255."""
WIDEST = 60
"""Characters of a label that are drawn."""


def _colour(number: int) -> tuple[int, ...]:
    return ImageColor.getrgb(f"hsl({360 * number // HUES % 360}, 80%, 32%)")


def coloured(picture: Picture, found: Segmented | Distances) -> Picture:
    """The picture in the colours of its labels, or in grey, where what has the largest number is white."""
    if isinstance(found, Segmented):
        colours = np.array([_colour(number) for number in range(len(found.labels))], np.uint8)
        return PIL.Image.blend(picture, PIL.Image.fromarray(colours[found.classes]), 0.5)
    values = np.nan_to_num(found.values.astype(np.float64))
    least, most = values.min(), values.max()
    share = (values - least) / (most - least) if most > least else np.zeros_like(values)
    return PIL.Image.fromarray((share * 255).astype(np.uint8)).convert("RGB")


def drawn(picture: Picture, objects: Sequence[Found]) -> Picture:
    """The picture with boxes, labels and scores on it, masks, and points that can be seen; the picture that is given stays.

    What is nowhere (NaN) is left out.
    """
    made = picture.copy()
    draw = ImageDraw.Draw(made)
    line = max(2, min(picture.size) // 200)
    font = ImageFont.load_default(size=max(12, min(picture.size) // 30))
    numbers = {label: i for i, label in enumerate(dict.fromkeys(one.label for one in objects))}
    for one in objects:
        if one.mask and one.mask.pixels.size:
            opacity = PIL.Image.fromarray(one.mask.pixels.astype(np.uint8) * OPACITY)
            made.paste(_colour(numbers[one.label]), (one.mask.left, one.mask.top), opacity)
    for one in reversed(objects):
        if any(map(math.isnan, one.box)):
            continue
        x, y, others = min(one.box[::2]), min(one.box[1::2]), (max(one.box[::2]), max(one.box[1::2]))
        colour = _colour(numbers[one.label])
        if isinstance(one, Region):
            draw.polygon(one.corners, outline=colour, width=line)
        else:
            draw.rectangle((x, y, *others), outline=colour, width=line)
        for point in one.points or ():
            if not (math.isnan(point.x) or math.isnan(point.y)) and (point.score is None or point.score >= THRESHOLD):
                draw.circle((point.x, point.y), 1.5 * line, fill=colour)
        text = f"{one_line(one.label, WIDEST)} {one.score:.2f}"
        left, _, right, bottom = draw.textbbox((0, 0), text, font=font)
        above = max(0.0, y - (bottom + line))
        draw.rectangle((x, above, x + right - left + 2 * line, above + bottom + line), fill=colour)
        draw.text((x + line, above), text, fill="white", font=font)
    return made
