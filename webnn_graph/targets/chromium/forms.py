"""Equal forms of calls that Chromium fails at for what stands around them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops.windows import shape_from_nchw
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.chromium import conditions
from webnn_graph.targets.forms import images, movement
from webnn_graph.targets.forms.quantization import dequantized
from webnn_graph.targets.forms.recurrent import BY_PRODUCTS

COMMUTATIVE = ("add", "max", "min", "mul")


def without_kept_dimension(b: LegalBuilder, call: Call) -> Any:
    return b.reshape(b.call(call.op, **call.but(keepDimensions=None)), list(call.result.shape))


def shorter_strides(b: LegalBuilder, call: Call) -> Any:
    strides = [min(step, size) for step, size in zip(call.strides, call.sizes, strict=True)]
    return b.call(call.op, **call.but(strides=strides))


def larger(b: LegalBuilder, call: Call) -> Any:
    return call.input if call.minValue in (None, -np.inf) else b.max(call.input, float(call.minValue))


def times_one(b: LegalBuilder, call: Call) -> Any:
    return _times_one(b, call.input)


def _times_one(b: LegalBuilder, x: Operand) -> Any:
    return b.mul(x, b.constant(np.ones((), x.data_type.numpy)))


def padded_before(b: LegalBuilder, call: Call) -> Any:
    top, bottom, left, right = call.padding
    begin, end = (shape_from_nchw((0, 0, *sizes), call.inputLayout) for sizes in ((top, left), (bottom, right)))
    return b.call(call.op, **call.but(input=b.pad(call.input, list(begin), list(end)), padding=None))


def pool(b: LegalBuilder, call: Call) -> Any:
    if not conditions.pools_dilated(b, call) and images.whole_padding(call) == images.same_padding(call):
        options = {"strides": call.strides, "layout": call.layout, "padding": images.same_padding(call)}
        return b.call(call.op, call.input, windowDimensions=call.windowDimensions, **options)
    return images.pool(b, call)


def by_products(b: LegalBuilder, call: Call) -> Any:
    return BY_PRODUCTS[call.op](b, call)


def cast_twice(b: LegalBuilder, call: Call) -> Any:
    parts = [b.cast(b.cast(x, DataType.INT32), x.data_type) if conditions.is_quantized(b, x) else x for x in call.inputs]
    return b.concat(parts, call.axis)


def of_input_times_one(b: LegalBuilder, call: Call) -> Any:
    return b.call(call.op, **call.but(input=times_one(b, call)))


def by_itself_times_one(b: LegalBuilder, call: Call) -> Any:
    return b.matmul(call.a, _times_one(b, call.b))


def of_what_is_times_one(b: LegalBuilder, call: Call) -> Any:
    bounded = {
        name: operand
        for name, operand in call.arguments.items()
        if isinstance(operand, Operand) and conditions.is_bounded_image(b, operand)
    }
    return b.call(call.op, **call.but(**{name: _times_one(b, x) for name, x in bounded.items()}))


def in_fewer_dimensions(b: LegalBuilder, call: Call) -> Any:
    shape, axis = call.input.shape, call.axis
    after = math.prod(shape[axis + 1 :])
    folded = [math.prod(shape[:axis]), shape[axis], *([after] if after > 1 else [])]
    return b.reshape(b.call(call.op, b.reshape(call.input, folded), 1), list(shape))


def times_ones_or_tiled(b: LegalBuilder, call: Call) -> Any:
    return movement.times_ones(b, call) if conditions.is_expanded_by_few(b, call) else movement.tiled(b, call)


def smaller_than_one(b: LegalBuilder, call: Call) -> Any:
    return b.min(b.relu(call.input), 1.0)


def turned_before(b: LegalBuilder, call: Call) -> Any:
    if b.readers(call.input):  # the numbers stay one constant, of which a call computes the other order
        return number_by_number(b, call)
    turned = list(range(call.input.rank))[::-1] if call.permutation is None else call.permutation
    return dequantized(b, call.input, turned)


def factor_turned_before(b: LegalBuilder, call: Call) -> Any:
    return b.call(call.op, **call.but(b=dequantized(b, call.b, [1, 0]), bTranspose=True))


def by_max_and_min(b: LegalBuilder, call: Call) -> Any:
    x = call.input
    x = x if call.minValue is None else b.max(x, float(call.minValue))
    return x if call.maxValue is None else b.min(x, float(call.maxValue))


def number_by_number(b: LegalBuilder, call: Call) -> Any:
    node = b.producer(call.input)
    assert node is not None
    q, scale, zero = (node.arguments[name] for name in ("input", "scale", "zeroPoint"))
    real = b.mul(b.sub(b.cast(q, scale.data_type), b.cast(zero, scale.data_type)), scale)
    return b.call(call.op, **call.but(input=real))


def other_way_round(b: LegalBuilder, call: Call) -> Any:
    if call.a is call.b:
        size = b.abs(call.a)
        return b.call(call.op, size, size) if call.op in ("mul", "div") else b.call(call.op, b.neg(b.neg(call.a)), call.a)
    if call.op in COMMUTATIVE:
        return b.call(call.op, call.b, call.a)
    if call.op == "sub":
        return b.add(b.neg(call.b), call.a)
    return b.div(b.neg(call.a), b.neg(call.b))
