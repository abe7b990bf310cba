"""When a call has one of the faults in `webnn_graph.targets.quirks`: by what it reads, and what that was made by."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.ops.rules import broadcasts_to
from webnn_graph.ops.windows import extent, nchw_shape
from webnn_graph.targets.call import Call
from webnn_graph.targets.recurrent import packed_bytes

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder

IMAGES = ("averagePool2d", "conv2d", "convTranspose2d", "instanceNormalization", "l2Pool2d", "maxPool2d", "resample2d")
"""Operators that browsers compute in the layout nhwc: what turns images there and back is taken out where it meets."""
MOST_PACKED = 2**27
"""Bytes of weights that a recurrent call may keep for its steps; from about half of it on, one product for all steps is faster."""


def keeps_dimensions(b: LegalBuilder, call: Call) -> bool:
    return bool(call.keepDimensions)


def always(b: LegalBuilder, call: Call) -> bool:
    return True


def reduces_nothing(b: LegalBuilder, call: Call) -> bool:
    return bool(call.axes == [])


def strides_too_far(b: LegalBuilder, call: Call) -> bool:
    return call.strides is not None and any(step > size for step, size in zip(call.strides, call.sizes, strict=True))


def clamps_from_below(b: LegalBuilder, call: Call) -> bool:
    bounds = call.minValue is not None and call.minValue != 0 and not np.isnan(call.minValue)
    return call.input.data_type.is_float and bounds and call.maxValue in (None, np.inf)


def is_quantized_elsewhere(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    if made is None or not any(is_made_by(b, operand, "dequantizeLinear") for operand in made.operands):
        return False
    return any(node.op == "quantizeLinear" for node in b.readers(call.input))


def is_image(b: LegalBuilder, operand: Operand) -> bool:
    made = b.producer(operand)
    return made is not None and made.op in IMAGES


def is_image_of_floats(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    if made is None or made.op not in IMAGES:
        return False
    read = [operand for name, operand in made.arguments.items() if name in ("input", "filter")]
    return not all(is_made_by(b, operand, "dequantizeLinear") for operand in read)


def is_convolution_bounded_elsewhere(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    if made is None or made.op not in ("conv2d", "convTranspose2d") or made.arguments.get("inputLayout") != "nhwc":
        return False
    return any(node.op in ("clamp", "relu") for node in b.readers(call.input))


def is_half_dequantized(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type is DataType.FLOAT16 and is_made_by(b, call.input, "dequantizeLinear") and bool(b.readers(call.input))


def is_cast_constant(b: LegalBuilder, call: Call) -> bool:
    return b.is_known(call.input) and is_made_by(b, call.input, "cast")


def meets_what_is_made_of_it(b: LegalBuilder, call: Call) -> bool:
    first = b.producer(call.a)
    if first is None or call.a.rank != 4:
        return False
    return (first.op in IMAGES or len(first.operands) == 2) and (call.a is call.b or is_made_from(b, call.b, call.a))


def leaves_out_zero(b: LegalBuilder, call: Call) -> bool:
    if call.op == "clamp":
        outside = (call.minValue or 0) > 0 or (call.maxValue or 0) < 0
        return call.input.data_type.is_float and outside and is_bounded_image(b, call.input)
    for x, bound in ((call.a, call.b), (call.b, call.a)):
        value = b.value(bound) if bound.size == 1 else None
        if value is not None and is_bounded_image(b, x):
            return bool((value > 0).all() if call.op == "max" else (value < 0).all())
    return False


def has_negative_padding(b: LegalBuilder, call: Call) -> bool:
    if not any(call.padding):
        return False
    image = nchw_shape(call.input.shape, call.inputLayout)[2:]
    kernel = [call.filter.shape[axis] for axis in FILTER_AXES[call.filterLayout][2:]]
    spans = [extent(k, d) for k, d in zip(kernel, call.dilations, strict=True)]
    return any((-(-n // step) - 1) * step + span < n for n, step, span in zip(image, call.strides, spans, strict=True))


def is_long(b: LegalBuilder, call: Call) -> bool:
    return packed_bytes(call) > MOST_PACKED


def is_softmax_of_image(b: LegalBuilder, call: Call) -> bool:
    return call.input.rank == 4 and comes_from_image(b, call.input)


def is_turned_and_by_itself(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.a)
    return call.a is call.b and call.a.rank > 2 and made is not None and made.op in (*IMAGES, "transpose")


def reads_dequantized_per_axis(name: str) -> Callable[[LegalBuilder, Call], bool]:
    def applies(b: LegalBuilder, call: Call) -> bool:
        node = b.producer(call.arguments[name])
        if node is None or node.op != "dequantizeLinear" or (call.op == "gemm" and call.bTranspose):
            return False
        q, scale = node.arguments["input"], node.arguments["scale"]
        return q.data_type.bits >= 8 and scale.size > 1 and broadcasts_to(scale.shape, q.shape)

    return applies


def joins_quantized(b: LegalBuilder, call: Call) -> bool:
    return call.inputs[0].data_type.bits == 8 and any(is_quantized(b, operand) for operand in call.inputs)


def is_dequantized(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    return made is not None and made.op == "dequantizeLinear"


def is_scaled_by_itself(b: LegalBuilder, call: Call) -> bool:
    x: Operand = call.input
    others = [operand for operand in (call.scale, call.bias) if operand is not None]
    return x.rank == 4 and is_image(b, x) and any(operand is x or is_made_from(b, operand, x) for operand in others)


def is_made_by(b: LegalBuilder, operand: Operand, op: str) -> bool:
    node = b.producer(operand)
    return node is not None and node.op == op


def is_bounded_image(b: LegalBuilder, operand: Operand) -> bool:
    """Whether the operand is an image, perhaps kept inside of bounds."""
    return _goes_back(b, operand, lambda node: node.op in IMAGES, lambda node: node.op in ("clamp", "max", "min", "relu"), 6)


def comes_from_image(b: LegalBuilder, operand: Operand) -> bool:
    """Whether the operand is an image, or computed from one element by element."""
    return _goes_back(b, operand, lambda node: node.op in IMAGES, lambda node: OPS[node.op].category in ("elementwise", "activation"), 6)


def is_quantized(b: LegalBuilder, operand: Operand) -> bool:
    """Whether the operand is what quantizeLinear gives, perhaps moved."""
    return _goes_back(b, operand, lambda node: node.op == "quantizeLinear", lambda node: OPS[node.op].category == "manipulation")


def is_made_from(b: LegalBuilder, operand: Operand, source: Operand) -> bool:
    """Whether the operand is computed from another one, a few calls before."""
    return _goes_back(b, operand, lambda node: source in node.operands, lambda node: True, 6)


def _goes_back(
    b: LegalBuilder, operand: Operand, found: Callable[[Node], bool], through: Callable[[Node], bool], depth: float = math.inf
) -> bool:
    """Whether a node that is ``found`` makes the operand, or, through so many calls, what it is computed from."""
    seen: set[Operand] = set()
    now = {operand}
    while now and depth > 0:
        nodes = [node for node in map(b.producer, now) if node is not None]
        if any(map(found, nodes)):
            return True
        seen |= now
        now = {before for node in nodes if through(node) for before in node.operands} - seen
        depth -= 1
    return False
