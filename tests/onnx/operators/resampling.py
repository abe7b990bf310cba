"""Rows: Resize and Upsample."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import ints, normal, row

LINE, IMAGE, VOLUME = normal(1, 2, 7), normal(1, 2, 5, 6), normal(1, 2, 3, 4, 5)
SMALL, RAMP = normal(1, 1, 5, 3), np.arange(14, dtype=np.float32).reshape(1, 1, 1, 14)
BEFORE_MODES = (("Upsample", 9), ("Resize", 10))
SYMMETRIC = {"coordinate_transformation_mode": "half_pixel_symmetric"}
COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
SIZES = [(1, 2, 9, 8), (1, 2, 10, 12), (1, 2, 3, 4), (1, 2, 1, 13)]
LOOSE: dict[str, Any] = {"rtol": 1e-3, "atol": 2e-5}


def scales(*values: float) -> Known:
    return Known(np.array(values, np.float32))


CASES = [
    *[
        row("Resize", IMAGE, None, None, ints(*sizes), mode="nearest", coordinate_transformation_mode=how, nearest_mode=rounding)
        for sizes, how, rounding in product(SIZES[:3], [how for how in COORDINATES if how != "half_pixel_symmetric"], NEAREST)
    ],
    *[
        row("Resize", IMAGE, None, scales(1, 1, 1.3, 0.7), mode="nearest", coordinate_transformation_mode=how, nearest_mode=rounding)
        for how, rounding in product(("half_pixel", "half_pixel_symmetric", "asymmetric"), NEAREST)
    ],
    *[
        row("Resize", IMAGE, None, None, ints(*sizes), mode=mode, coordinate_transformation_mode=how, **LOOSE)
        for sizes, how, mode in product(SIZES, COORDINATES, ("linear", "cubic"))
    ],
    *[
        row("Resize", IMAGE, None, scales(1, 1, *by), mode=mode, coordinate_transformation_mode=how, **LOOSE)
        for by, how, mode in product([(1.5, 0.6), (2, 2), (0.5, 3)], COORDINATES[:2] + COORDINATES[4:], ("linear", "cubic"))
    ],
    *[  # the corners are those of the whole pixels: 7 * 0.6 are 4.2
        row("Resize", IMAGE, None, scales(1, 1, *by), mode=mode, coordinate_transformation_mode="align_corners", antialias=smooth, **LOOSE)
        for by, mode, smooth in product([(0.7, 1.3), (1.7, 0.3)], ("linear", "cubic"), (0, 1))
    ],
    *[
        row("Resize", LINE, None, scales(1, 1, by), mode="nearest", coordinate_transformation_mode="align_corners", nearest_mode=rounding)
        for by, rounding in product((0.6, 1.7), NEAREST)
    ],
    *[  # an image that keeps its size stays as it is, in one dimension only where the kernel is widened
        row("Resize", SMALL, None, scales(1, 1, by, 1.3), mode=mode, antialias=smooth, nearest_mode="floor", **LOOSE)
        for by, (mode, smooth) in product((1, 1.3), (("nearest", 0), ("linear", 0), ("cubic", 0), ("linear", 1), ("cubic", 1)))
    ],
    *[row(op, SMALL, scales(1, 1, 1, 1.3), mode=m, opset=n, **LOOSE) for (op, n), m in product(BEFORE_MODES, ("nearest", "linear"))],
    *[  # positions that float32 moves off a tie are ties
        row("Resize", RAMP, None, None, ints(1, 1, 1, 19), mode="nearest", coordinate_transformation_mode=how, nearest_mode=rounding)
        for how, rounding in product([*COORDINATES, "tf_half_pixel_for_nn"], NEAREST)
    ],
    *[
        row("Resize", normal(1, 1, 1, 5), None, scales(1, 1, 1, 0.6), mode="nearest", nearest_mode=rounding, **SYMMETRIC)
        for rounding in NEAREST
    ],
    *[
        row("Resize", IMAGE, None, None, ints(*sizes), mode=mode, antialias=1, exclude_outside=outside, **LOOSE)
        for sizes, mode, outside in product(SIZES[:3], ("linear", "cubic"), (0, 1))
    ],
    row("Resize", IMAGE, None, None, ints(1, 2, 9, 8), mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1, **LOOSE),
    *[row("Resize", LINE, None, scales(1, 1, by), mode=mode, **LOOSE) for by, mode in product((2, 0.5, 1.7), ("nearest", "linear"))],
    *[
        row("Resize", VOLUME, None, scales(1, 1, *by), mode=mode, **LOOSE)
        for by, mode in product([(2, 2, 2), (1.4, 1, 2)], ("nearest", "linear"))
    ],
    *[
        row("Resize", IMAGE, None, None, ints(7, 8), axes=[2, 3], mode="linear", keep_aspect_ratio_policy=policy, opset=18, **LOOSE)
        for policy in ("stretch", "not_larger", "not_smaller")
    ],
    row(
        "Resize",
        IMAGE,
        Known(np.array([0, 0, 0.1, 0.3, 1, 1, 0.8, 1.5], np.float32)),
        None,
        ints(1, 2, 4, 5),
        mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=9.0,
        **LOOSE,
    ),
    row("Resize", (IMAGE * 50).astype(np.int32), None, scales(1, 1, 2, 1.5), mode="nearest"),
    row("Resize", np.abs(IMAGE * 50).astype(np.uint8), None, scales(1, 1, 2, 2), mode="nearest"),
    *[
        row(op, IMAGE, scales(1, 1, *by), mode=mode, opset=opset, **LOOSE)
        for (op, opset), by, mode in product(BEFORE_MODES, [(2, 3), (1.5, 1)], ("nearest", "linear"))
    ],
    *[row("Resize", IMAGE, scales(1, 1, 0.5, 0.7), mode=mode, opset=10, **LOOSE) for mode in ("nearest", "linear")],
]
