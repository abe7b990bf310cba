"""What pywebnn 0.5.12 lacks, refuses or computes wrong of graphs that its ``MLGraphBuilder`` builds, though its limits allow it."""

from __future__ import annotations

from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops import Trait, having
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.conditions import reduces_nothing
from webnn_graph.targets.forms import arithmetic, images, movement, recurrent
from webnn_graph.targets.pywebnn import forms
from webnn_graph.targets.quirk import Probe, Quirk, Table, always
from webnn_graph.targets.rustnn.forms import layer_normalization, resampled_by_products
from webnn_graph.targets.rustnn.quirks import QUIRKS as OF_RUSTNN
from webnn_graph.targets.rustnn.quirks import cell, image, recurrence
from webnn_graph.targets.substitutes import pad


# -------------------------------------------------------------------------------------------------------------- conditions
def is_whole(b: LegalBuilder, call: Call) -> bool:
    return call.windowDimensions is None


def has_rounding(b: LegalBuilder, call: Call) -> bool:
    return call.outputSizes is not None or call.outputShapeRounding != "floor"


def is_linear(b: LegalBuilder, call: Call) -> bool:
    return bool(call.mode == "linear")


def is_nearest(b: LegalBuilder, call: Call) -> bool:
    return not is_linear(b, call)


def has_strides(b: LegalBuilder, call: Call) -> bool:
    return call.strides is not None and max(call.strides, default=1) > 1


def is_of_floats(b: LegalBuilder, call: Call) -> bool:
    return bool(call.a.data_type.is_float)


def has_longer_slope(b: LegalBuilder, call: Call) -> bool:
    return bool(call.slope.rank > call.input.rank)


def pads_with_infinity(b: LegalBuilder, call: Call) -> bool:
    return call.mode == "constant" and not np.isfinite(call.value)


def has_no_axes(b: LegalBuilder, call: Call) -> bool:
    return not call.axes


def gives_halves(b: LegalBuilder, call: Call) -> bool:
    return bool(call.scale.data_type is DataType.FLOAT16)


# ------------------------------------------------------------------------------------------------------------------ probes
def unary(op: str, *shape: int, data_type: str = "float32", **options: Any) -> Probe:
    return lambda b: {"y": b.call(op, b.input("x", data_type, shape or (2, 3)), **options)}


def binary(op: str) -> Probe:
    return lambda b: {"y": b.call(op, b.input("a", "float32", [2, 3]), b.input("b", "float32", [2, 3]))}


def indexed(op: str) -> Probe:
    return lambda b: {
        "y": b.call(op, b.input("x", "float32", [3, 3]), b.constant(np.array([[2, 0, 1]] * (op == "gatherElements") or [[2, 0]], np.int32)))
    }


def pooled(op: str, **options: Any) -> Probe:
    return lambda b: {"y": b.call(op, image(b), **options)}


def dequantized(b: GraphBuilder) -> dict[str, Operand]:
    scale = b.constant(np.full((1, 1), 0.5, np.float16))
    return {"y": b.dequantizeLinear(b.input("x", "int8", [2, 3]), scale, b.constant(np.zeros((1, 1), np.int8)))}


LACKING = "There is no such method."
NO_OPTION = "There is no such option."
SHARED = {quirk.name: quirk for quirk in OF_RUSTNN}
QUIRKS = Table(
    (
        Quirk("linear", ("linear",), always, forms.product_and_sum, LACKING, unary("linear", alpha=3, beta=0.5), rounds=True),
        Quirk("max and min", ("max", "min"), always, forms.chosen, LACKING, binary("max")),
        Quirk("notEqual", ("notEqual",), always, forms.opposite_of_equal, LACKING, binary("notEqual")),
        Quirk("isNaN", ("isNaN",), always, arithmetic.differs_from_itself, LACKING, unary("isNaN")),
        Quirk("isInfinite", ("isInfinite",), always, arithmetic.is_beyond_all, LACKING, unary("isInfinite")),
        Quirk("pow of floats", ("pow",), is_of_floats, forms.power, LACKING, binary("pow"), rounds=True),
        Quirk("roundEven", ("roundEven",), always, forms.nearest_integer, LACKING, unary("roundEven")),
        Quirk("reverse", ("reverse",), always, movement.gathered_backwards, LACKING, unary("reverse")),
        Quirk("gatherElements", ("gatherElements",), always, movement.gather_flat, LACKING, indexed("gatherElements")),
        Quirk("gatherND", ("gatherND",), always, forms.gathered_from_rows, LACKING, indexed("gatherND")),
        Quirk(
            "cumulativeSum",
            ("cumulativeSum",),
            always,
            forms.sums_of_halves,
            LACKING,
            lambda b: {"y": b.cumulativeSum(b.input("x", "float32", [2, 5]), 1, exclusive=True)},
            rounds=True,
        ),
        Quirk("gru", ("gru",), always, recurrent.BY_PRODUCTS["gru"], LACKING, recurrence("gru", 3), rounds=True),
        Quirk("gruCell", ("gruCell",), always, recurrent.gru_cell, LACKING, cell("gruCell", 3), rounds=True),
        Quirk("lstm", ("lstm",), always, recurrent.BY_PRODUCTS["lstm"], LACKING, recurrence("lstm", 4), rounds=True),
        Quirk("lstmCell", ("lstmCell",), always, recurrent.lstm_cell, LACKING, cell("lstmCell", 4), rounds=True),
        Quirk("l2Pool2d", ("l2Pool2d",), always, images.l2_pool, LACKING, pooled("l2Pool2d"), rounds=True),
        Quirk(
            "linear resampling",
            ("resample2d",),
            is_linear,
            resampled_by_products,
            LACKING,
            unary("resample2d", 1, 1, 2, 2, mode="linear", sizes=[4, 4]),
            rounds=True,
        ),
        Quirk(
            "nearest pixels",
            ("resample2d",),
            is_nearest,
            images.nearest_gathered,
            LACKING,
            unary("resample2d", 1, 1, 2, 2, sizes=[4, 4]),
        ),
        Quirk(
            "pool of the whole image",
            ("averagePool2d", "maxPool2d"),
            is_whole,
            images.whole_window,
            "Windows have one pixel.",
            pooled("averagePool2d"),
        ),
        Quirk(
            "pool of a size",
            ("averagePool2d", "maxPool2d"),
            has_rounding,
            images.rounded_down,
            NO_OPTION,
            pooled("maxPool2d", windowDimensions=[3, 3], strides=[2, 2], outputShapeRounding="ceil"),
        ),
        Quirk(
            "slope that has more dimensions than the input",
            ("prelu",),
            has_longer_slope,
            arithmetic.of_expanded_input,
            "It is refused.",
            lambda b: {"y": b.prelu(b.input("x", "float32", [3]), b.input("slope", "float32", [2, 3]))},
        ),
        Quirk(
            "slice with strides",
            ("slice",),
            has_strides,
            forms.strided,
            "Its shape is that without strides.",
            lambda b: {"y": b.reshape(b.slice(b.input("x", "float32", [7]), [0], [7], strides=[2]), [2, 2])},
        ),
        Quirk(
            "reduction of no axes",
            having(Trait.REDUCING),
            reduces_nothing,
            arithmetic.element_by_element,
            "The result is said to have no dimensions.",
            lambda b: {"y": b.reshape(b.reduceSumSquare(b.input("x", "float32", [2, 3]), axes=[]), [6])},
        ),
        Quirk(
            "layerNormalization without axes",
            ("layerNormalization",),
            has_no_axes,
            layer_normalization,
            "Other axes are taken.",
            unary("layerNormalization", 2, 3, 4),
        ),
        Quirk(
            "pad with infinity",
            ("pad",),
            pads_with_infinity,
            pad,
            "It becomes 0.",
            unary("pad", 2, beginningPadding=[1], endingPadding=[0], value=-np.inf),
        ),
        Quirk(
            "dequantizeLinear to float16",
            ("dequantizeLinear",),
            gives_halves,
            forms.dequantized_as_float32,
            "It is refused.",
            dequantized,
        ),
        *(
            SHARED[name]
            for name in (
                "averagePool2d with dilations",
                "softplus that overflows",
                "transposed convolution to a size",
                "triangular of integers",
            )
        ),
    )
)
