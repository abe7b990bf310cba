"""Calls on operands with more dimensions than a target takes, or fewer, on tensors reshaped to others.

The reshapes around one call meet those around the next, and two in a row are one: where every call is rewritten, no tensor of
too many dimensions is left.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from webnn_graph.data_types import DataType
from webnn_graph.graph import Descriptor, Operand, Shape, operands_in
from webnn_graph.ops import OPS, Trait, having
from webnn_graph.targets.builder import LegalBuilder, Step
from webnn_graph.targets.call import Call
from webnn_graph.targets.forms.movement import gather_flat, scatter_flat
from webnn_graph.targets.violations import result_names

"""Categories of operators that compute each element by itself; those that do not have a rule of their own."""


def reduce_rank(b: LegalBuilder, call: Call) -> Any:
    """The same results from a call of other ranks, or None when the target takes those given or nothing is known to help."""
    if call.op == "reshape" or not b.target.has(call.op):
        return None
    named: list[tuple[str, Descriptor]] = [(name, operand) for name, value in call.arguments.items() for operand in operands_in(value)]
    named += zip(result_names(b.target, call.op, len(call.results)), call.results, strict=True)
    if all(b.target.takes_rank(call.op, name, operand.rank) for name, operand in named):
        return None
    return RULES.get(call.op, elementwise)(b, call)


def elementwise(b: LegalBuilder, call: Call) -> Operand | None:
    """Element by element, with broadcasting: neighbouring dimensions that broadcast alike become one; at worst all are one."""
    if Trait.ELEMENTWISE not in OPS[call.op].traits or call.result.rank == 0:
        return None
    shape = call.result.shape
    operands = {name: value for name, value in call.arguments.items() if isinstance(value, Operand)}
    full = {name: (1,) * (len(shape) - operand.rank) + operand.shape for name, operand in operands.items()}
    if any(n not in (1, whole) for sizes in full.values() for n, whole in zip(sizes, shape, strict=True)):
        return None
    runs = _runs([tuple(n == 1 for n in column) for column in zip(*full.values(), strict=True)])
    if len(runs) <= min(b.target.highest_rank(call.op, name) for name in operands):
        flat = {name: b.reshape(operand, _merged(full[name], runs)) for name, operand in operands.items()}
    else:
        flat = {name: b.reshape(b.expand(operand, list(shape)), [math.prod(shape)]) for name, operand in operands.items()}
    return _reshaped(b, b.call(call.op, **call.but(**flat)), shape)


def along_axis(b: LegalBuilder, call: Call) -> Operand:
    """One axis: everything before it is one dimension, everything after it another."""
    x: Operand = call.input
    folded = b.reshape(x, list(_around(x.shape, call.axis)))
    return _reshaped(b, b.call(call.op, **call.but(input=folded, axis=1)), call.result.shape)


def argument(b: LegalBuilder, call: Call) -> Operand:
    """The same without keeping the axis."""
    folded = b.reshape(call.input, list(_around(call.input.shape, call.axis)))
    return _reshaped(b, b.call(call.op, folded, 1, outputDataType=call.outputDataType), call.result.shape)


def split(b: LegalBuilder, call: Call) -> list[Operand]:
    """The same with several results."""
    folded = b.reshape(call.input, list(_around(call.input.shape, call.axis)))
    pieces = b.split(folded, call.splits, axis=1)
    return [_reshaped(b, piece, result.shape) for piece, result in zip(pieces, call.results, strict=True)]


def concat(b: LegalBuilder, call: Call) -> Operand:
    """The same with several operands."""
    folded = [b.reshape(x, list(_around(x.shape, call.axis))) for x in call.inputs]
    return _reshaped(b, b.concat(folded, 1), call.result.shape)


def reduction(b: LegalBuilder, call: Call) -> Operand:
    """Neighbours that are all reduced, or all kept, become one dimension; at worst what is reduced is moved behind the rest."""
    x: Operand = call.input
    axes = set(range(x.rank)) if call.axes is None else set(call.axes)
    runs = _runs([axis in axes for axis in range(x.rank)])
    if len(runs) > b.target.highest_rank(call.op, "input"):
        kept = [axis for axis in range(x.rank) if axis not in axes]
        x = b.transpose(x, permutation=[*kept, *sorted(axes)])
        runs = [list(range(len(kept))), list(range(len(kept), x.rank))]
        axes = set(runs[1])
    reduced = [i for i, run in enumerate(runs) if run[0] in axes]
    result = b.call(call.op, b.reshape(x, _merged(x.shape, runs)), axes=reduced)
    return _reshaped(b, result, call.result.shape)


def expand(b: LegalBuilder, call: Call) -> Operand:
    """Neighbours that are all repeated, or all not, become one dimension; at worst one after the other is repeated."""
    shape = call.result.shape
    x: Operand = call.input
    full = (1,) * (len(shape) - x.rank) + x.shape
    runs = _runs([n == 1 for n in full])
    if len(runs) <= b.target.highest_rank("expand", "output"):
        return _reshaped(b, b.expand(b.reshape(x, _merged(full, runs)), _merged(shape, runs)), shape)
    for run in runs:
        before, after = math.prod(shape[: run[0]]), math.prod(full[run[-1] + 1 :])
        if full[run[0]] == 1:
            x = b.expand(b.reshape(x, [before, 1, after]), [before, math.prod(shape[axis] for axis in run), after])
    return _reshaped(b, x, shape)


def tile(b: LegalBuilder, call: Call) -> Operand:
    """One axis after the other."""
    x: Operand = call.input
    for axis, times in enumerate(call.repetitions):
        if times > 1:
            before, n, after = _around(x.shape, axis)
            tiled = b.tile(b.reshape(x, [before, n, after]), [1, times, 1])
            x = _reshaped(b, tiled, (*x.shape[:axis], n * times, *x.shape[axis + 1 :]))
    return x


def reverse(b: LegalBuilder, call: Call) -> Operand:
    """One axis after the other."""
    x: Operand = call.input
    for axis in range(x.rank) if call.axes is None else call.axes:
        x = _reshaped(b, b.reverse(b.reshape(x, list(_around(x.shape, axis))), axes=[1]), x.shape)
    return x


def slice_(b: LegalBuilder, call: Call) -> Operand:
    """One axis after the other."""
    x: Operand = call.input
    steps = call.strides or [1] * x.rank
    for axis, (start, size, step) in enumerate(zip(call.starts, call.sizes, steps, strict=True)):
        before, n, after = _around(x.shape, axis)
        if (start, size, step) != (0, n, 1):
            part = b.slice(b.reshape(x, [before, n, after]), [0, start, 0], [before, size, after], strides=[1, step, 1])
            x = b.reshape(part, [*x.shape[:axis], part.shape[1], *x.shape[axis + 1 :]])
    return x


def pad(b: LegalBuilder, call: Call) -> Operand:
    """One axis after the other."""
    x: Operand = call.input
    for axis, (begin, end) in enumerate(zip(call.beginningPadding, call.endingPadding, strict=True)):
        if begin or end:
            folded = b.reshape(x, list(_around(x.shape, axis)))
            padded = b.pad(folded, [0, begin, 0], [0, end, 0], mode=call.mode, value=call.value)
            x = b.reshape(padded, [*x.shape[:axis], padded.shape[1], *x.shape[axis + 1 :]])
    return x


def transpose(b: LegalBuilder, call: Call) -> Operand:
    """Dimensions that stay neighbours become one; else one axis after the other moves to its place."""
    x: Operand = call.input
    order = list(range(x.rank))[::-1] if call.permutation is None else list(call.permutation)
    runs = [[axis for _, axis in run] for _, run in groupby(enumerate(order), lambda pair: pair[1] - pair[0])]
    if len(runs) <= b.target.highest_rank("transpose", "input"):
        by_place = sorted(runs)
        folded = b.reshape(x, _merged(x.shape, by_place))
        return _reshaped(b, b.transpose(folded, permutation=[by_place.index(run) for run in runs]), call.result.shape)
    current = list(range(x.rank))
    for place, axis in enumerate(order):
        at = current.index(axis)
        if at != place:
            sizes = [math.prod(x.shape[:place]), math.prod(x.shape[place:at]), x.shape[at], math.prod(x.shape[at + 1 :])]
            moved = b.transpose(b.reshape(x, sizes), permutation=[0, 2, 1, 3])
            current.insert(place, current.pop(at))
            x = b.reshape(moved, [call.input.shape[i] for i in current])
    return x


def triangular(b: LegalBuilder, call: Call) -> Operand:
    """Leading dimensions become one."""
    x: Operand = call.input
    folded = b.reshape(x, [math.prod(x.shape[:-2]), *x.shape[-2:]])
    return _reshaped(b, b.call("triangular", **call.but(input=folded)), x.shape)


def matmul(b: LegalBuilder, call: Call) -> Operand:
    """Leading dimensions, broadcast, become one."""
    batch = call.result.shape[:-2]

    def folded(x: Operand) -> Operand:
        whole = b.expand(x, [*batch, *x.shape[-2:]])
        return b.reshape(whole, [math.prod(batch), *x.shape[-2:]])

    return _reshaped(b, b.matmul(folded(call.a), folded(call.b)), call.result.shape)


def quantization(b: LegalBuilder, call: Call) -> Operand | None:
    """Neighbours that share a scale, or that each have their own, become one dimension."""
    x: Operand = call.input
    keys: list[Hashable] = []
    for axis, (n, s) in enumerate(zip(x.shape, call.scale.shape, strict=True)):
        keys.append("one" if s == 1 else "each" if s == n else axis)
    runs = _runs(keys)
    if len(runs) == x.rank:
        return None
    parameters = {name: b.reshape(call.arguments[name], _merged(call.scale.shape, runs)) for name in ("scale", "zeroPoint")}
    return _reshaped(b, b.call(call.op, b.reshape(x, _merged(x.shape, runs)), **parameters), x.shape)


def layer_normalization(b: LegalBuilder, call: Call) -> Operand:
    """Trailing axes in order become one, and what is before them another; others are moved there and back."""
    x: Operand = call.input
    axes = list(range(1, x.rank)) if call.axes is None else list(call.axes)
    first = x.rank - len(axes)
    order = [axis for axis in range(x.rank) if axis not in axes] + axes
    moved = b.transpose(x, permutation=order)
    size = math.prod(moved.shape[first:])
    flat = {name: b.reshape(call.arguments[name], [size]) for name in ("scale", "bias") if name in call.arguments}
    folded = b.reshape(moved, [math.prod(moved.shape[:first]), size])
    result = _reshaped(b, b.call(call.op, **call.but(input=folded, axes=[1], **flat)), moved.shape)
    return b.transpose(result, permutation=[order.index(axis) for axis in range(x.rank)])


def gather(b: LegalBuilder, call: Call) -> Operand:
    """Indices in a row; where that is not enough, everything before the axis is one dimension, everything after it another."""
    x, flat = call.input, b.reshape(call.indices, [call.indices.size])
    if b.target.takes_rank("gather", "input", x.rank):
        return _reshaped(b, b.gather(x, flat, axis=call.axis), call.result.shape)
    folded = b.reshape(x, list(_around(x.shape, call.axis)))
    return _reshaped(b, b.gather(folded, flat, axis=1), call.result.shape)


def gather_nd(b: LegalBuilder, call: Call) -> Operand:
    """Indices as a list of positions, and what they point at as a row."""
    rows, positions = _rows(b, "gatherND", call.input, call.indices)
    return _reshaped(b, b.gatherND(rows, positions), call.result.shape)


def scatter_nd(b: LegalBuilder, call: Call) -> Operand:
    """Indices as a list of positions, and updates as a list of what goes there."""
    rows, positions = _rows(b, "scatterND", call.input, call.indices)
    count, depth = positions.shape
    updates = b.reshape(call.updates, [count, *rows.shape[depth:]])
    return _reshaped(b, b.scatterND(rows, positions, updates), call.input.shape)


def _rows(b: LegalBuilder, op: str, x: Operand, indices: Operand) -> tuple[Operand, Operand]:
    """``x`` with what positions point at as a row, unless its rank is fine, and a list of the positions, as single numbers if need be."""
    depth = indices.shape[-1]
    positions: Operand = b.reshape(indices, [indices.size // depth, depth])
    if b.target.takes_rank(op, "input", x.rank):
        return x, positions
    row = math.prod(x.shape[depth:])
    if b.target.takes_rank(op, "input", depth + 1):
        return b.reshape(x, [*x.shape[:depth], row]), positions
    sizes = np.array(x.shape[:depth], np.int32)
    steps = np.array([math.prod(x.shape[i + 1 : depth]) for i in range(depth)], np.int32)
    inside = b.cast(positions, DataType.INT32)
    inside = b.where(b.lesser(inside, 0), b.add(inside, sizes), inside)
    inside = b.min(b.max(inside, 0), sizes - 1)
    single = b.reduceSum(b.mul(inside, steps), axes=[1], keepDimensions=True)
    return b.reshape(x, [math.prod(x.shape[:depth]), row]), single


RULES: dict[str, Step] = {
    **dict.fromkeys(having(Trait.REDUCING), reduction),
    "argMax": argument,
    "argMin": argument,
    "batchNormalization": along_axis,
    "concat": concat,
    "dequantizeLinear": quantization,
    "expand": expand,
    "gather": gather,
    "gatherElements": gather_flat,
    "gatherND": gather_nd,
    "layerNormalization": layer_normalization,
    "matmul": matmul,
    "pad": pad,
    "quantizeLinear": quantization,
    "reverse": reverse,
    "scatterElements": scatter_flat,
    "scatterND": scatter_nd,
    "slice": slice_,
    "softmax": along_axis,
    "split": split,
    "cumulativeSum": along_axis,
    "tile": tile,
    "transpose": transpose,
    "triangular": triangular,
}


def _around(shape: Shape, axis: int) -> tuple[int, int, int]:
    """Elements before, along and after an axis."""
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


def _runs(keys: Sequence[Hashable]) -> list[list[int]]:
    """The axes, neighbours with equal keys together."""
    return [[axis for axis, _ in run] for _, run in groupby(enumerate(keys), lambda pair: pair[1])]


def _merged(shape: Shape, runs: Sequence[Sequence[int]]) -> list[int]:
    """The shape with each run of axes as one dimension."""
    return [math.prod(shape[axis] for axis in run) for run in runs]


def _reshaped(b: LegalBuilder, x: Operand, shape: Shape) -> Operand:
    return b.reshape(x, list(shape))
