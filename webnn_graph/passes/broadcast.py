"""Steps that element-wise operators make needless: they broadcast by themselves, and some constants change nothing."""

from __future__ import annotations

import math

from webnn_graph.graph import Node, Operand
from webnn_graph.ops import OPS, Trait, having
from webnn_graph.ops.rules import broadcast
from webnn_graph.passes.rewrite import Build, Rule, View

NEUTRAL = {
    "add": ("ab", 0),
    "sub": ("b", 0),
    "mul": ("ab", 1),
    "div": ("b", 1),
    "pow": ("b", 1),
    "max": ("ab", -math.inf),
    "min": ("ab", math.inf),
}
"""Which operand of an operator may have which value and leave the other as it is."""


def expanded_operand(view: View, node: Node) -> Build | None:
    """An operand of a broadcasting operator that is expanded first, though the result's shape does not need it."""
    for name, operand in node.arguments.items():
        expand = view.producer(operand, "expand")
        if expand is None:
            continue
        others = [o.shape for key, o in node.arguments.items() if key != name]
        small: Operand = expand.arguments["input"]
        if broadcast(small.shape, *others) == node.output.shape:
            changed = {key: small if key == name else value for key, value in node.arguments.items()}
            return lambda b, new, changed=changed: b.call(node.op, *(new(o) for o in changed.values()))  # type: ignore[misc]
    return None


def neutral_constant(view: View, node: Node) -> Build | None:
    """x + 0, x - 0, x * 1, x / 1, x ^ 1, max(x, -inf), min(x, inf)."""
    places, neutral = NEUTRAL[node.op]
    for place in places:
        x = node.arguments["b" if place == "a" else "a"]
        if view.scalar(node.arguments[place]) == neutral and x.shape == node.output.shape:
            return lambda b, new, x=x: new(x)  # type: ignore[misc]
    return None


RULES: dict[str, list[Rule]] = {op: [expanded_operand] for op in having(Trait.ELEMENTWISE) if len(OPS[op].operands) > 1}
for op in NEUTRAL:
    RULES[op] = [neutral_constant, *RULES[op]]
