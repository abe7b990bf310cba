"""Rows: GridSample, RoiAlign, MaxRoiPool."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import normal, row, some

IMAGE, VOLUME, FEATURES = normal(2, 3, 4, 5), normal(2, 3, 3, 4, 5), normal(2, 3, 9, 8)
GRID, GRID_3D = (some("float32", 2, *shape, low=-1.6, high=1.6) for shape in ((3, 6, 2), (2, 3, 4, 3)))
REGIONS = np.array([[-1, -0.5, 4, 3.3], [1, 2, 8.7, 9.5], [3, 3, 3.2, 3.1], [0, 4, 2, 9]], np.float32)
IMAGES = np.array([0, 1, 1, 0], np.int64)
LOOSE: dict[str, Any] = {"rtol": 1e-3, "atol": 1e-5}
ROUNDINGS: list[dict[str, Any]] = [{"spatial_scale": 0.5}, {"coordinate_transformation_mode": "output_half_pixel"}]
PADDINGS = ("zeros", "border", "reflection")

CASES = [
    *[
        row("GridSample", IMAGE, GRID, mode=mode, padding_mode=padding, align_corners=corners, opset=20, **LOOSE)
        for mode, padding, corners in product(("linear", "nearest", "cubic"), PADDINGS, (0, 1))
    ],
    *[
        row("GridSample", VOLUME, GRID_3D, mode=mode, padding_mode=padding, align_corners=corners, opset=20, **LOOSE)
        for mode, padding, corners in product(("linear", "nearest"), PADDINGS, (0, 1))
    ],
    row("GridSample", IMAGE, GRID, mode="bilinear", opset=16, **LOOSE),
    *[
        row("RoiAlign", FEATURES, REGIONS, IMAGES, mode=mode, sampling_ratio=ratio, output_height=3, opset=16, **how, **LOOSE)
        for mode, ratio in product(("avg", "max"), (1, 3))
        for how in ROUNDINGS
    ],
    *[
        row("RoiAlign", FEATURES, Known(REGIONS), IMAGES, mode=mode, output_height=2, output_width=3, opset=16, **LOOSE)
        for mode in ("avg", "max")
    ],
    row("RoiAlign", FEATURES, Known(REGIONS), IMAGES, output_height=2, output_width=2, opset=10, **LOOSE),
    row("MaxRoiPool", FEATURES, np.concatenate([IMAGES[:, None], REGIONS.clip(0, 7)], 1, dtype=np.float32), pooled_shape=[3, 2], opset=21),
    row("MaxRoiPool", FEATURES, np.array([[1, 0, 0, 14, 15]], np.float32), pooled_shape=[2, 3], spatial_scale=0.5, opset=21),
]
