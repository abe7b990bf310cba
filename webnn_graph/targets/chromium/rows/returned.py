"""What a graph returns."""

from __future__ import annotations

import numpy as np

from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.quirk import OUTPUT, Quirk

ROWS = (
    Quirk(
        "quantized result that is returned",
        (OUTPUT,),
        conditions.is_quantized_elsewhere,
        forms.times_one,
        "The service crashes.",
        probes.quantized_sum,
    ),
    Quirk(
        "convolution that is bounded and returned",
        (OUTPUT,),
        conditions.is_convolution_bounded_elsewhere,
        forms.times_one,
        "In the layout nhwc, the service crashes.",
        probes.bounded_convolution,
    ),
    Quirk(
        "dequantized halves that are read and returned",
        (OUTPUT,),
        conditions.is_half_dequantized,
        forms.times_one,
        "The build fails.",
        probes.dequantized_halves,
    ),
    Quirk(
        "cast constant that is returned",
        (OUTPUT,),
        conditions.is_cast_constant,
        forms.times_one,
        "The dispatch fails without an error: all results are 0.",
        lambda b: {"y": b.cast(b.constant(np.arange(700).astype(np.float16)), "float32")},
    ),
)
