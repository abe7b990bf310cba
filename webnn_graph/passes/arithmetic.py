"""Chains of element-wise steps with constants: one step for several."""

from __future__ import annotations

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType, shortest
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import Trait, having
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View

AFFINE = ("mul", "div", "add", "sub", "linear")
MOVING = having(Trait.MOVING)
TRUTHS = having(Trait.TRUTH)


def affine(view: View, node: Node) -> Build | None:
    """a x + b of c x, or x + b of a x + c, with numbers: one mul, add or linear.

    A sum is not multiplied out: where its terms cancel, the products of them would not as exactly.
    """
    outer = affine_of(view, node)
    inner_node = outer and view.producer(outer[0], *AFFINE)
    inner = inner_node and affine_of(view, inner_node)
    if not outer or not inner or not view.only_user(outer[0]) or not node.output.data_type.is_float:
        return None
    (_, factor, offset), (x, first_factor, first_offset) = outer, inner
    if factor != 1 and first_offset != 0:
        return None
    alpha, beta = shortest(factor * first_factor), shortest(offset + first_offset)

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        if beta == 0 or alpha == 1:
            return b.mul(new(x), alpha) if beta == 0 else b.add(new(x), beta)
        return b.linear(new(x), alpha=alpha, beta=beta)

    return build


def affine_of(view: View, node: Node) -> tuple[Operand, float, float] | None:
    """x, a and b when the node is a x + b with numbers."""
    if node.op == "linear":
        return node.arguments["input"], node.arguments.get("alpha", 1.0), node.arguments.get("beta", 0.0)
    x, number = with_number(view, node)
    if x is None or number is None:
        return None
    return (x, number, 0.0) if node.op in ("mul", "div") else (x, 1.0, number)


def with_number(view: View, node: Node) -> tuple[Operand | None, float | None]:
    """x and c when the node is x * c, x / c, x + c or x - c: the factor (for div its inverse) or the summand (for sub its negative)."""
    a, b = node.arguments["a"], node.arguments["b"]
    constant = view.scalar(b)
    if constant is not None and a.shape == node.output.shape:
        if node.op == "div":
            return (a, 1 / constant) if constant else (None, None)
        return a, -constant if node.op == "sub" else constant
    constant = view.scalar(a)
    if constant is not None and b.shape == node.output.shape and node.op in ("add", "mul"):
        return b, constant
    return None, None


def quotient(view: View, node: Node) -> Build | None:
    """x * (1 / y): x / y."""
    for x, other in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        inverse = view.producer(other, "reciprocal", "div")
        if inverse is None or not view.only_user(other) or (inverse.op == "div" and view.scalar(inverse.arguments["a"]) != 1):
            continue
        y: Operand = inverse.arguments["input" if inverse.op == "reciprocal" else "b"]
        if y.shape == other.shape:
            return lambda b, new, x=x, y=y: b.div(new(x), new(y))  # type: ignore[misc]
    return None


def squares(view: View, node: Node) -> Build | None:
    """reduceSum or reduceMean of x * x or x^2: reduceSumSquare, and a factor for the mean."""
    square = view.producer(node.arguments["input"], "mul", "pow")
    if square is None or not view.only_user(square.output) or square.output.data_type != DataType.FLOAT32:
        return None  # in float16 the sum may overflow where the mean does not
    x, other = square.arguments["a"], square.arguments["b"]
    if (other is not x) if square.op == "mul" else (view.scalar(other) != 2 or x.shape != square.output.shape):
        return None

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        options = {name: value for name, value in node.arguments.items() if name != "input"}
        total: Operand = b.reduceSumSquare(new(x), **options)
        return total if node.op == "reduceSum" else b.mul(total, node.output.size / x.size)

    return build


def clamp(view: View, node: Node) -> Build | None:
    """max, min, relu or clamp of the other one of them, with numbers: clamp."""
    x, low, high = _limited(view, node)
    inner = x and view.producer(x, "max", "min", "relu", "clamp")
    if not x or not inner or not view.only_user(x):
        return None
    first, inner_low, inner_high = _limited(view, inner)
    if first is None:
        return None
    least, most = _known(inner_low, low), _known(inner_high, high)
    if len(least) > 1 or len(most) > 1:  # two limits on one side: rare, and not worth the cases
        return None
    if least and most and not least[0] <= most[0]:
        return None
    return lambda b, new: b.clamp(new(first), minValue=next(iter(least), None), maxValue=next(iter(most), None))


def _limited(view: View, node: Node) -> tuple[Operand | None, float | None, float | None]:
    """x, and below and above what it is cut off."""
    if node.op == "relu":
        return node.arguments["input"], 0.0, None
    if node.op == "clamp":
        return node.arguments["input"], node.arguments.get("minValue"), node.arguments.get("maxValue")
    for x, other in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        limit = view.scalar(other)
        if limit is not None and x.shape == node.output.shape and x.data_type.is_float:
            return (x, limit, None) if node.op == "max" else (x, None, limit)
    return None, None, None


def _known(*limits: float | None) -> list[float]:
    return [limit for limit in limits if limit is not None]


def casts(view: View, node: Node) -> Build | None:
    """A cast of a cast that loses nothing: one cast."""
    inner = view.producer(node.arguments["input"], "cast")
    if inner is None:
        return None
    x: Operand = inner.arguments["input"]
    if not holds(inner.output.data_type, x.data_type) and not (is_truth(view, x) and inner.output.data_type.bits >= 8):
        return None
    return lambda b, new: b.cast(new(x), node.output.data_type)


def holds(wide: DataType, narrow: DataType) -> bool:
    """Whether a data type has every value of another one."""
    if wide.is_float and narrow.is_float:
        return wide.bits >= narrow.bits
    if wide.is_float:
        return max(map(abs, narrow.range)) <= 2 ** (24 if wide == DataType.FLOAT32 else 11)
    return not narrow.is_float and wide.range[0] <= narrow.range[0] and wide.range[1] >= narrow.range[1]


def truth(view: View, node: Node) -> Build | None:
    """notEqual(t, 0) of what is 0 or 1, also after a cast: t."""
    t = _unequal_to_zero(view, node.output)
    if t is None:
        return None
    cast = view.producer(t, "cast")
    if cast is not None:
        t = cast.arguments["input"]
    return (lambda b, new: new(t)) if is_truth(view, t) else None


def unequal(view: View, node: Node) -> Build | None:
    """logicalNot of equal or notEqual: the other one."""
    inner = view.producer(node.arguments["a"], "equal", "notEqual")
    if inner is None:
        return None
    other = "notEqual" if inner.op == "equal" else "equal"
    return lambda b, new: b.call(other, new(inner.arguments["a"]), new(inner.arguments["b"]))


def conditions(view: View, node: Node) -> Build | None:
    """An operator of truth on notEqual(t, 0) of uint8: on t, which is true where it is not 0."""
    found = {operand: _unequal_to_zero(view, operand) for operand in node.operands[: 1 if node.op == "where" else 2]}
    plain = {operand: t for operand, t in found.items() if t is not None and t.data_type is DataType.UINT8}
    if not plain:
        return None
    return lambda b, new: b.repeat(node, lambda operand: new(plain.get(operand, operand)))


def _unequal_to_zero(view: View, operand: Operand) -> Operand | None:
    """t, if the operand is notEqual(t, 0)."""
    node = view.producer(operand, "notEqual")
    if node is None or view.scalar(node.arguments["b"]) != 0:
        return None
    t: Operand = node.arguments["a"]
    return t if t.shape == operand.shape else None


def all_true(view: View, node: Node) -> Build | None:
    """logicalAnd with ones, logicalOr with zeros: the other operand, expanded."""
    neutral = 1 if node.op == "logicalAnd" else 0
    for t, other in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        if view.scalar(other) == neutral and is_truth(view, t):
            return lambda b, new, t=t: b.expand(new(t), list(node.output.shape))  # type: ignore[misc]
    return None


def is_truth(view: View, operand: Operand) -> bool:
    """Whether the operand is uint8 and only ever 0 or 1."""
    node = view.producer(operand, *TRUTHS, *MOVING)
    while node is not None and node.op in MOVING:
        node = view.producer(node.arguments["input"], *TRUTHS, *MOVING)
    return node is not None


RULES: dict[str, list[Rule]] = {
    "max": [clamp],
    "min": [clamp],
    "relu": [clamp],
    "clamp": [clamp],
    "cast": [casts],
    "notEqual": [truth],
    "logicalNot": [conditions, unequal],
    "logicalAnd": [all_true, conditions],
    "logicalOr": [all_true, conditions],
    "logicalXor": [conditions],
    "where": [conditions],
}
LAST: dict[str, list[Rule]] = {
    **{op: [affine] for op in AFFINE},
    "mul": [affine, quotient],
    "reduceSum": [squares],
    "reduceMean": [squares],
}
"""What would hide larger patterns."""
