"""Operators that compute element by element, reductions, products and recurrence."""

from __future__ import annotations

import numpy as np

from webnn_graph.ops import Trait, having
from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.conditions import has_larger_slope, reduces_nothing
from webnn_graph.targets.forms import arithmetic, recurrent
from webnn_graph.targets.quirk import Quirk, always

ROWS = (
    Quirk(
        "arg reduction that keeps its dimension",
        ("argMax", "argMin"),
        conditions.keeps_dimensions,
        forms.without_kept_dimension,
        "What reads the result sees another shape: wrong values, or the build fails.",
        lambda b: {
            "y": b.add(
                b.cast(b.argMax(b.input("x", "float32", [5, 5]), 1, keepDimensions=True), "float32"), b.input("z", "float32", [5, 5])
            )
        },
        until="153",
    ),
    Quirk(
        "reduction of no axes",
        having(Trait.REDUCING),
        reduces_nothing,
        arithmetic.element_by_element,
        "Of half precision that is returned, too, all results are 0.",
        probes.mean_of_nothing,
    ),
    Quirk(
        "isNaN that is read",
        ("isNaN",),
        always,
        arithmetic.differs_from_itself,
        "The build fails where slice and others read it.",
        probes.moved("isNaN"),
    ),
    Quirk(
        "isInfinite that is read",
        ("isInfinite",),
        always,
        arithmetic.is_beyond_all,
        "As isNaN.",
        probes.moved("isInfinite"),
    ),
    Quirk(
        "clamp from below",
        ("clamp",),
        conditions.clamps_from_below,
        forms.larger,
        "Behind relu, clamp, or a convolution in the layout nhwc, all results are 0.",
        lambda b: {"y": b.clamp(b.relu(b.input("x", "float32", [6])), minValue=0.5)},
    ),
    Quirk(
        "long recurrent sequences",
        tuple(recurrent.BY_PRODUCTS),
        conditions.is_long,
        forms.by_products,
        "The weights are packed for each step; beyond 2 GB the service crashes.",
        probes.long_sequences,
        rounds=True,
    ),
    Quirk(
        "what is turned, times itself",
        ("matmul",),
        conditions.is_turned_and_by_itself,
        forms.by_itself_times_one,
        "Other numbers come out; images are turned, too.",
        probes.transpose_times_itself,
    ),
    Quirk(
        "softmax of what is turned",
        ("softmax",),
        conditions.is_softmax_of_turned,
        forms.of_input_times_one,
        "Where the result is turned back, it is computed along another axis.",
        probes.softmax_between_transposes,
    ),
    Quirk(
        "division of integers",
        ("div",),
        conditions.is_unsure_division,
        arithmetic.sure_division,
        "With one divisor of 0, all quotients of the call are 0; the service crashes on the smallest integer by -1.",
        lambda b: {"y": b.div(b.input("x", "int32", [2]), b.constant(np.array([0, -1], np.int32)))},
    ),
    Quirk(
        "slope that is larger than the input",
        ("prelu",),
        has_larger_slope,
        arithmetic.of_expanded_input,
        "The call is refused: only the slope is broadcast.",
        lambda b: {"y": b.prelu(b.input("x", "float32", [3]), b.input("slope", "float32", [2, 3]))},
    ),
    Quirk(
        "sum of exponentials that overflow",
        ("reduceLogSumExp",),
        always,
        arithmetic.log_sum_exp_below_peak,
        "In 147 it is infinite, in 153 at most 88, where only the exponentials overflow.",
        lambda b: {"y": b.reduceLogSumExp(b.linear(b.input("x", "float32", [5]), beta=100))},
    ),
    Quirk(
        "softplus that overflows",
        ("softplus",),
        always,
        arithmetic.softplus_without_overflow,
        "As sums of exponentials.",
        lambda b: {"y": b.softplus(b.linear(b.input("x", "float32", [5]), beta=100))},
    ),
    Quirk(
        "gemm with a c that counts nothing",
        ("gemm",),
        conditions.counts_nothing,
        arithmetic.product_alone,
        "The service crashes.",
        probes.product_with_nothing,
        until="153",
    ),
    Quirk(
        "peepholes with gates in another order",
        ("lstm", "lstmCell"),
        conditions.has_peepholes_in_other_order,
        recurrent.standard_gates,
        "The build fails.",
        probes.peepholes,
        until="153",
    ),
)
