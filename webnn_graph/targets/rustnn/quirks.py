"""What rustnn 0.5.12, computing with ONNX Runtime, refuses or computes wrong though its limits allow it.

It knows operand options by number only; a name in their place makes it forget every option of the call. So no call keeps one,
but for the biases that files hold by position.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.conditions import is_dilated, resamples_by_scales
from webnn_graph.targets.forms import arithmetic, images, movement, quantization, recurrent
from webnn_graph.targets.quirk import Applies, Probe, Quirk, Table, always
from webnn_graph.targets.rustnn import forms


# -------------------------------------------------------------------------------------------------------------- conditions
def gives(*names: str) -> Applies:
    """Calls with one of these options."""
    return lambda b, call: any(call.arguments.get(name) is not None for name in names)


def of_types(*data_types: DataType) -> Applies:
    """Calls whose first operand has one of these types, or is an integer."""

    def applies(b: LegalBuilder, call: Call) -> bool:
        data_type: DataType = next(iter(call.arguments.values())).data_type
        return data_type in data_types if data_types else not data_type.is_float

    return applies


def divides_wide_integers(b: LegalBuilder, call: Call) -> bool:
    return not call.a.data_type.is_float and call.a.data_type.bits > 8


def quantizes_to_uint32(b: LegalBuilder, call: Call) -> bool:
    return bool(call.zeroPoint.data_type is DataType.UINT32)


def normalizes_with_options(b: LegalBuilder, call: Call) -> bool:
    return not call.axes or call.scale is not None or call.bias is not None


def is_no_standard_cell(b: LegalBuilder, call: Call) -> bool:
    return call.layout != "zrn" or call.bias is None or call.recurrentBias is None


def is_moved_to_size(b: LegalBuilder, call: Call) -> bool:
    return call.outputSizes is not None and (any(call.padding) or call.groups > 1 or is_dilated(b, call))


def falls_short(b: LegalBuilder, call: Call) -> bool:
    ends = [(call.input.shape[axis], call.result.shape[axis]) for axis in call.axes]
    return call.mode == "linear" and any(int(old * float(np.float32(new / old))) < new for old, new in ends)


def is_linear_along_first(b: LegalBuilder, call: Call) -> bool:
    return call.mode == "linear" and 0 in call.axes


def is_linear_of_integers(b: LegalBuilder, call: Call) -> bool:
    return call.mode == "linear" and not call.input.data_type.is_float


def takes_other_pixels(b: LegalBuilder, call: Call) -> bool:
    if call.mode == "linear":
        return False
    other = images.takes_other_pixels(call, lambda old, new: np.floor(np.arange(new) * (old / new)))
    return other or not call.input.data_type.is_float


# ------------------------------------------------------------------------------------------------------------------ probes
def image(b: GraphBuilder) -> Operand:
    return b.input("x", "float32", [1, 4, 4, 4])


def normalized(op: str, **options: object) -> Probe:
    return lambda b: {"y": b.call(op, image(b), bias=b.input("bias", "float32", [4]), **options)}


def product(b: GraphBuilder) -> dict[str, Operand]:
    c = b.input("c", "float32", [2])
    return {"y": b.gemm(b.input("a", "float32", [2, 3]), b.input("b", "float32", [3, 2]), c=c, alpha=2)}


def batch(b: GraphBuilder) -> dict[str, Operand]:
    mean, variance = b.input("mean", "float32", [4]), b.exp(b.input("variance", "float32", [4]))
    return {"y": b.batchNormalization(image(b), mean, variance, scale=b.input("scale", "float32", [4]), epsilon=0.5)}


def recurrence(op: str, gates: int) -> Probe:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        x, bias = b.input("x", "float32", [3, 2, 4]), b.input("bias", "float32", [1, gates * 5])
        w, r = b.input("w", "float32", [1, gates * 5, 4]), b.input("r", "float32", [1, gates * 5, 5])
        return {"y": b.call(op, x, w, r, 3, 5, bias=bias)[0]}

    return build


def cell(op: str, gates: int) -> Probe:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        x, states = b.input("x", "float32", [2, 4]), [b.input(name, "float32", [2, 5]) for name in "hc"[: gates - 2]]
        w, r = b.input("w", "float32", [gates * 5, 4]), b.input("r", "float32", [gates * 5, 5])
        results = b.call(op, x, w, r, *states, 5, bias=b.input("bias", "float32", [gates * 5]))
        return {"y": results[0] if op == "lstmCell" else results}

    return build


def quantized_wide(b: GraphBuilder) -> dict[str, Operand]:
    x = b.linear(b.input("x", "float32", [2, 3]), alpha=9)
    return {"y": b.quantizeLinear(x, b.constant(np.full((1, 1), 0.5, np.float32)), b.constant(np.array([[3]], np.uint32)))}


def large(op: str) -> Probe:
    return lambda b: {"y": b.call(op, b.add(b.input("x", "int32", [3]), 2**30), b.constant(np.array([1, 3, 7], np.int32)))}


def transposed(b: GraphBuilder) -> dict[str, Operand]:
    kernel = b.constant(np.arange(36, dtype=np.float32).reshape(4, 1, 3, 3))
    return {"y": b.convTranspose2d(image(b), kernel, padding=[0, 1, 1, 0], strides=[2, 2], outputSizes=[9, 8])}


def resampled(shape: list[int], data_type: str = "float32", **options: Any) -> Probe:
    return lambda b: {"y": b.resample2d(b.input("x", data_type, shape), **options)}


def parts(b: GraphBuilder) -> dict[str, Operand]:
    first, second = b.split(b.input("x", "int32", [4, 2]), 2, axis=0)
    return {"y": b.add(first, second)}


FORGOTTEN = "All options are forgotten."
QUIRKS = Table(
    (
        Quirk(
            "gemm with c",
            ("gemm",),
            gives("c"),
            forms.c_added,
            FORGOTTEN,
            product,
        ),
        Quirk(
            "batchNormalization",
            ("batchNormalization",),
            always,
            forms.batch_normalization,
            FORGOTTEN,
            batch,
            rounds=True,
        ),
        Quirk(
            "instanceNormalization with scale or bias",
            ("instanceNormalization",),
            gives("scale", "bias"),
            forms.instance_normalization,
            FORGOTTEN,
            normalized("instanceNormalization", epsilon=0.5),
        ),
        Quirk(
            "layerNormalization with options",
            ("layerNormalization",),
            normalizes_with_options,
            forms.layer_normalization,
            FORGOTTEN,
            normalized("layerNormalization", axes=[3], epsilon=0.5),
        ),
        Quirk(
            "gru",
            ("gru",),
            always,
            recurrent.unrolled("gruCell"),
            FORGOTTEN,
            recurrence("gru", 3),
        ),
        Quirk(
            "gruCell",
            ("gruCell",),
            is_no_standard_cell,
            forms.gru_cell,
            "Biases are known by position only, and gates in another order are not known.",
            cell("gruCell", 3),
        ),
        Quirk(
            "lstm",
            ("lstm",),
            always,
            recurrent.unrolled("lstmCell"),
            "ONNX Runtime refuses what is made of it.",
            recurrence("lstm", 4),
            rounds=True,
        ),
        Quirk(
            "lstmCell",
            ("lstmCell",),
            always,
            recurrent.lstm_cell,
            "As lstm.",
            cell("lstmCell", 4),
            rounds=True,
        ),
        Quirk(
            "clamp of integers",
            ("clamp",),
            of_types(),
            arithmetic.max_and_min,
            "The limits are rounded to float32.",
            lambda b: {"y": b.clamp(b.input("x", "int32", [4]), minValue=2**28 + 1)},
        ),
        Quirk(
            "softplus that overflows",
            ("softplus",),
            always,
            arithmetic.softplus_without_overflow,
            "Of large halves it is infinite.",
            lambda b: {"y": b.softplus(b.linear(b.input("x", "float16", [5]), beta=3e4))},
        ),
        Quirk(
            "subtraction of integers",
            ("sub",),
            of_types(DataType.INT32, DataType.INT64),
            forms.plus_negative,
            "They are subtracted as float32.",
            large("sub"),
        ),
        Quirk(
            "division of integers",
            ("div",),
            divides_wide_integers,
            None,
            "div computes integers as float32; those beyond 2^24 differ",
            large("div"),
        ),
        Quirk(
            "split",
            ("split",),
            always,
            forms.slices,
            "Parts are taken for float32 of unknown shape.",
            parts,
        ),
        Quirk(
            "triangular of integers",
            ("triangular",),
            of_types(),
            movement.chosen_by_mask,
            "They are taken for float32.",
            lambda b: {"y": b.triangular(b.input("x", "int32", [3, 3]))},
        ),
        Quirk(
            "quantizeLinear to uint32",
            ("quantizeLinear",),
            quantizes_to_uint32,
            quantization.quantized_signed,
            "It is refused.",
            quantized_wide,
        ),
        Quirk(
            "averagePool2d with dilations",
            ("averagePool2d",),
            is_dilated,
            images.pool,
            "The size of the result is that without dilations.",
            lambda b: {"y": b.averagePool2d(image(b), windowDimensions=[2, 2], dilations=[2, 1], padding=[1, 1, 1, 1])},
            rounds=True,
        ),
        Quirk(
            "transposed convolution to a size",
            ("convTranspose2d",),
            is_moved_to_size,
            images.conv_transpose,
            "Where it is padded, another size is computed.",
            transposed,
        ),
        Quirk(
            "linear resampling that falls short",
            ("resample2d",),
            falls_short,
            forms.resampled_by_products,
            "Sizes become scales, which are rounded to float32, and give sizes that are rounded down.",
            resampled([1, 1, 13, 2], mode="linear", sizes=[53, 4]),
        ),
        Quirk(
            "linear resampling along the first axis",
            ("resample2d",),
            is_linear_along_first,
            forms.resampled_at_the_end,
            "ONNX Runtime refuses it.",
            resampled([2, 2, 3, 3], mode="linear", sizes=[4, 4], axes=[0, 1]),
        ),
        Quirk(
            "linear resampling of integers",
            ("resample2d",),
            is_linear_of_integers,
            images.smoothed_as_floats,
            "They are taken for float32.",
            resampled([1, 1, 4, 4], "int8", mode="linear", sizes=[8, 8]),
        ),
        Quirk(
            "resampling by scales",
            ("resample2d",),
            resamples_by_scales,
            images.by_sizes,
            "Sizes are rounded up.",
            resampled([1, 1, 4, 4], mode="linear", scales=[1.4, 1.4]),
        ),
        Quirk(
            "nearest pixels",
            ("resample2d",),
            takes_other_pixels,
            images.nearest_gathered,
            "The pixel at or before the corner of the new one is taken.",
            resampled([1, 1, 4, 4], sizes=[3, 3]),
        ),
    )
)
