"""Data that is moved and moved back: reshapes and transposes around other steps, gathers and expansions that are cheaper otherwise."""

from __future__ import annotations

import math

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Node, Operand
from webnn_graph.ops import Trait, having
from webnn_graph.passes.rewrite import Build, Mapped, Rule, View, again

ELEMENTWISE = having(Trait.ELEMENTWISE)
REDUCTIONS = having(Trait.REDUCING)
SELECTING = ("reduceMax", "reduceMin", "reduceMean", "reduceSum", "reduceProduct")
"""Reductions of a single number that are the number."""
LARGEST_RANK = 5
"""Up to which a transpose may grow in rank to save a reshape; some implementations take no more."""
LARGEST_LOOKUP = 2**20
"""Elements up to which the positions of a gatherND are looked at."""


def moved_and_back(view: View, node: Node) -> Build | None:
    """reshape or transpose of element-wise steps of another one: the steps first, then one or none of them."""
    steps: list[Node] = []
    operand: Operand = node.arguments["input"]
    while view.only_user(operand) and (step := view.producer(operand, *ELEMENTWISE)) is not None:
        moving = _only_varying(view, step)
        if moving is None:
            return None
        steps.append(step)
        operand = moving
    first = view.producer(operand, node.op)
    if first is None or not steps or not view.only_user(operand):
        return None

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        result = new(first.arguments["input"])
        for step in reversed(steps):
            varying = _only_varying(view, step)
            with b.source(step.label):
                replaced = {o: result if o is varying else b.reshape(new(o), []) for o in step.operands}
                result = b.repeat(step, replaced.__getitem__)
        if node.op == "transpose":
            inner = b.transpose(result, permutation=permutation_of(first))
            return b.transpose(inner, permutation=permutation_of(node))
        return b.reshape(result, list(node.output.shape))

    return build


def merged_transpose(view: View, node: Node) -> Build | None:
    """reshape of a transpose of a reshape that only merges dimensions: a transpose of what was merged."""
    transpose = view.producer(node.arguments["input"], "transpose")
    merge = transpose and view.producer(transpose.arguments["input"], "reshape")
    if not transpose or not merge or not view.only_user(transpose.output) or not view.only_user(merge.output):
        return None
    x: Operand = merge.arguments["input"]
    groups = _merged(x.shape, merge.output.shape)
    if groups is None or x.rank > LARGEST_RANK:
        return None
    permutation = [axis for group in permutation_of(transpose) for axis in groups[group]]
    return lambda b, new: b.reshape(b.transpose(new(x), permutation=permutation), list(node.output.shape))


def transposed_ones(view: View, node: Node) -> Build | None:
    """reshape of a transpose that only moves dimensions of size 1: a transpose to that shape."""
    transpose = view.producer(node.arguments["input"], "transpose")
    if transpose is None or not view.only_user(transpose.output):
        return None
    x: Operand = transpose.arguments["input"]
    if x.rank != node.output.rank:
        return None
    large = [axis for axis in permutation_of(transpose) if x.shape[axis] > 1]
    ones = [axis for axis in range(x.rank) if x.shape[axis] == 1]
    if [x.shape[axis] for axis in large] != [n for n in node.output.shape if n > 1]:
        return None
    permutation = [large.pop(0) if n > 1 else ones.pop(0) for n in node.output.shape]
    return lambda b, new: b.transpose(new(x), permutation=permutation)


def kept_dimensions(view: View, node: Node) -> Build | None:
    """reshape of a reduction to the shape that the reduction has with, or without, keepDimensions."""
    reduction = view.producer(node.arguments["input"], *REDUCTIONS, "argMin", "argMax")
    if reduction is None or not view.only_user(reduction.output):
        return None
    x: Operand = reduction.arguments["input"]
    axes = reduced_axes(reduction)
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
    dropped = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    for shape, keep in ((kept, True), (dropped, False)):
        if node.output.shape == shape:
            return lambda b, new, keep=keep: again(b, new, reduction, keepDimensions=keep)  # type: ignore[misc]
    return None


def reduced_transpose(view: View, node: Node) -> Build | None:
    """A reduction of a transpose that leaves the other dimensions in order: of what was transposed."""
    transpose = view.producer(node.arguments["input"], "transpose")
    if transpose is None or node.arguments.get("keepDimensions", False):
        return None
    permutation, axes = permutation_of(transpose), reduced_axes(node)
    left = [axis for place, axis in enumerate(permutation) if place not in axes]
    if left != sorted(left):
        return None
    over = sorted(permutation[axis] for axis in axes)
    return lambda b, new: again(b, new, node, input=new(transpose.arguments["input"]), axes=over)


def reduced_ones(view: View, node: Node) -> Build | None:
    """A reduction over dimensions of size 1: a reshape."""
    x: Operand = node.arguments["input"]
    if any(x.shape[axis] != 1 for axis in reduced_axes(node)):
        return None
    return lambda b, new: b.reshape(new(x), list(node.output.shape))


def sliced(view: View, node: Node) -> Build | None:
    """gather of constant, consecutive indices: a slice."""
    indices = view.value(node.arguments["indices"])
    x: Operand = node.arguments["input"]
    axis = node.arguments.get("axis", 0)
    if indices is None or indices.ndim != 1 or not _is_inside(indices, x.shape[axis]):
        return None
    start = int(indices[0]) % x.shape[axis]
    if (indices % x.shape[axis]).tolist() != list(range(start, start + len(indices))):
        return None
    return lambda b, new: _slice(b, new(x), axis, start, len(indices))


def sliced_and_reshaped(view: View, node: Node) -> Build | None:
    """reshape of a gather at one constant index: of a slice, which often has that shape already."""
    gather = view.producer(node.arguments["input"], "gather")
    if gather is None or not view.only_user(gather.output):
        return None
    index = view.value(gather.arguments["indices"])
    x: Operand = gather.arguments["input"]
    axis = gather.arguments.get("axis", 0)
    if index is None or index.size != 1 or not _is_inside(index, x.shape[axis]):
        return None
    start = int(index.ravel()[0]) % x.shape[axis]
    return lambda b, new: b.reshape(_slice(b, new(x), axis, start, 1), list(node.output.shape))


def _is_inside(indices: Array, size: int) -> bool:
    """Whether all indices are of elements that there are; implementations clamp others, which no slice does."""
    return bool(((indices >= -size) & (indices < size)).all())


def everything_gathered(view: View, node: Node) -> Build | None:
    """gatherND that takes every element in order: a reshape."""
    x: Operand = node.arguments["input"]
    indices = view.value(node.arguments["indices"])
    if indices is None or node.output.size != x.size or x.size > LARGEST_LOOKUP:
        return None
    places = np.moveaxis(indices, -1, 0).astype(np.int64)
    if not all(_is_inside(place, size) for place, size in zip(places, x.shape, strict=False)):
        return None
    taken = np.arange(x.size).reshape(x.shape)[tuple(places)]
    if (taken.ravel() != np.arange(x.size)).any():
        return None
    return lambda b, new: b.reshape(new(x), list(node.output.shape))


def late_expand(view: View, node: Node) -> Build | None:
    """An element-wise step of an expanded operand and numbers: the expansion of the step, which may then be needless."""
    varying = _only_varying(view, node)
    expand = varying and view.producer(varying, "expand")
    if not varying or not expand or not view.only_user(varying):
        return None
    small: Operand = expand.arguments["input"]

    def build(b: GraphBuilder, new: Mapped) -> Operand:
        result = b.repeat(node, lambda o: new(small) if o is varying else b.reshape(new(o), []))
        return b.expand(result, list(node.output.shape))

    return build


def reduced_expand(view: View, node: Node) -> Build | None:
    """A reduction over dimensions that an expansion left as they were: the expansion of the reduction."""
    expand = view.producer(node.arguments["input"], "expand")
    if expand is None:
        return None
    small: Operand = expand.arguments["input"]
    x = expand.output
    if small.rank != x.rank or any(small.shape[axis] != x.shape[axis] for axis in reduced_axes(node)):
        return None
    return lambda b, new: b.expand(again(b, new, node, input=new(small)), list(node.output.shape))


# -------------------------------------------------------------------------------------------------------------------------- parts
def _only_varying(view: View, node: Node) -> Operand | None:
    """The operand of an element-wise node that has the result's shape, when all others are single numbers."""
    if len(node.operands) == 1:
        return node.operands[0]
    numbers = [o for o in node.operands if o.size == 1 and view.value(o) is not None]
    others = [o for o in node.operands if o not in numbers]
    return others[0] if len(others) == 1 and others[0].shape == node.output.shape else None


def permutation_of(transpose: Node) -> list[int]:
    """The permutation of a transpose, also when it is the default."""
    default = list(range(transpose.output.rank))[::-1]
    permutation: list[int] = transpose.arguments.get("permutation", default)
    return permutation


def reduced_axes(node: Node) -> list[int]:
    """The axes of a reduction, also when they are the default."""
    if "axis" in node.arguments:
        return [node.arguments["axis"]]
    axes: list[int] = node.arguments.get("axes", list(range(node.arguments["input"].rank)))
    return axes


def _slice(b: GraphBuilder, x: Operand, axis: int, start: int, size: int) -> Operand:
    starts = [start if i == axis else 0 for i in range(x.rank)]
    result: Operand = b.slice(x, starts, [size if i == axis else n for i, n in enumerate(x.shape)])
    return result


def plain_indices(view: View, node: Node) -> Build | None:
    """gather or scatter at indices that are widened, or clamped to those that there are, which every implementation does: as they were."""
    given: Operand = node.arguments["indices"]
    indices = _unwidened(view, given)
    shape = node.arguments["input"].shape
    sizes = shape[: given.shape[-1]] if node.op in ("gatherND", "scatterND") else (shape[node.arguments.get("axis", 0)],)
    clamped = _clamped(view, indices)
    if clamped is not None:
        inside, low, high = clamped
        if all(a == -size and b == size - 1 for a, b, size in zip(*np.broadcast_arrays(low, high, sizes), strict=True)):
            indices = _unwidened(view, inside)
    if indices is given:
        return None
    return lambda b, new: b.repeat(node, lambda operand: new(indices) if operand is given else new(operand))


def _unwidened(view: View, operand: Operand) -> Operand:
    """The int32 operand of which this is the same in int64, if it is."""
    cast = view.producer(operand, "cast") if operand.data_type is DataType.INT64 else None
    return cast.arguments["input"] if cast and cast.arguments["input"].data_type is DataType.INT32 else operand


def _clamped(view: View, operand: Operand) -> tuple[Operand, Array, Array] | None:
    """x and its bounds, numbers or one for each element of the last axis, of clamp, or of min of max."""
    clamp = view.producer(operand, "clamp")
    if clamp is not None:
        bounds = [np.array(clamp.arguments.get(name, math.nan)) for name in ("minValue", "maxValue")]
        return clamp.arguments["input"], bounds[0], bounds[1]
    least = view.producer(operand, "min")
    most = least and view.producer(least.arguments["a"], "max")
    if not least or not most:
        return None
    high, low = view.value(least.arguments["b"]), view.value(most.arguments["b"])
    if low is None or high is None or low.ndim > 1 or high.ndim > 1:
        return None
    return most.arguments["a"], low, high


def _merged(before: tuple[int, ...], after: tuple[int, ...]) -> list[list[int]] | None:
    """For each dimension of ``after`` those of ``before`` that it consists of; None when one has to be split."""
    groups: list[list[int]] = []
    left = list(range(len(before)))
    for size in after:
        group: list[int] = []
        while left and math.prod(before[axis] for axis in group) < size:
            group.append(left.pop(0))
        if math.prod(before[axis] for axis in group) != size:
            return None
        groups.append(group)
    if groups:
        groups[-1] += left
    return groups


RULES: dict[str, list[Rule]] = {
    "reshape": [kept_dimensions, sliced_and_reshaped, transposed_ones, merged_transpose, moved_and_back],
    "transpose": [moved_and_back],
    "gather": [plain_indices, sliced],
    "gatherElements": [plain_indices],
    "gatherND": [plain_indices, everything_gathered],
    "scatterElements": [plain_indices],
    "scatterND": [plain_indices],
    **{op: [late_expand] for op in ELEMENTWISE},
    **{
        op: [reduced_ones, reduced_transpose, reduced_expand] if op in SELECTING else [reduced_transpose, reduced_expand]
        for op in REDUCTIONS
    },
}
