"""com.microsoft: matrix products and look-ups with weights of 2, 4 or 8 bits."""

from __future__ import annotations

import numpy as np

from converters.lowering.matrix import matmul
from converters.lowering.nbits import block_weights, by_group, digits, packed, unpacked
from converters.onnx.axes import axis_of
from converters.onnx.registry import Array, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

MICROSOFT = "com.microsoft"


@onnx_op(
    "MatMulNBits",
    domain=MICROSOFT,
    how="matmul with dequantizeLinear of uint4 or uint8 weights; with g_idx also gather of the input's columns",
)
def matmul_nbits(
    b: GraphBuilder,
    A: Operand,
    B: Array,
    scales: Operand,
    zero_points: Operand | None = None,
    g_idx: Array | None = None,
    bias: Operand | None = None,
    *,
    K: int,
    N: int,
    block_size: int,
    accuracy_level: int = 0,
    bits: int = 4,
    weight_prepacked: int = 0,
) -> Operand:
    if bits not in (2, 4, 8) or weight_prepacked:
        raise ConversionError(f"bits is {bits}, weight_prepacked {weight_prepacked}; plain weights of 2, 4 and 8 bits are supported")
    blocks = -(-K // block_size)
    values = unpacked(B.reshape(N, blocks, block_size * bits // 8), bits).reshape(N, blocks * block_size).T
    scale = b.transpose(b.reshape(scales, [N, blocks]))
    zero = _zero_points(b, zero_points, bits, N, blocks)
    if g_idx is None or (g_idx.ravel() == np.arange(K) // block_size).all():
        weights = block_weights(b, values, bits, scale, zero)
        weights = b.slice(weights, [0, 0], [K, N])
    else:
        b.reserve(K, blocks)
        rows = by_group(g_idx.ravel(), blocks)
        # A row that stands in for a missing one must not count: its weights are the zero point, which stands for 0.
        nothing = 2 ** (bits - 1) if zero is None else zero[:, None] if isinstance(zero, np.ndarray) else None
        if (rows < 0).any() and nothing is None:
            raise ConversionError("has groups of different sizes in g_idx and zero points that are not integers")
        gathered = np.where(rows[..., None] < 0, 0 if nothing is None else nothing, values[rows]).reshape(rows.size, N)
        weights = block_weights(b, gathered.astype(np.uint8), bits, scale, zero)
        A = b.gather(A, np.maximum(rows, 0).astype(np.int32).ravel(), axis=A.rank - 1)
    y = matmul(b, A, weights)
    return y if bias is None else b.add(y, bias)


def _zero_points(b: GraphBuilder, zero_points: Operand | None, bits: int, columns: int, blocks: int) -> Array | Operand | None:
    """[blocks, columns] of packed or of unpacked zero points."""
    if zero_points is None:
        return None
    if zero_points.data_type.is_float:
        return b.transpose(b.reshape(zero_points, [columns, blocks]))
    known = b.value(zero_points)
    if known is None:
        raise ConversionError("zero points are computed at run time", "make them constant")
    return unpacked(known.reshape(columns, -1), bits)[:, :blocks].T


@onnx_op(
    "GatherBlockQuantized",
    domain=MICROSOFT,
    how="gather of packed rows, taken apart and scaled by arithmetic: only what is looked up is dequantized",
)
def gather_block_quantized(
    b: GraphBuilder,
    data: Operand,
    indices: Operand,
    scales: Operand,
    zero_points: Operand | None = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> Operand:
    axis, quantized = axis_of(gather_axis, data.rank), axis_of(quantize_axis, data.rank)
    if quantized == axis:
        raise ConversionError("gathers along the quantized axis, which is not supported")
    stored, zero = b.value(data), None if zero_points is None else b.value(zero_points)
    if stored is None or (zero is None and zero_points is not None):
        raise ConversionError("data and zero points must be constant")
    table, bits = _unsigned(stored, data.data_type, bits)

    def looked_up(values: Array) -> Operand:
        return b.gather(b.constant(np.ascontiguousarray(values), DataType.UINT8), indices, axis=axis)

    data_type = scales.data_type
    packs = bits < 8 and axis < data.rank - 1 and table.shape[-1] % (8 // bits) == 0
    rows = digits(b, looked_up(packed(table, bits)), bits, data_type) if packs else b.cast(looked_up(table), data_type)
    if zero is not None:
        zeros = b.cast(looked_up(_unsigned(zero, data.data_type, bits)[0][..., : scales.shape[-1]]), data_type)
    else:
        zeros = b.constant(0.0 if data.data_type == DataType.UINT4 else float(2 ** (bits - 1)), data_type)
    place = quantized if quantized < axis else quantized + indices.rank - 1
    return _scaled(b, rows, b.gather(scales, indices, axis=axis), zeros, place, block_size)


def _unsigned(values: Array, data_type: DataType, bits: int) -> tuple[Array, int]:
    """Quantized values as unsigned numbers, one each, and their bits; signed ones are moved by half their range."""
    if data_type == DataType.UINT8:
        return (unpacked(values, bits) if bits < 8 else values), bits
    if data_type == DataType.INT4:
        return (values.astype(np.int16) + 8).astype(np.uint8), 4
    if data_type == DataType.UINT4:
        return values.astype(np.uint8), 4
    raise ConversionError(f"data is {data_type}; int4, uint4 and uint8 are supported")


def _scaled(b: GraphBuilder, x: Operand, scale: Operand, zero: Operand, axis: int, block: int) -> Operand:
    """(x - zero) * scale, where each of the scale's elements is for a block of x along an axis."""
    blocks = scale.shape[axis]
    missing = blocks * block - x.shape[axis]
    whole = x if missing <= 0 else b.pad(x, [0] * x.rank, [missing if i == axis else 0 for i in range(x.rank)])
    shape = [*x.shape[:axis], blocks, whole.shape[axis] // blocks, *x.shape[axis + 1 :]]

    def spread(parameter: Operand) -> Operand:
        return b.reshape(parameter, [*parameter.shape[: axis + 1], 1, *parameter.shape[axis + 1 :]]) if parameter.rank else parameter

    y = b.mul(b.sub(b.reshape(whole, shape), spread(zero)), spread(scale))
    return b.slice(b.reshape(y, list(whole.shape)), [0] * x.rank, list(x.shape))
