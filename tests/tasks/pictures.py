"""Pictures that are hard to resize: squares of four pixels, of random colours."""

from __future__ import annotations

import numpy as np
import PIL.Image
from PIL.Image import Image as Picture


def mosaic(height: int, width: int, seed: int = 0) -> Picture:
    colours = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), np.uint8)
    return PIL.Image.fromarray(colours.repeat(4, 0).repeat(4, 1)[:height, :width])
