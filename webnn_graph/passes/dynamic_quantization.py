"""Activations that are quantized by the range that they have when the graph is computed, and their products.

Quantizing and dequantizing is rounding to multiples of a scale. Where nothing reads the integers themselves they are kept in floating
point, which holds them and what is made of them as exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.ops.rules import cast_number
from webnn_graph.passes.powers import lowest
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again

STEPS = 2**8 - 1
"""From the lowest to the highest byte."""
FACTORS = {"matmul": (("a", -1), ("b", -2)), "conv2d": (("input", 1), ("filter", 1))}
"""The factors of a product, each with the axis that is added up."""
ELSEWHERE = {"inputLayout", "filterLayout", "groups", "bias"}
"""Options with which that is another axis, or not all that is added up."""


def rounding(view: View, node: Node) -> Build | None:
    """dequantizeLinear of what its own range quantizes to bytes: roundEven(x / scale), and times a scale that is not 1.

    The smallest x, or 0, is rounded to the lowest byte, so that none is below; the largest may be beyond the highest, when both are
    rounded away from 0.
    """
    quantized = view.producer(node.arguments["input"], "quantizeLinear")
    if quantized is None or quantized.arguments["zeroPoint"] is not node.arguments["zeroPoint"]:
        return None
    x, zero = quantized.arguments["input"], node.arguments["zeroPoint"]
    scale, factor = (_number(view, one.arguments["scale"], "reshape") for one in (quantized, node))
    if zero.data_type not in (DataType.INT8, DataType.UINT8) or x.data_type is not DataType.FLOAT32 or not _is_range(view, x, scale):
        return None
    smallest, is_above = _smallest(view, x, scale, zero), lowest(view, x) >= 0
    if is_above != (smallest is None) or (is_above and view.scalar(zero) != zero.data_type.range[0]):
        return None

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        steps: Operand = b.roundEven(b.div(new(x), new(scale)))
        if smallest is not None:
            steps = b.min(steps, b.add(b.roundEven(new(smallest)), STEPS))
        return steps if view.scalar(factor) == 1 else b.mul(steps, new(factor))

    return build


def _number(view: View, operand: Operand, *ops: str) -> Operand:
    """What the operand is made of by some operators, if it is a single number."""
    while operand.size == 1 and (step := view.producer(operand, *ops)) is not None:
        operand = step.arguments["input"]
    return operand


def _is_range(view: View, x: Operand, scale: Operand) -> bool:
    """Whether the scale is the 255th part of the distance from the smallest x, or 0, to the largest x, or more."""
    div = view.producer(_number(view, scale, "clamp"), "div")
    if div is None or scale.size > 1 or view.scalar(div.arguments["b"]) != STEPS:
        return False
    distance = view.producer(div.arguments["a"], "sub")
    if distance is not None and not _is_lowest(view, x, distance.arguments["b"]):
        return False
    high = view.producer(distance.arguments["a"] if distance else div.arguments["a"], "clamp")
    return high is not None and _is_reduced(view, x, high.arguments["input"], "reduceMax")


def _is_lowest(view: View, x: Operand, operand: Operand) -> bool:
    """Whether the operand is the smallest x, or 0."""
    low = view.producer(operand, "min")
    return low is not None and 0 in map(view.scalar, low.operands) and any(_is_reduced(view, x, one, "reduceMin") for one in low.operands)


def _is_reduced(view: View, x: Operand, operand: Operand, op: str) -> bool:
    reduction = view.producer(operand, op)
    return reduction is not None and reduction.arguments["input"] is x


def _smallest(view: View, x: Operand, scale: Operand, zero: Operand) -> Operand | None:
    """The smallest x, or 0, by the scale, when the zero point is the lowest byte less that, rounded."""
    number = _number(view, zero, "cast", "reshape")
    lowest_byte = zero.data_type.range[0]
    if lowest_byte:
        add = view.producer(number, "add")
        if add is None or view.scalar(add.arguments["b"]) != lowest_byte:
            return None
        number = add.arguments["a"]
    rounded = view.producer(number, "roundEven")
    negative = rounded and view.producer(rounded.arguments["input"], "neg")
    div = negative and view.producer(negative.arguments["input"], "div")
    if not div or div.arguments["b"] is not scale or not _is_lowest(view, x, div.arguments["a"]):
        return None
    return div.output


def whole(view: View, node: Node) -> Build | None:
    """dequantizeLinear, with scale 1 and zero point 0, of bytes that are made of whole numbers: these."""
    reshape = view.producer(node.arguments["input"], "reshape")
    cast = view.producer(reshape.arguments["input"] if reshape else node.arguments["input"], "cast")
    clamp = cast and view.producer(cast.arguments["input"], "clamp")
    if not cast or not clamp or view.producer(clamp.arguments["input"], "roundEven") is None:
        return None
    limits = [clamp.arguments.get(name, math.inf) for name in ("minValue", "maxValue")]
    lowest_byte, highest = cast.output.data_type.range
    if not all(lowest_byte <= limit <= highest and float(limit).is_integer() for limit in limits):
        return None
    if view.scalar(node.arguments["scale"]) != 1 or view.scalar(node.arguments["zeroPoint"]) != 0:
        return None
    return lambda b, new: b.reshape(b.cast(new(clamp.output), node.output.data_type), list(node.output.shape))


def uncut(view: View, node: Node) -> Build | None:
    """cast to float32 of an int32 sum of products of pieces of bytes, cut so that each is exact: the product of the whole.

    It is exact, too, unless its own partial sums are beyond 2^24, and then as exact as floating point is.
    """
    total: Operand = node.arguments["input"]
    if node.output.data_type is not DataType.FLOAT32 or total.data_type is not DataType.INT32:
        return None
    products = _products(view, total)
    first = products[0] if len(products) > 1 else None
    if first is None or _options(first).keys() & ELSEWHERE or any(_options(product) != _options(first) for product in products):
        return None
    wholes = {name: _whole(view, [product.arguments[name] for product in products], axis) for name, axis in FACTORS[first.op]}
    if not all(whole and _is_bytes(view, whole) for whole in wholes.values()):
        return None
    return lambda b, new: again(b, new, first, **{name: new(whole) for name, whole in wholes.items() if whole})


def _products(view: View, total: Operand) -> list[Node]:
    """The products whose int32 values are added up, in order; none where anything else is, or is read elsewhere."""
    step = view.producer(total, "add", "cast") if view.only_user(total) else None
    if step is None:
        return []
    if step.op == "add":
        left, right = (_products(view, step.arguments[name]) for name in "ab")
        return left + right if left and right else []
    product = view.producer(step.arguments["input"], *FACTORS)
    return [] if product is None else [product]


def _options(product: Node) -> dict[str, object]:
    """What a product is besides its factors."""
    factors = dict(FACTORS[product.op])
    return {"op": product.op} | {name: value for name, value in product.arguments.items() if name not in factors}


def _whole(view: View, pieces: Sequence[Operand], axis: int) -> Operand | None:
    """What the pieces are slices of: one behind the other along an axis, from its beginning to its end."""
    slices = [view.producer(piece, "slice") for piece in pieces]
    if slices[0] is None:
        return None
    whole: Operand = slices[0].arguments["input"]
    end, axis = 0, axis % whole.rank
    for piece in slices:
        if piece is None or piece.arguments["input"] is not whole or piece.arguments.get("strides"):
            return None
        sizes = [size if i == axis else n for i, (n, size) in enumerate(zip(whole.shape, piece.output.shape, strict=True))]
        if list(piece.arguments["starts"]) != [end if i == axis else 0 for i in range(whole.rank)] or list(piece.output.shape) != sizes:
            return None
        end += piece.output.shape[axis]
    return whole if end == whole.shape[axis] else None


def _is_bytes(view: View, operand: Operand) -> bool:
    """Whether it is integers of at most 8 bits, as floating point."""
    source = view.producer(operand, "dequantizeLinear")
    return source is not None and source.arguments["input"].data_type.bits <= 8 and view.scalar(source.arguments["scale"]) == 1


def known_minimum(view: View, node: Node) -> Build | None:
    """min(reduceMin(x), c) of an x that is not below c: c."""
    for minimum, other in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        reduction, limit = view.producer(minimum, "reduceMin"), view.scalar(other)
        if reduction is not None and limit is not None and lowest(view, reduction.arguments["input"]) >= limit:
            return lambda b, new, other=other: b.expand(new(other), list(node.output.shape))  # type: ignore[misc]
    return None


def zero_quotient(view: View, node: Node) -> Build | None:
    """0 / x of an x that is kept above 0: 0."""
    zero: Operand = node.arguments["a"]
    if view.scalar(zero) != 0 or not cast_number(lowest(view, node.arguments["b"]), zero.data_type) > 0:
        return None
    return lambda b, new: b.expand(new(zero), list(node.output.shape))


RULES: dict[str, list[Rule]] = {
    "dequantizeLinear": [rounding, whole],
    "cast": [uncut],
    "min": [known_minimum],
    "div": [zero_quotient],
}
