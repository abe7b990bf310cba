"""Convolution, pooling, resampling, and what meets images."""

from __future__ import annotations

import numpy as np

from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.chromium.forms import COMMUTATIVE
from webnn_graph.targets.conditions import is_dilated, resamples_by_scales
from webnn_graph.targets.forms import images
from webnn_graph.targets.quirk import Quirk

POOLS = ("averagePool2d", "l2Pool2d", "maxPool2d")
ROWS = (
    Quirk(
        "image that meets what is made of it",
        (*COMMUTATIVE, "sub", "div"),
        conditions.meets_what_is_made_of_it,
        forms.other_way_round,
        "Between windows, where the first operand is a sum of two images, the page crashes.",
        probes.sum_of_pools,
        until="153",
    ),
    Quirk(
        "image that is normalized and shifted by itself",
        ("layerNormalization",),
        conditions.is_scaled_by_itself,
        forms.of_what_is_times_one,
        "The page crashes.",
        probes.shifted_by_itself,
    ),
    Quirk(
        "softmax of an image",
        ("softmax",),
        conditions.is_softmax_of_image,
        forms.in_fewer_dimensions,
        "Before another image, it is computed along another axis.",
        probes.softmax_of_pool,
    ),
    Quirk(
        "image kept away from 0",
        ("max", "min", "clamp"),
        conditions.leaves_out_zero,
        forms.of_what_is_times_one,
        "The service crashes.",
        lambda b: {"y": b.max(b.maxPool2d(b.input("x", "float32", [1, 4, 4, 1]), windowDimensions=[2, 2], layout="nhwc"), 0.1)},
        until="153",
    ),
    Quirk(
        "padding that would be negative",
        ("conv2d",),
        conditions.has_negative_padding,
        forms.padded_before,
        "Along an axis that needs less than no padding to be the same size: where the other one is padded, all results are 0.",
        lambda b: {"y": b.conv2d(probes.image(b), b.constant(np.ones([1, 1, 1, 3], np.float32)), padding=[0, 0, 1, 1], strides=[2, 1])},
        until="153",
    ),
    Quirk(
        "average with padding",
        ("averagePool2d",),
        conditions.pools_padded_otherwise,
        forms.pool,
        "Averages are of zeros, too, unless the padding is that of an automatic one.",
        probes.pool(("averagePool2d",), padding=[0, 1, 2, 0], strides=[2, 1]),
        rounds=True,
    ),
    Quirk(
        "quadratic mean with automatic padding",
        ("l2Pool2d",),
        conditions.pools_padded_automatically,
        images.pool,
        "It is divided by the wrong count.",
        probes.pool(("l2Pool2d",), padding=[1, 1, 1, 1]),
        rounds=True,
    ),
    Quirk(
        "maxPool2d with padding",
        ("maxPool2d",),
        conditions.pools_padded_otherwise,
        forms.pool,
        "The largest pixels are of zeros, too, unless the padding is that of an automatic one.",
        probes.pool(("maxPool2d",), padding=[0, 1, 2, 0], strides=[2, 1]),
        until="153",
    ),
    Quirk(
        "average of windows that hang over",
        ("averagePool2d",),
        conditions.pools_beyond,
        forms.pool,
        "Averages are of what is beyond the image, too.",
        probes.pool(("averagePool2d",), strides=[2, 2], outputShapeRounding="ceil"),
        rounds=True,
    ),
    Quirk(
        "maxPool2d whose windows hang over",
        ("maxPool2d",),
        conditions.pools_beyond,
        forms.pool,
        "As with padding.",
        probes.pool(("maxPool2d",), strides=[2, 2], outputShapeRounding="ceil"),
        until="153",
    ),
    Quirk(
        "pool with dilations",
        POOLS,
        conditions.pools_dilated,
        images.pool,
        "The build fails: dilations are not supported.",
        probes.pool(POOLS, dilations=[2, 1]),
        rounds=True,
    ),
    Quirk(
        "transposed convolution with padding",
        ("convTranspose2d",),
        conditions.is_padded,
        images.conv_transpose,
        "The build fails, unless the padding is that of an automatic one.",
        probes.transposed_convolution(padding=[1, 0, 0, 1]),
    ),
    Quirk(
        "transposed convolution with groups",
        ("convTranspose2d",),
        conditions.is_grouped,
        images.conv_transpose,
        "The build fails: groups are not supported.",
        probes.transposed_convolution(groups=2),
    ),
    Quirk(
        "transposed convolution with dilations",
        ("convTranspose2d",),
        is_dilated,
        images.conv_transpose,
        "The build fails: dilations are not supported.",
        probes.transposed_convolution(dilations=[2, 1]),
    ),
    Quirk(
        "resampling by scales",
        ("resample2d",),
        resamples_by_scales,
        images.by_sizes,
        "Sizes are those that the scales give when products are rounded before they are cut off: the results have another shape.",
        lambda b: {"y": b.resample2d(b.input("x", "float32", [1, 1, 10, 10]), mode="linear", scales=[1.4, 1.4])},
    ),
    Quirk(
        "nearest pixels at ties",
        ("resample2d",),
        conditions.has_other_ties,
        images.nearest_gathered,
        "Of two pixels that are equally near the later one is taken.",
        lambda b: {"y": b.resample2d(probes.image(b), sizes=[2, 2])},
    ),
)
