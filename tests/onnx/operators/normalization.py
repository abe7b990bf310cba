"""Rows: normalization."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known
from tests.onnx.values import normal, row, weights

RANKS = [normal(2, 6), normal(2, 6, 7), normal(2, 6, 5, 4), normal(2, 6, 3, 4, 5)]
IMAGE = RANKS[2]
VARIANCE = Known(np.abs(normal(6)) + np.float32(0.1))

CASES = [
    *[row("BatchNormalization", x, weights(6), weights(6), weights(6), VARIANCE, epsilon=1e-3, opset=15) for x in RANKS],
    row("BatchNormalization", IMAGE, normal(6), normal(6), normal(6), VARIANCE.value, opset=9),
    row(
        "BatchNormalization",
        IMAGE,
        weights(6),
        weights(6),
        weights(6),
        VARIANCE,
        training_mode=1,
        momentum=0.8,
        outputs=(0, 1, 2),
        opset=15,
    ),
    *[row("InstanceNormalization", x, weights(6), weights(6), epsilon=1e-3) for x in RANKS[1:]],
    *[row("LayerNormalization", IMAGE, weights(*IMAGE.shape[axis:]), axis=axis, outputs=(0, 1, 2), atol=1e-4) for axis in (-1, -2, 1, 0)],
    row("LayerNormalization", IMAGE, weights(5, 4), weights(5, 4), axis=2, epsilon=1e-2),
    row("LayerNormalization", IMAGE.astype(np.float16), Known(normal(4).astype(np.float16)), rtol=5e-3, atol=1e-3),
    *[row("GroupNormalization", x, weights(6), weights(6), num_groups=3, opset=21, atol=1e-4) for x in RANKS[1:]],
    row("GroupNormalization", IMAGE, weights(3), weights(3), num_groups=3, opset=18, atol=1e-4),
    *[row("RMSNormalization", IMAGE, weights(*IMAGE.shape[axis:]), axis=axis, opset=23) for axis in (-1, 1)],
    *[row("LRN", IMAGE, size=size, alpha=0.5, beta=0.6, bias=1.2) for size in (1, 3, 5, 9)],
    row("MeanVarianceNormalization", IMAGE, atol=1e-4),
    row("MeanVarianceNormalization", IMAGE, axes=[0, 1, 2, 3], atol=1e-4),
    *[row("LpNormalization", np.concatenate([x, 0 * x]), axis=axis, p=p) for x in RANKS[:2] for axis in (-1, 1) for p in (1, 2)],
]
