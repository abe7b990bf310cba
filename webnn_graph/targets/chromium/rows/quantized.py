"""Quantized and dequantized tensors."""

from __future__ import annotations

from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.chromium.conditions import IMAGES
from webnn_graph.targets.forms import quantization
from webnn_graph.targets.quirk import Quirk

ROWS = (
    Quirk(
        "image that is quantized",
        ("quantizeLinear",),
        conditions.is_image_of_floats,
        forms.of_input_times_one,
        "The page crashes, unless what the image is made of was quantized, too.",
        probes.quantized_pool,
    ),
    Quirk(
        "bytes that are quantized per axis",
        ("quantizeLinear",),
        conditions.quantizes_bytes_per_axis,
        quantization.quantized_in_steps,
        "The build fails where a reshape reads it and the scales are constant.",
        probes.reshape_of_what_is_quantized_per_axis,
    ),
    Quirk(
        "quantized parts",
        ("concat",),
        conditions.joins_quantized,
        forms.cast_twice,
        "The build fails.",
        probes.quantized_parts,
    ),
    Quirk(
        "product of what is dequantized",
        ("reduceProduct",),
        conditions.is_dequantized,
        forms.of_input_times_one,
        "The build fails for int32, 147 computes zeros; of others the products of integers are computed.",
        probes.dequantized_product,
    ),
    Quirk(
        "mean of what is dequantized",
        ("reduceMean",),
        conditions.is_dequantized,
        forms.of_input_times_one,
        "If it is quantized, the integers are averaged: the sum of many of one sign is cut off on some processors.",
        probes.quantized_mean,
        varies=True,
    ),
    Quirk(
        "reshape of what is dequantized per axis",
        ("reshape",),
        conditions.reads_dequantized_per_axis("input"),
        forms.number_by_number,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.reshape(x, [24])),
    ),
    Quirk(
        "transpose of what is dequantized per axis",
        ("transpose",),
        conditions.reads_dequantized_per_axis("input"),
        forms.turned_before,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.transpose(x)),
    ),
    Quirk(
        "image of what is dequantized per axis",
        IMAGES,
        conditions.reads_dequantized_per_axis("input"),
        forms.number_by_number,
        "The build fails, unless the axis is that of the channels.",
        probes.image_dequantized_per_axis,
    ),
    Quirk(
        "clamp of what is dequantized per axis",
        ("clamp",),
        conditions.reads_dequantized_per_axis("input"),
        forms.by_max_and_min,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.clamp(x, minValue=-0.5, maxValue=0.5)),
    ),
    Quirk(
        "gemm by what is dequantized per axis",
        ("gemm",),
        conditions.reads_dequantized_per_axis("b"),
        forms.factor_turned_before,
        "The build fails, unless the second matrix is transposed.",
        probes.dequantized_per_axis(lambda b, x: b.gemm(b.input("z", "float32", [2, 4]), x)),
    ),
    Quirk(
        "depthwise filter that is dequantized per axis",
        ("conv2d",),
        conditions.is_depthwise_dequantized_per_axis,
        quantization.depthwise_filter_turned_before,
        "The build fails, unless the filter is in the layout of a depthwise kernel.",
        probes.depthwise_dequantized_per_axis,
    ),
)
