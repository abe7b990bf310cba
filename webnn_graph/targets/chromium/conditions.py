"""When a call is one that Chromium fails at: by its own arguments, by what it reads, and by what that was made by."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.ops.rules import broadcasts_to
from webnn_graph.ops.windows import extent, nchw_shape
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.conditions import is_dilated
from webnn_graph.targets.forms import arithmetic, images, movement, sequences
from webnn_graph.targets.forms.recurrent import packed_bytes

IMAGES = ("averagePool2d", "conv2d", "convTranspose2d", "instanceNormalization", "l2Pool2d", "maxPool2d", "resample2d")
"""Operators that browsers compute in the layout nhwc: what turns images there and back is taken out where it meets."""
MOST_ONES = 2**12
"""Ones that an expansion may become a product with: they are in the file of weights."""
MANY_NUMBERS = 2**10
"""Elements from which on a call of each of a few steps costs less than what they save."""
LONG_FILTER = 16
"""Taps from which on a filter is slow where it makes one channel of one, if there is enough to do."""
MANY_PRODUCTS = 2**16
"""What is enough to do."""
MOST_PACKED = 2**27
"""Bytes of weights that a recurrent call may keep for its steps; from about half of it on, one product for all steps is faster."""


def keeps_dimensions(b: LegalBuilder, call: Call) -> bool:
    return bool(call.keepDimensions)


def strides_too_far(b: LegalBuilder, call: Call) -> bool:
    return call.strides is not None and any(step > size for step, size in zip(call.strides, call.sizes, strict=True))


def clamps_from_below(b: LegalBuilder, call: Call) -> bool:
    bounds = call.minValue is not None and call.minValue != 0 and not np.isnan(call.minValue)
    return call.input.data_type.is_float and bounds and call.maxValue in (None, np.inf)


def clamps_to_unit(b: LegalBuilder, call: Call) -> bool:
    return bool(call.input.data_type.is_float and call.minValue == 0 and call.maxValue == 1)


def is_erf_of_many(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type is DataType.FLOAT32 and call.input.size >= MANY_NUMBERS


def convolves_one_row(b: LegalBuilder, call: Call) -> bool:
    if call.input.data_type is not DataType.FLOAT32 or b.value(call.filter) is None:
        return False
    row = sequences.row_of(call)
    return row is not None and row.taps >= LONG_FILTER and row.taps * call.result.size >= MANY_PRODUCTS


def expands_slowly(b: LegalBuilder, call: Call) -> bool:
    if max(call.input.nbytes, call.result.nbytes) > b.target.most_bytes() or math.prod(movement.growth(call)) <= 1:
        return False
    return is_expanded_by_few(b, call) or _takes(b, "tile", "input", call)


def is_expanded_by_few(b: LegalBuilder, call: Call) -> bool:
    few = call.input.size > 1 and math.prod(movement.growth(call)) <= MOST_ONES
    return call.input.data_type.is_float and few and _takes(b, "mul", "a", call)


def _takes(b: LegalBuilder, op: str, operand: str, call: Call) -> bool:
    """Whether the operator's operand may be like the input, and as many dimensions as the result has."""
    return b.target.takes_type(op, operand, call.input.data_type) and b.target.takes_rank(op, operand, call.result.rank)


def pads_reflected(b: LegalBuilder, call: Call) -> bool:
    return bool(call.mode == "reflection")


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
    if first is None or call.a.rank != 4 or call.b.rank == 0:
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


def is_softmax_of_turned(b: LegalBuilder, call: Call) -> bool:
    def is_free(node: Node) -> bool:
        """Whether transposes are moved past the node; they are not where it has a constant."""
        return OPS[node.op].category in ("elementwise", "activation") and not any(map(b.is_known, node.operands))

    return _goes_back(b, call.input, lambda node: node.op == "transpose", is_free)


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
    return is_made_by(b, call.input, "dequantizeLinear")


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


# ------------------------------------------------------------------------------------------------ by the arguments themselves
def is_unsure_division(b: LegalBuilder, call: Call) -> bool:
    x, divisor = call.a, call.b
    if x.data_type.is_float or not b.target.takes_type("div", "a", x.data_type):
        return False
    harmful = arithmetic.harmful_divisors(x)
    known = b.value(divisor)
    return bool(np.isin(known, harmful).any()) if known is not None else not _replaces(b, divisor, harmful)


def _replaces(b: LegalBuilder, operand: Operand, values: list[int]) -> bool:
    """Whether the operand is another one with 1 in the place of these values, in whatever shape."""
    made = b.producer(operand)
    while made is not None and made.op in ("expand", "reshape"):
        made = b.producer(made.arguments["input"])
    if made is None or made.op != "where" or made.output.size != made.arguments["falseValue"].size:
        return False
    one = b.value(made.arguments["trueValue"])
    return (
        one is not None
        and bool((one == 1).all())
        and _compared(b, made.arguments["condition"], made.arguments["falseValue"]).issuperset(values)
    )


def _compared(b: LegalBuilder, condition: Operand, operand: Operand) -> set[int]:
    """The values at which the condition that an operand equals one of them is true."""
    values: set[int] = set()
    conditions = {condition}
    while conditions:
        made = b.producer(_unshaped(b, conditions.pop()))
        if made is None or made.output.size != operand.size:  # else it is another element's
            continue
        if made.op == "logicalOr":
            conditions |= set(made.operands)
        elif made.op == "equal" and _unshaped(b, made.arguments["a"]) is _unshaped(b, operand):
            value = b.value(made.arguments["b"])
            values |= {int(value.item())} if value is not None and value.size == 1 else set()
    return values


def _unshaped(b: LegalBuilder, operand: Operand) -> Operand:
    """What the operand is a reshape of."""
    made = b.producer(operand)
    while made is not None and made.op == "reshape":
        operand = made.arguments["input"]
        made = b.producer(operand)
    return operand


def counts_nothing(b: LegalBuilder, call: Call) -> bool:
    return call.c is not None and bool(call.beta == 0)


def has_peepholes_in_other_order(b: LegalBuilder, call: Call) -> bool:
    return call.peepholeWeight is not None and call.layout != "iofg"


def pads_edge(b: LegalBuilder, call: Call) -> bool:
    return bool(call.mode == "edge")


def is_perhaps_infinite(b: LegalBuilder, call: Call) -> bool:
    known = b.value(call.input)
    return call.input.data_type.is_float and (known is None or not np.isfinite(known).all())


def has_computed_indices(b: LegalBuilder, call: Call) -> bool:
    return not b.is_plain(call.indices)


def has_repeated_places(b: LegalBuilder, call: Call) -> bool:
    indices = b.value(call.indices)
    return indices is not None and np.unique(movement.flat_places(call.input.shape, indices, call.axis)).size < indices.size


def has_one_position(b: LegalBuilder, call: Call) -> bool:
    return bool(call.indices.rank == 1)


def has_repeated_rows(b: LegalBuilder, call: Call) -> bool:
    places = b.value(call.indices)
    return places is not None and movement.last_of_each_row(call.input.shape, places).size < places.size // places.shape[-1]


def pools_padded_automatically(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type.is_float and is_padded(b, call) and list(call.padding) == images.same_padding(call)


def pools_padded_otherwise(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type.is_float and is_padded(b, call) and not pools_padded_automatically(b, call)


def pools_beyond(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type.is_float and any(images.overhang(call))


def pools_dilated(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type.is_float and is_dilated(b, call)


def is_padded(b: LegalBuilder, call: Call) -> bool:
    return any(call.padding)


def is_grouped(b: LegalBuilder, call: Call) -> bool:
    return bool(call.groups > 1)


def has_other_ties(b: LegalBuilder, call: Call) -> bool:
    if not call.input.data_type.is_float or call.mode == "linear":
        return False
    return images.takes_other_pixels(call, lambda old, new: np.minimum(old - 1, np.floor((np.arange(new) + 0.5) * (old / new))))


def quantizes_bytes_per_axis(b: LegalBuilder, call: Call) -> bool:
    zero: Operand = call.zeroPoint
    return zero.data_type.bits == 8 and zero.size > 1 and b.is_known(call.scale) and broadcasts_to(zero.shape, call.input.shape)


def is_depthwise_dequantized_per_axis(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.filter)
    channels = nchw_shape(call.input.shape, call.inputLayout)[1]
    if call.groups != channels or call.filterLayout in ("ihwo", "hwio") or made is None or made.op != "dequantizeLinear":
        return False
    return bool(made.arguments["scale"].size > 1)
