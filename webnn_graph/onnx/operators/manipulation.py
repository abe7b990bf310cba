"""Shape, order, selection and padding."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import TensorProto

from webnn_graph.graph import Descriptor
from webnn_graph.onnx.nodes import ModelBuilder
from webnn_graph.onnx.translations import translates
from webnn_graph.onnx.values import INT64, Value
from webnn_graph.ops.rules import cast_number


@translates("reshape")
def reshape(m: ModelBuilder, input: Value, newShape: Sequence[int], /) -> Value:
    return m.reshape(input, newShape)


@translates("expand")
def expand(m: ModelBuilder, input: Value, newShape: Sequence[int], /) -> Value:
    return m.node("Expand", input, m.constant(newShape), shape=newShape)


@translates("tile")
def tile(m: ModelBuilder, input: Value, repetitions: Sequence[int], /, *, result: Descriptor) -> Value:
    return m.node("Tile", input, m.constant(repetitions), shape=result.shape)


@translates("transpose")
def transpose(m: ModelBuilder, input: Value, /, *, permutation: Sequence[int] | None) -> Value:
    return m.transpose(input, range(input.rank)[::-1] if permutation is None else permutation)


@translates("reverse")
def reverse(m: ModelBuilder, input: Value, /, *, axes: Sequence[int] | None) -> Value:
    over = list(range(input.rank)) if axes is None else list(axes)
    if not over:
        return input
    starts, ends = m.constant([-1] * len(over)), m.constant([-(2**63)] * len(over))
    return m.node("Slice", input, starts, ends, m.constant(over), m.constant([-1] * len(over)), shape=input.shape)


@translates("concat")
def concat(m: ModelBuilder, inputs: Sequence[Value], axis: int, /, *, result: Descriptor) -> Value:
    return m.node("Concat", *inputs, shape=result.shape, axis=axis)


@translates("split")
def split(m: ModelBuilder, input: Value, splits: int | Sequence[int], /, *, axis: int, results: Sequence[Descriptor]) -> list[Value | None]:
    shapes = [result.shape for result in results]
    if isinstance(splits, int):
        return m.nodes("Split", input, shapes=shapes, axis=axis, num_outputs=splits)
    return m.nodes("Split", input, m.constant(splits), shapes=shapes, axis=axis)


@translates("slice")
def slice_(
    m: ModelBuilder,
    input: Value,
    starts: Sequence[int],
    sizes: Sequence[int],
    /,
    *,
    strides: Sequence[int] | None,
    result: Descriptor,
) -> Value:
    steps = [1] * input.rank if strides is None else strides
    axes = [axis for axis in range(input.rank) if sizes[axis] != input.shape[axis] or steps[axis] != 1]
    if not axes:
        return input
    ends = [starts[axis] + sizes[axis] for axis in axes]
    stepped = m.constant([steps[axis] for axis in axes]) if any(steps[axis] != 1 for axis in axes) else None
    return m.node(
        "Slice", input, m.constant([starts[axis] for axis in axes]), m.constant(ends), m.constant(axes), stepped, shape=result.shape
    )


MODES = {"constant": "constant", "edge": "edge", "reflection": "reflect"}


@translates("pad")
def pad(
    m: ModelBuilder,
    input: Value,
    beginningPadding: Sequence[int],
    endingPadding: Sequence[int],
    /,
    *,
    mode: str,
    value: float,
    result: Descriptor,
) -> Value:
    pads = [*beginningPadding, *endingPadding]
    if not any(pads):
        return input
    filler = m.like(cast_number(value, result.data_type), input) if mode == "constant" and value else None
    # With axes, since ONNX Runtime 1.31 takes zeros without them into a MaxPool behind it, which pads with what is smaller; with all of
    # them in order, since it moves a Transpose over a Pad and permutes pads, not axes.
    axes = m.constant(list(range(len(result.shape))))
    return m.node("Pad", input, m.constant(pads), filler, axes, shape=result.shape, mode=MODES[mode])


@translates("triangular")
def triangular(m: ModelBuilder, input: Value, /, *, upper: bool, diagonal: int) -> Value:
    return m.node("Trilu", input, m.constant(diagonal), shape=input.shape, upper=int(upper))


# -------------------------------------------------------------------------------------------------------- gather and scatter
def _inside(m: ModelBuilder, indices: Value, sizes: Sequence[int], *, is_wide: bool = False) -> Value:
    """Indices into dimensions of these sizes, of which the last axis has one for each if there are several.

    WebNN's implementations clamp indices that are out of range, ONNX Runtime fails. Some operators take int64 only.
    """
    if indices.type == TensorProto.UINT32 or is_wide:
        indices = m.cast(indices, INT64)
    low, high = [-size for size in sizes], [size - 1 for size in sizes]
    known = m.known(indices)
    if known is not None and (known >= low).all() and (known <= high).all():
        return indices
    if len(set(sizes)) == 1:
        return m.node("Clip", indices, m.like(low[0], indices), m.like(high[0], indices))
    return m.node("Min", m.node("Max", indices, m.constant(low, indices.type)), m.constant(high, indices.type))


@translates("gather")
def gather(m: ModelBuilder, input: Value, indices: Value, /, *, axis: int, result: Descriptor) -> Value:
    return m.node("Gather", input, _inside(m, indices, [input.shape[axis]]), shape=result.shape, axis=axis)


@translates("gatherElements")
def gather_elements(m: ModelBuilder, input: Value, indices: Value, /, *, axis: int) -> Value:
    return m.node("GatherElements", input, _inside(m, indices, [input.shape[axis]]), shape=indices.shape, axis=axis)


@translates("gatherND")
def gather_nd(m: ModelBuilder, input: Value, indices: Value, /, *, result: Descriptor) -> Value:
    return m.node("GatherND", input, _inside(m, indices, input.shape[: indices.shape[-1]], is_wide=True), shape=result.shape)


@translates("scatterElements")
def scatter_elements(m: ModelBuilder, input: Value, indices: Value, updates: Value, /, *, axis: int) -> Value:
    return m.node("ScatterElements", input, _inside(m, indices, [input.shape[axis]]), updates, shape=input.shape, axis=axis)


@translates("scatterND")
def scatter_nd(m: ModelBuilder, input: Value, indices: Value, updates: Value, /) -> Value:
    return m.node("ScatterND", input, _inside(m, indices, input.shape[: indices.shape[-1]], is_wide=True), updates, shape=input.shape)
