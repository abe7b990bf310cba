"""Rotary embedding as exporters spell it out, x cos + turned(x) sin, and the scale of the product behind it.

What depends on positions only is computed once for all layers: so what can be done to it need not be done to every query and key.
"""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
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
    x: Operand = node.arguments["input"]
    axis = _part(node)
    if axis is None:
        return None
    slices = {other.arguments["starts"][axis]: other for other in view.readers(x) if other.op == "slice" and _part(other) == axis}
    starts = sorted(slices)
    sizes = [slices[start].arguments["sizes"][axis] for start in starts]
    if len(starts) != 2 or starts != [0, sizes[0]] or sum(sizes) != x.shape[axis] or not _turns(view, *map(slices.__getitem__, starts)):
        return None
    place = starts.index(node.arguments["starts"][axis])
    return lambda b, new: b.split(new(x), sizes, axis=axis)[place]


def _turns(view: View, first: Node, second: Node) -> bool:
    """Whether a concat puts the second of two halves, or its negative, before the first."""
    before = [second.output, *(reader.output for reader in view.readers(second.output) if reader.op == "neg")]
    return any(
        list(reader.arguments["inputs"]) in [[half, first.output] for half in before]
        for reader in view.readers(first.output)
        if reader.op == "concat"
    )


def _part(node: Node) -> int | None:
    """The axis that a slice takes a part of, if it is one without strides and the others are whole."""
    x: Operand = node.arguments["input"]
    if any(stride != 1 for stride in node.arguments.get("strides", [])):
        return None
    cut = [axis for axis, (size, whole) in enumerate(zip(node.arguments["sizes"], x.shape, strict=True)) if size != whole]
    return cut[0] if len(cut) == 1 else None


RULES: dict[str, list[Rule]] = {"mul": [negated_half, scaled_rotation], "div": [scaled_rotation], "slice": [halves]}
