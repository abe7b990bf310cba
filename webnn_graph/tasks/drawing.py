"""What is found in a picture, drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import ImageColor, ImageDraw, ImageFont
from PIL.Image import Image as Picture

from webnn_graph.tasks.answers import Found

HUES = 7
"""Colours that labels take in turn."""


def drawn(picture: Picture, objects: Sequence[Found]) -> Picture:
    """The picture with boxes, labels and scores on it; the picture that is given stays."""
    made = picture.copy()
    draw = ImageDraw.Draw(made)
    line = max(2, min(picture.size) // 200)
    font = ImageFont.load_default(size=max(12, min(picture.size) // 30))
    numbers = {label: i for i, label in enumerate(dict.fromkeys(one.label for one in objects))}
    for one in reversed(objects):
        colour = ImageColor.getrgb(f"hsl({360 * numbers[one.label] // HUES % 360}, 80%, 32%)")
        draw.rectangle(one.box, outline=colour, width=line)
        text = f"{one.label} {one.score:.2f}"
        left, _, right, bottom = draw.textbbox((0, 0), text, font=font)
        above = max(0.0, one.box[1] - (bottom + line))
        draw.rectangle((one.box[0], above, one.box[0] + right - left + 2 * line, above + bottom + line), fill=colour)
        draw.text((one.box[0] + line, above), text, fill="white", font=font)
    return made
