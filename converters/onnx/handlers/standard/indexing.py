"""Elements taken from and written to positions in tensors."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from converters.lowering.scatter_nd import scatter_elements, scatter_nd
from converters.onnx.axes import axis_of
from converters.onnx.registry import SourceNode, Value, onnx_op
from converters.onnx.selections.values import Selected, flat_mask, unknown_input
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand


@onnx_op("Gather", how="gather")
def gather(b: GraphBuilder, data: Operand, indices: Operand, *, axis: int = 0) -> Operand:
    return b.gather(data, indices, axis=axis_of(axis, data.rank))


@onnx_op("GatherElements", since=11, how="gatherElements, of a slice when indices are smaller in the other dimensions")
def gather_elements(b: GraphBuilder, data: Operand, indices: Operand, *, axis: int = 0) -> Operand:
    place = axis_of(axis, data.rank)
    sizes = [n if i == place else m for i, (n, m) in enumerate(zip(data.shape, indices.shape, strict=True))]
    return b.gatherElements(b.slice(data, [0] * data.rank, sizes), indices, axis=place)


@onnx_op("GatherND", since=11, how="gatherND")
def gather_nd_11(b: GraphBuilder, data: Operand, indices: Operand) -> Operand:
    return b.gatherND(data, indices)


@onnx_op("GatherND", since=12, how="gatherND; batch dimensions become leading indices")
def gather_nd(b: GraphBuilder, data: Operand, indices: Operand, *, batch_dims: int = 0) -> Operand:
    if batch_dims == 0:
        return b.gatherND(data, indices)
    lead = indices.shape[:-1]
    b.reserve(batch_dims, *lead[:batch_dims], element_bytes=4)
    batch = np.indices(lead[:batch_dims], np.int32).reshape(batch_dims, *lead[:batch_dims], *[1] * (len(lead) - batch_dims))
    places = [b.expand(b.constant(np.ascontiguousarray(places)[..., None]), [*lead, 1]) for places in batch]
    return b.gatherND(data, b.concat([*places, b.cast(indices, DataType.INT32)], len(lead)))


# ---------------------------------------------------------------------------------------------------------------- scatter
KINDS = {"none": "", "add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
"""How updates are combined, by ONNX's name."""


@onnx_op("Scatter", since=9, how="scatterElements; scatterND when indices are smaller in the other dimensions")
@onnx_op("ScatterElements", since=11, how="scatterElements; scatterND when indices are smaller in the other dimensions")
def scatter_elements_11(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, *, axis: int = 0) -> Operand:
    return scatter_elements(b, data, indices, updates, axis_of(axis, data.rank))


@onnx_op(
    "ScatterElements",
    since=16,
    how="scatterElements; a reduction of known positions in as many rounds as one occurs, of others by comparing all positions",
)
def scatter_elements_16(
    b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, *, axis: int = 0, reduction: str = "none"
) -> Operand:
    return scatter_elements(b, data, indices, updates, axis_of(axis, data.rank), _kind(reduction))


@onnx_op("ScatterND", since=11, how="scatterND")
def scatter_nd_11(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand) -> Operand:
    return scatter_nd(b, data, indices, updates)


@onnx_op(
    "ScatterND",
    since=16,
    how="scatterND; a reduction of known positions in as many rounds as one occurs, of others by comparing all positions",
)
def scatter_nd_16(b: GraphBuilder, data: Operand, indices: Operand, updates: Operand, *, reduction: str = "none") -> Operand:
    return scatter_nd(b, data, indices, updates, _kind(reduction))


def _kind(reduction: str) -> str:
    if reduction not in KINDS:
        raise ConversionError(f"reduction {reduction} is not one of {', '.join(KINDS)}")
    return KINDS[reduction]


@onnx_op("TensorScatter", since=24, how="scatterElements with computed positions")
def tensor_scatter(
    b: GraphBuilder, past_cache: Operand, update: Operand, write_indices: Operand | None = None, *, axis: int = -2, mode: str = "linear"
) -> Operand:
    place = axis_of(axis, past_cache.rank)
    steps = b.constant(b.arange(update.shape[place], np.int32).reshape([-1] + [1] * (update.rank - place - 1)))
    positions = steps
    if write_indices is not None:
        positions = b.add(b.reshape(b.cast(write_indices, DataType.INT32), [update.shape[0]] + [1] * (update.rank - 1)), steps)
    if mode == "circular":
        size = past_cache.shape[place]
        positions = b.sub(positions, b.mul(b.div(positions, size), size))
    return b.scatterElements(past_cache, b.expand(positions, update.shape), update, axis=place)


# -------------------------------------------------------------------------------------------------- selection by condition
SELECTS = "the {} must be known, or what it selects is only put back at the same places, or added up"


@onnx_op("Compress", since=9, how="gather, or where", limits=SELECTS.format("condition"))
def compress(b: GraphBuilder, input: Operand, condition: Operand, *, axis: int | None = None) -> Value:
    flat = b.reshape(input, [input.size]) if axis is None else input
    place = 0 if axis is None else axis_of(axis, input.rank)
    known = b.value(condition)
    if known is None and condition.size == flat.shape[place]:
        return Selected(flat_mask(b, condition), flat, place, unknown_input("Compress", b.label, "condition"))
    if known is None:
        raise ConversionError(f"has {condition.size} conditions for {flat.shape[place]} elements")
    chosen = np.flatnonzero(known).astype(np.int32)
    if not chosen.size:
        raise ConversionError("selects nothing; WebNN has no tensors without elements")
    return b.gather(flat, chosen, axis=place)


@onnx_op("NonZero", since=9, how="a constant, or where", limits=SELECTS.format("input"))
def non_zero(b: GraphBuilder, X: Operand, *, node: SourceNode) -> Value:
    known = b.value(X)
    if known is not None:
        return b.constant(np.array(np.nonzero(known), np.int64) if X.rank else np.zeros((0, int(known != 0)), np.int64))
    is_mask = node.scope.onnx_type(node.proto.input[0]) == TensorProto.BOOL
    mask = X if is_mask else b.notEqual(X, 0)
    b.reserve(X.rank, X.size)
    places = b.constant(np.indices(X.shape).reshape(X.rank, X.size))
    return Selected(flat_mask(b, mask), places, 1, unknown_input("NonZero", b.label, "X"))
