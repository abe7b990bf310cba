"""What integers of a graph can be: the smallest and the largest value of each tensor, whatever is fed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph, Node, Operand, operands_in

Interval: TypeAlias = tuple[int, int]
"""The smallest and the largest value, both included."""
Of: TypeAlias = Callable[[Operand], Interval]
Rule: TypeAlias = Callable[[Node, Of], Interval]

LARGEST_POWER = 64
"""Exponents beyond which a power of anything but 0 and 1 leaves every type."""
TRUTH = (0, 1)


def whole_range(data_type: DataType) -> Interval:
    """Every value of an integer type."""
    smallest, largest = data_type.range
    return int(smallest), int(largest)


def bounds(graph: Graph, inputs: Mapping[Operand, Interval]) -> dict[Operand, Interval]:
    """The interval of each integer tensor of a graph, given those of its ``inputs``."""
    known = dict(inputs)
    known |= {x: _of_array(array) for x, array in graph.constants.items() if not x.data_type.is_float}
    for node in graph.nodes:
        for output in node.outputs:
            if not output.data_type.is_float:
                known[output] = _inside(_result(node, known), whole_range(output.data_type))
    return known


def _of_array(array: Array) -> Interval:
    return (int(array.min()), int(array.max())) if array.size else TRUTH


def _inside(interval: Interval, whole: Interval) -> Interval:
    """The interval; everything when a value may wrap around."""
    return interval if whole[0] <= interval[0] and interval[1] <= whole[1] else whole


def _result(node: Node, known: Mapping[Operand, Interval]) -> Interval:
    anything = whole_range(node.outputs[0].data_type)
    rule = RULES.get(node.op)
    if rule is None:
        return anything
    return rule(node, lambda operand: known.get(operand, anything))


def _hull(values: Iterable[int]) -> Interval:
    values = list(values)
    return min(values), max(values)


def _same(node: Node, of: Of) -> Interval:
    """Values of the operands, in other places."""
    return _hull(end for operand in node.operands for end in of(operand))


def _moved(*names: str) -> Rule:
    """Values of some operands, in other places."""

    def rule(node: Node, of: Of) -> Interval:
        return _hull(end for name in names for operand in operands_in(node.arguments[name]) for end in of(operand))

    return rule


def _with_zero(rule: Rule) -> Rule:
    def also_zero(node: Node, of: Of) -> Interval:
        low, high = rule(node, of)
        return min(low, 0), max(high, 0)

    return also_zero


def _pad(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    if node.arguments.get("mode", "constant") != "constant":
        return low, high
    value = node.arguments.get("value", 0)
    return (min(low, math.floor(value)), max(high, math.ceil(value))) if math.isfinite(value) else whole_range(node.output.data_type)


def _pairs(function: Callable[[int, int], int]) -> Rule:
    """Functions whose extremes are at the ends of both operands' intervals."""

    def rule(node: Node, of: Of) -> Interval:
        return _hull(function(x, y) for x in of(node.arguments["a"]) for y in of(node.arguments["b"]))

    return rule


def _div(node: Node, of: Of) -> Interval:
    """Towards zero; by 0 it is 0."""
    low, high = of(node.arguments["a"])
    most = max(abs(low), abs(high))
    return (-most, most) if low < 0 or of(node.arguments["b"])[0] < 0 else (0, high)


def _pow(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["a"])
    exponent = of(node.arguments["b"])[1]
    return _power(max(abs(low), abs(high)), exponent, negative=low < 0)


def _power(base: int, exponent: int, *, negative: bool) -> Interval:
    most = base ** min(exponent, LARGEST_POWER) if exponent > 0 else 1
    return -most if negative else 0, most


def _abs(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    return 0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))


def _clamp(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    least, most = node.arguments.get("minValue", -math.inf), node.arguments.get("maxValue", math.inf)
    return math.floor(min(max(low, least), most)), math.ceil(min(max(high, least), most))


def _argument(node: Node, of: Of) -> Interval:
    return 0, node.arguments["input"].shape[node.arguments["axis"]] - 1


def _terms(node: Node) -> int:
    """How many elements make one of the result."""
    if node.op == "cumulativeSum":
        return int(node.output.shape[node.arguments["axis"]])
    return int(node.arguments["input"].size // node.output.size)


def _sum(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    return _hull([low, high, _terms(node) * low, _terms(node) * high])


def _sum_of_sizes(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    most = max(abs(low), abs(high))
    return 0, _terms(node) * (most**2 if node.op == "reduceSumSquare" else most)


def _product(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    return _power(max(abs(low), abs(high)), _terms(node), negative=low < 0)


def _true_or_false(node: Node, of: Of) -> Interval:
    return TRUTH


def _quantized(node: Node, of: Of) -> Interval:
    return whole_range(node.arguments["zeroPoint"].data_type)


def _cast(node: Node, of: Of) -> Interval:
    source = node.arguments["input"]
    return whole_range(node.output.data_type) if source.data_type.is_float else of(source)


def _sign(node: Node, of: Of) -> Interval:
    return -1, 1


def _neg(node: Node, of: Of) -> Interval:
    low, high = of(node.arguments["input"])
    return -high, -low


RULES: Mapping[str, Rule] = {
    **dict.fromkeys("identity reshape transpose slice split expand tile reverse concat reduceMax reduceMin".split(), _same),
    **dict.fromkeys("gather gatherElements gatherND resample2d".split(), _moved("input")),
    **dict.fromkeys("scatterElements scatterND".split(), _moved("input", "updates")),
    **dict.fromkeys("reduceL1 reduceSumSquare".split(), _sum_of_sizes),
    **dict.fromkeys("argMax argMin".split(), _argument),
    **dict.fromkeys("equal notEqual greater greaterOrEqual lesser lesserOrEqual isNaN isInfinite".split(), _true_or_false),
    **dict.fromkeys("logicalNot logicalAnd logicalOr logicalXor".split(), _true_or_false),
    "abs": _abs,
    "add": _pairs(lambda x, y: x + y),
    "cast": _cast,
    "clamp": _clamp,
    "cumulativeSum": _with_zero(_sum),
    "div": _div,
    "max": _pairs(max),
    "min": _pairs(min),
    "mul": _pairs(lambda x, y: x * y),
    "neg": _neg,
    "pad": _pad,
    "pow": _pow,
    "quantizeLinear": _quantized,
    "reduceProduct": _product,
    "reduceSum": _sum,
    "sign": _sign,
    "sub": _pairs(lambda x, y: x - y),
    "triangular": _with_zero(_same),
    "where": _moved("trueValue", "falseValue"),
}
"""What an operator makes of the intervals of its operands; of any other the result may be anything."""
