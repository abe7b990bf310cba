"""Activations that exporters spell out: GELU, hard-sigmoid, hard-swish.

Only exact forms are recognised: the tanh approximation of GELU is another function, which is written with fewer steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from webnn_graph.data_types import shortest
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.arithmetic import AFFINE, affine_of
from webnn_graph.passes.rewrite import Build, Rule, View, close


def gelu(view: View, node: Node) -> Build | None:
    """x * (1 + erf(x / sqrt(2))) / 2, the factors in any order."""
    scale, factors = product(view, node)
    if len(factors) != 2 or not close(scale, 0.5):
        return None
    for x, other in (factors, factors[::-1]):
        erf = _shifted(view, other, 1, "erf")
        if erf is not None and _is_scaled(view, erf.arguments["input"], x, 1 / math.sqrt(2)):
            return lambda b, new, x=x: b.gelu(new(x))  # type: ignore[misc]
    return None


def tanh_gelu(view: View, node: Node) -> Build | None:
    """x / 2 * (1 + tanh(s (x + c x^3))): x * sigmoid(2 s x (1 + c x^2)), which is the same function."""
    scale, leaves = product(view, node)
    if len(leaves) != 2 or not close(scale, 0.5):
        return None
    for x, other in (leaves, leaves[::-1]):
        tanh = _shifted(view, other, 1, "tanh")
        outer = tanh and view.producer(tanh.arguments["input"], "mul")
        s, sums = product(view, outer) if outer else (math.nan, [])
        add = view.producer(sums[0], "add") if len(sums) == 1 else None
        c = _cube_factor(view, add, x) if add else None
        if c is not None:
            return lambda b, new, x=x, s=s, c=c: b.mul(  # type: ignore[misc]
                new(x), b.sigmoid(b.mul(new(x), b.linear(b.mul(new(x), new(x)), alpha=shortest(2 * s * c), beta=shortest(2 * s))))
            )
    return None


def _cube_factor(view: View, add: Node, x: Operand) -> float | None:
    """c when the node is x + c x^3."""
    for a, b in ((add.arguments["a"], add.arguments["b"]), (add.arguments["b"], add.arguments["a"])):
        cube = view.producer(b, "mul") if a is x else None
        if cube is None:
            continue
        factor, leaves = product(view, cube)
        power = view.producer(leaves[0], "pow") if len(leaves) == 1 else None
        if leaves == [x, x, x] or (power and power.arguments["a"] is x and view.scalar(power.arguments["b"]) == 3):
            return factor
    return None


def linear_hard_sigmoid(view: View, node: Node) -> Build | None:
    """clamp(a x + b, 0, 1): hardSigmoid of slope a and offset b."""
    if node.arguments.get("minValue") != 0 or node.arguments.get("maxValue") != 1:
        return None
    step = view.producer(node.arguments["input"], *AFFINE)
    found = step and affine_of(view, step)
    if not found or not node.output.data_type.is_float:
        return None
    x, slope, offset = found
    inner = view.producer(x, "mul", "div") if slope == 1 else None
    scaled = inner and affine_of(view, inner)
    if scaled:
        x, slope, _ = scaled
    return lambda b, new: b.hardSigmoid(new(x), alpha=slope, beta=offset)


def hard_sigmoid(view: View, node: Node) -> Build | None:
    """clamp(x + 3, 0, 6) / 6: hardSigmoid of slope 1/6 and offset 1/2."""
    scale, factors = product(view, node)
    if len(factors) != 1 or not close(scale, 1 / 6):
        return None
    x = _relu6_of_shifted(view, factors[0])
    return None if x is None else lambda b, new: b.hardSigmoid(new(x), alpha=1 / 6, beta=0.5)


def hard_swish(view: View, node: Node) -> Build | None:
    """x * clamp(x + 3, 0, 6) / 6, or x * hardSigmoid(x) of slope 1/6 and offset 1/2."""
    scale, factors = product(view, node)
    if len(factors) != 2:
        return None
    for x, gate in (factors, factors[::-1]):
        sigmoid = view.producer(gate, "hardSigmoid")
        if sigmoid is not None and sigmoid.arguments["input"] is x and scale == 1:
            same = close(sigmoid.arguments.get("alpha", 0.2), 1 / 6) and sigmoid.arguments.get("beta", 0.5) == 0.5
        else:
            same = close(scale, 1 / 6) and _relu6_of_shifted(view, gate) is x
        if same:
            return lambda b, new, x=x: b.hardSwish(new(x))  # type: ignore[misc]
    return None


def product(view: View, node: Node) -> tuple[float, list[Operand]]:
    """The constant factor and the other factors of a tree of mul, and div by constants."""
    scale, factors = 1.0, []
    for operand, inverse in _factors(view, node):
        constant = view.scalar(operand)
        if (constant is not None and operand.rank == 0) or (constant is not None and operand.size == 1):
            scale = scale / constant if inverse and constant else scale * constant
        elif inverse:
            return math.nan, []
        else:
            factors.append(operand)
    return scale, factors


def _factors(view: View, node: Node) -> Iterator[tuple[Operand, bool]]:
    """The leaves of the product tree below a node, and whether each divides."""
    for name in ("a", "b"):
        operand = node.arguments[name]
        inner = view.producer(operand, "mul", "div")
        divides = node.op == "div" and name == "b"
        if inner is not None and not divides and view.only_user(operand):
            yield from _factors(view, inner)
        else:
            yield operand, divides


def _shifted(view: View, operand: Operand, by: float, op: str) -> Node | None:
    """The node of operator ``op`` whose result plus the constant ``by`` is the operand."""
    add = view.producer(operand, "add")
    if add is None:
        return None
    for a, b in ((add.arguments["a"], add.arguments["b"]), (add.arguments["b"], add.arguments["a"])):
        if view.scalar(b) == by and b.rank <= a.rank:
            return view.producer(a, op)
    return None


def _is_scaled(view: View, operand: Operand, x: Operand, by: float) -> bool:
    """Whether the operand is x times a constant."""
    node = view.producer(operand, "mul", "div")
    if node is None:
        return False
    a, b = node.arguments["a"], node.arguments["b"]
    if node.op == "div":
        divisor = view.scalar(b)
        return a is x and divisor is not None and divisor != 0 and close(1 / divisor, by)
    return (a is x and close(view.scalar(b), by)) or (b is x and close(view.scalar(a), by))


def _relu6_of_shifted(view: View, operand: Operand) -> Operand | None:
    """x when the operand is clamp(x + 3, 0, 6)."""
    clamp = view.producer(operand, "clamp")
    if clamp is None or clamp.arguments.get("minValue") != 0 or clamp.arguments.get("maxValue") != 6:
        return None
    add = view.producer(clamp.arguments["input"], "add")
    if add is None:
        return None
    a, b = add.arguments["a"], add.arguments["b"]
    if view.scalar(b) == 3 and a.shape == operand.shape:
        return a  # type: ignore[no-any-return]
    return b if view.scalar(a) == 3 and b.shape == operand.shape else None


RULES: dict[str, list[Rule]] = {
    "mul": [gelu, tanh_gelu, hard_swish, hard_sigmoid],
    "div": [gelu, tanh_gelu, hard_swish, hard_sigmoid],
    "clamp": [linear_hard_sigmoid],
}
