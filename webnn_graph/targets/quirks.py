"""What browsers compute wrong, refuse or crash on though they say that they take it, as data: one row each.

A rewrite is an equivalence, right on every implementation: bit for bit, but for the sign of a zero and the order of sums. So all
are made for every browser of the kind, whatever its version. The tests build each row's probe, to see that the rewrite leaves
nothing that the row applies to, and in a browser that the fault is still there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand
from webnn_graph.ops.reduction import REDUCTIONS
from webnn_graph.targets import quirk_conditions as conditions
from webnn_graph.targets import quirk_forms as forms
from webnn_graph.targets import quirk_probes as probes
from webnn_graph.targets.call import Call
from webnn_graph.targets.quirk_conditions import IMAGES
from webnn_graph.targets.quirk_forms import COMMUTATIVE
from webnn_graph.targets.recurrent import BY_PRODUCTS

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder

OUTPUT = "output"
"""The operator of a quirk of what a graph returns: its ``input`` is to be an output."""

Applies: TypeAlias = "Callable[[LegalBuilder, Call], bool]"
Rewrite: TypeAlias = "Callable[[LegalBuilder, Call], Any]"


@dataclass(frozen=True)
class Quirk:
    """One fault of an implementation.

    Attributes:
        name: A few words for it.
        ops: The operators of the calls that it is about, or `OUTPUT`.
        applies: Whether a call that is about to be made has the fault.
        rewrite: What stands for the call then.
        versions: Those in which it was seen.
        why: What happens.
        probe: The smallest graph that has the fault.
    """

    name: str
    ops: tuple[str, ...]
    applies: Applies
    rewrite: Rewrite
    versions: tuple[str, ...]
    why: str
    probe: Callable[[GraphBuilder], dict[str, Operand]]


BOTH = ("147", "153")
QUIRKS = (
    Quirk(
        "arg reduction that keeps its dimension",
        ("argMax", "argMin"),
        conditions.keeps_dimensions,
        forms.without_kept_dimension,
        ("147",),
        "What reads the result sees another shape: wrong values, or the build fails.",
        lambda b: {
            "y": b.add(
                b.cast(b.argMax(b.input("x", "float32", [5, 5]), 1, keepDimensions=True), "float32"), b.input("z", "float32", [5, 5])
            )
        },
    ),
    Quirk(
        "reduction of no axes",
        REDUCTIONS,
        conditions.reduces_nothing,
        forms.element_by_element,
        BOTH,
        "Of half precision that is returned, too, all results are 0.",
        probes.mean_of_nothing,
    ),
    Quirk(
        "isNaN that is read",
        ("isNaN",),
        conditions.always,
        forms.differs_from_itself,
        BOTH,
        "The build fails where slice and others read it.",
        probes.moved("isNaN"),
    ),
    Quirk(
        "isInfinite that is read",
        ("isInfinite",),
        conditions.always,
        forms.is_beyond_all,
        BOTH,
        "As isNaN.",
        probes.moved("isInfinite"),
    ),
    Quirk(
        "stride beyond the slice",
        ("slice",),
        conditions.strides_too_far,
        forms.shorter_strides,
        ("153",),
        "The call is refused.",
        lambda b: {"y": b.slice(b.input("x", "float32", [3]), [1], [2], strides=[3])},
    ),
    Quirk(
        "clamp from below",
        ("clamp",),
        conditions.clamps_from_below,
        forms.larger,
        BOTH,
        "Behind relu, clamp, or a convolution in the layout nhwc, all results are 0.",
        lambda b: {"y": b.clamp(b.relu(b.input("x", "float32", [6])), minValue=0.5)},
    ),
    Quirk(
        "image that is quantized",
        ("quantizeLinear",),
        conditions.is_image_of_floats,
        forms.of_input_times_one,
        BOTH,
        "The page crashes, unless what the image is made of was quantized, too.",
        probes.quantized_pool,
    ),
    Quirk(
        "quantized parts",
        ("concat",),
        conditions.joins_quantized,
        forms.cast_twice,
        BOTH,
        "The build fails.",
        probes.quantized_parts,
    ),
    Quirk(
        "product of what is dequantized",
        ("reduceProduct",),
        conditions.is_dequantized,
        forms.of_input_times_one,
        BOTH,
        "The build fails for int32, 147 computes zeros; of others the products of integers are computed.",
        probes.dequantized_product,
    ),
    Quirk(
        "quantized result that is returned",
        (OUTPUT,),
        conditions.is_quantized_elsewhere,
        forms.times_one,
        BOTH,
        "The service crashes.",
        probes.quantized_sum,
    ),
    Quirk(
        "convolution that is bounded and returned",
        (OUTPUT,),
        conditions.is_convolution_bounded_elsewhere,
        forms.times_one,
        BOTH,
        "In the layout nhwc, the service crashes.",
        probes.bounded_convolution,
    ),
    Quirk(
        "dequantized halves that are read and returned",
        (OUTPUT,),
        conditions.is_half_dequantized,
        forms.times_one,
        BOTH,
        "The build fails.",
        probes.dequantized_halves,
    ),
    Quirk(
        "cast constant that is returned",
        (OUTPUT,),
        conditions.is_cast_constant,
        forms.times_one,
        BOTH,
        "The dispatch fails without a sign: all results are 0.",
        lambda b: {"y": b.cast(b.constant(np.arange(700).astype(np.float16)), "float32")},
    ),
    Quirk(
        "image that meets what is made of it",
        (*COMMUTATIVE, "sub", "div"),
        conditions.meets_what_is_made_of_it,
        forms.other_way_round,
        ("147",),
        "Between windows, where the first operand is a sum of two images, the page crashes.",
        probes.sum_of_pools,
    ),
    Quirk(
        "image that is normalized and shifted by itself",
        ("layerNormalization",),
        conditions.is_scaled_by_itself,
        forms.of_what_is_times_one,
        BOTH,
        "The page crashes.",
        probes.shifted_by_itself,
    ),
    Quirk(
        "long recurrent sequences",
        tuple(BY_PRODUCTS),
        conditions.is_long,
        forms.by_products,
        BOTH,
        "The weights are packed for each step; beyond 2 GB the service crashes.",
        probes.long_sequences,
    ),
    Quirk(
        "what is turned, times itself",
        ("matmul",),
        conditions.is_turned_and_by_itself,
        forms.by_itself_times_one,
        BOTH,
        "Other numbers come out; images are turned, too.",
        probes.transpose_times_itself,
    ),
    Quirk(
        "softmax of an image",
        ("softmax",),
        conditions.is_softmax_of_image,
        forms.in_fewer_dimensions,
        BOTH,
        "Before another image, it is computed along another axis.",
        probes.softmax_of_pool,
    ),
    Quirk(
        "image kept away from 0",
        ("max", "min", "clamp"),
        conditions.leaves_out_zero,
        forms.of_what_is_times_one,
        ("147",),
        "The service crashes.",
        lambda b: {"y": b.max(b.maxPool2d(b.input("x", "float32", [1, 4, 4, 1]), windowDimensions=[2, 2], layout="nhwc"), 0.1)},
    ),
    Quirk(
        "reshape of what is dequantized per axis",
        ("reshape",),
        conditions.reads_dequantized_per_axis("input"),
        forms.number_by_number,
        BOTH,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.reshape(x, [24])),
    ),
    Quirk(
        "transpose of what is dequantized per axis",
        ("transpose",),
        conditions.reads_dequantized_per_axis("input"),
        forms.turned_before,
        BOTH,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.transpose(x)),
    ),
    Quirk(
        "image of what is dequantized per axis",
        IMAGES,
        conditions.reads_dequantized_per_axis("input"),
        forms.number_by_number,
        BOTH,
        "The build fails, unless the axis is that of the channels.",
        probes.image_dequantized_per_axis,
    ),
    Quirk(
        "padding that would be negative",
        ("conv2d",),
        conditions.has_negative_padding,
        forms.padded_before,
        ("147",),
        "Along an axis that needs less than no padding to be the same size: where the other one is padded, all results are 0.",
        lambda b: {"y": b.conv2d(probes.image(b), b.constant(np.ones([1, 1, 1, 3], np.float32)), padding=[0, 0, 1, 1], strides=[2, 1])},
    ),
    Quirk(
        "clamp of what is dequantized per axis",
        ("clamp",),
        conditions.reads_dequantized_per_axis("input"),
        forms.by_max_and_min,
        BOTH,
        "The build fails.",
        probes.dequantized_per_axis(lambda b, x: b.clamp(x, minValue=-0.5, maxValue=0.5)),
    ),
    Quirk(
        "gemm by what is dequantized per axis",
        ("gemm",),
        conditions.reads_dequantized_per_axis("b"),
        forms.factor_turned_before,
        BOTH,
        "The build fails, unless the second matrix is transposed.",
        probes.dequantized_per_axis(lambda b, x: b.gemm(b.input("z", "float32", [2, 4]), x)),
    ),
)
"""All that are known, by the fuzzer of `tests.backends` and by models that failed."""
