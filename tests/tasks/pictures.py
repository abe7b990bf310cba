"""Pictures that are hard to resize, squares of four pixels of random colours, and such that models see something in."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import PIL.ImageFont
from PIL.Image import Image as Picture


def mosaic(height: int, width: int, seed: int = 0) -> Picture:
    colours = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), np.uint8)
    return PIL.Image.fromarray(colours.repeat(4, 0).repeat(4, 1)[:height, :width])


def face() -> Picture:
    """A face, drawn well enough for a detector."""
    picture = PIL.Image.new("RGB", (240, 320), (120, 150, 170))
    draw = PIL.ImageDraw.Draw(picture)
    draw.rectangle((40, 240, 200, 320), fill=(60, 60, 120))
    draw.rectangle((100, 200, 140, 250), fill=(215, 165, 135))
    draw.ellipse((60, 40, 180, 220), fill=(80, 50, 30))
    draw.ellipse((70, 60, 170, 215), fill=(225, 175, 145))
    for x in (100, 140):
        draw.ellipse((x - 11, 118, x + 11, 130), fill="white")
        draw.ellipse((x - 5, 119, x + 5, 129), fill=(60, 40, 30))
        draw.arc((x - 14, 104, x + 14, 124), 200, 340, fill=(70, 45, 30), width=3)
    draw.line((120, 128, 114, 158, 124, 160), fill=(190, 140, 115), width=3)
    draw.ellipse((98, 172, 142, 188), fill=(190, 80, 85))
    draw.line((98, 180, 142, 180), fill=(130, 50, 55), width=2)
    return picture.filter(PIL.ImageFilter.GaussianBlur(2))


def written(text: str) -> Picture:
    """A line of text."""
    picture = PIL.Image.new("RGB", (420, 56), "white")
    PIL.ImageDraw.Draw(picture).text((8, 6), text, fill=(20, 20, 60), font=PIL.ImageFont.load_default(size=36))
    return picture
