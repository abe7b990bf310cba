"""Two steps of one kind that are one: slices of slices, concatenations of concatenations, reductions of reductions."""

from __future__ import annotations

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Node, Operand
from webnn_graph.passes.movement import permutation_of, reduced_axes
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again

ASSOCIATIVE = ("reduceMax", "reduceMin", "reduceSum", "reduceProduct", "reduceMean", "reduceL1")
STATES = ("initialHiddenState", "initialCellState")


def slices(view: View, node: Node) -> Build | None:
    """slice of a slice: one slice."""
    inner = view.producer(node.arguments["input"], "slice")
    if inner is None:
        return None
    strides = [a * b for a, b in zip(_strides(inner), _strides(node), strict=True)]
    starts = [a + b * stride for a, b, stride in zip(inner.arguments["starts"], node.arguments["starts"], _strides(inner), strict=True)]
    sizes = [(n - 1) * stride + 1 for n, stride in zip(node.output.shape, strides, strict=True)]
    return lambda b, new: b.slice(new(inner.arguments["input"]), starts, sizes, strides=strides)


def concatenations(view: View, node: Node) -> Build | None:
    """concat of a concat along the same axis: one concat."""
    axis = node.arguments["axis"]
    parts: list[Operand] = []
    for operand in node.arguments["inputs"]:
        inner = view.producer(operand, "concat") if view.only_user(operand) else None
        parts += inner.arguments["inputs"] if inner is not None and inner.arguments["axis"] == axis else [operand]
    if len(parts) == len(node.arguments["inputs"]):
        return None
    return lambda b, new: b.concat([new(part) for part in parts], axis)


def concatenated_transposes(view: View, node: Node) -> Build | None:
    """concat of operands that are all transposed alike: the transpose of their concat."""
    before: list[Node] = []
    for operand in node.arguments["inputs"]:
        transpose = view.producer(operand, "transpose")
        if transpose is None or not view.only_user(operand):
            return None
        before.append(transpose)
    permutation = permutation_of(before[0])
    if any(permutation_of(other) != permutation for other in before):
        return None
    axis = permutation[node.arguments["axis"]]
    return lambda b, new: b.transpose(b.concat([new(t.arguments["input"]) for t in before], axis), permutation=permutation)


def reductions(view: View, node: Node) -> Build | None:
    """A reduction of the same reduction over other dimensions: one over all of them."""
    inner = view.producer(node.arguments["input"], node.op)
    if inner is None or not view.only_user(inner.output):
        return None
    x: Operand = inner.arguments["input"]
    first, keep = reduced_axes(inner), inner.arguments.get("keepDimensions", False)
    left = list(range(x.rank)) if keep else [axis for axis in range(x.rank) if axis not in first]
    axes = sorted({*first, *(left[axis] for axis in reduced_axes(node))})
    shape = list(node.output.shape)
    return lambda b, new: b.reshape(again(b, new, inner, axes=axes), shape)


def zero_state(view: View, node: Node) -> Build | None:
    """lstm or gru that begins with zeros, as they do by themselves."""
    zeros = [name for name in STATES if name in node.arguments and view.filled(node.arguments[name]) == 0]
    if not zeros:
        return None

    def build(b: GraphBuilder, new: Mapped) -> list[Operand]:
        arguments = {name: value for name, value in node.arguments.items() if name not in zeros}
        made: list[Operand] = b.repeat(Node(node.op, arguments, node.outputs, node.label), new)
        return made

    return build


def _strides(node: Node) -> list[int]:
    strides: list[int] = node.arguments.get("strides") or [1] * node.output.rank
    return strides


RULES: dict[str, list[Rule]] = {
    "slice": [slices],
    "concat": [concatenations, concatenated_transposes],
    "lstm": [zero_state],
    "gru": [zero_state],
    **{op: [reductions] for op in ASSOCIATIVE},
}
