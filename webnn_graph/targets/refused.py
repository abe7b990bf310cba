"""Calls on types that a target's limits refuse, as other calls that are exact, in rows like those of quirks.

They are tried before another type to compute in is looked for, which perhaps does not hold all values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.resampling import Mode
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms import arithmetic, images, movement, quantization
from webnn_graph.targets.quirk import Applies, Probe, Quirk, Table

T = DataType
WHY = "The target says that it does not take the type."


def of_type(operand: str, *data_types: DataType) -> Applies:
    """Calls whose operand is an integer, of these types or of any, that the target does not take there."""

    def applies(b: LegalBuilder, call: Call) -> bool:
        data_type: DataType = call.arguments[operand].data_type
        wanted = data_type in data_types if data_types else not data_type.is_float
        return wanted and not b.target.takes_type(call.op, operand, data_type)

    return applies


def backwards(b: LegalBuilder, call: Call) -> bool:
    data_type: DataType = call.input.data_type
    return not b.target.takes_type("reverse", "input", data_type) and b.target.takes_type("gather", "input", data_type)


def from_int4(b: LegalBuilder, call: Call) -> bool:
    return of_type("input", T.INT4)(b, call) and b.target.takes_type("dequantizeLinear", "input", T.INT4)


def resampling(mode: str) -> Applies:
    of_integer = of_type("input")
    return lambda b, call: call.mode == mode and of_integer(b, call)


def moved(op: str, data_type: str, **options: Any) -> Probe:
    return lambda b: {"y": b.call(op, b.input("x", data_type, [2, 3]), **options)}


def quantized_wide(b: GraphBuilder) -> dict[str, Operand]:
    x = b.linear(b.input("x", "float32", [2, 3]), alpha=9)
    return {"y": b.quantizeLinear(x, b.constant(np.full((1, 1), 0.5, np.float32)), b.constant(np.array([[3]], np.uint32)))}


def resampled(mode: Mode) -> Probe:
    return lambda b: {"y": b.resample2d(b.input("x", "int8", [1, 1, 3, 3]), sizes=[5, 5], mode=mode)}


REFUSED = Table(
    (
        Quirk("abs of int64", ("abs",), of_type("input", T.INT64), arithmetic.larger_of_both_signs, WHY, moved("abs", "int64")),
        Quirk("sign of int64", ("sign",), of_type("input", T.INT64), arithmetic.difference_of_comparisons, WHY, moved("sign", "int64")),
        Quirk("reduceL1 of int64", ("reduceL1",), of_type("input", T.INT64), arithmetic.sum_of_sizes, WHY, moved("reduceL1", "int64")),
        Quirk(
            "reduceSumSquare of int64",
            ("reduceSumSquare",),
            of_type("input", T.INT64),
            arithmetic.sum_of_squares,
            WHY,
            moved("reduceSumSquare", "int64"),
        ),
        Quirk(
            "clamp of integers",
            ("clamp",),
            of_type("input"),
            arithmetic.max_and_min,
            WHY,
            moved("clamp", "int32", minValue=2, maxValue=9),
        ),
        Quirk(
            "prelu of integers",
            ("prelu",),
            of_type("input"),
            arithmetic.chosen_product,
            WHY,
            lambda b: {"y": b.prelu(b.input("x", "int32", [3]), b.constant(np.array(-2, np.int32)))},
        ),
        Quirk(
            "reverse of a type that gather takes",
            ("reverse",),
            backwards,
            movement.gathered_backwards,
            WHY,
            moved("reverse", "int64"),
        ),
        Quirk(
            "cast from int4",
            ("cast",),
            from_int4,
            quantization.cast_by_dequantizing,
            WHY,
            lambda b: {"y": b.cast(b.constant(np.arange(-8, 8), "int4"), "float32")},
        ),
        Quirk(
            "quantizeLinear to uint32",
            ("quantizeLinear",),
            of_type("zeroPoint", T.UINT32),
            quantization.quantized_signed,
            WHY,
            quantized_wide,
        ),
        Quirk(
            "linear resampling of integers",
            ("resample2d",),
            resampling("linear"),
            images.smoothed_as_floats,
            WHY,
            resampled("linear"),
        ),
        Quirk(
            "nearest neighbours of integers",
            ("resample2d",),
            resampling("nearest-neighbor"),
            images.nearest_gathered,
            WHY,
            resampled("nearest-neighbor"),
        ),
    )
)
"""Those of every target."""
