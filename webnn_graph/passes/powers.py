"""Powers with a constant exponent as products and roots, which every implementation computes several times as fast."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import Trait, having
from webnn_graph.passes.arithmetic import AFFINE, affine_of
from webnn_graph.passes.rewrite import Build, Rule, View

Of: TypeAlias = Callable[[str], float]
"""What is known of a node's operand."""
Bound: TypeAlias = Callable[[Node, Of], float]

LEAST, LARGEST = -1, 4
"""The exponents between which powers are taken apart: a product beyond x may overflow where its reciprocal does not."""
POOLS = ("averagePool2d", "maxPool2d", "reduceMax", "reduceMean", "reduceMin", "reduceProduct", "reduceSum")
"""Operators whose results are no less than 0 when their operands are not."""
NONNEGATIVE = ("abs", "exp", "l2Pool2d", "reduceL1", "reduceL2", "reduceSumSquare", "relu", "sigmoid", "softmax", "sqrt")
"""Operators whose results are no less than 0."""
DEPTH = 20
"""Calls that are looked at to see that a number is not negative."""


def power(view: View, node: Node) -> Build | None:
    """pow(x, e) of a multiple of a quarter: products of x and its roots, and their reciprocal.

    Roots of negative numbers are NaN as powers are, but not those of -infinity and of -0; so an exponent that is no integer needs an x
    that is known to be no less than 0, a negative one of them an x that is known to be more.
    """
    x: Operand = node.arguments["a"]
    exponent = view.scalar(node.arguments["b"])
    if exponent is None or exponent in (0, 1) or x.shape != node.output.shape or not x.data_type.is_float:
        return None
    if not LEAST <= exponent <= LARGEST or not (4 * exponent).is_integer():
        return None
    if not exponent.is_integer():
        least = lowest(view, x)
        if least < 0 or (exponent < 0 and least == 0):
            return None
    return lambda b, new: _power(b, new(x), exponent)


def _power(b: GraphBuilder, x: Operand, exponent: float) -> Operand:
    if exponent < 0:
        inverse: Operand = b.reciprocal(_power(b, x, -exponent))
        return inverse
    factors: list[Operand] = []
    step, left = x, exponent % 1
    while left:
        step, left = b.sqrt(step), 2 * left
        if left >= 1:
            factors.append(step)
            left -= 1
    step, left = x, exponent // 1
    while left:
        if left % 2:
            factors.append(step)
        left //= 2
        step = b.mul(step, step) if left else step
    return reduce(b.mul, factors)


def lowest(view: View, operand: Operand, depth: int = DEPTH) -> float:
    """A number that the elements are no less than, or -infinity when none is known. NaN is not counted, and -0 is 0."""
    values = view.value(operand)
    if values is not None:
        return float(values.min()) if values.size and not np.isnan(values).any() else -math.inf
    node = view.producer(operand, *KNOWN, *AFFINE)
    if node is None or depth == 0:
        return -math.inf
    x, alpha, beta = (affine_of(view, node) if node.op in AFFINE else None) or (None, 0.0, 0.0)
    if x is not None and alpha > 0:
        return alpha * lowest(view, x, depth - 1) + beta
    bound = KNOWN.get(node.op)
    return -math.inf if bound is None else bound(node, lambda name: lowest(view, node.arguments[name], depth - 1))


def _product(node: Node, of: Of) -> float:
    if node.arguments["a"] is node.arguments["b"]:
        return 0.0
    first, second = of("a"), of("b")
    return first * second if first >= 0 and second >= 0 else -math.inf


def _padded(node: Node, of: Of) -> float:
    is_constant = node.arguments.get("mode", "constant") == "constant"
    return min(of("input"), float(node.arguments.get("value", 0))) if is_constant else of("input")


def _zero_or_more(name: str) -> Bound:
    """0 where an operand is no less than that."""
    return lambda node, of: 0.0 if of(name) >= 0 else -math.inf


KNOWN: dict[str, Bound] = {
    **{op: lambda node, of: 0.0 for op in NONNEGATIVE},
    **{op: _zero_or_more("input") for op in POOLS},
    **{op: lambda node, of: of("input") for op in having(Trait.MOVING)},
    "add": lambda node, of: of("a") + of("b"),
    "mul": _product,
    "div": lambda node, of: 0.0 if of("a") >= 0 and of("b") >= 0 else -math.inf,
    "max": lambda node, of: max(of("a"), of("b")),
    "clamp": lambda node, of: max(float(node.arguments.get("minValue", -math.inf)), of("input")),
    "pad": _padded,
}
"""What is known of the results of an operator."""

RULES: dict[str, list[Rule]] = {"pow": [power]}
