"""Rotary embedding as exporters spell it out, x cos + turned(x) sin, and the scale of the product behind it.

What depends on positions only is computed once for all layers: so what can be done to it need not be done to every query and key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.arithmetic import with_number
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View


def negated_half(view: View, node: Node) -> Build | None:
    """(-b, a) * sine: (b, a) * (-sine, sine), where the sine is that of other products, too."""
    for operand, sine in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        turned = view.producer(operand, "concat")
        if turned and view.only_user(operand) and _is_shared(view, sine, operand):
            return _with_signs(view, turned, sine)
    return None


def _with_signs(view: View, turned: Node, sine: Operand) -> Build | None:
    axis = turned.arguments["axis"]
    first, *rest = turned.arguments["inputs"]
    negated = view.producer(first, "neg")
    if negated is None or not view.only_user(first) or axis != turned.output.rank - 1 or sine.shape[-1:] != turned.output.shape[-1:]:
        return None
    signs = np.ones(turned.output.shape[-1], sine.data_type.numpy)
    signs[: first.shape[-1]] = -1

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        both = b.concat([new(negated.arguments["input"]), *map(new, rest)], axis)
        return b.mul(both, b.mul(new(sine), signs))

    return build


def turned_pairs(view: View, node: Node) -> Build | None:
    """(-b, a) of neighbours (a, b), times a sine: (b, a), by one reverse of all pairs, times (-sine, sine), where the sine is shared."""
    for operand, sine in ((node.arguments["a"], node.arguments["b"]), (node.arguments["b"], node.arguments["a"])):
        arranged = view.producer(operand, "reshape")
        stack = view.producer(arranged.arguments["input"] if arranged else operand, "concat")
        if stack is None or not _is_shared(view, sine, operand) or sine.shape[-1:] != operand.shape[-1:]:
            continue
        if len(stack.arguments["inputs"]) != 2 or stack.output.shape[-1:] != (2,) or stack.arguments["axis"] != stack.output.rank - 1:
            continue
        parts = [view.producer(part, "reshape") for part in stack.arguments["inputs"]]
        negated = view.producer(parts[0].arguments["input"], "neg") if parts[0] else None
        if negated is None or parts[1] is None:
            continue
        second, first = (view.producer(o, "slice") for o in (negated.arguments["input"], parts[1].arguments["input"]))
        if second is None or first is None or not _are_neighbours(first, second, operand):
            continue
        signs = np.tile(np.array([-1, 1], sine.data_type.numpy), operand.shape[-1] // 2)

        def build(
            b: GraphBuilder, new: Mapped, first: Node = first, y: Operand = operand, sine: Operand = sine, signs: Array = signs
        ) -> Operand:
            x: Operand = first.arguments["input"]
            size = y.shape[-1]
            both = b.slice(new(x), first.arguments["starts"], [*x.shape[:-1], size])
            pairs = b.reshape(both, [y.size // size, size // 2, 2])
            result: Operand = b.mul(b.reshape(b.reverse(pairs, axes=[2]), list(y.shape)), b.mul(new(sine), signs))
            return result

        return build
    return None


def _are_neighbours(first: Node, second: Node, whole: Operand) -> bool:
    """Whether two slices are the first and the second of all pairs of the leading elements of one tensor's rows, as many as a whole has."""
    x: Operand = first.arguments["input"]
    strides = [1] * (x.rank - 1) + [2]
    starts = [part.arguments["starts"] for part in (first, second)]
    alike = second.arguments["input"] is x and all(part.arguments.get("strides") == strides for part in (first, second))
    return (
        alike
        and not any(starts[0])
        and starts[1] == [0] * (x.rank - 1) + [1]
        and first.output.shape == second.output.shape == (*x.shape[:-1], whole.shape[-1] // 2)
        and whole.shape[-1] <= x.shape[-1]
    )


def _is_shared(view: View, factor: Operand, x: Operand) -> bool:
    """Whether a factor is read by others, too, and smaller than what it multiplies."""
    return not view.only_user(factor) and factor.size <= x.size


def scaled_rotation(view: View, node: Node) -> Build | None:
    """(x cos + y sin) times a number, or a product with it: the number in cos and sin."""
    x, factor = with_number(view, node)
    if x is None or factor is None or not view.only_user(x):
        return None
    path: list[Node] = []
    operand: Operand = x
    while (step := view.producer(operand, "reshape", "matmul")) is not None:
        path.append(step)
        operand = step.arguments["input" if step.op == "reshape" else "a"]
        if not view.only_user(operand):
            return None
    rotated = view.producer(operand, "add")
    if rotated is None:
        return None
    terms = []
    for term in (rotated.arguments["a"], rotated.arguments["b"]):
        product = view.producer(term, "mul")
        if product is None or not view.only_user(term):
            return None
        pairs = [(product.arguments["a"], product.arguments["b"]), (product.arguments["b"], product.arguments["a"])]
        found = [(a, b) for a, b in pairs if _is_shared(view, b, a) and view.value(b) is None]
        if not found:
            return None
        terms.append(found[0])

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        parts = [b.mul(new(a), b.mul(new(shared), factor)) for a, shared in terms]
        result = b.add(*parts)
        for step in reversed(path):
            is_product = step.op == "matmul"
            result = b.matmul(result, new(step.arguments["b"])) if is_product else b.reshape(result, list(step.output.shape))
        return result

    return build


def halves(view: View, node: Node) -> Build | None:
    """slice of a half that a concat puts on the other side of the other half: both by one split."""
    parts = parts_with(view, node)
    return as_split(node, parts) if len(parts) == 2 and _turns(view, *parts) else None


def _turns(view: View, first: Node, second: Node) -> bool:
    """Whether a concat puts the second of two halves, or its negative, before the first."""
    before = [second.output, *(reader.output for reader in view.readers(second.output) if reader.op == "neg")]
    return any(
        list(reader.arguments["inputs"]) in [[half, first.output] for half in before]
        for reader in view.readers(first.output)
        if reader.op == "concat"
    )


def parts_with(view: View, node: Node) -> list[Node]:
    """The slices, in order, of which a slice is one and which together are all of a tensor; empty where there are none such."""
    x: Operand = node.arguments["input"]
    axis = _axis_of(node)
    if axis is None:
        return []
    slices = {other.arguments["starts"][axis]: other for other in view.readers(x) if other.op == "slice" and _axis_of(other) == axis}
    parts = [slices[start] for start in sorted(slices)]
    ends = list(accumulate(part.arguments["sizes"][axis] for part in parts))
    is_own = slices[node.arguments["starts"][axis]].output.shape == node.output.shape
    return parts if is_own and [0, *ends] == [*sorted(slices), x.shape[axis]] else []


def as_split(node: Node, parts: Sequence[Node]) -> Build:
    """A slice as one of the parts of a split; ``parts`` are those of `parts_with`."""
    x: Operand = node.arguments["input"]
    axis = _axis_of(node)
    assert axis is not None
    sizes = [part.output.shape[axis] for part in parts]
    place = [part.arguments["starts"][axis] for part in parts].index(node.arguments["starts"][axis])
    return lambda b, new: b.split(new(x), sizes, axis=axis)[place]


def _axis_of(node: Node) -> int | None:
    """The axis that a slice takes a part of, if it is one without strides and the others are whole."""
    x: Operand = node.arguments["input"]
    if any(stride != 1 for stride in node.arguments.get("strides", [])):
        return None
    cut = [axis for axis, (size, whole) in enumerate(zip(node.arguments["sizes"], x.shape, strict=True)) if size != whole]
    return cut[0] if len(cut) == 1 else None


RULES: dict[str, list[Rule]] = {"mul": [negated_half, turned_pairs, scaled_rotation], "div": [scaled_rotation], "slice": [halves]}
