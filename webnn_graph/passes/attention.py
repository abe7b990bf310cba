"""Softmax that exporters spell out or guard, and the matrix products around it."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Node, Operand
from webnn_graph.ops.rules import broadcasts_to
from webnn_graph.passes.arithmetic import with_number
from webnn_graph.passes.movement import permutation_of
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again

PASSING = ("reshape", "expand", "transpose", "slice", "concat", "gather", "add", "sub", "mul")
"""Operators whose results are finite when their operands are, as long as these are of a moderate size."""
PRODUCTS = ("matmul", "gemm", "conv2d", "layerNormalization", "softmax", "relu", "sigmoid", "tanh", "gelu")
"""Operators whose results are taken to be finite: they are what weights make of activations."""


def softmax(view: View, node: Node) -> Build | None:
    """exp(x) / sum(exp(x)) along an axis: softmax."""
    exp = view.producer(node.arguments["a"], "exp")
    total = view.producer(node.arguments["b"], "reduceSum")
    if exp is None or total is None or total.arguments["input"] is not exp.output or exp.output.shape != node.output.shape:
        return None
    axes = total.arguments.get("axes", [])
    if len(axes) != 1 or not total.arguments.get("keepDimensions", False):
        return None
    return lambda b, new: b.softmax(new(exp.arguments["input"]), axes[0])


def shifted(view: View, node: Node) -> Build | None:
    """softmax of x - max(x): softmax of x, which subtracts the maximum by itself."""
    shift = view.producer(node.arguments["input"], "sub")
    peak = shift and view.producer(shift.arguments["b"], "reduceMax")
    if not shift or not peak or peak.arguments["input"] is not shift.arguments["a"]:
        return None
    if peak.arguments.get("axes") != [node.arguments["axis"]] or not peak.arguments.get("keepDimensions", False):
        return None
    return lambda b, new: b.softmax(new(peak.arguments["input"]), node.arguments["axis"])


def guard(view: View, node: Node) -> Build | None:
    """where(isNaN(softmax(x)), 0, softmax(x)) where nothing makes x infinite: softmax(x).

    Exporters write this for masks of -inf, under which a row may have nothing left; a mask of large negative numbers always
    leaves finite sums, unless the scores themselves are as large.
    """
    nan = view.producer(node.arguments["condition"], "isNaN")
    value: Operand = node.arguments["falseValue"]
    if nan is None or nan.arguments["a"] is not value or value.shape != node.output.shape:
        return None
    made = view.producer(value, "softmax")
    return (lambda b, new: new(value)) if made and _is_finite(view, made.arguments["input"]) else None


def _is_finite(view: View, operand: Operand) -> bool:
    constant = view.value(operand)
    if constant is not None:
        return bool(np.isfinite(constant).all())
    node = view.producer(operand, *PASSING, *PRODUCTS, "where", "div")
    if node is None:
        return False
    if node.op in PRODUCTS:
        return True
    if node.op == "where":
        return _is_finite(view, node.arguments["trueValue"]) and _is_finite(view, node.arguments["falseValue"])
    if node.op == "div" and not view.scalar(node.arguments["b"]):
        return False
    if node.op == "gather":
        return _is_finite(view, node.arguments["input"])
    return all(_is_finite(view, o) for o in node.operands)


def scaled_product(view: View, node: Node) -> Build | None:
    """matmul of two operands that are both multiplied by a number: one of them by both, the smaller."""
    parts = []
    for operand in (node.arguments["a"], node.arguments["b"]):
        scaled = view.producer(operand, "mul", "div")
        x, factor = with_number(view, scaled) if scaled else (None, None)
        if x is None or factor is None or not view.only_user(operand):
            return None
        parts.append((x, factor))
    (first, one), (second, other) = parts
    if not math.isfinite(one * other):
        return None
    if first.size <= second.size:
        return lambda b, new: b.matmul(b.mul(new(first), one * other), new(second))
    return lambda b, new: b.matmul(new(first), b.mul(new(second), one * other))


def gemm(view: View, node: Node) -> Build | None:
    """a @ b + c of matrices: gemm."""
    for operand, c in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        product = view.producer(operand, "matmul")
        if product is None or not view.only_user(operand) or operand.rank != 2 or product.arguments["b"].rank != 2:
            continue
        if product.arguments["a"].rank == 2 and view.value(c) is not None and broadcasts_to(c.shape, operand.shape):
            return lambda b, new, p=product, c=c: b.gemm(new(p.arguments["a"]), new(p.arguments["b"]), c=new(c))  # type: ignore[misc]
    return None


def grouped_heads(view: View, node: Node) -> Build | None:
    """matmul with keys or values that are repeated for each head of a group: the rows of its heads below each other, and one matrix."""
    x: Operand = node.arguments["a"]
    repeated: Operand = node.arguments["b"]
    turn = view.producer(repeated, "transpose")
    if turn is not None:
        if permutation_of(turn) != [*range(repeated.rank - 2), repeated.rank - 1, repeated.rank - 2]:
            return None
        repeated = turn.arguments["input"]
    merge = view.producer(repeated, "reshape")
    expand = merge and view.producer(merge.arguments["input"], "expand")
    if merge is None or expand is None or repeated.rank < 3 or x.shape[:-2] != repeated.shape[:-2]:
        return None
    small: Operand = expand.arguments["input"]
    *outer, groups, heads, rows, columns = expand.output.shape if expand.output.rank > 3 else (0, 0, 0, 0)
    shared = [*outer, groups, rows, columns]
    if repeated.shape != (*outer, groups * heads, rows, columns) or small.shape != (*outer, groups, 1, rows, columns):
        return None

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        matrix = b.reshape(new(small), shared)
        if turn is not None:
            matrix = b.transpose(matrix, permutation=permutation_of(turn))
        below = b.reshape(new(x), [*outer, groups, heads * x.shape[-2], x.shape[-1]])
        return b.reshape(b.matmul(below, matrix), list(node.output.shape))

    return build


def expanded_batch(view: View, node: Node) -> Build | None:
    """matmul of an operand that is expanded to the other one's batches: the product broadcasts by itself."""
    for name, other in (("a", node.arguments["b"]), ("b", node.arguments["a"])):
        expand = view.producer(node.arguments[name], "expand")
        small = expand and expand.arguments["input"]
        if not small or small.rank != node.output.rank or small.shape[-2:] != node.arguments[name].shape[-2:]:
            continue
        if np.broadcast_shapes(small.shape[:-2], other.shape[:-2]) == node.output.shape[:-2]:
            return lambda b, new, name=name, small=small: again(b, new, node, **{name: new(small)})  # type: ignore[misc]
    return None


def transposed_constant(view: View, node: Node) -> Build | None:
    """gemm with a constant that nothing else reads: with its transpose, as implementations compute it."""
    factor: Operand = node.arguments["b"]
    values = view.value(factor)
    if values is None or node.arguments.get("bTranspose", False) or not view.only_user(factor):
        return None
    return lambda b, new: again(b, new, node, b=b.constant(values.T, name=factor.name), bTranspose=True)


RULES: dict[str, list[Rule]] = {
    "div": [softmax],
    "softmax": [shifted],
    "where": [guard],
    "matmul": [grouped_heads, expanded_batch, scaled_product],
    "add": [gemm],
}
LAST: dict[str, list[Rule]] = {"gemm": [transposed_constant]}
"""What would hide a product from those that want its constant as it is."""
